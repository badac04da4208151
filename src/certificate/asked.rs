//! The question of a certificate, read back from the answer that repeats it.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::event::{BodyId, Edtf, KnownBy, Moment, ParticipantId, Scope, Size};
use crate::query::{Axes, Material, Policy, QueryError, in_force, roster, status};

/// Which question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Status,
    Roster,
    InForce,
}

/// A question that can be certified: all of it is in the echo that its answer carries.
#[derive(Clone, Debug)]
pub struct CertifiedQuestion {
    kind: Kind,
    participant: Option<ParticipantId>,
    /// In which organisation or treaty.
    pub body: BodyId,
    axes: Axes,
}

#[derive(Deserialize)]
struct Echo {
    question: Words,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    kind: String,
    participant: Option<String>,
    body: String,
    on: String,
    at: Option<String>,
    as_known: Option<String>,
    as_recorded: u64,
    view: Option<String>,
}

impl CertifiedQuestion {
    /// Reads the question of an answer in its JSON form.
    ///
    /// # Errors
    /// What is wrong with it, or that answers of this kind have no certificate.
    pub fn of_answer(answer: &str) -> Result<CertifiedQuestion, String> {
        let Echo { question: words } = serde_json::from_str(answer).map_err(|e| e.to_string())?;
        let kind = match words.kind.as_str() {
            "status" => Kind::Status,
            "roster" => Kind::Roster,
            "in-force" => Kind::InForce,
            other => return Err(format!("an answer to {other:?} has no certificate")),
        };
        let participant = words.participant.as_deref().map(ParticipantId::parse).transpose();
        let participant = participant.map_err(|e| e.to_string())?;
        if matches!((kind, &participant), (Kind::Status, None) | (Kind::Roster, Some(_))) {
            return Err("it does not say whom it is about, or says it where nobody is asked about".into());
        }
        let body = BodyId::parse(&words.body).map_err(|e| e.to_string())?;
        let on = Edtf::parse(&words.on).map_err(|e| e.to_string())?;
        if on.earliest() != on.latest() {
            return Err(format!("{on} is not a day"));
        }
        let as_known =
            words.as_known.as_deref().map(KnownBy::parse).transpose().map_err(|e| e.to_string())?;
        let mut axes = Axes::on_day(on.earliest(), as_known, Size(words.as_recorded));
        axes.at = words.at.as_deref().map(Moment::parse).transpose().map_err(|e| e.to_string())?;
        axes.view = words.view.as_deref().map(view).transpose()?;
        Ok(CertifiedQuestion { kind, participant, body, axes })
    }

    /// How many entries of the log are read.
    pub fn size(&self) -> Size {
        self.axes.as_recorded
    }

    /// The participant, of a question about one.
    pub fn participant(&self) -> Option<&ParticipantId> {
        self.participant.as_ref().filter(|_| self.kind == Kind::Status)
    }

    /// Of the body asked about, whether one participant or all of it.
    pub(super) fn scope(&self) -> Scope {
        let participant = self.participant.clone().filter(|_| self.kind == Kind::Status);
        Scope { body: Some(self.body.clone()), participant }
    }

    /// The answer in its JSON form.
    pub(super) fn answer(&self, material: &Material) -> Result<Value, QueryError> {
        let (body, axes) = (&self.body, &self.axes);
        let answer = match (self.kind, &self.participant) {
            (Kind::InForce, about) => serde_json::to_value(in_force(material, body, about.as_ref(), axes)?),
            (Kind::Status, Some(participant)) => {
                serde_json::to_value(status(material, participant, body, axes)?)
            }
            (Kind::Roster | Kind::Status, _) => serde_json::to_value(roster(material, body, None, axes)?),
        };
        // Plain structs of text and numbers: there is nothing that could fail.
        Ok(answer.unwrap_or_default())
    }
}

/// A view that came with the program; one from a file is not in the certificate.
fn view(label: &str) -> Result<Arc<Policy>, String> {
    let found = Policy::shipped().iter().find(|policy| policy.label() == label);
    let found = found.ok_or_else(|| format!("the view {label:?} does not come with the program"))?;
    Ok(Arc::new(found.clone()))
}
