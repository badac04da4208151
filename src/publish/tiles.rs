//! Makes the files of a tree from its leaves, in their order.

use tlog_tiles::Tile;

use crate::log::{Frontier, Hash, leaf_hash};

use super::part::{Part, WIDTH, push_leaf};

/// The tile of a level that is not full yet.
#[derive(Default)]
struct Level {
    /// The number of full tiles before it.
    full: u64,
    /// Its hashes, one after another.
    hashes: Vec<u8>,
}

/// The right edge of a tree whose full files were already passed on.
#[derive(Default)]
pub(super) struct Tiles {
    tree: Frontier,
    levels: Vec<Level>,
    bundle: Vec<u8>,
}

/// Takes a file of the tree.
pub(super) type Emit<'a, E> = &'a mut dyn FnMut(Part, &[u8]) -> Result<(), E>;

impl Tiles {
    /// The root over the leaves so far.
    pub(super) fn root(&self) -> Hash {
        self.tree.root()
    }

    /// Takes the next leaf; files that it fills are passed to `emit`.
    pub(super) fn push<E>(&mut self, leaf: &[u8], emit: Emit<'_, E>) -> Result<(), E> {
        let hash = leaf_hash(leaf);
        self.tree.push(hash);
        push_leaf(&mut self.bundle, leaf);
        let mut node = hash.0;
        for level in 0u8.. {
            if self.levels.len() == usize::from(level) {
                self.levels.push(Level::default());
            }
            let Some(tile) = self.levels.get_mut(usize::from(level)) else { break };
            tile.hashes.extend_from_slice(&node);
            if tile.hashes.len() < WIDTH as usize * node.len() {
                break;
            }
            let part = Part::full_tile(level, tile.full);
            emit(part, &tile.hashes)?;
            if level == 0 {
                emit(part.bundle(), &self.bundle)?;
                self.bundle.clear();
            }
            node = Tile::subtree_hash(&tile.hashes).0;
            tile.full += 1;
            tile.hashes.clear();
        }
        Ok(())
    }

    /// Passes the files that are not full to `emit`.
    pub(super) fn finish<E>(&self, emit: Emit<'_, E>) -> Result<(), E> {
        let size = self.tree.size();
        for level in 0..Part::levels(size) {
            let tile = self.levels.get(usize::from(level));
            let (Some(part), Some(tile)) = (Part::partial_tile(size, level), tile) else { continue };
            emit(part, &tile.hashes)?;
            if level == 0 {
                emit(part.bundle(), &self.bundle)?;
            }
        }
        Ok(())
    }
}
