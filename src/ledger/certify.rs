//! Certificates of answers, and the completeness map that the heads of the log state.

use crate::certificate::{CertificateError, CompletenessMap, Evidence, make};
use crate::event::leaf::decode;
use crate::event::{Entry, Index, Size};
use crate::log::{Checkpoint, Hash, LeafHashes, SignedCheckpoint};

use super::{Ledger, LedgerError};

/// What certificates of one size of a log are made of: read once, for any number of answers.
pub struct Certifier {
    head: SignedCheckpoint,
    map: CompletenessMap,
    tree: LeafHashes,
}

impl Certifier {
    /// The certificate of an answer, given in its JSON form, that reads as many entries as this one's head covers.
    /// `program` is the name and version of this program.
    ///
    /// # Errors
    /// [`LedgerError::Certificate`].
    pub fn certificate(&self, ledger: &Ledger, answer: &str, program: &str) -> Result<String, LedgerError> {
        let head = self.head.clone();
        let evidence = Evidence { head, map: &self.map, tree: &self.tree, program };
        make(answer, &evidence, &mut |index| ledger.leaf(index))
    }
}

impl From<CertificateError> for LedgerError {
    fn from(error: CertificateError) -> LedgerError {
        LedgerError::Certificate(Box::new(error))
    }
}

impl Ledger {
    /// What the certificates of answers are made of that read the first `size` entries.
    ///
    /// # Errors
    /// What [`Ledger::signed_head`] refuses.
    pub fn certifier(&mut self, size: Size) -> Result<Certifier, LedgerError> {
        self.open_index()?;
        // A snapshot does not hold what is filed.
        if self.model.is_some() {
            self.leave_model()?;
        }
        let map = match self.index.filings(size)? {
            Some(filed) => {
                CompletenessMap::of_filed(filed.into_iter().map(|f| (f.heading, f.entries, f.root)))
            }
            None => {
                let (entries, hashes) = self.whole(size)?;
                CompletenessMap::new(&entries, &hashes)
            }
        };
        let head = self.signed_head(size)?;
        // Under a head that states no map, or another one, nobody could verify it.
        match head.head.completeness() {
            None => return Err(CertificateError::NoMap.into()),
            Some(stated) if stated != map.head() => return Err(CertificateError::Groups.into()),
            Some(_) => {}
        }
        Ok(Certifier { head, map, tree: self.leaf_hashes()? })
    }

    /// The head of the first `size` entries with its completeness map. The map is read from the head that was written last
    /// where that is of this size and the log's key signed it: who can write to the folder must not have a false one signed.
    pub(super) fn full_head(&self, size: Size) -> Result<Checkpoint, LedgerError> {
        let head = self.entries.head(size.0)?;
        let stored = SignedCheckpoint::read(&self.path.join("checkpoint"))?;
        let key = self.entries.signing_key()?;
        let vouched = |stored: &SignedCheckpoint| {
            (stored.head.size, stored.head.root) == (head.size, head.root)
                && key.as_ref().is_some_and(|key| stored.verify(key.verifier()).is_ok())
        };
        let (groups, root) = match stored.filter(vouched).and_then(|stored| stored.head.completeness()) {
            Some(map) => map,
            None => {
                let (entries, hashes) = self.whole(size)?;
                CompletenessMap::new(&entries, &hashes).head()
            }
        };
        Ok(head.with_completeness(groups, root))
    }

    /// The first `size` entries with the hashes of their leaves.
    fn whole(&self, size: Size) -> Result<(Vec<Entry>, Vec<Hash>), LedgerError> {
        let (mut entries, mut hashes) = (Vec::new(), Vec::new());
        let mut failed = None;
        self.entries.scan(0, |at, leaf, hash| {
            if at >= size.0 || failed.is_some() {
                return;
            }
            let index = Index(at);
            hashes.push(hash);
            match decode(leaf, index) {
                Ok(entry) => entries.push(entry),
                Err(source) => failed = Some(LedgerError::Entry { index, source }),
            }
        })?;
        failed.map_or(Ok((entries, hashes)), Err)
    }
}
