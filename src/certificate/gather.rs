//! Which headings an answer may rest on, and the entries under them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::charter::{Charter, CharterText};
use crate::event::{ActKind, BodyId, Day, Entry, Heading, Index, Scope, Size};
use crate::history::{charter_acts, standing};
use crate::query::{Charters, Reach};

use super::asked::Asked;

/// What is asked of the completeness map.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Wanted {
    /// What is filed under one heading.
    Heading(Heading),
    /// What is filed under every heading of a body.
    Group(BodyId),
}

/// Gives the entries that are filed where it is asked.
pub(super) type Source<'s, E> = &'s mut dyn FnMut(&Wanted) -> Result<Vec<Entry>, E>;

/// Everything that an answer may rest on.
pub(super) struct Gathered {
    /// The entries, in the order of the log.
    pub(super) entries: Arc<Vec<Entry>>,
    /// The headings that were asked for.
    pub(super) wanted: BTreeSet<Wanted>,
    /// What bears on the question in its body.
    pub(super) scope: Scope,
}

/// Asks a source for everything that an answer may rest on: of the body the participant asked about and the acts of the
/// body alone, or all of it where its rules make one status rest on acts of others; all of every treaty that its rules wait
/// for; every import that brought any of these.
///
/// # Errors
/// What the source says.
pub(super) fn gather<E>(asked: &Asked, charters: &Charters, source: Source<'_, E>) -> Result<Gathered, E> {
    let mut gathering =
        Gathering { charters, source, found: BTreeMap::new(), wanted: BTreeSet::new(), failed: None };
    // Whether enough others have acted is asked of the whole body.
    let counts = gathering.rules(&asked.body)?.is_some_and(|rules| rules.counts_participants());
    let scope = if counts { Scope::of_body(asked.body.clone()) } else { asked.scope() };
    let Reach { mut scope, besides } =
        Reach::of(&scope, &asked.body, &mut |body| match gathering.rules(body) {
            Ok(rules) => rules,
            Err(error) => {
                gathering.failed.get_or_insert(error);
                None
            }
        });
    if let Some(error) = gathering.failed {
        return Err(error);
    }
    match &scope.participant {
        Some(participant) => gathering.want(Wanted::Heading(Heading::of_pair(&asked.body, participant)))?,
        None => gathering.want(Wanted::Group(asked.body.clone()))?,
    }
    for body in besides {
        gathering.want(Wanted::Group(body))?;
    }
    // Whether a proposed correction stands is for every participant to say (VCLT 79(2)).
    let proposed = |entry: &Entry| entry.event.act.kind() == ActKind::CorrectionProposed;
    if gathering.found.values().any(proposed) {
        scope = Scope::of_body(asked.body.clone());
        gathering.want(Wanted::Group(asked.body.clone()))?;
    }
    let entries = Arc::new(gathering.found.into_values().collect());
    Ok(Gathered { entries, wanted: gathering.wanted, scope })
}

struct Gathering<'a, E> {
    charters: &'a Charters,
    source: Source<'a, E>,
    found: BTreeMap<Index, Entry>,
    wanted: BTreeSet<Wanted>,
    failed: Option<E>,
}

impl<E> Gathering<'_, E> {
    fn want(&mut self, wanted: Wanted) -> Result<(), E> {
        if !self.wanted.insert(wanted.clone()) {
            return Ok(());
        }
        let entries = (self.source)(&wanted)?;
        let imports: BTreeSet<_> = entries.iter().filter_map(|entry| entry.event.import).collect();
        self.found.extend(entries.into_iter().map(|entry| (entry.index, entry)));
        imports.into_iter().try_for_each(|id| self.want(Wanted::Heading(Heading::of_import(id))))
    }

    /// The rules of a body with every amendment recorded; `None` where there are none, or where they cannot be read, which
    /// the answer itself then says.
    fn rules(&mut self, body: &BodyId) -> Result<Option<Arc<Charter>>, E> {
        self.want(Wanted::Heading(Heading::of_body(body)))?;
        let texts = self.found.values().filter(|entry| entry.event.body == *body);
        let patterns: BTreeSet<BodyId> = texts
            .filter_map(|entry| entry.event.act.charter_text().and_then(CharterText::extended))
            .collect();
        for pattern in patterns {
            self.want(Wanted::Heading(Heading::of_body(&pattern)))?;
        }
        let entries: Vec<Entry> = self.found.values().cloned().collect();
        let acts = standing(&entries, Size(u64::MAX), Day::FUTURE);
        Ok(self.charters.fold(body, &charter_acts(&acts, body)).ok().flatten())
    }
}
