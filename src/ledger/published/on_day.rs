//! Statuses on a day without the acts behind them: rows where they hold, else the plain fold.

use std::ops::Range;
use std::sync::Arc;

use crate::event::{ActKind, BodyId, Day, Entry, ParticipantId, Scope, StatusId};
use crate::history::{Certainty, History};
use crate::ledger::{Ledger, LedgerError, Loaded};
use crate::query::{Axes, BodyView, CheckpointRef, Material};
use crate::snapshot::{OnDay, PairAt, Part, RowDraft, Said, StoredReading};

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

    /// Of a body's participants from one of its pairs on, those who have, or may have, a status on the day of the question;
    /// false where one of the pairs has rows that do not hold for it.
    fn everyone<'p>(
        &self,
        base: &'p Part,
        pairs: Range<usize>,
        axes: &Axes,
        found: &mut Vec<Said<'p>>,
    ) -> Result<bool, LedgerError> {
        let current = self.is_current();
        let holds = |pair: &PairAt| self.covers(pair, axes) && (!pair.is_joined || current);
        Ok(base.all_on(pairs, axes.on, holds, found)?)
    }

    /// The rows of a body's participants; `None` where one of them does not hold for the question.
    fn roster(&self, base: &Part, alone: &PairAt, axes: &Axes) -> Result<Option<Vec<Placed>>, LedgerError> {
        let pairs = base.range_from(alone)?;
        let mut found = Vec::with_capacity(pairs.len());
        let whole = self.everyone(base, pairs, axes, &mut found)?;
        Ok(whole.then(|| placed(&found)))
    }

    /// The rows of everyone, by body; `None` where one of them does not hold for the question.
    fn board(&self, base: &Part, axes: &Axes) -> Result<Option<Vec<BodyRoster>>, LedgerError> {
        let mut board = Vec::<BodyRoster>::new();
        let (mut at, mut found) = (base.range(), Vec::new());
        while !at.is_empty() {
            let first = base.record(at.start)?;
            let pairs = base.range_from(&first)?;
            at.start = pairs.end;
            found.clear();
            if !self.everyone(base, pairs, axes, &mut found)? {
                return Ok(None);
            }
            if !found.is_empty() {
                board.push((base.names_of(&first)?.0.clone(), placed(&found)));
            }
        }
        Ok(Some(board))
    }
}

/// What was found of some, in a vector of just their number.
fn placed(found: &[Said<'_>]) -> Vec<Placed> {
    found.iter().map(|said| (said.who.clone(), said.on_day())).collect()
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
        let view = BodyView::of(&self.without_root(&loaded, axes), body, axes)?;
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
            match alone {
                Some(alone) if model.is_current() || !model.is_touched(body)? => {
                    model.roster(base, &alone, axes)
                }
                _ => Ok(None),
            }
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
    fn without_root(&self, loaded: &Loaded, axes: &Axes) -> Material {
        let checkpoint = CheckpointRef { size: axes.as_recorded, root: String::new() };
        let (entries, scope) = (loaded.shared(), loaded.scope().clone());
        Material { entries, checkpoint, charters: Arc::clone(&self.charters), scope }
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
    said(here.map(|spell| row(history, spell)))
}

/// What a row says; without one there is no status from the beginning.
fn said(row: Option<RowDraft>) -> OnDay {
    match row {
        Some(RowDraft { from: since, reading, entry }) => OnDay { reading, since, entry },
        None => OnDay {
            reading: StoredReading { certainty: Certainty::Certain, statuses: [StatusId::none()].into() },
            since: Day::PAST,
            entry: None,
        },
    }
}
