//! Questions that name no body, one body or several, with their answers side by side.

use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::charter::Charter;
use crate::event::BodyId;
use crate::query::{Answer, Bodies, CheckpointRef, Kind, Question, QuestionEcho, QuestionError};

use crate::cli::ask::question::{Asking, footer};
use crate::cli::context::{Context, Format, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::prove::certificate::CertificateArgs;
use crate::cli::render::Page;

/// Some organisations or treaties, or every one
#[derive(Args, Clone, Debug)]
pub(crate) struct SeveralArgs {
    /// Organisations or treaties; left out: every one
    #[arg(value_name = "BODY")]
    named: Vec<BodyId>,
    /// Organisation or treaty; may be repeated
    #[arg(long = "in", value_name = "BODY")]
    within: Vec<BodyId>,
}

impl SeveralArgs {
    /// A question of this kind about the bodies.
    pub(crate) fn question(&self, kind: Kind) -> Question {
        let mut question = Question::new(kind);
        question.bodies = self.named.iter().chain(&self.within).map(ToString::to_string).collect();
        question
    }
}

/// Formats the answer about one body as text. The last argument is false for one of several answers, which has no lines under it.
pub(crate) type Text<'t, T> = &'t dyn Fn(&Page, &T, &Charter, bool) -> String;

/// Answers a question about one body or several, and writes the answer. If the user wants a certificate, it is written first.
///
/// # Errors
/// [`Failure`].
pub(crate) fn answer<T>(
    context: &Context,
    question: Question,
    certificate: Option<&CertificateArgs>,
    shape: Shape,
    text: Text<'_, T>,
) -> Result<Exit, Failure>
where
    T: TryFrom<Answer, Error = QuestionError> + Serialize,
{
    let asked = Asking::new(context, question)?;
    certificate.map_or(Ok(()), |args| args.write(&asked, context))?;
    write(context, &asked, shape, text)?;
    Ok(Exit::Done)
}

fn write<T>(context: &Context, asked: &Asking, shape: Shape, text: Text<'_, T>) -> Result<(), Failure>
where
    T: TryFrom<Answer, Error = QuestionError> + Serialize,
{
    let bodies = match asked.any()? {
        Answer::Bodies(bodies) => bodies,
        one => {
            let (answer, charter) = (T::try_from(one)?, asked.charter()?);
            return context.answer(&answer, shape, |page| text(page, &answer, &charter, true));
        }
    };
    match context.format {
        Format::Json => context.answer(&bodies, shape, |_| String::new()),
        Format::Jsonl | Format::Csv => {
            let rows = rows(&bodies, shape.list)?;
            let columns: Vec<&'static str> =
                std::iter::once("body").chain(shape.columns.iter().copied()).collect();
            context.rows(&rows, &columns)
        }
        Format::Text => {
            let Bodies { question, bodies, checkpoint } = bodies;
            let axes = asked.axes()?;
            let mut parts: Vec<(T, Arc<Charter>)> = Vec::with_capacity(bodies.len());
            for answer in bodies {
                let Some(body) = body_of(&answer) else { continue };
                let charter = asked.reading.charter(&body, &axes)?;
                parts.push((T::try_from(answer)?, charter));
            }
            context.answer(&Value::Null, shape, |page| {
                whole(page, &parts, &question, &checkpoint, context, text)
            })
        }
    }
}

fn whole<T>(
    page: &Page,
    parts: &[(T, Arc<Charter>)],
    question: &QuestionEcho,
    checkpoint: &CheckpointRef,
    context: &Context,
    text: Text<'_, T>,
) -> String {
    let mut out = String::new();
    for (answer, charter) in parts {
        out.push_str(&text(page, answer, charter, false));
        out.push('\n');
    }
    if parts.is_empty() {
        out.push_str("nothing in any organisation or treaty\n\n");
    }
    out.push_str(&footer(page, question, checkpoint, context.now.day()));
    out
}

fn body_of(answer: &Answer) -> Option<BodyId> {
    match answer {
        Answer::Roster(answer) => answer.question.body.clone(),
        Answer::Pending(answer) => answer.question.body.clone(),
        Answer::InForce(answer) => answer.question.body.clone(),
        _ => None,
    }
}

/// The lines of every answer, each with its body.
fn rows(bodies: &Bodies, list: Option<&str>) -> Result<Vec<Value>, Failure> {
    let mut rows = Vec::new();
    for answer in &bodies.bodies {
        let mut answer = serde_json::to_value(answer)?;
        let body = answer["question"]["body"].clone();
        let lines = match list.map(|list| answer[list].take()) {
            Some(Value::Array(lines)) => lines,
            _ => vec![answer],
        };
        rows.extend(lines.into_iter().map(|mut line| {
            line["body"] = body.clone();
            line
        }));
    }
    Ok(rows)
}
