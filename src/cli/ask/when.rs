use crate::charter::Charter;
use crate::event::{BodyId, Day, Edtf, StatusId};
use crate::query::{Kind, Question, Threshold, When, WhenSpan, participant};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::question::{Asking, footer};
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, date, name, strong, title};

/// The first day on which a participant has a status, or so many have it, and every span of such days
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery when Belarus --in sco --status observer
  chancery when BLR sco --status member --as-known 2023-12-31
  chancery when sco --status member --count 10
  chancery when sco --status member --count 8 --at-most --after 2017-06-09

With --count the question is about the organisation or treaty, and no
participant is named. A span ends on the first day on which it no longer held.
What never holds is answered so, with exit code 0.")]
pub(crate) struct Args {
    /// Who: a code or any name; with --count the organisation or treaty
    #[arg(value_name = "PARTICIPANT")]
    first: Option<String>,
    /// In which organisation or treaty
    #[arg(value_name = "BODY", conflicts_with = "body")]
    second: Option<BodyId>,
    /// In which organisation or treaty
    #[arg(long = "in", value_name = "BODY")]
    body: Option<BodyId>,
    /// Which status
    #[arg(long)]
    status: StatusId,
    /// How many must have it
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// So many or more (the default)
    #[arg(long, requires = "count", conflicts_with = "at_most")]
    at_least: bool,
    /// So many or fewer
    #[arg(long, requires = "count")]
    at_most: bool,
    /// Only this day and later
    #[arg(long, value_name = "DAY")]
    after: Option<String>,
    #[command(flatten)]
    axes: AxesArgs,
}

const SHAPE: Shape =
    Shape { list: Some("spans"), columns: &["from", "until", "certainty", "count.certain", "entries"] };

impl Args {
    fn question(&self, context: &Context) -> Result<Question, Failure> {
        let mut question = Question::new(Kind::When);
        question.participant = self.who()?.map(|who| who.to_string());
        question.bodies = self.body()?.iter().map(ToString::to_string).collect();
        question.options.status = Some(self.status.to_string());
        question.options.after.clone_from(&self.after);
        question.options.number = self.count.map(|count| match self.at_most {
            true => Threshold::AtMost(count),
            false => Threshold::AtLeast(count),
        });
        self.axes.fill(&mut question, context)?;
        Ok(question)
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let asked = Asking::new(context, args.question(context)?)?;
    let answer: When = asked.answer()?;
    let charter = asked.charter()?;
    context.answer(&answer, SHAPE, |page| text(page, &answer, &charter, context.now.day()))?;
    Ok(Exit::Done)
}

impl Args {
    /// The participant; `None` with `--count`.
    fn who(&self) -> Result<Option<crate::event::ParticipantId>, Failure> {
        match (&self.first, self.count) {
            (_, Some(_)) if self.second.is_some() => Err(Failure::usage(
                "--count asks how many have a status: it takes an organisation or treaty and no participant",
            )
            .help("example: chancery when sco --status member --count 10")),
            (_, Some(_)) => Ok(None),
            (Some(word), None) => participant(word).map(Some).map_err(Failure::usage),
            (None, None) => Err(Failure::usage("when needs a participant, or --count N")
                .help("example: chancery when Belarus --in sco --status observer")
                .help("         chancery when sco --status member --count 10")),
        }
    }

    /// The body: `--in`, or the word in its place.
    fn body(&self) -> Result<Option<BodyId>, Failure> {
        match (&self.body, &self.second, &self.first) {
            (Some(_), _, Some(word)) if self.count.is_some() => Err(Failure::usage(format!(
                "with --count there is no participant: what is {word:?}?"
            ))
            .help("name the organisation or treaty once: chancery when --in sco --status member --count 10")),
            (Some(body), ..) | (None, Some(body), _) => Ok(Some(body.clone())),
            (None, None, Some(word)) if self.count.is_some() => {
                BodyId::named(word).map(Some).map_err(Failure::usage)
            }
            _ => Ok(None),
        }
    }
}

fn text(page: &Page, answer: &When, charter: &Charter, today: Day) -> String {
    let body = &charter.about.title;
    let plural = |n: u64| {
        let words = charter.status(&answer.status).map(|s| if n == 1 { &s.title } else { &s.plural });
        strong(words.map_or(answer.status.as_str(), String::as_str))
    };
    let subject = match (&answer.question.participant, answer.count) {
        (Some(who), _) => {
            let held = charter.about.held(&strong(title(charter, &answer.status)));
            format!("{}: {held}", name(who, today))
        }
        (None, Some(Threshold::AtMost(n))) => format!("{body}: {n} or fewer {}", plural(n)),
        (None, Some(Threshold::AtLeast(n))) => format!("{body}: {n} or more {}", plural(n)),
        (None, None) => body.clone(),
    };
    let mut out = page.wrap("", &subject);
    out.push_str(&page.notes(&answer.notes));
    out.push('\n');
    out.push_str(&page.wrap("  first    ", &first(answer)));
    if !answer.spans.is_empty() {
        let counted = answer.count.is_some();
        let rows: Vec<Vec<String>> = answer.spans.iter().map(|span| row(span, counted)).collect();
        let head = ["from", "until", "certainty", "number", "entries"];
        let without: Vec<&str> = head.into_iter().filter(|h| counted || *h != "number").collect();
        out.push('\n');
        out.push_str(&page.table(&without, &rows));
    }
    out.push('\n');
    out.push_str(&footer(page, &answer.question, &answer.checkpoint, today));
    out
}

/// `2024-07-04`, `possible from 2010-04-28, certain from 2010-04-29`, `never`.
fn first(answer: &When) -> String {
    let since = answer.after.as_ref().map(|day| format!(" on {day} or later")).unwrap_or_default();
    let Some(first) = &answer.first else { return format!("never{since}, by what is recorded") };
    let day = |day: &Option<Edtf>| day.as_ref().map_or("the beginning".to_owned(), date);
    let already = answer.after.is_some() && answer.after == first.possible_from;
    let already = if already { " (the first day asked about)" } else { "" };
    match (first.certain, first.possible_from == first.certain_from) {
        (true, true) => format!("{}{already}", day(&first.certain_from)),
        (true, false) => {
            format!(
                "possible from {}{already}, certain from {}",
                day(&first.possible_from),
                day(&first.certain_from)
            )
        }
        (false, _) => format!("possible from {}{already}, never certain", day(&first.possible_from)),
    }
}

fn row(span: &WhenSpan, counted: bool) -> Vec<String> {
    let day = |day: &Option<Edtf>| day.as_ref().map(date).unwrap_or_default();
    let entries: Vec<String> = span.entries.iter().map(ToString::to_string).collect();
    let number = span.count.map(|count| match count.certain == count.at_most {
        true => count.certain.to_string(),
        false => format!("{}-{}", count.certain, count.at_most),
    });
    let mut row = vec![day(&span.from), day(&span.until), span.certainty.name().to_owned()];
    row.extend(number.filter(|_| counted));
    row.push(entries.join(" "));
    row
}
