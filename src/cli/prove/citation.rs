//! A citation in its forms, and the publisher of a ledger.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::query::{CheckpointRef, QuestionEcho};

use crate::cli::error::Failure;
use crate::cli::output::write_output;
use crate::cli::render::{Page, clean, count, long_day};

/// The publisher of a ledger, from `CITATION.toml` in its folder. The file is not evidence, and a ledger needs none.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Publication {
    /// The title of the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    /// The person or institution that publishes the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) publisher: Option<String>,
    /// The terms on which the record may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) licence: Option<String>,
}

const FILE: &str = "CITATION.toml";

impl Publication {
    /// Reads the publication of the ledger in a folder.
    ///
    /// # Errors
    /// [`Failure`] if the file cannot be read.
    pub(crate) fn read(ledger: &Path) -> Result<Publication, Failure> {
        let path = ledger.join(FILE);
        match crate::log::regular::read_text(&path, crate::log::regular::TEXT_BYTES_MAX) {
            Ok(text) => toml::from_str(&text).map_err(|e| {
                Failure::usage(format!("{}: {}", path.display(), e.message()))
                    .help("it holds title, publisher and licence, each a text; correct it or delete it")
            }),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Publication::default()),
            Err(e) => Err(Failure::file(&path, &e)),
        }
    }

    /// Writes it to the ledger's folder, unless every field is empty.
    ///
    /// # Errors
    /// [`Failure`] if the file cannot be written.
    pub(crate) fn write(&self, ledger: &Path) -> Result<(), Failure> {
        if *self == Publication::default() {
            return Ok(());
        }
        let path = ledger.join(FILE);
        let text = toml::to_string(self).map_err(Failure::usage)?;
        write_output(&path, text.as_bytes())
    }
}

/// The contents of a citation, independent of its form.
#[derive(Serialize)]
pub(crate) struct Citation {
    /// The question, with its dates.
    pub(crate) question: QuestionEcho,
    /// The question in words.
    pub(crate) title: String,
    /// The title of the record, or the log's name.
    pub(crate) record: String,
    /// The publisher of the record.
    pub(crate) publisher: Option<String>,
    /// The terms on which the record may be used.
    pub(crate) licence: Option<String>,
    /// The log's name.
    pub(crate) origin: String,
    /// The day on which the last entry read was recorded; `null` for none.
    pub(crate) recorded: Option<String>,
    /// The day on which the question was answered: today.
    pub(crate) read: String,
    /// The version of this program.
    pub(crate) version: &'static str,
    /// The command that gives the same answer again.
    pub(crate) command: String,
    /// The head of the record that was read.
    pub(crate) checkpoint: CheckpointRef,
}

impl Citation {
    /// The three dates, in full.
    fn dates(&self) -> String {
        let known = match &self.question.as_known {
            Some(date) => format!("known by {date}"),
            None => "known on any day".to_owned(),
        };
        let size = count(self.checkpoint.size.0, "entry", "entries");
        let to = self.recorded.as_ref().map(|day| format!(" (to {day})")).unwrap_or_default();
        format!("on {}, {known}, as recorded in the first {size}{to}", long_day(self.question.on))
    }

    /// The title of the record, with the log's name if it differs.
    fn source(&self) -> String {
        match self.record == self.origin {
            true => self.origin.clone(),
            false => format!("{}, log {}", self.record, self.origin),
        }
    }

    /// The citation for a footnote.
    pub(crate) fn text(&self, page: &Page) -> String {
        let publisher = self.publisher.as_ref().map(|who| format!(" {who}.")).unwrap_or_default();
        let licence = self.licence.as_ref().map(|terms| format!(" Licence: {terms}.")).unwrap_or_default();
        let text = format!(
            "{}, {}. {}, root {}.{publisher}{licence} Read {} with chancery {}.",
            self.title,
            self.dates(),
            self.source(),
            self.checkpoint.root,
            self.read,
            self.version
        );
        // The command is on one line, so that it can be copied.
        format!("{}\n  {}\n", page.wrap("", &clean(&text)), clean(&self.command))
    }

    /// The citation for BibTeX.
    pub(crate) fn bibtex(&self) -> String {
        let key = self.key();
        let mut fields = vec![("title", format!("{{{}}}", tex(&self.title)))];
        fields.extend(self.publisher.as_ref().map(|who| ("publisher", tex(who))));
        let issued = self.recorded.as_ref().unwrap_or(&self.read);
        fields.push(("howpublished", tex(&self.source())));
        fields.push(("year", issued.get(..4).unwrap_or_default().to_owned()));
        fields.push(("version", format!("{}, root {}", self.checkpoint.size, tex(&self.checkpoint.root))));
        fields.push(("urldate", self.read.clone()));
        let licence = self.licence.as_ref().map(|terms| format!("Licence: {}. ", tex(terms)));
        let note = format!(
            "{}{}. chancery {}. Run again: \\texttt{{{}}}",
            licence.unwrap_or_default(),
            tex(&capital(&self.dates())),
            self.version,
            tex(&self.command)
        );
        fields.push(("note", note));
        let lines: String =
            fields.iter().map(|(name, value)| format!("  {name:<12} = {{{value}}},\n")).collect();
        format!("@misc{{{key},\n{lines}}}\n")
    }

    /// The citation for citation managers, in CSL-JSON.
    pub(crate) fn csl(&self) -> String {
        let mut item = json!({
            "id": self.key(),
            "type": "dataset",
            "title": self.title,
            "container-title": self.record,
            "version": format!("{} entries, root {}", self.checkpoint.size, self.checkpoint.root),
            "issued": date_parts(self.recorded.as_ref().unwrap_or(&self.read)),
            "accessed": date_parts(&self.read),
            "archive": self.origin,
            "archive_location": self.checkpoint.root,
            "note": format!("{}. chancery {}. Run again: {}", capital(&self.dates()), self.version, self.command),
        });
        for (key, value) in [("publisher", &self.publisher), ("license", &self.licence)] {
            if let Some(text) = value {
                item[key] = Value::from(text.as_str());
            }
        }
        format!("{:#}\n", Value::from(vec![item]))
    }

    /// A key that is the same each time the same question is asked of the same record.
    fn key(&self) -> String {
        let q = &self.question;
        let who = q.participant.as_ref().map(|id| format!("-{id}")).unwrap_or_default();
        let body = q.body.as_ref().map(|id| format!("-{id}")).unwrap_or_default();
        let key = format!("{}-{}{who}{body}-{}-{}", self.origin, q.kind, q.on, self.checkpoint.size);
        key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A day in the form that citation managers use.
fn date_parts(day: &str) -> Value {
    let parts: Vec<i64> = day.split('-').filter_map(|part| part.parse().ok()).collect();
    json!({"date-parts": [parts]})
}

/// A text escaped for TeX, so that every character is printed as it is.
fn tex(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '{' | '}' | '$' | '&' | '%' | '#' | '_' => out.extend(['\\', c]),
            // Two hyphens would become a dash, two quotes another quote.
            '-' | '\'' if out.ends_with(c) => out.extend(['{', '}', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tex_would_read_as_a_command_is_written_out() {
        assert_eq!(tex("R&D {100%} of_it #1 $2"), r"R\&D \{100\%\} of\_it \#1 \$2");
        assert_eq!(tex(r"a\b~c^d"), r"a\textbackslash{}b\textasciitilde{}c\textasciicircum{}d");
        assert_eq!(tex("--in ''x"), "-{}-in '{}'x");
        assert_eq!(tex("Türkiye"), "Türkiye");
    }
}
