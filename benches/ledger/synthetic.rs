//! Ledgers to measure: one of the demonstration's rows, and synthetic ones that are the same on every machine.

use std::path::{Path, PathBuf};

use chancery::charter::{Template, charter_event};
use chancery::event::leaf::{encode_event, splice};
use chancery::event::{
    Act, ActKind, BodyId, Cause, Changes, Correction, Edtf, Event, EventId, Evidence, Field, FieldName,
    Grade, Instant, ParticipantId, Register, Role, StatusId,
};
use chancery::import::read_csv;
use chancery::ledger::Writer;
use chancery::log::{Append, Disk, Entries, Holder};
use uuid::Uuid;

/// The numbers of entries of the ledgers.
pub(crate) const SIZES: [usize; 3] = [118, 10_000, 100_000];

const RECORD: &[u8] = include_bytes!("../../src/import/records/sco_events.csv");
const ORIGIN: &str = "chancery.bench/ledger";
/// The number of entries of a frame while a ledger is made.
const FRAME: usize = 1000;
/// The number of events among which one corrects an earlier event.
const CORRECTIONS: u64 = 20;
/// 2026-01-01 in microseconds.
pub(crate) const RECORDED: i64 = 1_767_225_600_000_000;

/// A ledger on disk.
pub(crate) struct Made {
    /// Its folder.
    pub(crate) path: PathBuf,
    /// Every pair that has acts, those of `sco` first.
    pub(crate) pairs: Vec<(ParticipantId, BodyId)>,
    /// The number of its entries.
    pub(crate) size: usize,
    /// The source of the events that follow.
    pub(crate) next: World,
}

/// The generator xorshift64*, which is small and gives the same numbers everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 11) % limit
    }

    /// A random id for an event.
    pub(crate) fn id(&mut self) -> EventId {
        let (a, b) = (u128::from(self.next()), u128::from(self.next()));
        EventId(uuid::Builder::from_random_bytes((a << 64 | b).to_be_bytes()).into_uuid())
    }
}

/// The repeated course of a participant in `sco`: the act, the role of its date, the status it is toward.
const SCO: &[(ActKind, Role, Option<&str>)] = &[
    (ActKind::ApplicationFiled, Role::Done, Some("dialogue-partner")),
    (ActKind::StatusRecommended, Role::Decided, Some("dialogue-partner")),
    (ActKind::StatusDecided, Role::Decided, Some("dialogue-partner")),
    (ActKind::PartnershipMemorandumSigned, Role::Signed, None),
    (ActKind::StatusGranted, Role::Decided, Some("observer")),
    (ActKind::ApplicationFiled, Role::Done, Some("member")),
    (ActKind::AccessionProcedureLaunched, Role::Decided, Some("member")),
    (ActKind::MemorandumOfObligationsSigned, Role::Signed, Some("member")),
    (ActKind::MembershipEffective, Role::Effective, None),
    (ActKind::StatusRevoked, Role::Decided, None),
];

/// The same in the other bodies.
const OTHER: &[(ActKind, Role, Option<&str>)] = &[
    (ActKind::ApplicationFiled, Role::Done, Some("member")),
    (ActKind::StatusGranted, Role::Decided, Some("observer")),
    (ActKind::AdmissionDecided, Role::Decided, Some("member")),
    (ActKind::WithdrawalEffective, Role::Effective, None),
];

