//! Every status derived in two ways, and the first entries alone asked what they gave before more were recorded.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, OnceLock};

use crate::charter::{Charter, Texts};
use crate::event::{BodyId, Day, Entry, Index, ParticipantId, Scope, Size, StatusId, reaching};
use crate::history::{Board, Certainty, Elsewhere, History, Pairs, Standing, withhold};
use crate::query::{
    Axes, BodyView, Charters, CheckpointRef, Material, QueryError, Roster, elsewhere, listed, roster,
};

use super::fault;
use super::record::Record;
use super::report::Findings;
use super::verdict::Rules;

/// What is said of one participant.
type Line = (Certainty, BTreeSet<StatusId>);

/// How many days of a body's record are compared besides the last recorded one.
const DAYS: usize = 4;

/// What is looked at in each body.
pub(super) struct What {
    /// Whether statuses are derived in two ways, and the past.
    pub(super) projected: bool,
}

/// Derives every body on every core, telling `progress` how many are done.
pub(super) fn projections(
    places: &Places,
    charters: &Rules,
    what: &What,
    found: &mut Findings,
    progress: &mut dyn FnMut(u64),
) {
    let Some(last) = places.last else { return };
    // The same text says the same: each is read once. What texts make of a body is folded anew for every answer.
    let texts = Texts::default();
    let bodies: Vec<(&BodyId, &Charter)> = charters.iter().collect();
    let next = AtomicUsize::new(0);
    let (done, results) = channel();
    let mut parts: Vec<(usize, Findings)> = std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            let (done, next, bodies, texts) = (done.clone(), &next, &bodies, &texts);
            scope.spawn(move || {
                let mut at = next.fetch_add(1, Ordering::Relaxed);
                while let Some((body, charter)) = bodies.get(at) {
                    let mut found = Findings::default();
                    of_body((places, what), (body, charter), last, texts, &mut found);
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

/// Derives one body as a question does, and compares what else is said of it.
fn of_body(
    (places, what): (&Places, &What),
    (body, charter): (&BodyId, &Charter),
    (last, today): (Index, Day),
    texts: &Texts,
    found: &mut Findings,
) {
    let size = Size(last.0 + 1);
    let of_body = places.of(body, charter);
    // A question folds the charter itself: nothing rests on what was derived here.
    let material = material(Arc::clone(&of_body), size, texts);
    let view = BodyView::new(&material, body, size, Day::FUTURE);
    if what.projected {
        two_ways(&of_body, (body, charter), (last, today), (&view, texts), found);
        prefixes(&of_body, &of_body, body, today, texts, found);
    }
}

/// Compares the two ways of deriving one body.
fn two_ways(
    of_body: &Arc<Vec<Entry>>,
    (body, charter): (&BodyId, &Charter),
    (last, today): (Index, Day),
    (view, texts): (&Result<Arc<BodyView>, QueryError>, &Texts),
    found: &mut Findings,
) {
    let (pairs, alone) = acts(of_body, body);
    let board = Board::new(charter, &pairs, &alone, None, waited(of_body, charter, texts));
    let recorded = pairs.iter().filter(|(_, pair)| !pair.own.is_empty());
    let folded: Vec<(&ParticipantId, Arc<History>)> =
        recorded.map(|(id, _)| (id, board.history(charter, &pairs, id))).collect();
    let days = days(&folded, today);
    found.counted("projections", (folded.len() * days.len()) as u64);
    match view {
        Ok(view) => {
            for day in &days {
                let said = |(who, certainty, possible): (&ParticipantId, _, Vec<StatusId>)| {
                    (who.clone(), (certainty, possible.into_iter().collect()))
                };
                let asked = listed(view, *day).map(said).collect();
                compare(body, *day, &plain(&folded, *day), &asked, last, found);
            }
        }
        Err(error) => days.iter().for_each(|_| found.at(fault::NO_ANSWER, last, error.to_string())),
    }
}

fn material(entries: Arc<Vec<Entry>>, size: Size, texts: &Texts) -> Material {
    let charters = Arc::new(Charters::reading(texts.clone()));
    let checkpoint = CheckpointRef { size, root: String::new() };
    Material { entries, checkpoint, charters, scope: Scope::ALL }
}

/// The entries of each body, and those that bear on other bodies than their own.
pub(super) struct Places {
    /// Those of each body, in the order of the log.
    own: HashMap<BodyId, Arc<Vec<Entry>>>,
    reaching: Vec<Entry>,
    /// The last entry of all: its place, and the day on which it was recorded.
    last: Option<(Index, Day)>,
    /// All of them in the order of the log, where a charter waits for other treaties.
    all: OnceLock<Arc<Vec<Entry>>>,
}

impl Places {
    /// Sets out the whole record.
    pub(super) fn new(entries: Vec<Entry>) -> Places {
        let last = entries.last().map(|last| (last.index, last.recorded_at.day()));
        let reaching = reaching(&entries).into_iter().filter_map(|at| entries.get(at)).cloned().collect();
        let mut bodies: HashMap<BodyId, Vec<Entry>> = HashMap::new();
        for entry in entries {
            match bodies.get_mut(&entry.event.body) {
                Some(of_body) => of_body.push(entry),
                None => _ = bodies.insert(entry.event.body.clone(), vec![entry]),
            }
        }
        let own = bodies.into_iter().map(|(body, entries)| (body, Arc::new(entries))).collect();
        Places { own, reaching, last, all: OnceLock::new() }
    }

    /// The entries that bear on a body: its own, those of the charter that it extends, and whatever is corrected across
    /// bodies, wherever that belongs.
    pub(super) fn of(&self, body: &BodyId, charter: &Charter) -> Arc<Vec<Entry>> {
        if !charter.waits_for().is_empty() {
            let all = || Arc::new(in_order(self.own.values().flat_map(|own| own.iter())));
            return Arc::clone(self.all.get_or_init(all));
        }
        let own = self.own.get(body);
        let pattern = charter.extends.as_ref().and_then(|pattern| self.own.get(pattern));
        match (own, pattern) {
            (Some(own), None) if self.reaching.is_empty() => Arc::clone(own),
            _ => {
                let bodies = own.into_iter().chain(pattern).flat_map(|entries| entries.iter());
                Arc::new(in_order(bodies.chain(&self.reaching)))
            }
        }
    }
}

/// Entries in the order of the log, each once.
fn in_order<'e>(entries: impl Iterator<Item = &'e Entry>) -> Vec<Entry> {
    let mut entries: Vec<&Entry> = entries.collect();
    entries.sort_by_key(|entry| entry.index);
    entries.dedup_by_key(|entry| entry.index);
    entries.into_iter().cloned().collect()
}

/// The acts that stand in a body: by participant, and those of the body alone.
pub(super) fn acts(entries: &[Entry], body: &BodyId) -> (Pairs, Vec<Standing>) {
    let mut pairs: Pairs = Pairs::new();
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
fn waited(entries: &Arc<Vec<Entry>>, charter: &Charter, texts: &Texts) -> Elsewhere {
    let size = entries.last().map_or(Size(0), |last| Size(last.index.0 + 1));
    elsewhere(&material(Arc::clone(entries), size, texts), charter, size, Day::FUTURE)
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
    whole: &Arc<Vec<Entry>>,
    source: &[Entry],
    body: &BodyId,
    day: Day,
    texts: &Texts,
    found: &mut Findings,
) {
    let cuts: BTreeSet<usize> = (1..4).map(|n| source.len() * n / 4).filter(|at| *at > 0).collect();
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

/// The same derivation for one charter, without the ledger's: for remarks.
pub(super) struct Derivation {
    /// What stands, by participant.
    pub(super) pairs: Pairs,
    /// What the acts of some make of the status of others.
    pub(super) board: Board,
}

impl Derivation {
    pub(super) fn new(entries: &Arc<Vec<Entry>>, body: &BodyId, charter: &Charter) -> Derivation {
        let (pairs, alone) = acts(entries, body);
        let waited = waited(entries, charter, &Texts::default());
        let board = Board::new(charter, &pairs, &alone, None, waited);
        Derivation { pairs, board }
    }
}
