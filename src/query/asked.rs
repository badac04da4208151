//! A question whose words were read: the meaning of each word, for any record.

use std::sync::Arc;

use super::policy::Policy;
use super::question::{Kind, Question, Threshold, View};
use super::{Axes, Between, Period, QuestionError, Window};
use crate::event::{
    ActKind, BodyId, Day, Edtf, Instant, KnownBy, Moment, ParticipantId, Register, Size, StatusId,
};

/// The entries that a question reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recorded {
    /// All entries.
    All,
    /// The first entries, by their number.
    Size(Size),
    /// The entries recorded at this time or earlier.
    Time(Instant),
}

/// The two ends of a comparison along one of the three dates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ends {
    /// Two days on which statuses are compared; [`Day::PAST`] and [`Day::FUTURE`] are the open ends.
    On(Day, Day),
    /// The knowledge of two moments, inclusive; [`Instant::PAST`] and [`Instant::FUTURE`] are the open ends.
    Known(Instant, Instant),
    /// Two states of the ledger.
    Recorded(Recorded, Recorded),
}

/// A question whose words were read.
#[derive(Clone, PartialEq, Debug)]
pub struct Asked {
    /// The kind of the question.
    pub kind: Kind,
    /// The participant.
    pub participant: Option<ParticipantId>,
    /// The second participant.
    pub other: Option<ParticipantId>,
    /// The bodies that the question names; an empty list means every body, or the only one in the ledger.
    pub bodies: Vec<BodyId>,
    /// The day asked about (valid time).
    pub on: Day,
    /// The moment of that day, if the question names one.
    pub at: Option<Moment>,
    /// The limit of knowledge: an act counts if the world could know of it by then, inclusive; `None` counts every act.
    pub as_known: Option<KnownBy>,
    /// The entries that the question reads (transaction time).
    pub as_recorded: Recorded,
    /// The view of disputes that the question follows; `None` leaves disputes open.
    pub view: Option<Arc<Policy>>,
    /// For `diff`: the two ends.
    pub ends: Option<Ends>,
    /// The status that the question looks for or asks about.
    pub status: Option<StatusId>,
    /// For `timeline`: every revision as well.
    pub both_times: bool,
    /// For `count`: an act to count instead of a status.
    pub act: Option<ActKind>,
    /// For `count`: the length of a period.
    pub by: Period,
    /// For `count`: the span of days.
    pub window: Window,
    /// For `when`: only this day and later days.
    pub after: Option<Day>,
    /// For `when`: the number of participants that must have the status.
    pub number: Option<Threshold>,
}

impl Question {
    /// Reads the words of the question: names by the register, dates as EDTF. The word `today` is the day of `now` in
    /// UTC.
    ///
    /// # Errors
    /// [`QuestionError`] for a word that has no meaning or several, and for a question with too few words.
    pub fn read(&self, now: Instant) -> Result<Asked, QuestionError> {
        let options = &self.options;
        let at = self.on.as_deref().map(str::trim).filter(|text| text.contains('T'));
        let at = at.map(Moment::parse).transpose()?;
        let ends = self.ends(now)?;
        let ranged =
            |text: &Option<String>| text.clone().filter(|text| ends.is_none() || range(text).is_none());
        let on = match (&at, ranged(&self.on)) {
            (Some(moment), _) => moment.day(),
            (None, Some(text)) => day(&text, now)?,
            (None, None) => now.day(),
        };
        let as_known = ranged(&self.as_known).map(|text| known(&text, now)).transpose()?;
        let as_recorded = match (ranged(&self.as_recorded), ends) {
            (Some(text), _) => recorded(&text)?,
            (None, Some(Ends::Recorded(_, until))) => until,
            (None, _) => Recorded::All,
        };
        let asked = Asked {
            kind: self.kind,
            participant: self.participant.as_deref().map(participant).transpose()?,
            other: options.other.as_deref().map(participant).transpose()?,
            bodies: self.bodies.iter().map(|text| BodyId::named(text)).collect::<Result<_, _>>()?,
            on,
            at,
            as_known,
            as_recorded,
            view: self.view.as_ref().map(policy).transpose()?,
            ends,
            status: options.status.as_deref().map(StatusId::parse).transpose()?,
            both_times: options.both_times,
            act: options.act.as_deref().map(str::parse).transpose().map_err(QuestionError::Act)?,
            by: period(options.by.as_deref())?,
            window: Window {
                from: options
                    .from
                    .as_deref()
                    .map(|text| days(text, now))
                    .transpose()?
                    .map(|(first, _)| first),
                to: options.to.as_deref().map(|text| days(text, now)).transpose()?.map(|(_, last)| last),
            },
            after: options.after.as_deref().map(|text| day(text, now)).transpose()?,
            number: options.number,
        };
        asked.check()
    }

