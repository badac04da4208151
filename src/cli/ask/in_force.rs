use crate::charter::Charter;
use crate::event::{Day, ParticipantId};
use crate::query::{ClausePart, CountedIn, InForce, Kind, Question, participant};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::question::footer;
use crate::cli::ask::several::{self, SeveralArgs};
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::prove::certificate::CertificateArgs;
use crate::cli::render::{Page, clean, count, date, faint, long_day, strong};

/// Whether a treaty is in force: its clause, the count, who is missing, whose consent met it, from when
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery in-force nato
  chancery in-force nato --about Sweden --on 2023-04-05   (its protocol of accession)
  chancery in-force un --on 1945-10-23 --format json")]
pub(crate) struct Args {
    #[command(flatten)]
    bodies: SeveralArgs,
    /// The accession treaty or protocol of this participant, not the constitutive one
    #[arg(long, value_name = "PARTICIPANT", value_parser = participant)]
    about: Option<ParticipantId>,
    #[command(flatten)]
    certificate: CertificateArgs,
    #[command(flatten)]
    axes: AxesArgs,
}

const SHAPE: Shape = Shape {
    list: None,
    columns: &[
        "question.body",
        "question.participant",
        "question.on",
        "in_force",
        "on",
        "certainty",
        "count",
        "needed",
        "missing",
        "trigger.participant",
        "trigger.on",
        "clause",
    ],
};

impl Args {
    fn question(&self, context: &Context) -> Result<Question, Failure> {
        let mut question = self.bodies.question(Kind::InForce);
        question.options.other = self.about.as_ref().map(ToString::to_string);
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

fn text(page: &Page, answer: &InForce, charter: &Charter, today: Day, alone: bool) -> String {
    let on = answer.question.on;
    let of =
        answer.question.participant.as_ref().map(|id| format!(", accession of {id}")).unwrap_or_default();
    let said = match answer.in_force {
        Some(true) => "IN FORCE",
        Some(false) => "NOT IN FORCE",
        None => "NOT KNOWN",
    };
    let when = if on == today { "today".to_owned() } else { format!("on {}", long_day(on)) };
    let title = format!("{}{of}: {}", charter.about.title, strong(said));
    let mut out = format!("{}{}", page.wrap("", &title), page.edges(&when, answer.certainty.name()));
    out.push_str(&page.notes(&answer.notes));
    out.push('\n');
    for (label, value) in fields(answer) {
        out.push_str(&page.wrap(&format!("  {}", faint(&format!("{label:<11} "))), &value));
    }
    if !alone {
        return out;
    }
    out.push('\n');
    out.push_str(&footer(page, &answer.question, &answer.checkpoint, today));
    out
}

fn fields(answer: &InForce) -> Vec<(&'static str, String)> {
    let mut fields = Vec::new();
    if let Some(on) = &answer.on {
        fields.push(("from", date(on)));
    }
    if let Some(ended) = &answer.ended {
        fields.push(("until", format!("{}   entry {}", date(&ended.on), ended.index)));
    }
    if let Some(clause) = &answer.clause {
        let rule = answer.rule.map(|entry| format!("   entry {entry}")).unwrap_or_default();
        fields.push(("clause", format!("{}{rule}", clean(clause))));
    }
    if let Some(article) = &answer.article {
        let basis = answer.basis.as_deref().map(|basis| format!("; {}", clean(basis))).unwrap_or_default();
        fields.push(("article", format!("{}{basis}", clean(article))));
    }
    if let Some(trigger) = &answer.trigger {
        let who: Vec<&str> = trigger.among.iter().map(ParticipantId::as_str).collect();
        let who = match who.len() {
            0 | 1 => who.concat(),
            _ => format!("one of {}", who.join(" ")),
        };
        let entries: Vec<String> = trigger.entries.iter().map(ToString::to_string).collect();
        fields.push(match entries.is_empty() {
            true => (
                "met by",
                format!("no consent: what it waits for or counts in changed {}", date(&trigger.on)),
            ),
            false => ("met by", format!("{who} {}   entry {}", date(&trigger.on), entries.join(" "))),
        });
    }
    if let Some((count, needed)) = answer.count.zip(answer.needed) {
        let of = answer.measure.unwrap_or_default();
        fields.push(("count", format!("{count} of {needed} {of}")));
    }
    for part in answer.parts.iter().filter(|_| answer.parts.len() > 1) {
        fields.push(("part", self::part(part)));
    }
    fields.extend(answer.tables.iter().map(|table| ("counted in", counted_in(table))));
    let names = |ids: &[ParticipantId]| ids.iter().map(ParticipantId::as_str).collect::<Vec<_>>().join(" ");
    if !answer.missing.is_empty() {
        fields.push(("missing", format!("{}: {}", answer.missing.len(), names(&answer.missing))));
    }
    if !answer.unattested.is_empty() {
        let ids = names(&answer.unattested);
        fields.push(("unattested", format!("{}, approved at home: {ids}", answer.unattested.len())));
    }
    if let Some(certified) = &answer.certified {
        fields.push(("certified", format!("{}   entry {}", date(&certified.on), certified.index)));
    }
    fields
}

fn counted_in(table: &CountedIn) -> String {
    let mut line =
        format!("{}: {}", table.name, count(table.participants as u64, "participant", "participants"));
    if let Some(whole) = &table.whole {
        let unit = table.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
        line.push_str(&format!(", {whole}{unit} in all"));
    }
    line.extend(table.effective.iter().map(|from| format!(", from {}", date(from))));
    line.extend(table.article.iter().chain(&table.basis).map(|told| format!("; {told}")));
    line.extend(table.evidence.iter().map(|evidence| format!("; {}", evidence.cite)));
    clean(&line).into_owned()
}

fn part(part: &ClausePart) -> String {
    let state = match (&part.since, part.met) {
        (Some(since), true) => format!("since {}", date(since)),
        _ => format!("{} of {}", part.count, part.needed),
    };
    format!("{}: {state}", clean(&part.condition))
}
