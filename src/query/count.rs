//! Counts through time: the participants with a status at the end of each period, or the acts of a kind in each period.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use crate::event::{Act, ActKind, BodyId, Day, Edtf, Index, ParticipantId, StatusId};
use crate::history::Certainty;

use super::Axes;
use super::answer::{CheckpointRef, Coverage, QuestionEcho, act, end_of_record};
use super::body::{BodyView, Material, QueryError};
use super::roster::Count;
use super::row::{PairRow, RuledBody, first_act};
use super::upsurge::{Compared, Upsurge, compared, upsurge};
use super::when::holding;

/// The counts of successive periods.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Counted {
    /// The question, as it was understood; unless it names a last day, the periods end with `on`.
    pub question: QuestionEcho,
    /// The subject of the count: a status or an act.
    #[serde(flatten)]
    pub what: What,
    /// The length of a period.
    pub by: Period,
    /// The periods, oldest first.
    pub periods: Vec<PeriodItem>,
    /// The last quarter of the periods compared with those before it; `null` if there are fewer than four.
    pub compared: Option<Compared>,
    /// The upsurge in the counts; `null` if there is none.
    pub upsurge: Option<Upsurge>,
    /// Notes for the reader: the end of the record, and acts whose period is open.
    pub notes: Vec<String>,
    /// The span of the record that was searched; `null` without a survey.
    pub coverage: Option<Coverage>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// The subject of a count.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Participants with a status on the last day of each period.
    Status(StatusId),
    /// Acts of a kind in each period.
    #[serde(serialize_with = "act")]
    Act(ActKind),
}

/// The length of a period.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words are their own definition")]
pub enum Period {
    Year,
    Quarter,
    Month,
}

/// One period.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PeriodItem {
    /// The name of the period: `2023`, `2023-Q2`, `2023-04`.
    pub period: String,
    /// Its first day; in the first period, the first day asked about.
    pub from: Edtf,
    /// Its last day, inclusive; in the last period, the last day asked about.
    pub to: Edtf,
    /// The number that is certain.
    pub certain: u64,
    /// The number that is certain or possible: it includes dates that fit several periods, and disputed chains.
    pub at_most: u64,
    /// The change of `certain` from the period before. The first period of a status is compared with the day before it;
    /// the first period of an act has `null`.
    pub change: Option<i64>,
    /// The number of reports of such an act, which are not acts, that fall or may fall in the period; `null` for a
    /// status.
    pub reported: Option<u64>,
    /// True if the record was surveyed for some of its days, or has no survey at all.
    pub surveyed: bool,
    /// The indexes of the acts that fall or may fall in the period; empty for a status.
    pub entries: Vec<Index>,
}

/// The span asked about, both days inclusive. Without `from` it begins with the first act, without `to` it ends with
/// the day of the question.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Window {
    /// The first day.
    pub from: Option<Day>,
    /// The last day.
    pub to: Option<Day>,
}

/// Counts the participants with a status, or the acts of a kind, in a body, period by period.
///
/// # Errors
/// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
pub fn count(
    material: &Material,
    body: &BodyId,
    what: What,
    by: Period,
    window: Window,
    axes: &Axes,
) -> Result<Counted, QueryError> {
    let view = BodyView::of(material, body, axes)?;
    let to = window.to.unwrap_or(axes.on);
    let spans = match window.from.or_else(|| first_act(&view)) {
        Some(from) => periods(from, to, by),
        None => Vec::new(),
    };
    let mut items: Vec<PeriodItem> = spans.iter().map(|span| span.item(view.surveyed.as_ref())).collect();
    let mut notes: Vec<String> = view.end_of_record(to).into_iter().collect();
    match &what {
        What::Status(status) => {
            let course = |who| {
                let spells = view.history(who).spells();
                spells.iter().map(|spell| (spell.from, holding(&spell.reading, status))).collect()
            };
            statuses(&view.participants().map(course).collect::<Vec<_>>(), &spans, &mut items);
        }
        What::Act(kind) => notes.extend(acts(&view, *kind, &spans, &mut items)),
    }
    let question = QuestionEcho::new("count", None, Some(body), axes);
    Ok(counted(question, what, by, items, notes, (view.coverage(to), material.checkpoint.clone())))
}

