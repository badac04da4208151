//! placeholder
use smol_str::SmolStr;
/// id
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ParticipantId(SmolStr);
/// e
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("x")]
pub struct ParticipantIdError;
impl ParticipantId {
    /// p
    pub fn parse(s: &str) -> Result<Self, ParticipantIdError> {
        Ok(Self(SmolStr::new(s)))
    }
    /// s
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl std::fmt::Display for ParticipantId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}
