//! Statuses on a day without the acts behind them: rows where they hold, else the plain fold.

use std::ops::Range;

use crate::event::{ActKind, BodyId, Day, Entry, ParticipantId, Scope, StatusId};
use crate::history::{Certainty, History};
use crate::ledger::{Ledger, LedgerError, Loaded};
use crate::query::{Axes, BodyView, CheckpointRef, Material};
use crate::snapshot::{OnDay, PairAt, Part, RowDraft, StoredReading};

use super::ReadModel;
use super::rows::row;

/// A participant with what may be said of it.
pub type Placed = (ParticipantId, OnDay);

/// A body with everyone who has, or may have, a status in it.
pub type BodyRoster = (BodyId, Vec<Placed>);

impl ReadModel {
    /// Whether all that bears on a pair was recorded and known by the question's days.
    fn covers(&self, pair: &PairAt, axes: &Axes) -> bool {
        axes.known() >= pair.known_through && axes.as_recorded.holds(pair.recorded_through)
    }

    fn is_current(&self) -> bool {
        self.snapshot.parts().len() == 1 && self.tail.is_empty()
    }

    /// Whether something after the base may bear on a body.
    fn is_touched(&self, body: &BodyId) -> Result<bool, LedgerError> {
        for part in self.snapshot.parts().iter().skip(1) {
            if !part.range_of(body)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(self.touched.iter().any(|(of, _)| of == body))
    }

    /// The row of a pair, where it holds for the question.
    fn row(&self, who: &ParticipantId, body: &BodyId, axes: &Axes) -> Result<Option<OnDay>, LedgerError> {
        let Some(base) = self.snapshot.base().filter(|_| is_plain(axes)) else { return Ok(None) };
        let Some(pair) = base.pair(body, Some(who))?.filter(|pair| self.covers(pair, axes)) else {
            return Ok(None);
        };
        if !self.is_current() {
            let here = |who: Option<&ParticipantId>| self.touched.contains(&(body.clone(), who.cloned()));
            if pair.is_joined || here(None) || here(Some(who)) || self.snapshot.touched(body, who)? {
                return Ok(None);
            }
        }
        Ok(base.on(&pair, axes.on)?)
    }

    /// The row of everyone of some pairs who has, or may have, a status on the day of the question; false where one of the
    /// pairs has rows that do not hold for it.
    fn each_row(
        &self,
        base: &Part,
        pairs: Range<usize>,
        axes: &Axes,
        mut visit: impl FnMut(PairAt, &BodyId, Placed),
    ) -> Result<bool, LedgerError> {
        let current = self.is_current();
        let holds = |pair: &PairAt| self.covers(pair, axes) && (!pair.is_joined || current);
        let mut done = Ok(());
        let whole = base.each_on(pairs, axes.on, holds, |pair, said| match base.names_of(&pair) {
            Ok((body, Some(who))) => visit(pair, body, (who.clone(), said)),
            Ok(_) => {}
            Err(error) => done = Err(error),
        })?;
        done?;
        Ok(whole)
    }

    /// The rows of a body's participants; `None` where one of them does not hold for the question.
    fn roster(&self, base: &Part, body: &BodyId, axes: &Axes) -> Result<Option<Vec<Placed>>, LedgerError> {
        let pairs = base.range_of(body)?;
        let mut roster = Vec::with_capacity(pairs.len());
        let whole = self.each_row(base, pairs, axes, |_, _, placed| roster.push(placed))?;
        Ok(whole.then_some(roster))
    }

    /// The rows of everyone, by body; `None` where one of them does not hold for the question.
    fn board(&self, base: &Part, axes: &Axes) -> Result<Option<Vec<BodyRoster>>, LedgerError> {
        let mut board = Vec::<BodyRoster>::new();
        let mut before: Option<PairAt> = None;
        let whole = self.each_row(base, base.range(), axes, |pair, body, placed| {
            let same = before.replace(pair).is_some_and(|before| before.is_of_body_of(&pair));
            match board.last_mut().filter(|_| same) {
                Some((_, roster)) => roster.push(placed),
                None => board.push((body.clone(), vec![placed])),
            }
        })?;
        Ok(whole.then_some(board))
    }
}

/// Whether rows can answer it: a whole day, without a view of disputes.
fn is_plain(axes: &Axes) -> bool {
    axes.at.is_none() && axes.view.is_none()
}

impl Ledger {
    /// The status of a participant in a body, without the acts behind it: from rows that were folded before, where nothing
    /// bears on it that they do not hold, else from its entries.
    ///
    /// # Errors
    /// [`LedgerError`], with [`LedgerError::NoBody`] where no charter is recorded.
    pub fn status_on(
        &mut self,
        who: &ParticipantId,
        body: &BodyId,
        axes: &Axes,
    ) -> Result<OnDay, LedgerError> {
        if let Some(row) = self.ask_model(|model| model.row(who, body, axes))? {
            return Ok(row);
        }
        let mut loaded = self.load(&Scope::of_pair(who.clone(), body.clone()))?;
        // What the one did that continues the other is asked of the whole body, as rows are folded.
        let continues = |entry: &Entry| entry.event.act.kind() == ActKind::ContinuationDeclared;
        if loaded.entries().iter().any(continues) {
            loaded = self.load(&Scope::of_body(body.clone()))?;
        }
        let material = self.without_root(&loaded, axes);
        let view = BodyView::of(&material, body, axes)?;
        Ok(on(&view.history(who), axes.on))
    }

