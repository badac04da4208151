use crate::charter::Charter;
use crate::event::{Day, Edtf, Size, StatusId};
use crate::query::{Kind, Question, SpellItem, StatusAnswer};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::question::{Asking, PairArgs, cites, footer, options};
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::prove::certificate::CertificateArgs;
use crate::cli::render::{self, Page, date, faint, place, strong, title};

/// One participant's status in one organisation or treaty on a day
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery status Belarus --in sco
  chancery status BLR sco --on 2023-07-01 --as-known 2023-07-05
  chancery status BLR --in sco --on 2023-07-01 --is member    (exit 1: no)
  chancery status BLR --in sco --certificate belarus.json")]
pub(crate) struct Args {
    #[command(flatten)]
    pair: PairArgs,
    /// Answer yes (exit 0) or no (exit 1): is this its status?
    #[arg(long, value_name = "STATUS")]
    is: Option<StatusId>,
    #[command(flatten)]
    certificate: CertificateArgs,
    #[command(flatten)]
    axes: AxesArgs,
}

/// The columns of a status as a row.
pub(crate) const SHAPE: Shape = Shape {
    list: None,
    columns: &[
        "question.participant",
        "question.body",
        "question.on",
        "question.as_known",
        "question.as_recorded",
        "status",
        "certainty",
        "possible",
        "since",
        "until",
    ],
};

impl Args {
    fn question(&self, context: &Context) -> Result<Question, Failure> {
        let mut question = self.pair.question(Kind::Status);
        question.options.status = self.is.as_ref().map(ToString::to_string);
        self.axes.fill(&mut question, context)?;
        Ok(question)
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let asked = Asking::new(context, args.question(context)?)?;
    let answer: StatusAnswer = asked.answer()?;
    args.certificate.write(&asked, context)?;
    let charter = asked.charter()?;
    context.answer(&answer, SHAPE, |page| {
        // Earlier spells are shown only in text.
        let spells = asked.spells().unwrap_or_default();
        let (today, size) = (context.now.day(), asked.reading.size());
        View { answer: &answer, spells: &spells, charter: &charter, today, size }.text(page, args.is.as_ref())
    })?;
    Ok(match &args.is {
        Some(wanted) if answer.status.as_ref() != Some(wanted) => Exit::No,
        _ => Exit::Done,
    })
}

/// The names of an account's chains; an account without chains is the record without them.
pub(crate) fn account(chains: &[String]) -> String {
    if chains.is_empty() { "the record without it".to_owned() } else { chains.join(", ") }
}

struct View<'a> {
    answer: &'a StatusAnswer,
    spells: &'a [SpellItem],
    charter: &'a Charter,
    today: Day,
    size: Size,
}

/// The status in words: `MEMBER of the …`, `NO STATUS in the …`, or the possible statuses.
pub(crate) fn headline(answer: &StatusAnswer, charter: &Charter) -> String {
    let body = charter.about.in_full();
    let named = |id| if StatusId::is_none(id) { "no status" } else { title(charter, id) };
    let listed = || render::one_of(&answer.possible.iter().map(named).collect::<Vec<_>>());
    match &answer.status {
        Some(id) if id.is_none() => format!("{} in {body}", strong("NO STATUS")),
        Some(id) => charter.about.held(&strong(&title(charter, id).to_uppercase())),
        None => format!("{} in {body}", strong(&listed())),
    }
}

