use std::path::PathBuf;

use serde_json::{Value, json};

use crate::event::{Act, ActKind, Digest, Entry, Evidence, Index, Quote};
use crate::ledger::Reading;
use crate::log::leaf_hash;

use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::find::custody::Custody;
use crate::cli::output::write_output;
use crate::cli::record::documents;
use crate::cli::record::recorder_list::limits;
use crate::cli::record::words::{Kept, kept};
use crate::cli::render::{Page, clean, dated, faint, strong};

/// One entry, or several, as recorded, with what corrects them and how each came into the ledger
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery show 52
  chancery show 2 52 --leaf          (the exact bytes, one leaf a line)
  chancery show 140 --document memorandum.pdf")]
pub(crate) struct Args {
    /// Which entries, counting from 0
    #[arg(required = true, value_name = "ENTRY")]
    entries: Vec<u64>,
    /// The exact bytes of the leaf, which its hash and every proof cover
    #[arg(long)]
    leaf: bool,
    /// Write the attached document there, once its SHA-256 is checked
    #[arg(long, value_name = "OUT")]
    document: Option<PathBuf>,
}

const SHAPE: Shape = Shape { list: None, columns: &["index", "leaf_hash", "corrected_by", "leaf"] };

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let reading = context.reading()?;
    let mut items: Vec<Value> = Vec::new();
    let mut text = String::new();
    for index in args.entries.iter().map(|n| Index(*n)) {
        let leaf = reading.leaf(index)?;
        if args.leaf {
            text.push_str(&String::from_utf8_lossy(&leaf));
            text.push('\n');
            continue;
        }
        let entry = reading.entry(index)?;
        if let Some(out) = &args.document {
            write_document(&entry, out, context)?;
        }
        let corrections = reading.corrections_of(&entry)?;
        let hash = leaf_hash(&leaf).to_string();
        let said: Value = serde_json::from_slice(&leaf)?;
        let custody = Custody::of(&entry, &reading, &context.ledger)?;
        items
            .push(json!({"index": index, "leaf_hash": hash, "corrected_by": corrections, "custody": custody,
                          "leaf": said}));
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&detail(&context.page, &entry, &hash, &corrections, &custody, &reading)?);
    }
    if args.leaf {
        context.print_verbatim(&text)?;
    } else {
        context.answer(&items, SHAPE, |_| text)?;
    }
    Ok(Exit::Done)
}

fn detail(
    page: &Page,
    entry: &Entry,
    hash: &str,
    corrections: &[Index],
    custody: &Custody,
    reading: &Reading,
) -> Result<String, Failure> {
    let e = &entry.event;
    let mut out = page
        .edges(&strong(&format!("entry {}  {}", entry.index, e.act.kind())), &entry.recorded_at.canonical());
    let mut field = |label: &str, text: &str| {
        if !text.is_empty() {
            out.push_str(&page.wrap(&format!("  {}", faint(&format!("{label:<13}"))), &clean(text)));
        }
    };
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    field("body", e.body.as_str());
    if let Some(id) = &e.participant {
        let day = e.date().map_or(entry.recorded_at.day(), |d| d.latest());
        field("participant", &format!("{id}  {}", crate::cli::render::name(id, day)));
    }
    let dates: Vec<String> = e.dates.iter().map(|(role, on)| dated(role, on)).collect();
    field("dates", &dates.join(", "));
    field("known from", &e.known_from.as_ref().map(ToString::to_string).unwrap_or_default());
    field("toward", e.toward.as_ref().map_or("", |s| s.as_str()));
    field(
        "claims",
        &e.status.as_ref().map(|s| format!("the source gives {s} as the result")).unwrap_or_default(),
    );
    field("about", e.about.as_ref().map_or("", |p| p.as_str()));
    field("title", &text(&e.title));
    field("place", &text(&e.place));
    field("chain", &e.rival.as_ref().map(ToString::to_string).unwrap_or_default());
    field("says", &payload(&e.act));
    if let Some(to) = e.to {
        field("to", &reading.find(to)?.map_or_else(|| to.to_string(), |i| format!("entry {i}")));
    }
    for (label, said) in e.evidence.iter().flat_map(|evidence| sources(evidence, reading)) {
        field(label, &said);
    }
    field("note", &text(&e.note));
    for (label, said) in custody.lines() {
        field(label, &said);
    }
    for by in reading.answers_to(entry, ActKind::EvidenceRedacted)? {
        field("redacted by", &format!("entry {by}"));
    }
    for by in corrections {
        let correction = reading.entry(*by)?;
        field(
            "corrected by",
            &format!("entry {by}, {}: {}", correction.event.act.kind(), payload(&correction.event.act)),
        );
    }
    field("id", &e.id.to_string());
    field("leaf hash", hash);
    Ok(out)
}

