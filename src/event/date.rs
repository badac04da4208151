//! Dates as sources give them (EDTF, ISO 8601-2) and the ledger's own clock.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, TimeZone, Utc};
use edtf_core::Bound;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smol_str::SmolStr;

/// A civil day, counted from 1970-01-01 (day 0) in the proleptic Gregorian calendar.
///
/// [`Day::PAST`] and [`Day::FUTURE`] mean "no limit"; they compare below and above every real day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Day(i32);

impl Day {
    /// Before every day: the earliest day of an interval that is open in the past.
    pub const PAST: Day = Day(i32::MIN);
    /// After every day: the latest day of an interval that is open in the future.
    pub const FUTURE: Day = Day(i32::MAX);

    /// The day at `days` after 1970-01-01 (negative: before).
    pub const fn from_days(days: i32) -> Day {
        Day(days)
    }

    /// Days since 1970-01-01.
    pub const fn days(self) -> i32 {
        self.0
    }

    /// The day of a calendar date.
    pub fn from_date(date: NaiveDate) -> Day {
        Day(date.num_days_from_ce() - EPOCH_FROM_CE)
    }

    /// The calendar date, or `None` for [`Day::PAST`] and [`Day::FUTURE`].
    pub fn date(self) -> Option<NaiveDate> {
        if self == Day::PAST || self == Day::FUTURE {
            return None;
        }
        NaiveDate::from_num_days_from_ce_opt(self.0.checked_add(EPOCH_FROM_CE)?)
    }

    /// The day as `2023-07-01`; `None` if its year does not have four digits.
    fn plain(self) -> Option<SmolStr> {
        let date = self.date()?;
        let year = u32::try_from(date.year()).ok().filter(|year| *year <= 9999)?;
        let mut text = *b"0000-00-00";
        write_digits(year, text.get_mut(..4)?);
        write_digits(date.month(), text.get_mut(5..7)?);
        write_digits(date.day(), text.get_mut(8..)?);
        std::str::from_utf8(&text).ok().map(SmolStr::new)
    }

    /// The next day; [`Day::PAST`] and [`Day::FUTURE`] do not change.
    pub fn next(self) -> Day {
        match self {
            Day::PAST | Day::FUTURE => self,
            Day(n) => Day(n + 1),
        }
    }

    /// The day before; [`Day::PAST`] and [`Day::FUTURE`] do not change.
    pub fn previous(self) -> Day {
        match self {
            Day::PAST | Day::FUTURE => self,
            Day(n) => Day(n - 1),
        }
    }
}

const EPOCH_FROM_CE: i32 = 719_163;

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.plain(), self.date()) {
            (Some(text), _) => f.write_str(&text),
            (None, Some(date)) => write!(f, "{}", date.format("%Y-%m-%d")),
            (None, None) => f.write_str(".."),
        }
    }
}

impl FromStr for Day {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Day, DateError> {
        let date = Edtf::parse(text)?;
        if date.earliest == date.latest { Ok(date.earliest) } else { Err(DateError::NotADay(text.into())) }
    }
}

/// A date as a source gives it: EDTF text with the days it may mean.
///
/// Accepts levels 0 and 1 of ISO 8601-2, and of level 2 the "one of" set `[a..b]`. The text is kept byte for byte. `?` and `~`
/// qualify the source and do not widen the days.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Edtf {
    text: SmolStr,
    earliest: Day,
    latest: Day,
}

/// The reason why a text is not a date.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DateError {
    /// The text is not EDTF; `offset` counts bytes from its start.
    #[error("{text:?} is not an EDTF date{}", explained(.reason, *.offset, .suggestion.as_deref()))]
    NotEdtf {
        /// The text.
        text: String,
        /// The fault that the parser reports.
        reason: &'static str,
        /// Byte offset of the first wrong byte.
        offset: usize,
        /// A date that the writer may have meant.
        suggestion: Option<String>,
    },
    /// Valid EDTF of a form that no act can carry (a set of several dates).
    #[error("{0:?} names several dates: give one date, or one of a span as [2010-04-28..2010-04-29]")]
    Set(String),
    /// A year beyond -9999..9999, or an interval with an unknown end.
    #[error("{0:?} has no earliest and latest day: write .. for an open end")]
    Unbounded(String),
    /// A month or a year in a place that needs one day.
    #[error("{0:?} is not one day: write it as 2023-07-01")]
    NotADay(String),
    /// Not a day, and not a moment of one.
    #[error(
        "{0:?} is no moment: write it as 2020-01-31T23:59+01:00, or without the zone where it is not known"
    )]
    NotAMoment(String),
    /// Not an RFC 3339 instant.
    #[error("{0:?} is not an instant: write it as 2026-11-23T17:31:00Z")]
    NotAnInstant(String),
}

