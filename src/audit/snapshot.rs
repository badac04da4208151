//! What is published for questions, held against the log: a read model is a cache, but it is answered from.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::event::{ActKind, BodyId, Day, Entry, EventId, Index, ParticipantId, Size};
use crate::history::{History, Spell, correction_known};
use crate::query::BodyView;
use crate::snapshot::{PairAt, Part, PartFile, RowDraft, SnapshotError, StoredReading, part_files};

use super::evidence::Evidence;
use super::fault::{self, Fault};
use super::record::corrects;
use super::report::Findings;
use super::verdict::Rules;

/// The parts that can be read and are of this log.
pub(super) struct Published {
    parts: Vec<(PathBuf, Part)>,
}

/// A participant in a body, or the body alone.
type Pair<'e> = (&'e BodyId, Option<&'e ParticipantId>);

/// The entries that bear on each pair.
type Postings<'e> = HashMap<Pair<'e>, Vec<u32>>;

impl Published {
    /// Reads the folder. What cannot be read whole is a finding.
    pub(super) fn read(ledger: &Path, found: &mut Findings) -> Published {
        let mut parts = Vec::new();
        for PartFile { path, part, is_named } in part_files(ledger) {
            let checked = part.and_then(|part| part.check().map(|()| part));
            match checked {
                Ok(part) if is_named => parts.push((path, part)),
                Ok(_) => {
                    add(
                        found,
                        fault::SNAPSHOT_OTHER_LOG,
                        &path,
                        "its name does not say what is in it".into(),
                    );
                }
                Err(error) => damaged(found, &path, &error),
            }
        }
        Published { parts }
    }

    /// How many entries each part covers, and how many come before it.
    pub(super) fn sizes(&self) -> impl Iterator<Item = u64> {
        self.parts.iter().flat_map(|(_, part)| [part.first(), part.size()])
    }

    /// Keeps those that state the log's own trees; the others are findings.
    pub(super) fn of_log(mut self, evidence: &Evidence, found: &mut Findings) -> Published {
        if evidence.incomplete {
            return self;
        }
        if self.parts.is_empty() && found.found_by("snapshot") == 0 {
            found.left_out("snapshot", "nothing is published in snapshot/");
        }
        self.parts.retain(|(path, part)| {
            let (size, tree) = (part.size(), &part.mark().tree);
            let last = size.checked_sub(1).and_then(|at| evidence.hashes.get(usize::try_from(at).ok()?));
            let own = evidence.origin.as_deref().is_none_or(|origin| origin == part.origin())
                && evidence.root(size) == Some(tree.root())
                && evidence.root(part.first()) == Some(part.before())
                && last.copied() == part.mark().last;
            if !own {
                let what = format!("its tree over {size} entries is not the log's");
                add(found, fault::SNAPSHOT_OTHER_LOG, path, what);
            }
            own
        });
        self
    }

    /// The parts from the first entry on, which say what the rules make of the record.
    pub(super) fn bases(&self) -> impl Iterator<Item = (&Path, &Part)> {
        self.parts.iter().filter(|(_, part)| part.first() == 0).map(|(path, part)| (path.as_path(), part))
    }

    /// Whether each part names for every pair, and by every id, the entries that the log gives.
    pub(super) fn entries(&self, entries: &[Entry]) -> Findings {
        let mut found = Findings::default();
        for (path, part) in &self.parts {
            found.counted("snapshot", part.range().len() as u64);
            match other_entries(part, entries) {
                Ok(others) => {
                    for what in others {
                        add(&mut found, fault::SNAPSHOT_OTHER_ENTRIES, path, what);
                    }
                }
                Err(error) => damaged(&mut found, path, &error),
            }
        }
        found
    }
}

fn add(found: &mut Findings, fault: Fault, path: &Path, what: String) {
    found.add(fault, None, Some(path.display().to_string()), what);
}

fn damaged(found: &mut Findings, path: &Path, error: &SnapshotError) {
    add(found, fault::SNAPSHOT_DAMAGED, path, error.to_string());
}

