//! Writes and reads texts in cells of a CSV file. A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a
//! carriage return for a formula, and would run it.

use std::borrow::Cow;

/// Writes a text as a cell. A text longer than one character that begins with `=`, `+`, `-`, `@`, a tab or a carriage return gets a
/// `'` before it, so that a spreadsheet takes it for text. A text that begins with `'` gets one too if it would otherwise be read
/// back as such a text. Numbers and dates do not change.
pub fn to_cell(text: &str) -> Cow<'_, str> {
    match is_guarded(text) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

/// Returns the text of a cell, without the one `'` that [`to_cell`] puts before a text.
pub fn of_cell(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| is_guarded(text)).unwrap_or(cell)
}

/// True if a text gets a `'`, even if it already begins with one or more: each reading removes one.
fn is_guarded(text: &str) -> bool {
    let bare = text.trim_start_matches('\'');
    bare.starts_with(['=', '+', '-', '@', '\t', '\r']) && bare.chars().nth(1).is_some() && !is_number(bare)
}

/// True for a number or a date with a sign, `-5`, `+2.5`, `-0044-03-15`: a spreadsheet cannot run it.
fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    text.len() == digits.len() + 1
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_formula_becomes_a_text_and_numbers_and_dates_stay() {
        for formula in ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1", "--1", "-1+2", "==", "-"] {
            let guarded = formula.len() > 1;
            assert_eq!(to_cell(formula).starts_with('\''), guarded, "{formula:?}");
        }
        for plain in
            ["", "=", "-", "'", "'=", "-5", "+2.5", "-0044-03-15", "2023", "a=b", "'tis", "Côte d'Ivoire"]
        {
            assert_eq!(to_cell(plain), plain);
            assert_eq!(of_cell(plain), plain);
        }
        assert_eq!((of_cell("'=1+1"), of_cell("''=1+1"), of_cell("'-5")), ("=1+1", "'=1+1", "'-5"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_equal(text in "['=+@\t\r\n0-9a\".,; -]{0,8}|\\PC{0,8}") {
            let mut out = csv::Writer::from_writer(Vec::new());
            out.write_record([to_cell(&text).as_ref(), "x"]).unwrap();
            let bytes = out.into_inner().unwrap();
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[..]);
            let row = reader.records().next().unwrap().unwrap();
            prop_assert_eq!(of_cell(&row[0]), &text);
            prop_assert!(row[0].chars().count() < 2 || !row[0].starts_with(['=', '@', '\t', '\r']));
        }
    }
}
