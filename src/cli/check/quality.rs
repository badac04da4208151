//! The parts that `check` and the imports share: a record examined body by body, and the report on it as text.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::event::{BodyId, Day, Entry, Event, EventId, Index, ParticipantId, Size};
use crate::ledger::Reading;
use crate::query::{
    Axes, Examination, Examined, Quality, QualityCount, QualityFinding, QualityKind, QuestionEcho,
};

use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::render::{Page, clean, count, faint, name, strong};

/// The part of a record to examine.
#[derive(Clone, Default)]
pub(crate) struct Looked<'a> {
    /// Only these bodies; an empty list means every body.
    pub(crate) bodies: &'a [BodyId],
    /// Only this participant.
    pub(crate) participant: Option<&'a ParticipantId>,
    /// Only the entries that this import brought.
    pub(crate) import: Option<EventId>,
    /// Lines of a file that are not recorded.
    pub(crate) lines: &'a [(u64, Arc<Event>)],
    /// Only these kinds of finding; an empty list means every kind.
    pub(crate) kinds: &'a [QualityKind],
}

/// Examines a record body by body, with a progress bar.
///
/// # Errors
/// [`Failure`].
pub(crate) fn quality(
    reading: &Reading,
    context: &Context,
    looked: &Looked<'_>,
    axes: &Axes,
) -> Result<Quality, Failure> {
    let lines_from = Index(reading.size().0);
    // Lines that are not recorded have indexes after every recorded entry, so the size must include any index.
    let recorded = if looked.lines.is_empty() { axes.as_recorded } else { Size(u64::MAX) };
    let bodies = match looked.bodies.is_empty() {
        true => reading.every_body()?,
        false => looked.bodies.to_vec(),
    };
    let bar = context.bar(bodies.len() as u64, "bodies");
    let now = context.now;
    let examined = |pass: &Reading, body: &BodyId| {
        let line = |(line, event): &(u64, Arc<Event>)| Entry {
            index: Index(lines_from.0 + line),
            recorded_at: now,
            event: Arc::clone(event),
        };
        let mut entries = pass.entries_of(body)?.to_vec();
        entries.extend(looked.lines.iter().filter(|(_, event)| event.body == *body).map(line));
        entries.sort_by_key(|entry| entry.index);
        let examination = Examination {
            entries: &entries,
            lines_from,
            recorded,
            known: axes.known(),
            bodies: &|id| id == body,
            participant: looked.participant,
            import: looked.import,
        };
        bar.inc(1);
        Ok(examination.examine())
    };
    let mut found = Examined::default();
    for part in reading.over(&bodies, examined)? {
        found.extend(part);
    }
    bar.finish_and_clear();
    let one = match looked.bodies {
        [one] => Some(one),
        _ => None,
    };
    let question = QuestionEcho::new("check", looked.participant, one, axes);
    Ok(Quality::new(question, reading.head(axes.as_recorded)?, found, looked.kinds))
}

/// The report on the entries that an import brought to the bodies named, or to any body, and on its lines that are not recorded.
///
/// # Errors
/// [`Failure`].
pub(crate) fn of_import(
    reading: &Reading,
    context: &Context,
    import: EventId,
    bodies: &[BodyId],
    lines: &[(u64, Arc<Event>)],
) -> Result<Quality, Failure> {
    let axes = Axes::on_day(context.now.day(), None, reading.size());
    let looked = Looked { bodies, import: Some(import), lines, ..Looked::default() };
    quality(reading, context, &looked, &axes)
}

/// The counts and findings as JSON, for the answer of an import.
pub(crate) fn json_of(quality: &Quality) -> Value {
    json!({"counts": quality.counts, "findings": quality.findings})
}

/// The number of findings of a kind that are shown; an option shows the rest.
const TOLD: usize = 10;

/// A count of each kind, then the findings: all of them, or the first of each kind and the `option` that shows the others.
pub(crate) fn text(page: &Page, quality: &Quality, option: Option<&str>, on: Day) -> String {
    let row = |c: &QualityCount| {
        let rows = if c.rows > 0 { c.rows.to_string() } else { String::new() };
        let day = if c.findings > 0 { c.to_the_day.to_string() } else { String::new() };
        vec![c.kind.name().to_owned(), c.findings.to_string(), day, rows, c.kind.title().to_owned()]
    };
    let rows: Vec<Vec<String>> = quality.counts.iter().map(row).collect();
    let mut out = page.table(&["kind", "found", "to the day", "rows", "what it says"], &rows);
    for count in quality.counts.iter().filter(|c| c.findings > 0) {
        out.push_str(&format!("\n{}\n", strong(&format!("{}: {}", count.kind.name(), count.kind.title()))));
        let of_kind = quality.findings.iter().filter(|finding| finding.kind == count.kind);
        let shown = if option.is_none() { usize::MAX } else { TOLD };
        of_kind.take(shown).for_each(|finding| out.push_str(&one(page, finding, on)));
        let left = usize::try_from(count.findings).unwrap_or(usize::MAX).saturating_sub(shown);
        if left > 0 {
            out.push_str(&format!("  and {left} more{}\n", option.unwrap_or_default()));
        }
    }
    out
}

fn one(page: &Page, finding: &QualityFinding, on: Day) -> String {
    let who = finding.participant.as_ref().map(|who| format!("{} in ", name(who, on))).unwrap_or_default();
    let head = format!("  {who}{}: ", finding.body);
    let mut out = page.wrap_to(&head, "    ", &clean(&finding.what));
    let listed = |all: &[u64]| {
        let first: Vec<String> = all.iter().take(TOLD).map(ToString::to_string).collect();
        let more = all.len().saturating_sub(TOLD);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", first.join(" "))
    };
    let entries: Vec<u64> = finding.entries.iter().map(|entry| entry.0).collect();
    let mut places = Vec::new();
    match entries.len() {
        0 => {}
        1 => places.push(format!("entry {}", listed(&entries))),
        _ => places.push(format!("entries {}", listed(&entries))),
    }
    match finding.lines.len() {
        0 => {}
        1 => places.push(format!("line {}, not recorded", listed(&finding.lines))),
        _ => places.push(format!("lines {}, not recorded", listed(&finding.lines))),
    }
    places.extend(match finding.rows.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        [first, ..] => Some(format!("{first} and {}", count(finding.rows.len() as u64 - 1, "row", "rows"))),
    });
    out.push_str(&crate::cli::ask::question::faint_lines(&page.wrap("    ", &clean(&places.join("; ")))));
    out
}

/// The report on an import as text, for the end of the import's answer.
pub(crate) fn under_import(page: &Page, quality: &Quality, entry: Option<Index>, on: Day) -> String {
    let mut out = format!("\n{}\n", strong("Quality of what the file states, refused lines included"));
    out.push_str(&text(page, quality, Some(""), on));
    if let Some(entry) = entry {
        out.push_str(&faint(&format!("\nof what is recorded: chancery check --import {entry} --all\n")));
    }
    out
}
