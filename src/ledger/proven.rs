//! Whether a leaf that was read is the entry of its index. The hash beside it says only that its bytes are whole; what says where
//! it belongs is the tree, whose nodes over 64 leaves the index has.

use std::sync::Arc;

use crate::event::Index;
use crate::index::{BLOCK, BLOCK_LEVEL};
use crate::log::{Frontier, Hash, LogError};

use super::LedgerError;
use super::record::Record;

impl Record {
    /// Makes sure that leaves are where the tree has them: of each its index, which rise, and the hash of what was read.
    ///
    /// # Errors
    /// [`LedgerError::Log`] with [`LogError::Damaged`] at the first one that is another entry, or none of this log.
    pub(super) fn check_leaves(&self, leaves: &[(u64, Hash)]) -> Result<(), LedgerError> {
        for block in leaves.chunk_by(|(one, _), (next, _)| one / BLOCK == next / BLOCK) {
            let Some((first, _)) = block.first() else { continue };
            let proven = self.block(first / BLOCK)?;
            for (index, hash) in block {
                if proven.get((index % BLOCK) as usize) != Some(hash) {
                    return Err(self.misplaced(*index));
                }
            }
        }
        Ok(())
    }

    /// The hashes of a block of leaves, as far as this record reaches, once they lead to its node, or to the end of the tree.
    fn block(&self, number: u64) -> Result<Arc<Vec<Hash>>, LedgerError> {
        if let Some(hashes) = self.proven.get(number) {
            return Ok(hashes);
        }
        let (first, size) = (number * BLOCK, self.size().0);
        let end = (first + BLOCK).min(size);
        let hashes = Arc::new(self.log().hashes(first..end, &|at| self.place(Index(at)))?);
        let is_full = end - first == BLOCK;
        let leads = match is_full {
            true => {
                let mut tree = Frontier::default();
                hashes.iter().for_each(|hash| tree.push(*hash));
                self.tables().node(BLOCK_LEVEL, number)? == Some(tree.root())
            }
            false => self.tables().tree().ends_in(&hashes),
        };
        if !leads {
            return Err(self.misplaced(first));
        }
        if is_full {
            self.proven.keep(number, Arc::clone(&hashes));
        }
        Ok(hashes)
    }

    /// Damage at an entry that is not where the tree has it.
    pub(super) fn misplaced(&self, index: u64) -> LedgerError {
        let what = format!(
            "what lies in the place of entry {index} is not that entry, or the index is not of this log: `chancery audit` says \
             which; `chancery repair --from DIR` restores entries, `chancery compact` makes the index anew"
        );
        LogError::Damaged { path: self.path().join("entries"), offset: 0, what }.into()
    }
}
