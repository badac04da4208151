//! Recorders: their enrolment, their limits, and their signatures beside an event.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::act_kind::ActKind;
use super::ids::{BodyId, RecorderId};

/// The limits of a recorder. An absent list allows everything. Only registrars may record acts of the ledger itself, and for those
/// acts the lists do not count.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The only acts that it may record.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "names")]
    pub acts: Option<BTreeSet<ActKind>>,
    /// The only organisations and treaties in which it may record.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "list")]
    pub bodies: Option<BTreeSet<BodyId>>,
    /// True for a registrar: it may enrol, limit and revoke recorders, and record every other act of the ledger itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub registrar: bool,
}

impl Limits {
    /// True for the default limits: every act in every organisation and treaty, but no act of the ledger itself.
    pub fn is_default(&self) -> bool {
        *self == Limits::default()
    }

    /// True if these limits allow nothing that `other` does not allow: nobody grants more than they have.
    pub fn are_within(&self, other: &Limits) -> bool {
        fn within<T: Ord>(mine: &Option<BTreeSet<T>>, theirs: &Option<BTreeSet<T>>) -> bool {
            match (mine, theirs) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(mine), Some(theirs)) => mine.is_subset(theirs),
            }
        }
        within(&self.acts, &other.acts)
            && within(&self.bodies, &other.bodies)
            && (other.registrar || !self.registrar)
    }
}

/// The part of an event that lies outside a recorder's limits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Excess {
    /// A body.
    Body(BodyId),
    /// An act.
    Act(ActKind),
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Excess::Body(body) if body.is_ledger() => f.write_str("the ledger's own affairs"),
            Excess::Body(body) => write!(f, "in {body}"),
            Excess::Act(act) => write!(f, "{act}"),
        }
    }
}

/// The payload of `recorder-enrolled`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// The recorder's verifier key; its name is the recorder's id.
    pub key: String,
    /// Its limits.
    #[serde(default, skip_serializing_if = "Limits::is_default")]
    pub limits: Limits,
}

/// The payload of `recorder-limited`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limitation {
    /// Its limits from now on, in place of all earlier ones.
    #[serde(default, skip_serializing_if = "Limits::is_default")]
    pub limits: Limits,
    /// The recorder.
    pub recorder: RecorderId,
}

/// The payload of `recorder-revoked`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// The recorder.
    pub recorder: RecorderId,
}

/// A recorder's Ed25519 signature over [`signed_text`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventSignature {
    /// The recorder that signed.
    pub recorder: RecorderId,
    /// The signature, RFC 8032.
    #[serde(with = "base64_64")]
    pub signature: [u8; 64],
}

/// Returns the text that a recorder signs: a line for the kind of text, the origin of the log, and the event's canonical bytes.
pub fn signed_text(origin: &str, event: &[u8]) -> Vec<u8> {
    [b"chancery event v1\n", origin.as_bytes(), b"\n", event].concat()
}

/// Reads and writes names of acts, in the order of the names: the order of the vocabulary may change.
mod names {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        acts: &Option<BTreeSet<ActKind>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let acts = acts.iter().flatten().map(|act| act.name());
        serializer.collect_seq(acts.collect::<BTreeSet<_>>())
    }

    pub(super) fn deserialize<'de, D>(deserializer: D) -> Result<Option<BTreeSet<ActKind>>, D::Error>
    where
        D: Deserializer<'de>,
    {
        let names: Vec<String> = Vec::deserialize(deserializer)?;
        let acts = names.iter().map(|name| name.parse().map_err(de::Error::custom));
        some(acts.collect::<Result<_, _>>()?)
    }

    pub(super) fn some<T: Ord, E: de::Error>(all: BTreeSet<T>) -> Result<Option<BTreeSet<T>>, E> {
        match all.is_empty() {
            true => Err(E::custom("an empty list: leave it out, or name what it is to hold")),
            false => Ok(Some(all)),
        }
    }
}

/// Reads and writes a list that is never empty.
mod list {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        bodies: &Option<BTreeSet<BodyId>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(bodies.iter().flatten())
    }

    pub(super) fn deserialize<'de, D>(deserializer: D) -> Result<Option<BTreeSet<BodyId>>, D::Error>
    where
        D: Deserializer<'de>,
    {
        super::names::some(BTreeSet::deserialize(deserializer)?)
    }
}

/// Reads and writes 64 bytes in standard base64, which has only one spelling.
mod base64_64 {
    use super::*;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D>(deserializer: D) -> Result<[u8; 64], D::Error>
    where
        D: Deserializer<'de>,
    {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| de::Error::custom("a signature is 64 bytes in base64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Reach;

    fn reach(body: &str, act: ActKind) -> Reach {
        let body = BodyId::parse(body).unwrap();
        Reach { bodies: [body.clone()].into(), acts: [act].into(), ruled: [(body, act)].into() }
    }

    #[test]
    fn a_list_limits_and_its_absence_does_not() {
        let sco = BodyId::parse("sco").unwrap();
        let limits = Limits { bodies: Some([sco].into()), ..Limits::default() };
        assert_eq!(limits.excess(&reach("sco", ActKind::StatusGranted)), None);
        let nato = limits.excess(&reach("nato", ActKind::StatusGranted));
        assert_eq!(nato.unwrap().to_string(), "in nato");
        let limits = Limits { acts: Some([ActKind::StatusGranted].into()), ..Limits::default() };
        assert_eq!(limits.excess(&reach("nato", ActKind::StatusGranted)), None);
        let other = limits.excess(&reach("nato", ActKind::Expelled));
        assert_eq!(other.unwrap().to_string(), "expelled");
    }

    #[test]
    fn only_a_registrar_keeps_the_register_whatever_the_lists_say() {
        let revoked = reach("ledger", ActKind::RecorderRevoked);
        assert_eq!(Limits::default().excess(&revoked).unwrap().to_string(), "the ledger's own affairs");
        let sco = Some([BodyId::parse("sco").unwrap()].into());
        let acts = Some([ActKind::StatusGranted].into());
        assert_eq!(Limits { acts, bodies: sco, registrar: true }.excess(&revoked), None);
    }

    #[test]
    fn nobody_gives_more_than_they_have() {
        let sco = Limits { bodies: Some([BodyId::parse("sco").unwrap()].into()), ..Limits::default() };
        let registrar = Limits { registrar: true, ..Limits::default() };
        assert!(sco.are_within(&Limits::default()) && sco.are_within(&sco));
        assert!(!Limits::default().are_within(&sco));
        assert!(!registrar.are_within(&Limits::default()) && Limits::default().are_within(&registrar));
    }
}
