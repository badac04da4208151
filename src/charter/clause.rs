//! The clauses of treaties and charters: when something enters into force, and when a withdrawal has effect.
//!
//! A [`Clause`] is read from one line of text (`count(35) then months(3)`), and its [`Rule`] writes itself in one canonical
//! form that reads back as the same rule. The dates follow by [`Delay::from`]; whether a condition holds is a question to
//! the acts, and is answered in `history`.

use std::fmt;

use chrono::{Datelike, Months, NaiveDate};

use crate::event::{BodyId, Day, ParticipantId};

/// A clause as it was read: its rule, and where in the text it names sets and tables.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clause {
    /// What it says. Two clauses say the same when their rules are equal, however they are spelt.
    pub rule: Rule,
    /// The sets and tables that it names, in the order of the text.
    pub(super) names: Vec<Mention>,
}

/// A name in the text of a clause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Mention {
    /// In characters, from 1.
    pub(super) column: usize,
    pub(super) of: Named,
    /// Folded by [`fold_name`]; of a participant its id.
    pub(super) name: String,
}

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Named {
    Set,
    Table,
    Participant,
}

/// What a clause says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rule {
    /// `count(35) then months(3) not_before 1995-01-13`: a day computed from the moment at which a condition first holds.
    WhenMet {
        /// The condition.
        trigger: Condition,
        /// The day, counted from that moment.
        then: ClauseTime,
        /// No earlier than this.
        not_before: Option<Floor>,
    },
    /// `fixed(2013-07-01) provided all(signatories) else days(30)`: a day that the text names, if the condition holds by
    /// the eve of it.
    Fixed {
        /// The day.
        on: Day,
        /// The condition.
        provided: Condition,
        /// Counted from the moment at which the condition holds, where that comes later; never, where none is given.
        otherwise: Option<Delay>,
    },
    /// `notice then years(1)`: the end of a membership, counted from its notice.
    Notice {
        /// When it ends.
        then: NoticeEnd,
        /// Whether the period may be extended, so that the day is a forecast.
        extendable: bool,
    },
    /// `stated`: the day that the act itself states.
    Stated,
    /// `no_right`: the treaty allows no withdrawal (VCLT 56(1)), so that a notice ends nothing.
    NoRight,
    /// `months(3) after condition`: for one participant that consents late, counted from its own deposit; never before the general
    /// entry into force.
    After {
        /// How long it waits.
        delay: Delay,
        /// From which moment a consent is late; `None` if the clause does not say.
        late_from: Option<LateFrom>,
    },
}

/// From which moment a participant that consents does not become a party with the treaty, but waits (VCLT 24(3)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LateFrom {
    /// `after condition`: from the day after the one on which the condition was met: who deposits on that day goes with the treaty.
    Condition,
    /// `after entry_into_force`: from the day on which the treaty enters into force.
    EntryIntoForce,
}

/// When a rule has effect, counted from the moment at which its condition holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClauseTime {
    /// After a delay.
    Delay(Delay),
    /// `fixed(2009-01-01) else first_of_month_after(last)`: on a day that the text names, if the moment lies before it.
    Fixed {
        /// The day.
        on: Day,
        /// Where the moment is that day or later; never, where none is given.
        otherwise: Option<Delay>,
    },
}

/// A part of a whole, as a clause states it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proportion {
    /// `66.667%`, in thousandths of a percent.
    Percent(u32),
    /// `2/3`.
    Fraction {
        /// Above the line.
        numerator: u32,
        /// Below it; never 0, and at most 9,999.
        denominator: u32,
    },
}

impl Proportion {
    /// The numerator and the denominator.
    pub fn fraction(self) -> (u32, u32) {
        match self {
            Proportion::Percent(thousandths) => (thousandths, 100_000),
            Proportion::Fraction { numerator, denominator } => (numerator, denominator),
        }
    }

