//! Every status derived in two ways, and the first entries alone asked what they gave before more were recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::charter::{Charter, Texts};
use crate::event::{BodyId, Day, Entry, Index, Instant, ParticipantId, Size};
use crate::history::History;
use crate::query::{Axes, BodyView, Charters, QueryError, Roster, histories, roster};

use super::Ask;
use super::derivation::{Derivation, line, material, named};
use super::fault;
use super::on_every_core;
use super::place::Places;
use super::report::Findings;
use super::rows::PublishedRows;
use super::sample::Sampled;
use super::verdict::Rules;

/// How many days of a body's record are compared besides the last recorded one.
const DAYS: usize = 4;

/// After how many quarters of a body's entries the past is compared.
const QUARTERS: [usize; 3] = [1, 2, 3];

/// Derives every body on every core, telling `progress` how many are done.
pub(super) fn projections(
    places: &Places,
    (charters, rows, ask): (&Rules, &[PublishedRows<'_>], Option<Ask<'_>>),
    found: &mut Findings,
    progress: &mut dyn FnMut(u64),
) {
    let Some(last) = places.last else { return };
    // The same text says the same: each is read once. What texts make of a body is folded anew for every answer.
    let texts = Texts::default();
    let bodies: Vec<(&BodyId, &Charter)> = charters.iter().collect();
    let derive = |body| {
        let mut found = Findings::default();
        of_body(places, (body, rows, ask), last, &texts, &mut found);
        found
    };
    let parts = on_every_core(bodies.into_par_iter(), derive, progress);
    parts.into_iter().for_each(|part| found.absorb(part));
    let ruled = charters.keys().map(BodyId::as_str).collect();
    rows.iter().for_each(|rows| found.absorb(rows.compare_others(places, &ruled, &texts)));
}

/// Derives one body as a question does, and compares what else is said of it.
fn of_body(
    places: &Places,
    ((body, charter), rows, ask): ((&BodyId, &Charter), &[PublishedRows<'_>], Option<Ask<'_>>),
    (last, today): (Index, Day),
    texts: &Texts,
    found: &mut Findings,
) {
    let size = Size(last.0 + 1);
    let of_body = places.of(body);
    // A question folds the charter itself: nothing rests on what was derived here.
    let material = material(Arc::clone(&of_body), size, texts);
    let view = BodyView::new(&material, body, size, Instant::FUTURE);
    let derived = Derivation::new(&of_body, body, charter, texts);
    two_ways((charter, &derived), (last, today), view.as_deref(), found);
    let charters = Arc::new(Charters::reading(texts.clone()));
    let sampled = Sampled { places, charter, texts, charters, view: view.as_ref().ok(), today, ask };
    sampled.compare_all(&derived, (of_body.as_slice(), last), found);
    prefixes((&of_body, &of_body), (body, today), texts, found);
    rows.iter().for_each(|rows| found.absorb(rows.compare(places, Some(&material), body, texts)));
}

/// Compares the two ways of deriving one body.
fn two_ways(
    (charter, Derivation { pairs, board }): (&Charter, &Derivation),
    (last, today): (Index, Day),
    view: Result<&BodyView, &QueryError>,
    found: &mut Findings,
) {
    let recorded = pairs.iter().filter(|(_, pair)| !pair.own.is_empty()).map(|(who, _)| who);
    let plain = recorded.map(|who| (who, (Some(board.history(charter, pairs, who)), None)));
    let mut lines: BTreeMap<&ParticipantId, BothWays> = plain.collect();
    let days = days(lines.values().filter_map(|(plain, _)| plain.as_deref()), today);
    found.counted("projections", (lines.len() * days.len()) as u64);
    match view {
        Ok(view) => {
            histories(view).for_each(|(who, asked)| lines.entry(who).or_default().1 = Some(asked));
            days.into_iter().for_each(|day| compare(&charter.body, day, &lines, last, found));
        }
        Err(error) => days.iter().for_each(|_| found.at(fault::NO_ANSWER, last, error.to_string())),
    }
}

/// The history of a participant from the entries one by one, and as a question is answered.
type BothWays = (Option<Arc<History>>, Option<Arc<History>>);

/// The day of the last entry, and some on which a status may have changed.
fn days<'h>(histories: impl Iterator<Item = &'h History>, last: Day) -> BTreeSet<Day> {
    let accounts = histories.flat_map(|history| &history.accounts);
    let slices = accounts.flat_map(|account| &account.course.slices).map(|slice| slice.from);
    let mut changes: Vec<Day> = slices.filter(|day| *day > Day::PAST).collect();
    changes.sort_unstable();
    changes.dedup();
    let step = (changes.len() / DAYS).max(1);
    changes.into_iter().step_by(step).chain([last]).collect()
}

fn asked(
    entries: Arc<Vec<Entry>>,
    body: &BodyId,
    size: Size,
    day: Day,
    texts: &Texts,
) -> Result<Roster, String> {
    // Charters are folded anew for every answer, so that none rests on what another one remembered.
    let axes = Axes::on_day(day, None, size);
    roster(&material(entries, size, texts), body, None, &axes).map_err(|error| error.to_string())
}

fn compare(
    body: &BodyId,
    day: Day,
    lines: &BTreeMap<&ParticipantId, BothWays>,
    entry: Index,
    found: &mut Findings,
) {
    for (who, (plain, asked)) in lines {
        let (plain, asked) = (plain.as_deref(), asked.as_deref());
        if agree(plain, asked, day) {
            continue;
        }
        let line = |history: Option<&History>| line(history?, day);
        let (plain, asked) = (line(plain), line(asked));
        if plain != asked {
            let what = format!(
                "{who} in {body} on {day}: {} from the entries one by one, {} as a question is answered",
                named(plain.as_ref()),
                named(asked.as_ref())
            );
            found.at(fault::TWO_ANSWERS, entry, what);
        }
    }
}

/// Whether both give one and the same status, which is so of nearly all.
fn agree(plain: Option<&History>, asked: Option<&History>, day: Day) -> bool {
    let (Some(plain), Some(asked)) = (plain, asked) else { return false };
    let (plain, asked) = (plain.on(day), asked.on(day));
    plain.certainty == asked.certainty && plain.status().is_some() && plain.status() == asked.status()
}

/// Asks the whole record as it was recorded at some sizes, and the entries up to there alone.
pub(super) fn prefixes(
    (whole, source): (&Arc<Vec<Entry>>, &[Entry]),
    (body, day): (&BodyId, Day),
    texts: &Texts,
    found: &mut Findings,
) {
    let cuts: BTreeSet<usize> = QUARTERS.iter().map(|n| source.len() * n / 4).filter(|at| *at > 0).collect();
    for at in cuts {
        let Some(size) = source.get(at - 1).map(|e| Size(e.index.0 + 1)) else { continue };
        let alone = asked(Arc::new(source[..at].to_vec()), body, size, day, texts);
        let before = asked(Arc::clone(whole), body, size, day, texts);
        found.counted("projections", 1);
        if alone != before {
            let what = format!(
                "{body}: the first {size} entries alone give another roster than --as-recorded {size}"
            );
            found.at(fault::ANOTHER_PAST, Index(size.0 - 1), what);
        }
    }
}
