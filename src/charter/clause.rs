//! The clauses of treaties and charters: when something enters into force, and when a withdrawal has effect.
//!
//! A [`Clause`] is read from one line of text (`count(35) then months(3)`), and its [`Rule`] is written in one canonical form that
//! reads back as the same rule. [`Delay::from`] computes the dates. `history` tests from the acts if a condition is met.

use std::fmt;

use chrono::{Datelike, Months, NaiveDate};

use crate::event::{BodyId, Day, ParticipantId};

/// A parsed clause: its rule, and the places in the text at which it names sets and tables.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clause {
    /// Its rule. Two clauses mean the same if their rules are equal, however they are spelt.
    pub rule: Rule,
    /// The sets and tables that it names, in the order of the text.
    pub(super) names: Vec<Mention>,
}

/// A name in the text of a clause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Mention {
    /// The column, in characters, from 1.
    pub(super) column: usize,
    pub(super) of: Named,
    /// The name, folded by [`fold_name`]; for a participant its id.
    pub(super) name: String,
}

/// The kind of thing that a name means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Named {
    Set,
    Table,
    Participant,
}

/// The rule of a clause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rule {
    /// `count(35) then months(3) not_before 1995-01-13`: a day counted from the moment at which a condition is first met.
    WhenMet {
        /// The condition.
        trigger: Condition,
        /// The day, counted from that moment.
        then: ClauseTime,
        /// The earliest day of effect.
        not_before: Option<Floor>,
    },
    /// `fixed(2013-07-01) provided all(signatories) else days(30)`: a day that the text names, if the condition is met by the eve
    /// of it.
    Fixed {
        /// The day.
        on: Day,
        /// The condition.
        provided: Condition,
        /// The delay if the condition is met later, counted from that moment; without a delay the rule then never has effect.
        otherwise: Option<Delay>,
    },
    /// `notice then years(1)`: the end of a membership, counted from its notice.
    Notice {
        /// The end of the membership.
        then: NoticeEnd,
        /// True if the period may be extended, so that the day is a forecast.
        extendable: bool,
    },
    /// `stated`: the day that the act itself states.
    Stated,
    /// `no_right`: the treaty allows no withdrawal (VCLT 56(1)), so that a notice ends nothing.
    NoRight,
    /// `months(3) after condition`: for one participant that consents late, counted from its own deposit; never before the general
    /// entry into force.
    After {
        /// The delay after its own deposit.
        delay: Delay,
        /// The moment from which a consent is late; `None` if the clause does not state it.
        late_from: Option<LateFrom>,
    },
}

/// The moment from which a consent is late: the participant then does not become a party together with the treaty, but after a
/// delay (VCLT 24(3)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LateFrom {
    /// `after condition`: late from the day after the condition was met. A participant that deposits on the day itself becomes a
    /// party with the treaty.
    Condition,
    /// `after entry_into_force`: late from the day on which the treaty enters into force.
    EntryIntoForce,
}

/// The day on which a rule has effect, counted from the moment at which its condition is met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClauseTime {
    /// After a delay.
    Delay(Delay),
    /// `fixed(2009-01-01) else first_of_month_after(last)`: on a day that the text names, if the moment is before it.
    Fixed {
        /// The day.
        on: Day,
        /// The delay if the moment is on that day or later; without a delay the rule then never has effect.
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
        /// The numerator.
        numerator: u32,
        /// The denominator, from 1 to 9,999.
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

    /// The part in thousandths of a percent, rounded down.
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

/// The earliest day on which a clause lets its treaty enter into force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Floor {
    /// `not_before 1995-01-13`: a day that the text names.
    Day(Day),
    /// `not_before in_force(untc-4-4)`: the day on which another treaty enters into force. As long as that one is not in force,
    /// this one is not either.
    InForce(BodyId),
}

/// The end of a membership after notice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoticeEnd {
    /// After a delay. The day on which the delay ends is the first day without membership.
    Delay(Delay),
    /// `last_day_of(year, notice_by=09-30)`: at the end of the calendar year of the notice, or of the next one if the notice comes
    /// after that day of the year.
    LastDayOfYear {
        /// The month and the day.
        notice_by: (u8, u8),
    },
}

