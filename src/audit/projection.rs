//! Every status derived in two ways, and the first entries alone asked what they gave before more were recorded.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use crate::charter::{Charter, Texts};
use crate::event::{BodyId, Day, Entry, Index, ParticipantId, Scope, Size, StatusId, reaching};
use crate::history::{Board, Certainty, Elsewhere, History, Pairs, Standing, withhold};
use crate::query::{Axes, BodyView, Charters, CheckpointRef, Material, Roster, elsewhere, listed, roster};

use super::fault;
use super::record::Record;
use super::report::Findings;
use super::verdict::Rules;

/// What is said of one participant.
type Line = (Certainty, BTreeSet<StatusId>);

/// How many days of a body's record are compared besides the last recorded one.
const DAYS: usize = 4;

/// Derives every body on every core, telling `progress` how many are done.
pub(super) fn projections(
    entries: &[Entry],
    charters: &Rules,
    found: &mut Findings,
    progress: &mut dyn FnMut(u64),
) {
    let Some(last) = entries.last() else { return };
    let places = Places::new(entries);
    // The same text says the same: each is read once. What texts make of a body is folded anew for every answer.
    let texts = Texts::default();
    let bodies: Vec<(&BodyId, &Charter)> = charters.iter().collect();
    let next = AtomicUsize::new(0);
    let (done, results) = channel();
    let mut parts: Vec<(usize, Findings)> = std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            let (done, next, bodies, places, texts) = (done.clone(), &next, &bodies, &places, &texts);
            scope.spawn(move || {
                let mut at = next.fetch_add(1, Ordering::Relaxed);
                while let Some((body, charter)) = bodies.get(at) {
                    let mut found = Findings::default();
                    of_body(places, (body, charter), last, texts, &mut found);
                    if done.send((at, found)).is_err() {
                        return;
                    }
                    at = next.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        drop(done);
        results.into_iter().zip(0..).inspect(|(_, at)| progress(*at)).map(|(part, _)| part).collect()
    });
    // Findings stand in the order of the bodies, whichever was done first.
    parts.sort_by_key(|(at, _)| *at);
    parts.into_iter().for_each(|(_, part)| found.absorb(part));
}

/// Compares the two ways of deriving one body, and its past.
fn of_body(
    places: &Places<'_>,
    (body, charter): (&BodyId, &Charter),
    last: &Entry,
    texts: &Texts,
    found: &mut Findings,
) {
    let size = Size(last.index.0 + 1);
    let of_body = places.of(body, charter);
    let (pairs, alone) = acts(&of_body, body);
    let board = Board::new(charter, &pairs, &alone, None, waited(&of_body, charter, texts));
    let recorded = pairs.iter().filter(|(_, pair)| !pair.own.is_empty());
    let folded: Vec<(&ParticipantId, Arc<History>)> =
        recorded.map(|(id, _)| (id, board.history(charter, &pairs, id))).collect();
    let days = days(&folded, last.recorded_at.day());
    found.counted("projections", (folded.len() * days.len()) as u64);
    // A question folds the charter itself: nothing rests on what was derived here.
    let charters = Charters::reading(texts.clone());
    let material = material(&of_body, size, &charters);
    match BodyView::new(&material, body, size, Day::FUTURE) {
        Ok(view) => {
            for day in &days {
                let said = |(who, certainty, possible): (&ParticipantId, _, Vec<StatusId>)| {
                    (who.clone(), (certainty, possible.into_iter().collect()))
                };
                let asked = listed(&view, *day).map(said).collect();
                compare(body, *day, &plain(&folded, *day), &asked, last.index, found);
            }
        }
        Err(error) => days.iter().for_each(|_| found.at(fault::NO_ANSWER, last.index, error.to_string())),
    }
    prefixes(&of_body, &of_body, body, last.recorded_at.day(), texts, found);
}

fn material<'a>(entries: &'a [Entry], size: Size, charters: &'a Charters) -> Material<'a> {
    let checkpoint = CheckpointRef { size, root: String::new() };
    Material { entries, checkpoint, charters, scope: Scope::ALL }
}

/// Where the entries of each body stand, and those that bear on other bodies than their own.
pub(super) struct Places<'a> {
    entries: &'a [Entry],
    own: HashMap<&'a BodyId, Vec<usize>>,
    reaching: Vec<usize>,
}

impl<'a> Places<'a> {
    pub(super) fn new(entries: &'a [Entry]) -> Places<'a> {
        let mut places = Places { entries, own: HashMap::new(), reaching: reaching(entries) };
        for (at, entry) in entries.iter().enumerate() {
            places.own.entry(&entry.event.body).or_default().push(at);
        }
        places
    }

    /// The entries that bear on a body: its own, those of the charter that it extends, and whatever is corrected across
    /// bodies, wherever that belongs.
    pub(super) fn of(&self, body: &BodyId, charter: &Charter) -> Cow<'a, [Entry]> {
        let own = |of: &BodyId| self.own.get(of).map_or(&[][..], Vec::as_slice);
        let pattern = charter.extends.as_ref().map_or(&[][..], own);
        let mut places: Vec<usize> = [own(body), pattern, &self.reaching].concat();
        places.sort_unstable();
        places.dedup();
        if !charter.waits_for().is_empty() || places.len() == self.entries.len() {
            return Cow::Borrowed(self.entries);
        }
        places.into_iter().map(|at| self.entries[at].clone()).collect()
    }
}

