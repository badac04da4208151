//! The words of a random history: charter texts, and events that carry them.

use std::collections::{BTreeMap, BTreeSet};

use chancery::event::{ActKind, Cause, Field, Role};
use chrono::{Days, Months, NaiveDate as Day};
use serde_json::{Map, Value, json};
use smol_str::SmolStr as Word;

/// A date: one day, or one of several. An open beginning is `Day::MIN`.
pub(super) type Date = (Day, Day);

/// A charter text.
#[derive(Clone, Default, Debug)]
pub(super) struct Text {
    pub(super) treaty: Option<bool>,
    pub(super) extends: Option<Word>,
    pub(super) statuses: Vec<(&'static str, u8)>,
    pub(super) rules: Vec<Rule>,
    pub(super) mergers: Vec<(&'static str, &'static str)>,
    pub(super) in_force: Option<(Condition, Delay)>,
    pub(super) own: Option<Delay>,
    pub(super) notice: Option<Delay>,
}

/// A transition.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) act: ActKind,
    pub(super) from: Vec<&'static str>,
    pub(super) to: &'static str,
    pub(super) effect: Option<Effect>,
    pub(super) meanwhile: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Effect {
    InForce,
    Withdrawal,
}

#[derive(Clone, Debug)]
pub(super) enum Condition {
    Count(usize),
    AllSignatories,
    InForce(Word),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Delay {
    Days(u32),
    Months(u32),
}

impl Delay {
    pub(super) fn after(self, day: Day) -> Day {
        match self {
            Delay::Days(n) => day + Days::new(n.into()),
            Delay::Months(n) => day + Months::new(n),
        }
    }
}

/// An event, with what only its act carries.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) id: u64,
    pub(super) act: ActKind,
    pub(super) body: Word,
    pub(super) who: Option<Word>,
    pub(super) dates: BTreeMap<Role, Date>,
    pub(super) toward: Option<Word>,
    pub(super) status: Option<Word>,
    pub(super) sequence: Option<u16>,
    pub(super) known_from: Option<Date>,
    pub(super) import: Option<u64>,
    pub(super) to: Option<u64>,
    pub(super) published: Option<Date>,
    pub(super) text: Option<Text>,
    pub(super) cause: Option<Cause>,
    pub(super) now: BTreeMap<Field, String>,
}

pub(super) fn date_of(text: &str) -> Option<Date> {
    let day = |text: &str| text.parse::<Day>().ok();
    let several = |text: &str| {
        text.strip_prefix('[')?.strip_suffix(']')?.split_once("..").map(|(a, b)| (day(a), day(b)))
    };
    match several(text) {
        Some((first, last)) => Some((first?, last?)),
        None => day(text).map(|day| (day, day)),
    }
}

pub(super) fn date_text((first, last): Date) -> String {
    if first == last { first.to_string() } else { format!("[{first}..{last}]") }
}

fn id_text(id: u64) -> String {
    format!("00000000-0000-4000-8000-{id:012x}")
}

impl Event {
    /// As a line of `append --from`.
    pub(super) fn line(&self) -> String {
        let dates: Map<String, Value> =
            self.dates.iter().map(|(role, date)| (role.name().to_owned(), date_text(*date).into())).collect();
        let evidence = json!([{"cite": "a random history", "published": self.published.map(date_text)}]);
        let mut line = json!({
            "id": id_text(self.id), "act": self.act.name(), "body": self.body.as_str(), "dates": dates, "evidence": evidence,
            "participant": self.who.as_deref(), "toward": self.toward.as_deref(), "status": self.status.as_deref(),
            "sequence": self.sequence, "known_from": self.known_from.map(date_text), "import": self.import.map(id_text),
            "to": self.to.map(id_text),
        });
        match (self.act, self.cause) {
            (ActKind::RecordCorrected, Some(cause)) => {
                let now: Map<String, Value> = self
                    .now
                    .iter()
                    .map(|(field, value)| (field.to_string(), value.as_str().into()))
                    .collect();
                line["correction"] = json!({"cause": cause.name(), "now": now, "was": {}});
            }
            (ActKind::EntryRetracted, Some(cause)) => line["retraction"] = json!({"cause": cause.name()}),
            (ActKind::ImportRecorded, _) => {
                let sha256 = "0".repeat(64);
                line["imported"] = json!({"file": "f.csv", "importer": "a test", "refused": 0, "sha256": sha256, "taken": 1});
            }
            _ => {}
        }
        if let Some(text) = &self.text {
            line["charter"] = text.toml(&self.body, self.act == ActKind::CharterAdopted).into();
        }
        line.to_string()
    }
}

impl Text {
    fn toml(&self, id: &str, adopts: bool) -> String {
        let mut out = format!("id = \"{id}\"\n");
        if adopts {
            out += &format!("title = \"Body {id}\"\n");
        }
        if let Some(treaty) = self.treaty {
            out += &format!("kind = \"{}\"\n", if treaty { "treaty" } else { "organisation" });
        }
        if let Some(pattern) = &self.extends {
            out += &format!("extends = \"{pattern}\"\n");
        }
        if let Some((condition, delay)) = &self.in_force {
            out += &format!("entry_into_force = \"{} then {}\"\n", condition.words(), delay.words());
        }
        if let Some(delay) = self.own {
            out += &format!("entry_into_force_for_participant = \"{}\"\n", delay.words());
        }
        if let Some(delay) = self.notice {
            out += &format!("withdrawal = \"notice then {}\"\n", delay.words());
        }
        for (id, rank) in &self.statuses {
            out +=
                &format!("[[status]]\nid = \"{id}\"\ntitle = \"{id}\"\nplural = \"{id}s\"\nrank = {rank}\n");
        }
        for (from, to) in &self.mergers {
            out += &format!(
                "[[merger]]\nfrom = [\"{from}\"]\nto = \"{to}\"\nrule = \"merged\"\narticle = \"3\"\n"
            );
        }
        for rule in &self.rules {
            out += &format!("[[transition]]\nact = \"{}\"\nto = \"{}\"\n", rule.act, rule.to);
            if !rule.from.is_empty() {
                out += &format!("from = {:?}\n", rule.from);
            }
            match rule.effect {
                Some(Effect::InForce) => out += "effect = \"entry-into-force\"\n",
                Some(Effect::Withdrawal) => out += "effect = \"withdrawal\"\n",
                None => {}
            }
            if let Some(status) = rule.meanwhile {
                out += &format!("meanwhile = \"{status}\"\n");
            }
            out += "rule = \"a rule\"\narticle = \"2\"\n";
        }
        out
    }
}

impl Condition {
    fn words(&self) -> String {
        match self {
            Condition::Count(n) => format!("count({n})"),
            Condition::AllSignatories => "all(signatories)".into(),
            Condition::InForce(other) => format!("in_force({other})"),
            Condition::And(a, b) => format!("{} and {}", a.words(), b.words()),
            Condition::Or(a, b) => format!("{} or {}", a.words(), b.words()),
        }
    }
}

impl Delay {
    fn words(self) -> String {
        match self {
            Delay::Days(n) => format!("days({n})"),
            Delay::Months(n) => format!("months({n})"),
        }
    }
}

/// An event at its place in the log.
pub(super) type Entry = (u64, Event);

/// What a question names beside its body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axes {
    pub(super) on: Day,
    pub(super) known: Day,
    pub(super) size: u64,
}

