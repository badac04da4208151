//! What is published says what the plain fold says, whatever is asked, and nothing rests on it.

use super::index::copy;
use super::*;
use crate::audit::{CHECKS, Options, audit};
use crate::charter::{Template, charter_event};
use crate::event::leaf::{encode_event, splice};
use crate::event::{EventId, ImportReceipt, Rival};
use crate::history::{History, standing};
use crate::log::Append;
use crate::query::{BodyView, QueryError};
use crate::snapshot::OnDay;

/// A tenth of the questions; `.ci/run` asks all of them.
pub(super) fn questions() -> usize {
    if std::env::var("CHANCERY_FAULTS").is_ok_and(|v| v == "full") { 10_000 } else { 1_000 }
}

pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    pub(super) fn day(&mut self, (from, to): (i32, i32)) -> Day {
        Day::from_days(from + self.below((to - from) as usize) as i32)
    }
}

const BODIES: [&str; 4] = ["sco", "nato", "brics", "eu"];
const WHO: [&str; 8] = ["BLR", "MNG", "IND", "PAK", "IRN", "KAZ", "TUR", "ARM"];
const ACTS: [(ActKind, Role); 8] = [
    (ActKind::ApplicationFiled, Role::Done),
    (ActKind::StatusGranted, Role::Decided),
    (ActKind::AdmissionDecided, Role::Decided),
    (ActKind::MembershipEffective, Role::Effective),
    (ActKind::StatusRevoked, Role::Decided),
    (ActKind::WithdrawalNotified, Role::Received),
    (ActKind::WithdrawalEffective, Role::Effective),
    (ActKind::ContinuationDeclared, Role::Effective),
];

/// Days since 1970 in which everything happens that is made up: 1997 to 2019.
const DAYS: (i32, i32) = (10_000, 18_000);

/// A record in which everything happens that a read model must know of.
pub(super) struct World {
    pub(super) random: Random,
    next: u128,
    pub(super) events: Vec<Event>,
    /// Whether corrections move entries and withdraw imports.
    moves: bool,
    pub(super) days: (i32, i32),
}

impl World {
    pub(super) fn new(seed: u64, moves: bool) -> World {
        let mut world = World::empty(seed, moves);
        for body in BODIES {
            for (at, text) in Template::find(body).unwrap().texts.iter().enumerate() {
                let id = world.id();
                world.events.push(charter_event(text, at > 0, id).unwrap());
            }
        }
        let receipt = ImportReceipt {
            file: "rows.csv".into(),
            importer: "test".into(),
            refused: 0,
            sha256: "0".repeat(64),
            taken: 9,
        };
        world.events.push(Event::new(id(100), Act::ImportRecorded(receipt), body("sco")));
        world
    }

    pub(super) fn empty(seed: u64, moves: bool) -> World {
        World { random: Random(seed), next: 1_000, events: Vec::new(), moves, days: DAYS }
    }

