//! The completeness map of one size, kept so that the map of a later size can be made from it: only groups with new entries
//! are computed again, and only blocks of groups that contain one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use smol_str::SmolStr;

use crate::event::{Index, Size};
use crate::log::{Frontier, Hash, Member, members_root};

use super::completeness::{head_from, members_of};
use super::key::{self, Table};
use super::{IndexError, Tables, list};

const MAGIC: [u8; 8] = *b"CHANCMAP";
const VERSION: u8 = 1;
/// The number of groups under one node: a power of two, so that the nodes lead to the root of the map.
const BLOCK_GROUPS: usize = 64;
/// A map of more groups is not kept: reading and writing it would take longer than it saves.
const GROUPS_MAX: u64 = 1 << 16;

/// A group's head: the number of its headings, and the root over them.
type Head = (u64, Hash);

/// The completeness map over the first entries of a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupMap {
    size: u64,
    groups: u64,
    /// The groups that the tail of the tables changed since the tables were stored, with their heads.
    changed: BTreeMap<SmolStr, Head>,
    /// The root over the members of each block of groups, in the order of their names.
    nodes: Vec<Hash>,
}

/// A group in the tables.
struct Row {
    name: SmolStr,
    stored: Option<Head>,
    is_changed: bool,
}

impl GroupMap {
    /// The number of entries that it covers.
    pub fn size(&self) -> Size {
        Size(self.size)
    }

    /// The number of groups.
    pub fn groups(&self) -> u64 {
        self.groups
    }

    /// The root over the groups.
    pub fn root(&self) -> Hash {
        let mut tree = Frontier::default();
        self.nodes.iter().for_each(|node| tree.push(*node));
        tree.root()
    }

    /// Encodes it with a CRC-32C; `None` if it has more than 65,536 groups.
    pub fn encode(&self) -> Option<Vec<u8>> {
        if self.groups > GROUPS_MAX {
            return None;
        }
        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        for number in [self.size, self.groups, self.changed.len() as u64] {
            list::push(&mut bytes, number);
        }
        for (name, (headings, root)) in &self.changed {
            list::push(&mut bytes, name.len() as u64);
            bytes.extend_from_slice(name.as_bytes());
            list::push(&mut bytes, *headings);
            bytes.extend_from_slice(&root.0);
        }
        self.nodes.iter().for_each(|node| bytes.extend_from_slice(&node.0));
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        Some(bytes)
    }

    /// Decodes it; `None` if the bytes are damaged, of another version or not exactly as it is encoded.
    pub fn decode(bytes: &[u8]) -> Option<GroupMap> {
        GroupMap::read(bytes).filter(|map| map.encode().as_deref() == Some(bytes))
    }

    fn read(bytes: &[u8]) -> Option<GroupMap> {
        let (bytes, sum) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(bytes) != u32::from_le_bytes(*sum) {
            return None;
        }
        let mut rest = bytes.strip_prefix(&MAGIC)?.strip_prefix(&[VERSION])?;
        let (size, groups) = (list::take(&mut rest)?, list::take(&mut rest)?);
        let mut changed = BTreeMap::new();
        for _ in 0..list::take(&mut rest)? {
            let length = usize::try_from(list::take(&mut rest)?).ok()?;
            let (name, after) = rest.split_at_checked(length)?;
            rest = after;
            let headings = list::take(&mut rest)?;
            let (root, after) = rest.split_first_chunk::<32>()?;
            rest = after;
            changed.insert(SmolStr::new(std::str::from_utf8(name).ok()?), (headings, Hash(*root)));
        }
        let (nodes, rest) = rest.as_chunks::<32>();
        let nodes: Vec<Hash> = nodes.iter().map(|node| Hash(*node)).collect();
        let whole = rest.is_empty() && nodes.len() as u64 == groups.div_ceil(BLOCK_GROUPS as u64);
        whole.then_some(GroupMap { size, groups, changed, nodes })
    }
}

