//! A record at one size, asked: the one door for every question.

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
    /// The keys of which one must have signed every head; none if the reader has no keys of its own.
    pub(super) trusted: Arc<[VerifierKey]>,
    now: Instant,
}

/// What readings of one ledger keep for the next question, as much as there is room for.
pub(super) struct Stores {
    charters: Arc<Charters>,
    bodies: Cache<BodyKey, Kept, KeptWeight>,
    /// Bodies of which one participant was asked about by a row: who asks again has all of the body kept.
    met: Cache<BodyId, ()>,
}

/// The body, and the participant if the question is about one.
type BodyKey = (BodyId, Option<ParticipantId>);

/// The entries that questions about a body depend on, with the parts of the record in which they were looked for: as long
/// as nothing more is filed there, they are all.
#[derive(Clone)]
struct Kept {
    entries: Arc<Vec<Entry>>,
    parts: Arc<Vec<Need>>,
    scope: Scope,
    size: Size,
    /// Whether a question about one participant depends on everybody.
    is_joint: bool,
}

#[derive(Clone)]
struct KeptWeight;

impl Weighter<BodyKey, Kept> for KeptWeight {
    fn weight(&self, _: &BodyKey, kept: &Kept) -> u64 {
        kept.entries.len() as u64 + 16
    }
}

/// How many bodies are remembered of which one participant was asked about.
const MET: usize = 1 << 10;
/// The room for entries of bodies, in entries.
const ENTRIES: u64 = 1 << 17;
/// The room for evaluated bodies, in entries.
const VIEWS: u64 = 1 << 17;

/// The room for evaluated bodies in one pass over many: the same body is often set out twice for one answer.
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
    /// How many bodies, and pairs, have their entries kept.
    pub(super) fn kept(&self) -> usize {
        self.bodies.len()
    }
}

impl Writer {
    /// The record as it is now, to be asked; `now` is the clock, by which `today` is understood.
    pub fn reading(&self, now: Instant) -> Reading {
        let stores = Arc::clone(self.stores.get_or_init(Arc::default));
        Reading::of(Arc::new(self.record.clone()), stores, now)
    }
}

impl Reading {
    /// A record, with what readings of it share.
    pub(super) fn of(record: Arc<Record>, stores: Arc<Stores>, now: Instant) -> Reading {
        Reading { record, stores, trusted: Arc::default(), now }
    }

    /// Opens a ledger for questions, also on a read-only copy and beside a writer; `now` is the clock, by which `today` is
    /// understood.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open(path: &Path, now: Instant) -> Result<Reading, LedgerError> {
        Reading::open_trusting(path, &[], now)
    }

    /// The same for a reader with verifier keys of its own, which trusts nothing that they did not sign, `key.pub` in the folder
    /// least of all: the record is that of the entries under the last head, which one of these keys must have signed. Entries
    /// behind it are [left out](Entries::left_out). A certificate is given only under a head that one of them signed. Without
    /// keys this is [`Reading::open`].
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

    /// The number of entries, those that are only supposed among them.
    pub fn size(&self) -> Size {
        self.record.whole_size()
    }

    /// The clock by which `today` is understood.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The name of the log.
    pub fn origin(&self) -> &str {
        self.log().origin()
    }

    /// The log, which may have grown since.
    pub fn log(&self) -> &Entries {
        self.record.log()
    }

    /// The head of the first `size` entries; what is supposed has none.
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
    /// [`LedgerError::NoBody`] if no charter of it stands.
    pub fn charter_now(&self, body: &BodyId) -> Result<Arc<Charter>, LedgerError> {
        self.record.charter(body)
    }

    /// The rules of a body by which a question is read: those of the record as it was.
    ///
    /// # Errors
    /// [`LedgerError::NoBody`] if no charter of it stood.
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

    /// The same record for one pass over many bodies, none of which is kept for the next question.
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

    /// The same over another handle on the record.
    pub(super) fn with_record(&self, record: &Arc<Record>) -> Reading {
        Reading { record: Arc::clone(record), ..self.clone() }
    }

    /// Answers a question.
    ///
    /// # Errors
    /// [`LedgerError::Question`] for one that cannot be asked; [`LedgerError::NoBody`]; [`LedgerError`] for a record that
    /// cannot be read.
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

    /// The body that a question names, or the only one there is.
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

    /// The record that is asked.
    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    /// The charters that were folded for this and other questions.
    pub(super) fn charters(&self) -> Arc<Charters> {
        Arc::clone(&self.stores.charters)
    }

    /// Whether this is the first question about one participant of a body: later ones gain from having all of it kept.
    pub(super) fn is_first_about(&self, body: &BodyId) -> bool {
        let is_first = self.stores.met.get(body).is_none();
        if is_first {
            self.stores.met.insert(body.clone(), ());
        }
        is_first
    }

    /// What readings of the ledger keep for the next question.
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
        // Where participants are counted or joined, a question about one depends on all: they share the entries.
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
        // A participant or a body of which nothing is recorded leaves nothing behind.
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

    /// Whether kept entries are all that the record has of their parts; more recent ones do no harm, since a question reads
    /// no further than its size.
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

    /// The same from entries among which all are that make the rules.
    ///
    /// # Errors
    /// [`LedgerError::NoBody`] if no charter of it stood.
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
