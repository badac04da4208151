//! The layouts in which depositaries publish a table "as at".

use chrono::Datelike;
use serde::Serialize;

use crate::event::{Day, Edtf};

/// The depositary whose layout a table follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Multilateral Treaties Deposited with the Secretary-General.
    Untc,
    /// The record of a treaty in the United Nations Treaty Series.
    Unts,
    /// The chart of signatures and ratifications of the Council of Europe.
    Coe,
}

impl Layout {
    /// Writes a date as this depositary does, with the precision that the record has.
    pub fn date(self, date: &Edtf) -> String {
        let (day, month) = match self {
            Layout::Untc => ("%-d %b %Y", "%b %Y"),
            Layout::Unts | Layout::Coe => ("%d/%m/%Y", "%m/%Y"),
        };
        let write = |on: Day, form: &str| on.date().map(|d| d.format(form).to_string()).unwrap_or_default();
        let (first, last) = (date.earliest(), date.latest());
        let doubt = if date.is_qualified() { " (?)" } else { "" };
        let text = match (first.date(), last.date()) {
            _ if first == last => write(first, day),
            (None, _) => format!("{} or before", write(last, day)),
            (_, None) => format!("{} or after", write(first, day)),
            (Some(a), Some(b)) if whole(first, last) && (a.year(), a.month()) == (b.year(), b.month()) => {
                write(first, month)
            }
            (Some(a), Some(b)) if whole(first, last) && a.month() == 1 && b.month() == 12 => {
                match a.year() == b.year() {
                    true => write(first, "%Y"),
                    false => format!("{} to {}", write(first, "%Y"), write(last, "%Y")),
                }
            }
            _ => format!("between {} and {}", write(first, day), write(last, day)),
        };
        format!("{text}{doubt}")
    }
}

/// True if the span from the first day to the last, inclusive, consists of whole months.
fn whole(first: Day, last: Day) -> bool {
    let begins = |day: Day| day.date().is_some_and(|date| date.day() == 1);
    begins(first) && begins(last.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_the_depositary_does_and_no_more_precise_than_it_is() {
        let write = |layout: Layout, text: &str| layout.date(&Edtf::parse(text).unwrap());
        let un = [
            ("1994-02-04", "4 Feb 1994"),
            ("1994-02", "Feb 1994"),
            ("1994", "1994"),
            ("1994-02-04?", "4 Feb 1994 (?)"),
            ("2020-01-31T23:00:00Z", "31 Jan 2020"),
            ("[1994-02-04..1994-02-05]", "between 4 Feb 1994 and 5 Feb 1994"),
            ("[..1994-02-04]", "4 Feb 1994 or before"),
            ("[1990..1999]", "1990 to 1999"),
        ];
        for (text, written) in un {
            assert_eq!(write(Layout::Untc, text), written);
        }
        assert_eq!(write(Layout::Coe, "1994-02-04"), "04/02/1994");
        assert_eq!(write(Layout::Coe, "1994-02"), "02/1994");
    }
}