/// The condition that must be met before a rule has effect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Condition {
    /// `count(50, exclude=reio)`, `count_in(annex_i, 20)`: at least this number of participants have consented.
    Count {
        /// The number.
        needed: u32,
        /// The set in which consents are counted; without a set every consent counts.
        of: Option<SetRef>,
        /// True if the consent of a regional organisation does not count beside those of its members.
        exclude_reio: bool,
    },
    /// `count_of(signatories > 1/2)`: more than, or at least, this part of a set has consented.
    Share {
        /// The set.
        of: SetRef,
        /// The comparison: more than, or at least.
        bound: Bound,
        /// The numerator.
        numerator: u32,
        /// The denominator; never 0.
        denominator: u32,
    },
    /// `all(signatories)`: every member of a set has consented. For an empty set this is never met.
    All(SetRef),
    /// `all_of(CHN,FRA)`: each of the named participants has consented.
    AllOf(Vec<ParticipantId>),
    /// `weight(co2_1990 >= 55% of annex_i, rounding=1)`: those that have consented have more than, or at least, this part of a
    /// table.
    Weight {
        /// The table.
        table: String,
        /// The comparison: more than, or at least.
        bound: Bound,
        /// The part of the whole.
        part: Proportion,
        /// The set whose shares make the whole; without a set the whole table does.
        of: Option<String>,
        /// The number of decimals of a percent to which each share is rounded before the shares are added; without it no share is
        /// rounded.
        rounding: Option<u8>,
    },
    /// `in_force(untc-4-4)`: another treaty is in force.
    InForce(BodyId),
    /// All of these are met. The parser makes no `And` directly inside another.
    And(Vec<Condition>),
    /// At least one of these is met. The parser makes no `Or` directly inside another.
    Or(Vec<Condition>),
}

/// The comparison of a part with the part needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    /// `>`
    MoreThan,
    /// `>=`
    AtLeast,
}

/// A set in which a condition counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SetRef {
    /// `signatories until 1949-04-04`: the states that had signed by the end of that day. Without a day: the states that have
    /// signed so far.
    Signatories {
        /// The day on which the class closed.
        until: Option<Day>,
    },
    /// The members at the moment of counting; also written `parties`, `members_at(t)`, `parties_at(t)`.
    Members,
    /// A set that the charter defines.
    Named(String),
}

/// A span counted from a day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delay {
    /// No delay; also written `last` (the day of the last deposit) and `days(0)`.
    Instant,
    /// `days(30)`: on the 30th day after it.
    Days {
        /// The number of days.
        n: u32,
        /// `days(30, after_full_days)`: true if the delay ends when that many full days have passed, which is a day later.
        full: bool,
    },
    /// `months(3)`: on the same day of a later month, or on the last day of that month if it has no such day.
    Months(u32),
    /// `years(1)`: the same with years; 29 February becomes 28 February.
    Years(u32),
    /// `first_of_month_after(days(60))`: on the first day of the month that follows the one in which the delay ends.
    FirstOfMonthAfter(Box<Delay>),
    /// `first_of_nth_month_after(6)`: on the first day of the sixth month after the month of the day.
    FirstOfNthMonthAfter(u32),
}

/// The reason why a text is not a clause, and the place of the fault.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("column {column}: {what}")]
pub struct ClauseError {
    /// The column, in characters, from 1.
    pub column: usize,
    /// The fault, and the remedy.
    pub what: String,
}

impl Delay {
    /// The day on which a delay that begins on `day` ends.
    ///
    /// Months and years are those of the calendar: one month after 31 January is 28 or 29 February, not 3 March. [`Day::PAST`] and
    /// [`Day::FUTURE`] do not change, and a day beyond the calendar is [`Day::FUTURE`].
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
    /// The treaty that must be in force before this one enters into force, however many have consented.
    pub fn waits_for(&self) -> Option<&BodyId> {
        match self {
            Rule::WhenMet { not_before: Some(Floor::InForce(treaty)), .. } => Some(treaty),
            _ => None,
        }
    }
}

impl ClauseTime {
    /// The day of effect, counted from the day on which the condition was first met; `None` if it was met too late.
    pub fn from(&self, day: Day) -> Option<Day> {
        match self {
            ClauseTime::Delay(delay) => Some(delay.from(day)),
            ClauseTime::Fixed { on, .. } if day < *on => Some(*on),
            ClauseTime::Fixed { otherwise, .. } => otherwise.as_ref().map(|delay| delay.from(day)),
        }
    }
}

impl NoticeEnd {
    /// The first day without membership, after a notice on a given day.
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

/// Folds the name of a set or table for comparison: lower case, and `_` for `-`.
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

/// Writes parts joined by `and` or `or`. Since `and` binds more tightly, an `or` inside it needs brackets.
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

/// Writes thousandths as a decimal without trailing zeros: 66500 is `66.5`.
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
