//! `recorder list`: lists the recorders and the acts that each may record.

use serde_json::{Value, json};

use crate::event::{Limits, RecorderId};
use crate::ledger::{Recorder, Recorders};

use crate::cli::ask::axes::recorded_by;
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::Page;

/// The recorders: their keys, what each may record, who was revoked
#[derive(clap::Args, Debug)]
pub(crate) struct ListArgs {
    /// As the ledger had it then: its first N entries, or a time
    #[arg(long, value_name = "N|TIME|FILE")]
    as_recorded: Option<String>,
}

const SHAPE: Shape = Shape {
    list: Some("recorders"),
    columns: &["recorder", "key", "registrar", "bodies", "acts", "enrolled", "limited", "revoked"],
};

pub(crate) fn run(args: &ListArgs, context: &Context) -> Result<Exit, Failure> {
    let reading = context.reading()?;
    let size = match &args.as_recorded {
        Some(text) => recorded_by("--as-recorded", text, &reading)?,
        None => reading.size(),
    };
    let register = reading.register_at(size)?;
    let recorders: Vec<Value> = register.recorders().map(|(id, held)| one(id, held)).collect();
    let answer = json!({"as_recorded": size, "required_since": register.required, "recorders": recorders});
    context.answer(&answer, SHAPE, |page| text(page, &register))?;
    Ok(Exit::Done)
}

fn one(id: &RecorderId, held: &Recorder) -> Value {
    let acts = held.limits.acts.as_ref().map(|acts| acts.iter().map(|act| act.name()).collect::<Vec<_>>());
    json!({"recorder": id, "key": held.key.to_string(), "registrar": held.limits.registrar,
           "bodies": held.limits.bodies, "acts": acts, "enrolled": held.enrolled, "limited": held.limited,
           "revoked": held.revoked})
}

fn text(page: &Page, register: &Recorders) -> String {
    let required = match register.required {
        Some(entry) => format!("every entry after entry {entry} is signed by a recorder\n"),
        None => "no signature is required: chancery recorder require\n".to_owned(),
    };
    if register.is_empty() {
        return format!("no recorder is enrolled: chancery recorder enrol VKEY\n{required}");
    }
    let rows = register.recorders().map(|(id, held)| {
        let since = match (held.revoked, held.limited) {
            (Some(entry), _) => format!("revoked by entry {entry}"),
            (None, Some(entry)) => format!("entry {}, limited by {entry}", held.enrolled),
            (None, None) => format!("entry {}", held.enrolled),
        };
        vec![id.to_string(), since, limits(&held.limits), held.key.hash_text()]
    });
    page.table(&["recorder", "enrolled", "may record", "key"], &rows.collect::<Vec<_>>()) + &required
}

/// The acts and bodies that a recorder may record, in words.
pub(crate) fn limits(limits: &Limits) -> String {
    let list = |names: Vec<&str>| names.join(", ");
    let acts = limits.acts.as_ref().map(|acts| list(acts.iter().map(|act| act.name()).collect()));
    let bodies = limits.bodies.as_ref().map(|bodies| list(bodies.iter().map(|body| body.as_str()).collect()));
    let (acts, bodies) =
        (acts.unwrap_or_else(|| "every act".into()), bodies.unwrap_or_else(|| "every body".into()));
    let also = if limits.registrar { "; keeps the register" } else { "" };
    format!("{acts} in {bodies}{also}")
}