    pub(super) fn id(&mut self) -> EventId {
        self.next += 1 + self.random.below(1 << 20) as u128;
        id(self.next.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(super) fn step(&mut self) {
        let number = self.id();
        let event = match self.random.below(10) {
            0 | 1 => self.correction(number),
            _ => self.act(number),
        };
        self.events.push(event);
    }

    fn act(&mut self, number: EventId) -> Event {
        let random = &mut self.random;
        let (act, role) = random.one(&ACTS);
        let mut event = Event::new(number, Act::bare(act).unwrap(), body(random.one(&BODIES)));
        event.participant = Some(who(random.one(&WHO)));
        let day = Edtf::day(random.day(self.days));
        let shown = &day.as_str()[..[4, 7, 10, 10, 10][random.below(5)]];
        event.dates.set(role, Edtf::parse(shown).unwrap());
        if random.below(3) == 0 {
            event.known_from = Some(Edtf::day(random.day(self.days)));
        }
        if random.below(4) == 0 {
            event.toward = Some(StatusId::parse(random.one(&["member", "observer", "sco-member"])).unwrap());
        }
        if act == ActKind::ContinuationDeclared || random.below(12) == 0 {
            event.about = Some(who(random.one(&WHO)));
        }
        if random.below(12) == 0 {
            event.rival = Some(Rival { dispute: "d".into(), chain: random.one(&["a", "b"]).into() });
        }
        if self.moves && random.below(6) == 0 {
            event.import = Some(id(100));
        }
        event
    }

    pub(super) fn correction(&mut self, number: EventId) -> Event {
        let at = self.random.below(self.events.len());
        let target = self.events[at].clone();
        let n = number.0.as_u128();
        let import = matches!(target.act, Act::ImportRecorded(_));
        let mut event = match self.random.below(4) {
            0 if self.moves || !import => retraction(n, &target, Cause::Clerical),
            1 if self.moves => rectification(n, &target, "participant", self.random.one(&WHO)),
            2 if self.moves => rectification(n, &target, "body", self.random.one(&BODIES)),
            _ if import => self.act(number),
            _ => {
                let day = Edtf::day(self.random.day(self.days));
                let (_, role) = self.random.one(&ACTS);
                let field = if self.random.below(4) == 0 { "known-from" } else { role.name() };
                rectification(n, &target, field, day.as_str())
            }
        };
        // Half of them tell what became known on a day.
        if event.corrects() && self.random.below(2) == 0 {
            event.known_from = Some(Edtf::day(self.random.day(self.days)));
            match &mut event.act {
                Act::RecordCorrected(correction) => correction.cause = Cause::SourceChanged,
                Act::EntryRetracted(retraction) => retraction.cause = Cause::SourceChanged,
                _ => {}
            }
        }
        event
    }

    /// Appends what is not recorded yet, without judgement: a read model takes a record as it is.
    pub(super) fn write(&self, path: &Path, disk: Disk) {
        let log = Entries::open_writer(path, &holder(), disk).unwrap();
        let size = log.size() as usize;
        let leaf = |(at, event): (usize, &Event)| {
            splice(&encode_event(event).unwrap(), Instant::from_micros(START + at as i64)).unwrap()
        };
        let leaves: Vec<Vec<u8>> = self.events.iter().enumerate().skip(size).map(leaf).collect();
        let leaves: Vec<&[u8]> = leaves.iter().map(Vec::as_slice).collect();
        assert!(matches!(log.append(size as u64, &leaves), Append::Done { .. }));
        log.write_checkpoint().unwrap();
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        let entry = |(at, event): (usize, &Event)| Entry {
            index: Index(at as u64),
            recorded_at: Instant::from_micros(START + at as i64),
            event: event.clone(),
        };
        self.events.iter().enumerate().map(entry).collect()
    }
}

/// What the fold says, from all entries and nothing else.
fn plain(
    entries: &[Entry],
    body: &BodyId,
    axes: &Axes,
) -> Result<Vec<(ParticipantId, Vec<StatusId>)>, QueryError> {
    let charters = Charters::default();
    let checkpoint = CheckpointRef { size: axes.as_recorded, root: String::new() };
    let material = Material { entries, checkpoint, charters: &charters, scope: Scope::ALL };
    let view = BodyView::of(&material, body, axes)?;
    let said = |history: &History| history.on(axes.on).statuses().into_iter().cloned().collect();
    Ok(view.pairs.keys().map(|who| (who.clone(), said(&view.history(who)))).collect())
}

/// What can be asked.
pub(super) struct Field {
    pub(super) bodies: Vec<BodyId>,
    pub(super) participants: Vec<ParticipantId>,
    pub(super) days: (i32, i32),
}

impl Field {
    pub(super) fn made_up() -> Field {
        Field { bodies: BODIES.map(body).into(), participants: WHO.map(who).into(), days: DAYS }
    }
}

/// Asks one random question in both ways.
pub(super) fn compare(ledger: &mut Ledger, entries: &[Entry], field: &Field, random: &mut Random) {
    let size = entries.len();
    let known = (random.below(2) == 0).then(|| Edtf::day(random.day(field.days)));
    let recorded = if random.below(2) == 0 { size } else { 1 + random.below(size) };
    let axes = Axes::on_day(random.day(field.days), known, Size(recorded as u64));
    let body = field.bodies[random.below(field.bodies.len())].clone();
    let who = field.participants[random.below(field.participants.len())].clone();
    compare_at(ledger, entries, (&who, &body), &axes);
}

/// Asks one question in both ways.
pub(super) fn compare_at(
    ledger: &mut Ledger,
    entries: &[Entry],
    (who, body): (&ParticipantId, &BodyId),
    axes: &Axes,
) {
    let Ok(expected) = plain(entries, body, axes) else {
        ledger.status_on(who, body, axes).unwrap_err();
        return;
    };
    let none = vec![StatusId::none()];
    let of_one = expected.iter().find(|(other, _)| other == who).map_or(&none, |(_, said)| said);
    let said = ledger.status_on(who, body, axes).unwrap();
    assert_eq!(&*said.reading.statuses, of_one.as_slice(), "{who} in {body}, {axes:?}");
    let roster = ledger.roster_on(body, axes).unwrap();
    let statuses = |said: &OnDay| said.reading.statuses.to_vec();
    let roster: Vec<_> = roster.iter().map(|(who, said)| (who.clone(), statuses(said))).collect();
    let expected: Vec<_> = expected.into_iter().filter(|(_, said)| *said != none).collect();
    assert_eq!(roster, expected, "{body}, {axes:?}");
}

/// The audit makes of the log, in its own way, what is published.
fn audited(path: &Path) {
    let skip = CHECKS.iter().map(|check| check.name).filter(|name| *name != "snapshot").collect();
    let report = audit(path, &Options { skip, ..Options::default() }, &mut |_, _, _| {}).unwrap();
    assert_eq!(report.findings, []);
    let check = report.checks.iter().find(|check| check.name == "snapshot").unwrap();
    assert!(check.count > 0 && check.left_out.is_none(), "{check:?}");
}

fn asked_at_random(moves: bool, seed: u64) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    Entries::create(&path, ORIGIN, &Disk::default()).unwrap();
    let mut world = World::new(seed, moves);
    let mut random = Random(seed ^ 0x5555_aaaa);
    for round in 0..6 {
        (0..40).for_each(|_| world.step());
        world.write(&path, Disk::default());
        // A base alone, a base with entries after it, a base with a delta, and both.
        let mut ledger = writer(&path);
        match round {
            0 | 5 => ledger.publish_base(&mut |_| {}).unwrap(),
            2 if !moves => assert!(ledger.publish_delta().unwrap(), "no delta could be made"),
            _ => {}
        }
        drop(ledger);
        audited(&path);
        let entries = world.entries();
        let mut ledger = Ledger::open_reader(&path).unwrap();
        ledger.open_index().unwrap();
        if ledger.model.is_none() && !moves {
            // The log has left the segment of the mark: whoever closes a ledger publishes then.
            assert!(writer(&path).publish_delta().unwrap(), "round {round}");
            ledger = Ledger::open_reader(&path).unwrap();
            ledger.open_index().unwrap();
        }
        assert!(moves || ledger.model.is_some(), "round {round}: nothing published was used");
        for _ in 0..questions() / 12 {
            compare(&mut ledger, &entries, &Field::made_up(), &mut random);
        }
    }
}

#[test]
fn what_is_published_answers_every_question_as_the_fold_of_all_entries_does() {
    asked_at_random(false, 0x0123_4567_89ab_cdef);
}

#[test]
fn nor_do_corrections_that_move_entries_and_withdraw_imports_make_a_difference() {
    asked_at_random(true, 0xfedc_ba98_7654_3211);
}

#[test]
fn a_question_is_answered_from_what_is_published_without_sled() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = small(&path);
    let acts: Vec<Event> = (0..300).map(|n| grant(1_000 + n, "MNG", "2004-06-17")).collect();
    ledger.append(acts, options(START + 10)).unwrap();
    ledger.close().unwrap();
    assert_eq!(std::fs::read_dir(path.join("snapshot")).unwrap().count(), 1);
    std::fs::remove_dir_all(path.join("sled")).unwrap();
    let mut ledger = Ledger::open_reader(&path).unwrap();
    let axes = Axes::on_day("2020-01-01".parse().unwrap(), None, ledger.size());
    let said = ledger.status_on(&who("MNG"), &body("sco"), &axes).unwrap();
    assert_eq!((said.reading.statuses[0].as_str(), said.entry), ("observer", Some(Index(7))));
    assert!(matches!(ledger.index, source::Source::Unopened), "the index was opened");
    assert_eq!(ledger.find(id(1_299)).unwrap(), Some(Index(306)));
    assert_eq!(ledger.find(id(7_777)).unwrap(), None);
    assert!(!path.join("sled").exists());
}

