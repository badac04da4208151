//! The blocks of sealed segments that were decompressed last, for every thread that reads leaves.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::block::{Block, Unpacker};
use super::error::LogError;
use super::sealed::Sealed;

/// The largest number of blocks that are kept decompressed, some 40 KiB each: the charters of a few hundred bodies.
const BLOCKS_MAX: usize = 16;

/// A block by the first index of its segment and its number there.
type Name = (u64, usize);

/// Decompressed blocks that were asked for more than once, and what decompresses others.
#[derive(Default)]
pub(super) struct Blocks {
    recent: Mutex<Recent>,
    unpackers: Mutex<Vec<Unpacker>>,
}

#[derive(Default)]
struct Recent {
    /// The one used last is the last.
    kept: VecDeque<(Name, Arc<Block>)>,
    /// The blocks that were asked for last and are not kept: most are asked for once, each where the one before it was.
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

    /// Keeps a block that was asked for before; gives any other back.
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

/// Keeps one more, and no more than [`BLOCKS_MAX`].
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
    /// Gives a block of a sealed segment to `read`. No lock is held while it is decompressed or read.
    ///
    /// # Errors
    /// [`LogError::Damaged`] where the block is not sound, and the errors of `read`.
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
