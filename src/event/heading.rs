//! Finds the headings of the completeness map under which an entry is filed. With them a proof can show that no entry under a
//! heading is left out.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use smol_str::{SmolStr, ToSmolStr};

use super::act::Act;
use super::act_kind::ActKind;
use super::correction::{Field, FieldName};
use super::event::{Entry, Event};
use super::ids::{BodyId, EventId, Index};
use super::participant::ParticipantId;

/// A heading: a participant in an organisation or treaty; an organisation or treaty without a participant, for the acts of the body
/// alone; or an import.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Heading {
    group: SmolStr,
    name: SmolStr,
}

impl Heading {
    /// The heading of one participant in one body.
    pub fn of_pair(body: &BodyId, participant: &ParticipantId) -> Heading {
        Heading { group: body.as_str().into(), name: participant.as_str().into() }
    }

    /// The heading of the acts of a body alone, its charter among them.
    pub fn of_body(body: &BodyId) -> Heading {
        Heading { group: body.as_str().into(), name: SmolStr::default() }
    }

    /// The heading of an import: its record, and a retraction of the whole import.
    pub fn of_import(id: EventId) -> Heading {
        Heading { group: import_group(id).into(), name: SmolStr::default() }
    }

    /// True for the heading of an import.
    pub fn is_of_import(&self) -> bool {
        self.group.starts_with(IMPORT)
    }

    /// Makes a heading from the name of its group and its own name in the group.
    pub fn named(group: &str, name: &str) -> Heading {
        Heading { group: group.into(), name: name.into() }
    }

    /// The body, or the import as `import:` and its id. No body's id has a colon.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The participant; empty if there is none.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The beginning of the name of an import's group. No body's id has a colon.
const IMPORT: &str = "import:";

/// The group of the heading of an import.
fn import_group(id: EventId) -> String {
    format!("{IMPORT}{id}")
}

/// Returns every heading of an event and of the forms that its corrections gave it: each body that it names or was given, with each
/// participant that it names or was given. These may be more than it had at any one time, and are never fewer.
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

/// Returns the headings of an event that has no corrections: those of [`headings`], each once.
fn uncorrected(event: &Event) -> impl Iterator<Item = Heading> {
    let group: SmolStr = event.body.as_str().into();
    let who = |id: &ParticipantId| id.as_str().to_smolstr();
    let own = event.participant.as_ref().map(who).unwrap_or_default();
    let about = event.about.as_ref().filter(|about| event.participant.as_ref() != Some(*about)).map(who);
    let import = event.act.kind() == ActKind::ImportRecorded;
    let named = std::iter::once(own).chain(about).map(move |name| Heading { group: group.clone(), name });
    named.chain(import.then(|| Heading::of_import(event.id)))
}

/// Returns the entries that a correction adds to the map. Under headings that the corrected entry already has, this is the
/// correction itself; under headings that the correction gives to the entry, the entry and every correction of it.
///
/// `family` is the corrected entry followed by its corrections before this one, in the order of the log.
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

/// Computes the whole map of the first entries of a log: the entries under every heading, in the order of filing. A correction of
/// an entry that does not come before it is filed nowhere: no answer reads it.
pub fn filings(entries: &[Entry]) -> BTreeMap<Heading, Vec<Index>> {
    let corrected: HashSet<EventId> =
        entries.iter().filter(|entry| entry.event.corrects()).filter_map(|entry| entry.event.to).collect();
    let mut found: HashMap<Heading, Vec<Index>> = HashMap::new();
    // Each corrected entry with its corrections; `family_of` leads from the id of each of them to its place here.
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
