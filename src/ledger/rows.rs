//! MadeRows of the published file: which of them hold for a question, and which are made anew when a file is published.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::charter::Charter;
use crate::event::{ActKind, BodyId, Instant, ParticipantId, Size};
use crate::history::{Standing, charter_acts, standing};
use crate::index::{MadeRows, RowsOfGroup, Tables};
use crate::query::{
    Axes, BodyRow, BodyView, CheckpointRef, FOLD_RULES, Material, PairRow, RuledBody, may_read_rows,
    needs_of_one, rows,
};

use super::record::Record;
use super::{LedgerError, Reading};

/// The rows of bodies that hold for a question, by body.
pub(super) type BodyRows = BTreeMap<BodyId, BodyRow>;

/// The rows of one participant that hold for a question, by body, each with that of the body.
#[derive(Default)]
pub(super) struct PairRows {
    rows: BTreeMap<BodyId, (RuledBody, PairRow)>,
}

impl PairRows {
    /// What a row of the participant in a body says.
    pub(super) fn say<P>(
        &self,
        body: &BodyId,
        read: impl FnOnce(&RuledBody, &PairRow) -> Option<P>,
    ) -> Option<P> {
        let (ruled, row) = self.rows.get(body)?;
        read(ruled, row)
    }
}

impl Record {
    /// The rows that hold for the first `size` entries: nothing that bears on their bodies is behind them. None if events are
    /// only supposed.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn body_rows(&self, size: Size) -> Result<BodyRows, LedgerError> {
        let tables = self.tables();
        if !self.supposed().is_empty() || tables.row_rules()? != Some(FOLD_RULES) {
            return Ok(BodyRows::new());
        }
        let touched = tables.touched();
        let mut held = BodyRows::new();
        for (group, bytes) in tables.body_rows()? {
            let row =
                BodyRow::decode(&bytes).filter(|row| row.size <= size && !is_touched(&group, row, &touched));
            held.extend(BodyId::parse(&group).ok().zip(row));
        }
        Ok(held)
    }

    /// The row of one body, if it holds for the first `size` entries.
    fn body_row(&self, body: &BodyId, size: Size) -> Result<Option<BodyRow>, LedgerError> {
        let tables = self.tables();
        if !self.supposed().is_empty() || tables.row_rules()? != Some(FOLD_RULES) {
            return Ok(None);
        }
        let row = tables.body_row(body.as_str())?.and_then(|bytes| BodyRow::decode(&bytes));
        Ok(row.filter(|row| row.size <= size && !is_touched(body.as_str(), row, &tables.touched())))
    }

    /// The bodies whose charters are among the first `size` entries, by id, without those that only others extend.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn bodies(&self, size: Size) -> Result<Vec<BodyId>, LedgerError> {
        self.bodies_by_rows(size, &self.body_rows(size)?)
    }

    /// The same, read from the rows that hold as far as there are any.
    fn bodies_by_rows(&self, size: Size, held: &BodyRows) -> Result<Vec<BodyId>, LedgerError> {
        let mut bodies = self.groups()?;
        bodies.extend(self.supposed().iter().map(|entry| entry.event.body.clone()));
        bodies.sort();
        bodies.dedup();
        let read = |body: &BodyId| match held.get(body) {
            Some(row) => {
                let ruled = row.ruled.as_ref().filter(|ruled| ruled.is_adopted);
                Ok(ruled.map(|ruled| (body.clone(), ruled.extends.clone())))
            }
            None => {
                let charter = self.adopted(body, size)?;
                Ok(charter.map(|charter| (charter.body.clone(), charter.extends.clone())))
            }
        };
        let read = bodies.par_iter().filter_map(|body| read(body).transpose());
        let adopted: Vec<(BodyId, Option<BodyId>)> = read.collect::<Result<_, LedgerError>>()?;
        let patterns: BTreeSet<BodyId> = adopted.iter().filter_map(|(_, extends)| extends.clone()).collect();
        Ok(adopted.into_iter().map(|(body, _)| body).filter(|body| !patterns.contains(body)).collect())
    }

    /// The rules of a body whose adoption is among the first `size` entries; `None` if none is, or if they cannot be read.
    fn adopted(&self, body: &BodyId, size: Size) -> Result<Option<Arc<Charter>>, LedgerError> {
        let entries = self.rule_entries(body, &[])?;
        let acts = standing(&entries, size, Instant::FUTURE);
        let is_adopted =
            |act: &Standing| act.event.body == *body && act.event.act.kind() == ActKind::CharterAdopted;
        if !acts.iter().any(is_adopted) {
            return Ok(None);
        }
        Ok(self.charters().fold(body, &charter_acts(&acts, body)).ok().flatten())
    }

    /// The rows of a file that is to be published of tables of all entries: those of groups that the tail touches are left
    /// out, and where they are wanted every one that is missing is made.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn rows_for(&self, tables: &Tables, wanted: bool) -> Result<MadeRows, LedgerError> {
        let stored = match tables.row_rules()? {
            Some(FOLD_RULES) => tables.body_rows()?,
            _ => Vec::new(),
        };
        let touched = tables.touched();
        let mut stale = touched.clone();
        let mut held = BTreeSet::new();
        for (group, bytes) in stored {
            match BodyRow::decode(&bytes) {
                Some(row) if !is_touched(&group, &row, &touched) => _ = held.insert(group),
                _ => _ = stale.insert(group),
            }
        }
        let mut missing = if wanted { self.groups()? } else { Vec::new() };
        missing.retain(|body| !held.contains(body.as_str()));
        let made = self.in_batches(&missing, |record, body| record.rows_of(body))?;
        let made = missing.iter().map(|body| SmolStr::new(body.as_str())).zip(made).collect();
        Ok(MadeRows { rules: FOLD_RULES, stale, made })
    }

    fn rows_of(&self, body: &BodyId) -> Result<RowsOfGroup, LedgerError> {
        let needs = self.needs(body, None)?;
        let beside = needs.beside(body);
        let material = Material {
            entries: needs.entries,
            checkpoint: CheckpointRef { size: self.size(), root: String::new() },
            charters: Arc::clone(self.charters()),
            scope: needs.scope,
            given: None,
        };
        let made = rows(&material, body, beside);
        let pairs = made.pairs.into_iter().map(|(who, row)| (SmolStr::new(who.as_str()), row));
        Ok((made.body, pairs.collect()))
    }
}