/// Every event stands for a writer as it does in the whole record.
fn stand_as_in(ledger: &mut Ledger, entries: &[Entry]) {
    let acts = standing(entries, Size(u64::MAX), Day::FUTURE);
    for Entry { event, .. } in entries.iter().filter(|e| !matches!(e.event.act, Act::RecordCorrected(_))) {
        let stands = acts.iter().find(|act| act.event.id == event.id);
        let stands = stands.map_or_else(|| event.clone(), |act| act.event.clone().into_owned());
        assert_eq!(ledger.as_it_stands(event).unwrap(), stands);
    }
}

#[test]
fn how_an_event_stands_is_found_by_what_is_published_also_when_that_is_asked_nothing_else_any_more() {
    for (moves, seed) in [(false, 0x1d), (true, 0x2d), (false, 0x3d), (true, 0x4d)] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("l");
        Entries::create(&path, ORIGIN, &Disk::default()).unwrap();
        let mut world = World::new(seed, moves);
        (0..120).for_each(|_| world.step());
        world.write(&path, Disk::default());
        writer(&path).publish_base(&mut |_| {}).unwrap();
        if !moves {
            (0..40).for_each(|_| world.step());
            world.write(&path, Disk::default());
        }
        let entries = world.entries();
        let mut ledger = writer(&path);
        ledger.open_index().unwrap();
        assert!(ledger.model.is_some());
        stand_as_in(&mut ledger, &entries);
        let published = ledger.model.take().unwrap();
        ledger.places.keep(published);
        stand_as_in(&mut ledger, &entries);
        assert_eq!(ledger.find(entries[100].event.id).unwrap(), Some(Index(100)));
        assert_eq!(ledger.find_all(&[entries[7].event.id, id(4)]).unwrap(), [Some(Index(7)), None]);
        drop(ledger);
        // And without anything published.
        std::fs::remove_dir_all(path.join("snapshot")).unwrap();
        stand_as_in(&mut writer(&path), &entries);
    }
}

