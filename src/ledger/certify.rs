//! Certificates of answers, and the completeness map that the heads of the log state.

use std::collections::BTreeSet;

use crate::certificate::{CertificateError, CertificateEvidence, CertifiedQuestion, CompletenessMap, make};
use crate::event::leaf::decode;
use crate::event::{Entry, Index, Size};
use crate::log::{Checkpoint, Hash, SignedCheckpoint};
use crate::query::Need;

use super::{LedgerError, Reading};

impl From<CertificateError> for LedgerError {
    fn from(error: CertificateError) -> LedgerError {
        LedgerError::Certificate(Box::new(error))
    }
}

impl Reading {
    /// The certificate of an answer, given in its JSON form, that reads the first `size` entries. `program` is the name and version
    /// of this program.
    ///
    /// # Errors
    /// [`LedgerError::Certificate`], and the errors of [`Reading::signed_head`].
    pub fn certificate(&self, answer: &str, size: Size, program: &str) -> Result<String, LedgerError> {
        let head = self.signed_head(size)?;
        let map = match size == self.record().size() {
            true => self.shown_map(answer)?,
            false => {
                let (entries, hashes) = self.whole(size)?;
                CompletenessMap::new(&entries, &hashes)
            }
        };
        // Nobody could verify the certificate under a head that states no map, or another map.
        match head.head.completeness() {
            None => return Err(CertificateError::NoMap.into()),
            Some(stated) if stated != map.head() => return Err(CertificateError::Groups.into()),
            Some(_) => {}
        }
        let tree = self.leaf_hashes()?;
        make(answer, &CertificateEvidence { head, map: &map, tree: &tree, program }, &mut |index| {
            self.leaf(index)
        })
    }

    /// The completeness map of everything recorded, with the headings of the groups that an answer may depend on.
    fn shown_map(&self, answer: &str) -> Result<CompletenessMap, LedgerError> {
        let asked = CertifiedQuestion::of_answer(answer).map_err(CertificateError::Question)?;
        let needs = self.record().needs(&asked.body, asked.participant())?;
        let opened: BTreeSet<&str> = needs
            .parts
            .iter()
            .map(|part| match part {
                Need::Heading(heading) => heading.group(),
                Need::Group(body) => body.as_str(),
            })
            .collect();
        let tables = self.record().tables();
        let hash = |index| self.record().hash(index);
        let mut groups = Vec::new();
        for member in tables.group_members(&hash)? {
            let mut filed = Vec::new();
            if opened.contains(member.name.as_str()) {
                let members = tables.heading_members(&member.name, &hash)?;
                let entries = tables.filed_in(&member.name)?;
                filed = members.into_iter().zip(entries.into_iter().map(|(_, entries)| entries)).collect();
            }
            groups.push((member, filed));
        }
        Ok(CompletenessMap::opened(groups))
    }

    /// The head of the first `size` entries with its completeness map. The map is taken from the last head written if that head has
    /// this size and a signature of the log's key: an attacker who can write to the folder must not get a false map signed.
    pub(super) fn full_head(&self, size: Size) -> Result<Checkpoint, LedgerError> {
        let head = self.log().head(size.0)?;
        let stored = SignedCheckpoint::read(&self.path().join("checkpoint"))?;
        let key = self.log().signing_key()?;
        let vouched = |stored: &SignedCheckpoint| {
            (stored.head.size, stored.head.root) == (head.size, head.root)
                && key.as_ref().is_some_and(|key| stored.verify(key.verifier()).is_ok())
        };
        let (groups, root) = match stored.filter(vouched).and_then(|stored| stored.head.completeness()) {
            Some(map) => map,
            None if size == self.record().size() => {
                self.record().tables().completeness(&|index| self.record().hash(index))?
            }
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
        self.log().scan(0, |at, leaf, hash| {
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