/// Counts the participants with a status from the rows of a body; `None` if only the fold can answer.
pub fn count_of_rows(
    (body, ruled): (&BodyId, &RuledBody),
    rows: &[(ParticipantId, PairRow)],
    status: &StatusId,
    by: Period,
    window: Window,
    axes: &Axes,
    checkpoint: &CheckpointRef,
) -> Option<Counted> {
    if ruled.separable.is_none() || rows.len() as u64 != ruled.participants || status.is_none() {
        return None;
    }
    let to = window.to.unwrap_or(axes.on);
    let spans = window.from.or(ruled.first_act).map_or(Vec::new(), |from| periods(from, to, by));
    let mut items: Vec<PeriodItem> = spans.iter().map(|span| span.item(ruled.surveyed.as_ref())).collect();
    let courses: Vec<Course> = rows.iter().map(|(_, row)| row.holding(status)).collect();
    statuses(&courses, &spans, &mut items);
    let question = QuestionEcho::new("count", None, Some(body), axes);
    let notes = end_of_record(&ruled.short, ruled.surveyed.as_ref(), to).into_iter().collect();
    let what = What::Status(status.clone());
    Some(counted(question, what, by, items, notes, (ruled.coverage(to), checkpoint.clone())))
}

fn counted(
    question: QuestionEcho,
    what: What,
    by: Period,
    periods: Vec<PeriodItem>,
    notes: Vec<String>,
    (coverage, checkpoint): (Option<Coverage>, CheckpointRef),
) -> Counted {
    let measured = |item: &PeriodItem| match &what {
        What::Status(_) => item.change.unwrap_or_default(),
        What::Act(_) => i64::try_from(item.certain).unwrap_or(i64::MAX),
    };
    let surveyed = periods.iter().filter(|item| item.surveyed);
    let known: Vec<(&str, i64)> = surveyed.map(|item| (item.period.as_str(), measured(item))).collect();
    let (compared, upsurge) = (compared(&known), upsurge(&known));
    Counted { question, compared, upsurge, what, by, periods, notes, coverage, checkpoint }
}

/// A period, cut to the days asked about; both days inclusive.
struct Span {
    name: String,
    from: Day,
    to: Day,
}

impl Span {
    fn item(&self, surveyed: Option<&Edtf>) -> PeriodItem {
        let searched = |s: &Edtf| s.earliest() <= self.to && self.from <= s.latest();
        PeriodItem {
            period: self.name.clone(),
            from: Edtf::day(self.from),
            to: Edtf::day(self.to),
            certain: 0,
            at_most: 0,
            change: None,
            reported: None,
            surveyed: surveyed.is_none_or(searched),
            entries: Vec::new(),
        }
    }

    fn holds(&self, date: &Edtf) -> bool {
        self.from <= date.earliest() && date.latest() <= self.to
    }

    fn may_hold(&self, date: &Edtf) -> bool {
        date.earliest() <= self.to && self.from <= date.latest()
    }
}

/// The periods from one day to another, inclusive; the first and the last are cut to these days.
fn periods(from: Day, to: Day, by: Period) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut start = from;
    while start <= to {
        let Some(date) = start.date() else { break };
        let (name, next) = match by {
            Period::Year => (format!("{:04}", date.year()), month_after(date, 12)),
            Period::Quarter => {
                (format!("{:04}-Q{}", date.year(), date.month0() / 3 + 1), month_after(date, 3))
            }
            Period::Month => (format!("{:04}-{:02}", date.year(), date.month()), month_after(date, 1)),
        };
        let Some(next) = next else { break };
        spans.push(Span { name, from: start, to: next.previous().min(to) });
        start = next;
    }
    spans
}

/// The first day after the group of `months` calendar months that contains a date.
fn month_after(date: NaiveDate, months: u32) -> Option<Day> {
    let first = date.month0() / months * months;
    let start = NaiveDate::from_ymd_opt(date.year(), first + 1, 1)?;
    Some(Day::from_date(start.checked_add_months(chrono::Months::new(months))?))
}

