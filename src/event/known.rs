//! The moment from which the world could know of an act, and the moment up to which a question counts knowledge.

use std::fmt;

use serde::{Serialize, Serializer};
use smol_str::SmolStr;

use super::date::{DateError, Day, Edtf, Instant, Moment};

/// The moment from which the world could know of an act, and how that moment is established.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// The first moment at which it was known for certain: the end of a day, or an instant; [`Instant::PAST`] if it was always
    /// known.
    pub from: Instant,
    /// True if the moment is inferred from the act's own date.
    pub assumed: bool,
}

impl Known {
    /// The day of that moment, in UTC.
    pub fn day(self) -> Day {
        self.from.day()
    }
}

/// The knowledge that a question admits: everything known by the last moment of a day, a month or a year, or by an instant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct KnownBy {
    text: SmolStr,
    until: Instant,
}

impl KnownBy {
    /// Reads a date (`2022-10-15`, `2022-10`), or an instant with its zone, with or without seconds (`2022-10-15T12:00Z`).
    ///
    /// # Errors
    /// [`DateError`]; [`DateError::NotAnInstant`] for a time of day without a zone, which names no instant.
    pub fn parse(text: &str) -> Result<KnownBy, DateError> {
        let Some((_, time)) = text.split_once('T') else {
            let until = Edtf::parse(text)?.last_moment();
            return Ok(KnownBy { text: SmolStr::new(text), until });
        };
        let moment = Moment::parse(text)?;
        if !moment.is_zoned() {
            return Err(DateError::NotAnInstant(text.into()));
        }
        let clock = time.split(['Z', 'z', '+', '-']).next().unwrap_or_default();
        let rest_of_minute = if clock.matches(':').count() == 1 { MICROS_PER_MINUTE - 1 } else { 0 };
        let until = Instant::from_micros(moment.latest().micros().saturating_add(rest_of_minute));
        Ok(KnownBy { text: SmolStr::new(text), until })
    }

    /// Everything known by the end of a day.
    pub fn day(day: Day) -> KnownBy {
        let date = Edtf::day(day);
        KnownBy { text: SmolStr::new(date.as_str()), until: Instant::end_of(day) }
    }

    /// Everything known by a moment; the end of a day is written as that day.
    pub fn moment(until: Instant) -> KnownBy {
        let day = KnownBy::day(until.day());
        if day.until == until { day } else { KnownBy { text: SmolStr::new(until.canonical()), until } }
    }

    /// The text as given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The last moment whose knowledge counts, inclusive.
    pub fn until(&self) -> Instant {
        self.until
    }
}

const MICROS_PER_MINUTE: i64 = 60_000_000;

impl fmt::Display for KnownBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for KnownBy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(text: &str) -> String {
        KnownBy::parse(text).unwrap().until().canonical()
    }

    #[test]
    fn a_day_is_its_last_moment_and_an_instant_is_that_instant() {
        assert_eq!(until("2016-08-05"), "2016-08-05T23:59:59.999999Z");
        assert_eq!(until("2016-08"), "2016-08-31T23:59:59.999999Z");
        assert_eq!(until("2016-08-05T12:49:56Z"), "2016-08-05T12:49:56.000000Z");
        assert_eq!(until("2016-08-05T12:49:56.5Z"), "2016-08-05T12:49:56.500000Z");
        assert_eq!(until("2016-08-05T23:30:00-04:00"), "2016-08-06T03:30:00.000000Z");
        assert_eq!(until("2016-08-05T12:49Z"), "2016-08-05T12:49:59.999999Z");
        assert_eq!(until("2016-08-05T12:49+02:00"), "2016-08-05T10:49:59.999999Z");
        assert_eq!(until("2016-08-05T12:49-02:00"), "2016-08-05T14:49:59.999999Z");
    }

    #[test]
    fn a_time_of_day_without_a_zone_is_refused() {
        assert!(matches!(KnownBy::parse("2016-08-05T12:49:56"), Err(DateError::NotAnInstant(_))));
    }
}
