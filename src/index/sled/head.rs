//! The head of the index in sled: how far it reaches, and what must be there for that.

use bincode::{Decode, Encode};

use crate::log::{Frontier, Hash};

use super::run::RUN_ENTRIES;
use super::value::{decode, encode, seal, unseal};

/// The head. What it counts was put with it, in one transaction.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub(super) struct Head {
    /// The name of the log.
    pub(super) origin: String,
    /// How many entries it covers.
    pub(super) size: u64,
    /// The RFC 6962 hash of the last leaf.
    pub(super) last: Option<[u8; 32]>,
    /// The right edge of the tree over all leaves.
    roots: Vec<[u8; 32]>,
    /// How many entries each run has, from the first on.
    pub(super) runs: Vec<u16>,
    /// How many bytes each level of the tables has, the oldest first.
    pub(super) levels: Vec<u64>,
}

impl Head {
    /// The head of an empty index.
    pub(super) fn empty(origin: &str) -> Head {
        Head { origin: origin.to_owned(), ..Head::default() }
    }

    /// The value for sled.
    pub(super) fn encode(&self) -> Vec<u8> {
        seal(&encode(self))
    }

    /// From the value. Its runs join without a gap from 0 to its size.
    pub(super) fn decode(value: &[u8]) -> Result<Head, String> {
        let head: Head = decode(unseal(value)?)?;
        let runs = head.runs.iter().map(|count| u64::from(*count));
        let sound = head.runs.iter().all(|count| (1..=RUN_ENTRIES).contains(&usize::from(*count)));
        if !sound || runs.sum::<u64>() != head.size || head.tree().is_none() {
            return Err("its runs do not join to its size".into());
        }
        Ok(head)
    }

    /// The right edge of the tree; `None` where it does not fit the size.
    pub(super) fn tree(&self) -> Option<Frontier> {
        Frontier::from_roots(self.size, self.roots.iter().map(|root| Hash(*root)).collect())
    }

    /// The head at the end of a larger tree.
    pub(super) fn at(&self, tree: &Frontier, last: Option<Hash>) -> Head {
        let roots = tree.roots().iter().map(|root| root.0).collect();
        Head { size: tree.size(), last: last.map(|hash| hash.0), roots, ..self.clone() }
    }
}