/// A source with its grade, dates, address and document, and the words that it quotes.
fn sources(evidence: &Evidence, reading: &Reading) -> Vec<(&'static str, String)> {
    let mut line = evidence.cite.clone();
    let extra = [
        evidence.grade.map(|g| g.to_string()),
        evidence.published.as_ref().map(|d| format!("published {d}")),
        evidence.retrieved.as_ref().map(|d| format!("retrieved {d}")),
        evidence.url.clone(),
        evidence.sha256.as_ref().map(|h| format!("document {h}")),
    ];
    let extra: Vec<String> = extra.into_iter().flatten().collect();
    if !extra.is_empty() {
        line.push_str(&format!("  [{}]", extra.join(", ")));
    }
    let words = match &evidence.quote {
        Some(Quote::Text(words)) => Some(words.clone()),
        Some(quote @ Quote::Salted { salted_sha256 }) => Some(match kept(reading.path(), quote) {
            Kept::Words(words) => format!("{words}  [beside the log: redactable]"),
            Kept::Absent => format!("not in this copy; committed to by {salted_sha256}"),
            Kept::Altered => format!("ALTERED beside the log: not what {salted_sha256} commits to"),
        }),
        None => None,
    };
    std::iter::once(("source", line)).chain(words.map(|words| ("quote", words))).collect()
}

/// The part of an act that only acts of its kind have, in words.
fn payload(act: &Act) -> String {
    if let Some(scope) = act.scope() {
        return scope.to_string();
    }
    if let Some(text) = act.charter_text() {
        return format!("{} lines of TOML: chancery charter show", text.lines().count());
    }
    match act {
        Act::InstrumentDeposited(Some(form)) => crate::event::Form::ALL
            .iter()
            .find(|(f, _)| f == form)
            .map_or_else(String::new, |(_, n)| (*n).into()),
        Act::ApplicationDeferredOrRejected(Some(reply)) => format!("{reply:?}").to_lowercase(),
        Act::CommunicationExamined(finding) => format!("{finding:?}").to_lowercase(),
        Act::ClaimRecorded(Some(kind)) => format!("a source claims: {kind}"),
        Act::RecordSurveyed(survey) => {
            let only = if survey.survivors_only { ", only those who are still there" } else { "" };
            format!("surveyed {}{only}", survey.span)
        }
        Act::ImportRecorded(r) => {
            format!(
                "{} rows of {} taken, {} left out, by {}; SHA-256 {}",
                r.taken, r.file, r.refused, r.importer, r.sha256
            )
        }
        Act::RecordCorrected(c) => {
            let each = |(field, value): (&crate::event::FieldName, &String)| {
                let was = c.was.get(field).map_or("", String::as_str);
                format!("{} {was:?} -> {value:?}", field.0)
            };
            let changes: Vec<String> = c.now.iter().map(each).collect();
            format!("{} ({})", changes.join(", "), c.cause)
        }
        Act::EntryRetracted(r) => format!("withdrawn ({})", r.cause),
        Act::LogKeyRotated(r) => format!("the log's key is {}, no longer {}", r.new, r.old),
        Act::RecorderEnrolled(e) => format!("{} may record {}", e.key, limits(&e.limits)),
        Act::RecorderLimited(l) => format!("{} may record {}", l.recorder, limits(&l.limits)),
        Act::RecorderRevoked(r) => format!("{} may record no more", r.recorder),
        _ => String::new(),
    }
}

fn write_document(entry: &Entry, out: &std::path::Path, context: &Context) -> Result<(), Failure> {
    let sha256 = entry.event.evidence.iter().find_map(|e| e.sha256.as_ref());
    let sha256 =
        sha256.ok_or_else(|| Failure::usage(format!("entry {} has no attached document", entry.index)))?;
    let sha256 = sha256.digest().map_err(|e| {
        Failure::new(Exit::Refused, format!("entry {}: {e}", entry.index))
            .help("the entry was recorded by other means, or by an early version: chancery audit names all such entries")
    })?;
    let path = documents::place(&context.ledger, sha256);
    let bytes = documents::read(&path).map_err(|e| {
        Failure::new(Exit::Unavailable, format!("{}: {e}", path.display()))
            .help("the document was redacted or lost; the entry and its hash stand")
    })?;
    if Digest::of(&bytes) != *sha256 {
        return Err(Failure::new(
            Exit::Unavailable,
            format!("{}: its bytes are not those recorded", path.display()),
        )
        .help("put it back from a backup"));
    }
    write_output(out, &bytes)
}
