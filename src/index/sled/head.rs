//! The head of the index in sled: the end of the index, and the runs and levels that must be there.

use bincode::{Decode, Encode};

use crate::log::{Frontier, Hash};

use super::run::RUN_ENTRIES;
use super::value::{decode, encode, seal, unseal};

/// The head. The runs and levels that it counts were written in the same transaction or before.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub(super) struct Head {
    /// The name of the log.
    pub(super) origin: String,
    /// The number of entries that it covers.
    pub(super) size: u64,
    /// The RFC 6962 hash of the last leaf.
    pub(super) last: Option<[u8; 32]>,
    /// The right edge of the tree over all leaves.
    roots: Vec<[u8; 32]>,
    /// The number of entries in each run, from the first on.
    pub(super) runs: Vec<u16>,
    /// The number of bytes in each level of the tables, the oldest first.
    pub(super) levels: Vec<u64>,
}

impl Head {
    /// The head of an empty index.
    pub(super) fn empty(origin: &str) -> Head {
        Head { origin: origin.to_owned(), ..Head::default() }
    }

    /// Encodes the value for sled.
    pub(super) fn encode(&self) -> Vec<u8> {
        seal(&encode(self))
    }

    /// Decodes the value. The runs must add up to its size.
    pub(super) fn decode(value: &[u8]) -> Result<Head, String> {
        let head: Head = decode(unseal(value)?)?;
        let runs = head.runs.iter().map(|count| u64::from(*count));
        let sound = head.runs.iter().all(|count| (1..=RUN_ENTRIES).contains(&usize::from(*count)));
        if !sound || runs.sum::<u64>() != head.size || head.tree().is_none() {
            return Err("its runs do not join to its size".into());
        }
        Ok(head)
    }

    /// The right edge of the tree; `None` if it does not fit the size.
    pub(super) fn tree(&self) -> Option<Frontier> {
        Frontier::from_roots(self.size, self.roots.iter().map(|root| Hash(*root)).collect())
    }

    /// The head at the end of a larger tree.
    pub(super) fn at(&self, tree: &Frontier, last: Option<Hash>) -> Head {
        let roots = tree.roots().iter().map(|root| root.0).collect();
        Head { size: tree.size(), last: last.map(|hash| hash.0), roots, ..self.clone() }
    }
}
