//! What a part says of a day: the row of a pair, or of many.

use std::ops::Range;

use crate::event::{Day, Index, ParticipantId};

use super::SnapshotError;
use super::part::{
    Known, NONE, OnDay, PAIR_BYTES, PairAt, Part, ROW_BYTES, Section, StoredReading, pair_at, word,
};

/// What may be said of one participant of many, where it is not certain that it has no status.
pub struct Said<'p> {
    /// Who it is.
    pub who: &'p ParticipantId,
    reading: &'p StoredReading,
    since: Day,
    entry: Option<u32>,
}

impl Said<'_> {
    /// The same as an answer.
    pub fn on_day(&self) -> OnDay {
        let entry = self.entry.map(|entry| Index(u64::from(entry)));
        OnDay { reading: self.reading.clone(), since: self.since, entry }
    }
}

/// So many rows are few.
const FEW: usize = 32;

impl Part {
    /// What may be said of a pair on a day, by everything recorded and known; `None` where the part has no rows for it.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn on(&self, pair: &PairAt, day: Day) -> Result<Option<OnDay>, SnapshotError> {
        let next = self.record(pair.number + 1)?;
        let Some(row) = row_on(self.rows(pair.rows as usize..next.rows as usize)?, day) else {
            return Ok(None);
        };
        let reading = self.reading_of(row)?.said.clone();
        let entry = entry_of(row).map(|entry| Index(u64::from(entry)));
        Ok(Some(OnDay { reading, since: first_of(row), entry }))
    }

    fn reading_of(&self, row: &[u8; ROW_BYTES]) -> Result<&Known, SnapshotError> {
        let reading = self.readings.get(word(row, 4) as usize);
        reading.ok_or_else(|| self.map.damaged(self.section(Section::Rows).0))
    }

    pub(super) fn rows(&self, rows: Range<usize>) -> Result<&[[u8; ROW_BYTES]], SnapshotError> {
        let (start, length) = self.section(Section::Rows);
        if rows.end.saturating_mul(ROW_BYTES) > length || rows.start > rows.end {
            return Err(self.map.damaged(start));
        }
        Ok(self.map.bytes(start + rows.start * ROW_BYTES, rows.len() * ROW_BYTES)?.as_chunks().0)
    }

    /// Adds to `found` what may be said on a day of each pair of some, by everything recorded and known; of whom it is certain
    /// that it has no status is passed over. False, as soon as it is seen, where rows do not hold for one of the pairs, or
    /// where a participant has none since its body had no rules that could be read.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn all_on<'p>(
        &'p self,
        pairs: Range<usize>,
        day: Day,
        holds: impl Fn(&PairAt) -> bool,
        found: &mut Vec<Said<'p>>,
    ) -> Result<bool, SnapshotError> {
        if pairs.is_empty() {
            return Ok(true);
        }
        let (start, length) = self.section(Section::Pairs);
        if (pairs.end + 1).saturating_mul(PAIR_BYTES) > length {
            return Err(self.map.damaged(start));
        }
        let names = self.names()?;
        let bytes = self.map.bytes(start + pairs.start * PAIR_BYTES, (pairs.len() + 1) * PAIR_BYTES)?;
        let records = bytes.as_chunks::<PAIR_BYTES>().0;
        let rows_of = |record: &[u8; PAIR_BYTES]| word(record, 12) as usize;
        let (first, last) = (records.first().map_or(0, rows_of), records.last().map_or(0, rows_of));
        let rows = self.rows(first..last)?;
        for (number, pair) in pairs.zip(records.windows(2)) {
            let [record, next] = pair else { continue };
            let own = rows_of(record).wrapping_sub(first)..rows_of(next).wrapping_sub(first);
            let own = rows.get(own).ok_or_else(|| self.map.damaged(start))?;
            let pair = pair_at(number, record);
            let row = row_on(own, day);
            if !holds(&pair) || row.is_none() && !pair.is_alone() {
                return Ok(false);
            }
            let Some(row) = row else { continue };
            let reading = self.reading_of(row)?;
            if !reading.is_none {
                let who = pair.who_of(names).ok_or_else(|| self.map.damaged(start))?;
                found.push(Said { who, reading: &reading.said, since: first_of(row), entry: entry_of(row) });
            }
        }
        Ok(true)
    }
}

/// The row of some, by first day, in which a day lies.
fn row_on(rows: &[[u8; ROW_BYTES]], day: Day) -> Option<&[u8; ROW_BYTES]> {
    // Most questions are about the present.
    let last = rows.last()?;
    if first_of(last) <= day {
        return Some(last);
    }
    // Few are counted faster than halved: nothing has to be guessed.
    let after = match rows.len() <= FEW {
        true => rows.iter().map(|row| usize::from(first_of(row) <= day)).sum(),
        false => rows.partition_point(|row| first_of(row) <= day),
    };
    rows.get(after.checked_sub(1)?)
}

fn first_of(row: &[u8; ROW_BYTES]) -> Day {
    Day::from_days(word(row, 0).cast_signed())
}

fn entry_of(row: &[u8; ROW_BYTES]) -> Option<u32> {
    Some(word(row, 8)).filter(|entry| *entry != NONE)
}
