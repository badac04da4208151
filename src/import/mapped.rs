//! Reads the rows of any file as lines of the neutral form, by a map.

use std::io::BufRead;

use crate::event::{Register, of_cell};

use super::lines::{LineError, Lines};
use super::map::{ActMap, DateMap, Map, MapError, read_date};
use super::name::participant;
use super::neutral::{Line, Object, line_of, neutral_act, set_of};
use super::table::{Row, Table};

/// A line or a row of the file, with its acts.
pub(super) struct Said {
    /// The number of the line, from 1; of a row, the line on which it begins.
    pub(super) line: u64,
    /// Its content, byte for byte: the whole line, or cell by cell.
    pub(super) cells: Vec<Vec<u8>>,
    /// Its acts, or the reason for which one cannot be taken.
    pub(super) acts: Vec<Result<Line, String>>,
}

/// Why a file does not begin as its map requires.
#[derive(Debug, thiserror::Error)]
pub(super) enum HeadError {
    #[error("{0}")]
    Line(#[from] LineError),
    #[error("{0}")]
    Map(MapError),
    #[error("{0}")]
    Header(String),
}

/// A file that is read by a map.
pub(super) struct Mapped<'m, R: BufRead> {
    map: &'m Map,
    table: Table<R>,
    /// The position in the file of each column that the map names.
    at: Vec<usize>,
    /// The lines before the header, with their line ends.
    pub(super) preamble: Vec<u8>,
    /// The header, cell by cell.
    pub(super) header: Vec<Vec<u8>>,
}