    /// Finds the one of the three dates that is a range, in a question that compares.
    fn ends(&self, now: Instant) -> Result<Option<Ends>, QuestionError> {
        if self.kind != Kind::Diff {
            return Ok(None);
        }
        let ranges =
            [&self.on, &self.as_known, &self.as_recorded].map(|text| text.as_deref().and_then(range));
        let ends = match ranges {
            [Some((a, b)), None, None] => Ends::On(
                end(a, Day::PAST, |text| day(text, now))?,
                end(b, Day::FUTURE, |text| day(text, now))?,
            ),
            [None, Some((a, b)), None] => {
                let last = |text: &str| known(text, now).map(|known| known.until());
                Ends::Known(end(a, Instant::PAST, last)?, end(b, Instant::FUTURE, last)?)
            }
            [None, None, Some((a, b))] => {
                Ends::Recorded(end(a, Recorded::Size(Size(0)), recorded)?, end(b, Recorded::All, recorded)?)
            }
            [None, None, None] => return Err(QuestionError::NoRange),
            _ => return Err(QuestionError::TwoRanges),
        };
        match ends {
            Ends::On(a, b) if a > b => Err(QuestionError::Backwards),
            Ends::Known(a, b) if a > b => Err(QuestionError::Backwards),
            ends => Ok(Some(ends)),
        }
    }
}

impl Asked {
    fn check(self) -> Result<Asked, QuestionError> {
        let needs = matches!(self.kind, Kind::Status | Kind::Portfolio | Kind::Timeline | Kind::Explain)
            || self.kind == Kind::Relations
            || self.kind == Kind::When && self.number.is_none();
        if needs && self.participant.is_none() || self.kind == Kind::Relations && self.other.is_none() {
            return Err(QuestionError::NoParticipant(self.kind.word()));
        }
        if self.kind == Kind::Relations && self.participant == self.other {
            return Err(QuestionError::BothSides(
                self.participant.map(|id| id.to_string()).unwrap_or_default(),
            ));
        }
        if self.kind == Kind::When && self.status.is_none() {
            return Err(QuestionError::NoStatus);
        }
        let last = self.window.to.unwrap_or(self.on);
        match self.window.from.filter(|from| *from > last) {
            Some(from) => Err(QuestionError::Window { from, to: last }),
            None => Ok(self),
        }
    }
}

impl Asked {
    /// The three dates, given the size of the record that `as_recorded` resolves to.
    pub fn axes(&self, as_recorded: Size) -> Axes {
        Axes {
            on: self.on,
            at: self.at.clone(),
            as_known: self.as_known.clone(),
            as_recorded,
            view: self.view.clone(),
        }
    }

    /// The ends of a comparison; `size_of` resolves the size of each state of the ledger.
    ///
    /// # Errors
    /// [`QuestionError::Backwards`], and every error of `size_of`.
    pub fn between<E: From<QuestionError>>(
        &self,
        size_of: &dyn Fn(Recorded) -> Result<Size, E>,
    ) -> Result<Option<Between>, E> {
        Ok(match self.ends {
            None => None,
            Some(Ends::On(a, b)) => Some(Between::On(a, b)),
            Some(Ends::Known(a, b)) => Some(Between::Known(a, b)),
            Some(Ends::Recorded(a, b)) => {
                let (a, b) = (size_of(a)?, size_of(b)?);
                if a > b {
                    return Err(QuestionError::Backwards.into());
                }
                Some(Between::Recorded(a, b))
            }
        })
    }
}

/// Finds a participant by any of its names or codes. A participant that only a source names has an id but no place in
/// the register.
///
/// # Errors
/// [`crate::event::ResolveError`] for a word that is the name of no participant, or of several, which it lists.
pub fn participant(word: &str) -> Result<ParticipantId, crate::event::ResolveError> {
    match Register::builtin().resolve(word) {
        Ok(entry) => Ok(entry.id.clone()),
        Err(error) => ParticipantId::parse(word).ok().filter(ParticipantId::is_named).ok_or(error),
    }
}

/// Reads one day; `today` is the day of `now` in UTC.
///
/// # Errors
/// [`crate::event::DateError`] for a text that is no date, or that covers more than one day.
pub fn day(text: &str, now: Instant) -> Result<Day, crate::event::DateError> {
    let (first, last) = days(text, now)?;
    if first == last { Ok(first) } else { Err(crate::event::DateError::NotADay(text.into())) }
}

