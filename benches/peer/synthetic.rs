//! The acts that both sides record: deterministic, admissible, the same on every machine.

use chancery::charter::charter_event;
use chancery::event::{
    Act, ActKind, BodyId, Cause, Changes, Correction, Day, Edtf, Event, EventId, Evidence, Field, FieldName,
    Grade, ParticipantId, Register, Role, StatusId,
};

use crate::shared::{Random, charter};

/// The day before the first act of every pair, 2002-11-08.
pub(crate) const FIRST_DAY: i32 = 12_000;
/// A day after the last act, 2024-10-04.
pub(crate) const TODAY: Day = Day::from_days(20_000);
/// The number of acts of the one busy pair in a skewed ledger.
const BUSY_ACTS: usize = 2_000;

/// The share of acts that are corrected afterwards.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Corrections {
    /// No act is corrected.
    None,
    /// One event among this number corrects the act before it.
    OneIn(u64),
    /// Every act is corrected this number of times, after all acts are recorded.
    OfEach(usize),
}

/// The shape of a ledger.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// Its name, by which a child process knows which ledger to make.
    pub(crate) name: &'static str,
    /// The number of entries, charters included.
    pub(crate) entries: usize,
    /// The size that the shape was derived from; for an uncorrected ledger, the size of the corrected one.
    pub(crate) by: usize,
    bodies: usize,
    corrections: Corrections,
    skewed: bool,
}

const PARTICIPANTS: usize = 200;

impl Shape {
    /// 200 participants in 300 bodies; one event in twenty is a correction.
    pub(crate) const fn plain(entries: usize) -> Shape {
        Shape {
            name: "plain",
            entries,
            by: entries,
            bodies: 300,
            corrections: Corrections::OneIn(20),
            skewed: false,
        }
    }

    /// The same with 2,000 acts of the first pair.
    pub(crate) const fn skewed(entries: usize) -> Shape {
        Shape { name: "skewed", skewed: true, ..Shape::plain(entries) }
    }

    /// Five corrections of every act, and so many bodies that a pair has some 17 acts, as in the plain ledger of a million entries.
    pub(crate) const fn corrected(entries: usize) -> Shape {
        let bodies = 1 + entries / 20_000;
        Shape {
            name: "corrected",
            entries,
            by: entries,
            bodies,
            corrections: Corrections::OfEach(5),
            skewed: false,
        }
    }

    /// The acts of the corrected ledger without their corrections.
    pub(crate) const fn uncorrected(entries: usize) -> Shape {
        let corrected = Shape::corrected(entries);
        let acts = (entries - corrected.bodies) / 6;
        let entries = corrected.bodies + acts;
        Shape { name: "uncorrected", entries, corrections: Corrections::None, ..corrected }
    }

    /// The shape with this name.
    pub(crate) fn named(name: &str, entries: usize) -> Shape {
        match name {
            "skewed" => Shape::skewed(entries),
            "corrected" => Shape::corrected(entries),
            "uncorrected" => Shape::uncorrected(entries),
            _ => Shape::plain(entries),
        }
    }

    /// Every body.
    pub(crate) fn bodies(&self) -> Vec<BodyId> {
        (0..self.bodies).map(|number| BodyId::parse(&format!("body-{number:03}")).unwrap()).collect()
    }

    /// Every participant in every body.
    pub(crate) fn pairs(&self) -> Vec<(ParticipantId, BodyId)> {
        let states = Register::builtin().iter().map(|known| known.id.clone());
        let states: Vec<ParticipantId> =
            states.filter(|id| id.as_str().len() == 3).take(PARTICIPANTS).collect();
        let of_body = |body: BodyId| states.iter().map(move |who| (who.clone(), body.clone()));
        self.bodies().into_iter().flat_map(of_body).collect()
    }
}

/// The repeated course of a participant in a body: the act, the role of its date, the status it is toward.
const COURSE: &[(ActKind, Role, Option<&str>)] = &[
    (ActKind::ApplicationFiled, Role::Done, Some("observer")),
    (ActKind::StatusRecommended, Role::Decided, Some("observer")),
    (ActKind::StatusGranted, Role::Decided, Some("observer")),
    (ActKind::ApplicationFiled, Role::Done, Some("member")),
    (ActKind::AccessionProcedureLaunched, Role::Decided, Some("member")),
    (ActKind::NegotiationsOpened, Role::Done, None),
    (ActKind::ChapterOpened, Role::Done, None),
    (ActKind::ChapterClosed, Role::Done, None),
    (ActKind::MemorandumOfObligationsSigned, Role::Signed, Some("member")),
    (ActKind::AdmissionDecided, Role::Decided, Some("member")),
    (ActKind::WithdrawalEffective, Role::Effective, None),
];

/// A source of events: first the charters, then acts and corrections without end.
pub(crate) struct World {
    random: Random,
    shape: Shape,
    charters: std::vec::IntoIter<BodyId>,
    courses: Vec<Course>,
    /// The number of acts made so far; `corrected` is the number of corrections.
    acts: usize,
    corrected: usize,
    /// Every act, if each is corrected later.
    kept: Vec<Recorded>,
}

struct Course {
    participant: ParticipantId,
    body: BodyId,
    /// The index of its next act in [`COURSE`].
    step: usize,
    /// The last day on which its acts so far may have happened.
    days: i32,
    last: Option<Recorded>,
}