    /// Everyone who has, or may have, a status in a body, in the order of their ids.
    ///
    /// # Errors
    /// As of [`Ledger::status_on`].
    pub fn roster_on(&mut self, body: &BodyId, axes: &Axes) -> Result<Vec<Placed>, LedgerError> {
        let rows = self.ask_model(|model| {
            let Some(base) = model.snapshot.base().filter(|_| is_plain(axes)) else { return Ok(None) };
            let alone = base.pair(body, None)?.filter(|alone| model.covers(alone, axes));
            if alone.is_none() || !model.is_current() && model.is_touched(body)? {
                return Ok(None);
            }
            model.roster(base, body, axes)
        })?;
        rows.map_or_else(|| self.fold_roster(body, axes), Ok)
    }

    fn fold_roster(&mut self, body: &BodyId, axes: &Axes) -> Result<Vec<Placed>, LedgerError> {
        let loaded = self.load(&Scope::of_body(body.clone()))?;
        let material = self.without_root(&loaded, axes);
        let view = BodyView::of(&material, body, axes)?;
        let placed = view.pairs.keys().map(|who| (who.clone(), on(&view.history(who), axes.on)));
        Ok(placed.filter(|(_, said)| !said.reading.is_none()).collect())
    }

    /// Everyone who has, or may have, a status anywhere, by body; a body in which nobody has is left out.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn board_on(&mut self, axes: &Axes) -> Result<Vec<BodyRoster>, LedgerError> {
        let board = self.ask_model(|model| match model.snapshot.base() {
            Some(base) if is_plain(axes) && model.is_current() => model.board(base, axes),
            _ => Ok(None),
        })?;
        if let Some(board) = board {
            return Ok(board);
        }
        let mut board = Vec::new();
        for body in self.bodies_by(axes.as_recorded)? {
            let roster = self.roster_on(&body, axes)?;
            if !roster.is_empty() {
                board.push((body, roster));
            }
        }
        Ok(board)
    }

    /// What a fold needs that is shown to nobody: the root of a past size costs more than the fold.
    fn without_root<'a>(&'a self, loaded: &'a Loaded, axes: &Axes) -> Material<'a> {
        let checkpoint = CheckpointRef { size: axes.as_recorded, root: String::new() };
        let (entries, scope) = (loaded.entries(), loaded.scope().clone());
        Material { entries, checkpoint, charters: &self.charters, scope }
    }

    /// Asks the read model; where it is not there, or cannot be read, nothing.
    fn ask_model<T>(
        &mut self,
        ask: impl FnOnce(&ReadModel) -> Result<Option<T>, LedgerError>,
    ) -> Result<Option<T>, LedgerError> {
        self.open_index()?;
        let Some(model) = &self.model else { return Ok(None) };
        if self.supposes() {
            return Ok(None);
        }
        match ask(model) {
            Err(LedgerError::Snapshot(_)) => {
                self.leave_model()?;
                Ok(None)
            }
            asked => asked,
        }
    }
}

/// What a course says of a day.
fn on(history: &History, day: Day) -> OnDay {
    let spells = history.spells();
    let after = spells.partition_point(|spell| spell.from <= day);
    let here = after.checked_sub(1).and_then(|at| spells.into_iter().nth(at));
    match here.map(|spell| row(history, spell)) {
        Some(RowDraft { from: since, reading, entry }) => OnDay { reading, since, entry },
        None => OnDay {
            reading: StoredReading { certainty: Certainty::Certain, statuses: [StatusId::none()].into() },
            since: Day::PAST,
            entry: None,
        },
    }
}
