//! A few pairs of each body as a question is answered: from the entries that the question is given. The audit files those
//! itself, and compares the answer with what it derives from the whole record.

use std::convert::Infallible;
use std::sync::Arc;

use crate::charter::{Charter, Texts};
use crate::event::{BodyId, Day, Entry, Index, ParticipantId, Scope, Size};
use crate::query::{Axes, BodyView, Charters, CheckpointRef, Material, Need, needs};

use super::fault;
use super::place::Places;
use super::projection::{Derivation, Line, line, named};
use super::report::Findings;

/// How many pairs of a body are asked about at each size.
const PAIRS: usize = 3;

/// Asks about some pairs of a body with all that is recorded, of which `derived` was made, and as half of the body's
/// entries were recorded.
pub(super) fn sample(
    places: &Places,
    (charter, derived): (&Charter, &Derivation),
    (of_body, texts): (&[Entry], &Texts),
    (last, today): (Index, Day),
    found: &mut Findings,
) {
    let body = &charter.body;
    let asking = Asking { places, body, texts, charters: Arc::new(Charters::reading(texts.clone())), today };
    asking.compare((charter, derived), Size(last.0 + 1), found);
    let before = Arc::new(of_body.get(..of_body.len() / 2).unwrap_or_default().to_vec());
    if let (Some(entry), Some((charter, derived))) = (before.last(), Derivation::anew(&before, body, texts)) {
        asking.compare((&charter, &derived), Size(entry.index.0 + 1), found);
    }
}

/// Questions about one body on the day of the last entry.
struct Asking<'a> {
    places: &'a Places,
    body: &'a BodyId,
    texts: &'a Texts,
    charters: Arc<Charters>,
    today: Day,
}

impl Asking<'_> {
    fn compare(&self, (charter, derived): (&Charter, &Derivation), size: Size, found: &mut Findings) {
        let recorded = || derived.pairs.iter().filter(|(_, pair)| !pair.own.is_empty()).map(|(who, _)| who);
        let step = (recorded().count() / PAIRS).max(1);
        let mut everybody = None;
        for who in recorded().step_by(step).take(PAIRS) {
            let history = derived.board.history(charter, &derived.pairs, who);
            let plain = line(&history, self.today);
            let asked = self.ask(who, size, &mut everybody);
            if asked.as_ref() != Ok(&plain) {
                let answer = asked.map_or_else(|error| error, |line| named(line.as_ref()));
                let what = format!(
                    "{who} in {} on {} as {size} entries were recorded: {} from all entries, {answer} from those that a \
                     question is given",
                    self.body,
                    self.today,
                    named(plain.as_ref())
                );
                found.at(fault::TWO_ANSWERS, Index(size.0.saturating_sub(1)), what);
            }
        }
    }

    /// What a question says of a participant. Where its answer rests on all participants, `everybody` is kept for the next.
    fn ask(
        &self,
        who: &ParticipantId,
        size: Size,
        everybody: &mut Option<Arc<BodyView>>,
    ) -> Result<Option<Line>, String> {
        if let Some(view) = everybody {
            return Ok(line(&view.history(who), self.today));
        }
        let scope = Scope::of_pair(who.clone(), self.body.clone());
        let read = &mut |need: &Need| Ok::<_, Infallible>(self.places.under(need));
        let Ok(needs) = needs(&scope, self.body, self.texts, read);
        let material = Material {
            entries: needs.entries,
            checkpoint: CheckpointRef { size, root: String::new() },
            charters: Arc::clone(&self.charters),
            scope: needs.scope,
        };
        let axes = Axes::on_day(self.today, None, size);
        let view = BodyView::of(&material, self.body, &axes).map_err(|error| error.to_string())?;
        let line = line(&view.history(who), self.today);
        if view.whole {
            *everybody = Some(view);
        }
        Ok(line)
    }
}
