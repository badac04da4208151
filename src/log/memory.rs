//! A log in memory, with failures that a test names.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::engine::{Append, LeafBlock, LogEngine};
use super::error::LogError;
use super::frame;
use super::tree::leaf_hash;

/// What the next append meets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// It is written, and its acknowledgement lost.
    LostAckButCommitted,
    /// It is lost, and nobody can tell.
    LostAckNotCommitted,
    /// It is lost, nobody can tell, and it arrives when the next one is made.
    LateOriginal,
    /// It is refused.
    Refused,
}

/// A log in memory.
#[derive(Default)]
pub struct Memory {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    leaves: Vec<Vec<u8>>,
    next: Option<Failure>,
    late: Option<(u64, Vec<Vec<u8>>)>,
}

impl Memory {
    /// An empty log.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// Makes the next append fail so.
    pub fn fail_next(&self, failure: Failure) {
        self.state().next = Some(failure);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lost() -> LogError {
    LogError::io("memory".as_ref(), "the acknowledgement was lost")(std::io::ErrorKind::TimedOut.into())
}

impl State {
    fn append(&mut self, expected: u64, leaves: Vec<Vec<u8>>) -> Append {
        let actual = self.leaves.len() as u64;
        if expected != actual {
            return Append::Conflict { actual };
        }
        self.leaves.extend(leaves);
        Append::Done { size: self.leaves.len() as u64 }
    }
}

impl LogEngine for Memory {
    fn size(&self) -> Result<u64, LogError> {
        Ok(self.state().leaves.len() as u64)
    }

    fn append(&self, expected_size: u64, leaves: &[&[u8]]) -> Append {
        if let Err(refused) = frame::check_limits(leaves) {
            return Append::Refused(refused);
        }
        let mut state = self.state();
        let leaves: Vec<Vec<u8>> = leaves.iter().map(|leaf| leaf.to_vec()).collect();
        if let Some((expected, late)) = state.late.take() {
            state.append(expected, late);
        }
        match state.next.take() {
            None => state.append(expected_size, leaves),
            Some(Failure::LostAckButCommitted) => match state.append(expected_size, leaves) {
                Append::Done { .. } => Append::Unknown(lost()),
                other => other,
            },
            Some(Failure::LostAckNotCommitted) => Append::Unknown(lost()),
            Some(Failure::LateOriginal) => {
                state.late = Some((expected_size, leaves));
                Append::Unknown(lost())
            }
            Some(Failure::Refused) => Append::Refused(LogError::ReadOnly),
        }
    }

    fn read(&self, from: u64, max_bytes: usize) -> Result<LeafBlock, LogError> {
        let state = self.state();
        let size = state.leaves.len() as u64;
        let start = usize::try_from(from).ok().filter(|start| *start <= state.leaves.len());
        let start = start.ok_or(LogError::Beyond { size, asked: from })?;
        let mut block = LeafBlock::starting_at(from);
        for leaf in &state.leaves[start..] {
            if !block.is_empty() && block.bytes() + leaf.len() > max_bytes {
                break;
            }
            block.push(leaf, leaf_hash(leaf));
        }
        Ok(block)
    }
}
