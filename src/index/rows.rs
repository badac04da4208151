//! Rows: bytes that the published file has for each body, and for each participant in a body, so that questions need not read
//! acts. Only the caller that makes and reads a row knows its content. The tail has no rows: questions about a group that it
//! changes are answered without them.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::key::{self, Table};
use super::{IndexError, Tables};

/// The rows of a body, and of participants in it by their ids, as bytes.
pub type RowsOfGroup = (Vec<u8>, Vec<(SmolStr, Vec<u8>)>);

/// The rows of a new file that are made anew; others are taken over from the file before.
#[derive(Clone, Debug, Default)]
pub struct MadeRows {
    /// The number of the rules by which all rows of the file are made.
    pub rules: u64,
    /// Groups whose earlier rows are left out.
    pub stale: BTreeSet<SmolStr>,
    /// Rows that are made anew, by group.
    pub made: BTreeMap<SmolStr, RowsOfGroup>,
}

/// The treatment of an earlier pair when a new file is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Kept,
    /// The key stays, without a value.
    Emptied,
    LeftOut,
}

impl MadeRows {
    /// Decides about an earlier pair: rows made by other rules, and rows of stale groups, are left out.
    pub(super) fn fate(&self, key: &[u8], by_other_rules: bool) -> Fate {
        let is_stale = |group: Option<SmolStr>| {
            by_other_rules || group.is_none_or(|group| group.is_empty() || self.stale.contains(&group))
        };
        match key.first() {
            Some(table) if *table == Table::Places as u8 => Fate::LeftOut,
            Some(table) if *table == Table::Bodies as u8 && is_stale(key::name(key)) => Fate::LeftOut,
            Some(table) if *table == Table::OfParticipant as u8 => {
                match is_stale(key::names(key).map(|n| n.1)) {
                    true => Fate::Emptied,
                    false => Fate::Kept,
                }
            }
            _ => Fate::Kept,
        }
    }

    /// The keys and values of the rows that are made anew.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (Vec<u8>, &[u8])> {
        self.made.iter().flat_map(|(group, (body, pairs))| {
            let pairs = pairs.iter();
            let pairs =
                pairs.map(move |(name, row)| (key::named(Table::OfParticipant, name, group), row.as_slice()));
            pairs.chain([(key::body(group), body.as_slice())])
        })
    }
}

impl Tables {
    /// The number of the rules by which the stored rows were made; `None` if there are none.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn row_rules(&self) -> Result<Option<u64>, IndexError> {
        let Some(stored) = self.stored() else { return Ok(None) };
        let rules = stored.get(&key::body(""))?;
        Ok(rules.and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes))
    }

    /// The stored rows of bodies, by the names of their groups.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn body_rows(&self) -> Result<Vec<(SmolStr, Vec<u8>)>, IndexError> {
        let mut rows = Vec::new();
        self.each(&key::body(""), &mut |key, parts| {
            let name = key::name(key).filter(|name| !name.is_empty());
            rows.extend(name.map(|name| (name, parts.list())));
        })?;
        Ok(rows)
    }

    /// The stored row of one body, by the name of its group.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn body_row(&self, group: &str) -> Result<Option<Vec<u8>>, IndexError> {
        let stored = self.stored().filter(|_| !group.is_empty());
        stored.map_or(Ok(None), |stored| stored.get(&key::body(group)))
    }

    /// The stored rows of all participants that have a heading in a group, each with the participant.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn rows_in(&self, group: &str) -> Result<Vec<(SmolStr, Vec<u8>)>, IndexError> {
        let Some(stored) = self.stored() else { return Ok(Vec::new()) };
        let mut names: Vec<SmolStr> = Vec::new();
        self.each(&key::named(Table::Filed, group, ""), &mut |key, _| {
            names.extend(key::names(key).map(|(_, name)| name).filter(|name| !name.is_empty()));
        })?;
        let mut rows = Vec::with_capacity(names.len());
        for name in names {
            let row = stored.get(&key::named(Table::OfParticipant, &name, group))?;
            rows.extend(row.filter(|row| !row.is_empty()).map(|row| (name, row)));
        }
        Ok(rows)
    }

    /// The stored rows of a participant, by group.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn pair_rows(&self, participant: &str) -> Result<Vec<(SmolStr, Vec<u8>)>, IndexError> {
        let mut rows = Vec::new();
        self.each(&key::named(Table::OfParticipant, participant, ""), &mut |key, parts| {
            let row = parts.stored.filter(|row| !row.is_empty());
            rows.extend(row.and_then(|row| Some((key::names(key)?.1, row.to_vec()))));
        })?;
        Ok(rows)
    }

    /// The stored row of a participant in one group.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn pair_row(&self, participant: &str, group: &str) -> Result<Option<Vec<u8>>, IndexError> {
        let Some(stored) = self.stored() else { return Ok(None) };
        let row = stored.get(&key::named(Table::OfParticipant, participant, group))?;
        Ok(row.filter(|row| !row.is_empty()))
    }

    /// Calls `see` with the participant, the group and the row of every stored pair.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn each_pair_row(&self, see: &mut dyn FnMut(&str, &str, &[u8])) -> Result<(), IndexError> {
        self.each(&[Table::OfParticipant as u8], &mut |key, parts| {
            let row = parts.stored.filter(|row| !row.is_empty());
            if let Some((row, (participant, group))) = row.zip(key::names(key)) {
                see(&participant, &group, row);
            }
        })
    }

    /// The groups in which the tail files an entry: their stored rows may not cover all entries.
    pub fn touched(&self) -> BTreeSet<SmolStr> {
        let mut groups = BTreeSet::new();
        for part in &self.tail {
            groups.extend(part.range(&[Table::Filed as u8]).filter_map(|(key, _)| Some(key::names(key)?.0)));
        }
        groups
    }
}
