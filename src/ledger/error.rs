//! Why a ledger refuses, or cannot answer.

use crate::certificate::CertificateError;
use crate::charter::{CharterError, CharterTextError, Refusal};
use crate::event::leaf::LeafError;
use crate::event::{
    ActKind, BodyId, ChangeError, DigestError, Edtf, EventId, Field, Index, Instant, ParticipantId, Role,
    Size, StatusId,
};
use crate::index::IndexError;
use crate::log::{LogError, RotationError};
use crate::query::{QueryError, QuestionError};

use super::recorder_error::RecorderError;

/// Why a ledger refuses, or cannot answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The log.
    #[error("{0}")]
    Log(#[from] LogError),
    /// The index; a question never ends here, it reads the entries instead.
    #[error("{0}")]
    Index(#[from] IndexError),
    /// The question.
    #[error("{0}")]
    Query(#[from] QueryError),
    /// A question that cannot be asked.
    #[error("{0}")]
    Question(Box<QuestionError>),
    /// The certificate of an answer.
    #[error("{0}")]
    Certificate(Box<CertificateError>),
    /// A charter that the record holds.
    #[error("{0}")]
    Charter(#[from] CharterError),
    /// A charter that was to be recorded.
    #[error("{0}")]
    CharterText(#[from] CharterTextError),
    /// An event that fits in no leaf.
    #[error("{0}")]
    Leaf(LeafError),
    /// An entry that cannot be read.
    #[error("entry {index} cannot be read: {source}")]
    Entry {
        /// Its place.
        index: Index,
        /// What is wrong.
        source: LeafError,
    },
    /// The disk failed while an append was made: it may or may not be recorded.
    #[error(
        "the append may or may not be recorded: {source}. Run it again with {}: it is recorded once",
        match ids.as_slice() { [id] => format!("--id {id}"), _ => "the same ids".to_owned() }
    )]
    Unsettled {
        /// What failed.
        source: LogError,
        /// The events that were to be recorded.
        ids: Vec<EventId>,
    },
    /// A thread that appended for others was stopped in the middle.
    #[error(
        "an append for several callers was stopped in the middle: open the ledger again, and run it again with the same ids"
    )]
    LeaderStopped,
    /// Not the size expected.
    #[error("the ledger has {actual} entries, not the {expected} expected: nothing was recorded")]
    Size {
        /// As asked.
        expected: Size,
        /// As it is.
        actual: Size,
    },
    /// A size that the ledger does not have yet.
    #[error("the ledger has {size} entries: there is no --as-recorded {asked}")]
    BeyondSize {
        /// As asked.
        asked: Size,
        /// As it is.
        size: Size,
    },
    /// The machine's clock went back.
    #[error(
        "the clock says {}, the last entry was recorded at {}: set the clock, or --accept-clock",
        now.canonical(), last.canonical()
    )]
    Clock {
        /// The clock.
        now: Instant,
        /// The last entry.
        last: Instant,
    },
    /// No stamp is left.
    #[error(
        "no entry can be stamped after the last one: time stamps end with the year 9999; nothing was recorded"
    )]
    ClockFull,
    /// The log refused the entries: none of them is in it.
    #[error("not recorded: {0}")]
    NotRecorded(LogError),
    /// The entry is recorded, and what had to be written after it is not.
    #[error("recorded as entry {entry}, but the head of the log is not up to date: {source}")]
    RecordedWithoutHead {
        /// The entry.
        entry: Index,
        /// What failed.
        source: Box<LedgerError>,
    },
    /// No such entry.
    #[error("there is no entry {index}: the ledger has {size}, counting from 0")]
    NoEntry {
        /// As asked.
        index: Index,
        /// As it is.
        size: Size,
    },
    /// The id is that of another event.
    #[error("id {id} is entry {index}, with other content: an id names one event for ever")]
    IdTaken {
        /// The id.
        id: EventId,
        /// The entry that has it.
        index: Index,
    },
    /// Two events of a batch with one id.
    #[error("id {0} stands twice in the batch: an id names one event")]
    IdTwice(EventId),
    /// A rectification that replaces what the record does not say.
    #[error("it says that {field} was {stated:?}; the record says {said:?}")]
    Was {
        /// Of which field.
        field: Field,
        /// What the rectification states.
        stated: String,
        /// What the record says.
        said: String,
    },
    /// No event of that id.
    #[error("{act} names {id}, which this ledger does not hold")]
    NoTarget {
        /// The act.
        act: ActKind,
        /// The id.
        id: EventId,
    },
    /// A correction must name what it corrects.
    #[error("{0} must name the entry: --to ENTRY")]
    TargetNeeded(ActKind),
    /// No charter of the body is recorded.
    #[error("no organisation or treaty called {0} in this ledger")]
    NoBody(BodyId),
    /// A charter extends one that is not recorded.
    #[error("the charter of {body} extends {pattern}, of which no charter is recorded")]
    ExtendsNothing {
        /// The body.
        body: BodyId,
        /// What it extends.
        pattern: BodyId,
    },
    /// A charter extends itself, or one that extends another.
    #[error(
        "the charter of {body} extends {pattern}, which is no pattern: it extends another, or is its own"
    )]
    ExtendsTwice {
        /// The body.
        body: BodyId,
        /// What it extends.
        pattern: BodyId,
    },
    /// The charter has no such status in any version.
    #[error("{body} has no status {status}: it has {known}")]
    NoStatus {
        /// The body.
        body: BodyId,
        /// The status.
        status: StatusId,
        /// Those it has.
        known: String,
    },
    /// A corrected text of another body than its act.
    #[error("the corrected text is of {text}, the act is in {body}: give the text of {body}, or --in {text}")]
    TextOfAnother {
        /// Whose text.
        text: BodyId,
        /// The body of the act.
        body: BodyId,
    },
    /// A correction effected that nobody proposed.
    #[error(
        "no proposed correction stands under {0}: --to the entry of a correction-proposed of the same body"
    )]
    NoProposal(EventId),
    /// A correction effected against an objection.
    #[error(
        "the proposal was objected to in time{}{}: without a withdrawal of the objection it is not corrected (VCLT 79(2))",
        participant.as_ref().map(|p| format!(" by {p}")).unwrap_or_default(),
        on.as_ref().map(|d| format!(" on {d}")).unwrap_or_default()
    )]
    Objected {
        /// Who objected.
        participant: Option<ParticipantId>,
        /// When.
        on: Option<Edtf>,
    },
    /// An act of a participant without one.
    #[error("{0} needs --participant")]
    ParticipantNeeded(ActKind),
    /// An act of the body alone with one.
    #[error("{act} is an act of the body alone: leave out {participant}")]
    ParticipantStray {
        /// The act.
        act: ActKind,
        /// The participant.
        participant: ParticipantId,
    },
    /// An act without its own date.
    #[error("{act} needs {}", roles.iter().map(|r| format!("--{r}")).collect::<Vec<_>>().join(" or "))]
    DateNeeded {
        /// The act.
        act: ActKind,
        /// Dates of which one is needed.
        roles: Vec<Role>,
    },
    /// A SHA-256 that is none.
    #[error("{0}")]
    Digest(#[from] DigestError),
    /// The register of recorders, or a rule about who records.
    #[error("{0}")]
    Recorder(#[from] RecorderError),
    /// A change of the key that both keys did not sign.
    #[error("the change of the log's key does not hold: {0}")]
    Rotation(#[from] RotationError),
    /// A change of the key of another log or place, or to a key that is not kept here.
    #[error(
        "the change of the log's key does not follow on this log, or its new key is not here: chancery key rotate makes one"
    )]
    RotationElsewhere,
    /// Impossible.
    #[error("{0}")]
    Impossible(#[from] Refusal),
    /// A rectification with a value that the field cannot take.
    #[error("{0}")]
    Change(#[from] ChangeError),
    /// One event of a batch.
    #[error("event {at} of the batch: {source}; nothing was recorded")]
    InBatch {
        /// Its place in the batch, from 1.
        at: usize,
        /// What is wrong with it.
        source: Box<LedgerError>,
    },
}

impl From<QuestionError> for LedgerError {
    fn from(error: QuestionError) -> LedgerError {
        LedgerError::Question(Box::new(error))
    }
}
