//! The completeness map as the index keeps it: what is filed under each heading, so that the head of the log can state the
//! map without every entry being read again.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use bincode::{Decode, Encode};
use smol_str::SmolStr;

use crate::event::{Entry, EventId, Heading, Index, filed_by_correction, headings};
use crate::log::{Frontier, Hash, Member, members_root};

use super::events::{differences, sums};
use super::run::{decode_bare, encode_bare, packed, seal, unpacked, unseal};
use super::store::Store;
use super::{EventIndex, IndexError};

/// What is filed under a heading, as it is stored: the entries in the order of filing, each less the one before it, and the
/// right edge of the tree over their leaves.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
struct StoredFiling {
    steps: Vec<u64>,
    roots: Vec<[u8; 32]>,
}

/// The headings of a group by name, as they are stored.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
struct StoredGroup {
    headings: BTreeMap<String, StoredFiling>,
}

/// What is filed under a heading.
#[derive(Default)]
struct Filing {
    entries: Vec<u64>,
    tree: Frontier,
}

/// The headings of a group by name.
#[derive(Default)]
struct Group {
    headings: BTreeMap<SmolStr, Filing>,
    /// Whether it is no more as sled holds it.
    changed: bool,
}

/// How many headings a group has, and the root over them.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
struct GroupHead {
    size: u64,
    root: [u8; 32],
}

/// A heading with its entries, and what the map states of it.
pub struct FiledUnder {
    /// The heading.
    pub heading: Heading,
    /// Its entries, in the order of filing.
    pub entries: Vec<Index>,
    /// The root over their leaves.
    pub root: Hash,
}

impl Filing {
    fn push(&mut self, index: Index, leaf: Hash) {
        self.tree.push(leaf);
        self.entries.push(index.0);
    }
}

impl StoredFiling {
    fn tree(&self) -> Option<Frontier> {
        let roots = self.roots.iter().map(|root| Hash(*root)).collect();
        Frontier::from_roots(self.steps.len() as u64, roots)
    }
}

impl StoredGroup {
    /// The group as it goes on; `None` where a tree does not fit its entries.
    fn group(self) -> Option<Group> {
        let filing = |(name, stored): (String, StoredFiling)| {
            let tree = stored.tree()?;
            Some((SmolStr::from(name), Filing { entries: sums(stored.steps).collect(), tree }))
        };
        Some(Group {
            headings: self.headings.into_iter().map(filing).collect::<Option<_>>()?,
            changed: false,
        })
    }
}

impl Group {
    fn stored(&self) -> StoredGroup {
        let filing = |(name, filing): (&SmolStr, &Filing)| {
            let roots = filing.tree.roots().iter().map(|root| root.0).collect();
            let steps = differences(filing.entries.iter().copied()).collect();
            (name.to_string(), StoredFiling { steps, roots })
        };
        StoredGroup { headings: self.headings.iter().map(filing).collect() }
    }

    fn head(&self) -> GroupHead {
        let member = |(name, filing): (&SmolStr, &Filing)| Member {
            name: name.to_string(),
            size: filing.tree.size(),
            root: filing.tree.root(),
        };
        let members: Vec<Member> = self.headings.iter().map(member).collect();
        GroupHead { size: members.len() as u64, root: members_root(&members).0 }
    }
}

/// Groups that were filed in, and how many entries are filed in them.
#[derive(Default)]
pub(super) struct Groups {
    /// How many entries are filed here; in sled it may be fewer.
    pub(super) size: u64,
    known: HashMap<SmolStr, Group>,
}

impl Groups {
    /// That so many entries are filed in sled.
    pub(super) fn of(size: u64) -> Groups {
        Groups { size, ..Groups::default() }
    }
}

/// Entries that need not be read.
pub(super) struct Known<'k> {
    /// Some that are recorded.
    pub(super) known: &'k HashMap<EventId, Entry>,
    /// Those that are not in sled yet, one after another.
    pub(super) pending: &'k [Entry],
}

