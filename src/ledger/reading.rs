//! A record at one size, asked: the one door for every question.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::charter::Charter;
use crate::event::{BodyId, Event, Index, Instant, ParticipantId, Scope, Size};
use crate::query::{Answer, Asked, Axes, CheckpointRef, Material, Question, QuestionError, Recorded};

use super::{Ledger, LedgerError};

/// A record at one size. It is cheap to clone and shared by threads; a clone answers for the same entries.
#[derive(Clone)]
pub struct Reading {
    ledger: Arc<Mutex<Ledger>>,
    now: Instant,
    size: Size,
}

impl Ledger {
    /// Turns a ledger that was opened for questions into a reading; `now` is the clock, by which `today` is understood.
    pub fn into_reading(self, now: Instant) -> Reading {
        let size = self.size();
        Reading { ledger: Arc::new(Mutex::new(self)), now, size }
    }
}

impl Reading {
    /// Opens a ledger for questions, also on a read-only copy and beside a writer; `now` is the clock, by which `today` is
    /// understood.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open(path: &Path, now: Instant) -> Result<Reading, LedgerError> {
        Ok(Ledger::open_reader(path)?.into_reading(now))
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of entries, those that are only supposed among them.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The clock by which `today` is understood.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The name of the log.
    pub fn origin(&self) -> String {
        self.ledger().origin().to_owned()
    }

    /// The head of the first `size` entries.
    ///
    /// # Errors
    /// [`LedgerError::Log`] for a size beyond the log.
    pub fn head(&self, size: Size) -> Result<CheckpointRef, LedgerError> {
        self.ledger().head(size)
    }

    /// The number of entries that `--as-recorded` names.
    ///
    /// # Errors
    /// [`LedgerError::BeyondSize`].
    pub fn recorded(&self, recorded: Recorded) -> Result<Size, LedgerError> {
        self.ledger().recorded(recorded)
    }

    /// The rules of a body with every amendment recorded.
    ///
    /// # Errors
    /// [`LedgerError::NoBody`] if no charter of it is recorded.
    pub fn charter(&self, body: &BodyId) -> Result<Arc<Charter>, LedgerError> {
        self.ledger().charter(body)
    }

    /// The bodies whose charters are among the first `size` entries, by id, without those that only others extend.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn bodies(&self, size: Size) -> Result<Vec<BodyId>, LedgerError> {
        self.ledger().bodies_by(size)
    }

    /// The same record with events behind everything recorded that are only supposed, and the places they would have; those
    /// that are recorded already are left out.
    ///
    /// # Errors
    /// As of an append of the events.
    pub fn supposing(self, events: Vec<Event>) -> Result<(Reading, Vec<Index>), LedgerError> {
        let places = self.ledger().suppose(events)?;
        let size = self.ledger().size();
        Ok((Reading { size, ..self }, places))
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
        if recorded < self.size && self.ledger().supposes() {
            return Err(QuestionError::BeforeSupposed.into());
        }
        Ok(asked.axes(recorded))
    }

    /// The body that a question names, or the only one there is.
    ///
    /// # Errors
    /// [`QuestionError::NoBodies`], [`QuestionError::BodyNeeded`], [`LedgerError::NoBody`].
    pub fn body(&self, asked: &Asked) -> Result<(BodyId, Arc<Charter>), LedgerError> {
        let body = match asked.bodies.as_slice() {
            [body, ..] => body.clone(),
            [] => {
                let mut bodies = self.bodies(self.size)?;
                match (bodies.pop(), bodies.len()) {
                    (None, _) => return Err(QuestionError::NoBodies.into()),
                    (Some(only), 0) => only,
                    (Some(last), _) => {
                        bodies.push(last);
                        return Err(QuestionError::BodyNeeded(bodies).into());
                    }
                }
            }
        };
        let charter = self.charter(&body)?;
        Ok((body, charter))
    }

    /// The bodies in which the record names a participant, of those whose charters are among the first `size` entries.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn bodies_naming(
        &self,
        participant: &ParticipantId,
        size: Size,
    ) -> Result<Vec<BodyId>, LedgerError> {
        let mut ledger = self.ledger();
        let loaded = ledger.load(&Scope { body: None, participant: Some(participant.clone()) })?;
        let named: BTreeSet<BodyId> = loaded.entries().iter().map(|e| e.event.body.clone()).collect();
        Ok(ledger.bodies_by(size)?.into_iter().filter(|body| named.contains(body)).collect())
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
        let mut ledger = self.ledger();
        let loaded = ledger.load_asked(body, participant)?;
        ledger.material(&loaded, size)
    }

    /// The certificate of an answer, given in its JSON form, that reads the first `size` entries. `program` is the name and
    /// version of this program.
    ///
    /// # Errors
    /// [`LedgerError::Certificate`]; what a signed head of that size refuses.
    pub fn certificate(&self, answer: &str, size: Size, program: &str) -> Result<String, LedgerError> {
        let mut ledger = self.ledger();
        ledger.certifier(size)?.certificate(&ledger, answer, program)
    }
}
