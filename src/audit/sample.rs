//! Answers questions about a few pairs of each body from the entries that such a question reads. The audit finds those entries in
//! its own filings, and compares the answer with its derivation from the whole record.

use std::convert::Infallible;
use std::sync::Arc;

use crate::charter::{Charter, Texts};
use crate::event::{Day, Entry, Index, ParticipantId, Scope, Size};
use crate::query::{Axes, BodyView, Charters, CheckpointRef, Material, Need, needs};

use super::derivation::{Derivation, Line, line, named};
use super::fault;
use super::place::Places;
use super::report::Findings;
use super::{Ask, SampledPair};

/// The number of pairs of a body that are asked about at each size.
const PAIRS: usize = 3;

/// Questions about some pairs of one body, on the day of the last entry.
pub(super) struct Sampled<'a> {
    pub(super) places: &'a Places,
    pub(super) charter: &'a Charter,
    pub(super) texts: &'a Texts,
    /// The folded charters that these questions share.
    pub(super) charters: Arc<Charters>,
    /// The body as a question about everyone in it evaluates it from everything recorded; `None` if that question has no answer.
    pub(super) view: Option<&'a Arc<BodyView>>,
    pub(super) today: Day,
    /// The function that answers questions, if the answers are to be compared.
    pub(super) ask: Option<Ask<'a>>,
}

impl Sampled<'_> {
    /// Asks with everything recorded, from which `derived` was made, and with the record as of half of the entries that bear on the
    /// body.
    pub(super) fn compare_all(
        &self,
        derived: &Derivation,
        (of_body, last): (&[Entry], Index),
        found: &mut Findings,
    ) {
        let body = &self.charter.body;
        self.compare((self.charter, derived), Size(last.0 + 1), found);
        let before = Arc::new(of_body.get(..of_body.len() / 2).unwrap_or_default().to_vec());
        let past = Derivation::anew(&before, body, self.texts);
        if let (Some(entry), Some((charter, derived))) = (before.last(), past) {
            self.compare((&charter, &derived), Size(entry.index.0 + 1), found);
        }
    }

    fn compare(&self, (charter, derived): (&Charter, &Derivation), size: Size, found: &mut Findings) {
        let recorded = || derived.pairs.iter().filter(|(_, pair)| !pair.own.is_empty()).map(|(who, _)| who);
        let step = (recorded().count() / PAIRS).max(1);
        let mut everybody = None;
        for (number, who) in recorded().step_by(step).take(PAIRS).enumerate() {
            let history = derived.board.history(charter, &derived.pairs, who);
            let plain = line(&history, self.today);
            let asked = self.ask(who, size, &mut everybody);
            if asked.as_ref() != Ok(&plain) {
                let answer = asked.map_or_else(|error| error, |line| named(line.as_ref()));
                let what = format!(
                    "{who} in {} on {} as {size} entries were recorded: {} from all entries, {answer} from those that a \
                     question is given",
                    charter.body,
                    self.today,
                    named(plain.as_ref())
                );
                found.at(fault::TWO_ANSWERS, Index(size.0.saturating_sub(1)), what);
            }
            // An answer about the past takes as long as folding the body, so one for each body is enough.
            if number == 0 || self.places.are_all(size) {
                self.compare_answer(who, size, plain.as_ref(), found);
            }
        }
    }

    /// Compares the derived status with the answer that a user gets, which may be read from an index and its rows.
    fn compare_answer(&self, who: &ParticipantId, size: Size, plain: Option<&Line>, found: &mut Findings) {
        let body = &self.charter.body;
        let pair = SampledPair { participant: who, body, on: self.today, as_recorded: size };
        let Some(answer) = self.ask.and_then(|ask| ask(pair)) else { return };
        found.counted("projections", 1);
        // A pair that certainly has no status has no line.
        let answer = answer.map(|line| Some(line).filter(|line| line.1.iter().any(|id| !id.is_none())));
        if answer.as_ref().map(Option::as_ref) != Ok(plain) {
            let answer = answer.map_or_else(|error| error, |line| named(line.as_ref()));
            let what = format!(
                "{who} in {body} on {} as {size} entries were recorded: {} from all entries, {answer} to who asks",
                self.today,
                named(plain)
            );
            found.at(fault::OTHER_ANSWER, Index(size.0.saturating_sub(1)), what);
        }
    }

    /// The answer about a participant. If it depends on all participants, `everybody` keeps the evaluated body for the next
    /// question.
    fn ask(
        &self,
        who: &ParticipantId,
        size: Size,
        everybody: &mut Option<Arc<BodyView>>,
    ) -> Result<Option<Line>, String> {
        let view = match everybody {
            Some(view) => Arc::clone(view),
            None => self.view_of(who, size)?,
        };
        if view.whole {
            *everybody = Some(Arc::clone(&view));
        }
        Ok(line(&view.history(who), self.today))
    }

    /// The body as a question about one participant evaluates it.
    fn view_of(&self, who: &ParticipantId, size: Size) -> Result<Arc<BodyView>, String> {
        let body = &self.charter.body;
        let scope = Scope::of_pair(who.clone(), body.clone());
        let read = &mut |need: &Need| Ok::<_, Infallible>(self.places.under(need));
        let Ok(needs) = needs(&scope, body, self.texts, read);
        // The same entries give the same result, so they are not evaluated again.
        let all = self.view.filter(|_| needs.scope.participant.is_none() && self.places.are_all(size));
        if let Some(view) = all.filter(|view| same(&view.entries, &needs.entries)) {
            return Ok(Arc::clone(view));
        }
        let material = Material {
            entries: needs.entries,
            checkpoint: CheckpointRef { size, root: String::new() },
            charters: Arc::clone(&self.charters),
            scope: needs.scope,
            given: None,
        };
        let axes = Axes::on_day(self.today, None, size);
        BodyView::of(&material, body, &axes).map_err(|error| error.to_string())
    }
}

/// True if these are the same entries of the log.
fn same(entries: &[Entry], others: &[Entry]) -> bool {
    entries.iter().map(|entry| entry.index).eq(others.iter().map(|entry| entry.index))
}
