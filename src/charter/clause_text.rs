//! Reads the text of a clause.

use crate::event::{BodyId, Day, ParticipantId};

use super::clause::{
    Bound, Clause, ClauseError, ClauseTime, Condition, Delay, Floor, LateFrom, Mention, Named, NoticeEnd,
    Proportion, Rule, SetRef, fold_name,
};
use super::clause_words::{Token, meant, tokens};

const CONDITIONS: &[&str] = &["count", "count_in", "count_of", "all", "all_of", "weight", "in_force"];
const DELAYS: &[&str] =
    &["instant", "last", "days", "months", "years", "first_of_month_after", "first_of_nth_month_after"];
const BEGINNINGS: &[&str] = &["fixed", "notice", "stated"];
/// The greatest depth of nested brackets and delays. No clause of a treaty is deeper, and a much deeper one would overflow the
/// stack.
const DEPTH: usize = 32;

impl Clause {
    /// Reads a clause: `count(60) then first_of_month_after(days(60))`. Case does not matter, and in its words `-` is `_`.
    ///
    /// # Errors
    /// [`ClauseError`] with the column of the first word that does not fit, and the remedy.
    pub fn parse(text: &str) -> Result<Clause, ClauseError> {
        let end = text.trim_end().chars().count() + 1;
        let mut reader = Reader { tokens: tokens(text)?, at: 0, end, names: Vec::new(), depth: 0 };
        let rule = reader.rule()?;
        match reader.peek() {
            None => Ok(Clause { rule, names: reader.names }),
            Some(token) => {
                let what = format!("the clause is complete before {}: leave the rest out", token.text);
                Err(ClauseError { column: token.column, what })
            }
        }
    }
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    /// The column behind the text.
    end: usize,
    names: Vec<Mention>,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    /// True if this word is next, in any spelling.
    fn sees(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| fold_name(token.text) == word)
    }

    /// Takes a word or sign, if it is next.
    fn takes(&mut self, word: &str) -> bool {
        let seen = self.sees(word);
        self.at += usize::from(seen);
        seen
    }

    /// An error at the next token.
    fn wrong<T>(&self, remedy: &str) -> Result<T, ClauseError> {
        match self.peek() {
            Some(token) => Err(ClauseError {
                column: token.column,
                what: format!("{} does not fit here: {remedy}", token.text),
            }),
            None => {
                Err(ClauseError { column: self.end, what: format!("the clause ends too early: {remedy}") })
            }
        }
    }

    fn needs(&mut self, sign: &str, remedy: &str) -> Result<(), ClauseError> {
        if self.takes(sign) { Ok(()) } else { self.wrong(remedy) }
    }

    fn word(&mut self, remedy: &str) -> Result<Token<'a>, ClauseError> {
        match self.peek().filter(Token::is_word) {
            Some(token) => {
                self.at += 1;
                Ok(token)
            }
            None => self.wrong(remedy),
        }
    }

    fn open(&mut self, word: Token<'_>) -> Result<(), ClauseError> {
        self.needs("(", &format!("write ( after {}", word.text))
    }

    fn close(&mut self) -> Result<(), ClauseError> {
        self.needs(")", "write )")
    }

    /// Reads a whole number from `least` to `most`; no treaty comes near the upper limits.
    fn number(&mut self, least: u32, most: u32) -> Result<u32, ClauseError> {
        let remedy = format!("write a whole number from {least} to {most}");
        let text = self.peek().map_or("", |token| token.text);
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse::<u32>().ok().filter(|n| digits && (least..=most).contains(n)) {
            Some(n) => {
                self.at += 1;
                Ok(n)
            }
            None => self.wrong(&remedy),
        }
    }

    fn day(&mut self) -> Result<Day, ClauseError> {
        let token = self.word("write a day, such as 1995-01-13")?;
        let day = token.text.parse::<Day>().ok().filter(|day| day.date().is_some());
        day.ok_or_else(|| ClauseError {
            column: token.column,
            what: format!("{} is no day: write it as 1995-01-13", token.text),
        })
    }

    fn rule(&mut self) -> Result<Rule, ClauseError> {
        let first = self.peek().filter(Token::is_word).map(|token| fold_name(token.text));
        match first.as_deref() {
            Some("stated") => {
                self.at += 1;
                Ok(Rule::Stated)
            }
            Some("no_right") => {
                self.at += 1;
                Ok(Rule::NoRight)
            }
            Some("notice") => self.notice(),
            Some("fixed") => {
                let on = self.fixed()?;
                self.needs("provided", "write provided and a condition, such as provided all(signatories)")?;
                let provided = self.condition()?;
                Ok(Rule::Fixed { on, provided, otherwise: self.otherwise()? })
            }
            Some(word) if DELAYS.contains(&word) => {
                Ok(Rule::After { delay: self.delay()?, late_from: self.late_from()? })
            }
            Some(word) if !CONDITIONS.contains(&word) => {
                Err(self.unknown("rule", &[CONDITIONS, DELAYS, BEGINNINGS].concat()))
            }
            _ => self.when_met(),
        }
    }

    /// Reads the moment from which a consent is late.
    fn late_from(&mut self) -> Result<Option<LateFrom>, ClauseError> {
        if !self.takes("after") {
            return Ok(None);
        }
        let remedy = "write after condition, or after entry_into_force";
        let word = self.word(remedy)?;
        match fold_name(word.text).as_str() {
            "condition" => Ok(Some(LateFrom::Condition)),
            "entry_into_force" => Ok(Some(LateFrom::EntryIntoForce)),
            _ => {
                self.at -= 1;
                self.wrong(remedy)
            }
        }
    }

    fn when_met(&mut self) -> Result<Rule, ClauseError> {
        let trigger = self.condition()?;
        self.needs("then", "write then and a delay, such as then days(30)")?;
        let then = if self.sees("fixed") {
            let on = self.fixed()?;
            ClauseTime::Fixed { on, otherwise: self.otherwise()? }
        } else {
            ClauseTime::Delay(self.delay()?)
        };
        let not_before = if self.takes("not_before") { Some(self.floor()?) } else { None };
        Ok(Rule::WhenMet { trigger, then, not_before })
    }

    fn floor(&mut self) -> Result<Floor, ClauseError> {
        let Some(word) = self.peek().filter(|_| self.takes("in_force")) else {
            return self.day().map(Floor::Day);
        };
        self.open(word)?;
        let treaty = self.treaty()?;
        self.close().map(|()| Floor::InForce(treaty))
    }

    fn fixed(&mut self) -> Result<Day, ClauseError> {
        let word = self.word("write fixed")?;
        self.open(word)?;
        let day = self.day()?;
        self.close()?;
        Ok(day)
    }

    fn otherwise(&mut self) -> Result<Option<Delay>, ClauseError> {
        if self.takes("else") { self.delay().map(Some) } else { Ok(None) }
    }

    fn notice(&mut self) -> Result<Rule, ClauseError> {
        self.at += 1;
        self.needs("then", "write then and a delay, such as then years(1)")?;
        let then = if self.sees("last_day_of") { self.last_day()? } else { NoticeEnd::Delay(self.delay()?) };
        Ok(Rule::Notice { then, extendable: self.takes("extendable") })
    }

    fn last_day(&mut self) -> Result<NoticeEnd, ClauseError> {
        let word = self.word("write last_day_of")?;
        self.open(word)?;
        self.needs("year", "write year: only the calendar year is known")?;
        let mut notice_by = (12, 31);
        if self.takes(",") {
            self.needs("notice_by", "write notice_by=09-30")?;
            self.needs("=", "write notice_by=09-30")?;
            let token = self.word("write month and day, such as 09-30")?;
            notice_by = month_and_day(token.text).ok_or_else(|| ClauseError {
                column: token.column,
                what: format!("{} is no day of a year: write month and day, such as 09-30", token.text),
            })?;
        }
        self.close()?;
        Ok(NoticeEnd::LastDayOfYear { notice_by })
    }

    /// Reads parts joined by `or`, each made of parts joined by `and`.
    fn condition(&mut self) -> Result<Condition, ClauseError> {
        let mut any = vec![self.conjunction()?];
        while self.takes("or") {
            any.push(self.conjunction()?);
        }
        Ok(one_or(any, Condition::Or, |part| match part {
            Condition::Or(inner) => Ok(inner),
            other => Err(other),
        }))
    }

    fn conjunction(&mut self) -> Result<Condition, ClauseError> {
        let mut all = vec![self.single()?];
        while self.takes("and") {
            all.push(self.single()?);
        }
        Ok(one_or(all, Condition::And, |part| match part {
            Condition::And(inner) => Ok(inner),
            other => Err(other),
        }))
    }

    fn single(&mut self) -> Result<Condition, ClauseError> {
        if self.sees("(") {
            self.deeper()?;
            self.at += 1;
            let inner = self.condition()?;
            self.close()?;
            self.depth -= 1;
            return Ok(inner);
        }
        let known = self.peek().is_none_or(|t| !t.is_word() || CONDITIONS.contains(&&*fold_name(t.text)));
        if !known {
            return Err(self.unknown("condition", CONDITIONS));
        }
        let word = self.word("write a condition, such as count(35)")?;
        self.open(word)?;
        let condition = match &*fold_name(word.text) {
            "count" => self.count(None)?,
            "count_in" => {
                let set = self.set()?;
                self.needs(",", "write a comma and a number")?;
                self.count(Some(set))?
            }
            "count_of" => self.share()?,
            "all" => Condition::All(self.set()?),
            "all_of" => self.all_of()?,
            "weight" => self.weight()?,
            _ => Condition::InForce(self.treaty()?),
        };
        self.close()?;
        Ok(condition)
    }

    fn deeper(&mut self) -> Result<(), ClauseError> {
        self.depth += 1;
        if self.depth > DEPTH { self.wrong("write it with fewer brackets inside each other") } else { Ok(()) }
    }

    fn count(&mut self, of: Option<SetRef>) -> Result<Condition, ClauseError> {
        let needed = self.number(1, 9999)?;
        let exclude_reio = self.takes(",");
        if exclude_reio {
            for word in ["exclude", "=", "reio"] {
                self.needs(word, "write exclude=reio")?;
            }
        }
        Ok(Condition::Count { needed, of, exclude_reio })
    }

    fn bound(&mut self) -> Result<Bound, ClauseError> {
        match () {
            () if self.takes(">=") => Ok(Bound::AtLeast),
            () if self.takes(">") => Ok(Bound::MoreThan),
            () => self.wrong("write > or >="),
        }
    }

    fn share(&mut self) -> Result<Condition, ClauseError> {
        let of = self.set()?;
        let bound = self.bound()?;
        let numerator = self.number(0, 9998)?;
        self.needs("/", "write a fraction, such as 2/3")?;
        let denominator = self.number((numerator + u32::from(bound == Bound::MoreThan)).max(1), 9999)?;
        Ok(Condition::Share { of, bound, numerator, denominator })
    }

    fn set(&mut self) -> Result<SetRef, ClauseError> {
        let token = self.word("write a set: signatories, members, or one that the charter names")?;
        let name = fold_name(token.text);
        let set = match &*name {
            "signatories" => {
                let until = if self.takes("until") { Some(self.day()?) } else { None };
                return Ok(SetRef::Signatories { until });
            }
            "members" | "parties" => return Ok(SetRef::Members),
            "members_at" | "parties_at" => {
                self.open(token)?;
                self.needs("t", "write t, the moment")?;
                self.close()?;
                return Ok(SetRef::Members);
            }
            _ => SetRef::Named(name.clone()),
        };
        self.names.push(Mention { column: token.column, of: Named::Set, name });
        Ok(set)
    }

    fn all_of(&mut self) -> Result<Condition, ClauseError> {
        let mut named: Vec<ParticipantId> = Vec::new();
        loop {
            let token = self.word("write a participant, such as CHN")?;
            let id = ParticipantId::parse(token.text)
                .map_err(|e| ClauseError { column: token.column, what: e.to_string() })?;
            if named.contains(&id) {
                let what = format!("{id} is named twice: name each once");
                return Err(ClauseError { column: token.column, what });
            }
            self.names.push(Mention { column: token.column, of: Named::Participant, name: id.to_string() });
            named.push(id);
            if !self.takes(",") {
                return Ok(Condition::AllOf(named));
            }
        }
    }

    fn weight(&mut self) -> Result<Condition, ClauseError> {
        let table = self.word("write the name of a table of weights")?;
        let name = fold_name(table.text);
        self.names.push(Mention { column: table.column, of: Named::Table, name: name.clone() });
        let bound = self.bound()?;
        let part = self.part(bound)?;
        let mut of = None;
        if self.takes("of") {
            let set = self.word("write the name of a set")?;
            let name = fold_name(set.text);
            self.names.push(Mention { column: set.column, of: Named::Set, name: name.clone() });
            of = Some(name);
        }
        let mut rounding = None;
        if self.takes(",") {
            self.needs("rounding", "write rounding=1")?;
            self.needs("=", "write rounding=1")?;
            rounding = u8::try_from(self.number(0, 6)?).ok();
        }
        Ok(Condition::Weight { table: name, bound, part, of, rounding })
    }

    /// Reads a percentage or a fraction.
    fn part(&mut self, bound: Bound) -> Result<Proportion, ClauseError> {
        let start = self.at;
        let whole = self.number(0, 9999)?;
        if self.takes("/") {
            let least = (whole + u32::from(bound == Bound::MoreThan)).max(1);
            return Ok(Proportion::Fraction { numerator: whole, denominator: self.number(least, 9999)? });
        }
        self.at = start;
        self.percent(bound).map(Proportion::Percent)
    }

    /// Reads a percentage, in thousandths of a percent.
    fn percent(&mut self, bound: Bound) -> Result<u32, ClauseError> {
        let start = self.at;
        let mut part = self.number(0, 100)? * 1000;
        if self.takes(".") {
            let digits = self.peek().map_or("", |token| token.text);
            let decimals = format!("{digits:0<3}").parse::<u32>().ok();
            let fits = digits.bytes().all(|b| b.is_ascii_digit()) && (1..=3).contains(&digits.len());
            match decimals.filter(|_| fits) {
                Some(decimals) => part += decimals,
                None => return self.wrong("write one to three decimals"),
            }
            self.at += 1;
        }
        if part > 100_000 || (part == 100_000 && bound == Bound::MoreThan) {
            self.at = start;
            return self.wrong("no part is larger than the whole: write at most >= 100%");
        }
        self.needs("%", "write %, or a fraction such as 2/3")?;
        Ok(part)
    }

    fn treaty(&mut self) -> Result<BodyId, ClauseError> {
        let token = self.word("write the id of a treaty")?;
        BodyId::parse(token.text).map_err(|e| ClauseError { column: token.column, what: e.to_string() })
    }

    fn delay(&mut self) -> Result<Delay, ClauseError> {
        let known = self.peek().is_none_or(|t| !t.is_word() || DELAYS.contains(&&*fold_name(t.text)));
        if !known {
            return Err(self.unknown("delay", DELAYS));
        }
        let word = self.word("write a delay, such as days(30)")?;
        let name = fold_name(word.text);
        if matches!(&*name, "instant" | "last") {
            return Ok(Delay::Instant);
        }
        self.open(word)?;
        let delay = match &*name {
            "days" => self.days()?,
            "months" => Delay::Months(self.number(1, 9999)?),
            "years" => Delay::Years(self.number(1, 999)?),
            "first_of_month_after" => {
                self.deeper()?;
                let inner = self.delay()?;
                self.depth -= 1;
                Delay::FirstOfMonthAfter(Box::new(inner))
            }
            _ => Delay::FirstOfNthMonthAfter(self.number(1, 9999)?),
        };
        self.close()?;
        Ok(delay)
    }

    fn days(&mut self) -> Result<Delay, ClauseError> {
        let n = self.number(0, 99_999)?;
        let mut full = false;
        if self.takes(",") {
            full = self.takes("after_full_days");
            if !full {
                self.needs("on_nth_day", "write after_full_days or on_nth_day")?;
            }
        }
        Ok(if n == 0 && !full { Delay::Instant } else { Delay::Days { n, full } })
    }

    fn unknown(&self, what: &str, known: &[&str]) -> ClauseError {
        let (column, word) = self.peek().map_or((self.end, ""), |token| (token.column, token.text));
        let what = format!("there is no {what} called {word}{}", meant(&fold_name(word), known));
        ClauseError { column, what }
    }
}

/// Joins parts. A list of one part is that part, and parts of the same kind are merged into the list, so that a rule has only one
/// form.
fn one_or(
    parts: Vec<Condition>,
    join: fn(Vec<Condition>) -> Condition,
    inner: fn(Condition) -> Result<Vec<Condition>, Condition>,
) -> Condition {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match inner(part) {
            Ok(inner) => flat.extend(inner),
            Err(other) => flat.push(other),
        }
    }
    match flat.len() {
        1 => flat.remove(0),
        _ => join(flat),
    }
}

fn month_and_day(text: &str) -> Option<(u8, u8)> {
    let (month, day) = text.split_once('-')?;
    let two = |digits: &str| digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
    let (month, day) =
        if two(month) && two(day) { (month.parse().ok()?, day.parse().ok()?) } else { return None };
    // 2000 is a leap year, so 29 February is a valid day.
    chrono::NaiveDate::from_ymd_opt(2000, u32::from(month), u32::from(day)).map(|_| (month, day))
}
