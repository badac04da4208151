//! Files that the user asks for, written beside their place and renamed into it when they are complete; and the rows of a CSV.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use crate::event::to_cell;
use crate::log::Disk;

use crate::cli::error::Failure;
use crate::cli::safe;

/// Writes a file that the user asked for, completely or not at all. A pipe or a device is written to directly; a link is kept, and
/// the file that it leads to is replaced.
///
/// # Errors
/// [`Failure`].
pub(crate) fn write_output(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_output_by(path, |mut file| file.write_all(bytes))
}

/// Does the same for a file that `write` writes part by part.
///
/// # Errors
/// [`Failure`].
pub(crate) fn write_output_by(
    path: &Path,
    write: impl FnOnce(&File) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let written = match std::fs::metadata(path) {
        Ok(there) if !there.is_file() => {
            OpenOptions::new().write(true).open(path).and_then(|file| write(&file))
        }
        Ok(_) => {
            path.canonicalize().and_then(|real| Disk::default().replace_by(&real, |file| write(file.file())))
        }
        Err(_) => Disk::default().replace_by(path, |file| write(file.file())),
    };
    written.map_err(|e| Failure::file(path, &e))
}

/// Formats objects as the rows of a CSV; each column is a path into the objects.
///
/// # Errors
/// [`Failure`].
pub(crate) fn csv_of(lines: &[&Value], columns: &[&str]) -> Result<String, Failure> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    // If two columns would have the same name, each gets its full path as its name.
    let name = |path: &&str| match columns.iter().filter(|other| last(other) == last(path)).count() {
        1 => last(path),
        _ => path.replace('.', "_"),
    };
    let fault = |e: csv::Error| Failure::usage(e);
    out.write_record(columns.iter().map(name)).map_err(fault)?;
    for line in lines {
        let value = |path: &str| path.split('.').fold(*line, |value, key| &value[key]);
        // For a question about a moment the cell is the moment, because the day alone would not distinguish two zones.
        let cell = |path: &&str| match value("question.at") {
            Value::String(moment) if *path == "question.on" => moment.clone(),
            _ => match value(path) {
                Value::Number(number) => number.to_string(),
                other => text_cell(&cell_of(other)),
            },
        };
        out.write_record(columns.iter().map(cell)).map_err(fault)?;
    }
    let bytes = out.into_inner().map_err(|e| Failure::usage(e.error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A text as a cell, in the one form that every CSV of ours uses: no spreadsheet runs it, and it shows no private key.
pub(crate) fn text_cell(text: &str) -> String {
    to_cell(&safe::without_secrets(text)).into_owned()
}

fn cell_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell_of).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
