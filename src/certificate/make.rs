//! Writes a certificate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::event::leaf::decode;
use crate::event::{Entry, Index};
use crate::log::{LeafHashes, Member, SignedCheckpoint, leaf_hash, places_of, prove_many, prove_members};
use crate::query::{Charters, CheckpointRef, Material, Need, Needs, needs};

use super::NEUTRALITY;
use super::asked::CertifiedQuestion;
use super::error::CertificateError;
use super::map::{CompletenessMap, Filed, Group};
use super::text::{FiledText, GroupText, HeadingText, KIND, Leaf, Text};

/// The parts from which a certificate is made.
pub struct CertificateEvidence<'a> {
    /// The head of the certificate, which states the map.
    pub head: SignedCheckpoint,
    /// The map over the entries of the head.
    pub map: &'a CompletenessMap,
    /// The tree over their leaves, or over more leaves.
    pub tree: &'a LeafHashes,
    /// The name and version of the program.
    pub program: &'a str,
}

/// Writes the certificate of an answer, given in its JSON form; `leaf` returns the bytes of an entry.
///
/// # Errors
/// [`CertificateError::Question`] if such an answer has no certificate, [`CertificateError::Answer`] if the entries of the
/// certificate give another answer; the errors of `leaf`.
pub fn make<E: From<CertificateError>>(
    answer: &str,
    evidence: &CertificateEvidence<'_>,
    leaf: &mut dyn FnMut(Index) -> Result<Vec<u8>, E>,
) -> Result<String, E> {
    let asked = CertifiedQuestion::of_answer(answer).map_err(CertificateError::Question)?;
    let mut leaves: BTreeMap<Index, String> = BTreeMap::new();
    let charters = Arc::new(Charters::default());
    let gathered = needs(&asked.scope(), &asked.body, &charters.texts, &mut |need| {
        let filed = under(evidence.map, need);
        let indexes = filed.into_iter().flat_map(|filed| &filed.entries);
        let mut entry = |index: &Index| -> Result<Entry, E> {
            let bytes = leaf(*index)?;
            let entry =
                decode(&bytes, *index).map_err(|source| CertificateError::Entry { index: *index, source })?;
            leaves.insert(*index, String::from_utf8_lossy(&bytes).into_owned());
            Ok(entry)
        };
        indexes.map(&mut entry).collect::<Result<Vec<Entry>, E>>()
    })?;
    let head = &evidence.head.head;
    let checkpoint = CheckpointRef { size: asked.size(), root: head.root.to_string() };
    let material = Material {
        entries: Arc::clone(&gathered.entries),
        checkpoint,
        charters,
        scope: gathered.scope.clone(),
        given: None,
    };
    let derived = asked.answer(&material).map_err(CertificateError::from)?;
    super::verify::same(answer, &derived, "")?;
    Ok(written(&derived.to_string(), evidence, &gathered, &leaves)?)
}

/// The headings of the map under a need.
fn under<'m>(map: &'m CompletenessMap, need: &Need) -> Vec<&'m Filed> {
    match need {
        Need::Heading(heading) => map.filed(heading).into_iter().collect(),
        Need::Group(body) => map.group(body.as_str()).into_iter().flat_map(|group| &group.headings).collect(),
    }
}

fn written(
    answer: &str,
    evidence: &CertificateEvidence<'_>,
    gathered: &Needs,
    leaves: &BTreeMap<Index, String>,
) -> Result<String, CertificateError> {
    let raw = |text: &str| {
        RawValue::from_string(text.to_owned()).map_err(|e| CertificateError::Text(e.to_string()))
    };
    let answer = raw(answer)?;
    let raws = leaves.values().map(|leaf| raw(leaf)).collect::<Result<Vec<_>, _>>()?;
    let entries = leaves.keys().zip(&raws).map(|(index, leaf)| Leaf {
        hash: leaf_hash(leaf.get().as_bytes()),
        index: *index,
        leaf,
    });
    let places: Vec<u64> = leaves.keys().map(|index| index.0).collect();
    let hashes = prove_many(evidence.tree, &places, evidence.head.head.size).ok_or(CertificateError::Log)?;
    let text = Text {
        answer: &answer,
        certificate: KIND.to_owned(),
        checkpoint: evidence.head.to_string(),
        entries: entries.collect(),
        filed: filed(evidence.map, &gathered.parts)?,
        hashes,
        neutrality: NEUTRALITY.to_owned(),
        program: evidence.program.to_owned(),
        sha256: String::new(),
    };
    Ok(text.sealed())
}

/// The part of the map that shows all entries filed under the needs, and that there are no others.
fn filed(map: &CompletenessMap, parts: &BTreeSet<Need>) -> Result<FiledText, CertificateError> {
    let members: Vec<Member> = map.groups.iter().map(|group| group.member.clone()).collect();
    let mut opened: BTreeMap<&str, Option<BTreeSet<&str>>> = BTreeMap::new();
    for part in parts {
        match part {
            Need::Heading(heading) => {
                if let Some(names) = opened.entry(heading.group()).or_insert_with(|| Some(BTreeSet::new())) {
                    names.insert(heading.name());
                }
            }
            Need::Group(body) => _ = opened.insert(body.as_str(), None),
        }
    }
    let places: BTreeSet<usize> = opened.keys().flat_map(|name| places_of(&members, name)).collect();
    let show = |at: &usize| {
        let group = map.groups.get(*at)?;
        let names = opened.get(group.member.name.as_str());
        Some(names.map_or_else(|| Ok(closed(*at, &group.member)), |names| shown(*at, group, names.as_ref())))
    };
    let groups = places.iter().filter_map(show).collect::<Result<Vec<_>, _>>()?;
    let places: Vec<u64> = places.iter().map(|at| *at as u64).collect();
    let hashes = prove_members(&members, &places).ok_or(CertificateError::Groups)?;
    Ok(FiledText { groups, hashes })
}

fn closed(at: usize, member: &Member) -> GroupText {
    let Member { name, size, root } = member.clone();
    GroupText { at: at as u64, hashes: None, headings: None, name, root: Some(root), size }
}

/// A group with some of its headings, or with all of them.
fn shown(at: usize, group: &Group, names: Option<&BTreeSet<&str>>) -> Result<GroupText, CertificateError> {
    let members: Vec<Member> = group.headings.iter().map(|filed| filed.member.clone()).collect();
    let places: BTreeSet<usize> = match names {
        Some(names) => names.iter().flat_map(|name| places_of(&members, name)).collect(),
        None => (0..members.len()).collect(),
    };
    let heading = |at: &usize| {
        let Filed { member, entries } = group.headings.get(*at)?;
        let opened = names.is_none_or(|names| names.contains(member.name.as_str()));
        Some(HeadingText {
            at: *at as u64,
            entries: opened.then(|| entries.clone()),
            name: member.name.clone(),
            root: (!opened).then_some(member.root),
            size: (!opened).then_some(member.size),
        })
    };
    let headings = Some(places.iter().filter_map(heading).collect());
    let places: Vec<u64> = places.iter().map(|at| *at as u64).collect();
    let hashes = prove_members(&members, &places);
    let hashes = hashes.ok_or_else(|| CertificateError::Headings(group.member.name.clone()))?;
    let Member { name, size, .. } = group.member.clone();
    Ok(GroupText { at: at as u64, hashes: Some(hashes), headings, name, root: None, size })
}