fn explained(reason: &str, offset: usize, suggestion: Option<&str>) -> String {
    match suggestion {
        Some(suggestion) => format!("; did you mean {suggestion}?"),
        None => format!(": {reason} at byte {offset}; write 2023-07-01, 2023-07 or 2023"),
    }
}

impl Edtf {
    /// Reads EDTF text.
    ///
    /// # Errors
    /// [`DateError`] with the byte offset of the fault and, for `01.07.2023` and similar texts, the date that was probably meant.
    pub fn parse(text: &str) -> Result<Edtf, DateError> {
        if let Some((earliest, latest)) = plain_span(text) {
            return Ok(Edtf { text: SmolStr::new(text), earliest, latest });
        }
        Edtf::parse_any(text)
    }

    /// Reads a date of any form.
    fn parse_any(text: &str) -> Result<Edtf, DateError> {
        let parsed = edtf_core::Edtf::parse(text).map_err(|e| DateError::NotEdtf {
            text: text.into(),
            reason: e.message,
            offset: e.offset,
            suggestion: suggest(text),
        })?;
        if let edtf_core::Edtf::Set(set) = &parsed
            && set.kind != edtf_core::SetKind::OneMember
        {
            return Err(DateError::Set(text.into()));
        }
        if let Some(instant) = moment(text) {
            let day = instant.day();
            return Ok(Edtf { text: SmolStr::new(text), earliest: day, latest: day });
        }
        let bounds = parsed.bounds();
        let (Some(earliest), Some(latest)) = (bound(bounds.earliest), bound(bounds.latest)) else {
            return Err(DateError::Unbounded(text.into()));
        };
        Ok(Edtf { text: SmolStr::new(text), earliest, latest })
    }

    /// The date of one day.
    pub fn day(day: Day) -> Edtf {
        let text = day.plain().unwrap_or_else(|| SmolStr::new(day.to_string()));
        Edtf { text, earliest: day, latest: day }
    }

    /// Some day from `earliest` to `latest`, both included: written as one day if they are equal, otherwise as `[a..b]`.
    pub fn one_of(earliest: Day, latest: Day) -> Edtf {
        if earliest == latest {
            return Edtf::day(earliest);
        }
        let end = |day: Day| day.date().map(|_| day.to_string()).unwrap_or_default();
        Edtf { text: SmolStr::new(format!("[{}..{}]", end(earliest), end(latest))), earliest, latest }
    }

    /// The text as given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first day that it may mean.
    pub fn earliest(&self) -> Day {
        self.earliest
    }

    /// The last day that it may mean (included).
    pub fn latest(&self) -> Day {
        self.latest
    }

    /// The last moment that it may mean: its instant, otherwise the end of its last day.
    pub fn last_moment(&self) -> Instant {
        self.instant().unwrap_or_else(|| Instant::end_of(self.latest))
    }

    /// The instant, if the source gives one with its zone (`2020-01-31T23:00:00Z`). Its day is the day in UTC.
    pub fn instant(&self) -> Option<Instant> {
        moment(&self.text)
    }

    /// True if the source is in doubt (`?`, `~` or `%`).
    pub fn is_qualified(&self) -> bool {
        self.text.contains(['?', '~', '%'])
    }
}

/// A date with a time and a zone.
fn moment(text: &str) -> Option<Instant> {
    text.contains('T').then(|| Instant::parse(text).ok()).flatten()
}

/// The first and last day of a date in the form that nearly every source uses: a day, a month or a year.
fn plain_span(text: &str) -> Option<(Day, Day)> {
    let bytes = text.as_bytes();
    let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).map(Day::from_date);
    let year = i32::try_from(number(bytes.get(..4)?)?).ok()?;
    match *bytes.get(4..)? {
        [] => Some((day(year, 1, 1)?, day(year, 12, 31)?)),
        [b'-', m1, m2] => {
            let month = number(&[m1, m2])?;
            let (after, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            Some((day(year, month, 1)?, day(after, next, 1)?.previous()))
        }
        [b'-', m1, m2, b'-', d1, d2] => {
            let day = day(year, number(&[m1, m2])?, number(&[d1, d2])?)?;
            Some((day, day))
        }
        _ => None,
    }
}

