//! A cache of the sealed segments' blocks that were decompressed last, shared by all threads that read leaves.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::block::{Block, Unpacker};
use super::error::LogError;
use super::sealed::Sealed;

/// The largest number of blocks that are kept decompressed, some 40 KiB each: the charters of a few hundred bodies.
const BLOCKS_MAX: usize = 16;

/// A block by the first index of its segment and its number there.
type Name = (u64, usize);

/// Decompressed blocks that were asked for more than once, and decompressors for others.
#[derive(Default)]
pub(super) struct Blocks {
    recent: Mutex<Recent>,
    unpackers: Mutex<Vec<Unpacker>>,
}

#[derive(Default)]
struct Recent {
    /// The block used last is at the end.
    kept: VecDeque<(Name, Arc<Block>)>,
    /// The blocks asked for last that are not kept: most are asked for only once, each into the buffer of the one before it.
    met: VecDeque<Name>,
}

impl Recent {
    fn get(&mut self, name: Name) -> Option<Arc<Block>> {
        let at = self.kept.iter().position(|(kept, _)| *kept == name)?;
        let kept = self.kept.remove(at)?;
        let block = Arc::clone(&kept.1);
        self.kept.push_back(kept);
        Some(block)
    }

    /// Keeps a block that was asked for before; returns any other.
    fn offer(&mut self, name: Name, block: Block) -> Option<Block> {
        if self.kept.iter().any(|(kept, _)| *kept == name) {
            return Some(block);
        }
        if self.met.contains(&name) {
            push(&mut self.kept, (name, Arc::new(block)));
            return None;
        }
        push(&mut self.met, name);
        Some(block)
    }
}

/// Appends one, and drops the first if there are [`BLOCKS_MAX`].
fn push<T>(queue: &mut VecDeque<T>, one: T) {
    if queue.len() == BLOCKS_MAX {
        queue.pop_front();
    }
    queue.push_back(one);
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Blocks {
    /// Calls `read` with a block of a sealed segment. No lock is held while the block is decompressed or read.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if the block is not sound; the errors of `read`.
    pub(super) fn with<T>(
        &self,
        sealed: &Sealed,
        number: usize,
        read: impl FnOnce(&Block) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let name = (sealed.segment.first, number);
        let kept = locked(&self.recent).get(name);
        if let Some(block) = kept {
            return read(&block);
        }
        let idle = locked(&self.unpackers).pop();
        let mut unpacker = match idle {
            Some(unpacker) => unpacker,
            None => Unpacker::new().map_err(LogError::io(&sealed.segment.path, "cannot be read"))?,
        };
        let block = sealed.block(number, &mut unpacker)?;
        let result = read(&block);
        if let Some(block) = locked(&self.recent).offer(name, block) {
            unpacker.reuse(block);
        }
        locked(&self.unpackers).push(unpacker);
        result
    }
}
