//! Answers to questions of every kind, and why a question cannot be asked.

use serde::Serialize;

use super::policy::PolicyError;
use super::{
    CheckpointRef, Communications, Conflicts, Counted, Diff, Explanation, InForce, Pending, Portfolio,
    QuestionEcho, Relations, Reservations, Revisions, Roster, StatusAnswer, Timeline, When,
};
use crate::event::{BodyId, DateError, Day, IdError, ResolveError, StatusId, UnknownAct};

/// The answer to a question; in JSON the answer itself.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "each is the answer of the kind of its name")]
pub enum Answer {
    Status(Box<StatusAnswer>),
    Roster(Roster),
    Portfolio(Portfolio),
    Timeline(Timeline),
    Revisions(Revisions),
    Explanation(Box<Explanation>),
    Pending(Pending),
    InForce(Box<InForce>),
    When(When),
    Counted(Counted),
    Conflicts(Conflicts),
    Diff(Diff),
    Communications(Communications),
    Reservations(Reservations),
    Relations(Relations),
    /// Of one kind in several bodies.
    Bodies(Bodies),
}

/// Answers of one kind in several bodies, by body.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Bodies {
    /// What was asked.
    pub question: QuestionEcho,
    /// The answer of each body; of `pending` only where something is.
    pub bodies: Vec<Answer>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

impl Bodies {
    /// Of the answers of each body.
    pub fn of(question: QuestionEcho, mut bodies: Vec<Answer>, checkpoint: CheckpointRef) -> Bodies {
        let is_empty = |answer: &Answer| matches!(answer, Answer::Pending(p) if p.procedures.is_empty() && p.contested.is_empty());
        bodies.retain(|answer| !is_empty(answer));
        Bodies { question, bodies, checkpoint }
    }
}

/// Why a question cannot be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QuestionError {
    /// Nobody, or several, are called so.
    #[error(transparent)]
    Participant(#[from] ResolveError),
    /// No organisation or treaty, and no status, has such an id.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A text that is no date, or not one day.
    #[error(transparent)]
    Date(#[from] DateError),
    /// A text that is no size, no time and no date.
    #[error("--as-recorded takes a size, a time or a checkpoint file: {0}")]
    Recorded(DateError),
    /// No act is called so.
    #[error(transparent)]
    Act(UnknownAct),
    /// A question that is about a participant names none.
    #[error("{0} needs a participant")]
    NoParticipant(&'static str),
    /// Relations of a participant with itself.
    #[error("{0} stands on both sides")]
    BothSides(String),
    /// `when` without a status.
    #[error("when needs a status")]
    NoStatus,
    /// A period of another length.
    #[error("{0:?} is no period: year, quarter or month")]
    Period(String),
    /// A span of days that ends before it begins.
    #[error("the first day, {from}, comes after the last, {to}")]
    Window {
        /// Its first day.
        from: Day,
        /// Its last day, included.
        to: Day,
    },
    /// A comparison without two ends.
    #[error("diff compares two dates: one of the three must be a range, FROM..TO")]
    NoRange,
    /// A comparison along two of the three dates.
    #[error("diff compares along one of the three dates: only one may be a range")]
    TwoRanges,
    /// A range whose later end comes first.
    #[error("the range runs backwards: write the earlier date first, FROM..TO")]
    Backwards,
    /// No view that comes with the program has the name.
    #[error("there is no view called {name:?}")]
    View {
        /// The name.
        name: String,
        /// The views there are.
        shipped: Vec<String>,
    },
    /// A view that cannot be read.
    #[error("{from}: {error}")]
    ViewText {
        /// The file.
        from: String,
        /// What is wrong with it.
        error: PolicyError,
    },
    /// A file with no view, or with several.
    #[error("{from} holds {count} views: one is needed")]
    ViewCount {
        /// The file.
        from: String,
        /// How many it holds.
        count: usize,
    },
    /// No body is named, and the ledger holds none.
    #[error("the ledger holds no organisation or treaty yet")]
    NoBodies,
    /// No body is named, and the ledger holds several.
    #[error("--in BODY is needed")]
    BodyNeeded(Vec<BodyId>),
    /// The rules of a body know no such status.
    #[error("{body} has no status {status}")]
    UnknownStatus {
        /// The body, in short.
        body: String,
        /// The status.
        status: StatusId,
        /// The statuses that its rules know.
        known: Vec<StatusId>,
    },
    /// The rules of a body know no status at all.
    #[error("the charter of {0} names no status")]
    NoStatuses(String),
    /// The answer is to another kind of question.
    #[error("the answer is to another kind of question")]
    OtherAnswer,
    /// A question about an earlier state of the ledger, in which nothing is supposed yet.
    #[error(
        "what-if supposes its events behind everything recorded: an earlier --as-recorded leaves them out"
    )]
    BeforeSupposed,
    /// An act that no participant does is not counted.
    #[error("{0} is an act of the organisation or treaty alone")]
    ActOfBody(String),
}

macro_rules! answer_types {
    ($($variant:ident($kind:ty);)*) => {$(
        impl TryFrom<Answer> for $kind {
            type Error = QuestionError;

            fn try_from(answer: Answer) -> Result<$kind, QuestionError> {
                let Answer::$variant(answer) = answer else { return Err(QuestionError::OtherAnswer) };
                let answer: Box<$kind> = answer.into();
                Ok(*answer)
            }
        }
    )*};
}

answer_types! {
    Status(StatusAnswer);
    Roster(Roster);
    Portfolio(Portfolio);
    Timeline(Timeline);
    Revisions(Revisions);
    Explanation(Explanation);
    Pending(Pending);
    InForce(InForce);
    When(When);
    Counted(Counted);
    Conflicts(Conflicts);
    Diff(Diff);
    Communications(Communications);
    Reservations(Reservations);
    Relations(Relations);
    Bodies(Bodies);
}