impl Tables {
    /// The completeness map over all its entries, made from `known` if that fits: a map of an earlier size whose root is
    /// known to be right. `leaf` returns hashes of leaves, as for [`Tables::completeness`]. `goes_on` is asked before each
    /// group that has to be computed; if it returns false, the result is `None`.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged; the errors of `leaf`.
    pub fn group_map<E: From<IndexError>>(
        &self,
        known: Option<&GroupMap>,
        leaf: &dyn Fn(Index) -> Result<Hash, E>,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Option<GroupMap>, E> {
        let rows = self.group_rows()?;
        if let Some(known) = known
            && let Some(map) = self.map_from(known, &rows, leaf, goes_on)?
        {
            return Ok(Some(map));
        }
        let mut changed = BTreeMap::new();
        let mut members = Vec::with_capacity(rows.len());
        for row in &rows {
            let head = match row.stored.filter(|_| !row.is_changed) {
                Some(head) => head,
                None if !goes_on() => return Ok(None),
                None => *changed.entry(row.name.clone()).or_insert(self.head_of(&row.name, leaf)?),
            };
            members.push(member(row, head));
        }
        let nodes = members.chunks(BLOCK_GROUPS).map(members_root).collect();
        Ok(Some(GroupMap { size: self.size().0, groups: rows.len() as u64, changed, nodes }))
    }

    fn group_rows(&self) -> Result<Vec<Row>, IndexError> {
        let mut rows = Vec::new();
        let mut sound = true;
        self.range(&[Table::Groups as u8], &mut |key, parts| {
            let stored = parts.stored.filter(|head| !head.is_empty());
            let head = stored.map(head_from);
            let Some(name) = key::name(key).filter(|_| head != Some(None)) else {
                sound = false;
                return ControlFlow::Break(());
            };
            rows.push(Row { name, stored: head.flatten(), is_changed: parts.tail.is_some() });
            ControlFlow::Continue(())
        })?;
        if sound { Ok(rows) } else { Err(self.malformed("a group is not as it was written")) }
    }

    fn head_of<E: From<IndexError>>(
        &self,
        group: &str,
        leaf: &dyn Fn(Index) -> Result<Hash, E>,
    ) -> Result<Head, E> {
        let headings = members_of(&self.headed_in(group, leaf)?);
        Ok((headings.len() as u64, members_root(&headings)))
    }

    /// Makes the map from an earlier one; `None` if that does not fit, or `goes_on` returns false. The node of a block with a
    /// changed group is first recomputed from the earlier heads and must be that of the earlier map, so that no unproven head
    /// enters the root.
    fn map_from<E: From<IndexError>>(
        &self,
        known: &GroupMap,
        rows: &[Row],
        leaf: &dyn Fn(Index) -> Result<Hash, E>,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Option<GroupMap>, E> {
        let stored = self.size().0 - self.tail_entries();
        if known.groups != rows.len() as u64 || known.size < stored || known.size > self.size().0 {
            return Ok(None);
        }
        let filed = self.filed_since(known.size())?;
        let fresh: BTreeSet<&str> = filed.iter().map(|(heading, _)| heading.group()).collect();
        let mut changed = BTreeMap::new();
        for row in rows.iter().filter(|row| row.is_changed) {
            let head = match (fresh.contains(row.name.as_str()), known.changed.get(&row.name)) {
                (true, _) if !goes_on() => return Ok(None),
                (true, _) => self.head_of(&row.name, leaf)?,
                (false, Some(head)) => *head,
                (false, None) => return Ok(None),
            };
            changed.insert(row.name.clone(), head);
        }
        let mut nodes = known.nodes.clone();
        for (node, rows) in nodes.iter_mut().zip(rows.chunks(BLOCK_GROUPS)) {
            if !rows.iter().any(|row| fresh.contains(row.name.as_str())) {
                continue;
            }
            let before =
                |row: &Row| known.changed.get(&row.name).filter(|_| row.is_changed).copied().or(row.stored);
            let now = |row: &Row| changed.get(&row.name).copied().or(row.stored);
            if node_of(rows, before) != Some(*node) {
                return Ok(None);
            }
            let Some(next) = node_of(rows, now) else { return Ok(None) };
            *node = next;
        }
        Ok(Some(GroupMap { size: self.size().0, groups: known.groups, changed, nodes }))
    }
}

/// The root over a block of groups; `None` if the head of one is not known.
fn node_of(rows: &[Row], head: impl Fn(&Row) -> Option<Head>) -> Option<Hash> {
    let members: Option<Vec<Member>> = rows.iter().map(|row| Some(member(row, head(row)?))).collect();
    members.map(|members| members_root(&members))
}

fn member(row: &Row, (size, root): Head) -> Member {
    Member { name: row.name.to_string(), size, root }
}
