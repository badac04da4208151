//! A record at one size, to which all questions are put.

use std::path::Path;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::charter::Charter;
use crate::event::{BodyId, Entry, Index, Instant, ParticipantId, Scope, Size};
use crate::log::{Entries, VerifierKey};
use crate::query::{
    Answer, Asked, Axes, Charters, CheckpointRef, Material, Need, Question, QuestionError, Recorded, rules_by,
};

use super::record::Record;
use super::{LedgerError, Writer};

/// A record at one size. It is immutable, shared by threads, and cheap to clone; a clone answers for the same entries.
#[derive(Clone)]
pub struct Reading {
    record: Arc<Record>,
    stores: Arc<Stores>,
    /// The reader's own keys, one of which must have signed every head; empty if the reader has none.
    pub(super) trusted: Arc<[VerifierKey]>,
    now: Instant,
}

/// The charters, entries and evaluated bodies that readings of one ledger keep for the next question, within a limit.
pub(super) struct Stores {
    charters: Arc<Charters>,
    bodies: Cache<BodyKey, Kept, KeptWeight>,
    /// The bodies about which one participant was asked and answered from a row: the next such question keeps all of the body.
    met: Cache<BodyId, ()>,
}

/// The body, and the participant if the question is about one.
type BodyKey = (BodyId, Option<ParticipantId>);

/// The entries that questions about a body depend on, with the parts of the record in which they were looked up. They are complete
/// as long as no entry is added to those parts.
#[derive(Clone)]
struct Kept {
    entries: Arc<Vec<Entry>>,
    parts: Arc<Vec<Need>>,
    scope: Scope,
    size: Size,
    /// True if a question about one participant depends on all participants.
    is_joint: bool,
}

#[derive(Clone)]
struct KeptWeight;

impl Weighter<BodyKey, Kept> for KeptWeight {
    fn weight(&self, _: &BodyKey, kept: &Kept) -> u64 {
        kept.entries.len() as u64 + 16
    }
}

/// The largest number of bodies remembered in `met`.
const MET: usize = 1 << 10;
/// The largest number of entries kept for bodies.
const ENTRIES: u64 = 1 << 17;
/// The largest size of the evaluated bodies kept, in entries.
const VIEWS: u64 = 1 << 17;

/// The largest size of the evaluated bodies kept during one pass over many bodies, in entries: the same body is often evaluated
/// twice for one answer.
const PASSING: u64 = 1 << 11;

impl Default for Stores {
    fn default() -> Stores {
        Stores {
            charters: Arc::new(Charters::with_room(VIEWS)),
            bodies: Cache::with_weighter(1 << 11, ENTRIES, KeptWeight),
            met: Cache::new(MET),
        }
    }
}

#[cfg(test)]
impl Stores {
    /// The number of bodies and pairs whose entries are kept.
    pub(super) fn kept(&self) -> usize {
        self.bodies.len()
    }
}

impl Writer {
    /// The present record, ready for questions; `now` is the clock that decides the day of `today`.
    pub fn reading(&self, now: Instant) -> Reading {
        let stores = Arc::clone(self.stores.get_or_init(Arc::default));
        Reading::of(Arc::new(self.record.clone()), stores, now)
    }
}

impl Reading {
    /// A reading of a record, with the stores that readings of it share.
    pub(super) fn of(record: Arc<Record>, stores: Arc<Stores>, now: Instant) -> Reading {
        Reading { record, stores, trusted: Arc::default(), now }
    }

