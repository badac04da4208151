use serde_json::{Value, json};

use crate::event::{Participant, ParticipantKind, Register};

use super::context::{Context, Shape};
use super::error::{Exit, Failure};
use super::render::{Page, strong};

/// States, former states and organisations: codes, names through time, who followed whom
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery participants
  chancery participants turk
  chancery participants CSK")]
pub(super) struct Args {
    /// Only those with this word in a name or code
    word: Option<String>,
}

const SHAPE: Shape = Shape {
    list: None,
    columns: &["participant", "kind", "name", "codes", "aliases", "predecessors", "successors"],
};

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let register = Register::builtin();
    let found: Vec<&Participant> = match &args.word {
        None => register.iter().collect(),
        Some(word) => match register.search(word) {
            found if found.is_empty() => vec![register.resolve(word).map_err(Failure::usage)?],
            found => found,
        },
    };
    let items: Vec<Value> = found.iter().map(|p| json(p)).collect();
    context.answer(&items, SHAPE, |page| match found.as_slice() {
        [one] => detail(page, one),
        several => {
            let rows: Vec<Vec<String>> = several
                .iter()
                .map(|p| vec![p.id.to_string(), kind(p.kind).to_owned(), p.name().to_owned()])
                .collect();
            page.table(&["id", "kind", "name"], &rows)
        }
    })?;
    Ok(Exit::Done)
}

fn kind(kind: ParticipantKind) -> &'static str {
    match kind {
        ParticipantKind::State => "state",
        ParticipantKind::FormerState => "former state",
        ParticipantKind::Territory => "territory",
        ParticipantKind::Organisation => "organisation",
    }
}

fn json(p: &Participant) -> Value {
    let day = |day: Option<crate::event::Day>| day.map(|d| d.to_string());
    let names: Vec<Value> =
        p.names.iter().map(|n| json!({"name": n.name, "from": day(n.from), "until": day(n.until)})).collect();
    json!({"participant": p.id, "kind": p.kind, "name": p.name(), "names": names, "codes": p.codes,
           "aliases": p.aliases, "predecessors": p.predecessors, "successors": p.successors, "line": p.line})
}

fn detail(page: &Page, p: &Participant) -> String {
    let mut out = format!("{}  {}, {}\n", strong(p.name()), p.id, kind(p.kind));
    for name in &p.names {
        let span = match (name.from, name.until) {
            (None, None) => String::new(),
            (from, until) => format!(
                "   {}{}",
                from.map(|d| format!("from {d} ")).unwrap_or_default(),
                until.map(|d| format!("until {d}")).unwrap_or_default()
            ),
        };
        out.push_str(&page.wrap("  name      ", &format!("{}{span}", name.name)));
    }
    let ids = |list: &[crate::event::ParticipantId]| {
        list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let fields = [
        ("codes", p.codes.join(" ")),
        ("also", p.aliases.join("; ")),
        ("followed", ids(&p.predecessors)),
        ("then", ids(&p.successors)),
        ("line of", p.line.as_ref().map(ToString::to_string).unwrap_or_default()),
    ];
    for (label, text) in fields.iter().filter(|(_, text)| !text.is_empty()) {
        out.push_str(&page.wrap(&format!("  {label:<9} "), text));
    }
    out
}
