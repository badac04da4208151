//! The changes that events would make: statuses before and after, day by day, and the remarks of the rules.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::charter::{Remark, judge};
use crate::event::{Act, BodyId, Day, Entry, Event, Index, Instant, ParticipantId, Scope, Size, StatusId};
use crate::history::{Certainty, StatusReading};
use crate::query::{BodyView, CheckpointRef, Material};

use super::{LedgerError, Writer};

/// The changes that appending events would make.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Consequences {
    /// Spans of days on which a status would change, by participant, then by day.
    pub changes: Vec<StatusChange>,
    /// Departures from the charter, each with the position of its event among those given, from 0.
    pub remarks: Vec<(usize, Remark)>,
}

/// A span of days on which a status would change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusChange {
    /// The participant whose status changes.
    pub participant: ParticipantId,
    /// The organisation or treaty in which it changes.
    pub body: BodyId,
    /// Its first day; [`Day::PAST`] from the beginning.
    pub from: Day,
    /// The day after its last day; [`Day::FUTURE`] if no recorded act ends it.
    pub until: Day,
    /// The present answer.
    pub before: Said,
    /// The answer with the events.
    pub after: Said,
}

/// The answer for a day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// How far the answer can be relied on.
    pub certainty: Certainty,
    /// Every status that is possible.
    pub possible: Vec<StatusId>,
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.possible.iter().map(StatusId::as_str).collect();
        write!(f, "{}", names.join(" or "))?;
        match self.certainty {
            Certainty::Contested => write!(f, " (contested)"),
            _ => Ok(()),
        }
    }
}

impl Writer {
    /// The changes that admitted events which are not yet recorded would make, on everything known.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn consequences(&mut self, events: &[Arc<Event>]) -> Result<Consequences, LedgerError> {
        let mut scopes: BTreeSet<(BodyId, Option<ParticipantId>)> = BTreeSet::new();
        for event in events {
            self.touched(event, &mut scopes)?;
        }
        // If a clause counts participants, one act may change the status of another participant.
        let joins =
            |writer: &mut Writer, body: &BodyId| writer.charter(body).is_ok_and(|c| c.joins_participants());
        let joined: Vec<BodyId> =
            scopes.iter().map(|(body, _)| body).filter(|body| joins(self, body)).cloned().collect();
        scopes.extend(joined.into_iter().map(|body| (body, None)));
        let whole: BTreeSet<BodyId> =
            scopes.iter().filter(|(_, who)| who.is_none()).map(|(b, _)| b.clone()).collect();
        scopes.retain(|(body, who)| who.is_none() || !whole.contains(body));
        let mut found = Consequences::default();
        for (body, who) in scopes {
            let loaded = self.record.needs(&body, who.as_ref())?.entries;
            let size = self.size().0;
            let mut entries = loaded.to_vec();
            let new = events.iter().enumerate().map(|(at, event)| Entry {
                index: Index(size + at as u64),
                recorded_at: Instant::from_micros(0),
                event: Arc::clone(event),
            });
            entries.extend(new);
            self.compare(&body, who.as_ref(), [loaded, Arc::new(entries)], events, &mut found)?;
        }
        Ok(found)
    }

    fn compare(
        &self,
        body: &BodyId,
        who: Option<&ParticipantId>,
        [recorded, with_events]: [Arc<Vec<Entry>>; 2],
        events: &[Arc<Event>],
        found: &mut Consequences,
    ) -> Result<(), LedgerError> {
        let size = self.size();
        let material = |entries| Material {
            entries,
            checkpoint: CheckpointRef { size, root: String::new() },
            charters: Arc::clone(self.record.charters()),
            scope: Scope { body: Some(body.clone()), participant: who.cloned() },
            given: None,
        };
        // A body whose charter is among the events cannot be evaluated without them.
        let before = BodyView::new(&material(recorded), body, Size(u64::MAX), Instant::FUTURE).ok();
        let Ok(after) = BodyView::new(&material(with_events), body, Size(u64::MAX), Instant::FUTURE) else {
            return Ok(());
        };
        let mut names: BTreeSet<&ParticipantId> = after.pairs.keys().collect();
        names.extend(before.iter().flat_map(|view| view.pairs.keys()));
        for participant in names.into_iter().filter(|name| who.is_none_or(|who| who == *name)) {
            let is = after.history(participant);
            remarks(&after, participant, &is, events, body, found);
            let Some(before) = &before else { continue };
            let was = before.history(participant);
            let mut days: BTreeSet<Day> = is.spells().iter().map(|s| s.from).collect();
            days.extend(was.spells().iter().map(|s| s.from));
            let days: Vec<Day> = days.into_iter().collect();
            for (at, from) in days.iter().enumerate() {
                let until = days.get(at + 1).copied().unwrap_or(Day::FUTURE);
                let said = |reading: StatusReading| Said {
                    certainty: reading.certainty,
                    possible: after.in_order(reading.statuses()),
                };
                let (before, after) = (said(was.on(*from)), said(is.on(*from)));
                let goes_on = found.changes.last_mut().filter(|c| {
                    c.participant == *participant
                        && c.body == *body
                        && c.until == *from
                        && c.before == before
                        && c.after == after
                });
                match (goes_on, before == after) {
                    (_, true) => {}
                    (Some(last), _) => last.until = until,
                    (None, _) => found.changes.push(StatusChange {
                        participant: participant.clone(),
                        body: body.clone(),
                        from: *from,
                        until,
                        before,
                        after,
                    }),
                }
            }
        }
        Ok(())
    }

    /// Adds the pairs that an event bears on, or the whole body.
    fn touched(
        &self,
        event: &Event,
        scopes: &mut BTreeSet<(BodyId, Option<ParticipantId>)>,
    ) -> Result<(), LedgerError> {
        let target = match (&event.act, event.to) {
            (Act::RecordCorrected(_) | Act::EntryRetracted(_), Some(to)) => self.find(to)?,
            _ => None,
        };
        if let Some(target) = target {
            let target = self.entry(target)?.event;
            self.touched(&target, scopes)?;
            if let Act::RecordCorrected(correction) = &event.act {
                let mut moved = Arc::unwrap_or_clone(target);
                for (field, value) in &correction.now {
                    field.0.write(&mut moved, value)?;
                }
                scopes.insert((moved.body, moved.participant));
            }
            return Ok(());
        }
        scopes.insert((event.body.clone(), event.participant.clone()));
        Ok(())
    }
}

/// The remarks of the rules of the day on each act of a participant.
fn remarks(
    view: &BodyView,
    participant: &ParticipantId,
    history: &crate::history::History,
    events: &[Arc<Event>],
    body: &BodyId,
    found: &mut Consequences,
) {
    let own = |e: &&(usize, &Arc<Event>)| e.1.body == *body && e.1.participant.as_ref() == Some(participant);
    let listed: Vec<(usize, &Arc<Event>)> = events.iter().enumerate().collect();
    for (at, event) in listed.iter().filter(own) {
        let Some(day) = event.effect().map(crate::event::Edtf::latest) else { continue };
        let from = history.on(day.previous()).status().cloned().unwrap_or_else(StatusId::none);
        let judged = judge(view.charter.on(day), &from, event);
        found.remarks.extend(judged.remarks.into_iter().map(|remark| (*at, remark)));
    }
}
