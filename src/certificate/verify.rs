//! Verifies a certificate with only a verifier key: checks every proof, and derives the answer again from the entries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::event::leaf::decode;
use crate::event::{Entry, Heading, Index, Size};
use crate::log::{
    Checkpoint, Frontier, Hash, Lookup, Member, ShownMembers, SignedCheckpoint, VerifierKey, leaf_hash,
    root_of_many,
};
use crate::query::{Charters, CheckpointRef, Material, Need, needs};

use super::NEUTRALITY;
use super::asked::CertifiedQuestion;
use super::error::CertificateError;
use super::text::{FiledText, GroupText, HeadingText, Text};

/// The content of a verified certificate.
#[derive(Clone, PartialEq, Debug)]
pub struct Verified {
    /// The answer in its JSON form, as it was derived here.
    pub answer: Value,
    /// The head of the certificate.
    pub checkpoint: SignedCheckpoint,
    /// Every entry that the answer may depend on.
    pub entries: Arc<Vec<Entry>>,
    /// The program that wrote it.
    pub program: String,
}

/// Verifies the text of a certificate under a key. `program` is the name and version of this program.
///
/// # Errors
/// The first fault.
pub fn verify(text: &str, key: &VerifierKey, program: &str) -> Result<Verified, CertificateError> {
    let parsed = Text::parse(text)?;
    let checkpoint = SignedCheckpoint::parse(&parsed.checkpoint)
        .map_err(|(line, what)| CertificateError::Checkpoint(line, what))?;
    let head = &checkpoint.head;
    let entries = entries(&parsed, head.size)?;
    let leaves: Vec<(u64, Hash)> = entries.iter().map(|(index, (_, hash))| (index.0, *hash)).collect();
    let map = ShownMap::check(&parsed.filed, head, &entries)?;
    if root_of_many(head.size, &leaves, &parsed.hashes) != Some(head.root) {
        return Err(CertificateError::Log);
    }
    checkpoint.verify(key)?;
    let asked = CertifiedQuestion::of_answer(parsed.answer.get()).map_err(CertificateError::Question)?;
    if asked.size() != Size(head.size) {
        return Err(CertificateError::Size { asked: asked.size(), size: Size(head.size) });
    }
    let charters = Arc::new(Charters::default());
    let gathered =
        needs(&asked.scope(), &asked.body, &charters.texts, &mut |need| map.under(need, &entries))?;
    let asked_for: BTreeSet<Index> = gathered.entries.iter().map(|entry| entry.index).collect();
    if let Some(index) = entries.keys().find(|index| !asked_for.contains(index)) {
        return Err(CertificateError::Spare(*index));
    }
    let material = Material {
        entries: Arc::clone(&gathered.entries),
        checkpoint: CheckpointRef { size: asked.size(), root: head.root.to_string() },
        charters,
        scope: gathered.scope,
        given: None,
    };
    let answer = asked.answer(&material)?;
    let by = match parsed.program == program {
        true => String::new(),
        false => format!(" (it was written by {}, this is {program})", parsed.program),
    };
    same(parsed.answer.get(), &answer, &by)?;
    if parsed.neutrality != NEUTRALITY {
        return Err(CertificateError::Neutrality);
    }
    if !parsed.has_digest(text) {
        return Err(CertificateError::Digest);
    }
    Ok(Verified { answer, checkpoint, entries: gathered.entries, program: parsed.program })
}

/// Entries of a certificate with the hashes of their leaves.
type Entries = BTreeMap<Index, (Entry, Hash)>;

fn entries(text: &Text<'_>, size: u64) -> Result<Entries, CertificateError> {
    let mut found = Entries::new();
    for item in &text.entries {
        let index = item.index;
        if index.0 >= size || found.last_key_value().is_some_and(|(last, _)| *last >= index) {
            return Err(CertificateError::Order(index));
        }
        let bytes = item.leaf.get().as_bytes();
        if leaf_hash(bytes) != item.hash {
            return Err(CertificateError::Leaf(index));
        }
        let entry = decode(bytes, index).map_err(|source| CertificateError::Entry { index, source })?;
        found.insert(index, (entry, item.hash));
    }
    Ok(found)
}

/// The part of the completeness map that a certificate shows.
struct ShownMap<'t> {
    groups: ShownMembers,
    opened: BTreeMap<&'t str, Opened<'t>>,
}

/// A group with the headings that are shown, and the entries of those that are opened.
struct Opened<'t> {
    headings: ShownMembers,
    entries: BTreeMap<&'t str, &'t [Index]>,
}

