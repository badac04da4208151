//! What is written into sled, all of it or nothing.

use std::path::Path;

use super::filed::Pair;

/// An open sled database.
pub(super) struct Store {
    pub(super) db: sled::Db,
    pub(super) events: sled::Tree,
    pub(super) postings: sled::Tree,
    pub(super) ids: sled::Tree,
    /// What is filed under the headings of each group of the completeness map.
    pub(super) filed: sled::Tree,
    /// The heads of the groups.
    pub(super) heads: sled::Tree,
    pub(super) meta: sled::Tree,
}

/// The key of the head.
pub(super) const HEAD: &[u8] = b"head";
const CACHE_BYTES: u64 = 32 << 20;
/// A value that takes more than a quarter of a segment has a file of its own, which goes when the value is replaced. In a
/// segment it would stay until half of that is replaced: with larger segments sled takes up half as much again as it holds.
pub(crate) const SEGMENT_BYTES: usize = 64 << 10;

impl Store {
    pub(super) fn open(folder: &Path) -> Result<Store, sled::Error> {
        let config = sled::Config::new().path(folder).segment_size(SEGMENT_BYTES);
        let config = config.cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let db = config.open()?;
        Ok(Store {
            events: db.open_tree("events")?,
            postings: db.open_tree("postings")?,
            ids: db.open_tree("ids")?,
            filed: db.open_tree("filed")?,
            heads: db.open_tree("heads")?,
            meta: db.open_tree("meta")?,
            db,
        })
    }

    /// Writes new runs, removes those that they replace, and moves the head: all of it or nothing.
    pub(super) fn put(&self, runs: &[NewRun], gone: &[u64], head: &[u8]) -> Result<(), sled::Error> {
        use sled::Transactional;
        let trees = (&self.events, &self.postings, &self.ids, &self.meta);
        let done = trees.transaction(|(events, postings, ids, meta)| {
            for first in gone {
                let key = first.to_be_bytes();
                events.remove(&key)?;
                postings.remove(&key)?;
                ids.remove(&key)?;
            }
            for run in runs {
                let key = run.first.to_be_bytes();
                events.insert(&key, run.events.as_slice())?;
                postings.insert(&key, run.postings.as_slice())?;
                ids.insert(&key, run.ids.as_slice())?;
            }
            meta.insert(HEAD, head)?;
            Ok::<(), sled::transaction::ConflictableTransactionError<()>>(())
        });
        done.map_err(failed)
    }

    /// Writes groups of the completeness map with their heads, and moves the head: all of it or nothing.
    pub(super) fn put_groups(&self, filed: &[Pair], heads: &[Pair], head: &[u8]) -> Result<(), sled::Error> {
        use sled::Transactional;
        let trees = (&self.filed, &self.heads, &self.meta);
        let done = trees.transaction(|(all, tops, meta)| {
            for (name, value) in filed {
                all.insert(name.as_slice(), value.as_slice())?;
            }
            for (name, value) in heads {
                tops.insert(name.as_slice(), value.as_slice())?;
            }
            meta.insert(HEAD, head)?;
            Ok::<(), sled::transaction::ConflictableTransactionError<()>>(())
        });
        done.map_err(failed)
    }
}

fn failed(error: sled::transaction::TransactionError<()>) -> sled::Error {
    match error {
        sled::transaction::TransactionError::Storage(error) => error,
        sled::transaction::TransactionError::Abort(()) => sled::Error::Unsupported("aborted".into()),
    }
}

/// The values of one run in the three trees.
pub(super) struct NewRun {
    pub(super) first: u64,
    pub(super) events: Vec<u8>,
    pub(super) postings: Vec<u8>,
    pub(super) ids: Vec<u8>,
}
