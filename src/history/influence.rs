//! The effects that acts of others, clauses and the moment asked have on the acts of one participant.

use std::collections::HashMap;
use std::sync::Arc;

use crate::charter::EffectBy;
use crate::event::{Day, Edtf, Index, Moment, StatusId};

use super::consent::TakenBack;
use super::standing::Standing;

/// The days that clauses compute, by act and clause.
pub type Effects = HashMap<(Index, EffectBy), Option<Edtf>>;

/// Everything that affects the course of one participant, except its own acts.
#[derive(Clone, Debug, Default)]
pub struct Influence {
    /// The day on which each act has the effect that a clause computes; `None` if the record so far gives it none.
    pub when: Arc<Effects>,
    /// The status that an act gives or takes because of another participant: a continuation. `None` for an act that moves
    /// nothing, since there is nothing to continue.
    pub gives: HashMap<Index, Option<Given>>,
    /// Statuses that follow from a clause without an act of the participant's own.
    pub derived: Vec<Derived>,
    /// Consents that were taken back before they had effect, by the act that took them back.
    pub taken_back: Arc<HashMap<Index, TakenBack>>,
    /// The moment asked, if the question names one within a day.
    pub moment: Option<Moment>,
}

/// The status that an act gives because of another participant.
#[derive(Clone, PartialEq, Debug)]
pub struct Given {
    /// The status after it.
    pub status: StatusId,
    /// The adoption or amendment whose rule moves it.
    pub rule: Option<Index>,
    /// The rule in a line.
    pub clause: String,
    /// The entries of the other participant that it rests on.
    pub also: Vec<Index>,
}

/// A status that a clause gives.
#[derive(Clone, PartialEq, Debug)]
pub struct Derived {
    /// The status.
    pub to: StatusId,
    /// Its first day.
    pub on: Edtf,
    /// The entry that met the clause.
    pub entry: Index,
    /// The adoption or amendment that contains the clause.
    pub rule: Index,
    /// The clause in a line.
    pub clause: String,
    /// Other entries that it rests on.
    pub also: Vec<Index>,
    /// Its place within a day, as of an act.
    pub precedence: u8,
    /// True for the end of the participant itself: it ends every status but that of a former party or member.
    pub ends: bool,
}

impl Influence {
    /// The day on which an act has the effect that a clause computes. If no clause was evaluated, the day that the act itself
    /// states, else its own.
    pub fn effect(&self, act: &Standing, by: EffectBy) -> Option<Edtf> {
        match self.when.get(&(act.index, by)) {
            Some(computed) => computed.clone(),
            None => {
                let stated = act.event.dates.get(crate::event::Role::Effective);
                stated.or_else(|| act.event.effect()).cloned()
            }
        }
    }

    /// The first and the last day on which an event of this date may have happened. An instant inside a day happened on that day
    /// or before the next one begins; at a moment of that day it has happened, has not, or depends on the zone.
    pub fn span(&self, date: &Edtf) -> (Day, Day) {
        let whole = (date.earliest(), date.latest());
        let Some(instant) = date.instant() else { return whole };
        let (day, at_midnight) = (instant.day(), instant.is_midnight());
        match &self.moment {
            None if at_midnight => whole,
            None => (day, day.next()),
            Some(moment) if instant <= moment.earliest() => (day.min(moment.day()), day.min(moment.day())),
            Some(moment) if instant > moment.latest() => {
                let after = day.max(moment.day().next());
                (after, after)
            }
            Some(moment) => (moment.day(), moment.day().next()),
        }
    }
}
