//! Passes over many bodies: their entries are read a batch at a time, each block of the log once for a batch. The entries of
//! one body are often spread over the whole log.

use std::sync::Arc;

use rayon::prelude::*;

use crate::event::{BodyId, Index};

use super::LedgerError;
use super::recent::AtHand;
use super::record::Record;

/// A batch has at most 8,192 entries, or a sixteenth of the record if that is more, so that a block of the log is read at most
/// about sixteen times. A body with more entries is a batch by itself.
const BATCH: u64 = 1 << 13;
const BATCHES: u64 = 16;

impl Record {
    /// Passes each of the bodies to `part`, on every core, with a record that has the entries of its batch in memory; the parts are
    /// in the order of the bodies.
    ///
    /// # Errors
    /// [`LedgerError`], and the errors of `part`.
    pub(super) fn in_batches<P: Send>(
        &self,
        bodies: &[BodyId],
        part: impl Fn(&Arc<Record>, &BodyId) -> Result<P, LedgerError> + Sync,
    ) -> Result<Vec<P>, LedgerError> {
        let mut parts = Vec::with_capacity(bodies.len());
        let mut rest = bodies;
        while !rest.is_empty() {
            let (count, indexes) = self.batch(rest)?;
            let (batch, later) = rest.split_at(count);
            rest = later;
            let mut record = self.clone();
            record.at_hand = AtHand::new(self.entries(&indexes)?);
            let record = Arc::new(record);
            let made = batch.par_iter().map(|body| part(&record, body));
            parts.extend(made.collect::<Result<Vec<P>, LedgerError>>()?);
        }
        Ok(parts)
    }

    /// The number of bodies that make the next batch, at least one, and the indexes of their entries, in rising order.
    fn batch(&self, bodies: &[BodyId]) -> Result<(usize, Vec<Index>), LedgerError> {
        let most = usize::try_from((self.size().0 / BATCHES).max(BATCH)).unwrap_or(usize::MAX);
        let mut indexes = Vec::new();
        let mut count = 0;
        for body in bodies {
            let own = self.tables().entries_in_group(body.as_str())?;
            if count > 0 && indexes.len() + own.len() > most {
                break;
            }
            indexes.extend(own);
            count += 1;
        }
        indexes.sort_unstable();
        indexes.dedup();
        Ok((count, indexes))
    }
}
