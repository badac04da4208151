//! The completeness map of the head that was signed last, kept in a file, so that the next writer brings it up instead of making
//! it anew. Nothing depends on the file.

use std::io::Write;
use std::path::PathBuf;

use crate::index::GroupMap;
use crate::log::{SignedCheckpoint, regular};

use super::Writer;

/// More than the map of the most groups that it is written for.
const MAP_BYTES_MAX: u64 = 64 << 20;

impl Writer {
    fn kept_map_path(&self) -> PathBuf {
        self.path().join("completeness")
    }

    /// The kept map, if it is that of a head which the log's key signed: who can write to the folder must not have a false one
    /// signed. Opening has held that head against the log.
    pub(super) fn kept_map(&self) -> Option<GroupMap> {
        let map = GroupMap::decode(&regular::read(&self.kept_map_path(), MAP_BYTES_MAX).ok()?)?;
        let stored = SignedCheckpoint::read(&self.path().join("checkpoint")).ok()??;
        let key = self.log().signing_key().ok()??;
        let fits = (stored.head.size, stored.head.completeness())
            == (map.size().0, Some((map.groups(), map.root())))
            && stored.verify(key.verifier()).is_ok();
        fits.then_some(map)
    }

    /// Keeps the map of the head that was written. It is not synced: a file that a power cut damages is not believed.
    pub(super) fn keep_map(&self, map: &GroupMap) {
        let Some(bytes) = map.encode() else { return };
        let path = self.kept_map_path();
        // What another hand put in its place is removed, and not written through.
        let _ = std::fs::remove_file(&path);
        let made = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
        let _ = made.and_then(|mut file| file.write_all(&bytes));
    }
}
