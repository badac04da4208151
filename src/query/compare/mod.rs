//! Comparison of our answers with the statements of another data set: each difference is in one of five classes.
//!
//! Three forms of statement are compared: acts with their dates, spells of a status, and statuses by year. The other
//! data set changes nothing in this ledger, and no class decides which side is right.

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

/// The class of a difference between a statement of another data set and our answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Their date is ours in another role, of the same act or of another act of the same participant and body.
    DateRole,
    /// One date contains the other, as a year contains its days, or overlaps it; or one side is not settled.
    Precision,
    /// The same fact under another name: of the participant, the body, or the form of the instrument.
    Naming,
    /// One side has it, and the other does not.
    Missing,
    /// It is impossible, or our record certainly states otherwise.
    Error,
}

impl Class {
    /// Every class, in the order in which they are reported.
    pub const ALL: [Class; 5] =
        [Class::DateRole, Class::Precision, Class::Naming, Class::Missing, Class::Error];

    /// The word for it in answers and options.
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

/// The case within a class that has two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// Missing: the other data set has it, and this ledger does not.
    MissingHere,
    /// Missing: this ledger has it; the other data set, which covers the body and the participant, does not.
    MissingThere,
    /// Error: our record certainly states otherwise.
    Contradicts,
    /// Error: no record could state it, because it lies before the beginning of the body, ends before it begins, or
    /// cannot be read.
    Impossible,
}

impl Case {
    /// Every case, in the order in which they are reported.
    pub const ALL: [Case; 4] = [Case::MissingHere, Case::MissingThere, Case::Contradicts, Case::Impossible];

    /// The word for it in answers.
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
    /// The class of the difference.
    pub class: Class,
    /// The case within the class, if it has two.
    pub case: Option<Case>,
    /// The participant: ours if we have one, else theirs; `null` for a line that cannot be read.
    pub participant: Option<ParticipantId>,
    /// The name of the participant in the other data set.
    pub named: Option<String>,
    /// The body, by our id if we have one.
    pub body: Option<BodyId>,
    /// The line of the file, from 1; the first, if the difference has several.
    pub line: Option<u64>,
    /// The number of their statements with this difference: dates, spells or years.
    pub statements: u64,
    /// The act or the status.
    pub what: Option<String>,
    /// The role of their date.
    pub role: Option<&'static str>,
    /// Their statement: a date, a span of days, or years with a status.
    pub theirs: Option<String>,
    /// Our value in its place.
    pub ours: Option<String>,
    /// The index of our entry.
    pub entry: Option<Index>,
    /// The difference in words.
    pub words: String,
}

impl Difference {
    /// A difference with a class and words, and no other detail.
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

    /// An error in the other data set: a statement that no record could make.
    pub fn impossible(words: impl Into<String>) -> Difference {
        Difference::new(Class::Error, Some(Case::Impossible), words)
    }

    /// A statement of the other data set that this ledger lacks.
    pub fn missing_here(words: impl Into<String>) -> Difference {
        Difference::new(Class::Missing, Some(Case::MissingHere), words)
    }

    /// An entry of this ledger that the other data set lacks.
    pub fn missing_there(words: impl Into<String>) -> Difference {
        Difference::new(Class::Missing, Some(Case::MissingThere), words)
    }

    /// A statement that our certain record contradicts.
    pub fn contradicts(words: impl Into<String>) -> Difference {
        Difference::new(Class::Error, Some(Case::Contradicts), words)
    }
}

/// The result of comparing the statements about one body.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Comparison {
    /// The number of statements that agree with our answer.
    pub same: u64,
    /// The differences, by participant, then by line; those without a line come last.
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
    /// The statement, as an event in our vocabulary.
    pub event: Event,
}

/// A filter for acts of one kind, and for instruments of one form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Only {
    /// The act.
    pub kind: ActKind,
    /// The form of the instrument; `None` for any form.
    pub form: Option<Form>,
}

impl Only {
    /// True if an event passes the filter.
    pub fn admits(&self, event: &Event) -> bool {
        event.act.kind() == self.kind && (self.form.is_none() || family::form(&event.act) == self.form)
    }
}

/// The scope of the other data set: only an act within it can be missing there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Within {
    /// The lines of the participants that it names, each under the last participant of the line.
    pub lines: BTreeSet<ParticipantId>,
    /// The families of the acts that it states.
    pub families: BTreeSet<Family>,
    /// The filter for acts that the question is about; `None` for all acts.
    pub only: Option<Only>,
    /// The last day on which an act may begin to be compared.
    pub until: Day,
}

impl Default for Within {
    fn default() -> Within {
        Within { lines: BTreeSet::new(), families: BTreeSet::new(), only: None, until: Day::FUTURE }
    }
}

impl Within {
    /// Adds a participant of the other data set to the scope.
    pub fn names(&mut self, participant: &ParticipantId) {
        if !self.lines.contains(participant) {
            self.lines.insert(line(participant));
        }
    }

    /// Adds an act of the other data set to the scope.
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