    /// In thousandths of a percent, rounded down.
    pub fn thousandths(self) -> u32 {
        let (numerator, denominator) = self.fraction();
        u32::try_from(u64::from(numerator) * 100_000 / u64::from(denominator.max(1))).unwrap_or(u32::MAX)
    }
}

impl fmt::Display for Proportion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Proportion::Percent(thousandths) => write!(f, "{}%", decimal(*thousandths)),
            Proportion::Fraction { numerator, denominator } => write!(f, "{numerator}/{denominator}"),
        }
    }
}

/// The earliest that a clause lets its treaty enter into force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Floor {
    /// `not_before 1995-01-13`: a day that the text names.
    Day(Day),
    /// `not_before in_force(untc-4-4)`: the day on which another treaty enters into force. While that one is not in force,
    /// neither is this.
    InForce(BodyId),
}

/// When a membership ends after notice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoticeEnd {
    /// After a delay: its last day is the first without membership.
    Delay(Delay),
    /// `last_day_of(year, notice_by=09-30)`: with the calendar year of the notice, or with the next one where the notice
    /// comes after that day of the year.
    LastDayOfYear {
        /// Month and day.
        notice_by: (u8, u8),
    },
}

/// What must be so before a rule has effect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Condition {
    /// `count(50, exclude=reio)`, `count_in(annex_i, 20)`: so many have consented.
    Count {
        /// How many.
        needed: u32,
        /// Among whom; everybody, where none is given.
        of: Option<SetRef>,
        /// Whether the consent of a regional organisation does not count beside those of its members.
        exclude_reio: bool,
    },
    /// `count_of(signatories > 1/2)`: such a part of a set has consented.
    Share {
        /// Of whom.
        of: SetRef,
        /// More than, or at least.
        bound: Bound,
        /// Above the line.
        numerator: u32,
        /// Below it; never 0.
        denominator: u32,
    },
    /// `all(signatories)`: each of a set has consented. An empty set never has.
    All(SetRef),
    /// `all_of(CHN,FRA)`: each of those named has consented.
    AllOf(Vec<ParticipantId>),
    /// `weight(co2_1990 >= 55% of annex_i, rounding=1)`: those who consented hold such a part of a table.
    Weight {
        /// The table.
        table: String,
        /// More than, or at least.
        bound: Bound,
        /// Of the whole.
        part: Proportion,
        /// The set whose shares make the whole; the whole table, where none is given.
        of: Option<String>,
        /// To how many decimals of a percent each share is rounded before they are added; none is, where not given.
        rounding: Option<u8>,
    },
    /// `in_force(untc-4-4)`: another treaty is in force.
    InForce(BodyId),
    /// Each of these holds. The reader makes no `And` directly inside another.
    And(Vec<Condition>),
    /// One of these holds. The reader makes no `Or` directly inside another.
    Or(Vec<Condition>),
}

/// How a part is compared with what is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    /// `>`
    MoreThan,
    /// `>=`
    AtLeast,
}

/// Participants that a condition counts among.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SetRef {
    /// `signatories until 1949-04-04`: the states that had signed by the end of that day. Without a day: that have signed so far.
    Signatories {
        /// The day on which the class closed.
        until: Option<Day>,
    },
    /// The members of the moment; also written `parties`, `members_at(t)`, `parties_at(t)`.
    Members,
    /// A set that the charter names.
    Named(String),
}

/// A span counted from a day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delay {
    /// No delay; also written `last` (the day of the last deposit) and `days(0)`.
    Instant,
    /// `days(30)`: on the 30th day after.
    Days {
        /// How many.
        n: u32,
        /// `days(30, after_full_days)`: when that many full days have passed, which is a day later.
        full: bool,
    },
    /// `months(3)`: on the same day of a later month, or on its last day where it has none such.
    Months(u32),
    /// `years(1)`: likewise; 29 February becomes 28 February.
    Years(u32),
    /// `first_of_month_after(days(60))`: on the first day of the month that follows the one in which the delay ends.
    FirstOfMonthAfter(Box<Delay>),
    /// `first_of_nth_month_after(6)`: on the first day of the sixth month after the month.
    FirstOfNthMonthAfter(u32),
}

