//! Rows: what the published file holds of each body, and of each participant in a body, for questions that read no acts.
//! What is in them is for who makes and reads them to know. The tail has none: what it touches is answered without them.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::key::{self, Table};
use super::{IndexError, Tables};

/// The rows of a body, and of participants in it by their ids, as bytes.
pub type RowsOfGroup = (Vec<u8>, Vec<(SmolStr, Vec<u8>)>);

/// The rows that a new file is to have, beside those of before.
#[derive(Clone, Debug, Default)]
pub struct MadeRows {
    /// The number of the rules by which all rows of the file are made.
    pub rules: u64,
    /// Groups whose rows of before are left out.
    pub stale: BTreeSet<SmolStr>,
    /// Rows that are made anew, by group.
    pub made: BTreeMap<SmolStr, RowsOfGroup>,
}

impl MadeRows {
    /// Whether a pair of before is left out: rows by other rules, and those of groups that are stale or made anew.
    pub(super) fn replaces(&self, key: &[u8], by_other_rules: bool) -> bool {
        let group = match key.first() {
            Some(table) if *table == Table::Rows as u8 => key::names(key).map(|(_, group)| group),
            Some(table) if *table == Table::Bodies as u8 => key::name(key),
            _ => return false,
        };
        by_other_rules || group.is_none_or(|group| group.is_empty() || self.stale.contains(&group))
    }

    /// The keys and values of what is made anew.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (Vec<u8>, &[u8])> {
        self.made.iter().flat_map(|(group, (body, pairs))| {
            let pairs = pairs.iter();
            let pairs = pairs.map(move |(name, row)| (key::named(Table::Rows, name, group), row.as_slice()));
            pairs.chain([(key::body(group), body.as_slice())])
        })
    }
}

impl Tables {
    /// By which rules the stored rows were made; `None` where there are none.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn row_rules(&self) -> Result<Option<u64>, IndexError> {
        let Some(stored) = self.stored() else { return Ok(None) };
        let rules = stored.get(&key::body(""))?;
        Ok(rules.and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes))
    }

    /// The stored rows of bodies, by the names of their groups.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn body_rows(&self) -> Result<Vec<(SmolStr, Vec<u8>)>, IndexError> {
        let mut rows = Vec::new();
        self.each(&key::body(""), &mut |key, parts| {
            let name = key::name(key).filter(|name| !name.is_empty());
            rows.extend(name.map(|name| (name, parts.list())));
        })?;
        Ok(rows)
    }

    /// The stored rows of a participant, by group.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn pair_rows(&self, participant: &str) -> Result<Vec<(SmolStr, Vec<u8>)>, IndexError> {
        let mut rows = Vec::new();
        self.each(&key::named(Table::Rows, participant, ""), &mut |key, parts| {
            rows.extend(key::names(key).map(|(_, group)| (group, parts.list())));
        })?;
        Ok(rows)
    }

    /// Shows every stored row of a participant in a group.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn each_pair_row(&self, see: &mut dyn FnMut(&str, &str, &[u8])) -> Result<(), IndexError> {
        self.each(&[Table::Rows as u8], &mut |key, parts| {
            if let Some((participant, group)) = key::names(key) {
                see(&participant, &group, parts.stored.unwrap_or_default());
            }
        })
    }

    /// The groups under whose headings the tail files something: what is stored of them may not be all.
    pub fn touched(&self) -> BTreeSet<SmolStr> {
        let mut groups = BTreeSet::new();
        for part in &self.tail {
            groups.extend(part.range(&[Table::Filed as u8]).filter_map(|(key, _)| Some(key::names(key)?.0)));
        }
        groups
    }
}