/// What a part says of where entries are that the log does not.
fn other_entries(part: &Part, entries: &[Entry]) -> Result<Vec<String>, SnapshotError> {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(entries.len());
    let (before, covered) = (place(part.first()), &entries[..place(part.size())]);
    let mut others = Vec::new();
    let mut ids: Vec<(u32, u32)> = Vec::with_capacity(covered.len() - before);
    ids.extend(covered[before..].iter().map(|e| (Part::key_of(e.event.id), e.index.0 as u32)));
    ids.sort_unstable();
    if part.ids()? != ids {
        others.push("an event is not found by its id".to_owned());
    }
    let Given { mut postings, extra, imports } = Given::by(covered, before);
    for at in part.range() {
        let pair = part.record(at)?;
        let named = part.names_of(&pair)?;
        let given = postings.remove(&named).unwrap_or_default();
        if part.entries(&pair)? != given {
            others.push(format!("{}: its entries are others than the log gives", name(named)));
        }
    }
    let mut missing: Vec<String> = postings.into_keys().map(name).collect();
    missing.sort_unstable();
    others.extend(missing.into_iter().map(|pair| format!("{pair}: it is missing")));
    if part.extra()? != extra || part.imports()? != imports {
        others.push("what corrections move or withdraw is other than the log gives".to_owned());
    }
    Ok(others)
}

fn name((body, who): Pair<'_>) -> String {
    match who {
        Some(who) => format!("{who} in {body}"),
        None => format!("{body} alone"),
    }
}

/// Where the entries of a part are, as the log gives it.
struct Given<'e> {
    postings: Postings<'e>,
    extra: Vec<u32>,
    imports: Vec<(u32, u32)>,
}

impl<'e> Given<'e> {
    /// Of entries that are the log from its beginning, those from the place `first` on.
    fn by(entries: &'e [Entry], first: usize) -> Given<'e> {
        let named = entries.iter().filter(|entry| corrects(&entry.event)).filter_map(|entry| entry.event.to);
        let mut places: HashMap<EventId, usize> = named.map(|id| (id, usize::MAX)).collect();
        for (at, entry) in entries.iter().enumerate() {
            if let Some(place) = places.get_mut(&entry.event.id) {
                *place = at;
            }
        }
        let root = |mut at: usize| {
            // No chain is longer than there are corrections; one that is goes in a circle.
            for _ in 0..=places.len() {
                let event = &entries.get(at)?.event;
                if !corrects(event) {
                    return Some(at);
                }
                at = *places.get(&event.to?)?;
            }
            None
        };
        let mut given = Given { postings: HashMap::new(), extra: Vec::new(), imports: Vec::new() };
        let mut corrections: Vec<(usize, usize)> = Vec::new();
        for (at, entry) in entries.iter().enumerate().skip(first) {
            match corrects(&entry.event) {
                true => corrections.extend(root(at).map(|root| (at, root))),
                false => given.post(entry, entry.index),
            }
        }
        let moves = |(at, _): &&(usize, usize)| entries[*at].event.moves_another();
        let mut moved: Vec<usize> = corrections.iter().filter(moves).map(|(_, root)| *root).collect();
        moved.sort_unstable();
        let index = |at: usize| entries[at].index.0 as u32;
        for (at, root) in &corrections {
            given.post(&entries[*root], entries[*at].index);
            if moved.binary_search(root).is_ok() {
                given.extra.extend([index(*root), index(*at)]);
            }
            if entries[*root].event.act.kind() == ActKind::ImportRecorded {
                given.imports.extend([(index(*root), index(*root)), (index(*root), index(*at))]);
            }
        }
        given.postings.values_mut().for_each(in_order);
        in_order(&mut given.extra);
        in_order(&mut given.imports);
        given
    }

    /// An entry bears on whom `of` is of: the actor and whom it is about, or the body alone.
    fn post(&mut self, of: &'e Entry, index: Index) {
        let event = &of.event;
        let about = event.about.as_ref().filter(|about| event.participant.as_ref() != Some(*about));
        for who in std::iter::once(event.participant.as_ref()).chain(about.map(Some)) {
            self.postings.entry((&event.body, who)).or_default().push(index.0 as u32);
        }
    }
}

fn in_order<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}

/// Whether the base says of a body what the rules make of its `entries`: `view` is what they give at the size of the base;
/// none where no charter of it can be folded.
pub(super) fn body(
    (path, base): (&Path, &Part),
    body: &BodyId,
    entries: &[Entry],
    view: Option<&BodyView>,
    found: &mut Findings,
) {
    match other_rows(base, body, entries, view) {
        Ok(others) => {
            for who in others {
                add(
                    found,
                    fault::SNAPSHOT_OTHER_ROWS,
                    path,
                    format!("{who}: its rows are not what the rules give"),
                );
            }
        }
        Err(error) => damaged(found, path, &error),
    }
}

