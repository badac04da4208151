//! The answer to an append: the entries, the changes of status, and the remarks under the charter.

use std::path::Path;

use serde_json::{Value, json};

use crate::event::{Act, Day, Event, EventSignature};
use crate::ledger::{AppendOptions, Consequences, Draft, Receipt, Said, StatusChange, Trial, Writer};

use crate::cli::context::{Context, Shape};
use crate::cli::error::Failure;
use crate::cli::record::signing::{Mode, write_drafts};
use crate::cli::render::{Page, clean, count, date, faint, strong, warn};

const SHAPE: Shape = Shape {
    list: Some("entries"),
    columns: &["index", "size", "id", "recorded_at", "leaf_hash", "repeated"],
};

/// The largest number of changes that text lists; more are only counted.
const CHANGES_SHOWN: usize = 12;

/// Appends events and prints their receipts. A dry run only reports the changes; a draft is written to its file.
///
/// # Errors
/// [`Failure`].
pub(crate) fn append(
    context: &Context,
    writer: &mut Writer,
    events: Vec<Event>,
    options: AppendOptions,
    mode: Mode<'_>,
) -> Result<(), Failure> {
    append_then(context, writer, events, options, mode, || Ok(()))
}

/// Does the same, and calls `then` after the events are recorded and before anything is printed, because standard output may be
/// closed.
///
/// # Errors
/// [`Failure`].
pub(crate) fn append_then(
    context: &Context,
    writer: &mut Writer,
    events: Vec<Event>,
    options: AppendOptions,
    mode: Mode<'_>,
    then: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let Trial { drafts, consequences } = writer.try_batch(events)?;
    let receipts = match mode {
        Mode::Record => writer.append_drafts(drafts.clone(), options)?,
        Mode::DryRun => Vec::new(),
        Mode::Draft(file) => {
            let signed = write_drafts(writer, &drafts, file)?;
            return drafted(context, file, &drafts, &signed);
        }
    };
    let dry_run = !mode.records();
    if !dry_run {
        then()?;
    }
    let answer = json(&receipts, &consequences, dry_run);
    let shown = drafts.iter().filter(|draft| !dry_run || draft.recorded.is_none());
    let shown: Vec<&Event> = shown.map(|draft| &*draft.event).collect();
    let lacking = drafts.iter().map(|draft| draft.lacking).max().unwrap_or(0);
    context.answer(&answer, SHAPE, |page| {
        text(page, &shown, &receipts, &consequences, dry_run) + &lack(page, lacking)
    })
}

/// The number of signatures that a draft still needs, in words; empty for none.
fn lack(page: &Page, lacking: usize) -> String {
    match lacking {
        0 => String::new(),
        n => page.wrap(
            &warn("  ! "),
            &format!("to be recorded it needs {}", count(n as u64, "more signature", "more signatures")),
        ),
    }
}

/// Reports the drafts that were written for others to sign.
fn drafted(
    context: &Context,
    file: &Path,
    drafts: &[Draft],
    signed: &[Vec<EventSignature>],
) -> Result<(), Failure> {
    let shape = Shape { list: Some("drafts"), columns: &["id", "signed_by", "lacking"] };
    let each = || drafts.iter().zip(signed);
    let items: Vec<Value> = each()
        .map(|(draft, signed)| {
            let by: Vec<&str> = signed.iter().map(|signature| signature.recorder.as_str()).collect();
            json!({"id": draft.event.id, "signed_by": by, "lacking": draft.lacking})
        })
        .collect();
    let answer = json!({"file": file.display().to_string(), "drafts": items});
    context.answer(&answer, shape, |page| {
        let many = count(drafts.len() as u64, "event", "events");
        let mut out = format!("{many} in {}; nothing was recorded\n", file.display());
        for (draft, signed) in each() {
            out.push_str(&page.wrap("  ", &summary(&draft.event)));
            let by: Vec<&str> = signed.iter().map(|signature| signature.recorder.as_str()).collect();
            let by = if by.is_empty() { "nobody".to_owned() } else { by.join(", ") };
            out.push_str(&page.wrap("    ", &format!("signed by {by}")));
        }
        let lacking = drafts.iter().map(|draft| draft.lacking).max().unwrap_or(0);
        let next = match lacking {
            0 => format!("to record it: chancery append --from {}", file.display()),
            _ => format!("to sign it: chancery recorder sign {} --sign KEYFILE", file.display()),
        };
        out + &lack(page, lacking) + &page.wrap("  ", &next)
    })
}

