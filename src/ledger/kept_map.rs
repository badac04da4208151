//! The completeness map of the last head signed, kept in a file, so that the next writer updates it instead of making it anew. No
//! answer depends on the file.

use std::io::Write;
use std::path::PathBuf;

use crate::index::GroupMap;
use crate::log::{SignedCheckpoint, regular};

use super::Writer;

/// The largest size of the file, in bytes; the largest map that is written is smaller.
const MAP_BYTES_MAX: u64 = 64 << 20;

impl Writer {
    fn kept_map_path(&self) -> PathBuf {
        self.path().join("completeness")
    }

    /// The kept map, if it is the map of a head that the log's key signed: an attacker who can write to the folder must not get a
    /// false map signed. That head was compared with the log on opening.
    pub(super) fn kept_map(&self) -> Option<GroupMap> {
        let map = GroupMap::decode(&regular::read(&self.kept_map_path(), MAP_BYTES_MAX).ok()?)?;
        let stored = SignedCheckpoint::read(&self.path().join("checkpoint")).ok()??;
        let key = self.log().signing_key().ok()??;
        let fits = (stored.head.size, stored.head.completeness())
            == (map.size().0, Some((map.groups(), map.root())))
            && stored.verify(key.verifier()).is_ok();
        fits.then_some(map)
    }

    /// Keeps the map of the head that was written. The file is not synced: if a power cut damages it, it is not used.
    pub(super) fn keep_map(&self, map: &GroupMap) {
        let Some(bytes) = map.encode() else { return };
        let path = self.kept_map_path();
        // A file or link that another process put there is removed, not written through.
        let _ = std::fs::remove_file(&path);
        let made = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
        let _ = made.and_then(|mut file| file.write_all(&bytes));
    }
}