/// Writes the last digits of a number, as many as `room` is long.
fn write_digits(number: u32, room: &mut [u8]) {
    let mut rest = number;
    for digit in room.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

/// Reads a number that consists of ASCII digits only.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |n, d| d.is_ascii_digit().then(|| n * 10 + u32::from(d - b'0')))
}

fn bound(bound: Bound) -> Option<Day> {
    match bound {
        Bound::NegativeInfinity => Some(Day::PAST),
        Bound::PositiveInfinity => Some(Day::FUTURE),
        Bound::Date(d) => {
            let year = i32::try_from(d.year).ok().filter(|y| (-9999..=9999).contains(y))?;
            NaiveDate::from_ymd_opt(year, u32::from(d.month), u32::from(d.day)).map(Day::from_date)
        }
        Bound::Unknown => None,
    }
}

/// Reads dates in the day-month-year order of much of the world, and dates in the order of ISO 8601 with slashes or dots.
fn suggest(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(['.', '/', '-', ' ']).filter(|p| !p.is_empty()).collect();
    let [a, b, c] = parts.as_slice() else { return None };
    let (year, month, day) = if a.len() == 4 { (a, b, c) } else { (c, b, a) };
    if year.len() != 4 {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    Some(date.format("%Y-%m-%d").to_string()).filter(|s| s != text)
}

impl fmt::Display for Edtf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Edtf {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Edtf, DateError> {
        Edtf::parse(text)
    }
}

impl Serialize for Edtf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Edtf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Edtf, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Edtf::parse(&text).map_err(de::Error::custom)
    }
}

/// A moment of the ledger's own clock: microseconds of UTC since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Instant(i64);

impl Instant {
    /// Before every instant.
    pub const PAST: Instant = Instant(i64::MIN);
    /// After every instant.
    pub const FUTURE: Instant = Instant(i64::MAX);

    /// The moment at `micros` microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Instant {
        Instant(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Its day in UTC.
    pub fn day(self) -> Day {
        match self {
            Instant::PAST => return Day::PAST,
            Instant::FUTURE => return Day::FUTURE,
            _ => {}
        }
        let days = self.0.div_euclid(MICROS_PER_DAY);
        Day(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    /// True if a day in UTC begins with this instant.
    pub fn is_midnight(self) -> bool {
        self.0.rem_euclid(MICROS_PER_DAY) == 0
    }

    /// The last microsecond of a day in UTC. A day on the axis of a clock includes it.
    pub fn end_of(day: Day) -> Instant {
        match day {
            Day::PAST => Instant::PAST,
            Day::FUTURE => Instant::FUTURE,
            Day(n) => Instant((i64::from(n) + 1) * MICROS_PER_DAY - 1),
        }
    }

    /// Reads an RFC 3339 instant.
    ///
    /// # Errors
    /// [`DateError::NotAnInstant`].
    pub fn parse(text: &str) -> Result<Instant, DateError> {
        if let Some(instant) = canonical_instant(text) {
            return Ok(instant);
        }
        DateTime::parse_from_rfc3339(text)
            .map(|t| Instant(t.timestamp_micros()))
            .map_err(|_| DateError::NotAnInstant(text.into()))
    }

    /// The canonical form; `None` if the year does not have four digits.
    fn plain(self) -> Option<String> {
        let day = self.day().plain()?;
        let within = self.0.rem_euclid(MICROS_PER_DAY);
        let (seconds, micros) =
            (u32::try_from(within / 1_000_000).ok()?, u32::try_from(within % 1_000_000).ok()?);
        let mut time = *b"T00:00:00.000000Z";
        for (number, room) in
            [(seconds / 3600, 1..3), (seconds / 60 % 60, 4..6), (seconds % 60, 7..9), (micros, 10..16)]
        {
            write_digits(number, time.get_mut(room)?);
        }
        Some([day.as_str(), std::str::from_utf8(&time).ok()?].concat())
    }

    /// The form kept in a leaf: UTC with six decimals, `2026-11-23T17:31:00.000000Z`.
    pub fn canonical(self) -> String {
        if let Some(text) = self.plain() {
            return text;
        }
        match Utc.timestamp_micros(self.0).single() {
            Some(t) => t.to_rfc3339_opts(SecondsFormat::Micros, true),
            None => format!("{}us", self.0),
        }
    }
}

/// An instant as [`Instant::canonical`] writes it.
fn canonical_instant(text: &str) -> Option<Instant> {
    let bytes = text.as_bytes();
    let [b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'.', micros @ .., b'Z'] = bytes.get(10..27)? else {
        return None;
    };
    let (day, last) = plain_span(text.get(..10)?)?;
    let (hour, minute, second) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?, number(&[*s1, *s2])?);
    let fits = day == last && hour < 24 && minute < 60 && second < 60 && bytes.len() == 27;
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    let within = seconds * 1_000_000 + i64::from(number(micros)?);
    fits.then(|| Instant(i64::from(day.days()) * MICROS_PER_DAY + within))
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

impl fmt::Display for Instant {
    /// Writes the instant for people, to the minute: `2026-11-23 17:31 UTC`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Utc.timestamp_micros(self.0).single() {
            Some(t) => write!(f, "{}", t.format("%Y-%m-%d %H:%M UTC")),
            None => write!(f, "{} microseconds", self.0),
        }
    }
}

/// A moment that a question names: the day as written, and the instants that it may mean.
///
/// Without a zone it may mean any instant at which a clock somewhere shows it, from UTC+14 to UTC-12.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Moment {
    text: SmolStr,
    day: Day,
    earliest: Instant,
    latest: Instant,
}