/// The acts that stand in a body: by participant, and those of the body alone.
pub(super) fn acts<'a>(entries: &'a [Entry], body: &BodyId) -> (Pairs<'a>, Vec<Standing<'a>>) {
    let mut pairs: Pairs<'a> = Pairs::new();
    let (acts, _) = withhold(Record::new(entries).acts());
    let mut alone = Vec::new();
    for act in acts.into_iter().filter(|act| act.event.body == *body) {
        let about = act.event.about.clone().filter(|id| Some(id) != act.event.participant.as_ref());
        if let Some(about) = about {
            pairs.entry(about).or_default().about.push(act.clone());
        }
        match act.event.participant.clone() {
            Some(participant) => pairs.entry(participant).or_default().own.push(act),
            None => alone.push(act),
        }
    }
    (pairs, alone)
}

/// The day of the last entry, and some on which a status may have changed.
fn days(folded: &[(&ParticipantId, Arc<History>)], last: Day) -> BTreeSet<Day> {
    let accounts = folded.iter().flat_map(|(_, history)| &history.accounts);
    let slices = accounts.flat_map(|account| &account.course.slices).map(|slice| slice.from);
    let changes: Vec<Day> =
        slices.filter(|day| *day > Day::PAST).collect::<BTreeSet<_>>().into_iter().collect();
    let step = (changes.len() / DAYS).max(1);
    changes.into_iter().step_by(step).chain([last]).collect()
}

fn plain(folded: &[(&ParticipantId, Arc<History>)], day: Day) -> BTreeMap<ParticipantId, Line> {
    let line = |(id, history): &(&ParticipantId, Arc<History>)| {
        let reading = history.on(day);
        let statuses: BTreeSet<StatusId> = reading.statuses().into_iter().cloned().collect();
        let some = statuses.iter().any(|id| !id.is_none());
        some.then(|| ((*id).clone(), (reading.certainty, statuses)))
    };
    folded.iter().filter_map(line).collect()
}

/// When the treaties for which a charter waits entered into force.
fn waited(entries: &[Entry], charter: &Charter, texts: &Texts) -> Elsewhere {
    let charters = Charters::reading(texts.clone());
    let size = entries.last().map_or(Size(0), |last| Size(last.index.0 + 1));
    elsewhere(&material(entries, size, &charters), charter, size, Day::FUTURE)
}

fn asked(entries: &[Entry], body: &BodyId, size: Size, day: Day, texts: &Texts) -> Result<Roster, String> {
    // Charters are folded anew for every answer, so that none rests on what another one remembered.
    let charters = Charters::reading(texts.clone());
    let axes = Axes::on_day(day, None, size);
    roster(&material(entries, size, &charters), body, None, &axes).map_err(|error| error.to_string())
}

fn compare(
    body: &BodyId,
    day: Day,
    plain: &BTreeMap<ParticipantId, Line>,
    asked: &BTreeMap<ParticipantId, Line>,
    entry: Index,
    found: &mut Findings,
) {
    let everyone: BTreeSet<&ParticipantId> = plain.keys().chain(asked.keys()).collect();
    for who in everyone.into_iter().filter(|who| plain.get(*who) != asked.get(*who)) {
        let what = format!(
            "{who} in {body} on {day}: {} from the entries one by one, {} as a question is answered",
            said(plain.get(who)),
            said(asked.get(who))
        );
        found.at(fault::TWO_ANSWERS, entry, what);
    }
}

fn said(line: Option<&Line>) -> String {
    match line {
        None => "none".into(),
        Some((_, statuses)) => statuses.iter().map(StatusId::as_str).collect::<Vec<_>>().join(" or "),
    }
}

/// Asks the whole record as it was recorded at some sizes, and the entries up to there alone.
pub(super) fn prefixes(
    whole: &[Entry],
    source: &[Entry],
    body: &BodyId,
    day: Day,
    texts: &Texts,
    found: &mut Findings,
) {
    let cuts: BTreeSet<usize> = (1..4).map(|n| source.len() * n / 4).filter(|at| *at > 0).collect();
    for at in cuts {
        let Some(size) = source.get(at - 1).map(|e| Size(e.index.0 + 1)) else { continue };
        let (alone, before) =
            (asked(&source[..at], body, size, day, texts), asked(whole, body, size, day, texts));
        found.counted("projections", 1);
        if alone != before {
            let what = format!(
                "{body}: the first {size} entries alone give another roster than --as-recorded {size}"
            );
            found.at(fault::ANOTHER_PAST, Index(size.0 - 1), what);
        }
    }
}

/// The same derivation for one charter, without the ledger's: for remarks.
pub(super) struct Derivation<'a> {
    /// What stands, by participant.
    pub(super) pairs: Pairs<'a>,
    /// What the acts of some make of the status of others.
    pub(super) board: Board,
}

impl<'a> Derivation<'a> {
    pub(super) fn new(entries: &'a [Entry], body: &BodyId, charter: &Charter) -> Derivation<'a> {
        let (pairs, alone) = acts(entries, body);
        let waited = waited(entries, charter, &Texts::default());
        let board = Board::new(charter, &pairs, &alone, None, waited);
        Derivation { pairs, board }
    }
}
