//! The parts that the questions share: words that become ids, the open ledger, the lines under an answer.

use std::sync::Arc;

use clap::Args;

use crate::charter::Charter;
use crate::event::{BodyId, Day, ParticipantId, Size};
use crate::ledger::Reading;
use crate::query::{
    Answer, Asked, Axes, Because, CheckpointRef, Kind, Material, Question, QuestionEcho, QuestionError,
    SpellItem, Timeline, participant,
};

use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::render::{Page, clean, faint};

/// One participant in one organisation or treaty
#[derive(Args, Clone, Debug)]
pub(crate) struct PairArgs {
    /// Who: a code or any name, past or present
    #[arg(value_parser = participant)]
    pub(crate) participant: ParticipantId,
    /// In which organisation or treaty
    #[arg(value_name = "BODY", conflicts_with = "body")]
    pub(crate) second: Option<BodyId>,
    /// In which organisation or treaty
    #[arg(long = "in", value_name = "BODY")]
    pub(crate) body: Option<BodyId>,
}

impl PairArgs {
    /// A question of this kind about the pair.
    pub(crate) fn question(&self, kind: Kind) -> Question {
        let mut question = Question::new(kind).of(self.participant.to_string());
        question.bodies = self.body.iter().chain(&self.second).map(ToString::to_string).collect();
        question
    }
}

/// One organisation or treaty
#[derive(Args, Clone, Debug)]
pub(crate) struct BodyArgs {
    /// Organisation or treaty; may be left out where the ledger has only one
    #[arg(value_name = "BODY")]
    first: Option<BodyId>,
    /// Organisation or treaty
    #[arg(long = "in", value_name = "BODY", conflicts_with = "first")]
    body: Option<BodyId>,
}

impl BodyArgs {
    /// A question of this kind about the body.
    pub(crate) fn question(&self, kind: Kind) -> Question {
        let mut question = Question::new(kind);
        question.bodies = self.body.iter().chain(&self.first).map(ToString::to_string).collect();
        question
    }
}

/// One organisation or treaty, or every one
#[derive(Args, Clone, Debug)]
pub(crate) struct BodiesArgs {
    /// Organisation or treaty; left out: every one
    #[arg(value_name = "BODY")]
    first: Option<BodyId>,
    /// Organisation or treaty
    #[arg(long = "in", value_name = "BODY", conflicts_with = "first")]
    body: Option<BodyId>,
}

impl BodiesArgs {
    /// A question of this kind about the body, or about every body.
    pub(crate) fn question(&self, kind: Kind) -> Question {
        let mut question = Question::new(kind);
        question.bodies = self.only().iter().map(ToString::to_string).collect();
        question
    }

    /// The body that is named, if one is.
    pub(crate) fn only(&self) -> Option<BodyId> {
        self.body.clone().or_else(|| self.first.clone())
    }
}

/// A question with the record that answers it.
pub(crate) struct Asking {
    /// The record.
    pub(crate) reading: Reading,
    question: Question,
    asked: Asked,
}

impl Asking {
    /// Opens the ledger and reads the words of the question.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn new(context: &Context, question: Question) -> Result<Asking, Failure> {
        let reading = context.reading()?;
        let asked = question.read(context.now)?;
        Ok(Asking { reading, question, asked })
    }

    /// The answer, in the type that this kind of question has.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn answer<T: TryFrom<Answer, Error = QuestionError>>(&self) -> Result<T, Failure> {
        Ok(T::try_from(self.reading.answer(&self.asked)?)?)
    }

    /// The answer to a question of any kind.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn any(&self) -> Result<Answer, Failure> {
        Ok(self.reading.answer(&self.asked)?)
    }

    /// The answer that a certificate states, with its size: without the status that only this command line asks about.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn plain(&self) -> Result<(Answer, Size), Failure> {
        let asked = Asked { status: None, ..self.asked.clone() };
        Ok((self.reading.answer(&asked)?, self.reading.axes(&asked)?.as_recorded))
    }

    /// The dates of the question, resolved in this record.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn axes(&self) -> Result<Axes, Failure> {
        Ok(self.reading.axes(&self.asked)?)
    }

    /// The charter of the body that the question is about.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn charter(&self) -> Result<Arc<Charter>, Failure> {
        Ok(self.reading.charter(&self.reading.body(&self.asked)?, &self.axes()?)?)
    }

    /// The body that the question is about, with its charter and all its entries, and the dates.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn whole(&self) -> Result<(BodyId, Arc<Charter>, Material, Axes), Failure> {
        let body = self.reading.body(&self.asked)?;
        let axes = self.reading.axes(&self.asked)?;
        let charter = self.reading.charter(&body, &axes)?;
        let material = self.reading.material(&body, None, axes.as_recorded)?;
        Ok((body, charter, material, axes))
    }

    /// Every spell of the participant in the body that the question is about.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn spells(&self) -> Result<Vec<SpellItem>, Failure> {
        let body = self.reading.body(&self.asked)?;
        let mut question = Question { kind: Kind::Timeline, ..self.question.clone() };
        (question.bodies, question.options.status) = (vec![body.to_string()], None);
        Ok(Timeline::try_from(self.reading.ask(&question)?)?.spells)
    }
}

/// The line under an answer: the three dates, the view if there is one, the size and root.
pub(crate) fn footer(page: &Page, question: &QuestionEcho, checkpoint: &CheckpointRef, today: Day) -> String {
    let on = match &question.at {
        None if question.on == today => format!("{} (today)", question.on),
        _ => question.when(),
    };
    let known = match &question.as_known {
        None => "known by today".to_owned(),
        Some(date) => format!("known by {date}"),
    };
    let recorded =
        format!("as recorded: {} entries, root {}", checkpoint.size, page.short_hash(&checkpoint.root));
    let view = question.view.as_ref().map(|view| format!("by the view {}, ", clean(view)));
    faint_lines(&page.wrap("", &format!("{}on {on}, {known}, {recorded}", view.unwrap_or_default())))
}

/// Dims every line.
pub(crate) fn faint_lines(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", faint(line))).collect()
}

/// The citations, in one line.
pub(crate) fn cites(because: &Because) -> String {
    let cites: Vec<_> = because.evidence.iter().map(|e| clean(&e.cite)).collect();
    match cites.is_empty() {
        true => "no source recorded".to_owned(),
        false => cites.join("; "),
    }
}

/// The dates of a question as options that the user can type again.
pub(crate) fn options(question: &QuestionEcho, size: crate::event::Size, today: Day) -> String {
    let mut out = String::new();
    match &question.at {
        Some(moment) => out.push_str(&format!(" --on {}", moment.as_str())),
        None if question.on != today => out.push_str(&format!(" --on {}", question.on)),
        None => {}
    }
    if let Some(known) = &question.as_known {
        out.push_str(&format!(" --as-known {known}"));
    }
    // Supposed events are beyond the size, so `--as-recorded` cannot name them.
    if question.as_recorded < size {
        out.push_str(&format!(" --as-recorded {}", question.as_recorded));
    }
    if let Some(view) = &question.view {
        out.push_str(&format!(" --view {view}"));
    }
    out
}