impl Moment {
    /// Reads `2020-01-31T23:59`, with or without seconds, with or without a zone.
    ///
    /// # Errors
    /// [`DateError::NotAMoment`].
    pub fn parse(text: &str) -> Result<Moment, DateError> {
        let fault = || DateError::NotAMoment(text.chars().take(80).collect());
        let (date, time) = text.split_once('T').ok_or_else(fault)?;
        let day: Day = date.parse().map_err(|_| fault())?;
        let zone = time.find(['Z', 'z', '+', '-']).and_then(|at| time.split_at_checked(at));
        let (clock, zone) = zone.map_or((time, None), |(clock, zone)| (clock, Some(zone)));
        let seconds = if clock.matches(':').count() == 1 { ":00" } else { "" };
        let at = |zone: &str| Instant::parse(&format!("{date}T{clock}{seconds}{zone}")).map_err(|_| fault());
        let (earliest, latest) = match zone {
            Some(zone) => (at(zone)?, at(zone)?),
            None => (at("+14:00")?, at("-12:00")?),
        };
        Ok(Moment { text: SmolStr::new(text), day, earliest, latest })
    }

    /// The text as given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The day as written, in whatever zone: acts of a whole day have effect on it.
    pub fn day(&self) -> Day {
        self.day
    }

    /// The first instant that it may mean.
    pub fn earliest(&self) -> Instant {
        self.earliest
    }

    /// The last instant that it may mean.
    pub fn latest(&self) -> Instant {
        self.latest
    }

