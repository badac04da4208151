//! A body and its histories under a view.

use std::sync::Arc;

use crate::event::{Day, ParticipantId};
use crate::history::History;

use super::Axes;
use super::body::BodyView;

impl BodyView {
    /// The same body, following the view of a question.
    #[must_use]
    pub fn with_view(self: Arc<Self>, axes: &Axes) -> Arc<BodyView> {
        match &axes.view {
            None => self,
            Some(policy) => Arc::new(BodyView { policy: Some(Arc::clone(policy)), ..(*self).clone() }),
        }
    }

    /// A history in which the view settles the disputes that it can.
    pub(super) fn viewed(&self, participant: &ParticipantId, history: Arc<History>) -> Arc<History> {
        match (&self.policy, self.pairs.get(participant)) {
            (Some(policy), Some(pair)) if history.accounts.len() > 1 => {
                Arc::new(Arc::unwrap_or_clone(history).settled_by(&policy.chosen(&pair.own)))
            }
            _ => history,
        }
    }

    /// The lines on the rulings of the view that bear on the answer of a day; none if the record itself is settled.
    pub(super) fn rulings_on(&self, participant: &ParticipantId, on: Day) -> Vec<String> {
        let (Some(policy), Some(pair)) = (&self.policy, self.pairs.get(participant)) else {
            return Vec::new();
        };
        if pair.own.iter().all(|act| act.event.rival.is_none()) {
            return Vec::new();
        }
        let history = self.undecided(participant);
        let rulings = policy.rulings(&pair.own).into_iter();
        rulings.filter(|r| history.differs(&r.dispute, on)).map(|r| policy.said(&r)).collect()
    }

    /// The lines on the rulings of the view on every dispute of a participant.
    pub(super) fn every_ruling(&self, participant: &ParticipantId) -> Vec<String> {
        let (Some(policy), Some(pair)) = (&self.policy, self.pairs.get(participant)) else {
            return Vec::new();
        };
        policy.rulings(&pair.own).iter().map(|r| policy.said(r)).collect()
    }
}
