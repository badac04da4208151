//! Frames that a writer finds beyond the watermark: the sync of its first append makes them durable too.

use std::io;
use std::os::unix::fs::FileExt;

use super::disk::DiskFile;
use super::entries::Entries;
use super::error::LogError;
use super::listed::Listed;
use super::segment;
use super::state::State;
use super::tail::TornTail;
use super::watermark::Watermark;
use super::writer::{Turn, Writer};

/// The part of the last segment that is not known to be durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Unsynced {
    /// Its offset, in bytes from the beginning of the file.
    pub(super) from: u64,
    /// True if the segment's name may not be durable either: its writer may have stopped before it synced the folder, and had
    /// written no frame by then.
    name: bool,
}

impl Unsynced {
    /// The part of the last segment between the watermark and the end that was found; `None` if all is durable.
    pub(super) fn between(watermark: Watermark, last: &Listed, end: u64) -> Option<Unsynced> {
        let start = segment::HEADER_BYTES as u64;
        // The watermark's offset is in the segment of the last acknowledged entry, which may be the segment before this one.
        let from = if watermark.size > last.first { watermark.offset.max(start) } else { start };
        let name = end == start;
        (from < end || name).then_some(Unsynced { from, name })
    }

    /// Makes the segment's name durable if it may not be.
    ///
    /// # Errors
    /// An error of the operating system.
    pub(super) fn sync_name(self, log: &Entries, writer: &Writer) -> io::Result<()> {
        if self.name { writer.disk.sync_dir(&segment::folder(&log.ledger)) } else { Ok(()) }
    }

    /// The frames of this part, which ends at `end`. They must be written again before the sync that makes them trusted:
    /// after a failed sync the system may keep pages as clean that never reached the disk.
    ///
    /// # Errors
    /// An error of the operating system.
    pub(super) fn read(self, file: &DiskFile, end: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(end.saturating_sub(self.from)).map_err(io::Error::other)?];
        file.file().read_exact_at(&mut bytes, self.from)?;
        Ok(bytes)
    }
}

impl Entries {
    /// Makes every entry found at opening durable, so that the receipt of an earlier entry, a signed head or an index can
    /// rely on it. Does nothing once an append was acknowledged, or if this log was opened for reading.
    ///
    /// # Errors
    /// [`LogError::Io`] if writing or syncing fails, after which nothing more is written; [`LogError::Poisoned`] if an
    /// earlier write failed.
    pub fn make_durable(&self) -> Result<(), LogError> {
        match &self.writer {
            Some(writer) => self.settle(writer, &mut writer.turn(), None),
            None => Ok(()),
        }
    }

    /// Like [`Entries::make_durable`]; also clears an append that was cut short.
    pub(super) fn settle(
        &self,
        writer: &Writer,
        turn: &mut Turn,
        torn: Option<&TornTail>,
    ) -> Result<(), LogError> {
        if turn.unsynced.is_none() && torn.is_none() {
            return Ok(());
        }
        let state = self.state();
        let path = state.last_segment().map(|segment| segment.path.clone()).unwrap_or_default();
        writer.check(&path)?;
        if let Err(error) = self.sync_found(&state, writer, turn, torn) {
            writer.poison(&error);
            return Err(LogError::io(&path, "cannot be made durable")(error));
        }
        turn.unsynced = None;
        Ok(())
    }

    fn sync_found(
        &self,
        state: &State,
        writer: &Writer,
        turn: &Turn,
        torn: Option<&TornTail>,
    ) -> io::Result<()> {
        if let Some(unsynced) = turn.unsynced {
            unsynced.sync_name(self, writer)?;
            let frames = unsynced.read(&turn.tail, state.end)?;
            if !frames.is_empty() {
                turn.tail.write_at(unsynced.from, &frames)?;
            }
        }
        if let Some(torn) = torn {
            turn.tail.write_at(torn.offset, &vec![0u8; usize::try_from(torn.bytes).unwrap_or(0)])?;
        }
        turn.tail.sync()?;
        writer.acknowledge(state.size(), state.end)
    }
}
