//! Reads a map: every key is understood, and every mistake is reported with its place.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use super::format::Format;
use super::text::{ActText, DateTable, Formats, MapText, Said, TextTable, Unknown, WhoTable};
use super::{ActMap, Column, DateMap, Map, MapError, Part, Place, Text, Who};
use crate::event::{BodyId, ParticipantId, Register};
use crate::import::neutral::knows_kind;

type Words = Option<Spanned<Said<TextTable>>>;
type Dated = Option<Spanned<Said<DateTable>>>;

/// Reads a map.
///
/// # Errors
/// [`MapError`].
pub(super) fn map(text: &str, body: Option<&BodyId>) -> Result<Map, MapError> {
    let said: MapText = toml::from_str(text).map_err(|e| {
        let offset = e.span().map_or(0, |span| span.start);
        Place::of(text, offset).fault(e.message().replace('`', ""))
    })?;
    // The order of keys, comments and blanks are not part of the content of a map.
    let mut canonical = serde_json::to_string(&said)
        .map_err(|e| Place::of(text, 0).fault(format!("it cannot be named: {e}")))?;
    canonical.extend(body.iter().flat_map(|body| ["\n", body.as_str()]));
    let mut reading = Reading { text, columns: Vec::new(), formats: Vec::new() };
    reading.formats = reading.formats("dates", said.dates.as_ref())?;
    let delimiter = reading.delimiter(said.delimiter.as_ref())?;
    let header = said.header.as_ref().map_or(Ok(1), |line| match line.get_ref() {
        0 => Err(reading.fault(&line.span(), "header: lines are counted from 1".into())),
        line => Ok(*line),
    })?;
    let place = said.body.as_ref().map(Spanned::span);
    let body = match (reading.words("body", &said.body)?, body, place) {
        (Some(_), Some(_), Some(span)) => {
            return Err(reading.fault(&span, "body: --in names it too: leave one of them out".into()));
        }
        (Some(text), ..) => text,
        (None, Some(body), _) => Text::constant("body", body.as_str()),
        (None, None, _) => {
            let what = "the map names no body: write body = …, or give --in BODY";
            return Err(reading.fault(&(0..0), what.into()));
        }
    };
    let title = reading.words("title", &said.title)?;
    let cite = reading.words("cite", &said.cite)?;
    let who = reading.who(&said.participant, &said.participants)?;
    let (empty, footnotes) = (said.empty.clone(), said.footnotes);
    let acts = reading.acts(said)?;
    let columns = reading.columns;
    Ok(Map { delimiter, header, empty, footnotes, columns, body, title, who, cite, acts, canonical })
}

/// A map that is being read.
struct Reading<'t> {
    text: &'t str,
    /// The columns named so far.
    columns: Vec<Column>,
    /// The formats for dates that state none of their own.
    formats: Vec<Format>,
}

