//! The relation of two dates.

use crate::event::{Day, Edtf};

/// The relation of their date to ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    /// They mean the same days.
    Equal,
    /// Their date is wider and contains ours.
    TheirsWider,
    /// Our date is wider and contains theirs.
    OursWider,
    /// The dates have days in common, but neither contains the other.
    Overlap,
    /// The dates have no day in common; the number of days between the nearest.
    Apart(i64),
}

/// Compares their date with ours.
pub(super) fn side(theirs: &Edtf, ours: &Edtf) -> Side {
    let (t, o) = ((theirs.earliest(), theirs.latest()), (ours.earliest(), ours.latest()));
    if t == o {
        Side::Equal
    } else if t.0 <= o.0 && o.1 <= t.1 {
        Side::TheirsWider
    } else if o.0 <= t.0 && t.1 <= o.1 {
        Side::OursWider
    } else if t.0 <= o.1 && o.0 <= t.1 {
        Side::Overlap
    } else {
        Side::Apart(days(o.1, t.0).max(days(t.1, o.0)))
    }
}

fn days(from: Day, to: Day) -> i64 {
    i64::from(to.days()) - i64::from(from.days())
}

impl Side {
    /// The words for a difference of precision; `None` for any other relation.
    pub(super) const fn precision(self) -> Option<&'static str> {
        match self {
            Side::TheirsWider => Some("theirs is the wider date, and holds ours"),
            Side::OursWider => Some("ours is the wider date, and holds theirs"),
            Side::Overlap => Some("both may mean the same day, neither date holds the other"),
            Side::Equal | Side::Apart(_) => None,
        }
    }
}

/// A distance in words: `1 day apart`, `30 days apart`.
pub(super) fn apart(days: i64) -> String {
    match days {
        1 => "1 day apart".to_owned(),
        days => format!("{days} days apart"),
    }
}