/// A charter with observers and members, whose acts grant, admit and withdraw.
pub(crate) fn charter(body: &str) -> String {
    let article = "Statute, Article 4";
    let mut text = format!(
        "id = \"{body}\"\ntitle = \"Organisation of the {body}\"\nshort = \"{body}\"\nkind = \"organisation\"\n\
         began = \"1950-01-01\"\nsigned = \"1950-01-01\"\neffective = \"1950-01-01\"\ninstrument = \"Statute\"\n"
    );
    for (id, rank) in [("member", 2), ("observer", 1)] {
        text.push_str(&format!(
            "[[status]]\nid = \"{id}\"\ntitle = \"{id}\"\nplural = \"{id}s\"\nrank = {rank}\n"
        ));
    }
    for (act, from, to) in [
        ("status-granted", "\"none\"", "observer"),
        ("admission-decided", "\"none\", \"observer\"", "member"),
        ("withdrawal-effective", "\"member\"", "none"),
    ] {
        text.push_str(&format!(
            "[[transition]]\nact = \"{act}\"\nfrom = [{from}]\nto = \"{to}\"\nrule = \"the assembly decides\"\n\
             article = \"{article}\"\nbasis = \"statute, read\"\n"
        ));
    }
    text.push_str(&format!("[[procedure]]\ntoward = \"member\"\narticle = \"{article}\"\n"));
    for act in ["application-filed", "admission-decided"] {
        text.push_str(&format!("[[procedure.step]]\nact = \"{act}\"\ntitle = \"{act}\"\n"));
    }
    text
}

/// A source of events without end.
pub(crate) struct World {
    random: Random,
    /// Pairs with the number of their acts, their last day, and their last act that is not a correction.
    pairs: Vec<Course>,
    bodies: Vec<(BodyId, Vec<usize>)>,
}

struct Course {
    participant: ParticipantId,
    body: BodyId,
    acts: usize,
    days: i32,
    last: Option<(EventId, Role, Option<Edtf>)>,
}

impl World {
    /// Makes enough bodies that each pair has some fifteen acts; a body has 30 to 200 participants.
    fn new(entries: usize) -> World {
        let known: Vec<ParticipantId> =
            Register::builtin().iter().map(|p| p.id.clone()).filter(|id| id.as_str().len() == 3).collect();
        let mut world = World { random: Random(0x1996_0426), pairs: Vec::new(), bodies: Vec::new() };
        for number in 0..=(entries / 1600).max(1) {
            let name = if number == 0 { "sco".to_owned() } else { format!("body-{number:02}") };
            let body = BodyId::parse(&name).unwrap();
            let count = if number == 0 { 30 } else { 30 + number * 37 % 171 };
            let mut own = Vec::new();
            for at in 0..count {
                own.push(world.pairs.len());
                world.pairs.push(Course {
                    participant: known[(at * 7 + number) % known.len()].clone(),
                    body: body.clone(),
                    acts: 0,
                    days: 12_000,
                    last: None,
                });
            }
            world.bodies.push((body, own));
        }
        world
    }

    fn charters(&mut self) -> Vec<Event> {
        let mut events = template();
        let others: Vec<BodyId> = self.bodies.iter().skip(1).map(|(body, _)| body.clone()).collect();
        for body in others {
            let text = charter(body.as_str());
            events.push(charter_event(&text, false, self.random.id()).unwrap());
        }
        events
    }

    /// The next event.
    pub(crate) fn event(&mut self) -> Event {
        let random = &mut self.random;
        let (_, own) = &self.bodies[random.below(self.bodies.len() as u64) as usize];
        let course = &mut self.pairs[own[random.below(own.len() as u64) as usize]];
        let id = random.id();
        let corrected = course.last.clone().filter(|_| random.below(CORRECTIONS) == 0);
        let mut event = match corrected {
            Some((to, role, date)) => correction(id, course, random, to, role, date),
            None => act(id, course, random),
        };
        event.participant = Some(course.participant.clone());
        let cite = format!(
            "communique no. {:04} of the secretariat, {:016x}, as published in its gazette, page {}",
            random.below(10_000),
            random.next(),
            random.below(900) + 100
        );
        event.evidence.push(Evidence::citing(cite, Some(Grade::Official)));
        event
    }
}

fn act(id: EventId, course: &mut Course, random: &mut Random) -> Event {
    let acts = if course.body.as_str() == "sco" { SCO } else { OTHER };
    let (kind, role, toward) = acts[course.acts % acts.len()];
    course.acts += 1;
    course.days += random.below(150) as i32;
    let day = Edtf::day(chancery::event::Day::from_days(course.days));
    let date = match random.below(12) {
        0 => Edtf::parse(&day.as_str()[..7]).unwrap(),
        1 if random.below(4) == 0 => Edtf::parse(&day.as_str()[..4]).unwrap(),
        _ => day,
    };
    let mut event = Event::new(id, Act::bare(kind).unwrap(), course.body.clone());
    event.dates.set(role, date.clone());
    event.toward = toward.map(|id| StatusId::parse(id).unwrap());
    event.title = Some(format!(
        "Decision {:05} of the council on its relations, {:08x}",
        random.below(100_000),
        random.below(1 << 32)
    ));
    course.last = Some((id, role, Some(date)));
    event
}