impl Reading<'_> {
    fn fault(&self, span: &Range<usize>, what: String) -> MapError {
        Place::of(self.text, span.start).fault(what)
    }

    fn delimiter(&self, said: Option<&Spanned<String>>) -> Result<u8, MapError> {
        let Some(said) = said else { return Ok(b',') };
        match said.get_ref().as_bytes() {
            [byte] if byte.is_ascii() && !b"\"\r\n\0".contains(byte) => Ok(*byte),
            _ => Err(self.fault(
                &said.span(),
                format!(
                    "delimiter: {:?} is not one ASCII character such as \",\", \";\" or \"\\t\"",
                    said.get_ref()
                ),
            )),
        }
    }

    fn formats(&self, key: &str, said: Option<&Spanned<Formats>>) -> Result<Vec<Format>, MapError> {
        let Some(said) = said else { return Ok(self.formats.clone()) };
        let read = |text: &String| {
            Format::read(text).map_err(|what| self.fault(&said.span(), format!("{key}: {what}")))
        };
        said.get_ref().0.iter().map(read).collect()
    }

    fn column(&mut self, key: &str, name: &str, span: &Range<usize>) -> usize {
        let place = Place::of(self.text, span.start);
        self.columns.push(Column { name: name.trim().to_owned(), key: key.to_owned(), place });
        self.columns.len() - 1
    }

    /// The parts of a text in which `{column}` means a cell, and `{{` a brace.
    fn parts(&mut self, key: &str, words: &str, span: &Range<usize>) -> Result<Vec<Part>, MapError> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = words;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                plain.push_str(&from[..1]);
                rest = after;
                continue;
            }
            let named = from.strip_prefix('{').and_then(|from| from.split_once('}'));
            let Some((name, after)) = named.filter(|(name, _)| !name.trim().is_empty()) else {
                let what = format!(
                    "{key}: a brace that names no column: write {{column}}, or {{{{ for a brace itself"
                );
                return Err(self.fault(span, what));
            };
            if !plain.is_empty() {
                parts.push(Part::Words(std::mem::take(&mut plain)));
            }
            parts.push(Part::Cell(self.column(key, name, span)));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() || parts.is_empty() {
            parts.push(Part::Words(plain));
        }
        Ok(parts)
    }

    fn words(&mut self, key: &str, said: &Words) -> Result<Option<Text>, MapError> {
        let Some(said) = said else { return Ok(None) };
        let key_of = key.to_owned();
        Ok(Some(match said.get_ref() {
            Said::Words(words) => {
                let parts = self.parts(key, words, &said.span())?;
                Text { key: key_of, parts, values: None }
            }
            Said::Table(table) => {
                let column = Part::Cell(self.column(key, table.column.get_ref(), &table.column.span()));
                let prefix = (!table.prefix.is_empty()).then(|| Part::Words(table.prefix.clone()));
                let values = table.values.as_ref().map(|values| {
                    let value =
                        |(cell, value): (&String, &Spanned<String>)| (cell.clone(), value.get_ref().clone());
                    values.iter().map(value).collect()
                });
                Text { key: key_of, parts: prefix.into_iter().chain([column]).collect(), values }
            }
        }))
    }

    /// A date: the name of its column, or a text made of several.
    fn date(&mut self, key: &str, said: &Dated) -> Result<Option<DateMap>, MapError> {
        let Some(said) = said else { return Ok(None) };
        let span = said.span();
        let mut formats = self.formats.clone();
        let parts = match said.get_ref() {
            Said::Words(words) if words.contains('{') => self.parts(key, words, &span)?,
            Said::Words(name) => vec![Part::Cell(self.column(key, name, &span))],
            Said::Table(DateTable { column, value, dates }) => {
                formats = self.formats(key, dates.as_ref())?;
                match (column, value) {
                    (Some(name), None) => {
                        vec![Part::Cell(self.column(key, name.get_ref(), &name.span()))]
                    }
                    (None, Some(value)) => {
                        formats = Vec::new();
                        vec![Part::Words(value.get_ref().clone())]
                    }
                    _ => {
                        let what = format!("{key}: give its column, or its value for every row");
                        return Err(self.fault(&span, what));
                    }
                }
            }
        };
        Ok(Some(DateMap { text: Text { key: key.to_owned(), parts, values: None }, formats }))
    }

    fn who(
        &mut self,
        said: &Spanned<Said<WhoTable>>,
        names: &BTreeMap<String, Spanned<String>>,
    ) -> Result<Who, MapError> {
        let known = |(name, word): (&String, &Spanned<String>)| {
            let found = Register::builtin().resolve(word.get_ref());
            let id: Result<ParticipantId, MapError> = found
                .map(|found| found.id.clone())
                .map_err(|e| self.fault(&word.span(), format!("participants, {name:?}: {e}")));
            Ok((name.trim().to_owned(), id?))
        };
        let names = names.iter().map(known).collect::<Result<_, MapError>>()?;
        let mut who = Who { code: None, name: None, known_only: false, names };
        let text = |parts| Some(Text { key: "participant".into(), parts, values: None });
        match said.get_ref() {
            Said::Words(words) => who.name = text(self.parts("participant", words, &said.span())?),
            Said::Table(WhoTable { column, code, unknown }) => {
                if column.is_none() && code.is_none() {
                    let what = "participant: give the column of its name, or of its code";
                    return Err(self.fault(&said.span(), what.into()));
                }
                who.known_only = *unknown == Unknown::Reject;
                let mut cell = |name: &Spanned<String>| {
                    text(vec![Part::Cell(self.column("participant", name.get_ref(), &name.span()))])
                };
                who.name = column.as_ref().and_then(&mut cell);
                who.code = code.as_ref().and_then(&mut cell);
            }
        }
        Ok(who)
    }

    /// Every act of a row: those of `[[act]]`; otherwise the one whose keys are at the top.
    fn acts(&mut self, said: MapText) -> Result<Vec<ActMap>, MapError> {
        let at_top = [said.kind.as_ref().map(Spanned::span), said.date.as_ref().map(Spanned::span)];
        let at_top = at_top.into_iter().flatten().next();
        let MapText {
            kind, date, effective, not_before, recorded, mark, marks, status, toward, note, ..
        } = said;
        if said.acts.is_empty() {
            let one =
                ActText { kind, date, effective, not_before, recorded, mark, marks, status, toward, note };
            return Ok(vec![self.act(&one, &at_top.unwrap_or(0..0), "")?]);
        }
        if let Some(span) = at_top {
            let what = "kind and date stand in each [[act]], or at the top where a row is one act: not both";
            return Err(self.fault(&span, what.into()));
        }
        let mut acts = Vec::new();
        for (at, act) in said.acts.into_iter().enumerate() {
            let span = act.span();
            let mut act = act.into_inner();
            // A key at the top applies to every act that does not have it.
            act.effective = act.effective.or_else(|| effective.clone());
            act.not_before = act.not_before.or_else(|| not_before.clone());
            act.recorded = act.recorded.or_else(|| recorded.clone());
            act.mark = act.mark.or_else(|| mark.clone());
            act.marks |= marks;
            act.status = act.status.or_else(|| status.clone());
            act.toward = act.toward.or_else(|| toward.clone());
            act.note = act.note.or_else(|| note.clone());
            acts.push(self.act(&act, &span, &format!("act {}, ", at + 1))?);
        }
        Ok(acts)
    }

    fn act(&mut self, said: &ActText, span: &Range<usize>, of: &str) -> Result<ActMap, MapError> {
        let key = |name: &str| format!("{of}{name}");
        let missing =
            |what: &str| format!("{} is missing: {what}", key(what.split(' ').next().unwrap_or("")));
        let kind = self
            .words(&key("kind"), &said.kind)?
            .ok_or_else(|| self.fault(span, missing("kind says which act a row is")))?;
        self.check_kinds(&key("kind"), said, &kind)?;
        let date = self
            .date(&key("date"), &said.date)?
            .ok_or_else(|| self.fault(span, missing("date names the column of its day")))?;
        let label = match kind.as_constant() {
            _ if of.is_empty() => String::new(),
            Some(kind) => kind.to_owned(),
            None => of.trim_end_matches([',', ' ']).to_owned(),
        };
        Ok(ActMap {
            label,
            date,
            effective: self.date(&key("effective"), &said.effective)?,
            not_before: self.date(&key("not_before"), &said.not_before)?,
            recorded: self.date(&key("recorded"), &said.recorded)?,
            mark: self.words(&key("mark"), &said.mark)?,
            marks: said.marks,
            status: self.words(&key("status"), &said.status)?,
            toward: self.words(&key("toward"), &said.toward)?,
            note: self.words(&key("note"), &said.note)?,
            kind,
        })
    }

    /// Checks the kinds that the map itself names, before a row is read.
    fn check_kinds(&self, key: &str, said: &ActText, kind: &Text) -> Result<(), MapError> {
        let Some(written) = &said.kind else { return Ok(()) };
        let check = |name: &str, span: &Range<usize>| {
            knows_kind(name).map_err(|_| {
                let what = format!("{key}: {name:?} is no kind of the neutral form, and no act");
                self.fault(span, what)
            })
        };
        if let Some(name) = kind.as_constant() {
            check(name, &written.span())?;
        }
        if let Said::Table(TextTable { values: Some(values), .. }) = written.get_ref() {
            let mut named = values.values().filter(|value| !value.get_ref().is_empty());
            named.try_for_each(|value| check(value.get_ref(), &value.span()))?;
        }
        if said.marks && kind.as_constant() != Some("instrument") {
            let what =
                format!("{key}: marks tell the form of an instrument: they need kind = \"instrument\"");
            return Err(self.fault(&written.span(), what));
        }
        Ok(())
    }
}
