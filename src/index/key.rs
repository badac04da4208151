//! The keys of the tables: the first byte names the table, the rest is in the order in which lookups read it.

use smol_str::SmolStr;

use crate::event::{EventId, Heading};

/// A table of the index. Its number is the first byte of its keys, frozen with the schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Table {
    /// Heading → the entries filed under it, a list in the order of filing.
    Filed = 1,
    /// Heading → the right edge of the tree over the leaves filed under it; absent for fewer than [`EDGE_ENTRIES`].
    Edges = 2,
    /// Group → the number of its headings and the root over them; empty outside published files, and computed when needed.
    Groups = 3,
    /// Participant and group → the row of the participant in the body; empty outside published files.
    OfParticipant = 4,
    /// The first half of an id's [short form](id_key) → the other halves, each with its entry.
    Ids = 5,
    /// The short form of an id → a list of entries that answer or correct an entry of such an id.
    Naming = 6,
    /// The number of a block of [`BLOCK`](super::BLOCK) entries → the time at which its first entry was recorded.
    Stamps = 7,
    /// Level and number → the hash of a complete subtree of the log's tree.
    Nodes = 8,
    /// Heading → a list of corrections whose own body and participant give this heading, but that are not filed under it.
    Aside = 9,
    /// The number of a block of entries → the offsets of their records in the segment that is not sealed.
    Places = 11,
    /// Group → the row of the body; for the empty name, the number of the rules by which all rows were made. Only in
    /// published files.
    Bodies = 12,
}

/// The right edge is stored for headings with at least this number of entries.
pub(super) const EDGE_ENTRIES: u64 = 8;

impl Table {
    /// True if the values of the key's table are lists: a later value is appended to an earlier one, instead of replacing it.
    pub(super) fn is_list(key: &[u8]) -> bool {
        let lists = [Table::Filed, Table::Ids, Table::Naming, Table::Aside];
        lists.iter().any(|table| key.first() == Some(&(*table as u8)))
    }
}

/// The key of two names; with an empty second name, the prefix of all keys with the first. No name contains the byte 0.
pub(super) fn named(table: Table, first: &str, second: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(2 + first.len() + second.len());
    key.push(table as u8);
    key.extend_from_slice(first.as_bytes());
    key.push(0);
    key.extend_from_slice(second.as_bytes());
    key
}

/// The key of a heading.
pub(super) fn heading(table: Table, heading: &Heading) -> Vec<u8> {
    named(table, heading.group(), heading.name())
}

/// The key of a group.
pub(super) fn group(name: &str) -> Vec<u8> {
    let mut key = vec![Table::Groups as u8];
    key.extend_from_slice(name.as_bytes());
    key
}

/// The key of the row of a body; for the empty name, the prefix of all such keys.
pub(super) fn body(name: &str) -> Vec<u8> {
    let mut key = vec![Table::Bodies as u8];
    key.extend_from_slice(name.as_bytes());
    key
}

/// The key of a number in a table, big-endian.
pub(super) fn number(table: Table, number: u32) -> Vec<u8> {
    let [a, b, c, d] = number.to_be_bytes();
    vec![table as u8, a, b, c, d]
}

/// The key of a node of the log's tree.
pub(super) fn node(level: u8, number: u64) -> Vec<u8> {
    let mut key = vec![Table::Nodes as u8, level];
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// The short form of an id: its last four bytes, in which ids made at one time differ. Several ids may share it.
pub fn short_id(id: EventId) -> [u8; 4] {
    let bytes = id.0.as_bytes();
    [bytes[12], bytes[13], bytes[14], bytes[15]]
}

/// The key under which an id is listed, and the half of its short form that distinguishes it there.
pub(super) fn id_key(id: EventId) -> (Vec<u8>, [u8; 2]) {
    let [a, b, c, d] = short_id(id);
    (vec![Table::Ids as u8, a, b], [c, d])
}

/// The key of the entries that answer or correct an entry of an id.
pub(super) fn naming(id: EventId) -> Vec<u8> {
    number(Table::Naming, u32::from_be_bytes(short_id(id)))
}

/// The two names of a key; `None` if it does not have this form.
pub(super) fn names(key: &[u8]) -> Option<(SmolStr, SmolStr)> {
    let (first, second) = std::str::from_utf8(key.get(1..)?).ok()?.split_once('\0')?;
    Some((first.into(), second.into()))
}

/// The name of a key that has one; `None` if it is not UTF-8.
pub(super) fn name(key: &[u8]) -> Option<SmolStr> {
    Some(std::str::from_utf8(key.get(1..)?).ok()?.into())
}