impl<'m, R: BufRead> Mapped<'m, R> {
    /// Reads up to the header, and finds every column that the map names.
    ///
    /// # Errors
    /// [`HeadError`].
    pub(super) fn new(map: &'m Map, lines: Lines<R>) -> Result<Mapped<'m, R>, HeadError> {
        let mut table = Table::new(lines, map.delimiter);
        let mut preamble = Vec::new();
        for _ in 1..map.header {
            preamble.extend(table.skip()?.unwrap_or_default());
        }
        let row = table.next()?;
        let row = row.filter(|row| map.header == 1 || row.line == map.header).ok_or_else(|| {
            HeadError::Header(format!("there is no header on line {}: it names the columns", map.header))
        })?;
        let text = |(at, cell): (usize, &Vec<u8>)| match std::str::from_utf8(cell) {
            Ok(name) => Ok(name.trim().to_owned()),
            Err(_) => Err(HeadError::Header(format!(
                "line {}: the header of column {} is not UTF-8: save the file as UTF-8",
                row.line,
                at + 1
            ))),
        };
        let names: Vec<String> = row.cells.iter().enumerate().map(text).collect::<Result<_, _>>()?;
        let at = map.columns.iter().map(|column| {
            let mut found = names.iter().enumerate().filter(|(_, name)| **name == column.name);
            let fault = |what| Err(HeadError::Map(column.place.fault(format!("{}: {what}", column.key))));
            match (found.next(), found.next()) {
                (Some((at, _)), None) => Ok(at),
                (Some(_), Some(_)) => fault(format!("the file has two columns {:?}", column.name)),
                (None, _) => fault(format!("the file has no column {:?}{}", column.name, has(&names))),
            }
        });
        let at = at.collect::<Result<_, _>>()?;
        Ok(Mapped { map, table, at, preamble, header: row.cells })
    }

    /// The next row with its acts, and the reason for each act that cannot be taken; `None` after the last.
    ///
    /// # Errors
    /// [`LineError`].
    pub(super) fn next(&mut self) -> Result<Option<Said>, LineError> {
        let Some(row) = self.table.next()? else { return Ok(None) };
        let acts = self.acts(&row).unwrap_or_else(|what| vec![Err(what)]);
        Ok(Some(Said { line: row.line, cells: row.cells, acts }))
    }

    /// # Errors
    /// The reason for which nothing in the row can be read.
    fn acts(&self, row: &Row) -> Result<Vec<Result<Line, String>>, String> {
        let (have, need) = (row.cells.len(), self.header.len());
        if have != need {
            let cells = if have == 1 { "1 cell".to_owned() } else { format!("{have} cells") };
            let remedy = match (have > need, row.ended) {
                (true, _) => "quote cells that hold a delimiter",
                (false, true) => "some are missing",
                (false, false) => "is the file cut short here?",
            };
            return Err(format!("it has {cells} under {need} columns: {remedy}"));
        }
        let text = |(at, cell): (usize, &'_ Vec<u8>)| match std::str::from_utf8(cell) {
            Ok(_) => Ok(()),
            Err(e) => Err(format!(
                "column {} is not UTF-8 at byte {}: save the file as UTF-8",
                String::from_utf8_lossy(self.header.get(at).map_or(&[][..], |name| name)),
                e.valid_up_to() + 1
            )),
        };
        row.cells.iter().enumerate().try_for_each(text)?;
        let cell = |column: usize| self.cell(row, column);
        let read = self.map.acts.iter().filter_map(|act| {
            let line = self.act(act, &cell).transpose()?;
            Some(line.map_err(|what| match act.label.as_str() {
                "" => what,
                label => format!("{label}: {what}"),
            }))
        });
        let mut acts: Vec<Result<Line, String>> = read.collect();
        if let (false, Some(Ok(line))) = (row.ended, acts.last_mut()) {
            line.doubts.push("the file ends inside its last row: is it whole?".to_owned());
        }
        Ok(acts)
    }

    /// The text of a cell; `None` if it is empty.
    fn cell<'r>(&self, row: &'r Row, column: usize) -> Option<&'r str> {
        let bytes = self.at.get(column).and_then(|at| row.cells.get(*at))?;
        let mut text = of_cell(std::str::from_utf8(bytes).ok()?.trim());
        // An EDTF date may be in brackets as a whole, so only brackets after other text are a footnote.
        while self.map.footnotes
            && text.ends_with(']')
            && let Some(at) = text.rfind('[').filter(|at| *at > 0)
        {
            text = text[..at].trim_end();
        }
        (!text.is_empty() && !self.map.empty.iter().any(|empty| empty == text)).then_some(text)
    }

    /// An act of a row; `None` if the row does not state it.
    fn act<'r>(&self, act: &ActMap, cell: &dyn Fn(usize) -> Option<&'r str>) -> Result<Option<Line>, String> {
        let map = self.map;
        let date = act.date.of(cell)?;
        let kind = act.kind.of(cell)?;
        // If the cells of a row name no kind of act, the row states the act if it gives its date.
        let named = act.kind.as_constant().is_none() && kind.is_some();
        if kind.as_deref() == Some("") || (date.is_none() && !named) {
            return Ok(None);
        }
        let kind = act.kind.needed(cell, &map.columns)?;
        let (date, ending) = match (act.marks, date) {
            (true, Some(date)) => marked(date),
            (_, date) => (date, None),
        };
        let day = |said: Option<String>, by: &DateMap| {
            let read = |text: String| read_date(&text, &by.formats);
            said.map(read).transpose().map_err(|what| format!("{}: {what}", plain(by.key())))
        };
        let other = |by: &Option<DateMap>| match by {
            Some(by) => day(by.of(cell)?, by),
            None => Ok(None),
        };
        let text = |by: &Option<super::map::Text>| by.as_ref().map_or(Ok(None), |by| by.of(cell));
        let kind = act.kind.as_constant().map_or_else(|| folded(&kind), str::to_owned);
        let is_of_body = neutral_act(&kind).is_some_and(|act| !act.kind().needs_participant());
        let (party, party_name) = self.who(cell, is_of_body)?;
        let mark = ending.map_or_else(|| text(&act.mark), |mark| Ok(Some(mark)))?;
        line_of(Object {
            date: day(date, &act.date)?,
            not_before: other(&act.not_before)?,
            party,
            party_name,
            body: map.body.needed(cell, &map.columns)?,
            body_title: text(&map.title)?,
            kind,
            mark,
            effective: other(&act.effective)?,
            recorded: other(&act.recorded)?,
            op: None,
            source: text(&map.cite)?.map(serde_json::Value::String),
            status: text(&act.status)?,
            toward: text(&act.toward)?,
            note: text(&act.note)?,
        })
        .map(Some)
    }

    /// The code and the name of the participant that a row means.
    fn who<'r>(
        &self,
        cell: &dyn Fn(usize) -> Option<&'r str>,
        may_be_nobody: bool,
    ) -> Result<(Option<String>, Option<String>), String> {
        let who = &self.map.who;
        let of = |text: &Option<super::map::Text>| text.as_ref().map_or(Ok(None), |text| text.of(cell));
        let (mut code, name) = (of(&who.code)?, of(&who.name)?);
        let called = name.iter().chain(&code).find_map(|word| who.names.get(word));
        if let Some(id) = called {
            code = Some(id.to_string());
        }
        let Some(word) = code.as_ref().or(name.as_ref()) else {
            if may_be_nobody {
                return Ok((None, None));
            }
            let by = who.name.as_ref().or(who.code.as_ref());
            return Err(by.map_or_else(String::new, |text| {
                text.needed(cell, &self.map.columns).err().unwrap_or_default()
            }));
        };
        if who.known_only {
            let set = self.map.cite.as_ref().map_or(Ok(None), |cite| cite.of(cell))?;
            let set = set.map(serde_json::Value::String);
            let set = set.as_ref().map_or("", set_of);
            if participant(set, code.as_deref(), name.as_deref()).is_none() {
                let found = Register::builtin().resolve(word);
                let why = found.err().map(|e| e.to_string()).unwrap_or_default();
                return Err(format!("participant: {why}; or name it under [participants]"));
            }
        }
        Ok((code, name))
    }
}

/// The columns of the file, for an error.
fn has(names: &[String]) -> String {
    let listed = names.join(", ");
    match names {
        [_] => format!("; it has one alone, {listed:?}: is the delimiter right?"),
        _ => format!("; it has {listed}"),
    }
}

/// The kind in a cell, written as in the neutral form.
fn folded(kind: &str) -> String {
    kind.to_lowercase().split_whitespace().collect::<Vec<_>>().join("_")
}

/// The key of a date, without the name of its act, which the report already has.
fn plain(key: &str) -> &str {
    key.rsplit(' ').next().unwrap_or(key)
}

/// A date, and the mark of one or two letters after it.
fn marked(cell: String) -> (Option<String>, Option<String>) {
    let parted = cell.rsplit_once(char::is_whitespace).map(|(date, mark)| (date.trim_end(), mark));
    let is_mark = |mark: &str| mark.len() <= 2 && mark.bytes().all(|b| b.is_ascii_alphabetic());
    match parted.filter(|(_, mark)| is_mark(mark)) {
        Some((date, mark)) => (Some(date.to_owned()), Some(mark.to_owned())),
        None => (Some(cell), None),
    }
}