impl<'t> ShownMap<'t> {
    fn check(
        text: &'t FiledText,
        head: &Checkpoint,
        entries: &Entries,
    ) -> Result<ShownMap<'t>, CertificateError> {
        let (size, root) = head.completeness().ok_or(CertificateError::NoMap)?;
        let mut members = Vec::with_capacity(text.groups.len());
        let mut opened = BTreeMap::new();
        for group in &text.groups {
            let root = match (&group.headings, &group.hashes, group.root) {
                (None, None, Some(root)) => root,
                (Some(headings), Some(hashes), None) => {
                    let (root, open) = open(group, headings, hashes, entries)?;
                    opened.insert(group.name.as_str(), open);
                    root
                }
                _ => {
                    return Err(CertificateError::Text(format!(
                        "the group {:?} is neither open nor closed",
                        group.name
                    )));
                }
            };
            members.push((group.at, Member { name: group.name.clone(), size: group.size, root }));
        }
        let groups =
            ShownMembers::check(size, root, members, &text.hashes).ok_or(CertificateError::Groups)?;
        Ok(ShownMap { groups, opened })
    }

    /// The entries filed under a need, each of which must be in the certificate.
    fn under(&self, need: &Need, entries: &Entries) -> Result<Vec<Entry>, CertificateError> {
        let (group, name) = match need {
            Need::Heading(heading) => (heading.group(), Some(heading.name())),
            Need::Group(body) => (body.as_str(), None),
        };
        let not_shown = || CertificateError::NotShown(Heading::named(group, name.unwrap_or_default()));
        let opened = match self.groups.find(group) {
            Lookup::Absent => return Ok(Vec::new()),
            Lookup::NotShown => return Err(not_shown()),
            Lookup::Present(_) => self.opened.get(group).ok_or_else(not_shown)?,
        };
        let indexes: Vec<Index> = match name.map(|name| (name, opened.headings.find(name))) {
            Some((_, Lookup::Absent)) => Vec::new(),
            Some((_, Lookup::NotShown)) => return Err(not_shown()),
            Some((name, Lookup::Present(_))) => opened.entries.get(name).ok_or_else(not_shown)?.to_vec(),
            None if opened.headings.are_all() && opened.entries.len() == opened.headings.len() => {
                opened.entries.values().copied().flatten().copied().collect()
            }
            None => return Err(not_shown()),
        };
        Ok(indexes.iter().filter_map(|index| entries.get(index)).map(|(entry, _)| entry.clone()).collect())
    }
}

/// The root of a group whose headings are shown.
fn open<'t>(
    group: &'t GroupText,
    headings: &'t [HeadingText],
    hashes: &[Hash],
    entries: &Entries,
) -> Result<(Hash, Opened<'t>), CertificateError> {
    let mut members = Vec::with_capacity(headings.len());
    let mut opened = BTreeMap::new();
    for heading in headings {
        let (size, root) = match (&heading.entries, heading.size, heading.root) {
            (None, Some(size), Some(root)) => (size, root),
            (Some(indexes), None, None) => {
                opened.insert(heading.name.as_str(), indexes.as_slice());
                filed(group, heading, indexes, entries)?
            }
            _ => {
                let what =
                    format!("the heading {:?} of {:?} is neither open nor closed", heading.name, group.name);
                return Err(CertificateError::Text(what));
            }
        };
        members.push((heading.at, Member { name: heading.name.clone(), size, root }));
    }
    let failed = || CertificateError::Headings(group.name.clone());
    let leaves: Vec<(u64, Hash)> = members.iter().map(|(at, member)| (*at, member.leaf())).collect();
    let root = root_of_many(group.size, &leaves, hashes).ok_or_else(failed)?;
    let headings = ShownMembers::check(group.size, root, members, hashes).ok_or_else(failed)?;
    Ok((root, Opened { headings, entries: opened }))
}

/// The number of entries filed under a heading, and the root over their leaves.
fn filed(
    group: &GroupText,
    heading: &HeadingText,
    indexes: &[Index],
    entries: &Entries,
) -> Result<(u64, Hash), CertificateError> {
    let mut tree = Frontier::default();
    for index in indexes {
        let (_, hash) = entries.get(index).ok_or_else(|| CertificateError::LeftOut {
            heading: Heading::named(&group.name, &heading.name),
            index: *index,
        })?;
        tree.push(*hash);
    }
    Ok((tree.size(), tree.root()))
}

/// Checks that the answer as written is the one that was derived. If another program wrote it, `by` names that program: the derived
/// answer may then have members that the written one lacks, since answers gain members from version to version.
///
/// # Errors
/// [`CertificateError::Answer`] with the first part that differs, [`CertificateError::Text`].
pub(super) fn same(written: &str, derived: &Value, by: &str) -> Result<(), CertificateError> {
    let gives = derived.to_string();
    if written == gives {
        return Ok(());
    }
    let written: Value = serde_json::from_str(written).map_err(|e| CertificateError::Text(e.to_string()))?;
    match difference(&written, derived, !by.is_empty(), String::new()) {
        Some((place, said, gives)) => Err(CertificateError::Answer { place, said, gives, by: by.to_owned() }),
        None => Ok(()),
    }
}

/// A part of an answer as an error shows it.
fn part(value: Option<&Value>) -> String {
    value.map_or_else(|| "absent".to_owned(), Value::to_string)
}

fn difference(
    written: &Value,
    derived: &Value,
    may_add: bool,
    place: String,
) -> Option<(String, String, String)> {
    match (written, derived) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> =
                a.keys().chain(b.keys().filter(|key| !may_add || a.contains_key(*key))).collect();
            keys.into_iter().find_map(|key| match (a.get(key), b.get(key)) {
                (Some(a), Some(b)) => difference(a, b, may_add, format!("{place}/{key}")),
                // A member that is null is not a missing member.
                (a, b) => Some((format!("{place}/{key}"), part(a), part(b))),
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(at, (a, b))| difference(a, b, may_add, format!("{place}/{at}"))),
        _ if written == derived => None,
        _ => Some((place, written.to_string(), derived.to_string())),
    }
}
