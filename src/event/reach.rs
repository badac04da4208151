//! The bodies and acts that an event affects: its recorder must be free to record all of them.

use std::collections::BTreeSet;

use super::act::Act;
use super::act_kind::ActKind;
use super::correction::{Correction, Field, FieldName};
use super::event::Event;
use super::ids::BodyId;
use super::recorder::{Excess, Limits};

/// The bodies and acts that an event affects: its own, and those of the entries that it corrects.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reach {
    /// The bodies. A recorder must be free to record in all of them.
    pub bodies: BTreeSet<BodyId>,
    /// Its own act, and the act into which it changes another.
    pub acts: BTreeSet<ActKind>,
    /// Every act with its body, those of corrected entries too: a rule that two persons must sign may name any of them.
    pub ruled: BTreeSet<(BodyId, ActKind)>,
}

impl Reach {
    /// The reach of an event by itself.
    pub fn of(event: &Event) -> Reach {
        let mut reach = Reach::default();
        reach.acts.insert(event.act.kind());
        let mut own = Sides::of(event);
        if let Act::RecordCorrected(correction) = &event.act {
            let makes =
                correction.now.get(&FieldName(Field::Act)).and_then(|name| name.parse::<ActKind>().ok());
            reach.acts.extend(makes);
            own.bodies
                .extend(correction.now.get(&FieldName(Field::Body)).and_then(|id| BodyId::parse(id).ok()));
        }
        reach.bodies.append(&mut own.bodies);
        reach.ruled.extend(own.acts.into_iter().map(|act| (event.body.clone(), act)));
        reach
    }

    /// Adds the bodies and acts that another entry has or had.
    pub fn cover(&mut self, sides: &Sides) {
        self.bodies.extend(sides.bodies.iter().cloned());
        for body in &sides.bodies {
            self.ruled.extend(sides.acts.iter().map(|act| (body.clone(), *act)));
        }
    }
}

/// Every body and act that an entry has, or had before it was corrected.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sides {
    bodies: BTreeSet<BodyId>,
    acts: BTreeSet<ActKind>,
}

impl Sides {
    /// The body and act that an event states.
    pub fn of(event: &Event) -> Sides {
        Sides { bodies: [event.body.clone()].into(), acts: [event.act.kind()].into() }
    }

    /// Adds the bodies and acts of a correction of the entry: its own, and those before and after it.
    pub fn corrected(&mut self, by: &Event) {
        self.acts.extend((!Sides::is_correction(by)).then(|| by.act.kind()));
        self.bodies.insert(by.body.clone());
        let Act::RecordCorrected(Correction { now, was, .. }) = &by.act else { return };
        for (FieldName(field), value) in now.iter().chain(was) {
            match field {
                Field::Body => self.bodies.extend(BodyId::parse(value).ok()),
                Field::Act => self.acts.extend(value.parse::<ActKind>().ok()),
                _ => {}
            }
        }
    }

    /// True if an event changes another entry, withdraws it, or removes its words.
    pub fn is_correction(event: &Event) -> bool {
        use ActKind as K;
        matches!(event.act.kind(), K::RecordCorrected | K::EntryRetracted | K::EvidenceRedacted)
    }
}

impl Limits {
    /// The first body, or else the first act, of a reach that lies outside the limits; `None` if all of it may be recorded.
    pub fn excess(&self, reach: &Reach) -> Option<Excess> {
        let registrar = |body: &&BodyId| body.is_ledger() && !self.registrar;
        let unlisted = |body: &&BodyId| {
            !body.is_ledger() && self.bodies.as_ref().is_some_and(|bodies| !bodies.contains(*body))
        };
        let act = |act: &&ActKind| {
            !act.is_of_ledger() && self.acts.as_ref().is_some_and(|acts| !acts.contains(*act))
        };
        let body = reach.bodies.iter().find(|body| registrar(body) || unlisted(body));
        let body = body.cloned().map(Excess::Body);
        body.or_else(|| reach.acts.iter().find(act).copied().map(Excess::Act))
    }
}