/// Why a text is no clause, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("column {column}: {what}")]
pub struct ClauseError {
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong there, and what to write.
    pub what: String,
}

impl Delay {
    /// The day on which the delay ends that begins on a day.
    ///
    /// Months and years are those of the calendar: 31 January and one month is 28 or 29 February, not 3 March. The two ends
    /// of time stay where they are, and what would lie beyond the calendar is [`Day::FUTURE`].
    pub fn from(&self, day: Day) -> Day {
        let Some(date) = day.date() else { return day };
        self.after(date).map_or(Day::FUTURE, Day::from_date)
    }

    fn after(&self, date: NaiveDate) -> Option<NaiveDate> {
        match self {
            Delay::Instant => Some(date),
            Delay::Days { n, full } => {
                date.checked_add_days(chrono::Days::new(u64::from(*n) + u64::from(*full)))
            }
            Delay::Months(n) => date.checked_add_months(Months::new(*n)),
            Delay::Years(n) => date.checked_add_months(Months::new(n.checked_mul(12)?)),
            Delay::FirstOfMonthAfter(inner) => first_of_later_month(inner.after(date)?, 1),
            Delay::FirstOfNthMonthAfter(n) => first_of_later_month(date, *n),
        }
    }
}

fn first_of_later_month(date: NaiveDate, months: u32) -> Option<NaiveDate> {
    date.with_day(1)?.checked_add_months(Months::new(months))
}

impl Rule {
    /// The treaty without which this one does not enter into force, whoever has consented.
    pub fn waits_for(&self) -> Option<&BodyId> {
        match self {
            Rule::WhenMet { not_before: Some(Floor::InForce(treaty)), .. } => Some(treaty),
            _ => None,
        }
    }
}

impl ClauseTime {
    /// The day of effect, counted from the day on which the condition first held; `None` where it came too late.
    pub fn from(&self, day: Day) -> Option<Day> {
        match self {
            ClauseTime::Delay(delay) => Some(delay.from(day)),
            ClauseTime::Fixed { on, .. } if day < *on => Some(*on),
            ClauseTime::Fixed { otherwise, .. } => otherwise.as_ref().map(|delay| delay.from(day)),
        }
    }
}

impl NoticeEnd {
    /// The first day without membership after a notice of a day.
    pub fn from(&self, notice: Day) -> Day {
        match self {
            NoticeEnd::Delay(delay) => delay.from(notice),
            NoticeEnd::LastDayOfYear { notice_by: (month, last) } => {
                let Some(date) = notice.date() else { return notice };
                let late = (date.month(), date.day()) > (u32::from(*month), u32::from(*last));
                let first = NaiveDate::from_ymd_opt(date.year() + 1 + i32::from(late), 1, 1);
                first.map_or(Day::FUTURE, Day::from_date)
            }
        }
    }
}

/// Names of sets and tables compare without case, and `-` is `_`.
pub(crate) fn fold_name(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "_")
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rule.fmt(f)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::WhenMet { trigger, then, not_before } => {
                write!(f, "{trigger} then {then}")?;
                not_before.as_ref().map_or(Ok(()), |floor| write!(f, " not_before {floor}"))
            }
            Rule::Fixed { on, provided, otherwise } => {
                write!(f, "fixed({on}) provided {provided}")?;
                otherwise.as_ref().map_or(Ok(()), |delay| write!(f, " else {delay}"))
            }
            Rule::Notice { then, extendable } => {
                write!(f, "notice then {then}{}", if *extendable { " extendable" } else { "" })
            }
            Rule::Stated => f.write_str("stated"),
            Rule::NoRight => f.write_str("no_right"),
            Rule::After { delay, late_from } => {
                let after = match late_from {
                    None => "",
                    Some(LateFrom::Condition) => " after condition",
                    Some(LateFrom::EntryIntoForce) => " after entry_into_force",
                };
                write!(f, "{delay}{after}")
            }
        }
    }
}