impl<'k> Known<'k> {
    fn of(&self, id: EventId) -> Option<&'k Entry> {
        self.known.get(&id).or_else(|| self.pending.iter().rev().find(|entry| entry.event.id == id))
    }

    fn of_index(&self, id: EventId, index: Index) -> Option<&'k Entry> {
        self.known.get(&id).or_else(|| {
            let at = index.0.checked_sub(self.pending.first()?.index.0)?;
            self.pending.get(usize::try_from(at).ok()?)
        })
    }
}

/// A value for a tree of sled.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

impl EventIndex {
    /// Files an entry that follows on those that are filed; `leaf` gives the hash of any leaf up to it.
    pub(super) fn file(
        &mut self,
        entry: &Entry,
        known: &Known<'_>,
        leaf: &dyn Fn(Index) -> Option<Hash>,
    ) -> Result<(), IndexError> {
        let filed = match entry.event.corrects() {
            false => headings(&entry.event, []).into_iter().map(|of| (of, vec![entry.index])).collect(),
            true => {
                let family = self.family(entry, known)?;
                filed_by_correction(&family.iter().map(|entry| &**entry).collect::<Vec<_>>(), entry)
            }
        };
        for (heading, indexes) in filed {
            let hashes = indexes.iter().map(|index| leaf(*index)).collect::<Option<Vec<Hash>>>();
            let hashes =
                hashes.ok_or_else(|| self.damaged(format!("{heading:?} names an entry without a leaf")))?;
            let group = self.group(heading.group())?;
            group.changed = true;
            let filing = match group.headings.get_mut(heading.name()) {
                Some(filing) => filing,
                None => group.headings.entry(heading.name().into()).or_default(),
            };
            indexes.into_iter().zip(hashes).for_each(|(index, hash)| filing.push(index, hash));
        }
        self.groups.size = entry.index.0 + 1;
        Ok(())
    }

