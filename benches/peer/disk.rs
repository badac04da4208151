//! The space on disk for an entry, for each part of the ledger.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::imports::Both;
use crate::report::{Bound, Row, Samples, Unit};
use crate::sqlite::Peer;

/// The bytes allocated to a file, or to everything in a folder. Space that is reserved and not yet written counts as well.
fn allocated(path: &Path) -> u64 {
    let Ok(known) = std::fs::symlink_metadata(path) else { return 0 };
    match known.is_dir() {
        true => std::fs::read_dir(path).unwrap().map(|item| allocated(&item.unwrap().path())).sum(),
        false => known.blocks() * 512,
    }
}

/// Bytes for an entry: the whole ledger beside SQLite's file, and each part of the ledger by itself.
pub(crate) fn rows(both: &Both) -> Vec<Row> {
    let entries = both.shape.entries as f64;
    let each = |path: &Path| Samples::one(allocated(path) as f64 / entries);
    let peer = Peer::open(&both.database);
    peer.checkpoint();
    let compact = both.database.with_extension("compact");
    let _ = std::fs::remove_file(&compact);
    peer.vacuum_into(&compact);
    let whole = Row::new("disk for an entry, everything", Unit::Bytes, each(&both.ledger))
        .peer(each(&both.database))
        .limit("SQLite after VACUUM", each(&compact))
        .targets(Bound::OfPeer(0.9), Bound::OfPeer(0.7));
    let part = |name: &str| {
        Row::new(format!("disk for an entry, {name}/"), Unit::Bytes, each(&both.ledger.join(name)))
    };
    let rows = vec![whole, part("entries"), part("sled"), part("snapshot")];
    std::fs::remove_file(&compact).unwrap();
    rows
}
