//! The TOML of a map, as it is written.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use toml::Spanned;

/// A whole map.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MapText {
    pub(super) delimiter: Option<Spanned<String>>,
    pub(super) header: Option<Spanned<u64>>,
    pub(super) dates: Option<Spanned<Formats>>,
    #[serde(default)]
    pub(super) empty: Vec<String>,
    #[serde(default)]
    pub(super) footnotes: bool,
    pub(super) body: Option<Spanned<Said<TextTable>>>,
    pub(super) title: Option<Spanned<Said<TextTable>>>,
    pub(super) participant: Spanned<Said<WhoTable>>,
    pub(super) cite: Option<Spanned<Said<TextTable>>>,
    #[serde(default)]
    pub(super) participants: BTreeMap<String, Spanned<String>>,
    #[serde(rename = "act", default)]
    pub(super) acts: Vec<Spanned<ActText>>,
    // The one act of each row, if the map has no [[act]].
    pub(super) kind: Option<Spanned<Said<TextTable>>>,
    pub(super) date: Option<Spanned<Said<DateTable>>>,
    pub(super) effective: Option<Spanned<Said<DateTable>>>,
    pub(super) not_before: Option<Spanned<Said<DateTable>>>,
    pub(super) recorded: Option<Spanned<Said<DateTable>>>,
    pub(super) mark: Option<Spanned<Said<TextTable>>>,
    #[serde(default)]
    pub(super) marks: bool,
    pub(super) status: Option<Spanned<Said<TextTable>>>,
    pub(super) toward: Option<Spanned<Said<TextTable>>>,
    pub(super) note: Option<Spanned<Said<TextTable>>>,
}

/// One act of a row.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActText {
    pub(super) kind: Option<Spanned<Said<TextTable>>>,
    pub(super) date: Option<Spanned<Said<DateTable>>>,
    pub(super) effective: Option<Spanned<Said<DateTable>>>,
    pub(super) not_before: Option<Spanned<Said<DateTable>>>,
    pub(super) recorded: Option<Spanned<Said<DateTable>>>,
    pub(super) mark: Option<Spanned<Said<TextTable>>>,
    #[serde(default)]
    pub(super) marks: bool,
    pub(super) status: Option<Spanned<Said<TextTable>>>,
    pub(super) toward: Option<Spanned<Said<TextTable>>>,
    pub(super) note: Option<Spanned<Said<TextTable>>>,
}

/// A value as plain words, or as a table with further keys.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Said<T> {
    Words(String),
    Table(T),
}

/// A text from one column.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TextTable {
    pub(super) column: Spanned<String>,
    #[serde(default)]
    pub(super) prefix: String,
    pub(super) values: Option<BTreeMap<String, Spanned<String>>>,
}

/// A date from one column, or the same for every row.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DateTable {
    pub(super) column: Option<Spanned<String>>,
    pub(super) value: Option<Spanned<String>>,
    pub(super) dates: Option<Spanned<Formats>>,
}

/// A participant by the columns of its name and of its code.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WhoTable {
    pub(super) column: Option<Spanned<String>>,
    pub(super) code: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) unknown: Unknown,
}

/// The treatment of a row whose participant the register does not know.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Unknown {
    /// It is recorded under the name that the file gives.
    #[default]
    Keep,
    /// It is left out.
    Reject,
}

/// One format of dates, or several.
#[derive(Clone, Serialize)]
pub(super) struct Formats(pub(super) Vec<String>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Said<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Said<T>, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = Said<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a table")
            }

            fn visit_str<E>(self, text: &str) -> Result<Said<T>, E> {
                Ok(Said::Words(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Said<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(table)).map(Said::Table)
            }
        }
        // An untagged enum would lose the place of each value in the text.
        deserializer.deserialize_any(Either(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Formats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Formats, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Formats;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a format of dates or a list of them")
            }

            fn visit_str<E>(self, text: &str) -> Result<Formats, E> {
                Ok(Formats(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Formats, A::Error> {
                let mut formats = Vec::new();
                while let Some(format) = list.next_element()? {
                    formats.push(format);
                }
                Ok(Formats(formats))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}
