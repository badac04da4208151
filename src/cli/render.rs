//! Text for people: widths, wrapping, tables, styles. Nothing in this file depends on a command.

use std::borrow::Cow;

use chrono::Datelike;
use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width};
use owo_colors::{OwoColorize, Style};
use unicode_width::UnicodeWidthStr;

use crate::charter::Charter;
use crate::cli::safe;
use crate::event::{ActKind, Day, Edtf, Register, Role, StatusId};

pub(crate) use crate::cli::safe::clean;

/// The terminal that a page of text is laid out for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Page {
    /// Its width in columns.
    pub(crate) width: usize,
    /// True if the terminal shows more than ASCII.
    pub(crate) unicode: bool,
}

/// Emphasised text; a stream without colour drops the style.
pub(crate) fn strong(text: &str) -> String {
    text.style(Style::new().bold()).to_string()
}

/// Text of minor importance.
pub(crate) fn faint(text: &str) -> String {
    text.style(Style::new().dimmed()).to_string()
}

/// Text that a reader must not miss.
pub(crate) fn warn(text: &str) -> String {
    text.style(Style::new().yellow()).to_string()
}

/// The columns that a text takes, without its styles.
pub(crate) fn columns(text: &str) -> usize {
    // Most texts are plain, and a long answer measures millions of words.
    match text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        true => text.len(),
        false => anstream::adapter::strip_str(text).to_string().width(),
    }
}

impl Page {
    /// Breaks a text at spaces: the first line begins with `first`, the others with as many spaces. If a word has no room beside
    /// `first` but has room below it, the whole text goes below it.
    pub(crate) fn wrap(&self, first: &str, text: &str) -> String {
        let first = &safe::line(first);
        let hang = columns(first);
        let lead = first.len() - first.trim_start().len();
        let under = lead + 4;
        let longest = text.split([' ', '\n']).map(columns).max().unwrap_or(0);
        if under < hang && hang + longest > self.width && under + longest <= self.width {
            let label = self.wrap_to(&" ".repeat(lead), &" ".repeat(lead + 2), first.trim());
            return format!("{label}{}", self.wrap_to(&" ".repeat(under), &" ".repeat(under), text));
        }
        self.wrap_to(first, &" ".repeat(hang), text)
    }