#[test]
fn whoever_was_withdrawn_whole_is_on_the_roster_of_an_earlier_size() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = small(&path);
    let slip = grant(50, "MNG", "2004-06-17");
    ledger.append(vec![slip.clone(), grant(51, "IND", "2005-07-05")], options(START + 10)).unwrap();
    ledger.append(vec![retraction(52, &slip, Cause::Clerical)], options(START + 20)).unwrap();
    ledger.publish_base(&mut |_| {}).unwrap();
    ledger.close().unwrap();
    let mut ledger = Ledger::open_reader(&path).unwrap();
    let mut names = |size| -> Vec<String> {
        let axes = Axes::on_day("2020-01-01".parse().unwrap(), None, Size(size));
        let sco = ledger.roster_on(&body("sco"), &axes).unwrap();
        let board: Vec<_> =
            ledger.board_on(&axes).unwrap().into_iter().flat_map(|(_, roster)| roster).collect();
        assert_eq!(board, sco);
        sco.iter().map(|(who, _)| who.to_string()).collect()
    };
    assert_eq!(names(9), ["IND", "MNG"]);
    assert_eq!(names(10), ["IND"]);
    assert!(ledger.model.is_some());
}

#[test]
fn a_changed_bit_of_what_is_published_changes_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    Entries::create(&path, ORIGIN, &Disk::default()).unwrap();
    let mut world = World::new(0x77, false);
    (0..60).for_each(|_| world.step());
    world.write(&path, Disk::default());
    writer(&path).publish_base(&mut |_| {}).unwrap();
    let part = std::fs::read_dir(path.join("snapshot")).unwrap().next().unwrap().unwrap().path();
    let sound = std::fs::read(&part).unwrap();
    let entries = world.entries();
    let mut random = Random(0x99);
    for _ in 0..questions() / 10 {
        let mut bytes = sound.clone();
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
        std::fs::write(&part, &bytes).unwrap();
        compare(&mut Ledger::open_reader(&path).unwrap(), &entries, &Field::made_up(), &mut random);
    }
}

#[test]
fn a_snapshot_of_another_history_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    for (path, seed) in [(&one, 1u64), (&other, 2)] {
        Entries::create(path, ORIGIN, &Disk::default()).unwrap();
        let mut world = World::new(0xabc0 + seed, false);
        (0..60).for_each(|_| world.step());
        world.write(path, Disk::default());
        writer(path).publish_base(&mut |_| {}).unwrap();
    }
    std::fs::remove_dir_all(one.join("snapshot")).unwrap();
    copy(&other.join("snapshot"), &one.join("snapshot"));
    let mut ledger = Ledger::open_reader(&one).unwrap();
    ledger.open_index().unwrap();
    assert!(ledger.model.is_none());
}
