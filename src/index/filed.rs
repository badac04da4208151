//! The completeness map as the index keeps it: what is filed under each heading, so that the head of the log can state the
//! map without every entry being read again.

use std::collections::{BTreeSet, HashMap};

use bincode::{Decode, Encode};

use crate::event::{Entry, EventId, Heading, Index, filed_by_correction, headings};
use crate::log::{Frontier, Hash, Member, members_root};

use super::run::{decode_bare, encode_bare, seal, unseal};
use super::{EventIndex, IndexError};

/// What is filed under a heading: the entries in the order of filing, and the right edge of the tree over their leaves.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
struct Filing {
    entries: Vec<u64>,
    roots: Vec<[u8; 32]>,
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
    fn push(&mut self, index: Index, leaf: Hash) -> Option<()> {
        let mut tree = self.tree()?;
        tree.push(leaf);
        self.entries.push(index.0);
        self.roots = tree.roots().iter().map(|root| root.0).collect();
        Some(())
    }

    fn tree(&self) -> Option<Frontier> {
        let roots = self.roots.iter().map(|root| Hash(*root)).collect();
        Frontier::from_roots(self.entries.len() as u64, roots)
    }
}

/// Headings that were read or changed and are not in sled as they are here.
#[derive(Default)]
pub(super) struct Changed {
    filings: HashMap<Heading, Filing>,
}

/// A value for a tree of sled.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

impl Changed {
    /// What goes into sled: the filings, and for every group that changed an empty head, which is made when it is asked for.
    pub(super) fn written(&self) -> (Vec<Pair>, Vec<Pair>) {
        let filings = self.filings.iter().map(|(heading, filing)| (key(heading), seal(&encode_bare(filing))));
        let groups: BTreeSet<&str> = self.filings.keys().map(Heading::group).collect();
        let groups = groups.into_iter().map(|group| (group.as_bytes().to_vec(), Vec::new()));
        (filings.collect(), groups.collect())
    }

    pub(super) fn clear(&mut self) {
        self.filings.clear();
    }
}

/// A heading in sled: its group, a zero byte, its name. No name has a zero byte.
fn key(heading: &Heading) -> Vec<u8> {
    [heading.group().as_bytes(), &[0], heading.name().as_bytes()].concat()
}

fn heading(key: &[u8]) -> Option<Heading> {
    let (group, name) = std::str::from_utf8(key).ok()?.split_once('\0')?;
    Some(Heading::named(group, name))
}

impl EventIndex {
    /// Files an entry that follows on those that are applied; `leaf` gives the hash of any leaf up to it.
    pub(super) fn file(
        &mut self,
        entry: &Entry,
        leaf: &dyn Fn(Index) -> Option<Hash>,
    ) -> Result<(), IndexError> {
        let filed = match entry.event.corrects() {
            false => headings(&entry.event, []).into_iter().map(|of| (of, vec![entry.index])).collect(),
            true => {
                let family = self.family(entry.event.to)?;
                filed_by_correction(&family.iter().collect::<Vec<_>>(), entry)
            }
        };
        for (heading, indexes) in filed {
            if !self.changed.filings.contains_key(&heading) {
                let known = self.filing(&heading)?;
                self.changed.filings.insert(heading.clone(), known);
            }
            let Some(filing) = self.changed.filings.get_mut(&heading) else { continue };
            for index in indexes {
                let pushed = leaf(index).and_then(|hash| filing.push(index, hash));
                if pushed.is_none() {
                    return Err(
                        self.damaged(format!("what is filed under {heading:?} does not fit its tree"))
                    );
                }
            }
        }
        Ok(())
    }

    /// What an event, or what it corrects in the end, is, with every correction of it, in the order of the log.
    fn family(&self, id: Option<EventId>) -> Result<Vec<Entry>, IndexError> {
        let corrections = self.corrections();
        let root = id.and_then(|id| corrections.root(id));
        let Some(first) = root.map(|root| self.find(root)).transpose()?.flatten() else {
            return Ok(Vec::new());
        };
        let mut places = BTreeSet::from([first]);
        let mut open: Vec<EventId> = root.into_iter().collect();
        while let Some(id) = open.pop() {
            for (index, id) in corrections.of(id) {
                if places.insert(*index) {
                    open.push(*id);
                }
            }
        }
        let entries = places.range(first..).map(|index| self.entry(*index));
        Ok(entries.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    fn filing(&self, heading: &Heading) -> Result<Filing, IndexError> {
        let key = key(heading);
        let value = self.store.run(move |store| store.filings.get(key).map(|v| v.map(|v| v.to_vec())))?;
        value.map_or_else(|| Ok(Filing::default()), |value| self.read(&value))
    }

    fn read<T: Decode<()>>(&self, value: &[u8]) -> Result<T, IndexError> {
        unseal(value).and_then(decode_bare).map_err(|what| self.damaged(what))
    }

    /// How many groups the completeness map over its entries has, and its root.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn completeness(&mut self) -> Result<(u64, Hash), IndexError> {
        self.put_pending()?;
        let stored = self.store.run(|store| {
            let pairs = store.groups.iter().map(|pair| pair.map(|(k, v)| (k.to_vec(), v.to_vec())));
            pairs.collect::<Result<Vec<Pair>, _>>()
        })?;
        let mut members = Vec::with_capacity(stored.len());
        let mut made: Vec<Pair> = Vec::new();
        for (key, value) in stored {
            let name = String::from_utf8(key).map_err(|e| self.damaged(e.to_string()))?;
            let head: GroupHead = match value.is_empty() {
                false => self.read(&value)?,
                true => {
                    let head = self.group_head(&name)?;
                    made.push((name.clone().into_bytes(), seal(&encode_bare(&head))));
                    head
                }
            };
            members.push(Member { name, size: head.size, root: Hash(head.root) });
        }
        if !made.is_empty() {
            self.store.run(move |store| {
                made.into_iter().try_for_each(|(key, value)| store.groups.insert(key, value).map(|_| ()))
            })?;
        }
        Ok((members.len() as u64, members_root(&members)))
    }

    fn group_head(&self, group: &str) -> Result<GroupHead, IndexError> {
        let filed = self.filed([group.as_bytes(), &[0]].concat())?;
        let member = |under: &FiledUnder| Member {
            name: under.heading.name().to_owned(),
            size: under.entries.len() as u64,
            root: under.root,
        };
        let members: Vec<Member> = filed.iter().map(member).collect();
        Ok(GroupHead { size: members.len() as u64, root: members_root(&members).0 })
    }

    /// Everything that is filed, in the order of the map.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn filings(&mut self) -> Result<Vec<FiledUnder>, IndexError> {
        self.put_pending()?;
        self.filed(Vec::new())
    }

    fn filed(&self, prefix: Vec<u8>) -> Result<Vec<FiledUnder>, IndexError> {
        let stored = self.store.run(move |store| {
            let pairs =
                store.filings.scan_prefix(prefix).map(|pair| pair.map(|(k, v)| (k.to_vec(), v.to_vec())));
            pairs.collect::<Result<Vec<Pair>, _>>()
        })?;
        let one = |(key, value): Pair| {
            let filing: Filing = self.read(&value)?;
            let parts = heading(&key).zip(filing.tree());
            let (heading, tree) =
                parts.ok_or_else(|| self.damaged("a filing does not fit its tree".into()))?;
            let entries = filing.entries.into_iter().map(Index).collect();
            Ok(FiledUnder { heading, entries, root: tree.root() })
        };
        stored.into_iter().map(one).collect()
    }
}
