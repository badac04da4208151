//! How many recorders must sign an act before it is recorded: the rule of two persons.

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::event::ActKind;

use super::Version;

/// So many different recorders must sign, 0 to 9; an amendment lifts the rule with 0.
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
    /// How many different recorders must sign an act. Whoever could lift the rule must be as many as it asks for: an
    /// act that makes rules needs what the strictest of them needs.
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
