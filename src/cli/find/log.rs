use serde_json::{Value, json};

use crate::event::{ActKind, BodyId, Entry, Index, ParticipantId};
use crate::query::participant;

use crate::cli::context::{Context, Format, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::record::receipt::summary;
use crate::cli::render::{Page, faint};

/// The entries, in the order in which they were recorded
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery log --last 10
  chancery log --participant Belarus --in sco
  chancery log --corrections")]
pub(crate) struct Args {
    /// Only entries of, or about, this participant
    #[arg(long, short, value_parser = participant)]
    participant: Option<ParticipantId>,
    /// Only in this organisation or treaty
    #[arg(long = "in", value_name = "BODY")]
    body: Option<BodyId>,
    /// Only this act
    #[arg(long, value_parser = str::parse::<ActKind>)]
    act: Option<ActKind>,
    /// Only what this import brought: its entry
    #[arg(long, value_name = "ENTRY")]
    import: Option<u64>,
    /// Only rectifications and retractions
    #[arg(long)]
    corrections: bool,
    /// From this entry on
    #[arg(long, value_name = "ENTRY", default_value_t = 0)]
    from: u64,
    /// Only the last N that fit
    #[arg(long, short = 'n', value_name = "N")]
    last: Option<usize>,
}

const SHAPE: Shape = Shape {
    list: None,
    columns: &["index", "recorded_at", "act", "participant", "body", "date", "toward", "title", "id"],
};

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let reading = context.reading()?;
    let import = args.import.map(|at| reading.entry(Index(at))).transpose()?.map(|e| e.event.id);
    let fits = |entry: &Entry| {
        let event = &entry.event;
        let kind = event.act.kind();
        let who =
            |id: &ParticipantId| [&event.participant, &event.about].into_iter().flatten().any(|p| p == id);
        args.participant.as_ref().is_none_or(who)
            && args.body.as_ref().is_none_or(|body| event.body == *body)
            && args.act.is_none_or(|act| act == kind)
            && import.is_none_or(|id| event.import == Some(id))
            && (!args.corrections || matches!(kind, ActKind::RecordCorrected | ActKind::EntryRetracted))
    };
    let mut found: Vec<Entry> = Vec::new();
    let from = Index(args.from);
    match reading.saying(args.body.as_ref(), args.participant.as_ref())? {
        Some(candidates) => {
            found.extend(candidates.into_iter().filter(|entry| entry.index >= from && fits(entry)));
        }
        None => reading.scan(from, |entry| {
            if fits(&entry) {
                found.push(entry);
            }
        })?,
    }
    if let Some(last) = args.last {
        found.drain(..found.len().saturating_sub(last));
    }
    if context.format == Format::Text {
        context.print(&text(&context.page, &found))?;
        return Ok(Exit::Done);
    }
    let items: Vec<Value> = found.iter().map(json).collect();
    context.answer(&items, SHAPE, |_| String::new())?;
    Ok(Exit::Done)
}

fn json(entry: &Entry) -> Value {
    let e = &entry.event;
    json!({"index": entry.index, "recorded_at": entry.recorded_at.canonical(), "act": e.act.kind().name(),
           "participant": e.participant, "body": e.body, "date": e.date(), "toward": e.toward, "title": e.title,
           "id": e.id})
}

fn text(page: &Page, entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "no entry fits\n".into();
    }
    let wide = entries.last().map_or(1, |e| e.index.to_string().len());
    let line = |e: &Entry| {
        let stamp = e.recorded_at.canonical();
        let stamp = faint(stamp.get(..16).unwrap_or_default());
        page.wrap(&format!("{:>wide$}  {stamp}  ", e.index), &summary(&e.event))
    };
    entries.iter().map(line).collect()
}
