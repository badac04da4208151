//! The acts recorded of each participant of a body.

use std::collections::BTreeMap;

use crate::charter::Charter;
use crate::event::{Index, ParticipantId};

use super::procedure::{Lifecycle, lifecycles};
use super::rival::History;
use super::standing::Standing;

/// One participant in one body.
#[derive(Clone, Debug, Default)]
pub struct PairView {
    /// Its own acts.
    pub own: Vec<Standing>,
    /// Acts of others about it.
    pub about: Vec<Standing>,
}

impl PairView {
    /// Finds an act by its index.
    pub fn act(&self, entry: Index) -> Option<&Standing> {
        self.own.iter().chain(&self.about).find(|a| a.index == entry)
    }

    /// The procedures on one account of the course.
    pub fn lifecycles<'s>(
        &'s self,
        charter: &Charter,
        history: &History,
        account: usize,
    ) -> Vec<Lifecycle<'s>> {
        let Some(account) = history.accounts.get(account) else { return Vec::new() };
        let follows = |act: &&Standing| match &act.event.rival {
            Some(rival) => account.chains.contains(rival),
            None => true,
        };
        let own = self.own.iter().filter(|act| act.event.for_another().is_none());
        lifecycles(charter, own.chain(&self.about).filter(follows), &account.course)
    }
}

/// The acts recorded of each participant of a body.
pub type Pairs = BTreeMap<ParticipantId, PairView>;
