//! Answers to many questions: bodies that are asked of again and again are read whole, once; of the others only who is asked
//! of.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use crate::event::{BodyId, ParticipantId, Scope, Size, StatusId};
use crate::ledger::{Ledger, Loaded};
use crate::query::{Axes, Batch, CheckpointRef, Material, Materials, StatusAnswer};

use crate::cli::ask::questions::Words;
use crate::cli::error::Failure;

/// A row and what it asks.
pub(crate) struct Asked {
    pub(crate) line: u64,
    pub(crate) words: Words,
    pub(crate) question: Result<Question, String>,
}

pub(crate) struct Question {
    pub(crate) participant: ParticipantId,
    pub(crate) body: BodyId,
    pub(crate) axes: Axes,
    pub(crate) is: Option<StatusId>,
}

/// A row with its answer, or with what is wrong.
pub(crate) struct Answered {
    pub(crate) line: u64,
    pub(crate) words: Words,
    pub(crate) answer: Result<Line, String>,
}

/// An answer as a line: that of `status`, and whether the status is the one named.
#[derive(Serialize)]
pub(crate) struct Line {
    #[serde(flatten)]
    pub(crate) answer: StatusAnswer,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is: Option<bool>,
}

/// So many questions about a body are each answered from the entries of who is asked of.
const FEW: usize = 16;

/// The head of the log at a size.
type HeadOf<'h> = dyn FnMut(&Ledger, Size) -> Result<CheckpointRef, Failure> + 'h;

/// What was read for the questions so far.
#[derive(Default)]
pub(crate) struct Answers {
    /// Whole bodies.
    bodies: BTreeMap<BodyId, Loaded>,
    /// How often each body was asked of.
    asked: HashMap<BodyId, usize>,
}

impl Answers {
    /// Answers questions in their order.
    ///
    /// # Errors
    /// [`Failure`] where the ledger cannot be read; a question that has no answer is none.
    pub(crate) fn of(
        &mut self,
        asked: Vec<Asked>,
        ledger: &mut Ledger,
        head: &mut HeadOf<'_>,
    ) -> Result<Vec<Answered>, Failure> {
        let questions: Vec<&Question> = asked.iter().filter_map(|a| a.question.as_ref().ok()).collect();
        self.read(&questions, ledger)?;
        let mut alone = Vec::with_capacity(asked.len());
        for asked in &asked {
            let few =
                asked.question.as_ref().ok().filter(|question| !self.bodies.contains_key(&question.body));
            alone.push(few.map(|question| answer_alone(question, ledger, head)).transpose()?);
        }
        let mut materials = Materials::new();
        for question in questions {
            let key = (question.body.clone(), question.axes.as_recorded);
            let Some(loaded) = self.bodies.get(&question.body).filter(|_| !materials.contains_key(&key))
            else {
                continue;
            };
            let checkpoint = head(ledger, question.axes.as_recorded)?;
            materials.insert(key, Material { checkpoint, ..ledger.material(loaded, ledger.size())? });
        }
        let mut batch = Batch::new(materials);
        let mut one = |(asked, alone): (Asked, Option<Result<Line, String>>)| Answered {
            line: asked.line,
            words: asked.words,
            answer: asked.question.and_then(|q| alone.unwrap_or_else(|| answer(&mut batch, &q))),
        };
        Ok(asked.into_iter().zip(alone).map(&mut one).collect())
    }

    /// Reads the bodies that are asked of often.
    fn read(&mut self, questions: &[&Question], ledger: &mut Ledger) -> Result<(), Failure> {
        for question in questions {
            *self.asked.entry(question.body.clone()).or_default() += 1;
        }
        let often = |body: &&BodyId| self.asked.get(*body).is_some_and(|times| *times > FEW);
        let fresh = |body: &&BodyId| !self.bodies.contains_key(*body);
        let wanted = questions.iter().map(|question| &question.body).filter(often).filter(fresh);
        let wanted: BTreeSet<&BodyId> = wanted.collect();
        ledger.read_ahead(wanted.iter().copied())?;
        for body in wanted {
            self.bodies.insert(body.clone(), ledger.load(&Scope::of_body(body.clone()))?);
        }
        Ok(())
    }
}

/// The answer from the entries that bear on it, as `status` gives it.
fn answer_alone(
    question: &Question,
    ledger: &mut Ledger,
    head: &mut HeadOf<'_>,
) -> Result<Result<Line, String>, Failure> {
    let loaded = ledger.load_asked(&question.body, Some(&question.participant))?;
    let checkpoint = head(ledger, question.axes.as_recorded)?;
    let material = Material { checkpoint, ..ledger.material(&loaded, ledger.size())? };
    let materials = Materials::from([((question.body.clone(), question.axes.as_recorded), material)]);
    Ok(answer(&mut Batch::new(materials), question))
}

fn answer(batch: &mut Batch, question: &Question) -> Result<Line, String> {
    let mut answer =
        batch.status(&question.participant, &question.body, &question.axes).map_err(|e| e.to_string())?;
    let is = question.is.as_ref().map(|wanted| {
        if let Some(charter) = batch.charter(&question.body, &question.axes) {
            answer.flag_absent(charter, wanted);
        }
        answer.status.as_ref() == Some(wanted)
    });
    Ok(Line { answer, is })
}