/// An act as recorded, with the fields that a correction needs.
#[derive(Clone)]
struct Recorded {
    id: EventId,
    course: usize,
    role: Role,
    date: Edtf,
    title: String,
    /// The act happened after this day and not after `latest`, so that no correction changes the order of acts.
    after: i32,
    latest: i32,
}

impl World {
    /// The world of a shape, at its beginning.
    pub(crate) fn new(shape: Shape) -> World {
        let course = |(at, (participant, body)): (usize, (ParticipantId, BodyId))| Course {
            participant,
            body,
            step: at * 5 % COURSE.len(),
            days: FIRST_DAY,
            last: None,
        };
        World {
            random: Random(0x1996_0426),
            charters: shape.bodies().into_iter(),
            courses: shape.pairs().into_iter().enumerate().map(course).collect(),
            acts: 0,
            corrected: 0,
            kept: Vec::new(),
            shape,
        }
    }

    /// The next events, as many as `count`.
    pub(crate) fn batch(&mut self, count: usize) -> Vec<Event> {
        (0..count).map(|_| self.event()).collect()
    }

    fn event(&mut self) -> Event {
        if let Some(body) = self.charters.next() {
            return charter_event(&charter(body.as_str()), false, self.random.id()).unwrap();
        }
        let mut event = match self.shape.corrections {
            Corrections::OfEach(times) if self.acts == self.shape.acts(times) => {
                let at = self.corrected % self.kept.len();
                self.corrected += 1;
                correct(&mut self.random, &mut self.kept[at], &self.courses)
            }
            Corrections::OneIn(count) if self.random.below(count) == 0 => self.correct_last(),
            _ => self.act(),
        };
        let random = &mut self.random;
        let cite = format!(
            "Communique {:04} of the secretariat, {:016x}, in its gazette, page {}",
            random.below(10_000),
            random.next(),
            random.below(900) + 100
        );
        event.evidence.push(Evidence::citing(cite, Some(Grade::Official)));
        event
    }

    /// Corrects the last act of some pair, or makes an act if the pair has none.
    fn correct_last(&mut self) -> Event {
        let at = self.random.below(self.courses.len() as u64) as usize;
        let Some(mut last) = self.courses[at].last.take() else { return self.act() };
        let event = correct(&mut self.random, &mut last, &self.courses);
        self.courses[at].last = Some(last);
        event
    }

    fn act(&mut self) -> Event {
        let every = (self.shape.entries / BUSY_ACTS).max(1);
        let busy = self.shape.skewed && self.acts.is_multiple_of(every);
        let random = &mut self.random;
        let at = if busy { 0 } else { random.below(self.courses.len() as u64) as usize };
        let course = &mut self.courses[at];
        let (kind, role, toward) = COURSE[course.step % COURSE.len()];
        course.step += 1;
        self.acts += 1;
        let gap = if busy { 5 } else { 150 };
        let after = course.days;
        let day = after + 1 + random.below(gap) as i32;
        let date = date(random, after, day);
        course.days = date.latest().days();
        let mut event = Event::new(random.id(), Act::plain(kind).unwrap(), course.body.clone());
        event.participant = Some(course.participant.clone());
        event.dates.set(role, date.clone());
        event.toward = toward.map(|id| StatusId::parse(id).unwrap());
        let (number, mark) = (random.below(100_000), random.below(1 << 32));
        let title = format!("Decision {number:05} of the council on its relations, {mark:08x}");
        event.title = Some(title.clone());
        let recorded = Recorded { id: event.id, course: at, role, date, title, after, latest: course.days };
        match self.shape.corrections {
            Corrections::OfEach(_) => self.kept.push(recorded),
            _ => course.last = Some(recorded),
        }
        event
    }
}

impl Shape {
    /// The number of entries that are acts, if each is corrected this number of times.
    fn acts(&self, times: usize) -> usize {
        (self.entries - self.bodies) / (times + 1)
    }
}

/// A day, or the month or year that it is in, if that leaves the order of acts certain.
fn date(random: &mut Random, after: i32, day: i32) -> Edtf {
    let day = Edtf::day(Day::from_days(day));
    let coarse = match random.below(24) {
        0 | 1 => &day.as_str()[..7],
        2 => &day.as_str()[..4],
        _ => return day,
    };
    let coarse = Edtf::parse(coarse).unwrap();
    if coarse.earliest().days() > after { coarse } else { day }
}

/// A correction of an act: half of them of its title, half of its day. The act has the new value afterwards.
fn correct(random: &mut Random, act: &mut Recorded, courses: &[Course]) -> Event {
    let course = &courses[act.course];
    let span = u64::try_from(act.latest - act.after).unwrap();
    let day = Edtf::day(Day::from_days(act.after + 1 + random.below(span) as i32));
    let id = random.id();
    let of_date = random.below(2) == 0 && day != act.date;
    let (field, now, was) = match of_date {
        true => (Field::Date(act.role), day.to_string(), act.date.to_string()),
        false => {
            let now = format!(
                "Decision {:05} of the council, as corrected, {:08x}",
                act.after,
                random.below(1 << 32)
            );
            (Field::Title, now, act.title.clone())
        }
    };
    match of_date {
        true => act.date = day,
        false => act.title.clone_from(&now),
    }
    let changes = |text: String| -> Changes { [(FieldName(field), text)].into() };
    let correction = Correction { cause: Cause::Clerical, now: changes(now), was: changes(was) };
    let mut event = Event::new(id, Act::RecordCorrected(correction), course.body.clone());
    event.participant = Some(course.participant.clone());
    event.to = Some(act.id);
    event
}
