//! The parts that exports in rows share.

use crate::event::BodyId;
use crate::ledger::Reading;
use crate::query::Axes;

use crate::cli::context::{Context, Format};
use crate::cli::error::Failure;

/// The bodies of an export, sorted, each once: those that the user names, or the only one in the ledger.
///
/// # Errors
/// [`Failure`] for a body that the ledger does not have, or if there are several and the user names none.
pub(crate) fn bodies(given: &[BodyId], reading: &Reading, axes: &Axes) -> Result<Vec<BodyId>, Failure> {
    if given.is_empty() {
        return match reading.bodies(axes.as_recorded)?.as_slice() {
            several @ [_, _, ..] => {
                let ids: Vec<&str> = several.iter().map(BodyId::as_str).collect();
                Err(Failure::usage("name one organisation or treaty, or several")
                    .help(format!("they are: {}", ids.join(", "))))
            }
            [only] => Ok(vec![only.clone()]),
            [] => Err(Failure::usage("the ledger holds no organisation or treaty yet")
                .help("adopt one: chancery charter adopt sco")),
        };
    }
    let mut bodies = given.to_vec();
    bodies.sort();
    bodies.dedup();
    for body in &bodies {
        reading.charter(body, axes)?;
    }
    Ok(bodies)
}

/// The context of an export: its form is rows, unless the user asks for another form.
pub(crate) fn in_rows(context: &Context) -> Context {
    let mut context = context.clone();
    if context.format == Format::Text {
        context.format = Format::Csv;
    }
    context
}