impl fmt::Display for Floor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Floor::Day(day) => day.fmt(f),
            Floor::InForce(treaty) => write!(f, "in_force({treaty})"),
        }
    }
}

impl fmt::Display for ClauseTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClauseTime::Delay(delay) => delay.fmt(f),
            ClauseTime::Fixed { on, otherwise: None } => write!(f, "fixed({on})"),
            ClauseTime::Fixed { on, otherwise: Some(delay) } => write!(f, "fixed({on}) else {delay}"),
        }
    }
}

impl fmt::Display for NoticeEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoticeEnd::Delay(delay) => delay.fmt(f),
            NoticeEnd::LastDayOfYear { notice_by: (12, 31) } => f.write_str("last_day_of(year)"),
            NoticeEnd::LastDayOfYear { notice_by: (month, day) } => {
                write!(f, "last_day_of(year, notice_by={month:02}-{day:02})")
            }
        }
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Delay::Instant => f.write_str("instant"),
            Delay::Days { n, full: false } => write!(f, "days({n})"),
            Delay::Days { n, full: true } => write!(f, "days({n}, after_full_days)"),
            Delay::Months(n) => write!(f, "months({n})"),
            Delay::Years(n) => write!(f, "years({n})"),
            Delay::FirstOfMonthAfter(inner) if **inner == Delay::Instant => {
                f.write_str("first_of_month_after(last)")
            }
            Delay::FirstOfMonthAfter(inner) => write!(f, "first_of_month_after({inner})"),
            Delay::FirstOfNthMonthAfter(n) => write!(f, "first_of_nth_month_after({n})"),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Count { needed, of, exclude_reio } => {
                let excluded = if *exclude_reio { ", exclude=reio" } else { "" };
                match of {
                    Some(set) => write!(f, "count_in({set}, {needed}{excluded})"),
                    None => write!(f, "count({needed}{excluded})"),
                }
            }
            Condition::Share { of, bound, numerator, denominator } => {
                write!(f, "count_of({of} {bound} {numerator}/{denominator})")
            }
            Condition::All(set) => write!(f, "all({set})"),
            Condition::AllOf(named) => {
                let named: Vec<&str> = named.iter().map(ParticipantId::as_str).collect();
                write!(f, "all_of({})", named.join(", "))
            }
            Condition::Weight { table, bound, part, of, rounding } => {
                write!(f, "weight({table} {bound} {part}")?;
                of.as_ref().map_or(Ok(()), |set| write!(f, " of {set}"))?;
                rounding.map_or(Ok(()), |places| write!(f, ", rounding={places}"))?;
                f.write_str(")")
            }
            Condition::InForce(treaty) => write!(f, "in_force({treaty})"),
            Condition::And(parts) => joined(f, parts, " and ", true),
            Condition::Or(parts) => joined(f, parts, " or ", false),
        }
    }
}

/// `and` binds tighter: an `or` inside it needs brackets.
fn joined(f: &mut fmt::Formatter<'_>, parts: &[Condition], word: &str, and: bool) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        let before = if at == 0 { "" } else { word };
        match part {
            Condition::Or(_) if and => write!(f, "{before}({part})")?,
            part => write!(f, "{before}{part}")?,
        }
    }
    Ok(())
}

/// Thousandths as a decimal without trailing zeros: 66500 is `66.5`.
pub(crate) fn decimal(thousandths: u32) -> String {
    let (whole, rest) = (thousandths / 1000, thousandths % 1000);
    match rest {
        0 => whole.to_string(),
        rest => format!("{whole}.{}", format!("{rest:03}").trim_end_matches('0')),
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Bound::MoreThan => ">",
            Bound::AtLeast => ">=",
        })
    }
}

impl fmt::Display for SetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetRef::Signatories { until: None } => f.write_str("signatories"),
            SetRef::Signatories { until: Some(day) } => write!(f, "signatories until {day}"),
            SetRef::Members => f.write_str("members"),
            SetRef::Named(name) => f.write_str(name),
        }
    }
}