fn correction(
    id: EventId,
    course: &Course,
    random: &mut Random,
    to: EventId,
    role: Role,
    date: Option<Edtf>,
) -> Event {
    let (field, was) = match random.below(2) {
        0 => (Field::Title, "the title as it was first recorded".to_owned()),
        _ => (Field::Date(role), date.map(|d| d.to_string()).unwrap_or_default()),
    };
    let now = match field {
        Field::Title => format!("Decision {:05} of the council, as corrected", random.below(100_000)),
        _ => Edtf::day(chancery::event::Day::from_days(course.days)).to_string(),
    };
    let changes = |text: String| -> Changes { [(FieldName(field), text)].into() };
    let act =
        Act::RecordCorrected(Correction { cause: Cause::Clerical, now: changes(now), was: changes(was) });
    let mut event = Event::new(id, act, course.body.clone());
    event.to = Some(to);
    event
}

fn template() -> Vec<Event> {
    let texts = Template::find("sco").unwrap().texts.iter().enumerate();
    let id = |text: &str| EventId(Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes()));
    texts.map(|(at, text)| charter_event(text, at > 0, id(text)).unwrap()).collect()
}

fn rows() -> Vec<Event> {
    let resolve = |word: &str| match Register::builtin().resolve(word) {
        Ok(found) => Ok(found.id.clone()),
        Err(error) => Err(error.to_string()),
    };
    let import = EventId(Uuid::from_u128(0x0192_5f00_0000_7000_8000_0000_0000_0001));
    let rows = read_csv(RECORD, &BodyId::parse("sco").unwrap(), import, &resolve).unwrap();
    rows.taken.into_iter().map(|row| row.event).collect()
}

/// The holder of the lock while the bench writes.
pub(crate) fn holder() -> Holder {
    Holder {
        pid: std::process::id().to_string(),
        command: "cargo bench".into(),
        since: "00:00".into(),
        address: None,
    }
}

/// Makes a ledger with the given number of entries, charters included, and its index.
pub(crate) fn make(folder: &Path, entries: usize) -> Made {
    let path = folder.join(format!("{entries}.ledger"));
    let mut world = World::new(entries);
    let events: Vec<Event> = match entries {
        118 => template().into_iter().chain(rows()).collect(),
        _ => {
            let charters = world.charters();
            let rest = entries - charters.len();
            charters.into_iter().chain((0..rest).map(|_| world.event())).collect()
        }
    };
    Entries::create(&path, ORIGIN, &Disk::default()).unwrap();
    let log = Entries::open_writer(&path, &holder(), Disk::default()).unwrap();
    let leaf = |(at, event): (usize, &Event)| {
        let stamp = Instant::from_micros(RECORDED + at as i64 * 1000);
        splice(&encode_event(event).unwrap(), stamp).unwrap()
    };
    let leaves: Vec<Vec<u8>> = events.iter().enumerate().map(leaf).collect();
    for frame in leaves.chunks(FRAME) {
        let frame: Vec<&[u8]> = frame.iter().map(Vec::as_slice).collect();
        let done = log.append(log.size(), &frame);
        assert!(matches!(done, Append::Done { .. }), "{done:?}");
    }
    drop(log);
    Writer::open(&path, &holder(), Disk::default()).unwrap().close().unwrap();
    let mut pairs: Vec<(ParticipantId, BodyId)> =
        events.iter().filter_map(|e| Some((e.participant.clone()?, e.body.clone()))).collect();
    pairs.sort_by(|a, b| (a.1.as_str() != "sco", &a.1, &a.0).cmp(&(b.1.as_str() != "sco", &b.1, &b.0)));
    pairs.dedup();
    Made { path, pairs, size: leaves.len(), next: world }
}