impl View<'_> {
    fn text(&self, page: &Page, is: Option<&StatusId>) -> String {
        let a = self.answer;
        let (Some(participant), Some(body)) = (&a.question.participant, &a.question.body) else {
            return String::new();
        };
        let name = render::name(participant, a.question.on);
        let head = format!("{name}: {}", headline(a, self.charter));
        let mut out = match a.question.on == self.today {
            true => page.edges(&head, a.certainty.name()),
            false => {
                let on = format!("on {}", render::long_day(a.question.on));
                format!("{}{}", page.wrap("", &head), page.edges(&on, a.certainty.name()))
            }
        };
        if let Some(wanted) = is {
            let yes = a.status.as_ref() == Some(wanted);
            out.push_str(&format!("  {}\n", strong(if yes { "yes" } else { "no" })));
        }
        out.push_str(&page.notes(&a.notes));
        out.push('\n');
        for (label, text) in self.fields(page) {
            out.push_str(&page.wrap(&format!("  {}", faint(&format!("{label:<8} "))), &text));
        }
        out.push('\n');
        out.push_str(&footer(page, &a.question, &a.checkpoint, self.today));
        let dates = options(&a.question, self.size, self.today);
        let why = format!("why: chancery explain {participant} --in {body}{dates}");
        let cite = format!("cite: chancery cite status {participant} --in {body}{dates}");
        let one = format!("{why}      {cite}");
        let lines = if one.chars().count() <= page.width { one } else { format!("{why}\n{cite}") };
        out.push_str(&crate::cli::ask::question::faint_lines(&lines));
        out
    }

    fn fields(&self, page: &Page) -> Vec<(&'static str, String)> {
        let a = self.answer;
        let mut fields = Vec::new();
        let nearest = a.nearest();
        if let Some(since) = &a.since {
            let what = nearest.and_then(|b| b.title.as_deref().map(|t| place(t, b.place.as_deref())));
            fields.push(("since", format!("{}   {}", date(since), what.unwrap_or_default())));
        }
        if let Some(until) = &a.until {
            fields.push(("until", date(until)));
        }
        if let Some(before) = self.before() {
            fields.push(("before", before));
        }
        if let Some(b) = nearest {
            fields.push(("by", format!("entry {}, {}", b.index, b.act)));
            fields.push(("sources", cites(b)));
        }
        for side in &a.conflicts {
            let chains = account(&side.chains);
            let says = render::statuses(&side.possible);
            let by: Vec<String> = side.entries.iter().map(|i| format!("entry {i}")).collect();
            let by = if by.is_empty() { String::new() } else { format!("   {}", by.join(", ")) };
            fields.push(("chain", format!("{chains}: {says}{by}")));
        }
        for overlay in &a.overlays {
            let scope = overlay.scope.as_deref().map(|s| format!(" ({s})")).unwrap_or_default();
            let until = overlay.until.as_ref().map(|u| format!(" until {}", date(u))).unwrap_or_default();
            let since = date(&overlay.since);
            fields.push((overlay.overlay, format!("{since}{until}{scope}, entry {}", overlay.index)));
        }
        for item in &a.procedures {
            fields.push(("pending", crate::cli::ask::pending::line(self.charter, item, page)));
        }
        for item in &a.scheduled {
            fields
                .push(("scheduled", format!("{} on {}", title(self.charter, &item.status), date(&item.on))));
        }
        if a.procedures.is_empty() && a.scheduled.is_empty() && a.overlays.is_empty() {
            fields.push(("pending", "none      scheduled  none      suspended  no".into()));
        }
        if a.on_the_day.len() > 1 {
            fields.push(("that day", that_day(a)));
        }
        if a.question.on != self.today && !a.afterwards.is_empty() {
            let later: Vec<String> = a
                .afterwards
                .iter()
                .map(|l| format!("{} {} (entry {})", date(&l.date), l.act, l.index))
                .collect();
            fields.push(("later", later.join(", ")));
        }
        fields
    }

    /// Earlier spells, the latest first. A spell begins with the days on which it was only possible.
    fn before(&self) -> Option<String> {
        let on = self.answer.question.on;
        let ended = |s: &SpellItem| s.until.as_ref().is_some_and(|u| u.latest() <= on);
        let mut words = Vec::new();
        for (at, spell) in self.spells.iter().enumerate().rev().filter(|(_, s)| ended(s)) {
            let Some(status) = spell.status.as_ref().filter(|id| !id.is_none()) else { continue };
            let perhaps = at.checked_sub(1).and_then(|at| self.spells.get(at));
            let perhaps = perhaps.filter(|p| p.status.is_none() && p.possible.contains(status));
            let first = perhaps.and_then(|p| p.from.as_ref()).or(spell.from.as_ref());
            let title = title(self.charter, status);
            words.push(match (first, &spell.from) {
                (Some(first), Some(from)) => {
                    format!("{title} from {}", date(&Edtf::one_of(first.earliest(), from.earliest())))
                }
                _ => title.to_owned(),
            });
        }
        (!words.is_empty()).then(|| words.join("; "))
    }
}

/// The acts of the day, in their order. An act has a number if the record gives its order within the day.
fn that_day(answer: &StatusAnswer) -> String {
    let item = |at: usize, act: &crate::query::DayAct| {
        let who = act.participant.as_ref().map(|id| format!("{id} ")).unwrap_or_default();
        let about = act.about.as_ref().map(|id| format!(" about {id}")).unwrap_or_default();
        let place = if act.sequence.is_some() { format!("{} ", at + 1) } else { String::new() };
        format!("{place}{who}{}{about} (entry {})", act.act, act.index)
    };
    let items: Vec<String> = answer.on_the_day.iter().enumerate().map(|(at, act)| item(at, act)).collect();
    items.join(", ")
}
