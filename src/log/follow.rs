//! Follows a log that another process writes: a reader gets the entries acknowledged since, without opening the log again.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::entries::Entries;
use super::error::LogError;
use super::listed::Listed;
use super::opened::Opened;
use super::segment::{self, Start};
use super::state::State;
use super::tail;
use super::watermark::{self, Watermark};

/// Notices how much of a log was acknowledged since a reader looked last.
pub struct Growth {
    ledger: PathBuf,
    /// `entries/acknowledged`. While it is open, no other file gets its inode number.
    file: File,
    seen: Watermark,
}

impl Growth {
    /// Begins to watch a ledger. Open its log afterwards, so that another ledger in its place is noticed.
    ///
    /// # Errors
    /// [`LogError`] if the count of acknowledged entries cannot be read.
    pub fn begin(ledger: &Path) -> Result<Growth, LogError> {
        let path = watermark::path(ledger);
        let file = Watermark::open(&path)?;
        let seen = Watermark::read_in(&file, &path)?;
        Ok(Growth { ledger: ledger.to_owned(), file, seen })
    }

    /// Adds the entries acknowledged since to a log that was opened for reading. Costs three system calls if there are none.
    ///
    /// # Errors
    /// [`LogError::Replaced`] if the folder now has another ledger; [`LogError::Damaged`] if acknowledged entries are missing
    /// or not sound; [`LogError::Io`] if a file cannot be read. On an error the log does not change.
    pub fn follow(&mut self, log: &Entries) -> Result<(), LogError> {
        let path = watermark::path(&self.ledger);
        let unread = |error: io::Error| LogError::io(&path, "cannot be read")(error);
        let (held, there) =
            (self.file.metadata().map_err(unread)?, std::fs::metadata(&path).map_err(unread)?);
        let now = Watermark::read_in(&self.file, &path)?;
        // A copy put over the files in place may have fewer entries; a writer never reduces the count.
        if (held.dev(), held.ino()) != (there.dev(), there.ino()) || now.size < self.seen.size {
            return Err(LogError::Replaced(self.ledger.clone()));
        }
        // Frames found beyond the count when the log was opened are durable, and the next writer counts them.
        if now.size > log.size() {
            log.go_on_to(now)?;
        }
        self.seen = now;
        Ok(())
    }
}

impl Entries {
    /// Advances to the watermark, which is beyond the end of this log.
    fn go_on_to(&self, promised: Watermark) -> Result<(), LogError> {
        let state = self.state();
        let next = match self.in_same_segment(&state, promised)? {
            Some(next) => next,
            None => self.in_later_segments(&state, promised)?,
        };
        self.replace(next);
        Ok(())
    }

    /// The log with the next frames of its last segment; `None` if they do not reach the watermark, because the log continues
    /// in another segment.
    fn in_same_segment(&self, state: &State, promised: Watermark) -> Result<Option<State>, LogError> {
        let Some(last) = state.last_segment() else { return Ok(None) };
        let opened = last.opened(&self.origin, &self.kept)?;
        let Opened::Frames(frames) = &*opened else { return Ok(None) };
        let Some(count) = promised.offset.checked_sub(state.end) else { return Ok(None) };
        let before = state.size().checked_sub(1).filter(|before| *before >= last.first);
        if let (Some(before), Some(hash)) = (before, state.last.last())
            && frames.hash(state.sought(state.segments.len() - 1, last, before), None)? != *hash
        {
            return Err(LogError::Replaced(self.ledger.clone()));
        }
        let bytes =
            frames.bytes(state.end, count).map_err(|e| LogError::io(&last.path, "cannot be read")(e))?;
        let start = Start { tree: state.tree.clone(), last: state.last.last().copied(), offset: 0 };
        let scan = segment::walk_frames(start, &bytes, promised.size, |_, _, _, _| {});
        if (scan.after.size(), scan.end) != (promised.size, count) {
            return Ok(None);
        }
        let segments = Arc::clone(&state.segments);
        let last = scan.last.into_iter().collect();
        Ok(Some(State { segments, tree: scan.after, last, end: promised.offset }))
    }

    /// The log with the segments that follow. The last segment so far may have been sealed meanwhile.
    fn in_later_segments(&self, state: &State, promised: Watermark) -> Result<State, LogError> {
        let from = state.segments.len().saturating_sub(1);
        let mut segments = Vec::clone(&state.segments);
        let first = segments.last().map_or(0, |last| last.first);
        if let Some(last) = segments.last_mut() {
            *last = Arc::new(last.closed(&self.kept));
        }
        let listed = Listed::all(&self.ledger)?.into_iter();
        segments.extend(listed.filter(|segment| segment.first > first && segment.first < promised.size));
        let last = segments.last().ok_or_else(|| LogError::Absent(self.ledger.clone()))?;
        let last = last.header(&self.origin)?;
        let scan = segment::end_of(last, &self.origin, promised.size)?;
        if scan.after.size() != promised.size {
            return Err(tail::damaged_at(last, &scan, "entries that were acknowledged are missing"));
        }
        let (last, end) = (scan.last.into_iter().collect(), scan.end);
        let next = State { segments: Arc::new(segments), tree: scan.after, last, end };
        // The new entries must lead from the earlier tree to the current one; otherwise it is another log.
        let mut tree = state.tree.clone();
        for at in from..next.segments.len() {
            self.visit_segment(&next, at, state.size(), |index, _, hash| {
                if index == tree.size() && index < promised.size {
                    tree.push(hash);
                }
            })?;
        }
        if tree == next.tree { Ok(next) } else { Err(LogError::Replaced(self.ledger.clone())) }
    }
}
