//! The leaves of the completeness map: logs and groups of logs by their names.
//!
//! The map is a tree of trees, each that of RFC 6962. A log has a name in its group, and a group has a name in the map; each
//! is a *member* of the tree above: the name, size and root of the tree below. Members are in the order of their names
//! (bytes), so two neighbours show that no name between them exists.

use super::multiproof::{prove_many, root_of_many};
use super::proof::LeafHashes;
use super::tree::{Frontier, Hash, leaf_hash};

/// A log, or a group of logs, by its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Its name among its neighbours, without a newline; may be empty.
    pub name: String,
    /// The number of its leaves or members.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl Member {
    /// The hash of its leaf in the tree above: three lines, as in a checkpoint.
    pub fn leaf(&self) -> Hash {
        leaf_hash(format!("{}\n{}\n{}\n", self.name, self.size, self.root).as_bytes())
    }
}

/// The root over members in the order of their names.
pub fn members_root<'m>(members: impl IntoIterator<Item = &'m Member>) -> Hash {
    let mut tree = Frontier::default();
    members.into_iter().for_each(|member| tree.push(member.leaf()));
    tree.root()
}

/// The positions among sorted members that show a name: its own, or those of the neighbours between which it would be.
pub fn places_of(members: &[Member], name: &str) -> Vec<usize> {
    match members.binary_search_by(|member| member.name.as_str().cmp(name)) {
        Ok(at) => vec![at],
        Err(at) => (at.saturating_sub(1)..members.len().min(at + 1)).collect(),
    }
}

/// The hashes that lead from the members at some positions, which rise strictly, to the root over all of them; `None` for a
/// position that does not exist.
pub fn prove_members(members: &[Member], places: &[u64]) -> Option<Vec<Hash>> {
    let tree = LeafHashes::new(members.iter().map(Member::leaf).collect());
    prove_many(&tree, places, members.len() as u64)
}

/// Members that are proven to be in one tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShownMembers {
    size: u64,
    members: Vec<(u64, Member)>,
}

/// The answer of shown members about a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lookup<'m> {
    /// The name exists.
    Present(&'m Member),
    /// The name does not exist.
    Absent,
    /// The members shown do not answer that.
    NotShown,
}

impl ShownMembers {
    /// Checks that the members, by their positions, are in a tree of `size` members with this root. Names must rise strictly.
    /// `None` if anything does not fit.
    pub fn check(
        size: u64,
        root: Hash,
        members: Vec<(u64, Member)>,
        hashes: &[Hash],
    ) -> Option<ShownMembers> {
        let leaves: Vec<(u64, Hash)> = members.iter().map(|(at, member)| (*at, member.leaf())).collect();
        let rising = members.is_sorted_by(|(_, a), (_, b)| a.name < b.name);
        (rising && root_of_many(size, &leaves, hashes) == Some(root))
            .then_some(ShownMembers { size, members })
    }

    /// Looks a name up among the members.
    pub fn find(&self, name: &str) -> Lookup<'_> {
        let after = self.members.partition_point(|(_, member)| member.name.as_str() < name);
        let here = self.members.get(after);
        if let Some((_, member)) = here.filter(|(_, member)| member.name == name) {
            return Lookup::Present(member);
        }
        let before = after.checked_sub(1).and_then(|at| self.members.get(at));
        let next = here.map_or(self.size, |(at, _)| *at);
        match before.map_or(0, |(at, _)| at + 1) == next {
            true => Lookup::Absent,
            false => Lookup::NotShown,
        }
    }

    /// The number of members shown.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// True if none is shown.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// True if every member is shown.
    pub fn are_all(&self) -> bool {
        self.members.len() as u64 == self.size
    }
}
