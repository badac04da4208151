//! Answers questions of every kind: selects the bodies that a question is about, answers for each of them, and joins the parts of
//! several bodies into one answer.

use rayon::prelude::*;

use crate::charter::Charter;
use crate::event::{BodyId, ParticipantId, StatusId, Subject};
use crate::query::{
    Answer, Asked, Axes, Bodies, Conflicts, Diff, Kind, Material, Portfolio, QuestionEcho, QuestionError,
    Revisions, Sought, Threshold, Timeline, What, communications, conflicts, count, count_of_rows, diff,
    explain, in_force, pending, portfolio, relations, reservations, revisions, roster, roster_of_rows,
    status, timeline, when,
};

use super::{LedgerError, Reading};

impl Reading {
    /// Answers a question whose words are parsed.
    ///
    /// # Errors
    /// Those of [`Reading::ask`].
    pub fn answer(&self, asked: &Asked) -> Result<Answer, LedgerError> {
        let axes = self.axes(asked)?;
        match asked.kind {
            Kind::Portfolio => self.portfolio(asked, &axes),
            Kind::Timeline => self.timeline(asked, &axes),
            Kind::Conflicts => self.conflicts(asked, &axes),
            Kind::Diff => self.diff(asked, &axes),
            Kind::Pending | Kind::Roster | Kind::InForce if self.is_about_several(asked, &axes)? => {
                self.in_several(asked, &axes)
            }
            _ => {
                let body = self.body(asked)?;
                self.in_one(asked, &axes, &body)
            }
        }
    }

    /// True if a question that takes no body, one or several is about more than one.
    fn is_about_several(&self, asked: &Asked, axes: &Axes) -> Result<bool, LedgerError> {
        match asked.bodies.len() {
            0 => Ok(self.bodies(axes.as_recorded)?.len() > 1),
            named => Ok(named > 1),
        }
    }

    /// The bodies that a question names, each of which must have a charter; every body if it names none.
    fn bodies_of(&self, asked: &Asked, axes: &Axes) -> Result<Vec<BodyId>, LedgerError> {
        if asked.bodies.is_empty() {
            return self.bodies(axes.as_recorded);
        }
        asked.bodies.iter().try_for_each(|body| self.charter(body, axes).map(drop))?;
        Ok(asked.bodies.clone())
    }

    /// Visits each body with its own entries, on every core; the parts are in the order of the bodies. For a participant, only the
    /// entries that bear on it are read, unless under the rules of the body its status depends on the acts of others.
    fn each<P: Send>(
        &self,
        bodies: &[BodyId],
        participant: Option<&ParticipantId>,
        axes: &Axes,
        part: impl Fn(&BodyId, &Material) -> Result<P, LedgerError> + Sync,
    ) -> Result<Vec<P>, LedgerError> {
        let size = axes.as_recorded;
        if let [only] = bodies {
            return Ok(vec![part(only, &self.material(only, participant, size)?)?]);
        }
        if participant.is_some() {
            let pass = self.passing();
            return bodies
                .par_iter()
                .map(|body| part(body, &pass.material(body, participant, size)?))
                .collect();
        }
        self.over(bodies, |pass, body| part(body, &pass.material(body, None, size)?))
    }

    /// Visits each body with all entries that bear on it, on every core. The entries are not kept for the next question; the parts
    /// are in the order of the bodies.
    ///
    /// # Errors
    /// [`LedgerError`], and the errors of `part`.
    pub(crate) fn over<P: Send>(
        &self,
        bodies: &[BodyId],
        part: impl Fn(&Reading, &BodyId) -> Result<P, LedgerError> + Sync,
    ) -> Result<Vec<P>, LedgerError> {
        let pass = self.passing();
        self.record().in_batches(bodies, |record, body| part(&pass.with_record(record), body))
    }

    /// Visits the bodies in the same way for one participant; a body whose stored row is enough is answered from that row.
    fn each_but<P: Send>(
        &self,
        bodies: &[BodyId],
        kept: impl Fn(&BodyId) -> Option<P>,
        participant: &ParticipantId,
        axes: &Axes,
        part: impl Fn(&BodyId, &Material) -> Result<P, LedgerError> + Sync,
    ) -> Result<Vec<P>, LedgerError> {
        let mut parts: Vec<Option<P>> = bodies.iter().map(kept).collect();
        let asked = bodies.iter().zip(&parts).filter(|(_, part)| part.is_none());
        let asked: Vec<BodyId> = asked.map(|(body, _)| body.clone()).collect();
        let mut folded = self.each(&asked, Some(participant), axes, part)?.into_iter();
        parts.iter_mut().filter(|part| part.is_none()).for_each(|part| *part = folded.next());
        Ok(parts.into_iter().flatten().collect())
    }

