//! The same ledger as a competent user of SQLite would store it: every field of every event, and spells of status with valid time
//! and recorded time, maintained in the same transaction.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use chancery::event::{Act, ActKind, BodyId, Day, Edtf, Event, Field, ParticipantId};
use rusqlite::{Connection, OptionalExtension, params};

/// A spell that has not ended is valid until this day.
const OPEN: i32 = i32::MAX;

/// Names are stored once and referred to by number. The text of a charter is in `text`. For a correction, `text` has the changes,
/// and `first` and `last` the day that it gives to the act it corrects.
const SCHEMA: &str = "
CREATE TABLE body(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE participant(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE event(
    entry INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, recorded_at INTEGER NOT NULL,
    act INTEGER NOT NULL, body INTEGER NOT NULL, participant INTEGER,
    role INTEGER, date TEXT, first INTEGER, last INTEGER,
    toward INTEGER, target INTEGER, title TEXT, cite TEXT, grade INTEGER, text TEXT);
CREATE INDEX event_of_pair ON event(body, participant);
CREATE TABLE spell(
    body INTEGER NOT NULL, participant INTEGER NOT NULL, recorded_to INTEGER NOT NULL,
    valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL, recorded_from INTEGER NOT NULL,
    status INTEGER NOT NULL, cause INTEGER NOT NULL,
    PRIMARY KEY(body, participant, recorded_to, valid_from, recorded_from)) WITHOUT ROWID;
CREATE INDEX spell_now ON spell(body, valid_from, valid_to, participant, status)
    WHERE recorded_to = 9223372036854775807;
";

/// The settings of a connection: WAL, every commit synced, 256 MiB of cache, the file mapped into memory.
const SETTINGS: &str = "
PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -262144; PRAGMA mmap_size = 1073741824;
PRAGMA temp_store = MEMORY;";

const INSERT: &str = "INSERT INTO event VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)";
const TARGET: &str = "SELECT entry, act FROM event WHERE id = ?1";
const PRESENT: &str = "SELECT valid_from, valid_to, status, cause, recorded_from FROM spell
    WHERE body = ?1 AND participant = ?2 AND recorded_to = 9223372036854775807 ORDER BY valid_from";
const CLOSE: &str = "UPDATE spell SET recorded_to = ?5 WHERE body = ?1 AND participant = ?2
    AND recorded_to = 9223372036854775807 AND valid_from = ?3 AND recorded_from = ?4";
const BEGIN: &str =
    "INSERT INTO spell(body, participant, recorded_to, valid_from, valid_to, recorded_from, status, cause)
    VALUES (?1, ?2, 9223372036854775807, ?3, ?4, ?5, ?6, ?7)";
const COURSE: &str =
    "SELECT entry, act, first, target FROM event WHERE body = ?1 AND participant = ?2 ORDER BY entry";
/// Spells that are recorded now do not overlap, so only the last that began has to be read.
const STATUS: &str = "SELECT status FROM (SELECT status, valid_to FROM spell WHERE body = ?1 AND participant = ?2
    AND recorded_to = 9223372036854775807 AND valid_from <= ?3 ORDER BY valid_from DESC LIMIT 1) WHERE valid_to > ?3";
const STATUS_PAST: &str = "SELECT status FROM spell WHERE body = ?1 AND participant = ?2
    AND recorded_to > ?4 AND recorded_from <= ?4 AND valid_from <= ?3 AND valid_to > ?3";
const ROSTER: &str = "SELECT participant, status FROM spell WHERE body = ?1
    AND recorded_to = 9223372036854775807 AND valid_from <= ?2 AND valid_to > ?2 ORDER BY participant";
const ALL: &str = "SELECT entry, act, body, participant, first, target FROM event ORDER BY entry";

/// No status, and the statuses of the synthetic charters.
pub(crate) const STATUSES: [&str; 3] = ["none", "observer", "member"];

/// A database, open for reading and writing.
pub(crate) struct Peer {
    connection: Connection,
    bodies: HashMap<BodyId, i64>,
    participants: HashMap<ParticipantId, i64>,
    entries: i64,
}

/// A status of a pair that is valid for a span of days, as the record has it now.
#[derive(Clone, Copy, PartialEq)]
struct Spell {
    from: i32,
    to: i32,
    status: i64,
    cause: i64,
}

/// The status that an act gives, as its index in [`STATUSES`].
fn given(act: i64) -> Option<i64> {
    match ActKind::ALL[act as usize] {
        ActKind::WithdrawalEffective => Some(0),
        ActKind::StatusGranted => Some(1),
        ActKind::AdmissionDecided => Some(2),
        _ => None,
    }
}

/// Opens a connection with the settings.
pub(crate) fn connect(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(SETTINGS).unwrap();
    connection.set_prepared_statement_cache_capacity(64);
    connection
}

impl Peer {
    /// Makes an empty database.
    pub(crate) fn create(path: &Path) -> Peer {
        connect(path).execute_batch(SCHEMA).unwrap();
        Peer::open(path)
    }

    /// Opens a database, and reads its names and the number of its entries.
    pub(crate) fn open(path: &Path) -> Peer {
        let connection = connect(path);
        let entries: Option<i64> =
            connection.query_row("SELECT max(entry) FROM event", [], |row| row.get(0)).unwrap();
        let names = |table: &str| -> Vec<(String, i64)> {
            let mut all = connection.prepare(&format!("SELECT name, id FROM {table}")).unwrap();
            let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        };
        let bodies = names("body").into_iter().map(|(name, id)| (BodyId::parse(&name).unwrap(), id));
        let states =
            names("participant").into_iter().map(|(name, id)| (ParticipantId::parse(&name).unwrap(), id));
        let (bodies, participants) = (bodies.collect(), states.collect());
        Peer { bodies, participants, entries: entries.map_or(0, |last| last + 1), connection }
    }

    /// Records events in one transaction, durable when this returns.
    pub(crate) fn append(&mut self, events: &[Event], now: i64) {
        self.begin_batch();
        self.record_batch(events, now);
        self.commit_batch();
    }

    /// Begins a transaction.
    pub(crate) fn begin_batch(&self) {
        self.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    }

    /// Records events in the transaction that is open.
    pub(crate) fn record_batch(&mut self, events: &[Event], now: i64) {
        events.iter().for_each(|event| self.record(event, now + self.entries));
    }

    /// Makes everything durable that was recorded since the transaction began.
    pub(crate) fn commit_batch(&self) {
        self.connection.execute_batch("COMMIT").unwrap();
    }

    fn record(&mut self, event: &Event, recorded_at: i64) {
        let (entry, act) = (self.entries, event.act.kind() as i64);
        self.entries += 1;
        let body = number(&self.connection, "body", &mut self.bodies, &event.body, event.body.as_str());
        let who = event.participant.as_ref();
        let who =
            who.map(|who| number(&self.connection, "participant", &mut self.participants, who, who.as_str()));
        let target: Option<(i64, i64)> = event.to.map(|id| {
            let mut found = self.connection.prepare_cached(TARGET).unwrap();
            found.query_row([&id.0.as_bytes()[..]], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
        });
        let (text, changed) = payload(event);
        let stated = event.dates.iter().next();
        let date = stated.map(|(_, date)| date).or(changed.as_ref());
        let toward =
            event.toward.as_ref().and_then(|id| STATUSES.iter().position(|known| *known == id.as_str()));
        let evidence = event.evidence.first();
        let mut insert = self.connection.prepare_cached(INSERT).unwrap();
        let done = insert.execute(params![
            entry,
            &event.id.0.as_bytes()[..],
            recorded_at,
            act,
            body,
            who,
            stated.map(|(role, _)| role as i64),
            stated.map(|(_, date)| date.as_str()),
            date.map(|date| date.earliest().days()),
            date.map(|date| date.latest().days()),
            toward.map(|at| at as i64),
            target.map(|(entry, _)| entry),
            event.title,
            evidence.map(|source| source.cite.as_str()),
            evidence.and_then(|source| source.grade).map(|grade| grade as i64),
            text
        ]);
        assert_eq!(done, Ok(1));
        let Some((who, date)) = who.zip(date) else { return };
        match target {
            Some((_, corrected)) if given(corrected).is_some() => self.derive((body, who), entry),
            None if given(act).is_some() => self.follow((body, who), entry, date.earliest().days(), act),
            _ => {}
        }
    }

    fn present(&self, (body, who): (i64, i64)) -> Vec<(Spell, i64)> {
        let mut all = self.connection.prepare_cached(PRESENT).unwrap();
        let spell = |row: &rusqlite::Row<'_>| {
            let spell = Spell { from: row.get(0)?, to: row.get(1)?, status: row.get(2)?, cause: row.get(3)? };
            Ok((spell, row.get(4)?))
        };
        let rows = all.query_map([body, who], spell).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    fn close(&self, (body, who): (i64, i64), (spell, since): (Spell, i64), entry: i64) {
        let mut close = self.connection.prepare_cached(CLOSE).unwrap();
        assert_eq!(close.execute(params![body, who, spell.from, since, entry]), Ok(1));
    }

    fn begin(&self, (body, who): (i64, i64), spell: Spell, entry: i64) {
        let mut begin = self.connection.prepare_cached(BEGIN).unwrap();
        let row = params![body, who, spell.from, spell.to, entry, spell.status, spell.cause];
        assert_eq!(begin.execute(row), Ok(1));
    }

    /// Follows an act of a pair. One after all its recorded acts ends the open spell and begins one; for any other, all spells are
    /// derived again.
    fn follow(&self, pair: (i64, i64), entry: i64, day: i32, act: i64) {
        let present = self.present(pair);
        let before = |(spell, _): &(Spell, i64)| spell.from < day && (spell.to == OPEN || spell.to <= day);
        if !present.iter().all(before) {
            return self.derive(pair, entry);
        }
        if let Some(open) = present.last().filter(|(spell, _)| spell.to == OPEN) {
            self.close(pair, *open, entry);
            self.begin(pair, Spell { to: day, ..open.0 }, entry);
        }
        if let Some(status) = given(act).filter(|status| *status != 0) {
            self.begin(pair, Spell { from: day, to: OPEN, status, cause: entry }, entry);
        }
    }

    /// Derives the spells of a pair from its acts as corrected, and closes and reopens those that differ.
    fn derive(&self, pair: (i64, i64), entry: i64) {
        let mut acts: BTreeMap<i64, (i64, i32)> = BTreeMap::new();
        let mut course = self.connection.prepare_cached(COURSE).unwrap();
        let mut rows = course.query([pair.0, pair.1]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let (at, act, day): (i64, i64, Option<i32>) =
                (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
            correct(&mut acts, at, act, day, row.get(3).unwrap());
        }
        let mut moving: Vec<(i32, i64, i64)> =
            acts.into_iter().filter_map(|(at, (act, day))| Some((day, at, given(act)?))).collect();
        moving.sort_unstable();
        let ends = moving.iter().skip(1).map(|(day, ..)| *day).chain([OPEN]);
        let spells = moving.iter().zip(ends).filter(|((.., status), _)| *status != 0);
        let spells: Vec<Spell> = spells
            .map(|((from, cause, status), to)| Spell { from: *from, to, status: *status, cause: *cause })
            .collect();
        let present = self.present(pair);
        for row in present.iter().filter(|(spell, _)| !spells.contains(spell)) {
            self.close(pair, *row, entry);
        }
        for spell in spells.into_iter().filter(|spell| present.iter().all(|(known, _)| known != spell)) {
            self.begin(pair, spell, entry);
        }
    }

    /// The numbers of a pair.
    pub(crate) fn pair(&self, (participant, body): &(ParticipantId, BodyId)) -> (i64, i64) {
        (self.bodies[body], self.participants.get(participant).copied().unwrap_or(-1))
    }

    /// The number of a body.
    pub(crate) fn body(&self, body: &BodyId) -> i64 {
        self.bodies[body]
    }

    /// The number of entries of the database.
    pub(crate) fn entries(&self) -> i64 {
        self.entries
    }

    /// The status of a pair on a day, as its index in [`STATUSES`].
    pub(crate) fn status(&self, (body, who): (i64, i64), day: Day) -> usize {
        let mut ask = self.connection.prepare_cached(STATUS).unwrap();
        let found = ask.query_row(params![body, who, day.days()], |row| row.get(0)).optional();
        found.unwrap().map_or(0, |status: i64| status as usize)
    }

    /// The same in the first `entries` entries.
    pub(crate) fn status_as_recorded(&self, (body, who): (i64, i64), day: Day, entries: i64) -> usize {
        let mut ask = self.connection.prepare_cached(STATUS_PAST).unwrap();
        let found = ask.query_row(params![body, who, day.days(), entries - 1], |row| row.get(0)).optional();
        found.unwrap().map_or(0, |status: i64| status as usize)
    }

    /// The participants of a body on a day, each with its status, by numbers.
    pub(crate) fn roster(&self, body: i64, day: Day) -> Vec<(i64, i64)> {
        let mut ask = self.connection.prepare_cached(ROSTER).unwrap();
        let rows = ask.query_map(params![body, day.days()], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    /// Folds every event and returns the number of pairs that have a status on a day.
    pub(crate) fn replay(&self, day: Day) -> usize {
        let mut pairs: HashMap<(i64, i64), BTreeMap<i64, (i64, i32)>> = HashMap::new();
        let mut all = self.connection.prepare_cached(ALL).unwrap();
        let mut rows = all.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let (at, act): (i64, i64) = (row.get(0).unwrap(), row.get(1).unwrap());
            let Some(who) = row.get::<_, Option<i64>>(3).unwrap() else { continue };
            let acts = pairs.entry((row.get(2).unwrap(), who)).or_default();
            correct(acts, at, act, row.get(4).unwrap(), row.get(5).unwrap());
        }
        let last = |acts: &BTreeMap<i64, (i64, i32)>| {
            let moving = acts.iter().filter_map(|(at, (act, first))| Some((*first, *at, given(*act)?)));
            moving.filter(|(first, ..)| *first <= day.days()).max().map_or(0, |(.., status)| status)
        };
        pairs.values().filter(|acts| last(acts) != 0).count()
    }

    /// Moves everything that was committed from the WAL into the database.
    pub(crate) fn checkpoint(&self) {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    }

    /// Writes a copy without free space.
    pub(crate) fn vacuum_into(&self, path: &Path) {
        self.connection.execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
    }

    /// Takes the write lock, as an append would, and releases it.
    pub(crate) fn lock(&self) {
        self.connection.execute_batch("BEGIN IMMEDIATE; COMMIT").unwrap();
    }
}

/// Adds an act to the acts of a pair, or the day that a correction gives to one of them.
fn correct(acts: &mut BTreeMap<i64, (i64, i32)>, at: i64, act: i64, day: Option<i32>, target: Option<i64>) {
    match (target.and_then(|target| acts.get_mut(&target)), day) {
        (Some((_, stated)), Some(day)) => *stated = day,
        (None, Some(day)) if target.is_none() => _ = acts.insert(at, (act, day)),
        _ => {}
    }
}

/// The text that only acts of this kind have, and the day that a correction gives.
fn payload(event: &Event) -> (Option<String>, Option<Edtf>) {
    match &event.act {
        Act::CharterAdopted(text) => (Some(text.to_string()), None),
        Act::RecordCorrected(correction) => {
            let day = correction.now.iter().find(|(field, _)| matches!(field.0, Field::Date(_)));
            let day = day.map(|(_, text)| Edtf::parse(text).unwrap());
            (Some(serde_json::to_string(correction).unwrap()), day)
        }
        _ => (None, None),
    }
}

/// The number of a name, which is stored if it is new.
fn number<N: Clone + Eq + std::hash::Hash>(
    connection: &Connection,
    table: &str,
    known: &mut HashMap<N, i64>,
    name: &N,
    text: &str,
) -> i64 {
    if let Some(id) = known.get(name) {
        return *id;
    }
    connection.execute(&format!("INSERT INTO {table}(name) VALUES (?1)"), [text]).unwrap();
    known.insert(name.clone(), connection.last_insert_rowid());
    connection.last_insert_rowid()
}