    /// True if its zone is given, so that it is one instant.
    pub fn is_zoned(&self) -> bool {
        self.earliest == self.latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(text: &str) -> (String, String) {
        let date = Edtf::parse(text).unwrap();
        (date.earliest().to_string(), date.latest().to_string())
    }

    #[test]
    fn a_partial_date_spans_every_day_it_may_mean() {
        assert_eq!(days("2010-05"), ("2010-05-01".into(), "2010-05-31".into()));
        assert_eq!(days("2006"), ("2006-01-01".into(), "2006-12-31".into()));
        assert_eq!(days("[2010-04-28..2010-04-29]"), ("2010-04-28".into(), "2010-04-29".into()));
        assert_eq!(days("[..2022-04-12]"), ("..".into(), "2022-04-12".into()));
        assert_eq!(days("2023-03-28?"), ("2023-03-28".into(), "2023-03-28".into()));
        assert_eq!(days("1996-04/2025-09"), ("1996-04-01".into(), "2025-09-30".into()));
    }

    #[test]
    fn days_months_and_years_are_read_as_any_other_date() {
        for year in (0..=9999).step_by(97).chain([1900, 2000, 2023, 2024, 9999]) {
            let months = (0..=14).map(|month| format!("{year:04}-{month:02}"));
            let days =
                (0..=32).flat_map(|day| [2, 12, 13].map(|month| format!("{year:04}-{month:02}-{day:02}")));
            for text in months.chain(days).chain([format!("{year:04}")]) {
                assert_eq!(Edtf::parse(&text), Edtf::parse_any(&text), "{text}");
            }
        }
        let odd =
            ["202", "20234", "2023-5", "2023-0a", "2023-05-0a", "+023", "-023", "2023-21", "\u{661}\u{662}"];
        for text in odd {
            assert_eq!(Edtf::parse(text), Edtf::parse_any(text), "{text}");
        }
    }

    #[test]
    fn a_day_is_written_as_the_calendar_writes_it() {
        for n in (-800_000..3_000_000).step_by(997).chain([-719_529, -719_528, 0, 2_932_896, 2_932_897]) {
            let day = Day::from_days(n);
            let written = day.date().unwrap().format("%Y-%m-%d").to_string();
            assert_eq!((day.to_string(), Edtf::day(day).as_str()), (written.clone(), written.as_str()));
        }
        assert_eq!((Day::PAST.to_string(), Day::FUTURE.to_string()), ("..".into(), "..".into()));
    }

    #[test]
    fn an_instant_in_canonical_form_is_read_as_any_other_instant() {
        let good =
            ["2026-11-23T17:31:00.000000Z", "0001-01-01T00:00:00.000001Z", "1969-12-31T23:59:59.999999Z"];
        for text in good {
            let other = text.replace('Z', "+00:00");
            assert_eq!(canonical_instant(text), Instant::parse(&other).ok(), "{text}");
            assert_eq!(Instant::parse(text).unwrap().canonical(), text);
        }
        for micros in [0, -1, 1, 1_790_000_000_123_456, -62_135_596_800_000_001, i64::MAX / 2, i64::MIN] {
            let instant = Instant::from_micros(micros);
            let other = Utc.timestamp_micros(micros).single();
            let other = other.map(|t| t.to_rfc3339_opts(SecondsFormat::Micros, true));
            assert_eq!(other.unwrap_or_else(|| format!("{micros}us")), instant.canonical());
        }
        let bad =
            ["2026-11-23T24:31:00.000000Z", "2026-11-31T17:31:00.000000Z", "2026-11-23T17:31:00.00000aZ"];
        for text in bad {
            assert_eq!((canonical_instant(text), Instant::parse(text).is_err()), (None, true), "{text}");
        }
    }

    #[test]
    fn a_day_that_no_calendar_has_is_refused_at_its_place() {
        let error = Edtf::parse("2023-02-31").unwrap_err();
        assert!(matches!(error, DateError::NotEdtf { offset: 8, .. }), "{error:?}");
    }

    #[test]
    fn a_date_in_the_order_of_the_writers_country_is_asked_back() {
        let error = Edtf::parse("01.07.2023").unwrap_err().to_string();
        assert!(error.contains("did you mean 2023-07-01?"), "{error}");
        assert!(!Edtf::parse("31.02.2023").unwrap_err().to_string().contains("did you mean"));
    }

    #[test]
    fn a_set_of_several_dates_is_not_one_date() {
        assert!(matches!(Edtf::parse("{2020,2021}"), Err(DateError::Set(_))));
    }

    #[test]
    fn an_instant_is_written_in_one_form_only() {
        let instant = Instant::parse("2026-11-23T18:31:00+01:00").unwrap();
        assert_eq!(instant.canonical(), "2026-11-23T17:31:00.000000Z");
        assert_eq!(Instant::parse(&instant.canonical()).unwrap(), instant);
    }

    #[test]
    fn a_moment_without_a_zone_may_be_any_instant_at_which_a_clock_shows_it() {
        let moment = Moment::parse("2020-01-31T23:59").unwrap();
        let at = |text| Instant::parse(text).unwrap();
        assert_eq!(moment.earliest(), at("2020-01-31T09:59:00Z"));
        assert_eq!(moment.latest(), at("2020-02-01T11:59:00Z"));
        assert!(!moment.is_zoned());
        let brussels = Moment::parse("2020-01-31T23:59+01:00").unwrap();
        assert_eq!((brussels.earliest(), brussels.is_zoned()), (at("2020-01-31T22:59:00Z"), true));
        assert!(Moment::parse("2020-01-31T25:00").is_err() && Moment::parse("2020-01T10:00").is_err());
    }

    #[test]
    fn an_instant_of_a_source_lies_on_its_day_in_utc() {
        assert_eq!(days("2020-02-01T00:00:00+01:00"), ("2020-01-31".into(), "2020-01-31".into()));
        assert_eq!(Edtf::parse("2020-01-31").unwrap().instant(), None);
    }

    #[test]
    fn the_last_moment_of_a_day_belongs_to_it() {
        let day: Day = "1969-12-31".parse().unwrap();
        assert_eq!(Instant::end_of(day).day(), day);
        assert_eq!(Instant::from_micros(Instant::end_of(day).micros() + 1).day(), day.next());
    }
}
