//! The record as one handle sees it: the log, the index over it, and the last entries, decoded.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::charter::{Charter, CharterText};
use crate::event::leaf::decode;
use crate::event::{BodyId, Entry, EventId, Heading, Index, Instant, ParticipantId, Scope, Size};
use crate::history::{charter_acts, standing};
use crate::index::{BLOCK, Tables};
use crate::log::{Entries, Hash, Mark};
use crate::query::{Charters, CheckpointRef, Need, Needs, Recorded, needs};

use super::LedgerError;
use super::recent::{AtHand, Proven, Recent};

/// A log with its index, and the entries that are only supposed behind it. Cloning it is cheap, and a clone stays as it is
/// while the other grows.
#[derive(Clone)]
pub(super) struct Record {
    path: PathBuf,
    log: Arc<Entries>,
    tables: Tables,
    /// The last entries, in chunks that clones share; older ones are read from the log.
    recent: Recent,
    /// Entries that a pass over many bodies read beforehand.
    pub(super) at_hand: AtHand,
    pub(super) proven: Proven,
    charters: Arc<Charters>,
    supposed: Arc<Vec<Entry>>,
}

impl Record {
    /// Sets out the index over a log: from what is published of it on, or over every entry.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn new(path: &Path, log: Entries, published: Option<Tables>) -> Result<Record, LedgerError> {
        let published = published.filter(|tables| is_of(tables, &log));
        let tables = published.unwrap_or_default();
        let mut record = Record {
            path: path.to_owned(),
            log: Arc::new(log),
            recent: Recent::behind(tables.size()),
            tables,
            at_hand: AtHand::default(),
            proven: Proven::default(),
            charters: Arc::default(),
            supposed: Arc::default(),
        };
        record.catch_up()?;
        // Whoever only asks, of what the index covers, is told by each leaf that is read.
        if record.log.disk().is_ok() || record.tables.tail_entries() > 0 {
            record.check_joint()?;
        }
        Ok(record)
    }

    /// Takes in the entries of the log that the index does not cover yet.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn catch_up(&mut self) -> Result<(), LedgerError> {
        let (from, size) = (self.tables.size().0, self.log.frontier().size());
        if size - from <= NEAR {
            for at in from..size {
                let (leaf, hash) = self.log.leaf_near(at, self.place(Index(at)))?;
                self.add(decoded(&leaf, Index(at))?, hash)?;
            }
            return self.check_end();
        }
        let log = Arc::clone(&self.log);
        let mut failed = None;
        log.scan(from, |at, leaf, hash| {
            if failed.is_none() {
                let added = decoded(leaf, Index(at)).and_then(|entry| self.add(entry, hash));
                failed = added.err();
            }
        })?;
        failed.map_or(Ok(()), Err)?;
        self.check_end()
    }

    /// Makes sure that the leaves which were taken in give the tree of the log.
    fn check_end(&self) -> Result<(), LedgerError> {
        let log = self.log.frontier();
        match self.tables.size().0 != log.size() || self.tables.tree().root() == log.root() {
            true => Ok(()),
            false => Err(self.misplaced(log.size().saturating_sub(1))),
        }
    }

    /// Takes in the next entry, with the hash of its leaf.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing is taken in then.
    pub(super) fn add(&mut self, entry: Entry, hash: Hash) -> Result<(), LedgerError> {
        let Record { log, recent, tables, .. } = self;
        let read = |index: Index| match recent.get(index) {
            Some(entry) => Ok(entry.clone()),
            None => decoded(&log.leaf(index.0)?.0, index),
        };
        tables.push(&entry, hash, &read)?;
        recent.push(entry);
        Ok(())
    }

    /// The folder of the ledger.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The log.
    pub(super) fn log(&self) -> &Arc<Entries> {
        &self.log
    }

    /// The index.
    pub(super) fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Puts an index of the same entries in the place of the one at hand: what was published since.
    pub(super) fn replace_tables(&mut self, tables: Tables) {
        if tables.size() != self.size() {
            self.recent = Recent::behind(tables.size());
        }
        self.tables = tables;
    }

    /// Begins another part of the index in memory, so that what is before it can be published while it grows.
    pub(super) fn part_tail(&mut self) {
        self.tables.part_tail();
    }

    /// Answers from a file that was published of its first entries, up to where a part of the index in memory begins.
    pub(super) fn rest_on(&mut self, published: Tables) {
        self.tables.rest_on(published);
    }

    /// The record with everything that the log has by now, behind what was published since, if anything was. It shares with
    /// this one, which stays as it is, what both have.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn grown(&self, published: Option<Tables>) -> Result<Record, LedgerError> {
        let mut record = self.clone();
        let stored = self.size().0 - self.tables.tail_entries();
        let is_new = |tables: &Tables| {
            let mark =
                tables.mark().filter(|mark| (stored + 1..=self.log.size()).contains(&mark.tree.size()));
            let is_root = |mark: &Mark| self.root(tables.size()).is_ok_and(|root| root == mark.tree.root());
            mark.is_some_and(is_root)
        };
        if let Some(tables) = published.filter(is_new) {
            record.replace_tables(tables);
        }
        record.catch_up()?;
        Ok(record)
    }

    /// The folded charters.
    pub(super) fn charters(&self) -> &Arc<Charters> {
        &self.charters
    }

    /// The number of entries that are recorded.
    pub(super) fn size(&self) -> Size {
        self.tables.size()
    }

    /// The number of entries, those that are only supposed among them.
    pub(super) fn whole_size(&self) -> Size {
        Size(self.size().0 + self.supposed.len() as u64)
    }

    /// The entries that are only supposed.
    pub(super) fn supposed(&self) -> &[Entry] {
        &self.supposed
    }

    /// Adds entries that are only supposed, behind everything else.
    pub(super) fn suppose(&mut self, entries: Vec<Entry>) {
        Arc::make_mut(&mut self.supposed).extend(entries);
    }

    /// The bytes of an entry, as recorded.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn leaf(&self, index: Index) -> Result<Vec<u8>, LedgerError> {
        let (leaf, hash) = self.log.leaf_near(index.0, self.place(index))?;
        self.check_leaves(&[(index.0, hash)])?;
        Ok(leaf)
    }

    /// Where the record of an entry begins in a segment that is not sealed, if that is known.
    pub(super) fn place(&self, index: Index) -> Option<u32> {
        let (first, offsets) = self.log.passed();
        let passed =
            index.0.checked_sub(first).and_then(|at| offsets.get(usize::try_from(at).ok()?)).copied();
        passed.or_else(|| self.tables.place(index).ok().flatten())
    }

    /// An entry, decoded, or one that is only supposed.
    ///
    /// # Errors
    /// [`LedgerError::NoEntry`] past the end.
    pub(super) fn entry(&self, index: Index) -> Result<Entry, LedgerError> {
        if let Some(entry) = self.known(index) {
            return Ok(entry.clone());
        }
        if self.size().holds(index) {
            return decoded(&self.leaf(index)?, index);
        }
        let supposed = self.supposed.iter().find(|entry| entry.index == index);
        supposed.cloned().ok_or_else(|| LedgerError::NoEntry { index, size: self.whole_size() })
    }

    /// An entry that needs not be read.
    fn known(&self, index: Index) -> Option<&Entry> {
        self.recent.get(index).or_else(|| self.at_hand.get(index))
    }

    /// Entries by their indexes, which must rise.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn entries(&self, indexes: &[Index]) -> Result<Vec<Entry>, LedgerError> {
        let older = indexes.partition_point(|index| *index < self.recent.first());
        let (older, recent) = indexes.split_at(older);
        if !self.at_hand.is_empty()
            && let Some(entries) = indexes.iter().map(|index| self.known(*index).cloned()).collect()
        {
            return Ok(entries);
        }
        let numbers: Vec<u64> = older.iter().map(|index| index.0).collect();
        let keep = |at: u64, leaf: &[u8], hash: Hash| ((at, hash), decoded(leaf, Index(at)));
        let read = self.log.map_leaves(&numbers, &|at| self.place(Index(at)), &keep)?;
        let (hashes, read): (Vec<(u64, Hash)>, Vec<_>) = read.into_iter().unzip();
        self.check_leaves(&hashes)?;
        let mut entries = read.into_iter().collect::<Result<Vec<Entry>, LedgerError>>()?;
        entries.extend(recent.iter().filter_map(|index| self.recent.get(*index)).cloned());
        Ok(entries)
    }

    /// The place of an event.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn find(&self, id: EventId) -> Result<Option<Index>, LedgerError> {
        if let Some(entry) = self.supposed.iter().find(|entry| entry.event.id == id) {
            return Ok(Some(entry.index));
        }
        self.first_of(id, self.tables.candidates(id)?)
    }

    /// The places of some events, in their order. Of a record that is not much larger than the batch, the ids are read in one pass.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn find_each(&self, ids: &[EventId]) -> Result<Vec<Option<Index>>, LedgerError> {
        let is_pass_cheaper = self.size().0 <= (ids.len() as u64).saturating_mul(PASS);
        if !is_pass_cheaper || !self.supposed.is_empty() {
            return ids.iter().map(|id| self.find(*id)).collect();
        }
        let candidates = self.tables.candidates_of_each(ids)?;
        ids.iter().zip(candidates).map(|(id, candidates)| self.first_of(*id, candidates)).collect()
    }

    /// The first of some entries that has an id.
    fn first_of(&self, id: EventId, candidates: Vec<Index>) -> Result<Option<Index>, LedgerError> {
        for index in candidates {
            if self.entry(index)?.event.id == id {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// The entries under a need, in the order of the log. The heading of an import that nothing corrects has none to read:
    /// the record of an import moves nothing.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn under(&self, need: &Need) -> Result<Vec<Entry>, LedgerError> {
        let mut indexes = match need {
            Need::Group(body) => self.tables.entries_in_group(body.as_str())?,
            Need::Heading(heading) => self.tables.entries_under(heading)?,
        };
        if matches!(need, Need::Heading(heading) if heading.is_of_import()) && indexes.len() < 2 {
            return Ok(Vec::new());
        }
        indexes.sort_unstable();
        indexes.dedup();
        self.entries(&indexes)
    }

    /// The entries that a question about a body, or a participant in it, depends on; with those that are supposed.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn needs(
        &self,
        body: &BodyId,
        participant: Option<&ParticipantId>,
    ) -> Result<Needs, LedgerError> {
        let scope = Scope { body: Some(body.clone()), participant: participant.cloned() };
        needs(&scope, body, &self.charters.texts, &mut |need| {
            let mut entries = self.under(need)?;
            self.add_supposed(need, &mut entries)?;
            Ok(entries)
        })
    }

    /// The entries that make the rules of a body: its acts alone, those of the body whose charter it extends, and the
    /// corrections of the imports that brought them. `brought` are texts of the body that are not recorded yet.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn rule_entries(&self, body: &BodyId, brought: &[&str]) -> Result<Vec<Entry>, LedgerError> {
        let mut open = vec![body.clone()];
        let mut seen: Vec<BodyId> = Vec::new();
        let mut entries: Vec<Entry> = Vec::new();
        while let Some(next) = open.pop() {
            let need = Need::Heading(Heading::of_body(&next));
            let mut own = self.under(&need)?;
            self.add_supposed(&need, &mut own)?;
            if next == *body {
                let texts = own.iter().filter_map(|entry| entry.event.act.charter_text());
                let texts = texts.chain(brought.iter().copied());
                open.extend(texts.filter_map(CharterText::extended).filter(|other| !seen.contains(other)));
            }
            let imports: std::collections::BTreeSet<EventId> =
                own.iter().filter_map(|entry| entry.event.import).collect();
            for import in imports {
                own.extend(self.under(&Need::Heading(Heading::of_import(import)))?);
            }
            entries.extend(own);
            seen.push(next);
        }
        entries.sort_by_key(|entry| entry.index);
        entries.dedup_by_key(|entry| entry.index);
        Ok(entries)
    }

    /// The rules of a body with every amendment recorded or supposed.
    ///
    /// # Errors
    /// [`LedgerError::NoBody`] if no charter of it stands.
    pub(super) fn charter(&self, body: &BodyId) -> Result<Arc<Charter>, LedgerError> {
        let entries = self.rule_entries(body, &[])?;
        let acts = standing(&entries, Size(u64::MAX), Instant::FUTURE);
        let charter = self.charters.fold(body, &charter_acts(&acts, body))?;
        charter.ok_or_else(|| LedgerError::NoBody(body.clone()))
    }

    /// The number of entries that were recorded by an instant: stamps rise strictly, so they are the first ones.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn size_at(&self, until: Instant) -> Result<Size, LedgerError> {
        let Some(first) = self.tables.block_of_stamp(until)? else { return Ok(Size(0)) };
        let (mut low, mut high) = (first.0 + 1, (first.0 + BLOCK).min(self.size().0));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.entry(Index(middle))?.recorded_at <= until {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(Size(low))
    }

    /// The number of entries that `--as-recorded` names.
    ///
    /// # Errors
    /// [`LedgerError::BeyondSize`].
    pub(super) fn recorded(&self, recorded: Recorded) -> Result<Size, LedgerError> {
        let size = self.whole_size();
        match recorded {
            Recorded::All => Ok(size),
            Recorded::Size(asked) if asked <= size => Ok(asked),
            Recorded::Size(asked) => Err(LedgerError::BeyondSize { asked, size }),
            Recorded::Time(until) => self.size_at(until),
        }
    }

    /// The head of the first `size` entries; what is supposed has none.
    ///
    /// # Errors
    /// [`LedgerError::Log`].
    pub(super) fn head(&self, size: Size) -> Result<CheckpointRef, LedgerError> {
        let size = size.min(self.size());
        Ok(CheckpointRef { size, root: self.root(size)?.to_string() })
    }

    /// The RFC 6962 root over the first `size` entries.
    ///
    /// # Errors
    /// [`LedgerError::Log`] for a size beyond the log.
    pub(super) fn root(&self, size: Size) -> Result<Hash, LedgerError> {
        let node = |level, number| self.tables.node(level, number).ok().flatten();
        Ok(self.log.root_of(size.0, &node, &|at| self.place(Index(at)))?)
    }

    /// The bodies of which the record has acts.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn groups(&self) -> Result<Vec<BodyId>, LedgerError> {
        let groups = self.tables.groups()?;
        Ok(groups.iter().filter_map(|group| BodyId::parse(group).ok()).collect())
    }

    /// The bodies in which a participant has a heading.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn bodies_of(&self, participant: &ParticipantId) -> Result<Vec<BodyId>, LedgerError> {
        let groups = self.tables.groups_of(participant.as_str())?;
        Ok(groups.iter().filter_map(|group| BodyId::parse(group).ok()).collect())
    }

    /// Whether the record has acts of a body alone.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn has_acts_alone(&self, body: &BodyId) -> Result<bool, LedgerError> {
        Ok(!self.tables.entries_under(&Heading::of_body(body))?.is_empty())
    }

    /// Whether anything was filed under a need behind the first `size` entries.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn is_filed_since(&self, need: &Need, size: Size) -> Result<bool, LedgerError> {
        Ok(match need {
            Need::Heading(heading) => self.tables.is_filed_since(heading, size)?,
            Need::Group(body) => self.tables.is_group_filed_since(body.as_str(), size)?,
        })
    }

    /// The hash of a leaf.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn hash(&self, index: Index) -> Result<Hash, LedgerError> {
        Ok(self.log.hash_of(index.0, &|at| self.place(Index(at)))?)
    }
}

/// A tail of at most this number of entries is read one by one; a longer one in a pass over the log.
const NEAR: u64 = 4_096;

/// To look up one id costs as much as to pass over this number of listed ones.
const PASS: u64 = 512;

/// Whether published tables are of a log: they end where it was opened, or give the root that it has there.
pub(super) fn is_of(tables: &Tables, log: &Entries) -> bool {
    let Some(mark) = tables.mark() else { return false };
    let size = mark.tree.size();
    log.opened_at() == Some(size)
        || size <= log.frontier().size() && log.root(size).is_ok_and(|root| root == mark.tree.root())
}

pub(super) fn decoded(leaf: &[u8], index: Index) -> Result<Entry, LedgerError> {
    decode(leaf, index).map_err(|source| LedgerError::Entry { index, source })
}
