//! Reads sets and tables from files of their own: rows of participants, with their shares.
//!
//! The recorded text contains the rows themselves, because a replay needs nothing but the log.

use serde::Deserialize;
use toml::Spanned;

use crate::event::{Register, of_cell};

use super::text::CharterTextError;

/// The parts of a charter text that may name a file.
#[derive(Deserialize)]
struct Named {
    #[serde(default, rename = "set")]
    sets: Vec<Part>,
    #[serde(default, rename = "weight")]
    weights: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    file: Option<Spanned<String>>,
}

/// Returns the charter text with every `file = "…"` of a set or table replaced by the rows of that file: `members` from its column
/// `participant`, `shares` from its columns `participant` and `share`. Lines keep their numbers.
///
/// `read` returns the text of a file by its name in the charter.
///
/// # Errors
/// [`CharterTextError`] at the name of the file, if it cannot be read, lacks a column, or names an unknown participant.
pub fn with_tables(
    text: &str,
    read: &dyn Fn(&str) -> Result<String, String>,
) -> Result<String, CharterTextError> {
    if !text.contains("file") {
        return Ok(text.to_owned());
    }
    // A text that is not a charter is refused later, with the place of its fault, when it is read as one.
    let Ok(named) = toml::from_str::<Named>(text) else { return Ok(text.to_owned()) };
    let sets = named.sets.iter().map(|part| (part, false));
    let parts = sets.chain(named.weights.iter().map(|part| (part, true)));
    let mut files: Vec<(&Spanned<String>, bool)> =
        parts.filter_map(|(part, weighs)| Some((part.file.as_ref()?, weighs))).collect();
    files.sort_by_key(|(file, _)| std::cmp::Reverse(file.span().start));
    let mut whole = text.to_owned();
    for (file, weighs) in files {
        let name = file.get_ref();
        let rows = read(name).and_then(|rows| stated(&rows, weighs));
        let stated =
            rows.map_err(|what| CharterTextError::at(text, file.span().start, format!("{name}: {what}")))?;
        let before = text.get(..file.span().start).unwrap_or_default();
        // Between the key and its value there are an equals sign and spaces, and the key may be in quotes.
        let key = before.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '=' | '"' | '\''));
        whole.replace_range(key.len().saturating_sub("file".len())..file.span().end, &stated);
    }
    Ok(whole)
}

/// Writes the rows of a file as a line of TOML.
fn stated(rows: &str, weighs: bool) -> Result<String, String> {
    let rows = rows.strip_prefix('\u{feff}').unwrap_or(rows);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(rows.as_bytes());
    let header = reader.headers().map_err(|e| e.to_string())?.clone();
    let column = |name: &str| {
        header.iter().position(|head| head.eq_ignore_ascii_case(name)).ok_or_else(|| {
            let found = header.iter().collect::<Vec<_>>().join(", ");
            format!("there is no column {name} in line 1, which has {found}")
        })
    };
    let participant = column("participant")?;
    let share = if weighs { Some(column("share")?) } else { None };
    let mut found = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|e| e.to_string())?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |at: usize| row.get(at).map(of_cell).unwrap_or_default();
        let who = Register::builtin().resolve(cell(participant)).map_err(|e| format!("line {line}: {e}"))?;
        found.push(match share {
            None => format!("\"{}\"", who.id),
            Some(share) => format!("{} = \"{}\"", who.id, toml_text(cell(share))),
        });
    }
    let found = found.join(", ");
    Ok(if weighs { format!("shares = {{ {found} }}") } else { format!("members = [{found}]") })
}

/// Writes a cell for use inside the quotes of TOML. A cell that is not a decimal is refused later, with its place.
fn toml_text(cell: &str) -> String {
    cell.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "id = \"x\"\n[[set]]\nid = \"annex\"\nfile = \"annex.csv\"\n[[weight]]\nfile='co2.csv'\nid = \"co2\"\n";

    fn read(name: &str) -> Result<String, String> {
        match name {
            "annex.csv" => Ok("note,Participant\nx,France\ny,SUN\n".into()),
            "co2.csv" => Ok("\u{feff}participant,share\nFRA, 366536\n".into()),
            _ => Err("no such file".into()),
        }
    }

    #[test]
    fn the_rows_of_a_file_take_the_place_of_its_name_and_lines_keep_their_numbers() {
        let whole = with_tables(TEXT, &read).unwrap();
        let wanted = TEXT
            .replace("file = \"annex.csv\"", "members = [\"FRA\", \"SUN\"]")
            .replace("file='co2.csv'", "shares = { FRA = \"366536\" }");
        assert_eq!(whole, wanted);
    }

    #[test]
    fn a_file_that_is_missing_lacks_a_column_or_names_nobody_known_is_refused_at_its_name() {
        let fault = |rows: &'static str| with_tables(TEXT, &|_| Ok(rows.to_owned())).unwrap_err().to_string();
        let missing = with_tables(TEXT, &|_| Err("no such file".into())).unwrap_err().to_string();
        assert_eq!(missing, "line 6, column 6: co2.csv: no such file");
        let column = "line 6, column 6: co2.csv: there is no column share in line 1, which has participant";
        assert_eq!(fault("participant\nFRA\n"), column);
        assert!(fault("participant,share\nFRA,1\nAtlantis,2\n").contains("co2.csv: line 3: no state called"));
    }
}
