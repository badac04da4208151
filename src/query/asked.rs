//! A question whose words were read: what each of them means, for any record.

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
    /// Everything.
    All,
    /// The first entries, by their number.
    Size(Size),
    /// The entries stamped then or earlier.
    Time(Instant),
}

/// One of the three dates, or two of them that are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ends {
    /// Two days of the world; [`Day::PAST`] and [`Day::FUTURE`] are its ends.
    On(Day, Day),
    /// The knowledge of two moments; [`Instant::PAST`] and [`Instant::FUTURE`] are its ends.
    Known(Instant, Instant),
    /// Two states of the ledger.
    Recorded(Recorded, Recorded),
}

/// A question whose words were read.
#[derive(Clone, PartialEq, Debug)]
pub struct Asked {
    /// The kind.
    pub kind: Kind,
    /// The participant.
    pub participant: Option<ParticipantId>,
    /// The second participant.
    pub other: Option<ParticipantId>,
    /// The bodies that are named; none is every body, or the only one there is.
    pub bodies: Vec<BodyId>,
    /// The day asked about (valid time).
    pub on: Day,
    /// The moment of that day, if one is asked about.
    pub at: Option<Moment>,
    /// The date by whose end the world could know what counts; `None` is everything.
    pub as_known: Option<KnownBy>,
    /// The entries that are read (transaction time).
    pub as_recorded: Recorded,
    /// The account of disputes that is followed; `None` leaves them open.
    pub view: Option<Arc<Policy>>,
    /// Of `diff`: the two ends.
    pub ends: Option<Ends>,
    /// The status that is sought, or asked about.
    pub status: Option<StatusId>,
    /// Of `timeline`: every revision, too.
    pub both_times: bool,
    /// Of `count`: an act instead of a status.
    pub act: Option<ActKind>,
    /// Of `count`: the length of a period.
    pub by: Period,
    /// Of `count`: the span of days.
    pub window: Window,
    /// Of `when`: only this day and later.
    pub after: Option<Day>,
    /// Of `when`: how many must have the status.
    pub number: Option<Threshold>,
}

impl Question {
    /// Reads the words of the question: names by the register, dates as EDTF with `today` for the clock's day.
    ///
    /// # Errors
    /// [`QuestionError`] for a word that means nothing, several things, or too little.
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

    /// Of a question that compares: the one of the three dates that is a range.
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
    /// The three dates, once it is known how many entries are read.
    pub fn axes(&self, as_recorded: Size) -> Axes {
        Axes {
            on: self.on,
            at: self.at.clone(),
            as_known: self.as_known.clone(),
            as_recorded,
            view: self.view.clone(),
        }
    }

    /// The ends of a comparison, once it is known how many entries each state of the ledger has.
    ///
    /// # Errors
    /// [`QuestionError::Backwards`]; what `size_of` says.
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

/// Finds a participant by any of its names or codes; one that only a source names has an id, and no place in the register.
///
/// # Errors
/// [`crate::event::ResolveError`], which asks back.
pub fn participant(word: &str) -> Result<ParticipantId, crate::event::ResolveError> {
    match Register::builtin().resolve(word) {
        Ok(entry) => Ok(entry.id.clone()),
        Err(error) => ParticipantId::parse(word).ok().filter(ParticipantId::is_named).ok_or(error),
    }
}

/// One day; `today` is the clock's.
///
/// # Errors
/// [`crate::event::DateError`] for a text that is no date, or more than one day.
pub fn day(text: &str, now: Instant) -> Result<Day, crate::event::DateError> {
    let (first, last) = days(text, now)?;
    if first == last { Ok(first) } else { Err(crate::event::DateError::NotADay(text.into())) }
}

/// The first and the last day of a year, a month, a day; `today` is the clock's.
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

/// Knowledge by the end of a day or a month, or by an instant.
///
/// # Errors
/// [`crate::event::DateError`] for a text that is no date.
pub fn known(text: &str, now: Instant) -> Result<KnownBy, crate::event::DateError> {
    if text.trim().eq_ignore_ascii_case("today") {
        return Ok(KnownBy::day(now.day()));
    }
    KnownBy::parse(text.trim())
}

/// A size, an instant, or a date up to its end.
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

/// `FROM..TO` in its parts. A set, `[a..b]`, is one date, and the `..` of `../checkpoint` is part of a path.
pub fn range(text: &str) -> Option<(&str, &str)> {
    if text.starts_with('[') {
        return None;
    }
    let mut places = text.match_indices("..").map(|(at, _)| at);
    let at = places.find(|at| !text[at + 2..].starts_with('/'))?;
    Some((text[..at].trim(), text[at + 2..].trim()))
}

/// One end of a range; an empty one is the open end.
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

/// A view by its name, or the one that its asker wrote.
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