/// Reads a year, a month or a day as its first and last day, inclusive; `today` is the day of `now` in UTC.
///
/// # Errors
/// [`crate::event::DateError`] for a text that is no date.
pub fn days(text: &str, now: Instant) -> Result<(Day, Day), crate::event::DateError> {
    if text.trim().eq_ignore_ascii_case("today") {
        return Ok((now.day(), now.day()));
    }
    let date = Edtf::parse(text.trim())?;
    Ok((date.earliest(), date.latest()))
}

/// Reads a limit of knowledge: a day or a month, which counts up to its end, or an instant; `today` is the day of `now`
/// in UTC.
///
/// # Errors
/// [`crate::event::DateError`] for a text that is no date, and for a time of day without a zone.
pub fn known(text: &str, now: Instant) -> Result<KnownBy, crate::event::DateError> {
    if text.trim().eq_ignore_ascii_case("today") {
        return Ok(KnownBy::day(now.day()));
    }
    KnownBy::parse(text.trim())
}

/// Reads a size, an instant, or a date, which counts up to its end.
///
/// # Errors
/// [`QuestionError::Recorded`] for a text that is none of these.
pub fn recorded(text: &str) -> Result<Recorded, QuestionError> {
    let text = text.trim();
    if let Ok(size) = text.parse() {
        return Ok(Recorded::Size(Size(size)));
    }
    if let Ok(instant) = Instant::parse(text) {
        return Ok(Recorded::Time(instant));
    }
    let date = Edtf::parse(text).map_err(QuestionError::Recorded)?;
    Ok(Recorded::Time(Instant::end_of(date.latest())))
}

/// Splits `FROM..TO` into its ends. A set, `[a..b]`, is one date, and the `..` of `../checkpoint` is part of a path.
pub fn range(text: &str) -> Option<(&str, &str)> {
    if text.starts_with('[') {
        return None;
    }
    let mut places = text.match_indices("..").map(|(at, _)| at);
    let at = places.find(|at| !text[at + 2..].starts_with('/'))?;
    Some((text[..at].trim(), text[at + 2..].trim()))
}

/// Reads one end of a range; an empty text is the open end.
fn end<T, E>(text: &str, open: T, read: impl FnOnce(&str) -> Result<T, E>) -> Result<T, E> {
    if text.is_empty() { Ok(open) } else { read(text) }
}

fn period(text: Option<&str>) -> Result<Period, QuestionError> {
    match text {
        None | Some("year") => Ok(Period::Year),
        Some("quarter") => Ok(Period::Quarter),
        Some("month") => Ok(Period::Month),
        Some(other) => Err(QuestionError::Period(other.to_owned())),
    }
}

/// Finds a shipped view by its name, or parses the view that the asker wrote.
fn policy(view: &View) -> Result<Arc<Policy>, QuestionError> {
    match view {
        View::Named(name) => {
            let shipped = Policy::shipped().iter();
            let policy = shipped.clone().find(|policy| policy.name.eq_ignore_ascii_case(name.trim()));
            let names = || shipped.map(|policy| policy.name.clone()).collect();
            policy
                .map(|policy| Arc::new(policy.clone()))
                .ok_or_else(|| QuestionError::View { name: name.clone(), shipped: names() })
        }
        View::Written { from, text } => {
            let unread = |error| QuestionError::ViewText { from: from.clone(), error };
            let mut views = Policy::parse(text).map_err(unread)?;
            match (views.pop(), views.len()) {
                (Some(mut view), 0) => {
                    view.from = Some(from.clone());
                    Ok(Arc::new(view))
                }
                (last, others) => {
                    let count = others + usize::from(last.is_some());
                    Err(QuestionError::ViewCount { from: from.clone(), count })
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn a_range_has_two_ends_of_which_one_may_be_open() {
        assert_eq!(range("2023-07-01..2024-07-05"), Some(("2023-07-01", "2024-07-05")));
        assert_eq!(range("127.."), Some(("127", "")));
        assert_eq!(range("..128"), Some(("", "128")));
        assert_eq!(range("../head..128"), Some(("../head", "128")));
        assert_eq!(range("127..../head"), Some(("127", "../head")));
        assert_eq!(range("../head"), None);
        assert_eq!(range("[2010-04-28..2010-04-29]"), None);
        assert_eq!(range("2023"), None);
    }
}
