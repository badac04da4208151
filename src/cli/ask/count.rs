use clap::ValueEnum;

use crate::charter::Charter;
use crate::event::{ActKind, Day, StatusId};
use crate::query::{Counted, Kind, Period, PeriodItem, Question, What};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::question::{Asking, BodyArgs, footer};
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, columns, strong, warn};

/// How many by year, quarter or month: participants with a status, or acts of a kind; and whether there is an upsurge
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery count sco --status member
  chancery count sco --act application-filed --by quarter --from 2020
  chancery count sco --act status-decided --format csv

With --status a row counts who had it on the last day of the period; with
--act it counts acts in the period. A number such as 3-5 says: 3 certainly, 5
at most, since a date is partial or disputed. Reports of an act are counted
apart.

There is an upsurge where the last quarter of the periods has on average at
least twice as many as those before it, and three or more in all: acts, or
participants gained. It began where one step up fits the whole row best.
Periods after the end of the survey are left out of this.")]
pub(crate) struct Args {
    #[command(flatten)]
    body: BodyArgs,
    /// Count participants with this status; default: the highest there is
    #[arg(long, conflicts_with = "act")]
    status: Option<StatusId>,
    /// Count acts of this kind: `chancery acts` lists them
    #[arg(long)]
    act: Option<ActKind>,
    /// The length of a period
    #[arg(long, value_enum, default_value_t = By::Year, value_name = "PERIOD")]
    by: By,
    /// The first day, or the year or month that begins with it; default: that of the first act recorded
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// The last day, or the year or month that ends with it; default: --on
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
    #[command(flatten)]
    axes: AxesArgs,
}

/// The length of a period.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum By {
    Year,
    Quarter,
    Month,
}

const SHAPE: Shape = Shape {
    list: Some("periods"),
    columns: &["period", "from", "to", "certain", "at_most", "change", "reported", "surveyed", "entries"],
};

impl Args {
    fn question(&self, context: &Context) -> Result<Question, Failure> {
        let mut question = self.body.question(Kind::Count);
        question.options.status = self.status.as_ref().map(ToString::to_string);
        question.options.act = self.act.map(|act| act.to_string());
        question.options.by = self.by.to_possible_value().map(|value| value.get_name().to_owned());
        question.options.from.clone_from(&self.from);
        question.options.to.clone_from(&self.to);
        self.axes.fill(&mut question, context)?;
        Ok(question)
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let asked = Asking::new(context, args.question(context)?)?;
    let answer: Counted = asked.answer()?;
    let charter = asked.charter()?;
    context.answer(&answer, SHAPE, |page| text(page, &answer, &charter, context.now.day()))?;
    Ok(Exit::Done)
}

fn text(page: &Page, answer: &Counted, charter: &Charter, today: Day) -> String {
    let unit = match answer.by {
        Period::Year => "year",
        Period::Quarter => "quarter",
        Period::Month => "month",
    };
    let what = match &answer.what {
        What::Status(id) => {
            let plural = charter.status(id).map_or(id.as_str(), |s| s.plural.as_str());
            format!("{plural} at the end of each {unit}")
        }
        What::Act(act) => format!("{act} by {unit}"),
    };
    let mut out = page.wrap("", &format!("{}: {what}", strong(&charter.about.title)));
    out.push_str(&page.notes(&answer.notes));
    out.push('\n');
    out.push_str(&bars(page, &answer.periods));
    if answer.periods.is_empty() {
        out.push_str("  no act with a date is recorded by then\n");
    }
    out.push('\n');
    out.push_str(&page.wrap("", &trend(answer, unit)));
    out.push('\n');
    out.push_str(&footer(page, &answer.question, &answer.checkpoint, today));
    out
}

const NOT_SURVEYED: &str = "not surveyed";

/// One row for each period: its name, the number, the change, the number only reported, a bar.
fn bars(page: &Page, items: &[PeriodItem]) -> String {
    let number = |item: &PeriodItem| match item.certain == item.at_most {
        true => item.certain.to_string(),
        false => format!("{}-{}", item.certain, item.at_most),
    };
    let change = |item: &PeriodItem| match item.change {
        Some(change) if change != 0 => format!("{change:+}"),
        _ => String::new(),
    };
    let reported = |item: &PeriodItem| match item.reported {
        Some(n) if n > 0 => format!("{n} reported"),
        _ => String::new(),
    };
    let wide = |cell: &dyn Fn(&PeriodItem) -> String| items.iter().map(|i| cell(i).len()).max().unwrap_or(0);
    let (a, b, c) = (wide(&number), wide(&change), wide(&reported));
    let name = items.iter().map(|i| i.period.len()).max().unwrap_or(0);
    let most = items.iter().map(|i| i.at_most).max().unwrap_or(0);
    let unsurveyed = if items.iter().all(|i| i.surveyed) { 0 } else { NOT_SURVEYED.len() + 1 };
    let room = page.width.saturating_sub(name + a + b + c + 10 + unsurveyed).max(8) as u64;
    // One mark for each participant or act, if there is room; otherwise the longest bar fills the room.
    let scaled = |n: u64| match most <= room {
        true => n,
        false if n == 0 => 0,
        false => ((n * room + most / 2) / most).max(1),
    };
    let (full, open) = (page.tree("█", "#"), page.tree("░", "-"));
    let row = |item: &PeriodItem| {
        let sure = scaled(item.certain);
        let marks =
            [full.repeat(sure as usize), open.repeat((scaled(item.at_most) - sure) as usize)].concat();
        let bar = if item.surveyed { marks } else { format!("{marks} {}", warn(NOT_SURVEYED)) };
        let line = |c: usize| {
            let (number, change, reported) = (number(item), change(item), reported(item));
            let cells = format!("  {:<name$}  {number:>a$}  {change:>b$}  {reported:<c$}", item.period);
            format!("{cells}  {}", bar.trim_start()).trim_end().to_owned()
        };
        // On a narrow terminal an empty column of reported numbers takes no room.
        let wide = line(c);
        format!("{}\n", if columns(&wide) <= page.width { wide } else { line(0) })
    };
    items.iter().map(row).collect()
}

/// The answer about an upsurge, in words and with its numbers.
fn trend(answer: &Counted, unit: &str) -> String {
    let gained = if matches!(answer.what, What::Status(_)) { "gained " } else { "" };
    match (&answer.upsurge, &answer.compared) {
        (Some(rise), _) => format!(
            "An upsurge since {}: {} {gained}a {unit} from then on, {} a {unit} before.",
            rise.since, rise.after_mean, rise.before_mean
        ),
        (None, Some(row)) => format!(
            "No upsurge: {} {gained}a {unit} from {} on, {} a {unit} before.",
            row.recent_mean, row.from, row.before_mean
        ),
        (None, None) => format!("Too few {unit}s to speak of an upsurge."),
    }
}
