//! Under which headings of the completeness map an entry is filed, so that whoever is shown a heading can be shown that
//! nothing filed under it is left out.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use smol_str::{SmolStr, ToSmolStr};

use super::act::Act;
use super::act_kind::ActKind;
use super::correction::{Field, FieldName};
use super::event::{Entry, Event};
use super::ids::{BodyId, EventId, Index};
use super::participant::ParticipantId;

/// A heading: an organisation or treaty and a participant in it, or neither, for the acts of the body alone; or an import.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Heading {
    group: SmolStr,
    name: SmolStr,
}

impl Heading {
    /// What concerns one participant in one body.
    pub fn of_pair(body: &BodyId, participant: &ParticipantId) -> Heading {
        Heading { group: body.as_str().into(), name: participant.as_str().into() }
    }

    /// The acts of a body alone, its charter among them.
    pub fn of_body(body: &BodyId) -> Heading {
        Heading { group: body.as_str().into(), name: SmolStr::default() }
    }

    /// The record of an import, and what withdraws it with every row.
    pub fn of_import(id: EventId) -> Heading {
        Heading { group: import_group(id).into(), name: SmolStr::default() }
    }

    /// Whether it is that of an import.
    pub fn is_of_import(&self) -> bool {
        self.group.starts_with(IMPORT)
    }

    /// The heading by the names of its group and of itself in it.
    pub fn named(group: &str, name: &str) -> Heading {
        Heading { group: group.into(), name: name.into() }
    }

    /// The body, or the import as `import:` and its id. No body's id has a colon.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The participant; empty where there is none.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// What the groups of imports begin with: no body's id has a colon.
const IMPORT: &str = "import:";

/// The group of the heading of an import.
fn import_group(id: EventId) -> String {
    format!("{IMPORT}{id}")
}

/// The headings of an event under everything that its corrections made of it: the bodies and the participants that it
/// names or was given, each with each. That may be more than it ever stood under at once; it is never less.
pub fn headings<'e>(event: &Event, corrections: impl IntoIterator<Item = &'e Event>) -> BTreeSet<Heading> {
    let who = |id: Option<&ParticipantId>| id.map(|id| id.as_str().to_smolstr());
    let mut bodies: BTreeSet<SmolStr> = BTreeSet::from([event.body.as_str().into()]);
    let mut names: BTreeSet<SmolStr> = BTreeSet::from([who(event.participant.as_ref()).unwrap_or_default()]);
    names.extend(who(event.about.as_ref()));
    for correction in corrections {
        let Act::RecordCorrected(correction) = &correction.act else { continue };
        for (FieldName(field), value) in &correction.now {
            match field {
                Field::Body => bodies.extend(BodyId::parse(value).ok().map(|id| id.as_str().into())),
                Field::Participant if value.is_empty() => _ = names.insert(SmolStr::default()),
                Field::Participant | Field::About => {
                    names.extend(who(ParticipantId::parse(value).ok().as_ref()));
                }
                _ => {}
            }
        }
    }
    let mut found: BTreeSet<Heading> = BTreeSet::new();
    for group in &bodies {
        found.extend(names.iter().map(|name| Heading { group: group.clone(), name: name.clone() }));
    }
    if event.act.kind() == ActKind::ImportRecorded {
        found.insert(Heading::of_import(event.id));
    }
    found
}

/// The headings of an event that nothing corrects: those of [`headings`], each once.
fn uncorrected(event: &Event) -> impl Iterator<Item = Heading> {
    let group: SmolStr = event.body.as_str().into();
    let who = |id: &ParticipantId| id.as_str().to_smolstr();
    let own = event.participant.as_ref().map(who).unwrap_or_default();
    let about = event.about.as_ref().filter(|about| event.participant.as_ref() != Some(*about)).map(who);
    let import = event.act.kind() == ActKind::ImportRecorded;
    let named = std::iter::once(own).chain(about).map(move |name| Heading { group: group.clone(), name });
    named.chain(import.then(|| Heading::of_import(event.id)))
}

/// What a correction adds to the map: under headings that the corrected entry was filed under, itself; under headings
/// that it gives to the entry, the entry and every correction of it.
///
/// `family` is the entry and the corrections of it before this one, in the order of the log.
pub fn filed_by_correction(family: &[&Entry], correction: &Entry) -> Vec<(Heading, Vec<Index>)> {
    let Some((root, before)) = family.split_first() else { return Vec::new() };
    let corrections = || before.iter().map(|entry| &*entry.event);
    let old = headings(&root.event, corrections());
    let all = headings(&root.event, corrections().chain([&*correction.event]));
    let whole = || family.iter().map(|entry| entry.index).chain([correction.index]).collect();
    let filed = |heading: Heading| match old.contains(&heading) {
        true => (heading, vec![correction.index]),
        false => (heading, whole()),
    };
    all.into_iter().map(filed).collect()
}

/// The whole map of the first entries of a log: what is filed under every heading, in the order of filing. A correction of
/// nothing that stands before it is filed nowhere: no answer reads it.
pub fn filings(entries: &[Entry]) -> BTreeMap<Heading, Vec<Index>> {
    let corrected: HashSet<EventId> =
        entries.iter().filter(|entry| entry.event.corrects()).filter_map(|entry| entry.event.to).collect();
    let mut found: HashMap<Heading, Vec<Index>> = HashMap::new();
    // Of what is corrected, the entry with its corrections; by the id of each of them.
    let mut families: Vec<Vec<&Entry>> = Vec::new();
    let mut family_of: HashMap<EventId, usize> = HashMap::new();
    for entry in entries {
        let event = &entry.event;
        let family = if event.corrects() {
            event.to.and_then(|to| family_of.get(&to)).copied()
        } else {
            for heading in uncorrected(event) {
                found.entry(heading).or_default().push(entry.index);
            }
            corrected.contains(&event.id).then(|| {
                families.push(Vec::new());
                families.len() - 1
            })
        };
        let Some((at, family)) = family.and_then(|at| Some((at, families.get_mut(at)?))) else { continue };
        for (heading, indexes) in filed_by_correction(family, entry) {
            found.entry(heading).or_default().extend(indexes);
        }
        family.push(entry);
        family_of.entry(event.id).or_insert(at);
    }
    found.into_iter().collect()
}