/// Where no charter of a body can be folded a base has no rows; of a `size` that it does not cover itself, that is not known.
pub(super) fn without_rules(
    (path, base): (&Path, &Part),
    size: Size,
    charters: &Rules,
    found: &mut Findings,
) {
    let stated = |at: usize| {
        let pair = base.record(at)?;
        let named = base.names_of(&pair)?;
        let strange = !charters.contains_key(named.0) && !base.rows_of(&pair)?.is_empty();
        Ok::<_, SnapshotError>(strange.then(|| name(named)))
    };
    let covered = if base.size() == size.0 { base.range() } else { 0..0 };
    for who in covered.filter_map(|at| stated(at).transpose()) {
        match who {
            Ok(who) => {
                add(
                    found,
                    fault::SNAPSHOT_OTHER_ROWS,
                    path,
                    format!("{who}: it has rows, and no rules make any"),
                );
            }
            Err(error) => return damaged(found, path, &error),
        }
    }
}

/// The pairs of a body of which a base says something else than the rules.
fn other_rows(
    base: &Part,
    body: &BodyId,
    entries: &[Entry],
    view: Option<&BodyView>,
) -> Result<Vec<String>, SnapshotError> {
    let mut others = Vec::new();
    let Some(view) = view else {
        for pair in base.of_body(body)? {
            if !base.rows_of(&pair)?.is_empty() {
                others.push(name(base.names_of(&pair)?));
            }
        }
        return Ok(others);
    };
    let mut least = Least::of(entries, body, view, Size(base.size()));
    for pair in base.of_body(body)? {
        let (_, who) = base.names_of(&pair)?;
        let stated = base.rows_of(&pair)?;
        let given = who.map(|who| rows(&view.history(who))).unwrap_or_default();
        if stated != given || !least.is_met(base, &pair, who, view)? {
            others.push(name((body, who)));
        }
    }
    for who in view.pairs.keys() {
        if base.pair(body, Some(who))?.is_none() {
            others.push(name((body, Some(who))));
        }
    }
    Ok(others)
}

/// A history as rows.
fn rows(history: &History) -> Vec<RowDraft> {
    let cause = |account: &usize, cause: Option<usize>| {
        let course = &history.accounts.get(*account)?.course;
        course.causes.get(cause?).map(|cause| cause.entry)
    };
    let row = |spell: Spell| {
        let statuses = spell.reading.statuses().into_iter().cloned().collect();
        let entry =
            spell.reading.worlds.iter().filter_map(|(account, world)| cause(account, world.cause)).min();
        RowDraft {
            from: spell.from,
            reading: StoredReading { certainty: spell.reading.certainty, statuses },
            entry,
        }
    };
    history.spells().into_iter().map(row).collect()
}

/// How late a question must at least be to be answered from rows: anything earlier is folded. A base may ask for more.
struct Least<'e> {
    entries: &'e [Entry],
    /// Whether acts of others bear on every participant.
    joined: bool,
    known: Day,
    recorded: Option<Index>,
}

impl<'e> Least<'e> {
    fn of(entries: &'e [Entry], body: &BodyId, view: &BodyView, size: Size) -> Least<'e> {
        let charter = &view.charter;
        let joined = charter.joins_participants() || !charter.waits_for().is_empty();
        let mut least = Least { entries, joined, known: Day::PAST, recorded: None };
        let own = entries.iter().filter(|entry| entry.event.body == *body && size.holds(entry.index));
        own.filter(|entry| joined || entry.event.participant.is_none()).for_each(|entry| least.add(entry));
        least
    }

    fn add(&mut self, entry: &Entry) {
        self.known = self.known.max(entry.event.known().day).max(correction_known(&entry.event));
        self.recorded = self.recorded.max(Some(entry.index));
    }

    fn is_met(
        &mut self,
        base: &Part,
        pair: &PairAt,
        who: Option<&ParticipantId>,
        view: &BodyView,
    ) -> Result<bool, SnapshotError> {
        let mut own = Least { entries: self.entries, ..*self };
        if let Some(who) = who {
            for at in base.entries(pair)? {
                let index = Index(u64::from(at));
                if let Ok(at) = self.entries.binary_search_by_key(&index, |entry| entry.index) {
                    own.add(&self.entries[at]);
                }
            }
            let acts = view.pairs.get(who).into_iter().flat_map(|acts| acts.own.iter().chain(&acts.about));
            own.known = acts.map(|act| act.known.day).fold(own.known, Day::max);
        }
        Ok(pair.known_through >= own.known
            && Some(pair.recorded_through) >= own.recorded
            && (pair.is_joined || !self.joined))
    }
}