    /// Opens a ledger for questions, also on a read-only copy and beside a writer; `now` is the clock that decides the day of
    /// `today`.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open(path: &Path, now: Instant) -> Result<Reading, LedgerError> {
        Reading::open_trusting(path, &[], now)
    }

    /// Opens a ledger for questions by a reader with verifier keys of its own. Only their signatures are trusted, and `key.pub` in
    /// the folder is not: the record has the entries under the last head, which one of these keys must have signed. Later entries
    /// are [left out](Entries::left_out). A certificate is given only under a head that one of these keys signed. Without keys
    /// this is the same as [`Reading::open`].
    ///
    /// # Errors
    /// [`LedgerError`]; [`LedgerError::Log`] with [`LogError::Untrusted`](crate::log::LogError::Untrusted) if none of these
    /// keys signed the head, or it is of another log.
    pub fn open_trusting(path: &Path, keys: &[VerifierKey], now: Instant) -> Result<Reading, LedgerError> {
        let record = Arc::new(Record::open(path, keys)?);
        Ok(Reading { trusted: keys.into(), ..Reading::of(record, Arc::default(), now) })
    }

    /// The folder of the ledger.
    pub fn path(&self) -> &Path {
        self.record.path()
    }

    /// The number of entries, including those that are only supposed.
    pub fn size(&self) -> Size {
        self.record.whole_size()
    }

    /// The clock that decides the day of `today`.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The name of the log.
    pub fn origin(&self) -> &str {
        self.log().origin()
    }

    /// The log, which may have grown since this reading was made.
    pub fn log(&self) -> &Entries {
        self.record.log()
    }

    /// The head of the first `size` entries; supposed entries are not part of it.
    ///
    /// # Errors
    /// [`LedgerError::Log`].
    pub fn head(&self, size: Size) -> Result<CheckpointRef, LedgerError> {
        self.record.head(size)
    }

    /// The number of entries that `--as-recorded` names.
    ///
    /// # Errors
    /// [`LedgerError::BeyondSize`].
    pub fn recorded(&self, recorded: Recorded) -> Result<Size, LedgerError> {
        self.record.recorded(recorded)
    }

    /// An entry, decoded.
    ///
    /// # Errors
    /// [`LedgerError::NoEntry`] past the end.
    pub fn entry(&self, index: Index) -> Result<Entry, LedgerError> {
        self.record.entry(index)
    }

    /// The rules of a body with every amendment recorded.
    ///
    /// # Errors
    /// [`LedgerError::NoBody`] if the body has no charter that is valid.
    pub fn charter_now(&self, body: &BodyId) -> Result<Arc<Charter>, LedgerError> {
        self.record.charter(body)
    }

    /// The rules of a body under which a question is answered: those in the record as it was on the axes of the question.
    ///
    /// # Errors
    /// [`LedgerError::NoBody`] if the body had no charter that was valid then.
    pub fn charter(&self, body: &BodyId, axes: &Axes) -> Result<Arc<Charter>, LedgerError> {
        self.rules(&self.record.rule_entries(body, &[])?, body, axes)
    }

    /// The bodies whose charters are among the first `size` entries, by id, without those that only others extend.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn bodies(&self, size: Size) -> Result<Vec<BodyId>, LedgerError> {
        self.record.bodies(size)
    }

    /// The same record for one pass over many bodies, whose entries are not kept for the next question.
    pub(crate) fn passing(&self) -> Reading {
        let mut charters = Charters::with_room(PASSING);
        charters.texts = self.stores.charters.texts.clone();
        let stores = Stores {
            charters: Arc::new(charters),
            bodies: Cache::with_weighter(16, 0, KeptWeight),
            met: Cache::new(0),
        };
        Reading { stores: Arc::new(stores), ..self.clone() }
    }

    /// The same reading over another handle on the record.
    pub(super) fn with_record(&self, record: &Arc<Record>) -> Reading {
        Reading { record: Arc::clone(record), ..self.clone() }
    }

    /// Answers a question.
    ///
    /// # Errors
    /// [`LedgerError::Question`] if the question cannot be asked; [`LedgerError::NoBody`]; [`LedgerError`] if the record cannot be
    /// read.
    pub fn ask(&self, question: &Question) -> Result<Answer, LedgerError> {
        self.answer(&question.read(self.now)?)
    }

    /// The three dates of a question in this record.
    ///
    /// # Errors
    /// [`LedgerError::BeyondSize`]; [`QuestionError::BeforeSupposed`].
    pub fn axes(&self, asked: &Asked) -> Result<Axes, LedgerError> {
        let recorded = self.recorded(asked.as_recorded)?;
        if recorded < self.size() && !self.record.supposed().is_empty() {
            return Err(QuestionError::BeforeSupposed.into());
        }
        Ok(asked.axes(recorded))
    }

    /// The body that a question names, or the only body of the record.
    ///
    /// # Errors
    /// [`QuestionError::NoBodies`], [`QuestionError::BodyNeeded`].
    pub fn body(&self, asked: &Asked) -> Result<BodyId, LedgerError> {
        if let Some(body) = asked.bodies.first() {
            return Ok(body.clone());
        }
        match self.bodies(self.recorded(asked.as_recorded)?)?.as_slice() {
            [] => Err(QuestionError::NoBodies.into()),
            [only] => Ok(only.clone()),
            several => Err(QuestionError::BodyNeeded(several.to_vec()).into()),
        }
    }

    /// The record that this reading answers from.
    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    /// The charters that were folded for this and other questions.
    pub(super) fn charters(&self) -> Arc<Charters> {
        Arc::clone(&self.stores.charters)
    }

    /// True if this is the first question about one participant of a body: later ones are faster if all of the body is kept.
    pub(super) fn is_first_about(&self, body: &BodyId) -> bool {
        let is_first = self.stores.met.get(body).is_none();
        if is_first {
            self.stores.met.insert(body.clone(), ());
        }
        is_first
    }

    /// The stores that readings of the ledger share.
    pub(super) fn stores(&self) -> &Arc<Stores> {
        &self.stores
    }

    /// The entries that a question about a body, or about one participant in it, depends on.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn material(
        &self,
        body: &BodyId,
        participant: Option<&ParticipantId>,
        size: Size,
    ) -> Result<Material, LedgerError> {
        let checkpoint = self.head(size)?;
        let kept = self.gathered(body, participant)?;
        let charters = Arc::clone(&self.stores.charters);
        Ok(Material { entries: kept.entries, checkpoint, charters, scope: kept.scope, given: None })
    }

    /// The entries that questions about a body depend on, in the order of the log.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) fn entries_of(&self, body: &BodyId) -> Result<Arc<Vec<Entry>>, LedgerError> {
        Ok(self.gathered(body, None)?.entries)
    }

    fn gathered(&self, body: &BodyId, participant: Option<&ParticipantId>) -> Result<Kept, LedgerError> {
        if !self.record.supposed().is_empty() {
            return self.gather(body, participant);
        }
        // If the rules count or join participants, a question about one depends on all, so these questions share the entries.
        for key in [(body.clone(), None), (body.clone(), participant.cloned())] {
            if let Some(kept) = self.stores.bodies.get(&key)
                && (key.1.as_ref() == participant || kept.is_joint)
                && self.is_all(&kept)?
            {
                return Ok(kept);
            }
        }
        let kept = self.gather(body, participant)?;
        let key = (body.clone(), kept.scope.participant.clone());
        // The entries of a participant or body without any record are not kept.
        if kept.names(participant) {
            self.stores.bodies.insert(key, kept.clone());
        }
        Ok(kept)
    }

    fn gather(&self, body: &BodyId, participant: Option<&ParticipantId>) -> Result<Kept, LedgerError> {
        let needs = self.record.needs(body, participant)?;
        Ok(Kept {
            entries: needs.entries,
            parts: Arc::new(needs.parts.into_iter().collect()),
            is_joint: participant.is_some() && needs.scope.participant.is_none(),
            scope: needs.scope,
            size: self.record.size(),
        })
    }

    /// True if kept entries are all that the record has in their parts. Entries later than the size of a question do no harm, since
    /// it reads no further.
    fn is_all(&self, kept: &Kept) -> Result<bool, LedgerError> {
        if kept.size >= self.record.size() {
            return Ok(true);
        }
        for part in kept.parts.iter() {
            if self.record.is_filed_since(part, kept.size)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The same from entries that include all those that make the rules.
    ///
    /// # Errors
    /// [`LedgerError::NoBody`] if the body had no charter that was valid then.
    pub(super) fn rules(
        &self,
        entries: &[Entry],
        body: &BodyId,
        axes: &Axes,
    ) -> Result<Arc<Charter>, LedgerError> {
        let charter = rules_by(&self.stores.charters, entries, body, axes)?;
        charter.ok_or_else(|| LedgerError::NoBody(body.clone()))
    }
}

impl Kept {
    fn names(&self, participant: Option<&ParticipantId>) -> bool {
        match participant.filter(|_| self.scope.participant.is_some()) {
            None => !self.entries.is_empty(),
            Some(one) => self.entries.iter().any(|entry| {
                [&entry.event.participant, &entry.event.about].into_iter().flatten().any(|named| named == one)
            }),
        }
    }
}