/// Whether something was filed since that may bear on a body.
fn is_touched(group: &str, row: &BodyRow, touched: &BTreeSet<SmolStr>) -> bool {
    !touched.is_empty()
        && (touched.contains(group) || row.beside.iter().any(|beside| touched.contains(beside.as_str())))
}

impl Reading {
    /// What the row of a body says, if it holds for a question.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn ruled(&self, body: &BodyId, axes: &Axes) -> Result<Option<RuledBody>, LedgerError> {
        if !may_read_rows(axes) {
            return Ok(None);
        }
        Ok(self.record().body_row(body, axes.as_recorded)?.and_then(|row| row.ruled))
    }

    /// The rows of everyone in a body of which the row holds.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn rows_in(
        &self,
        body: &BodyId,
        ruled: &RuledBody,
    ) -> Result<Vec<(ParticipantId, PairRow)>, LedgerError> {
        let stored = self.record().tables().rows_in(body.as_str())?;
        let read = |(who, bytes): (SmolStr, Vec<u8>)| {
            Some((ParticipantId::parse(&who).ok()?, PairRow::decode(&bytes, ruled)?))
        };
        Ok(stored.into_iter().filter_map(read).collect())
    }

    /// The rows of a participant in some bodies that hold for a question.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn pair_rows(
        &self,
        participant: &ParticipantId,
        bodies: &[BodyId],
        axes: &Axes,
    ) -> Result<PairRows, LedgerError> {
        let mut rows = BTreeMap::new();
        for body in bodies {
            let Some(ruled) = self.ruled(body, axes)? else { continue };
            let bytes = self.record().tables().pair_row(participant.as_str(), body.as_str())?;
            let row = bytes.and_then(|bytes| PairRow::decode(&bytes, &ruled));
            rows.extend(row.map(|row| (body.clone(), (ruled, row))));
        }
        Ok(PairRows { rows })
    }

    /// What a question about one participant of a body reads whose status depends on the acts of others by the entry into force
    /// alone, which the row of the body has.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn material_of_one(
        &self,
        body: &BodyId,
        participant: &ParticipantId,
        ruled: &RuledBody,
        size: Size,
    ) -> Result<Option<Material>, LedgerError> {
        let Some(given) = ruled.separable() else { return Ok(None) };
        let needs = needs_of_one(body, participant, &self.record().charters().texts, &mut |need| {
            self.record().under(need)
        })?;
        Ok(Some(Material {
            entries: needs.entries,
            checkpoint: self.head(size)?,
            charters: self.charters(),
            scope: needs.scope,
            given: Some(Arc::new(given.clone())),
        }))
    }

    /// The bodies whose charters are among the first `size` entries, by id, without those that only others extend; each with
    /// what its charter and its record say of it today.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn listed(&self, size: Size) -> Result<Vec<(BodyId, RuledBody)>, LedgerError> {
        let mut held = self.record().body_rows(size)?;
        let bodies = self.record().bodies_by_rows(size, &held)?;
        let read: Vec<(BodyId, Option<RuledBody>)> = bodies
            .into_iter()
            .map(|body| {
                let ruled = held.remove(&body).and_then(|row| row.ruled);
                (body, ruled)
            })
            .collect();
        let pass = self.passing();
        let whole = |(body, ruled): (BodyId, Option<RuledBody>)| match ruled {
            Some(ruled) => Ok((body, ruled)),
            None => {
                let material = pass.material(&body, None, size)?;
                let view = BodyView::new(&material, &body, size, Instant::FUTURE)?;
                Ok((body, RuledBody::of(&view)))
            }
        };
        read.into_par_iter().map(whole).collect()
    }

    /// The bodies in which the record names a participant, of those whose charters are among the first entries that a question
    /// reads; and its rows in them that hold for the question.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn bodies_naming(
        &self,
        participant: &ParticipantId,
        axes: &Axes,
    ) -> Result<(Vec<BodyId>, PairRows), LedgerError> {
        let mut named: Vec<BodyId> = self.record().bodies_of(participant)?;
        named.extend(self.record().supposed().iter().map(|entry| entry.event.body.clone()));
        named.sort();
        named.dedup();
        let mut held = self.record().body_rows(axes.as_recorded)?;
        let mut listed = self.record().bodies_by_rows(axes.as_recorded, &held)?;
        listed.retain(|body| named.binary_search(body).is_ok());
        let mut rows = BTreeMap::new();
        if may_read_rows(axes) && !held.is_empty() {
            for (group, bytes) in self.record().tables().pair_rows(participant.as_str())? {
                let Ok(body) = BodyId::parse(&group) else { continue };
                let Some(ruled) = held.remove(&body).and_then(|row| row.ruled) else { continue };
                let row = PairRow::decode(&bytes, &ruled);
                rows.extend(row.map(|row| (body, (ruled, row))));
            }
        }
        Ok((listed, PairRows { rows }))
    }
}
