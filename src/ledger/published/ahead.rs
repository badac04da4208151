//! Many bodies read at once: one pass over the log instead of one for each.

use crate::event::leaf::decode;
use crate::event::{BodyId, Entry, Index, Scope};
use crate::ledger::{Ledger, LedgerError};
use crate::log::{Entries, leaf_hash};

use super::{ReadModel, make};

/// Where more than one entry in so many is wanted, the log is read whole.
const DENSE: u64 = 4;
/// The log is read in blocks of this many bytes of leaves.
const BLOCK_BYTES: usize = 1 << 20;

impl Ledger {
    /// Reads what [`Ledger::load`] gives of bodies, all in one pass, so that it is there when it is asked for. Where nothing
    /// is published nothing is read.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn read_ahead<'b>(&mut self, bodies: impl Iterator<Item = &'b BodyId>) -> Result<(), LedgerError> {
        self.open_index()?;
        let scopes: Vec<Scope> = {
            let known = self.loaded.borrow();
            bodies
                .map(|body| Scope::of_body(body.clone()))
                .filter(|scope| !known.contains_key(scope))
                .collect()
        };
        let Some(model) = self.model.as_ref().filter(|_| scopes.len() > 1) else { return Ok(()) };
        // What cannot be read ahead is read, and judged, when it is asked for.
        let Ok(loaded) = model.load_each(&self.entries, &scopes) else { return Ok(()) };
        for (entries, scope) in loaded.into_iter().zip(&scopes) {
            self.loaded_now(entries, scope)?;
        }
        Ok(())
    }
}

impl ReadModel {
    /// The entries of each scope, as [`ReadModel::load`] gives them.
    fn load_each(&self, log: &Entries, scopes: &[Scope]) -> Result<Vec<Vec<Entry>>, LedgerError> {
        let mut wanted: Vec<(u32, usize)> = Vec::new();
        for (number, scope) in scopes.iter().enumerate() {
            wanted.extend(self.places_of(scope)?.into_iter().map(|at| (at, number)));
        }
        wanted.sort_unstable();
        let mut loaded = vec![Vec::new(); scopes.len()];
        let mut give = |entry: Entry, to: &[(u32, usize)]| {
            to.iter().for_each(|(_, number)| loaded[*number].push(entry.clone()));
        };
        let mut groups = wanted.chunk_by(|one, other| one.0 == other.0);
        match wanted.len() as u64 * DENSE > self.snapshot.size() {
            true => self.read_whole(log, &mut groups, &mut give)?,
            false => {
                for group in groups {
                    give(make::entry(log, &self.snapshot, Index(u64::from(group[0].0)))?, group);
                }
            }
        }
        loaded.into_iter().zip(scopes).map(|(entries, scope)| self.completed(log, scope, entries)).collect()
    }

    /// Goes through the log up to the end of the snapshot and gives what is wanted of it, by index.
    fn read_whole<'w>(
        &self,
        log: &Entries,
        groups: &mut impl Iterator<Item = &'w [(u32, usize)]>,
        give: &mut impl FnMut(Entry, &[(u32, usize)]),
    ) -> Result<(), LedgerError> {
        let mut next = groups.next();
        let mut at = 0;
        while let Some(first) = next.and_then(|group| group.first()) {
            at = u64::from(first.0).max(at);
            let block = log.read(at, BLOCK_BYTES)?;
            if block.is_empty() {
                break;
            }
            at += block.len() as u64;
            for (index, leaf, hash) in block.iter() {
                let Some(group) = next.filter(|group| u64::from(group[0].0) == index) else { continue };
                // One that does not have its hash is read by itself, which says what is wrong.
                let entry = match leaf_hash(leaf) == hash {
                    true => decode(leaf, Index(index))
                        .map_err(|source| LedgerError::Entry { index: Index(index), source })?,
                    false => make::entry(log, &self.snapshot, Index(index))?,
                };
                give(entry, group);
                next = groups.next();
            }
        }
        // None may be missing: one that a block did not have is asked for by itself, which says why.
        while let Some(group) = next {
            let index = Index(group.first().map_or(0, |first| u64::from(first.0)));
            give(make::entry(log, &self.snapshot, index)?, group);
            next = groups.next();
        }
        Ok(())
    }
}