/// The days on which the status of a participant changes, from the beginning, each with the certainty of the status
/// from then on.
type Course = Vec<(Day, Option<Certainty>)>;

fn statuses(courses: &[Course], spans: &[Span], items: &mut [PeriodItem]) {
    let on = |day: Day| {
        let mut count = Count::default();
        for course in courses {
            let at = course.partition_point(|(from, _)| *from <= day).saturating_sub(1);
            let held = course.get(at).and_then(|(_, held)| *held);
            count.certain += u64::from(held == Some(Certainty::Certain));
            count.at_most += u64::from(held.is_some());
        }
        count
    };
    let mut before = spans.first().map_or(0, |span| on(span.from.previous()).certain);
    for (span, item) in spans.iter().zip(items) {
        let count = on(span.to);
        (item.certain, item.at_most) = (count.certain, count.at_most);
        item.change = Some(difference(count.certain, before));
        before = count.certain;
    }
}

fn difference(now: u64, before: u64) -> i64 {
    i64::try_from(now).unwrap_or(i64::MAX) - i64::try_from(before).unwrap_or(i64::MAX)
}

/// Counts acts by period. Returns the note on acts whose date fits several periods.
fn acts(view: &BodyView, kind: ActKind, spans: &[Span], items: &mut [PeriodItem]) -> Option<String> {
    let mut open = 0;
    for act in view.pairs.values().flat_map(|pair| &pair.own) {
        let is_act = act.event.act.kind() == kind;
        let reports = matches!(act.event.act, Act::ClaimRecorded(Some(claimed)) if claimed == kind);
        let Some(date) = act.event.date().filter(|_| is_act || reports) else { continue };
        let mut places = 0;
        for (span, item) in spans.iter().zip(&mut *items).filter(|(span, _)| span.may_hold(date)) {
            places += 1;
            if reports {
                item.reported = Some(item.reported.unwrap_or_default() + 1);
            }
            if is_act {
                item.at_most += 1;
                item.certain += u64::from(span.holds(date) && act.event.rival.is_none());
                item.entries.push(act.index);
            }
        }
        open += u64::from(places > 1 && is_act);
    }
    let mut before = None;
    for item in items {
        item.reported.get_or_insert(0);
        item.entries.sort_unstable();
        item.change = before.map(|before| difference(item.certain, before));
        before = Some(item.certain);
    }
    match open {
        0 => None,
        1 => Some("1 act has a date that fits several periods: it is in at_most of each".into()),
        n => Some(format!("{n} acts have dates that fit several periods: they are in at_most of each")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(from: &str, to: &str, by: Period) -> Vec<(String, String, String)> {
        let spans = periods(from.parse().unwrap(), to.parse().unwrap(), by);
        spans.into_iter().map(|s| (s.name, s.from.to_string(), s.to.to_string())).collect()
    }

    fn span(name: &str, from: &str, to: &str) -> (String, String, String) {
        (name.into(), from.into(), to.into())
    }

    #[test]
    fn periods_are_those_of_the_calendar_cut_to_the_days_asked_about() {
        assert_eq!(
            names("2022-09-16", "2024-02-01", Period::Year),
            [
                span("2022", "2022-09-16", "2022-12-31"),
                span("2023", "2023-01-01", "2023-12-31"),
                span("2024", "2024-01-01", "2024-02-01"),
            ]
        );
        assert_eq!(
            names("2023-12-31", "2024-04-01", Period::Quarter),
            [
                span("2023-Q4", "2023-12-31", "2023-12-31"),
                span("2024-Q1", "2024-01-01", "2024-03-31"),
                span("2024-Q2", "2024-04-01", "2024-04-01"),
            ]
        );
        assert_eq!(
            names("2024-02-10", "2024-03-05", Period::Month),
            [span("2024-02", "2024-02-10", "2024-02-29"), span("2024-03", "2024-03-01", "2024-03-05")]
        );
        assert_eq!(names("2024-02-10", "2024-02-09", Period::Month), []);
    }
}
