//! The completeness map: every entry of a log by the headings under which it is filed.

use std::collections::BTreeMap;

use crate::event::{Entry, Heading, Index, filings};
use crate::log::{Frontier, Hash, Member, members_root};

/// The entries filed under one heading.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Filed {
    /// The name of the heading in its group, the number of entries, and the root over their leaf hashes.
    pub(super) member: Member,
    /// The entries, in the order of filing.
    pub(super) entries: Vec<Index>,
}

/// The headings of one body, or of one import.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Group {
    /// The name of the group, the number of its headings, and the root over them.
    pub(super) member: Member,
    /// The headings, by name.
    pub(super) headings: Vec<Filed>,
}

/// The headings of a group, each with its entries in the order of filing.
pub(crate) type Headings = Vec<(Member, Vec<Index>)>;

/// Every heading of the first entries of a log.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CompletenessMap {
    pub(super) groups: Vec<Group>,
}

impl CompletenessMap {
    /// The map over the first entries of a log, with the hashes of their leaves.
    pub fn new(entries: &[Entry], leaves: &[Hash]) -> CompletenessMap {
        let hash = |index: &Index| leaves.get(usize::try_from(index.0).ok()?).copied();
        CompletenessMap::of_filed(filings(entries).into_iter().map(|(heading, entries)| {
            let mut tree = Frontier::default();
            entries.iter().filter_map(hash).for_each(|hash| tree.push(hash));
            (heading, entries, tree.root())
        }))
    }

    /// The map from the entries filed under each heading, with the root over their leaves, sorted by heading.
    pub fn of_filed(filed: impl IntoIterator<Item = (Heading, Vec<Index>, Hash)>) -> CompletenessMap {
        let mut groups: BTreeMap<String, Vec<Filed>> = BTreeMap::new();
        for (heading, entries, root) in filed {
            let member = Member { name: heading.name().to_owned(), size: entries.len() as u64, root };
            groups.entry(heading.group().to_owned()).or_default().push(Filed { member, entries });
        }
        let group = |(name, headings): (String, Vec<Filed>)| {
            let root = members_root(headings.iter().map(|filed| &filed.member));
            Group { member: Member { name, size: headings.len() as u64, root }, headings }
        };
        CompletenessMap { groups: groups.into_iter().map(group).collect() }
    }

    /// The map of all groups, with the headings of those that are opened, each with its entries in the order of filing.
    pub fn opened(groups: Vec<(Member, Headings)>) -> CompletenessMap {
        let filed = |(member, entries): (Member, Vec<Index>)| Filed { member, entries };
        let group = |(member, headings): (Member, Headings)| Group {
            member,
            headings: headings.into_iter().map(filed).collect(),
        };
        CompletenessMap { groups: groups.into_iter().map(group).collect() }
    }

    /// The number of groups, and the root over them.
    pub fn head(&self) -> (u64, Hash) {
        (self.groups.len() as u64, members_root(self.groups.iter().map(|group| &group.member)))
    }

    pub(super) fn group(&self, name: &str) -> Option<&Group> {
        let at = self.groups.binary_search_by(|group| group.member.name.as_str().cmp(name)).ok()?;
        self.groups.get(at)
    }

    pub(super) fn filed(&self, heading: &Heading) -> Option<&Filed> {
        let group = self.group(heading.group())?;
        let at = group.headings.binary_search_by(|filed| filed.member.name.as_str().cmp(heading.name()));
        group.headings.get(at.ok()?)
    }
}
