//! The reasons for which a ledger refuses an event, or cannot answer.

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

/// Why a ledger refuses an event, or cannot answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The log failed or refused.
    #[error("{0}")]
    Log(#[from] LogError),
    /// The index failed. A question never fails for this: it reads the entries instead.
    #[error("{0}")]
    Index(#[from] IndexError),
    /// The question failed.
    #[error("{0}")]
    Query(#[from] QueryError),
    /// A question that cannot be asked.
    #[error("{0}")]
    Question(Box<QuestionError>),
    /// The certificate of an answer cannot be made.
    #[error("{0}")]
    Certificate(Box<CertificateError>),
    /// A charter in the record cannot be used.
    #[error("{0}")]
    Charter(#[from] CharterError),
    /// A charter that was to be recorded.
    #[error("{0}")]
    CharterText(#[from] CharterTextError),
    /// The event does not fit in a leaf.
    #[error("{0}")]
    Leaf(LeafError),
    /// An entry that cannot be read.
    #[error("entry {index} cannot be read: {source}")]
    Entry {
        /// The index of the entry.
        index: Index,
        /// Why it cannot be read.
        source: LeafError,
    },
    /// The disk failed during an append: the entry may or may not be recorded.
    #[error(
        "the append may or may not be recorded: {source}. Run it again with {}: it is recorded once",
        match ids.as_slice() { [id] => format!("--id {id}"), _ => "the same ids".to_owned() }
    )]
    Unsettled {
        /// The failure of the log.
        source: LogError,
        /// The events that were to be recorded.
        ids: Vec<EventId>,
    },
    /// A thread that appended for others was stopped in the middle.
    #[error(
        "an append for several callers was stopped in the middle: open the ledger again, and run it again with the same ids"
    )]
    LeaderStopped,
    /// The ledger has another size than the caller expected.
    #[error("the ledger has {actual} entries, not the {expected} expected: nothing was recorded")]
    Size {
        /// The size that the caller expected.
        expected: Size,
        /// The number of entries in the ledger.
        actual: Size,
    },
    /// A size that the ledger does not have yet.
    #[error("the ledger has {size} entries: there is no --as-recorded {asked}")]
    BeyondSize {
        /// The size that the question names.
        asked: Size,
        /// The number of entries in the ledger.
        size: Size,
    },
    /// The machine's clock went back.
    #[error(
        "the clock says {}, the last entry was recorded at {}: set the clock, or --accept-clock",
        now.canonical(), last.canonical()
    )]
    Clock {
        /// The time on the clock.
        now: Instant,
        /// The stamp of the last entry.
        last: Instant,
    },
    /// No later time stamp is possible.
    #[error(
        "no entry can be stamped after the last one: time stamps end with the year 9999; nothing was recorded"
    )]
    ClockFull,
    /// The log refused the entries: none of them is in it.
    #[error("not recorded: {0}")]
    NotRecorded(LogError),
    /// The entry is recorded, but the head or another file that follows it could not be written.
    #[error("recorded as entry {entry}, but the head of the log is not up to date: {source}")]
    RecordedWithoutHead {
        /// The entry.
        entry: Index,
        /// The failure.
        source: Box<LedgerError>,
    },
    /// No such entry.
    #[error("there is no entry {index}: the ledger has {size}, counting from 0")]
    NoEntry {
        /// The index that the caller asked for.
        index: Index,
        /// The number of entries in the ledger.
        size: Size,
    },
    /// The id already names another event.
    #[error("id {id} is entry {index}, with other content: an id names one event for ever")]
    IdTaken {
        /// The id.
        id: EventId,
        /// The entry that has it.
        index: Index,
    },
    /// Two events of a batch have the same id.
    #[error("id {0} stands twice in the batch: an id names one event")]
    IdTwice(EventId),
    /// A rectification replaces a value that the record does not have.
    #[error("it says that {field} was {stated:?}; the record says {said:?}")]
    Was {
        /// The field.
        field: Field,
        /// The value that the rectification states.
        stated: String,
        /// The value in the record.
        said: String,
    },
    /// No entry has the id that an act names.
    #[error("{act} names {id}, which this ledger does not hold")]
    NoTarget {
        /// The act.
        act: ActKind,
        /// The id.
        id: EventId,
    },
    /// A correction does not name the entry that it corrects.
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
        /// The body whose charter it extends.
        pattern: BodyId,
    },
    /// A charter extends itself, or a charter that extends another.
    #[error(
        "the charter of {body} extends {pattern}, which is no pattern: it extends another, or is its own"
    )]
    ExtendsTwice {
        /// The body.
        body: BodyId,
        /// The body whose charter it extends.
        pattern: BodyId,
    },
    /// The charter has no such status in any version.
    #[error("{body} has no status {status}: it has {known}")]
    NoStatus {
        /// The body.
        body: BodyId,
        /// The status.
        status: StatusId,
        /// The statuses that it has, as a list.
        known: String,
    },
    /// The corrected text belongs to another body than the act.
    #[error("the corrected text is of {text}, the act is in {body}: give the text of {body}, or --in {text}")]
    TextOfAnother {
        /// The body of the text.
        text: BodyId,
        /// The body of the act.
        body: BodyId,
    },
    /// A correction is effected that nobody proposed.
    #[error(
        "no proposed correction stands under {0}: --to the entry of a correction-proposed of the same body"
    )]
    NoProposal(EventId),
    /// A correction is effected although a participant objected in time.
    #[error(
        "the proposal was objected to in time{}{}: without a withdrawal of the objection it is not corrected (VCLT 79(2))",
        participant.as_ref().map(|p| format!(" by {p}")).unwrap_or_default(),
        on.as_ref().map(|d| format!(" on {d}")).unwrap_or_default()
    )]
    Objected {
        /// The participant that objected.
        participant: Option<ParticipantId>,
        /// The day of the objection.
        on: Option<Edtf>,
    },
    /// An act of a participant names no participant.
    #[error("{0} needs --participant")]
    ParticipantNeeded(ActKind),
    /// An act of the body alone names a participant.
    #[error("{act} is an act of the body alone: leave out {participant}")]
    ParticipantStray {
        /// The act.
        act: ActKind,
        /// The participant.
        participant: ParticipantId,
    },
    /// An act lacks its own date.
    #[error("{act} needs {}", roles.iter().map(|r| format!("--{r}")).collect::<Vec<_>>().join(" or "))]
    DateNeeded {
        /// The act.
        act: ActKind,
        /// The kinds of date of which it needs one.
        roles: Vec<Role>,
    },
    /// A text given as a SHA-256 digest is not one.
    #[error("{0}")]
    Digest(#[from] DigestError),
    /// The register of recorders, or a rule about who may record, refuses.
    #[error("{0}")]
    Recorder(#[from] RecorderError),
    /// A change of the log's key lacks a signature of one of the two keys.
    #[error("the change of the log's key does not hold: {0}")]
    Rotation(#[from] RotationError),
    /// A change of the key is of another log or index, or its new key is not kept here.
    #[error(
        "the change of the log's key does not follow on this log, or its new key is not here: chancery key rotate makes one"
    )]
    RotationElsewhere,
    /// The act is impossible under the charter.
    #[error("{0}")]
    Impossible(#[from] Refusal),
    /// A rectification gives a field a value that it cannot take.
    #[error("{0}")]
    Change(#[from] ChangeError),
    /// One event of a batch is refused.
    #[error("event {at} of the batch: {source}; nothing was recorded")]
    InBatch {
        /// Its position in the batch, from 1.
        at: usize,
        /// Why it is refused.
        source: Box<LedgerError>,
    },
}

impl From<QuestionError> for LedgerError {
    fn from(error: QuestionError) -> LedgerError {
        LedgerError::Question(Box::new(error))
    }
}