    /// Breaks a text at spaces: the first line begins with `first`, the others with `rest`.
    pub(crate) fn wrap_to(&self, first: &str, rest: &str, text: &str) -> String {
        let mut out = String::new();
        let room = self.width.max(20);
        let (mut line, mut used) = (safe::line(first).into_owned(), columns(first));
        let mut empty = true;
        // Runs of spaces inside a line are kept: they align.
        for word in text.split([' ', '\n']) {
            let width = columns(word);
            if !empty && used + 1 + width > room {
                out.push_str(line.trim_end());
                out.push('\n');
                line.clear();
                line.push_str(rest);
                (used, empty) = (columns(rest), true);
            }
            if empty && word.is_empty() {
                continue;
            }
            if !empty {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += width;
            empty = false;
        }
        out.push_str(line.trim_end());
        out.push('\n');
        out
    }

    /// A line with one part at the left and one at the right edge; two lines if one is too narrow.
    pub(crate) fn edges(&self, left: &str, right: &str) -> String {
        let (left, right) = (&safe::line(left), &safe::line(right));
        let used = columns(left) + columns(right);
        match self.width.checked_sub(used).filter(|gap| *gap >= 2) {
            Some(gap) => format!("{left}{}{right}\n", " ".repeat(gap)),
            None => format!("{}{}", self.wrap("", left), self.wrap("    ", right)),
        }
    }

    /// Warning lines.
    pub(crate) fn notes(&self, notes: &[String]) -> String {
        notes.iter().map(|note| self.wrap(&warn("  ! "), &clean(note))).collect()
    }

    /// Rows under headings. The last column is wrapped; the others are as wide as their contents, if that leaves the last one
    /// enough room.
    pub(crate) fn table(&self, head: &[&str], rows: &[Vec<String>]) -> String {
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(self.width).unwrap_or(u16::MAX));
        table.set_header(head).add_rows(rows.iter().map(|row| cells(row)));
        let last = head.len().saturating_sub(1);
        let widths = table.column_max_content_widths();
        let taken: usize = widths.iter().take(last).map(|width| usize::from(*width) + 2).sum();
        // The last column needs room for words; if there is too little, every column is narrowed.
        let roomy = taken + 20 <= self.width;
        for (at, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, if at < last { 2 } else { 0 }));
            if at < last && roomy {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    /// Rows under headings. Every column has the width given, except the first, which takes the rest of the page.
    pub(crate) fn grid(&self, head: &[&str], widths: &[u16], rows: &[Vec<String>]) -> String {
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(head).add_rows(rows.iter().map(|row| cells(row)));
        let page = u16::try_from(self.width).unwrap_or(u16::MAX);
        let others: u16 = widths.iter().skip(1).sum();
        let first = page.saturating_sub(others).max(widths.first().copied().unwrap_or(0));
        let widest = table.column_max_content_widths().first().map_or(first, |widest| widest + 1);
        for (at, (column, width)) in table.column_iter_mut().zip(widths).enumerate() {
            let width = if at == 0 { first.min(widest) } else { *width };
            column.set_padding((0, u16::from(at + 1 < widths.len())));
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        }
        table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    /// The variant of a text that the terminal can show: `unicode` or `ascii`.
    pub(crate) fn tree<'a>(&self, unicode: &'a str, ascii: &'a str) -> &'a str {
        if self.unicode { unicode } else { ascii }
    }

    /// The first six characters of a hash.
    pub(crate) fn short_hash(&self, hash: &str) -> String {
        let head: String = hash.chars().take(6).collect();
        format!("{head}{}", self.tree("…", "..."))
    }
}

/// The cells of a row, each on one line, so that no text of the record can add a row to a table.
fn cells(row: &[String]) -> Vec<Cow<'_, str>> {
    row.iter().map(|cell| safe::line(cell)).collect()
}

/// A date, `2024-07-04`, or a span in words: `between 2010-04-28 and 2010-05-03`.
pub(crate) fn date(date: &Edtf) -> String {
    let (from, to) = (date.earliest(), date.latest());
    if !date.as_str().starts_with('[') || from == to {
        return date.to_string();
    }
    match (from.date(), to.date()) {
        (None, _) => format!("{to} or before"),
        (_, None) => format!("{from} or after"),
        (Some(first), Some(last)) if from.next() == to && first.month() == last.month() => {
            format!("{from} or -{:02}", last.day())
        }
        (Some(_), Some(_)) if from.next() == to => format!("{from} or {to}"),
        _ => format!("between {from} and {to}"),
    }
}

/// `1 July 2023`.
pub(crate) fn long_day(day: Day) -> String {
    day.date().map_or_else(|| day.to_string(), |d| d.format("%-d %B %Y").to_string())
}

/// A date with its role: `signed 2023-07-04`.
pub(crate) fn dated(role: Role, on: &Edtf) -> String {
    format!("{role} {}", date(on))
}

/// The name of a participant on a day.
pub(crate) fn name(id: &crate::event::ParticipantId, on: Day) -> String {
    Register::builtin().name_on(id, on).to_owned()
}

/// `a`, `a or b`, `a, b or c`.
pub(crate) fn one_of<S: AsRef<str>>(words: &[S]) -> String {
    match words {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [init @ .., last] => {
            let init: Vec<&str> = init.iter().map(AsRef::as_ref).collect();
            format!("{} or {}", init.join(", "), last.as_ref())
        }
    }
}

/// Statuses in words: `none or dialogue-partner`.
pub(crate) fn statuses(possible: &[StatusId]) -> String {
    one_of(&possible.iter().map(StatusId::as_str).collect::<Vec<_>>())
}

/// `1 entry`, `2 entries`.
pub(crate) fn count(n: u64, one: &str, many: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}

/// The name of an act in words: `memorandum of obligations signed`.
pub(crate) fn act_words(act: ActKind) -> String {
    act.name().replace('-', " ")
}

/// The title of a status in its charter.
pub(crate) fn title<'a>(charter: &'a Charter, id: &'a StatusId) -> &'a str {
    charter.status(id).map_or(id.as_str(), |s| s.title.as_str())
}

/// A title with its place, if it has one.
pub(crate) fn place(title: &str, place: Option<&str>) -> String {
    let title = clean(title);
    match place {
        Some(place) => format!("{title}, {}", clean(place)),
        None => title.into_owned(),
    }
}
