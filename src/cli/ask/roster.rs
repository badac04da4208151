use crate::charter::Charter;
use crate::event::{Day, StatusId};
use crate::history::Certainty;
use crate::query::{Kind, Question, Roster, RosterItem};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::question::footer;
use crate::cli::ask::several::{self, SeveralArgs};
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::prove::certificate::CertificateArgs;
use crate::cli::render::{Page, date, faint, long_day, strong};

/// Every participant of an organisation or treaty by status, with counts
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery roster sco
  chancery roster sco --on 2023-03-06 --as-known 2023-03-06
  chancery roster sco --status member --format csv
  chancery roster sco --certificate members.json")]
pub(crate) struct Args {
    #[command(flatten)]
    bodies: SeveralArgs,
    /// Only this status
    #[arg(long, conflicts_with = "certificate")]
    status: Option<StatusId>,
    #[command(flatten)]
    certificate: CertificateArgs,
    #[command(flatten)]
    axes: AxesArgs,
}

const SHAPE: Shape = Shape {
    list: Some("participants"),
    columns: &["participant", "status", "certainty", "possible", "since"],
};

impl Args {
    fn question(&self, context: &Context) -> Result<Question, Failure> {
        let mut question = self.bodies.question(Kind::Roster);
        question.options.status = self.status.as_ref().map(ToString::to_string);
        self.axes.fill(&mut question, context)?;
        Ok(question)
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let today = context.now.day();
    several::answer(
        context,
        args.question(context)?,
        Some(&args.certificate),
        SHAPE,
        &|page, answer, charter, alone| text(page, answer, charter, today, alone),
    )
}

fn text(page: &Page, answer: &Roster, charter: &Charter, today: Day, alone: bool) -> String {
    let on = answer.question.on;
    let when = if on == today { "today".to_owned() } else { long_day(on) };
    let mut out = page.edges(&strong(&charter.about.title), &when);
    out.push_str(&page.notes(&answer.notes));
    out.push('\n');
    out.push_str(&board(page, answer, charter));
    if !alone {
        return out;
    }
    out.push('\n');
    out.push_str(&footer(page, &answer.question, &answer.checkpoint, today));
    let pending = crate::cli::ask::question::options(&answer.question, answer.checkpoint.size, today);
    let body = &charter.body;
    out.push_str(&faint(&format!("open procedures: chancery pending {body}{pending}")));
    out.push('\n');
    out
}

/// One line for each status with its number and participants; then the participants that are contested, possible or pending.
pub(crate) fn board(page: &Page, answer: &Roster, charter: &Charter) -> String {
    let order: Vec<&StatusId> = charter.statuses().iter().map(|s| &s.id).collect();
    let mut counts: Vec<_> = answer.counts.iter().collect();
    counts.sort_by_key(|(id, _)| order.iter().position(|s| s == id));
    let plural = |id: &StatusId, many: bool| {
        let status = charter.status(id);
        status.map_or_else(|| id.to_string(), |s| if many { s.plural.clone() } else { s.title.clone() })
    };
    let mut lines: Vec<(String, String, String)> = Vec::new();
    for (id, count) in counts {
        let number = match count.certain == count.at_most {
            true => count.certain.to_string(),
            false => format!("{}-{}", count.certain, count.at_most),
        };
        lines.push((number, plural(id, count.at_most != 1), who(answer, id)));
    }
    if !answer.waiting.is_empty() {
        let who: Vec<String> = answer
            .waiting
            .iter()
            .map(|w| format!("{} (decided {})", w.participant, date(&w.procedure.since)))
            .collect();
        lines.push((answer.waiting.len().to_string(), "waiting".into(), who.join(", ")));
    }
    let wide = lines.iter().map(|l| l.1.chars().count()).max().unwrap_or(0);
    let number = lines.iter().map(|l| l.0.len()).max().unwrap_or(0).max(4);
    let row = |(n, label, who): &(String, String, String)| {
        page.wrap(&format!("  {n:>number$} {label:<wide$}  "), if who.is_empty() { "none" } else { who })
    };
    lines.iter().map(row).collect()
}

fn who(answer: &Roster, id: &StatusId) -> String {
    let of = |want: Certainty| {
        let has = |p: &&RosterItem| p.certainty == want && p.possible.contains(id);
        answer.participants.iter().filter(has).map(|p| p.participant.to_string()).collect::<Vec<_>>()
    };
    let mut text = of(Certainty::Certain).join(" ");
    for (label, certainty) in [("possible", Certainty::Possible), ("contested", Certainty::Contested)] {
        let names = of(certainty);
        if !names.is_empty() {
            text.push_str(&format!(
                "{}{label}: {}",
                if text.is_empty() { "" } else { "   " },
                names.join(" ")
            ));
        }
    }
    let overlaid = answer.participants.iter().filter(|p| p.status.as_ref() == Some(id));
    let overlaid: Vec<String> = overlaid
        .flat_map(|p| p.overlays.iter().map(move |o| format!("{} {}", p.participant, o.overlay)))
        .collect();
    if !overlaid.is_empty() {
        text.push_str(&format!("   ({})", overlaid.join(", ")));
    }
    text
}
