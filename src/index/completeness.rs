//! The completeness map: roots over the headings of each group, recomputed for groups that the tail changed, otherwise read.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::event::Index;
use crate::log::{Frontier, Hash, Member, members_root};

use super::apply::edge_of;
use super::key::{self, EDGE_ENTRIES, Table};
use super::{IndexError, Tables, list};

/// A function that returns the hash of an entry's leaf.
type Leaf<'l, E> = dyn Fn(Index) -> Result<Hash, E> + 'l;

/// A heading of a group, with the tree over the entries filed under it.
pub(super) struct Headed {
    pub(super) name: SmolStr,
    pub(super) tree: Frontier,
    /// True if its right edge is stored and current.
    pub(super) is_stored: bool,
}

impl Tables {
    /// The number of groups in the completeness map over its entries, and the root of the map. `leaf` returns the hash of a
    /// leaf that is not in the tail: with a published file, those of headings with fewer than 8 stored entries in groups that
    /// the tail changes.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged; the errors of `leaf`.
    pub fn completeness<E: From<IndexError>>(&self, leaf: &Leaf<'_, E>) -> Result<(u64, Hash), E> {
        let groups = self.group_members(leaf)?;
        Ok((groups.len() as u64, members_root(&groups)))
    }

    /// The groups as members of the completeness map, by name.
    ///
    /// # Errors
    /// Those of [`Tables::completeness`].
    pub fn group_members<E: From<IndexError>>(&self, leaf: &Leaf<'_, E>) -> Result<Vec<Member>, E> {
        let mut heads = Vec::new();
        self.each(&[Table::Groups as u8], &mut |key, parts| {
            heads.push((key::name(key), parts.head().map(head_from)));
        })?;
        let member = |(name, stored): (Option<SmolStr>, Option<Option<(u64, Hash)>>)| {
            let malformed = || self.malformed("a group is not as it was written");
            let name = name.ok_or_else(malformed)?;
            let (size, root) = match stored {
                Some(head) => head.ok_or_else(malformed)?,
                None => {
                    let headings = members_of(&self.headed_in(&name, leaf)?);
                    (headings.len() as u64, members_root(&headings))
                }
            };
            Ok(Member { name: name.to_string(), size, root })
        };
        heads.into_iter().map(member).collect()
    }

    /// The headings of a group as its members, by name. `leaf` is asked about every heading with fewer than 8 stored entries.
    ///
    /// # Errors
    /// Those of [`Tables::completeness`].
    pub fn heading_members<E: From<IndexError>>(
        &self,
        group: &str,
        leaf: &Leaf<'_, E>,
    ) -> Result<Vec<Member>, E> {
        Ok(members_of(&self.headed_in(group, leaf)?))
    }

    /// The headings of a group, each with the tree over the entries filed under it.
    pub(super) fn headed_in<E: From<IndexError>>(
        &self,
        group: &str,
        leaf: &Leaf<'_, E>,
    ) -> Result<Vec<Headed>, E> {
        let mut edges: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        self.each(&key::named(Table::Edges, group, ""), &mut |key, parts| {
            edges.extend(parts.stored.map(|edge| (key.get(1..).unwrap_or_default().to_vec(), edge.to_vec())));
        })?;
        let mut lists = Vec::new();
        self.each(&key::named(Table::Filed, group, ""), &mut |key, parts| {
            let part = |part: Option<&[u8]>| part.map(<[u8]>::to_vec).unwrap_or_default();
            lists.push((key.to_vec(), part(parts.stored), part(parts.tail)));
        })?;
        let mut headed = Vec::with_capacity(lists.len());
        let mut before = Vec::with_capacity(lists.len());
        for (key, stored, added) in lists {
            let edge = key.get(1..).and_then(|heading| edges.get(heading));
            let mut tree = self.tree_over(&stored, edge.map(Vec::as_slice), leaf)?;
            let name = key::names(&key).ok_or_else(|| self.malformed("a heading has no name"))?.1;
            if tree.size() > 0 {
                before.push(Headed { name: name.clone(), tree: tree.clone(), is_stored: true });
            }
            for at in self.entries(&added)? {
                tree.push(self.leaf(at, leaf)?);
            }
            headed.push(Headed { name, tree, is_stored: edge.is_some() && added.is_empty() });
        }
        self.check_head(group, &before)?;
        Ok(headed)
    }

