//! All of a part at once, for who holds it against the log.

use crate::event::{Day, EventId, Index};
use crate::log::Hash;

use super::SnapshotError;
use super::draft::RowDraft;
use super::map::BLOCK_BYTES;
use super::part::{ID_BYTES, NONE, PairAt, Part, Section, key_of, word};

impl Part {
    /// The name of its log.
    pub fn origin(&self) -> &str {
        &self.header.origin
    }

    /// The root of the tree before its first entry.
    pub fn before(&self) -> Hash {
        self.header.before
    }

    /// Makes sure that every block has its checksum, and that everything which is searched stands in the order in which it
    /// is searched.
    ///
    /// # Errors
    /// [`SnapshotError::Damaged`] where one has not, or something does not.
    pub fn check(&self) -> Result<(), SnapshotError> {
        // The first block has a checksum of its own, which was looked at when the part was opened.
        self.map.bytes(BLOCK_BYTES, self.header.blocks_end.saturating_sub(BLOCK_BYTES))?;
        let damaged = |section| self.map.damaged(self.section(section).0);
        let names = self.number(Section::Names, 0)? as usize;
        let mut last = None;
        for at in 0..names {
            let name = self.text(Section::Names, at)?;
            if last.is_some_and(|last| last >= name) {
                return Err(damaged(Section::Names));
            }
            last = Some(name);
        }
        let mut whose = Vec::with_capacity(self.pairs());
        let mut last: Option<PairAt> = None;
        for at in self.range() {
            let pair = self.record(at)?;
            if last.is_some_and(|last| last.key() >= pair.key()) {
                return Err(damaged(Section::Pairs));
            }
            whose.push((pair.key().1, at as u32));
            last = Some(pair);
        }
        whose.sort_unstable();
        let by_participant =
            self.numbers(Section::ByParticipant, 0..self.count(Section::ByParticipant, 4))?;
        if !by_participant.iter().eq(whose.iter().map(|(_, at)| at)) {
            return Err(damaged(Section::ByParticipant));
        }
        Ok(())
    }

    /// The key by which an id is looked up, and the entry that has it; of every entry, in the order of the keys.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn ids(&self) -> Result<Vec<(u32, u32)>, SnapshotError> {
        let numbers = self.numbers(Section::Ids, 0..self.count(Section::Ids, ID_BYTES) * 2)?;
        Ok(numbers.as_chunks::<2>().0.iter().map(|[key, entry]| (*key, *entry)).collect())
    }

    /// The key by which an id is looked up.
    pub fn key_of(id: EventId) -> u32 {
        key_of(id)
    }

    /// Everything that is said of a pair by everything recorded and known, by first day.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn rows_of(&self, pair: &PairAt) -> Result<Vec<RowDraft>, SnapshotError> {
        let next = self.record(pair.number + 1)?;
        let rows = self.rows(pair.rows as usize..next.rows as usize)?;
        let damaged = || self.map.damaged(self.section(Section::Rows).0);
        let row = |row| {
            let reading = self.readings.get(word(row, 4) as usize).ok_or_else(damaged)?.said.clone();
            let entry = Some(word(row, 8)).filter(|entry| *entry != NONE);
            let entry = entry.map(|entry| Index(u64::from(entry)));
            Ok(RowDraft { from: Day::from_days(word(row, 0).cast_signed()), reading, entry })
        };
        rows.iter().map(row).collect()
    }
}
