//! A segment by its name. Its header is read, and its file opened for single leaves, when they are needed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::error::LogError;
use super::opened::Opened;
use super::segment::{self, Segment};

/// The largest number of segments that are kept open for reading single leaves; others are opened for each read.
const OPEN_MAX: usize = 256;

/// A segment of a ledger's folder.
pub(super) struct Listed {
    pub(super) first: u64,
    pub(super) path: PathBuf,
    header: OnceLock<Segment>,
    opened: OnceLock<Arc<Opened>>,
}

impl Listed {
    pub(super) fn new(first: u64, path: PathBuf) -> Listed {
        Listed { first, path, header: OnceLock::new(), opened: OnceLock::new() }
    }

    /// The segments of a ledger, by first index.
    ///
    /// # Errors
    /// Those of [`segment::list`].
    pub(super) fn all(ledger: &Path) -> Result<Vec<Arc<Listed>>, LogError> {
        let listed = segment::list(ledger)?.into_iter();
        Ok(listed.map(|(first, path)| Arc::new(Listed::new(first, path))).collect())
    }

    /// Its header.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if it is not sound or not of this log.
    pub(super) fn header(&self, origin: &str) -> Result<&Segment, LogError> {
        if let Some(segment) = self.header.get() {
            return Ok(segment);
        }
        let file = segment::open_file(&self.path)?;
        self.header_in(&file, origin)
    }

    /// Its header, read from the segment's open file.
    ///
    /// # Errors
    /// Those of [`Listed::header`].
    pub(super) fn header_in(&self, file: &File, origin: &str) -> Result<&Segment, LogError> {
        let segment = segment::read_header(file, &self.path, self.first, origin)?;
        Ok(self.header.get_or_init(|| segment))
    }

    /// Its file, open for reading single leaves, in the form that it had when it was opened; `kept` counts the segments that
    /// stay open.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if a sealed segment is not sound; [`LogError::Io`] if the file cannot be opened.
    pub(super) fn opened(&self, origin: &str, kept: &AtomicUsize) -> Result<Arc<Opened>, LogError> {
        if let Some(opened) = self.opened.get() {
            return Ok(Arc::clone(opened));
        }
        let opened = Arc::new(Opened::from(segment::form(&self.path, self.first, origin)?));
        if kept.fetch_add(1, Ordering::Relaxed) < OPEN_MAX {
            return Ok(Arc::clone(self.opened.get_or_init(|| opened)));
        }
        kept.fetch_sub(1, Ordering::Relaxed);
        Ok(opened)
    }

    /// The same segment without its open file. A writer uses it for a full segment, so that the old file is freed when the
    /// segment is sealed.
    pub(super) fn closed(&self, kept: &AtomicUsize) -> Listed {
        if self.opened.get().is_some() {
            kept.fetch_sub(1, Ordering::Relaxed);
        }
        Listed {
            first: self.first,
            path: self.path.clone(),
            header: self.header.clone(),
            opened: OnceLock::new(),
        }
    }
}

impl From<Segment> for Listed {
    fn from(segment: Segment) -> Listed {
        let (first, path) = (segment.first, segment.path.clone());
        Listed { first, path, header: OnceLock::from(segment), opened: OnceLock::new() }
    }
}
