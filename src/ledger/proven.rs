//! Checks that a leaf that was read is the entry of its index. The hash beside the leaf shows only that its bytes are whole; its
//! index follows from the tree, whose nodes over 64 leaves the index has.

use std::sync::Arc;

use crate::event::Index;
use crate::index::{BLOCK, BLOCK_LEVEL};
use crate::log::{Frontier, Hash, LogError};

use super::LedgerError;
use super::record::Record;

impl Record {
    /// Checks that leaves are at their indexes in the tree: each is given by its index, in rising order, with the hash of the bytes
    /// read.
    ///
    /// # Errors
    /// [`LedgerError::Log`] with [`LogError::Damaged`] for the first leaf that is another entry, or no entry of this log.
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

    /// The hashes of a block of leaves, as far as this record reaches, after checking that they give the block's node, or the end
    /// of the tree.
    fn block(&self, number: u64) -> Result<Arc<Vec<Hash>>, LedgerError> {
        if let Some(hashes) = self.proven.get(number) {
            return Ok(hashes);
        }
        let (first, size) = (number * BLOCK, self.size().0);
        let end = (first + BLOCK).min(size);
        let hashes = Arc::new(self.log().hashes(first..end, &|at| self.place(Index(at)))?);
        if !self.leads(number, &hashes, self.tables().tree())? {
            return Err(self.misplaced(first));
        }
        if end - first == BLOCK {
            self.proven.keep(number, Arc::clone(&hashes));
        }
        Ok(hashes)
    }

    /// True if the hashes of a block give its node; of an incomplete block, if they are the ones in which a tree ends.
    fn leads(&self, number: u64, hashes: &[Hash], tree: &Frontier) -> Result<bool, LedgerError> {
        if hashes.len() as u64 != BLOCK {
            return Ok(tree.ends_in(hashes));
        }
        let mut block = Frontier::default();
        hashes.iter().for_each(|hash| block.push(*hash));
        Ok(self.tables().node(BLOCK_LEVEL, number)? == Some(block.root()))
    }

    /// Checks that the entries before the end of the published index give its tree, so that no entry is appended, and no head
    /// signed, after entries of another history: the end of the log is found from the index alone. The last block is enough,
    /// because each later one is read with the tail.
    ///
    /// # Errors
    /// Those of [`Record::check_leaves`].
    pub(super) fn check_joint(&self) -> Result<(), LedgerError> {
        let Some(mark) = self.tables().mark().filter(|mark| mark.tree.size() > 0) else { return Ok(()) };
        let last = mark.tree.size() - 1;
        let first = last - last % BLOCK;
        let hashes = self.log().hashes(first..mark.tree.size(), &|at| self.place(Index(at)))?;
        match self.leads(first / BLOCK, &hashes, &mark.tree)? {
            true => Ok(()),
            false => Err(self.misplaced(last)),
        }
    }

    /// Damage: the leaf at an index is not the one that the tree has there.
    pub(super) fn misplaced(&self, index: u64) -> LedgerError {
        let what = format!(
            "what lies in the place of entry {index} is not that entry, or the index is not of this log: `chancery audit` says \
             which; `chancery repair --from DIR` restores entries, `chancery compact` makes the index anew"
        );
        LogError::Damaged { path: self.path().join("entries"), offset: 0, what }.into()
    }
}