    /// The hashes of leaves are read from a folder that others may write to: with them a group must have had the head that is
    /// stored of it, so that no other one is signed.
    fn check_head(&self, group: &str, before: &[Headed]) -> Result<(), IndexError> {
        let stored = self.stored().map_or(Ok(None), |stored| stored.get(&key::group(group)))?;
        let Some(stored) = stored.filter(|head| !head.is_empty()) else { return Ok(()) };
        match head_from(&stored) == Some((before.len() as u64, members_root(&members_of(before)))) {
            true => Ok(()),
            false => {
                Err(self.malformed("the entries of a group do not give its root: one of them was changed"))
            }
        }
    }

    /// The edges and the heads of groups that are not stored, or that the tail changed; by key.
    pub(super) fn computed<E: From<IndexError>>(&self, leaf: &Leaf<'_, E>) -> Result<Pairs, E> {
        let mut groups = Vec::new();
        self.each(&[Table::Groups as u8], &mut |key, parts| {
            if parts.head().is_none() {
                groups.push(key::name(key));
            }
        })?;
        let mut computed = Pairs::new();
        for group in groups {
            let name = group.ok_or_else(|| self.malformed("a group has no name"))?;
            let headed = self.headed_in(&name, leaf)?;
            let mut head = Vec::with_capacity(34);
            list::push(&mut head, headed.len() as u64);
            head.extend_from_slice(&members_root(&members_of(&headed)).0);
            computed.insert(key::group(&name), head);
            for heading in headed.iter().filter(|of| !of.is_stored && of.tree.size() >= EDGE_ENTRIES) {
                let edge = heading.tree.roots().iter().flat_map(|root| root.0).collect();
                computed.insert(key::named(Table::Edges, &name, &heading.name), edge);
            }
        }
        Ok(computed)
    }

    /// The tree over a stored list, from its edge if that is stored, and over the entries that the tail adds to the list.
    fn tree_over<E: From<IndexError>>(
        &self,
        stored: &[u8],
        edge: Option<&[u8]>,
        leaf: &Leaf<'_, E>,
    ) -> Result<Frontier, E> {
        match edge {
            None => {
                let leaves = self.entries(stored)?.into_iter().map(|at| self.leaf(at, leaf));
                Ok(edge_of(leaves.collect::<Result<Vec<Hash>, E>>()?))
            }
            Some(edge) => Ok(edge_from(list::count(stored), edge)
                .ok_or_else(|| self.malformed("the edge of a heading does not fit its entries"))?),
        }
    }
}

/// Values by their keys.
pub(super) type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

/// Headings as members of their group.
pub(super) fn members_of(headed: &[Headed]) -> Vec<Member> {
    let member = |headed: &Headed| Member {
        name: headed.name.to_string(),
        size: headed.tree.size(),
        root: headed.tree.root(),
    };
    headed.iter().map(member).collect()
}

/// Reads a stored edge: the roots of its full subtrees.
fn edge_from(size: u64, edge: &[u8]) -> Option<Frontier> {
    let (roots, rest) = edge.as_chunks::<32>();
    if !rest.is_empty() {
        return None;
    }
    Frontier::from_roots(size, roots.iter().map(|root| Hash(*root)).collect())
}

/// Reads the stored head of a group: the number of its headings, and the root over them.
pub(super) fn head_from(mut stored: &[u8]) -> Option<(u64, Hash)> {
    let size = list::take(&mut stored)?;
    Some((size, Hash(stored.try_into().ok()?)))
}
