use crate::charter::Charter;
use crate::event::{BodyId, Day, ParticipantId};
use crate::query::{Kind, Question, RelationItem, Relations, participant};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::question::{Asking, footer};
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{self, Page, clean, date, faint, long_day, strong};

/// Whether a treaty is in force between two, and with which reservations (VCLT 20-23)
///
/// A reservation that was accepted, in words or by twelve months of silence, modifies its provisions between the two; one
/// that was objected to in time keeps them from applying to that extent; an objection that says so keeps the whole treaty
/// from being in force between them.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery relations USA FRA --in iccpr
  chancery relations USA FRA --in iccpr --on 1995-01-01 --format json")]
pub(crate) struct Args {
    /// Who: a code or any name, past or present
    #[arg(value_parser = participant)]
    participant: ParticipantId,
    /// With whom
    #[arg(value_parser = participant)]
    other: ParticipantId,
    /// In which organisation or treaty; may be left out where the ledger has only one
    #[arg(long = "in", value_name = "BODY")]
    body: Option<BodyId>,
    #[command(flatten)]
    axes: AxesArgs,
}

const SHAPE: Shape = Shape {
    list: None,
    columns: &[
        "question.participant",
        "question.other",
        "question.body",
        "question.on",
        "question.as_known",
        "question.as_recorded",
        "in_force",
        "certainty",
        "since",
        "without",
        "modified",
        "pending",
        "precluded",
    ],
};

impl Args {
    fn question(&self, context: &Context) -> Result<Question, Failure> {
        let mut question = Question::new(Kind::Relations).of(self.participant.to_string());
        question.options.other = Some(self.other.to_string());
        question.bodies = self.body.iter().map(ToString::to_string).collect();
        self.axes.fill(&mut question, context)?;
        Ok(question)
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let asked = Asking::new(context, args.question(context)?)?;
    let answer: Relations = asked.answer()?;
    let charter = asked.charter()?;
    context.answer(&answer, SHAPE, |page| text(page, &answer, args, &charter, context.now.day()))?;
    Ok(Exit::Done)
}

fn text(page: &Page, answer: &Relations, args: &Args, charter: &Charter, today: Day) -> String {
    let on = answer.question.on;
    let name = |id: &ParticipantId| render::name(id, on);
    let between = format!("between {} and {}", name(&args.participant), name(&args.other));
    let verdict = match answer.in_force {
        Some(true) => "IN FORCE",
        Some(false) => "NOT IN FORCE",
        None => "NOT SETTLED",
    };
    let mut out = page.wrap("", &format!("{}: {} {between}", charter.about.title, strong(verdict)));
    let when = if on == today { "today".to_owned() } else { format!("on {}", long_day(on)) };
    out.push_str(&page.edges(&when, answer.certainty.name()));
    out.push_str(&page.notes(&answer.notes));
    let mut fields = String::new();
    let mut field = |label: &str, text: &str| {
        fields.push_str(&page.wrap(&format!("  {}", faint(&format!("{label:<9}"))), text));
    };
    answer.since.iter().for_each(|since| field("since", &date(since)));
    let groups = [
        ("without", &answer.without),
        ("modified", &answer.modified),
        ("pending", &answer.pending),
        ("precluded", &answer.precluded),
    ];
    for (label, items) in groups {
        items.iter().for_each(|item| field(label, &line(item, label)));
    }
    for item in &answer.declarations {
        let said = [&item.provisions, &item.what].into_iter().flatten();
        let said: Vec<String> = said.map(|text| clean(text).into_owned()).collect();
        field("declared", &format!("by {}: {} (entry {})", item.by, said.join(", "), item.index));
    }
    for because in &answer.because {
        field("by", &format!("entry {}, {} {}", because.index, because.act, date(&because.date)));
    }
    if !fields.is_empty() {
        out.push_str(&format!("\n{fields}"));
    }
    out.push('\n');
    out.push_str(&footer(page, &answer.question, &answer.checkpoint, today));
    out
}

fn line(item: &RelationItem, label: &str) -> String {
    let provisions = item.provisions.as_deref().map_or("provisions not stated".into(), clean);
    let mut text = match item.accession {
        true => format!("accession of {} (entry {})", item.by, item.reservation),
        false => format!("{provisions}: reservation of {} (entry {})", item.by, item.reservation),
    };
    if let (Some(who), Some(entry)) = (&item.objected_by, item.objection) {
        text.push_str(&format!(", objection of {who} (entry {entry})"));
    }
    match (&item.on, label) {
        (Some(on), "pending") => text.push_str(&format!(", an objection is possible until {}", date(on))),
        (None, "pending") => text.push_str(", and the time for an objection has no end yet"),
        (Some(on), "modified") => text.push_str(&format!(", accepted by {}", date(on))),
        _ => {}
    }
    format!("{text} ({})", item.rule)
}