    fn in_several(&self, asked: &Asked, axes: &Axes) -> Result<Answer, LedgerError> {
        let bodies = self.bodies_of(asked, axes)?;
        let one = |pass: &Reading, body: &BodyId| match pass.in_one(asked, axes, body) {
            // If a question is about several bodies, those that do not know the status are passed over.
            Err(LedgerError::Question(error)) if matches!(*error, QuestionError::UnknownStatus { .. }) => {
                Ok(None)
            }
            answer => answer.map(Some),
        };
        let answers = self.over(&bodies, one)?.into_iter().flatten().collect();
        let question = QuestionEcho::new(asked.kind.word(), None, None, axes);
        Ok(Answer::Bodies(Bodies::of(question, answers, self.head(axes.as_recorded)?)))
    }

    fn in_one(&self, asked: &Asked, axes: &Axes, body: &BodyId) -> Result<Answer, LedgerError> {
        if let Some(answer) = self.by_rows(asked, axes, body)? {
            return Ok(answer);
        }
        let material = self.material_for(asked, axes, body)?;
        let charter = &*self.rules(&material.entries, body, axes)?;
        if let Some(status) = &asked.status {
            check_status(charter, status)?;
        }
        let who = || asked.participant.as_ref().ok_or(QuestionError::NoParticipant(asked.kind.word()));
        Ok(match asked.kind {
            Kind::Status => {
                let mut answer = status(&material, who()?, body, axes)?;
                if let Some(status) = &asked.status {
                    answer.flag_absent(charter, status);
                }
                Answer::Status(Box::new(answer))
            }
            Kind::Explain => Answer::Explanation(Box::new(explain(&material, who()?, body, axes)?)),
            Kind::Pending => Answer::Pending(pending(&material, body, axes)?),
            Kind::InForce => {
                Answer::InForce(Box::new(in_force(&material, body, asked.other.as_ref(), axes)?))
            }
            Kind::When => Answer::When(self.when(asked, axes, body, &material)?),
            Kind::Count => {
                let what = counted(asked, charter, axes)?;
                Answer::Counted(count(&material, body, what, asked.by, asked.window, axes)?)
            }
            Kind::Communications => Answer::Communications(communications(&material, body, axes)?),
            Kind::Reservations => {
                Answer::Reservations(reservations(&material, body, asked.participant.as_ref(), axes)?)
            }
            Kind::Relations => {
                let other = asked.other.as_ref().ok_or(QuestionError::NoParticipant(asked.kind.word()))?;
                Answer::Relations(relations(&material, who()?, other, body, axes)?)
            }
            Kind::Roster | Kind::Portfolio | Kind::Timeline | Kind::Conflicts | Kind::Diff => {
                Answer::Roster(roster(&material, body, asked.status.as_ref(), axes)?)
            }
        })
    }

    /// The entries that a question about one body reads. Only an answer about one participant can depend on less than the whole
    /// body.
    fn material_for(&self, asked: &Asked, axes: &Axes, body: &BodyId) -> Result<Material, LedgerError> {
        let is_of_one = match asked.kind {
            Kind::Status | Kind::Explain => true,
            Kind::When => asked.number.is_none(),
            _ => false,
        };
        let participant = asked.participant.as_ref().filter(|_| is_of_one);
        if let Some(participant) = participant
            && let Some(ruled) = self.ruled(body, axes)?
            && self.is_first_about(body)
            && let Some(material) = self.material_of_one(body, participant, &ruled, axes.as_recorded)?
        {
            return Ok(material);
        }
        self.material(body, participant, axes.as_recorded)
    }

    /// The answer from the stored rows of everyone in a body; `None` if only the fold can give it.
    fn by_rows(&self, asked: &Asked, axes: &Axes, body: &BodyId) -> Result<Option<Answer>, LedgerError> {
        if !matches!(asked.kind, Kind::Roster | Kind::Count) {
            return Ok(None);
        }
        let Some(ruled) = self.ruled(body, axes)? else { return Ok(None) };
        let charter = &*self.charter(body, axes)?;
        if let Some(status) = &asked.status {
            check_status(charter, status)?;
        }
        let what = match asked.kind {
            Kind::Count => Some(counted(asked, charter, axes)?),
            _ => None,
        };
        let checkpoint = self.head(axes.as_recorded)?;
        Ok(match what {
            None => {
                let rows = self.rows_in(body, &ruled)?;
                let only = asked.status.as_ref();
                roster_of_rows(charter, &ruled, &rows, only, axes, &checkpoint).map(Answer::Roster)
            }
            Some(What::Status(status)) => {
                let rows = self.rows_in(body, &ruled)?;
                let of = (body, &ruled);
                count_of_rows(of, &rows, &status, asked.by, asked.window, axes, &checkpoint)
                    .map(Answer::Counted)
            }
            Some(What::Act(_)) => None,
        })
    }

    fn when(
        &self,
        asked: &Asked,
        axes: &Axes,
        body: &BodyId,
        material: &Material,
    ) -> Result<crate::query::When, LedgerError> {
        let status = asked.status.as_ref().ok_or(QuestionError::NoStatus)?;
        let sought = match (asked.number, &asked.participant) {
            (Some(number), _) => Sought::Number(number),
            (None, Some(participant)) => Sought::Of(participant),
            (None, None) => Sought::Number(Threshold::AtLeast(1)),
        };
        Ok(when(material, body, status, sought, asked.after, axes)?)
    }

