//! What was folded for questions about the past, kept for the next one that is answered by the same acts.

use std::collections::HashMap;

use crate::event::{BodyId, Day, ParticipantId};
use crate::history::Region;
use crate::query::Axes;
use crate::snapshot::RowDraft;

use super::rows::Readings;

/// Courses as rows, by pair, each with the questions for which it holds. It holds for them exactly: a region was found by
/// every comparison that was made to find out which acts stand.
#[derive(Default)]
pub(in crate::ledger) struct Past {
    folded: HashMap<BodyId, HashMap<ParticipantId, Vec<Folded>>>,
    readings: Readings,
    /// How many rows there are.
    rows: usize,
}

struct Folded {
    region: Region,
    rows: Vec<RowDraft>,
}

/// So many rows are kept, of some 50 bytes each; with more, all are made anew.
const ROWS_MAX: usize = 1 << 18;
/// So many regions are kept of a pair; with more, the oldest is dropped.
const REGIONS_MAX: usize = 8;

impl Past {
    /// Forgets everything: something was recorded, or supposed.
    pub(in crate::ledger) fn forget(&mut self) {
        *self = Past::default();
    }

    /// The row of a pair, where it was folded for what is recorded and known by the dates of a question.
    pub(in crate::ledger) fn row(
        &self,
        who: &ParticipantId,
        body: &BodyId,
        axes: &Axes,
    ) -> Option<&RowDraft> {
        let folded = self.folded.get(body)?.get(who)?;
        let known = axes.known();
        let here = folded.iter().rev().find(|folded| folded.region.holds(axes.as_recorded, known))?;
        row_on(&here.rows, axes.on)
    }

    /// Keeps what was folded of a pair for the questions of a region.
    pub(super) fn keep(&mut self, who: &ParticipantId, body: &BodyId, region: Region, rows: Vec<RowDraft>) {
        let rows: Vec<RowDraft> = rows.into_iter().map(|row| self.readings.shared(row)).collect();
        if self.rows + rows.len() > ROWS_MAX {
            self.forget();
        }
        self.rows += rows.len();
        let folded = match self.folded.get_mut(body) {
            Some(folded) => folded,
            None => self.folded.entry(body.clone()).or_default(),
        };
        let folded = match folded.get_mut(who) {
            Some(folded) => folded,
            None => folded.entry(who.clone()).or_default(),
        };
        if folded.len() == REGIONS_MAX {
            self.rows -= folded.remove(0).rows.len();
        }
        folded.push(Folded { region, rows });
    }
}

/// The row of some, by first day, in which a day lies.
pub(super) fn row_on(rows: &[RowDraft], day: Day) -> Option<&RowDraft> {
    let after = rows.partition_point(|row| row.from <= day);
    rows.get(after.checked_sub(1)?)
}
