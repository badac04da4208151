//! The number of recorders that must sign an act before it is recorded: the rule of two persons.

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::event::ActKind;

use super::Version;

/// The number of different recorders that must sign, 0 to 9. With 0 an amendment lifts the rule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(transparent)]
pub struct Signers(pub u8);

impl Signers {
    const MOST: u8 = 9;
}

impl<'de> Deserialize<'de> for Signers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Signers, D::Error> {
        let count = i64::deserialize(deserializer)?;
        let count = u8::try_from(count).ok().filter(|count| *count <= Signers::MOST);
        count.map(Signers).ok_or_else(|| de::Error::custom("how many recorders sign is a number from 0 to 9"))
    }
}

impl Version {
    /// The number of different recorders that must sign an act. An act that makes rules needs as many as the strictest rule does,
    /// because it could lift that rule.
    pub fn signers(&self, act: ActKind) -> usize {
        use ActKind as K;
        let makes_rules = matches!(
            act,
            K::CharterAdopted | K::CharterAmended | K::CorrectionProposed | K::CorrectionEffected
        );
        let stated = self.recorders.iter().filter(|(stated, _)| makes_rules || stated.0 == act);
        stated.map(|(_, signers)| usize::from(signers.0)).max().unwrap_or(0)
    }
}
