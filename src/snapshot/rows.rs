//! What a part says of a day: the row of a pair, or of many.

use std::ops::Range;

use crate::event::{Day, Index};

use super::SnapshotError;
use super::part::{Known, NONE, OnDay, PAIR_BYTES, PairAt, Part, ROW_BYTES, Section, pair_at, word};

/// What may be said, since when, and the entry that it rests on.
type Row<'p> = (&'p Known, Day, Option<Index>);

/// So many rows are few.
const FEW: usize = 32;

impl Part {
    /// What may be said of a pair on a day, by everything recorded and known; `None` where the part has no rows for it.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn on(&self, pair: &PairAt, day: Day) -> Result<Option<OnDay>, SnapshotError> {
        let row = self.row(pair, day)?;
        Ok(row.map(|(reading, since, entry)| OnDay { reading: reading.said.clone(), since, entry }))
    }

    fn row(&self, pair: &PairAt, day: Day) -> Result<Option<Row<'_>>, SnapshotError> {
        let next = self.record(pair.number + 1)?;
        self.row_of(self.rows(pair.rows as usize..next.rows as usize)?, day)
    }

    pub(super) fn rows(&self, rows: Range<usize>) -> Result<&[[u8; ROW_BYTES]], SnapshotError> {
        let (start, length) = self.section(Section::Rows);
        if rows.end.saturating_mul(ROW_BYTES) > length || rows.start > rows.end {
            return Err(self.map.damaged(start));
        }
        Ok(self.map.bytes(start + rows.start * ROW_BYTES, rows.len() * ROW_BYTES)?.as_chunks().0)
    }

    /// The row of some rows, by first day, in which a day lies.
    fn row_of(&self, rows: &[[u8; ROW_BYTES]], day: Day) -> Result<Option<Row<'_>>, SnapshotError> {
        let first = |row: &[u8; ROW_BYTES]| Day::from_days(word(row, 0).cast_signed());
        // Few are counted faster than halved: nothing has to be guessed.
        let after = match rows.len() <= FEW {
            true => rows.iter().map(|row| usize::from(first(row) <= day)).sum(),
            false => rows.partition_point(|row| first(row) <= day),
        };
        let Some(row) = after.checked_sub(1).and_then(|at| rows.get(at)) else { return Ok(None) };
        let damaged = || self.map.damaged(self.section(Section::Rows).0);
        let reading = self.readings.get(word(row, 4) as usize).ok_or_else(damaged)?;
        let entry = Some(word(row, 8)).filter(|entry| *entry != NONE).map(|entry| Index(u64::from(entry)));
        Ok(Some((reading, first(row), entry)))
    }

    /// What may be said on a day of each pair of some, by everything recorded and known; of whom it is certain that it has no
    /// status is passed over. False, as soon as it is seen, where rows do not hold for one of the pairs, or where a
    /// participant has none since its body had no rules that could be read.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn each_on(
        &self,
        pairs: Range<usize>,
        day: Day,
        holds: impl Fn(&PairAt) -> bool,
        mut visit: impl FnMut(PairAt, OnDay),
    ) -> Result<bool, SnapshotError> {
        if pairs.is_empty() {
            return Ok(true);
        }
        let (start, length) = self.section(Section::Pairs);
        if (pairs.end + 1).saturating_mul(PAIR_BYTES) > length {
            return Err(self.map.damaged(start));
        }
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
            let row = self.row_of(own, day)?;
            if !holds(&pair) || row.is_none() && !pair.is_alone() {
                return Ok(false);
            }
            if let Some((reading, since, entry)) = row.filter(|(reading, ..)| !reading.is_none) {
                visit(pair, OnDay { reading: reading.said.clone(), since, entry });
            }
        }
        Ok(true)
    }
}
