//! The identifiers of the model: bodies, statuses, recorders, events, positions in the log.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smol_str::SmolStr;
use uuid::Uuid;

/// An error: the text is not an identifier.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{text:?} is no {what}: use {rule}")]
pub struct IdError {
    what: &'static str,
    text: String,
    rule: &'static str,
}

macro_rules! kebab_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
        #[serde(transparent)]
        pub struct $name(SmolStr);

        impl $name {
            /// Reads an id; upper case and `_` are folded.
            ///
            /// # Errors
            /// [`IdError`] for anything but 1 to 64 ASCII letters, digits and hyphens.
            pub fn parse(text: &str) -> Result<$name, IdError> {
                let wrong = |c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_');
                if text.is_empty() || text.len() > 64 || text.contains(wrong) {
                    let rule = "1 to 64 letters, digits and hyphens";
                    return Err(IdError { what: $what, text: text.chars().take(80).collect(), rule });
                }
                if text.contains(|c: char| c.is_ascii_uppercase() || c == '_') {
                    return Ok($name(SmolStr::new(text.to_ascii_lowercase().replace('_', "-"))));
                }
                Ok($name(SmolStr::new(text)))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                $name::parse(&text).map_err(de::Error::custom)
            }
        }
    };
}

kebab_id! {
    /// An organisation or treaty in which participants have a status: `sco`, `untc-4-4`.
    BodyId, "organisation or treaty"
}

kebab_id! {
    /// A status as a charter names it: `dialogue-partner`. [`StatusId::none`] means that there is no status.
    StatusId, "status"
}

kebab_id! {
    /// A recorder, as its verifier key names it: `treaty-section`.
    RecorderId, "recorder"
}

impl BodyId {
    /// The ledger itself, as a body: the body of acts about its recorders and its keys, which belong to no organisation or treaty.
    pub const fn ledger() -> BodyId {
        BodyId(SmolStr::new_static("ledger"))
    }

    /// True for a list of states (Correlates of War, Gleditsch and Ward, withdrawn codes of ISO 3166-3): its acts say which states
    /// it counts, and are the acts of no state.
    pub fn is_state_list(&self) -> bool {
        self.0.starts_with("state-system-") || self.0 == "iso-3166-3"
    }

    /// True for the ledger itself, which has no charter.
    pub fn is_ledger(&self) -> bool {
        self.0 == "ledger"
    }

    /// Reads a name as people write it: `UNTC IV-4`, `UNTC:4-4` and `untc-4-4` are the same. Letters become lower case and every
    /// other character a hyphen; in a name of the United Nations Treaty Collection the chapter is a number, in Roman or Arabic
    /// numerals. A name of more than 64 characters is cut to 55, followed by a checksum of the whole, so that long names with the
    /// same beginning stay different.
    ///
    /// # Errors
    /// [`IdError`] if no id can be made of the text.
    pub fn named(text: &str) -> Result<BodyId, IdError> {
        let mut parts: Vec<String> =
            text.trim().split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase).collect();
        if let [collection, chapter, ..] = parts.as_mut_slice()
            && collection == "untc"
            && let Some(number) = roman(chapter)
        {
            *chapter = number.to_string();
        }
        let mut id = parts.join("-");
        if id.len() > ID_MAX {
            let sum = format!("-{:08x}", crc32c::crc32c(id.as_bytes()));
            id.truncate(ID_MAX - sum.len());
            id.push_str(&sum);
        }
        BodyId::parse(&id).map_err(|error| IdError { text: text.chars().take(80).collect(), ..error })
    }
}

/// The longest id of a body.
const ID_MAX: usize = 64;

/// Reads a number in lower-case Roman numerals, as chapters are numbered; `None` for any other text.
fn roman(numerals: &str) -> Option<u32> {
    let worth = |c| match c {
        'i' => Some(1),
        'v' => Some(5),
        'x' => Some(10),
        'l' => Some(50),
        _ => None,
    };
    let worths: Vec<u32> = numerals.chars().map(worth).collect::<Option<_>>()?;
    let signed = worths.iter().enumerate().map(|(at, worth)| {
        let before_more = worths.get(at + 1).is_some_and(|next| next > worth);
        if before_more { -i64::from(*worth) } else { i64::from(*worth) }
    });
    u32::try_from(signed.sum::<i64>()).ok().filter(|number| *number > 0)
}

impl FromStr for BodyId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<BodyId, IdError> {
        BodyId::named(text)
    }
}

impl FromStr for RecorderId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<RecorderId, IdError> {
        RecorderId::parse(text)
    }
}

impl FromStr for StatusId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<StatusId, IdError> {
        StatusId::parse(text)
    }
}

impl StatusId {
    /// No status.
    pub const fn none() -> StatusId {
        StatusId(SmolStr::new_static("none"))
    }

    /// True if it means that there is no status.
    pub fn is_none(&self) -> bool {
        self.0 == "none"
    }
}

/// The id of an event. The client that makes the event chooses it, so that a retry is recognised.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventId(pub Uuid);

impl EventId {
    /// Reads a UUID in its hyphened form.
    ///
    /// # Errors
    /// [`IdError`].
    pub fn parse(text: &str) -> Result<EventId, IdError> {
        Uuid::try_parse(text).map(EventId).map_err(|_| IdError {
            what: "event id",
            text: text.into(),
            rule: "a UUID, lower case with hyphens",
        })
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<EventId, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        EventId::parse(&text).map_err(de::Error::custom)
    }
}

/// The position of an entry in the log, from 0 (RFC 6962).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Index(pub u64);

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A count of entries: size 123 is the entries 0 to 122.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Size(pub u64);

impl Size {
    /// True if the entry at `index` is among them.
    pub const fn holds(self, index: Index) -> bool {
        index.0 < self.0
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_treaty_is_read_in_roman_or_arabic() {
        let same = ["UNTC IV-4", "UNTC:4-4", "untc-4-4", "untc iv.4", "Untc_IV_4", " UNTC 4/4 "];
        for text in same {
            assert_eq!(BodyId::named(text).unwrap().as_str(), "untc-4-4", "{text}");
        }
        assert_eq!(BodyId::named("UNTC XXVII-7-a").unwrap().as_str(), "untc-27-7-a");
        assert_eq!(BodyId::named("UNTC XI-B-16").unwrap().as_str(), "untc-11-b-16");
        // Only a chapter is a number: elsewhere letters stay.
        assert_eq!(BodyId::named("GGO:IV-4").unwrap().as_str(), "ggo-iv-4");
        assert_eq!(BodyId::named("WCT (WIPO)").unwrap().as_str(), "wct--wipo-");
        assert!(BodyId::named("  ").unwrap_err().to_string().contains("is no organisation or treaty"));
    }

    #[test]
    fn roman_numerals_are_read_as_they_are_written() {
        let numbers = [("i", 1), ("iv", 4), ("ix", 9), ("xiv", 14), ("xxix", 29), ("xl", 40), ("lx", 60)];
        assert!(numbers.iter().all(|(text, number)| roman(text) == Some(*number)));
        assert!(["", "a", "4", "ivy"].iter().all(|text| roman(text).is_none()));
    }
}
