//! Compares the rows of the published index with those that follow from the entries as the audit files them.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use crate::charter::Texts;
use crate::event::{BodyId, Entry, Scope, Size};
use crate::index::{IndexError, Tables};
use crate::query::{FOLD_RULES, Material, Need, StoredRows, needs, rows};

use super::derivation::material;
use super::fault;
use super::place::Places;
use super::report::Findings;

/// The rows of one published file.
pub(super) struct PublishedRows<'p> {
    path: &'p Path,
    tables: &'p Tables,
    size: Size,
    /// The row of each body.
    bodies: BTreeMap<SmolStr, Vec<u8>>,
    /// A sum over the rows of the participants of each body, so that the rows need not be kept.
    pairs: BTreeMap<SmolStr, u128>,
}

impl<'p> PublishedRows<'p> {
    /// Reads the rows of a file; `None` if it has none made by the rules of this program, since no question uses others.
    ///
    /// # Errors
    /// [`IndexError`].
    pub(super) fn read(path: &'p Path, tables: &'p Tables) -> Result<Option<PublishedRows<'p>>, IndexError> {
        if tables.row_rules()? != Some(FOLD_RULES) {
            return Ok(None);
        }
        let mut pairs: BTreeMap<SmolStr, u128> = BTreeMap::new();
        tables.each_pair_row(&mut |participant, group, row| {
            let sum = pairs.entry(group.into()).or_default();
            *sum = sum.wrapping_add(sum_of(participant, row));
        })?;
        let bodies = tables.body_rows()?.into_iter().collect();
        Ok(Some(PublishedRows { path, tables, size: tables.size(), bodies, pairs }))
    }

    /// Compares the rows of a body. `whole` are its entries, whose rules were already read.
    pub(super) fn compare(
        &self,
        places: &Places,
        whole: Option<&Material>,
        body: &BodyId,
        texts: &Texts,
    ) -> Findings {
        let mut found = Findings::default();
        let Some(stored) = self.bodies.get(body.as_str()) else {
            if self.pairs.contains_key(body.as_str()) {
                self.add(&mut found, format!("it has rows of participants in {body}, and none of the body"));
            }
            return found;
        };
        found.counted("snapshot", 1);
        let own = self.own(places, whole, body, texts);
        let own_pairs = own.pairs.iter().map(|(who, row)| sum_of(who.as_str(), row));
        let pairs = own_pairs.fold(0u128, u128::wrapping_add);
        if own.body != *stored {
            self.add(&mut found, format!("its row of {body} is not what the entries make of it"));
        } else if self.pairs.get(body.as_str()).copied().unwrap_or_default() != pairs {
            let who = self.first_other(body, &own);
            self.add(&mut found, format!("its row of {who} in {body} is not what the entries make of it"));
        }
        found
    }

    /// Compares the rows of bodies that have no charter today: they had one when the file was made, or their rows state that they
    /// had none.
    pub(super) fn compare_others(&self, places: &Places, ruled: &BTreeSet<&str>, texts: &Texts) -> Findings {
        let mut found = Findings::default();
        let others: BTreeSet<&SmolStr> = self
            .bodies
            .keys()
            .chain(self.pairs.keys())
            .filter(|group| !ruled.contains(group.as_str()))
            .collect();
        for group in others {
            match BodyId::parse(group) {
                Ok(body) => found.absorb(self.compare(places, None, &body, texts)),
                Err(_) => self.add(&mut found, format!("it has rows of {group}, which is no body")),
            }
        }
        found
    }

    /// The rows that follow from the entries covered by the file.
    fn own(&self, places: &Places, whole: Option<&Material>, body: &BodyId, texts: &Texts) -> StoredRows {
        let read = &mut |need: &Need| {
            let mut entries = places.under(need);
            // The record of an import that nothing corrects changes no status.
            let import = matches!(need, Need::Heading(heading) if heading.is_of_import());
            entries.retain(|entry| self.size.holds(entry.index));
            if import && entries.len() < 2 {
                entries.clear();
            }
            Ok::<_, Infallible>(entries)
        };
        let Ok(needs) = needs(&Scope::of_body(body.clone()), body, texts, read);
        let beside = needs.beside(body);
        // The same entries give the same rows, so they are not evaluated again.
        match whole.filter(|whole| same(&whole.entries, &needs.entries)) {
            Some(whole) => rows(whole, body, beside),
            None => rows(&material(Arc::clone(&needs.entries), self.size, texts), body, beside),
        }
    }

    /// The first participant of a body whose row differs.
    fn first_other(&self, body: &BodyId, own: &StoredRows) -> String {
        let mut stored: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let read = self.tables.each_pair_row(&mut |participant, group, row| {
            if group == body.as_str() {
                stored.insert(participant.to_owned(), row.to_vec());
            }
        });
        let other = own.pairs.iter().find(|(who, row)| stored.remove(who.as_str()).as_ref() != Some(row));
        match (read, other) {
            (Ok(()), Some((who, _))) => who.to_string(),
            _ => stored.into_keys().next().unwrap_or_else(|| "some participant".to_owned()),
        }
    }

    fn add(&self, found: &mut Findings, what: String) {
        found.add(fault::SNAPSHOT_OTHER_ROWS, None, Some(self.path.display().to_string()), what);
    }
}

/// A number that hardly any other row gives. The sum over rows does not depend on their order.
fn sum_of(participant: &str, row: &[u8]) -> u128 {
    let mut hash = Sha256::new();
    hash.update((participant.len() as u64).to_be_bytes());
    hash.update(participant);
    hash.update(row);
    let sum: [u8; 32] = hash.finalize().into();
    sum.first_chunk::<16>().map_or(0, |half| u128::from_be_bytes(*half))
}

/// True if these are the same entries of the log.
fn same(entries: &[Entry], others: &[Entry]) -> bool {
    entries.len() == others.len() && entries.iter().zip(others).all(|(one, other)| one.index == other.index)
}
