//! The formats in which a file writes its dates.

use chrono::format::{Item, Numeric, Parsed, StrftimeItems, parse};

/// A format of dates.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::import) enum Format {
    /// EDTF, as in the neutral form.
    Edtf,
    /// Days, months or years in the order and the words of a pattern, with the pattern as written.
    Pattern(Vec<Item<'static>>, String),
}

impl Format {
    /// Reads a format: `edtf`, or a pattern as chrono and `strftime` write it.
    ///
    /// # Errors
    /// The reason for which the text is no format.
    pub(super) fn read(text: &str) -> Result<Format, String> {
        if text.eq_ignore_ascii_case("edtf") {
            return Ok(Format::Edtf);
        }
        let items = StrftimeItems::new(text).parse_to_owned();
        let items =
            items.map_err(|_| format!("{text:?} is no format of dates: write edtf, or one as %d.%m.%Y"))?;
        let has = |sought: &[Numeric]| {
            items.iter().any(|item| matches!(item, Item::Numeric(numeric, _) if sought.contains(numeric)))
        };
        if has(&[Numeric::YearMod100, Numeric::YearDiv100, Numeric::IsoYearMod100]) {
            return Err(format!("{text:?} has years of two digits, and a century is not guessed: write %Y"));
        }
        match has(&[Numeric::Year]) {
            true => Ok(Format::Pattern(items, text.to_owned())),
            false => Err(format!("{text:?} has no year: write %Y where it stands")),
        }
    }

    /// The date that a cell states in this format, as EDTF; `None` if the cell is written otherwise.
    fn date(&self, cell: &str) -> Option<String> {
        let Format::Pattern(items, _) = self else { return Some(cell.to_owned()) };
        let mut parsed = Parsed::new();
        parse(&mut parsed, cell, items.iter()).ok()?;
        // A pattern reads "76" as the year 76, so only years of four digits are taken.
        let year = parsed.year().filter(|year| (1_000..=9_999).contains(year))?;
        match (parsed.month(), parsed.day(), parsed.ordinal()) {
            (None, None, None) => Some(format!("{year:04}")),
            (Some(month), None, None) => Some(format!("{year:04}-{month:02}")),
            _ => Some(parsed.to_naive_date().ok()?.format("%Y-%m-%d").to_string()),
        }
    }

    fn name(&self) -> &str {
        match self {
            Format::Edtf => "edtf",
            Format::Pattern(_, text) => text,
        }
    }
}

/// The date that a cell states, as EDTF. If no pattern fits, and EDTF or no format at all is given, the cell itself is returned for
/// the neutral form to judge.
///
/// # Errors
/// The reason for which it states no date, or two.
pub(in crate::import) fn read_date(cell: &str, formats: &[Format]) -> Result<String, String> {
    let patterns = formats.iter().filter(|format| **format != Format::Edtf);
    let mut found: Option<(String, &Format)> = None;
    for format in patterns {
        let Some(date) = format.date(cell) else { continue };
        match &found {
            Some((first, by)) if *first != date => {
                return Err(format!(
                    "{cell:?} is {first} by {} and {date} by {}: keep one of them in the map",
                    by.name(),
                    format.name()
                ));
            }
            _ => found = found.or(Some((date, format))),
        }
    }
    if let Some((date, _)) = found {
        return Ok(date);
    }
    if formats.is_empty() || formats.contains(&Format::Edtf) {
        return Ok(cell.to_owned());
    }
    let names: Vec<&str> = formats.iter().map(Format::name).collect();
    Err(format!("{cell:?} is no date as {}, the year in four digits", names.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(cell: &str, formats: &[&str]) -> Result<String, String> {
        let formats: Vec<Format> = formats.iter().map(|text| Format::read(text).unwrap()).collect();
        read_date(cell, &formats)
    }

    #[test]
    fn a_cell_is_read_as_precisely_as_its_format_says_and_no_more() {
        let cases = [
            ("12.03.1976", &["%d.%m.%Y"][..], "1976-03-12"),
            ("2.3.1976", &["%d.%m.%Y"], "1976-03-02"),
            ("12 Mar 1976", &["%d %b %Y"], "1976-03-12"),
            ("12 march 1976", &["%d %B %Y"], "1976-03-12"),
            ("March 12, 1976", &["%d.%m.%Y", "%B %d, %Y"], "1976-03-12"),
            ("Mar 1976", &["%d %b %Y", "%b %Y"], "1976-03"),
            ("1976", &["%d.%m.%Y", "%Y"], "1976"),
            ("19760312", &["%Y%m%d"], "1976-03-12"),
            ("1976-03", &["%d.%m.%Y", "edtf"], "1976-03"),
            ("1976~", &[], "1976~"),
        ];
        for (cell, formats, expected) in cases {
            assert_eq!(date(cell, formats).as_deref(), Ok(expected), "{cell} {formats:?}");
        }
    }

    #[test]
    fn nothing_is_guessed() {
        for cell in
            ["12.03.76", "31.02.1976", "12.03.1976 or later", "1976-03-12", "12.13.1976", "12.03.19760"]
        {
            let error = date(cell, &["%d.%m.%Y"]).unwrap_err();
            assert!(error.contains("is no date as %d.%m.%Y, the year in four digits"), "{error}");
        }
        let both = date("03/04/2001", &["%d/%m/%Y", "%m/%d/%Y"]).unwrap_err();
        assert!(both.contains("is 2001-04-03 by %d/%m/%Y and 2001-03-04 by %m/%d/%Y"), "{both}");
        assert_eq!(date("13/04/2001", &["%d/%m/%Y", "%m/%d/%Y"]).as_deref(), Ok("2001-04-13"));
        for (format, why) in [
            ("%d.%m.%y", "two digits"),
            ("%D", "two digits"),
            ("%C", "two digits"),
            ("%d.%m", "no year"),
            ("%Q", "no format of dates"),
            ("day", "no year"),
        ] {
            let error = Format::read(format).unwrap_err();
            assert!(error.contains(why), "{format}: {error}");
        }
    }
}
