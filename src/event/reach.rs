//! Everything on which an event bears: what a recorder must be free to record.

use std::collections::BTreeSet;

use super::act::Act;
use super::act_kind::ActKind;
use super::correction::{Correction, Field, FieldName};
use super::event::Event;
use super::ids::BodyId;
use super::recorder::{Excess, Limits};

/// Everything on which an event bears: its own body and act, and those of the entries that it corrects.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reach {
    /// The bodies. A recorder must be free to record in all of them.
    pub bodies: BTreeSet<BodyId>,
    /// Its own act, and the one that it makes of another.
    pub acts: BTreeSet<ActKind>,
    /// Every act with its body, the corrected ones too: what a rule of two persons may ask for.
    pub ruled: BTreeSet<(BodyId, ActKind)>,
}

impl Reach {
    /// Of an event by itself.
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

    /// Takes in what another entry was, and is.
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
    /// As an event states them.
    pub fn of(event: &Event) -> Sides {
        Sides { bodies: [event.body.clone()].into(), acts: [event.act.kind()].into() }
    }

    /// Takes in what a correction of the entry says, before it and after.
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

    /// Whether an event changes what another entry says, or takes it or its words away.
    pub fn is_correction(event: &Event) -> bool {
        use ActKind as K;
        matches!(event.act.kind(), K::RecordCorrected | K::EntryRetracted | K::EvidenceRedacted)
    }
}

impl Limits {
    /// The first body, or the first act, of a reach that lies outside; `None` where all of it may be recorded.
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
