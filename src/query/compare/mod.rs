//! Our answers against what another data set states: each difference in one of five classes.
//!
//! Three forms of statement are compared: acts with their dates, spells of a status, statuses by year. What another data
//! set states moves nothing here, and no class says who is right.

mod acts;
mod candidate;
mod date;
mod effect;
mod family;
mod further;
mod spells;
mod years;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::event::{ActKind, BodyId, Day, Event, Form, Index, ParticipantId, Role};
use crate::history::line;

pub use acts::compare_acts;
pub use candidate::BodyIndex;
pub use family::{Family, families};
pub use spells::{TheirSpell, compare_spells};
pub use years::{TheirYear, compare_years};

/// How a statement of another data set differs from our answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Its date is our date of another role, of the same act or of another of the same participant and body.
    DateRole,
    /// One date holds the other: a year and a day of it.
    Precision,
    /// The same under another name: of the participant, the body, or the form of the instrument.
    Naming,
    /// One side has it, the other does not.
    Missing,
    /// It cannot be, or our record says another thing for certain.
    Error,
}

impl Class {
    /// Every class, in the order in which they are told.
    pub const ALL: [Class; 5] =
        [Class::DateRole, Class::Precision, Class::Naming, Class::Missing, Class::Error];

    /// The word used in answers and options.
    pub const fn name(self) -> &'static str {
        match self {
            Class::DateRole => "date-role",
            Class::Precision => "precision",
            Class::Naming => "naming",
            Class::Missing => "missing",
            Class::Error => "error",
        }
    }
}

/// Which of two cases of a class it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// Missing: the other data set has it, this ledger does not.
    MissingHere,
    /// Missing: this ledger has it, the other data set, which covers body and participant, does not.
    MissingThere,
    /// Error: our certain record says another thing.
    Contradicts,
    /// Error: no record could say it: before the body began, an end before the beginning, a line that cannot be read.
    Impossible,
}

impl Case {
    /// Every case, in the order in which they are told.
    pub const ALL: [Case; 4] = [Case::MissingHere, Case::MissingThere, Case::Contradicts, Case::Impossible];

    /// The word used in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Case::MissingHere => "missing-here",
            Case::MissingThere => "missing-there",
            Case::Contradicts => "contradicts",
            Case::Impossible => "impossible",
        }
    }
}

/// One difference.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Difference {
    /// How they differ.
    pub class: Class,
    /// Which case of the class, where it has two.
    pub case: Option<Case>,
    /// Of whom: ours where we have one, else theirs; `null` of a line that cannot be read.
    pub participant: Option<ParticipantId>,
    /// How the other data set names it.
    pub named: Option<String>,
    /// In which body, by our id where we have it.
    pub body: Option<BodyId>,
    /// The line of the file, from 1; of several the first.
    pub line: Option<u64>,
    /// How many of its statements differ so: dates, spells, years.
    pub statements: u64,
    /// Which act, or which status.
    pub what: Option<String>,
    /// The part that their date plays.
    pub role: Option<&'static str>,
    /// What they state: a date, days, years with a status.
    pub theirs: Option<String>,
    /// What we have in its place.
    pub ours: Option<String>,
    /// Our entry.
    pub entry: Option<Index>,
    /// The difference in words.
    pub words: String,
}

impl Difference {
    /// Of a class and in words, with nothing else said.
    pub fn new(class: Class, case: Option<Case>, words: impl Into<String>) -> Difference {
        Difference {
            class,
            case,
            participant: None,
            named: None,
            body: None,
            line: None,
            statements: 1,
            what: None,
            role: None,
            theirs: None,
            ours: None,
            entry: None,
            words: words.into(),
        }
    }

    /// An error of the case that no record could say it.
    pub fn impossible(words: impl Into<String>) -> Difference {
        Difference::new(Class::Error, Some(Case::Impossible), words)
    }

    /// What the other data set has and this ledger has not.
    pub fn missing_here(words: impl Into<String>) -> Difference {
        Difference::new(Class::Missing, Some(Case::MissingHere), words)
    }

    /// What this ledger has and the other data set has not.
    pub fn missing_there(words: impl Into<String>) -> Difference {
        Difference::new(Class::Missing, Some(Case::MissingThere), words)
    }

    /// What our certain record contradicts.
    pub fn contradicts(words: impl Into<String>) -> Difference {
        Difference::new(Class::Error, Some(Case::Contradicts), words)
    }
}

/// What became of the statements about one body.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Comparison {
    /// Statements that our answer bears out.
    pub same: u64,
    /// By participant, then by line; what they lack comes last.
    pub differences: Vec<Difference>,
}

impl Comparison {
    fn sort(&mut self) {
        let place = |d: &Difference| (d.participant.clone(), d.line.is_none(), d.line, d.entry, d.class);
        self.differences.sort_by_cached_key(place);
    }
}

/// An act as another data set states it.
#[derive(Clone, PartialEq, Debug)]
pub struct TheirAct {
    /// The line of the file, from 1.
    pub line: u64,
    /// The participant as it is named there.
    pub named: String,
    /// What it states, in our words.
    pub event: Event,
}

/// Acts of one kind, and of an instrument of one form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Only {
    /// The act.
    pub kind: ActKind,
    /// The form of the instrument, where one is meant.
    pub form: Option<Form>,
}

impl Only {
    /// Whether an act is one of these.
    pub fn admits(&self, event: &Event) -> bool {
        event.act.kind() == self.kind && (self.form.is_none() || family::form(&event.act) == self.form)
    }
}

/// What the other data set speaks of: where it is silent about anything else, nothing is missing there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Within {
    /// The lines of the participants that it names, each by whoever continues it today.
    pub lines: BTreeSet<ParticipantId>,
    /// The families of the acts that it states.
    pub families: BTreeSet<Family>,
    /// The only acts that are asked about.
    pub only: Option<Only>,
    /// The last day on which an act, to be compared, may begin.
    pub until: Day,
}

impl Default for Within {
    fn default() -> Within {
        Within { lines: BTreeSet::new(), families: BTreeSet::new(), only: None, until: Day::FUTURE }
    }
}

impl Within {
    /// Takes note of a participant of the other data set.
    pub fn names(&mut self, participant: &ParticipantId) {
        if !self.lines.contains(participant) {
            self.lines.insert(line(participant));
        }
    }

    /// Takes note of an act of the other data set.
    pub fn states(&mut self, event: &Event) {
        self.families.extend(families(event.act.kind()));
        if event.dates.get(Role::Effective).is_some() {
            self.families.insert(Family::Effect);
        }
        event.participant.iter().for_each(|who| self.names(who));
    }

    fn covers(&self, event: &Event) -> bool {
        let family = families(event.act.kind()).any(|family| self.families.contains(&family));
        family && self.only.is_none_or(|only| only.admits(event))
    }

    fn covers_line(&self, participant: &ParticipantId) -> bool {
        self.lines.contains(&line(participant))
    }
}

#[cfg(test)]
mod tests;
