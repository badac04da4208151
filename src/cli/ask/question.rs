//! What the questions share: words that become ids, the loaded ledger, the lines under an answer.

use std::sync::Arc;

use clap::Args;

use crate::charter::Charter;
use crate::event::{BodyId, Day, ParticipantId, Register, ResolveError, Size};
use crate::ledger::{Ledger, Loaded};
use crate::query::{Axes, Because, CheckpointRef, Material, QuestionEcho};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::render::{Page, clean, faint};

/// Finds a participant by any of its names or codes.
///
/// # Errors
/// [`ResolveError`], which asks back.
pub(crate) fn participant(word: &str) -> Result<ParticipantId, ResolveError> {
    match Register::builtin().resolve(word) {
        Ok(found) => Ok(found.id.clone()),
        // Whom only a source names has an id, and no place in the register.
        Err(error) => ParticipantId::parse(word).ok().filter(ParticipantId::is_named).ok_or(error),
    }
}

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

/// The body given, or the only one there is.
///
/// # Errors
/// [`Failure`] where there are several, or none.
pub(crate) fn body_or_only(given: Option<&BodyId>, ledger: &mut Ledger) -> Result<BodyId, Failure> {
    if let Some(body) = given {
        return Ok(body.clone());
    }
    match ledger.bodies()?.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Failure::usage("the ledger holds no organisation or treaty yet")
            .help("adopt one: chancery charter adopt sco")),
        several => {
            let ids: Vec<&str> = several.iter().map(BodyId::as_str).collect();
            Err(Failure::usage("--in BODY is needed").help(format!("it is one of: {}", ids.join(", "))))
        }
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
    /// The one that is named.
    pub(crate) fn only(&self) -> Option<BodyId> {
        self.body.clone().or_else(|| self.first.clone())
    }

    /// The one that is named, or all that the first `size` entries hold.
    ///
    /// # Errors
    /// [`Failure`] for one that the ledger does not hold.
    pub(crate) fn list(&self, ledger: &mut Ledger, size: Size) -> Result<Vec<BodyId>, Failure> {
        match self.only() {
            Some(body) => {
                ledger.charter(&body)?;
                Ok(vec![body])
            }
            None => Ok(ledger.bodies_by(size)?),
        }
    }
}

/// A ledger opened for a question about one body.
pub(crate) struct Asked {
    /// The ledger.
    pub(crate) ledger: Ledger,
    /// What bears on the question.
    pub(crate) loaded: Loaded,
    /// Its dates.
    pub(crate) axes: Axes,
    /// The body asked about.
    pub(crate) body: BodyId,
    /// Its rules.
    pub(crate) charter: Arc<Charter>,
}

impl Asked {
    /// About one participant.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn pair(context: &Context, axes: &AxesArgs, pair: &PairArgs) -> Result<Asked, Failure> {
        let given = pair.body.as_ref().or(pair.second.as_ref());
        Asked::new(context, axes, given, Some(&pair.participant))
    }

    /// About a whole body.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn body(context: &Context, axes: &AxesArgs, body: &BodyArgs) -> Result<Asked, Failure> {
        Asked::new(context, axes, body.body.as_ref().or(body.first.as_ref()), None)
    }

    /// About a whole body that is named by an option of the command's own.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn whole(context: &Context, axes: &AxesArgs, body: Option<&BodyId>) -> Result<Asked, Failure> {
        Asked::new(context, axes, body, None)
    }

    fn new(
        context: &Context,
        axes: &AxesArgs,
        body: Option<&BodyId>,
        participant: Option<&ParticipantId>,
    ) -> Result<Asked, Failure> {
        let mut ledger = context.reader()?;
        let axes = axes.resolve(context, &ledger)?;
        let body = body_or_only(body, &mut ledger)?;
        let charter = ledger.charter(&body)?;
        let loaded = ledger.load_asked(&body, participant)?;
        Ok(Asked { ledger, loaded, axes, body, charter })
    }

    /// What the question folds.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn material(&self) -> Result<Material, Failure> {
        Ok(self.ledger.material(&self.loaded, self.axes.as_recorded)?)
    }
}

/// The three dates and the head, under an answer.
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

/// Makes every line faint.
pub(crate) fn faint_lines(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", faint(line))).collect()
}

/// Citations in a line.
pub(crate) fn cites(because: &Because) -> String {
    let cites: Vec<_> = because.evidence.iter().map(|e| clean(&e.cite)).collect();
    match cites.is_empty() {
        true => "no source recorded".to_owned(),
        false => cites.join("; "),
    }
}

/// The dates of a question as options, to be typed again.
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
    // What is supposed lies beyond the size and cannot be typed.
    if question.as_recorded < size {
        out.push_str(&format!(" --as-recorded {}", question.as_recorded));
    }
    if let Some(view) = &question.view {
        out.push_str(&format!(" --view {view}"));
    }
    out
}
