//! Two dates side by side.

use crate::event::{Day, Edtf};

/// How two dates stand to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    /// They mean the same days.
    Equal,
    /// Theirs is the wider, and holds ours.
    TheirsWider,
    /// Ours is the wider, and holds theirs.
    OursWider,
    /// They have days in common, and neither holds the other.
    Overlap,
    /// They have no day in common; so many days lie between the nearest.
    Apart(i64),
}

/// Sets a date of theirs beside one of ours.
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
    /// What makes a difference of precision; `None` where it is none.
    pub(super) const fn precision(self) -> Option<&'static str> {
        match self {
            Side::TheirsWider => Some("theirs is the wider date, and holds ours"),
            Side::OursWider => Some("ours is the wider date, and holds theirs"),
            Side::Overlap => Some("both may mean the same day, neither date holds the other"),
            Side::Equal | Side::Apart(_) => None,
        }
    }
}

/// `1 day`, `30 days`.
pub(super) fn apart(days: i64) -> String {
    match days {
        1 => "1 day apart".to_owned(),
        days => format!("{days} days apart"),
    }
}