/// What is said of a participant: the statuses that are possible and, where it can be said in a day, since and until when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Standing {
    pub(super) possible: BTreeSet<Word>,
    pub(super) since: Option<Option<Day>>,
    pub(super) until: Option<Option<Day>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct InForce {
    pub(super) in_force: Option<bool>,
    pub(super) on: Option<Day>,
    pub(super) met: Option<Day>,
    pub(super) count: Option<(usize, usize)>,
}

impl Event {
    pub(super) fn corrects(&self) -> bool {
        matches!(self.act, ActKind::RecordCorrected | ActKind::EntryRetracted)
    }

    /// TIME.md: the explicit day, the notification, the act's own date, which an effect is only where the act is nothing else.
    pub(super) fn known(&self) -> Day {
        let effect =
            self.dates.get(&Role::Effective).filter(|_| self.act.roles().first() == Some(&Role::Effective));
        let own = self.first(&[Role::Effective, Role::Planned, Role::Until]);
        let stated = self.known_from.or_else(|| self.dates.get(&Role::Notified).copied());
        stated.or(own).or(effect.copied()).map_or(Day::MIN, |(_, last)| last)
    }

    /// A slip of our own at every day; else as dated, else as its source appeared.
    pub(super) fn correction_known(&self) -> Day {
        match (self.cause, self.known()) {
            (Some(Cause::Clerical), _) => Day::MIN,
            (_, Day::MIN) => self.published.map_or(Day::MIN, |(_, last)| last),
            (_, day) => day,
        }
    }

    /// The first date that the vocabulary names for the act, of those that are not left out.
    pub(super) fn first(&self, left_out: &[Role]) -> Option<Date> {
        let named = self.act.roles().iter().chain(&Role::ALL);
        named.filter(|role| !left_out.contains(role)).find_map(|role| self.dates.get(role)).copied()
    }

    /// The first date that is given of some roles.
    pub(super) fn of_roles(&self, roles: &[Role]) -> Option<Date> {
        roles.iter().find_map(|role| self.dates.get(role)).copied()
    }

    /// The legal date of a consent: the deposit, else the act's own (VCLT 16).
    pub(super) fn deposited(&self) -> Option<Day> {
        self.of_roles(&[Role::Deposited]).or_else(|| self.date()).map(|(day, _)| day)
    }

    pub(super) fn date(&self) -> Option<Date> {
        self.first(&[Role::Planned, Role::Until])
    }

    pub(super) fn takes_effect(&self) -> Option<Date> {
        let fixed = self.dates.get(&Role::Effective).filter(|_| self.act.fixes_its_effect());
        fixed.copied().or_else(|| self.date())
    }

    pub(super) fn write(&mut self, field: Field, value: &str) {
        let word = || (!value.is_empty()).then(|| Word::from(value));
        match field {
            Field::Participant => self.who = word(),
            Field::Body => self.body = value.into(),
            Field::Act => self.act = value.parse().unwrap(),
            Field::Toward => self.toward = word(),
            Field::Status => self.status = word(),
            Field::Sequence => self.sequence = value.parse().ok(),
            Field::KnownFrom => self.known_from = date_of(value),
            Field::Date(role) => {
                self.dates.remove(&role);
                self.dates.extend(date_of(value).map(|date| (role, date)));
            }
            other => panic!("{other} is outside the model"),
        }
    }
}

impl Condition {
    pub(super) fn treaties(&self) -> Vec<&Word> {
        match self {
            Condition::InForce(other) => vec![other],
            Condition::And(a, b) | Condition::Or(a, b) => [a.treaties(), b.treaties()].concat(),
            _ => Vec::new(),
        }
    }
}

impl Rule {
    pub(super) fn foresees(&self, status: &str) -> bool {
        self.from.is_empty() || self.from.contains(&status)
    }
}