fn json(receipts: &[Receipt], consequences: &Consequences, dry_run: bool) -> Value {
    let entries: Vec<Value> = receipts
        .iter()
        .map(|r| {
            json!({"index": r.index, "size": r.size, "id": r.id, "recorded_at": r.recorded_at.canonical(),
                   "leaf_hash": r.leaf_hash.to_string(), "repeated": r.repeated})
        })
        .collect();
    let said = |s: &Said| json!({"certainty": s.certainty, "possible": s.possible});
    let limit = |day: Day| day.date().map(|_| day.to_string());
    let changes: Vec<Value> = consequences
        .changes
        .iter()
        .map(|c| {
            json!({"participant": c.participant, "body": c.body, "from": limit(c.from), "until": limit(c.until),
                   "before": said(&c.before), "after": said(&c.after)})
        })
        .collect();
    let remarks: Vec<Value> = consequences
        .remarks
        .iter()
        .map(|(at, r)| json!({"event": at + 1, "remark": r.to_string()}))
        .collect();
    let root = receipts.last().map(|r| r.root.to_string());
    json!({"dry_run": dry_run, "entries": entries, "root": root, "changes": changes, "remarks": remarks})
}

fn text(
    page: &Page,
    events: &[&Event],
    receipts: &[Receipt],
    consequences: &Consequences,
    dry_run: bool,
) -> String {
    let mut out = String::new();
    if dry_run {
        out.push_str(&format!(
            "dry run: {} may be recorded; nothing was\n",
            count(events.len() as u64, "event", "events")
        ));
    }
    match receipts {
        [] => {}
        [one] => {
            let summary = events.first().copied().map(summary).unwrap_or_default();
            let again = if one.repeated { "   recorded before: this is its first receipt" } else { "" };
            out.push_str(&page.wrap(
                &format!("{}  ", strong(&format!("entry {}", one.index))),
                &format!("{summary}{again}"),
            ));
            out.push_str(&format!("  {}        {}\n", faint("id"), one.id));
            out.push_str(&format!("  {}  {}\n", faint("recorded"), one.recorded_at.canonical()));
            out.push_str(&format!(
                "  {}      {}   {} {}\n",
                faint("size"),
                one.size,
                faint("root"),
                one.root
            ));
        }
        [first, .., last] => {
            let again = receipts.iter().filter(|r| r.repeated).count();
            let again = if again > 0 { format!(", {again} of them recorded before") } else { String::new() };
            let what = count(receipts.len() as u64, "event", "events");
            out.push_str(&format!("entries {} to {}  {what}{again}\n", first.index, last.index));
            out.push_str(&format!(
                "  {}      {}   {} {}\n",
                faint("size"),
                last.size,
                faint("root"),
                last.root
            ));
        }
    }
    out.push_str(&changes(page, &consequences.changes));
    for (at, remark) in &consequences.remarks {
        let of = if events.len() > 1 { format!("event {}: ", at + 1) } else { String::new() };
        out.push_str(&page.wrap(&warn("  ! "), &format!("{of}{remark}")));
    }
    out
}

/// The changes of status, one line for each span, with the status before and after.
fn changes(page: &Page, changes: &[StatusChange]) -> String {
    if changes.is_empty() {
        return "  no status changes\n".into();
    }
    let mut out = String::new();
    for change in changes.iter().take(CHANGES_SHOWN) {
        let span = match (change.from.date(), change.until.date()) {
            (None, None) => "on every day".to_owned(),
            (None, Some(_)) => format!("before {}", change.until),
            (Some(_), None) => format!("from {}", change.from),
            (Some(_), Some(_)) if change.from.next() == change.until => format!("on {}", change.from),
            (Some(_), Some(_)) => format!("from {} to {}", change.from, change.until.previous()),
        };
        let line = format!("{span}: {} {} {}", change.before, page.tree("→", "->"), change.after);
        out.push_str(&page.wrap(&format!("  {} in {}  ", change.participant, change.body), &line));
    }
    if let Some(more) = changes.len().checked_sub(CHANGES_SHOWN).filter(|more| *more > 0) {
        out.push_str(&format!("  and {}\n", count(more as u64, "more change", "more changes")));
    }
    out
}

/// The recorder that an act of the register is about.
fn recorder(act: &Act) -> Option<&str> {
    match act {
        Act::RecorderEnrolled(enrolment) => enrolment.key.split('+').next(),
        Act::RecorderLimited(limitation) => Some(limitation.recorder.as_str()),
        Act::RecorderRevoked(revocation) => Some(revocation.recorder.as_str()),
        _ => None,
    }
}

/// An event in one line: act, participant, body, date.
pub(crate) fn summary(event: &Event) -> String {
    let recorder = recorder(&event.act).map(|recorder| format!("  {recorder}"));
    let who = event.participant.as_ref().map(|p| format!("  {p} in {}", event.body)).or(recorder);
    let who = who.unwrap_or_else(|| format!("  {}", event.body));
    let when = event.dated().map(|(role, on)| format!(", {role} {}", date(on))).unwrap_or_default();
    let toward = event.toward.as_ref().map(|t| format!(", toward {t}")).unwrap_or_default();
    let title = event.title.as_deref().map(|t| format!("; {}", clean(t))).unwrap_or_default();
    format!("{}{who}{toward}{when}{title}", event.act.kind())
}