    fn portfolio(&self, asked: &Asked, axes: &Axes) -> Result<Answer, LedgerError> {
        let participant = participant_of(asked)?;
        let (bodies, rows) = self.bodies_naming(participant, axes)?;
        let kept =
            |body: &BodyId| rows.say(body, |ruled, row| row.in_portfolio(body, ruled, axes.on)).map(Some);
        let parts = self.each_but(&bodies, kept, participant, axes, |body, material| {
            Ok(portfolio(material, participant, body, axes)?)
        })?;
        let question = QuestionEcho::new("portfolio", Some(participant), None, axes);
        Ok(Answer::Portfolio(Portfolio::joined(parts, question, self.head(axes.as_recorded)?)))
    }

    fn timeline(&self, asked: &Asked, axes: &Axes) -> Result<Answer, LedgerError> {
        let participant = participant_of(asked)?;
        let (bodies, rows) = match asked.bodies.is_empty() {
            true => self.bodies_naming(participant, axes)?,
            false => (asked.bodies.clone(), self.pair_rows(participant, &asked.bodies, axes)?),
        };
        let question = QuestionEcho::new("timeline", Some(participant), only(&asked.bodies), axes);
        let head = self.head(axes.as_recorded)?;
        if asked.both_times {
            let parts = self.each(&bodies, Some(participant), axes, |body, material| {
                Ok(revisions(material, participant, body, axes)?)
            })?;
            return Ok(Answer::Revisions(Revisions::joined(parts, question, head)));
        }
        let kept = |body: &BodyId| {
            rows.say(body, |ruled, row| Some(row.timeline(participant, (body, ruled), axes, &head)))
        };
        let parts = self.each_but(&bodies, kept, participant, axes, |body, material| {
            Ok(timeline(material, participant, body, axes)?)
        })?;
        Ok(Answer::Timeline(Timeline::joined(parts, question, head)))
    }

    fn conflicts(&self, asked: &Asked, axes: &Axes) -> Result<Answer, LedgerError> {
        let bodies = self.bodies_of(asked, axes)?;
        let one = asked.participant.as_ref();
        let parts =
            self.each(&bodies, one, axes, |body, material| Ok(conflicts(material, body, one, axes)?))?;
        let question = QuestionEcho::new("conflicts", one, only(&bodies), axes);
        Ok(Answer::Conflicts(Conflicts::joined(parts, question, self.head(axes.as_recorded)?)))
    }

    fn diff(&self, asked: &Asked, axes: &Axes) -> Result<Answer, LedgerError> {
        let between = asked.between::<LedgerError>(&|by| self.recorded(by))?.ok_or(QuestionError::NoRange)?;
        let bodies = self.bodies_of(asked, axes)?;
        let one = asked.participant.as_ref();
        let parts =
            self.each(&bodies, one, axes, |body, material| Ok(diff(material, body, one, between, axes)?))?;
        let answer = Diff::of(&bodies, one, between, axes, self.head(axes.as_recorded)?);
        Ok(Answer::Diff(answer.joined(parts)))
    }
}

/// The body, if there is exactly one.
fn only(bodies: &[BodyId]) -> Option<&BodyId> {
    match bodies {
        [only] => Some(only),
        _ => None,
    }
}

fn participant_of(asked: &Asked) -> Result<&ParticipantId, QuestionError> {
    asked.participant.as_ref().ok_or(QuestionError::NoParticipant(asked.kind.word()))
}

/// Checks that the rules of a body define a status.
fn check_status(charter: &Charter, status: &StatusId) -> Result<(), QuestionError> {
    let known = charter.statuses();
    if status.is_none() || known.iter().any(|entry| entry.id == *status) {
        return Ok(());
    }
    Err(QuestionError::UnknownStatus {
        body: charter.about.in_short(),
        status: status.clone(),
        known: known.iter().map(|entry| entry.id.clone()).collect(),
    })
}

/// The act that the question counts; otherwise the status; otherwise the highest status under the rules of the last day.
fn counted(asked: &Asked, charter: &Charter, axes: &Axes) -> Result<What, QuestionError> {
    if let Some(act) = asked.act {
        return match act.entry().subject {
            Subject::Body => Err(QuestionError::ActOfBody(act.to_string())),
            _ => Ok(What::Act(act)),
        };
    }
    if let Some(status) = &asked.status {
        return Ok(What::Status(status.clone()));
    }
    let last = asked.window.to.unwrap_or(axes.on);
    let highest = charter.on(last).statuses.iter().max_by_key(|status| status.rule.rank);
    let highest = highest.ok_or_else(|| QuestionError::NoStatuses(charter.about.in_short()))?;
    Ok(What::Status(highest.rule.id.clone()))
}
