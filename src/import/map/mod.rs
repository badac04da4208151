//! A map: the rules by which the columns of a given file become acts.

mod format;
mod read;
mod text;

use std::collections::BTreeMap;

use crate::event::{BodyId, ParticipantId};

pub(super) use format::read_date;

use format::Format;

/// The rules by which the columns of a file become lines of the neutral form. `docs/IMPORT.md` describes the language.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Map {
    /// The character between cells.
    pub(super) delimiter: u8,
    /// The line of the header, from 1.
    pub(super) header: u64,
    /// Texts that mean an empty cell.
    pub(super) empty: Vec<String>,
    /// True if `[1]` at the end of a cell is a footnote and not part of it.
    pub(super) footnotes: bool,
    /// The columns of the file that it names.
    pub(super) columns: Vec<Column>,
    /// The organisation or treaty of the acts.
    pub(super) body: Text,
    /// The name of the body in the file.
    pub(super) title: Option<Text>,
    /// The participant of the acts.
    pub(super) who: Who,
    /// The citation of the acts.
    pub(super) cite: Option<Text>,
    /// The acts that a row may state.
    pub(super) acts: Vec<ActMap>,
    /// Its content without its layout: the ids of imports by this map are derived from it.
    pub(super) canonical: String,
}

/// A column that a map names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Column {
    /// Its name in the header of the file.
    pub(super) name: String,
    /// The key of the map that names it.
    pub(super) key: String,
    /// Its place in the map.
    pub(super) place: Place,
}

/// A place in the text of a map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// The line, from 1.
    line: usize,
    /// The column, in characters, from 1.
    column: usize,
}

/// A text made of words and cells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Text {
    /// The key that states it.
    key: String,
    parts: Vec<Part>,
    /// The meaning of each cell, if a table gives it.
    values: Option<BTreeMap<String, String>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Words(String),
    /// A cell, by the position of its column in `columns`.
    Cell(usize),
}

/// The participant of the acts of a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Who {
    pub(super) code: Option<Text>,
    pub(super) name: Option<Text>,
    /// True if a row is left out when the register does not know its participant.
    pub(super) known_only: bool,
    /// Names in the file of participants that the register has under another name.
    pub(super) names: BTreeMap<String, ParticipantId>,
}

/// A date of an act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct DateMap {
    text: Text,
    pub(super) formats: Vec<Format>,
}

/// One act of a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ActMap {
    /// Its name when a row is reported; empty if it is the only act.
    pub(super) label: String,
    pub(super) kind: Text,
    pub(super) date: DateMap,
    pub(super) effective: Option<DateMap>,
    pub(super) not_before: Option<DateMap>,
    pub(super) recorded: Option<DateMap>,
    pub(super) mark: Option<Text>,
    /// True if the date ends in a mark.
    pub(super) marks: bool,
    pub(super) status: Option<Text>,
    pub(super) toward: Option<Text>,
    pub(super) note: Option<Text>,
}

/// Why a text is no map, or does not fit a file, with the place in the text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}, column {column}: {what}")]
pub struct MapError {
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters, from 1.
    pub column: usize,
    /// The fault.
    pub what: String,
}

impl Place {
    fn of(text: &str, offset: usize) -> Place {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Place { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
    }

    pub(super) fn fault(self, what: String) -> MapError {
        MapError { line: self.line, column: self.column, what }
    }
}

impl Map {
    /// Reads a map. `body` is the body of all acts in the file, if the map names none.
    ///
    /// # Errors
    /// [`MapError`] with line and column.
    pub fn parse(text: &str, body: Option<&BodyId>) -> Result<Map, MapError> {
        read::map(text, body)
    }

    /// The character between the cells of its files, in ASCII.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }
}

impl Text {
    /// A text that is the same for every row.
    fn constant(key: &str, words: &str) -> Text {
        Text { key: key.to_owned(), parts: vec![Part::Words(words.to_owned())], values: None }
    }

    /// The text, if it is the same for every row.
    pub(super) fn as_constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Words(words)] => Some(words),
            _ => None,
        }
    }

    /// The text that a row gives. `None` if the text names columns and all their cells are empty.
    ///
    /// # Errors
    /// A cell that the table of values does not have.
    pub(super) fn of<'c>(&self, cell: &dyn Fn(usize) -> Option<&'c str>) -> Result<Option<String>, String> {
        let mut out = String::new();
        let (mut named, mut given) = (false, false);
        for part in &self.parts {
            let Part::Cell(column) = part else {
                if let Part::Words(words) = part {
                    out.push_str(words);
                }
                continue;
            };
            named = true;
            let Some(said) = cell(*column) else { continue };
            given = true;
            match &self.values {
                None => out.push_str(said),
                Some(values) => match values.get(said) {
                    Some(value) if value.is_empty() => return Ok(Some(String::new())),
                    Some(value) => out.push_str(value),
                    None => return Err(format!("{}: {said:?} is none of the map's values", self.key)),
                },
            }
        }
        Ok((given || !named).then_some(out))
    }

    /// The text that a row gives, if no row may lack it.
    ///
    /// # Errors
    /// Those of [`Text::of`], and an error if all its cells are empty.
    pub(super) fn needed<'c>(
        &self,
        cell: &dyn Fn(usize) -> Option<&'c str>,
        columns: &[Column],
    ) -> Result<String, String> {
        let named = |part: &Part| match part {
            Part::Cell(column) => columns.get(*column).map(|column| column.name.as_str()),
            Part::Words(_) => None,
        };
        self.of(cell)?.filter(|text| !text.is_empty()).ok_or_else(|| {
            let names: Vec<&str> = self.parts.iter().filter_map(named).collect();
            format!("{}: column {} is empty", self.key, names.join(", "))
        })
    }
}

impl DateMap {
    /// The date that a row gives, as written.
    ///
    /// # Errors
    /// Those of [`Text::of`].
    pub(super) fn of<'c>(&self, cell: &dyn Fn(usize) -> Option<&'c str>) -> Result<Option<String>, String> {
        self.text.of(cell)
    }

    /// The key that states it.
    pub(super) fn key(&self) -> &str {
        &self.text.key
    }
}