    /// Files what is in the index and is not filed yet: a writer was stopped before it could say so.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn file_the_rest(&mut self, leaf: &dyn Fn(Index) -> Option<Hash>) -> Result<(), IndexError> {
        let none = HashMap::new();
        for at in self.groups.size..self.head.size {
            let entry = self.entry(Index(at))?;
            let entry = entry.ok_or_else(|| self.damaged(format!("entry {at} is missing")))?;
            self.file(&entry, &Known { known: &none, pending: &[] }, leaf)?;
        }
        Ok(())
    }

    /// What a correction corrects in the end, with every correction of that before it, in the order of the log; each is
    /// among those known or read.
    fn family<'k>(&self, correction: &Entry, known: &Known<'k>) -> Result<Vec<Cow<'k, Entry>>, IndexError> {
        let corrections = self.corrections()?;
        let Some(root) = correction.event.to.and_then(|id| corrections.root(id)) else {
            return Ok(Vec::new());
        };
        let first = known.of(root).map(|entry| entry.index);
        let Some(first) = first.map_or_else(|| self.find(root), |index| Ok(Some(index)))? else {
            return Ok(Vec::new());
        };
        let mut places = BTreeMap::from([(first, root)]);
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            for (index, id) in corrections.of(id) {
                if places.insert(*index, *id).is_none() {
                    open.push(*id);
                }
            }
        }
        let mut family = Vec::with_capacity(places.len());
        for (index, id) in places.range(first..correction.index.max(first)) {
            match known.of_index(*id, *index) {
                Some(entry) => family.push(Cow::Borrowed(entry)),
                None => family.extend(self.entry(*index)?.map(Cow::Owned)),
            }
        }
        Ok(family)
    }

    /// A group as it stands.
    fn group(&mut self, name: &str) -> Result<&mut Group, IndexError> {
        if !self.groups.known.contains_key(name) {
            let key = name.as_bytes().to_vec();
            let value = self.store.run(move |store| store.filed.get(key).map(|v| v.map(|v| v.to_vec())))?;
            let stored: Option<StoredGroup> = value.map(|value| self.read(&value)).transpose()?;
            let group = stored.unwrap_or_default().group();
            let group =
                group.ok_or_else(|| self.damaged(format!("the group {name} does not fit its tree")))?;
            self.groups.known.insert(name.into(), group);
        }
        Ok(self.groups.known.entry(name.into()).or_default())
    }

    fn read<T: Decode<()>>(&self, value: &[u8]) -> Result<T, IndexError> {
        unseal(value)
            .and_then(unpacked)
            .and_then(|plain| decode_bare(&plain))
            .map_err(|what| self.damaged(what))
    }

    /// Puts the groups that changed into sled.
    pub(super) fn put_groups(&mut self) -> Result<(), IndexError> {
        if self.head.filed == self.groups.size {
            return Ok(());
        }
        let (mut filed, mut heads) = (Vec::<Pair>::new(), Vec::<Pair>::new());
        for (name, group) in self.groups.known.iter().filter(|(_, group)| group.changed) {
            filed.push((name.as_bytes().to_vec(), seal(&packed(&encode_bare(&group.stored()), true))));
            heads.push((name.as_bytes().to_vec(), seal(&packed(&encode_bare(&group.head()), false))));
        }
        self.settle()?;
        self.head.filed = self.groups.size;
        let head = self.head.encode();
        self.store.run(move |store| store.put_groups(&filed, &heads, &head))?;
        self.groups.known.values_mut().for_each(|group| group.changed = false);
        Ok(())
    }

    /// How many groups the completeness map over its entries has, and its root; `None` where some are not
    /// [filed](Self::file_the_rest) yet.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn completeness(&mut self) -> Result<Option<(u64, Hash)>, IndexError> {
        if self.groups.size != self.head.size {
            return Ok(None);
        }
        self.put_pending()?;
        self.put_groups()?;
        let heads: Vec<(String, GroupHead)> = self.all(|store| &store.heads)?;
        let member =
            |(name, head): (String, GroupHead)| Member { name, size: head.size, root: Hash(head.root) };
        let members: Vec<Member> = heads.into_iter().map(member).collect();
        Ok(Some((members.len() as u64, members_root(&members))))
    }

    /// Everything that is filed, in the order of the map; `None` where some entries are not
    /// [filed](Self::file_the_rest) yet.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn filings(&mut self) -> Result<Option<Vec<FiledUnder>>, IndexError> {
        if self.groups.size != self.head.size {
            return Ok(None);
        }
        self.put_pending()?;
        self.put_groups()?;
        let groups: Vec<(String, StoredGroup)> = self.all(|store| &store.filed)?;
        let mut found = Vec::new();
        for (group, stored) in groups {
            for (name, filing) in stored.headings {
                let tree = filing.tree();
                let tree =
                    tree.ok_or_else(|| self.damaged(format!("the group {group} does not fit its tree")))?;
                let entries = sums(filing.steps).map(Index).collect();
                found.push(FiledUnder { heading: Heading::named(&group, &name), entries, root: tree.root() });
            }
        }
        Ok(Some(found))
    }

    /// Every value of a tree with its name.
    fn all<T: Decode<()>>(&self, tree: fn(&Store) -> &sled::Tree) -> Result<Vec<(String, T)>, IndexError> {
        let stored = self.store.run(move |store| {
            let pairs = tree(store).iter().map(|pair| pair.map(|(k, v)| (k.to_vec(), v.to_vec())));
            pairs.collect::<Result<Vec<Pair>, _>>()
        })?;
        let value = |(name, value): Pair| {
            let name = String::from_utf8(name).map_err(|e| self.damaged(e.to_string()))?;
            Ok((name, self.read(&value)?))
        };
        stored.into_iter().map(value).collect()
    }
}
