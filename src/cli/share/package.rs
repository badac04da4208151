//! A folder with a panel, its description as a Frictionless Data Package, and its citation.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::query::{OUTSIDE, Panel, UNKNOWN};

use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::output::csv_of;
use crate::cli::output::write_output;
use crate::cli::prove::citation::Citation;
use crate::cli::prove::cite;
use crate::cli::render::count;

/// The columns of a panel.
pub(crate) const COLUMNS: [&str; 8] =
    ["iso3c", "ccode", "gwcode", "state", "year", "body", "status", "certainty"];

/// Writes a panel that the user asked for in these words, and returns one line for each file written.
///
/// # Errors
/// [`Failure`].
pub(crate) fn write(
    folder: &Path,
    panel: &Panel,
    words: &[String],
    context: &Context,
) -> Result<String, Failure> {
    let citation = cite::of_words(words, context)?;
    let rows: Vec<Value> = panel.rows.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
    let csv = csv_of(&rows.iter().collect::<Vec<_>>(), &COLUMNS)?;
    let package = package(panel, &csv, &citation, context)?;
    std::fs::create_dir_all(folder).map_err(|e| Failure::file(folder, &e))?;
    let files = [
        ("panel.csv", csv, count(panel.rows.len() as u64, "row", "rows")),
        ("datapackage.json", format!("{package:#}\n"), "the columns".to_owned()),
        ("citation.txt", citation.text(&context.page), "for a footnote".to_owned()),
        ("citation.bib", citation.bibtex(), "for BibTeX".to_owned()),
    ];
    let mut said = String::new();
    for (name, text, what) in files {
        let path = folder.join(name);
        write_output(&path, text.as_bytes())?;
        said.push_str(&format!("{}  {what}\n", path.display()));
    }
    Ok(said)
}

fn package(panel: &Panel, csv: &str, citation: &Citation, context: &Context) -> Result<Value, Failure> {
    let bodies: Vec<&str> = panel.coverage.keys().map(|body| body.as_str()).collect();
    let mut package = json!({
        "profile": "tabular-data-package",
        "name": format!("chancery-panel-{}", bodies.join("-")),
        "title": citation.title,
        "description": format!(
            "One row for each body, participant and year. Run again: {}. Recording an act implies no judgement on the status of any \
             state, territory or participant; the ledger attributes.",
            citation.command
        ),
        "created": context.now.canonical(),
        "version": format!("{} entries, root {}", panel.checkpoint.size, panel.checkpoint.root),
        "sources": [{"title": format!("{}, log {}", citation.record, citation.origin)}],
        "resources": [{
            "profile": "tabular-data-resource",
            "name": "panel",
            "path": "panel.csv",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": csv.len(),
            "hash": format!("sha256:{:x}", Sha256::digest(csv)),
            "schema": schema(panel),
        }],
        "chancery": {
            "question": panel.question,
            "from": panel.from,
            "to": panel.to,
            "fold": panel.fold,
            "universe": panel.universe,
            "coverage": panel.coverage,
            "notes": panel.notes,
            "checkpoint": panel.checkpoint,
            "command": citation.command,
            "program": citation.version,
        },
    });
    if let Some(publisher) = &citation.publisher {
        package["contributors"] = json!([{"title": publisher, "role": "publisher"}]);
    }
    // The name of a licence has a restricted form; other words can only be its title.
    if let Some(licence) = &citation.licence {
        let name: String = licence.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        package["licenses"] = json!([{"name": name, "title": licence}]);
    }
    Ok(package)
}

/// The columns, as a Table Schema.
fn schema(panel: &Panel) -> Value {
    let statuses: BTreeSet<&str> = panel.rows.iter().map(|row| row.status.as_str()).collect();
    let field = |name: &str| match name {
        "iso3c" => json!({"name": name, "type": "string", "constraints": {"required": true},
            "description": "ISO 3166-1 alpha-3; of former states the former alpha-3 of ISO 3166-3; EUE for the European \
                            Union, XKX for Kosovo; else the participant's id in the ledger"}),
        "ccode" => json!({"name": name, "type": "integer",
            "description": "Number in the list of the Correlates of War in that year; empty where the register has none or \
                            another row of the year bears it"}),
        "gwcode" => json!({"name": name, "type": "integer",
            "description": "Number in the list of Gleditsch and Ward in that year; empty where the register has none or \
                            another row of the year bears it"}),
        "state" => json!({"name": name, "type": "string",
            "description": "Its present name, the same in every row"}),
        "year" => json!({"name": name, "type": "year", "constraints": {"required": true}}),
        "body" => json!({"name": name, "type": "string", "constraints": {"required": true},
            "description": "The organisation or treaty"}),
        "status" => json!({"name": name, "type": "string",
        "constraints": {"required": true, "enum": statuses},
        "description": format!(
            "A status of the body; none: no status; {UNKNOWN}: not settled, see certainty; {OUTSIDE}: not surveyed, \
             or after the day of the question"
        )}),
        _ => json!({"name": name, "type": "string",
            "constraints": {"enum": ["certain", "possible", "contested"]},
            "description": "certain; possible: a partial date leaves it open; contested: sources dispute it; empty \
                            outside the coverage"}),
    };
    json!({
        "fields": COLUMNS.map(field),
        "missingValues": [""],
        "primaryKey": ["body", "iso3c", "year"],
    })
}
