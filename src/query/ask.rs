//! Answers to questions of every kind, and the reasons why a question cannot be asked.

use serde::Serialize;

use super::policy::PolicyError;
use super::{
    CheckpointRef, Communications, Conflicts, Counted, Diff, Explanation, InForce, Pending, Portfolio,
    QuestionEcho, Relations, Reservations, Revisions, Roster, StatusAnswer, Timeline, When,
};
use crate::event::{BodyId, DateError, Day, IdError, ResolveError, StatusId, UnknownAct};

/// The answer to a question; its JSON is that of the answer itself.
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
    /// Answers of one kind in several bodies.
    Bodies(Bodies),
}

/// Answers of one kind in several bodies, by body.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Bodies {
    /// The question, as it was understood.
    pub question: QuestionEcho,
    /// The answer of each body; a `pending` answer without an open or contested procedure is left out.
    pub bodies: Vec<Answer>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

impl Bodies {
    /// Joins the answers of each body, without `pending` answers that list no procedure.
    pub fn of(question: QuestionEcho, mut bodies: Vec<Answer>, checkpoint: CheckpointRef) -> Bodies {
        let is_empty = |answer: &Answer| matches!(answer, Answer::Pending(p) if p.procedures.is_empty() && p.contested.is_empty());
        bodies.retain(|answer| !is_empty(answer));
        Bodies { question, bodies, checkpoint }
    }
}

/// The reason why a question cannot be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QuestionError {
    /// No participant, or more than one, has this name.
    #[error(transparent)]
    Participant(#[from] ResolveError),
    /// No organisation, treaty or status can have such an id.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A text that is no date, or covers more than one day.
    #[error(transparent)]
    Date(#[from] DateError),
    /// A text that is no size, no time and no date.
    #[error("--as-recorded takes a size, a time or a checkpoint file: {0}")]
    Recorded(DateError),
    /// No act has this name.
    #[error(transparent)]
    Act(UnknownAct),
    /// The question is about a participant, but names none.
    #[error("{0} needs a participant")]
    NoParticipant(&'static str),
    /// Relations of a participant with itself.
    #[error("{0} stands on both sides")]
    BothSides(String),
    /// A `when` question without a status.
    #[error("when needs a status")]
    NoStatus,
    /// A period that is neither a year, a quarter nor a month.
    #[error("{0:?} is no period: year, quarter or month")]
    Period(String),
    /// A span of days whose last day comes before its first.
    #[error("the first day, {from}, comes after the last, {to}")]
    Window {
        /// The first day of the span.
        from: Day,
        /// The last day of the span, inclusive.
        to: Day,
    },
    /// A comparison in which none of the three dates is a range.
    #[error("diff compares two dates: one of the three must be a range, FROM..TO")]
    NoRange,
    /// A comparison in which more than one of the three dates is a range.
    #[error("diff compares along one of the three dates: only one may be a range")]
    TwoRanges,
    /// A range whose later end comes first.
    #[error("the range runs backwards: write the earlier date first, FROM..TO")]
    Backwards,
    /// No view that comes with the program has this name.
    #[error("there is no view called {name:?}")]
    View {
        /// The name that was asked for.
        name: String,
        /// The names of the views that come with the program.
        shipped: Vec<String>,
    },
    /// A file of views that cannot be read.
    #[error("{from}: {error}")]
    ViewText {
        /// The name of the file.
        from: String,
        /// The fault in the view.
        error: PolicyError,
    },
    /// A file that contains no view, or several.
    #[error("{from} holds {count} views: one is needed")]
    ViewCount {
        /// The name of the file.
        from: String,
        /// The number of views in the file.
        count: usize,
    },
    /// The question names no body, and the ledger has none.
    #[error("the ledger holds no organisation or treaty yet")]
    NoBodies,
    /// The question names no body, and the ledger has several.
    #[error("--in BODY is needed")]
    BodyNeeded(Vec<BodyId>),
    /// The charter of a body defines no such status.
    #[error("{body} has no status {status}")]
    UnknownStatus {
        /// The short name of the body.
        body: String,
        /// The status that was asked for.
        status: StatusId,
        /// The statuses that the charter defines.
        known: Vec<StatusId>,
    },
    /// The charter of a body defines no status at all.
    #[error("the charter of {0} names no status")]
    NoStatuses(String),
    /// The answer is to another kind of question.
    #[error("the answer is to another kind of question")]
    OtherAnswer,
    /// A question about an earlier state of the ledger, which has none of the supposed events yet.
    #[error(
        "what-if supposes its events behind everything recorded: an earlier --as-recorded leaves them out"
    )]
    BeforeSupposed,
    /// An act of a body alone: `count` counts acts of participants.
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
