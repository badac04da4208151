//! To which questions the same entries stand: a rectangle in the plane of what is recorded and what is known.

use crate::event::{Day, Entry, Size};

/// The questions that find the same entries standing, and read them alike: anything that is folded of those entries is the
/// same for each of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Region {
    /// The fewest first entries that are recorded, and the most; both are in it.
    recorded: (Size, Size),
    /// The first day of knowledge that is in it.
    known_from: Day,
    /// The first later day of knowledge that is not; `None` where there is none.
    known_until: Option<Day>,
}

impl Region {
    /// Of entries in the order of the log, of which the first `held` are recorded; on the other axis it is as wide as that
    /// goes, until days are compared.
    pub(super) fn of(entries: &[Entry], held: usize) -> Region {
        let last = held.checked_sub(1).and_then(|at| entries.get(at));
        let fewest = last.map_or(Size(0), |entry| Size(entry.index.0.saturating_add(1)));
        let most = entries.get(held).map_or(Size(u64::MAX), |entry| Size(entry.index.0));
        Region { recorded: (fewest, most), known_from: Day::PAST, known_until: None }
    }

    /// Whether what became known on `day` is known by `known`; only questions for which that is alike stay in the region.
    pub(super) fn is_known(&mut self, day: Day, known: Day) -> bool {
        let is_known = day <= known;
        if is_known {
            self.known_from = self.known_from.max(day);
        } else {
            self.known_until = Some(self.known_until.map_or(day, |until| until.min(day)));
        }
        is_known
    }

    /// Whether a question is in it: of the first `recorded` entries, and of what was public by `known`.
    pub fn holds(&self, recorded: Size, known: Day) -> bool {
        let (fewest, most) = self.recorded;
        (fewest..=most).contains(&recorded)
            && self.known_from <= known
            && self.known_until.is_none_or(|until| known < until)
    }
}
