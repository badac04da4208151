//! What exports in rows have in common.

use crate::event::BodyId;
use crate::ledger::Reading;
use crate::query::Axes;

use crate::cli::context::{Context, Format};
use crate::cli::error::Failure;

/// The bodies of an export, sorted, each once: those named, or the only one there is.
///
/// # Errors
/// [`Failure`] for one that the ledger does not hold, or where there are several and none is named.
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

/// The surroundings of an export: rows, unless another form is asked for.
pub(crate) fn in_rows(context: &Context) -> Context {
    let mut context = context.clone();
    if context.format == Format::Text {
        context.format = Format::Csv;
    }
    context
}
