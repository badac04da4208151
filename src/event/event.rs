//! An act with its participant, body, dates and evidence; and the entry that records it.

use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;

use super::act::Act;
use super::date::{Edtf, Instant};
use super::evidence::Evidence;
use super::ids::{BodyId, EventId, Index, StatusId};
use super::known::Known;
use super::participant::ParticipantId;
use super::role::Role;

/// An act of a participant in a body, or of a body, as its recorder states it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// The id of the event, the same on every retry.
    pub id: EventId,
    /// The act, with its payload.
    pub act: Act,
    /// The organisation or treaty.
    pub body: BodyId,
    /// The participant that acted, or that the act concerns; absent for acts of the body alone.
    pub participant: Option<ParticipantId>,
    /// Its dates by role.
    pub dates: Dates,
    /// The status applied for, recommended or decided.
    pub toward: Option<StatusId>,
    /// The other participant: the one whose accession or exit the act concerns, or the other one in an act that joins or separates
    /// lines.
    pub about: Option<ParticipantId>,
    /// The status that the source gives as the result: a claim, compared with the result of the charter.
    pub status: Option<StatusId>,
    /// The entry that it answers or corrects.
    pub to: Option<EventId>,
    /// The title of the instrument or decision.
    pub title: Option<String>,
    /// The place.
    pub place: Option<String>,
    /// The order within a day: the smaller number comes first.
    pub sequence: Option<u16>,
    /// The dispute to which the act belongs, and its chain in it.
    pub rival: Option<Rival>,
    /// The day from which the world could know of the act, if it is not the act's own.
    pub known_from: Option<Edtf>,
    /// The import that brought it: the id of its `import-recorded`.
    pub import: Option<EventId>,
    /// The evidence for the act.
    pub evidence: Vec<Evidence>,
    /// A remark of the recorder or the source.
    pub note: Option<String>,
    /// The name of the recorder.
    pub recorder: Option<String>,
}

impl Event {
    /// Makes an event that has only an act and a body.
    pub fn new(id: EventId, act: Act, body: BodyId) -> Event {
        Event {
            id,
            act,
            body,
            participant: None,
            dates: Dates::default(),
            toward: None,
            about: None,
            status: None,
            to: None,
            title: None,
            place: None,
            sequence: None,
            rival: None,
            known_from: None,
            import: None,
            evidence: Vec::new(),
            note: None,
            recorder: None,
        }
    }

    /// The other participant whose accession or exit the act concerns, if there is one: then the act never changes the actor's own
    /// status.
    pub fn for_another(&self) -> Option<&ParticipantId> {
        let other = self.about.as_ref().filter(|about| Some(*about) != self.participant.as_ref());
        other.filter(|_| !self.act.kind().is_of_lines())
    }

    /// The act's own legal date: the first of its roles that is given.
    pub fn date(&self) -> Option<&Edtf> {
        self.dated().map(|(_, date)| date)
    }

    /// The act's own legal date with its role.
    pub fn dated(&self) -> Option<(Role, &Edtf)> {
        let counts = |role: Role| !matches!(role, Role::Planned | Role::Until);
        if let [(role, date)] = self.dates.0.as_slice() {
            return counts(*role).then_some((*role, date));
        }
        let roles = self.act.kind().roles().iter().filter(|role| counts(**role));
        let own = roles.filter_map(|role| Some((*role, self.dates.get(*role)?))).next();
        own.or_else(|| self.dates.iter().find(|(role, _)| counts(*role)))
    }

    /// The date of its effect: `effective` if the act fixes it, otherwise the act's own legal date.
    pub fn effect(&self) -> Option<&Edtf> {
        let fixed = self.dates.get(Role::Effective).filter(|_| self.act.kind().fixes_its_effect());
        fixed.or_else(|| self.date())
    }

    /// The moment from which the world could know of the act; `assumed` if it is inferred from the act's own date. It is the last
    /// moment of the first of these dates that is present: the explicit date, the notification, the act's own date.
    ///
    /// An act without any of these dates is known from the beginning. Acts of record-keeping are not treated apart here: the fold
    /// admits them whatever day of knowledge is asked.
    pub fn known(&self) -> Known {
        if let Some(from) = self.known_from.as_ref().or_else(|| self.dates.get(Role::Notified)) {
            return Known { from: from.last_moment(), assumed: false };
        }
        let counts = |role: Role| !matches!(role, Role::Effective | Role::Planned | Role::Until);
        if let [(role, date)] = self.dates.0.as_slice()
            && counts(*role)
        {
            return Known { from: date.last_moment(), assumed: true };
        }
        let roles = self.act.kind().roles();
        let of_act = roles.iter().filter(|role| counts(**role)).find_map(|role| self.dates.get(*role));
        let other = || self.dates.iter().find(|(role, _)| counts(*role)).map(|(_, date)| date);
        // An effect dates the knowledge only if the act consists of its effect alone.
        let effect = || self.dates.get(Role::Effective).filter(|_| roles.first() == Some(&Role::Effective));
        let own = of_act.or_else(other).or_else(effect);
        match own {
            Some(date) => Known { from: date.last_moment(), assumed: true },
            None => Known { from: Instant::PAST, assumed: true },
        }
    }
}

/// Dates by role, each role at most once.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Dates(Vec<(Role, Edtf)>);

impl Dates {
    /// The date of a role.
    pub fn get(&self, role: Role) -> Option<&Edtf> {
        self.0.iter().find(|(r, _)| *r == role).map(|(_, date)| date)
    }

    /// Sets the date of a role, in place of any earlier one.
    pub fn set(&mut self, role: Role, date: Edtf) {
        match self.0.binary_search_by_key(&role, |(r, _)| *r) {
            Ok(at) => self.0[at].1 = date,
            Err(at) => {
                if self.0.is_empty() {
                    // Most acts have one date.
                    self.0.reserve_exact(1);
                }
                self.0.insert(at, (role, date));
            }
        }
    }

    /// Removes the date of a role.
    pub fn remove(&mut self, role: Role) {
        self.0.retain(|(r, _)| *r != role);
    }

    /// Every date, in the order of [`Role::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Role, &Edtf)> {
        self.0.iter().map(|(role, date)| (*role, date))
    }

    /// True if no date is given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The chain of a dispute to which an act belongs, `DISPUTE:CHAIN`. Chains of one dispute exclude one another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Rival {
    /// The name of the dispute.
    pub dispute: SmolStr,
    /// The name of the chain: the account of one side.
    pub chain: SmolStr,
}

impl Rival {
    /// Reads `DISPUTE:CHAIN`; neither side may be empty.
    pub fn parse(text: &str) -> Option<Rival> {
        let (dispute, chain) = text.split_once(':')?;
        let (dispute, chain) = (dispute.trim(), chain.trim());
        let fits = !dispute.is_empty() && !chain.is_empty() && !chain.contains(':');
        fits.then(|| Rival { dispute: SmolStr::new(dispute), chain: SmolStr::new(chain) })
    }
}

impl fmt::Display for Rival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.dispute, self.chain)
    }
}

/// An event at its place in the log; cheap to clone, since clones share the event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its position, from 0.
    pub index: Index,
    /// The time at which this ledger recorded it, by its own clock.
    pub recorded_at: Instant,
    /// The event.
    pub event: Arc<Event>,
}
