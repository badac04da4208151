//! The bytes of rows. Numbers have seven bits to a byte, low bits first; days are written as the distance from an
//! earlier day. There is a row for every pair, so every byte counts. The reader trusts no byte: bytes that are not a
//! valid row give no row.

use std::collections::HashMap;

use crate::charter::BodyKind;
use crate::event::{ActKind, BodyId, Day, Edtf, Index, ParticipantId, Size, StatusId};
use crate::history::{Certainty, ConsentsMet, Deposit, Trigger};

use super::answer::ProcedureItem;
use super::row::{BodyRow, PairRow, Present, RowSpell, RuledBody};

/// Bits of the first byte of a [`RuledBody`].
const RULED: u8 = 1;
const TREATY: u8 = 2;
const ADOPTED: u8 = 4;
const EXTENDS: u8 = 8;
const SURVEYED: u8 = 16;
/// The name used in a sentence is the title with "the" before it.
const ARTICLE: u8 = 32;

/// The acts of one participant bear on the status of another through the entry into force alone, or not at all.
const SEPARABLE: u8 = 64;
/// The result of a clause of entry into force follows.
const MET: u8 = 128;

/// Bits of the first byte of a spell, above its certainty.
const ONE_STATUS: u8 = 4;
const ONE_ENTRY: u8 = 8;
const CLAUSE: u8 = 16;
const FROM_THE_BEGINNING: u8 = 32;

/// Bits of the first byte of the present status.
const SINCE: u8 = 1;
const PROCEDURES: u8 = 2;

/// Bits of the first byte of a procedure.
const TOWARD: u8 = 1;
const REPORTED: u8 = 2;

/// Texts to which the rows of a body refer by number.
#[derive(Default)]
pub(super) struct Words {
    numbers: HashMap<String, u64>,
    list: Vec<String>,
}

impl Words {
    fn number(&mut self, text: &str) -> u64 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.list.len() as u64;
        self.numbers.insert(text.to_owned(), number);
        self.list.push(text.to_owned());
        number
    }

    /// Every text, in the order of the numbers.
    pub(super) fn into_list(self) -> Vec<String> {
        self.list
    }
}

impl BodyRow {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Out::default();
        out.number(self.size.0);
        out.number(self.beside.len() as u64);
        self.beside.iter().for_each(|group| out.text(group));
        let Some(ruled) = &self.ruled else {
            out.0.push(0);
            return out.0;
        };
        let met = ruled.separable.as_ref().filter(|met| **met != ConsentsMet::default());
        let has_article = ruled.short.strip_prefix("the ") == Some(ruled.title.as_str());
        let flag = |is: bool, bit: u8| if is { bit } else { 0 };
        out.0.push(
            RULED
                | flag(ruled.kind == BodyKind::Treaty, TREATY)
                | flag(ruled.is_adopted, ADOPTED)
                | flag(ruled.extends.is_some(), EXTENDS)
                | flag(ruled.surveyed.is_some(), SURVEYED)
                | flag(has_article, ARTICLE)
                | flag(ruled.separable.is_some(), SEPARABLE)
                | flag(met.is_some(), MET),
        );
        out.text(&ruled.title);
        if !has_article {
            out.text(&ruled.short);
        }
        ruled.extends.iter().for_each(|body| out.text(body.as_str()));
        ruled.surveyed.iter().for_each(|span| out.text(span.as_str()));
        out.number(ruled.participants);
        out.one_or_none(ruled.first_act, |out, day| out.day(day, EPOCH));
        met.iter().for_each(|met| out.consents(met));
        out.number(ruled.words.len() as u64);
        ruled.words.iter().for_each(|word| out.text(word));
        out.0
    }

    /// Reads the bytes of [`StoredRows::body`](super::StoredRows::body); `None` if they are not a valid row.
    pub fn decode(bytes: &[u8]) -> Option<BodyRow> {
        let mut from = In(bytes);
        let size = Size(from.number()?);
        let beside = from.list(|from| from.text().map(str::to_owned))?;
        let flags = from.byte()?;
        let ruled = match flags & RULED {
            0 => None,
            _ => Some(ruled(&mut from, flags)?),
        };
        from.0.is_empty().then_some(BodyRow { size, beside, ruled })
    }
}

fn ruled(from: &mut In<'_>, flags: u8) -> Option<RuledBody> {
    let is = |bit: u8| flags & bit != 0;
    let title = from.text()?.to_owned();
    let short = if is(ARTICLE) { format!("the {title}") } else { from.text()?.to_owned() };
    Some(RuledBody {
        kind: if is(TREATY) { BodyKind::Treaty } else { BodyKind::Organisation },
        title,
        short,
        is_adopted: is(ADOPTED),
        extends: from.where_set(is(EXTENDS), |from| BodyId::parse(from.text()?).ok())?,
        surveyed: from.where_set(is(SURVEYED), |from| Edtf::parse(from.text()?).ok())?,
        participants: from.number()?,
        first_act: from.one_or_none(|from| from.day(EPOCH))?,
        separable: match (is(SEPARABLE), is(MET)) {
            (false, _) => None,
            (true, false) => Some(ConsentsMet::default()),
            (true, true) => Some(from.consents()?),
        },
        words: from.list(|from| from.text().map(str::to_owned))?,
    })
}

impl PairRow {
    pub(super) fn encode(&self, words: &mut Words) -> Vec<u8> {
        let mut out = Out::default();
        out.number(self.spells.len() as u64);
        let mut before = EPOCH;
        for spell in &self.spells {
            out.spell(spell, before, words);
            before = if spell.from == Day::PAST { before } else { spell.from };
        }
        if let Some(present) = &self.present {
            out.present(present, before, words);
        }
        out.0
    }

    /// Reads the bytes of a pair of [`StoredRows::pairs`](super::StoredRows::pairs); `None` if they are not a valid row
    /// of the body.
    pub fn decode(bytes: &[u8], ruled: &RuledBody) -> Option<PairRow> {
        let (mut from, words) = (In(bytes), ruled.words.as_slice());
        let mut before = EPOCH;
        let spells = from.list(|from| {
            let spell = from.spell(before, words)?;
            before = if spell.from == Day::PAST { before } else { spell.from };
            Some(spell)
        })?;
        let is_more = !from.0.is_empty();
        let present = from.where_set(is_more, |from| from.present(before, words))?;
        from.0.is_empty().then_some(PairRow { spells, present })
    }
}

const EPOCH: Day = Day::from_days(0);

/// The bytes written so far.
#[derive(Default)]
struct Out(Vec<u8>);

impl Out {
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Writes the distance from `before` to `day` in days: twice the distance, or, if it is negative, twice its
    /// absolute value less one.
    fn day(&mut self, day: Day, before: Day) {
        let distance = i64::from(day.days()) - i64::from(before.days());
        self.number(((distance << 1) ^ (distance >> 63)) as u64);
    }

    /// Writes a date: a whole day as its distance plus one, any other date as a 0 and its text.
    fn date(&mut self, date: &Edtf, before: Day) {
        let day = date.earliest();
        if Edtf::day(day) == *date {
            let distance = i64::from(day.days()) - i64::from(before.days());
            self.number(((distance << 1) ^ (distance >> 63)) as u64 + 1);
        } else {
            self.number(0);
            self.text(date.as_str());
        }
    }

    /// Writes 0, or 1 and the value.
    fn one_or_none<T>(&mut self, one: Option<T>, part: impl FnOnce(&mut Out, T)) {
        self.number(one.iter().len() as u64);
        if let Some(one) = one {
            part(self, one);
        }
    }

    fn consents(&mut self, consents: &ConsentsMet) {
        self.one_or_none(consents.computed.as_ref(), |out, date| out.date(date, EPOCH));
        self.one_or_none(consents.met.as_ref(), |out, date| out.date(date, EPOCH));
        self.one_or_none(consents.trigger.as_ref(), |out, trigger| {
            out.day(trigger.on, EPOCH);
            out.number(trigger.by.len() as u64);
            for deposit in &trigger.by {
                out.text(deposit.participant.as_str());
                out.number(deposit.entry.0);
            }
        });
    }

    fn entries(&mut self, entries: &[Index]) {
        self.number(entries.len() as u64);
        entries.iter().for_each(|entry| self.number(entry.0));
    }

    fn spell(&mut self, spell: &RowSpell, before: Day, words: &mut Words) {
        let flag = |is: bool, bit: u8| if is { bit } else { 0 };
        let (one_status, one_entry) = (spell.possible.len() == 1, spell.entries.len() == 1);
        self.0.push(
            spell.certainty as u8
                | flag(one_status, ONE_STATUS)
                | flag(one_entry, ONE_ENTRY)
                | flag(spell.clause.is_some(), CLAUSE)
                | flag(spell.from == Day::PAST, FROM_THE_BEGINNING),
        );
        if spell.from != Day::PAST {
            self.day(spell.from, before);
        }
        if !one_status {
            self.number(spell.possible.len() as u64);
        }
        spell.possible.iter().for_each(|status| self.number(words.number(status.as_str())));
        match spell.entries.as_slice() {
            [only] => self.number(only.0),
            entries => self.entries(entries),
        }
        spell.clause.iter().for_each(|clause| self.number(words.number(clause)));
    }

    fn present(&mut self, present: &Present, before: Day, words: &mut Words) {
        let flag = |is: bool, bit: u8| if is { bit } else { 0 };
        let (since, procedures) = (present.since.is_some(), !present.procedures.is_empty());
        self.0.push(flag(since, SINCE) | flag(procedures, PROCEDURES));
        self.day(present.from, before);
        present.since.iter().for_each(|since| self.date(since, before));
        if procedures {
            self.number(present.procedures.len() as u64);
            present.procedures.iter().for_each(|open| self.procedure(open, before, words));
        }
    }

    fn procedure(&mut self, open: &ProcedureItem, before: Day, words: &mut Words) {
        let flag = |is: bool, bit: u8| if is { bit } else { 0 };
        self.0.push(flag(open.toward.is_some(), TOWARD) | flag(open.reported, REPORTED));
        open.toward.iter().for_each(|status| self.number(words.number(status.as_str())));
        self.number(open.stage as u64);
        self.date(&open.since, before);
        self.date(&open.opened, before);
        self.entries(&open.entries);
        self.number(open.missing.len() as u64);
        open.missing.iter().for_each(|act| self.number(*act as u64));
    }
}

/// The bytes still to be read.
struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    /// Reads a list with its length before it. Every part has at least one byte, so a length greater than the number of
    /// bytes left is rejected before memory is reserved.
    fn list<T>(&mut self, mut part: impl FnMut(&mut In<'a>) -> Option<T>) -> Option<Vec<T>> {
        let count = usize::try_from(self.number()?).ok().filter(|count| *count <= self.0.len())?;
        (0..count).map(|_| part(self)).collect()
    }

    /// Reads a part that is present only if a bit is set.
    fn where_set<T>(&mut self, set: bool, part: impl FnOnce(&mut In<'a>) -> Option<T>) -> Option<Option<T>> {
        if set { part(self).map(Some) } else { Some(None) }
    }

    fn day(&mut self, before: Day) -> Option<Day> {
        let distance = self.number()?;
        day_after(distance, before)
    }

    fn date(&mut self, before: Day) -> Option<Edtf> {
        match self.number()?.checked_sub(1) {
            Some(distance) => Some(Edtf::day(day_after(distance, before)?)),
            None => Edtf::parse(self.text()?).ok(),
        }
    }

    /// Reads 0, or 1 and a value.
    fn one_or_none<T>(&mut self, part: impl FnOnce(&mut In<'a>) -> Option<T>) -> Option<Option<T>> {
        match self.number()? {
            0 => Some(None),
            1 => part(self).map(Some),
            _ => None,
        }
    }

    fn consents(&mut self) -> Option<ConsentsMet> {
        let deposit = |from: &mut In<'a>| {
            let participant = ParticipantId::parse(from.text()?).ok()?;
            Some(Deposit { participant, entry: Index(from.number()?) })
        };
        Some(ConsentsMet {
            computed: self.one_or_none(|from| from.date(EPOCH))?,
            met: self.one_or_none(|from| from.date(EPOCH))?,
            trigger: self
                .one_or_none(|from| Some(Trigger { on: from.day(EPOCH)?, by: from.list(deposit)? }))?,
        })
    }

    fn status(&mut self, words: &[String]) -> Option<StatusId> {
        StatusId::parse(self.word(words)?).ok()
    }

    fn word<'w>(&mut self, words: &'w [String]) -> Option<&'w String> {
        words.get(usize::try_from(self.number()?).ok()?)
    }

    fn act(&mut self) -> Option<ActKind> {
        ActKind::ALL.get(usize::try_from(self.number()?).ok()?).copied()
    }

    fn spell(&mut self, before: Day, words: &[String]) -> Option<RowSpell> {
        let flags = self.byte()?;
        let is = |bit: u8| flags & bit != 0;
        let all = [Certainty::Certain, Certainty::Possible, Certainty::Contested];
        let certainty = all.into_iter().find(|certainty| *certainty as u8 == flags & 3)?;
        let from = if is(FROM_THE_BEGINNING) { Day::PAST } else { self.day(before)? };
        let possible = match is(ONE_STATUS) {
            true => vec![self.status(words)?],
            false => self.list(|from| from.status(words))?,
        };
        let entries = match is(ONE_ENTRY) {
            true => vec![Index(self.number()?)],
            false => self.list(|from| from.number().map(Index))?,
        };
        let clause = self.where_set(is(CLAUSE), |from| from.word(words).cloned())?;
        Some(RowSpell { from, certainty, possible, entries, clause })
    }

    fn present(&mut self, before: Day, words: &[String]) -> Option<Present> {
        let flags = self.byte()?;
        let from = self.day(before)?;
        let since = self.where_set(flags & SINCE != 0, |from| from.date(before))?;
        let procedures =
            self.where_set(flags & PROCEDURES != 0, |from| from.list(|from| from.procedure(before, words)))?;
        Some(Present { from, since, procedures: procedures.unwrap_or_default() })
    }

    fn procedure(&mut self, before: Day, words: &[String]) -> Option<ProcedureItem> {
        let flags = self.byte()?;
        Some(ProcedureItem {
            toward: self.where_set(flags & TOWARD != 0, |from| from.status(words))?,
            reported: flags & REPORTED != 0,
            stage: self.act()?,
            since: self.date(before)?,
            opened: self.date(before)?,
            entries: self.list(|from| from.number().map(Index))?,
            missing: self.list(In::act)?,
            quorum: None,
            outcome: None,
        })
    }
}

fn day_after(distance: u64, before: Day) -> Option<Day> {
    let distance = (distance >> 1) as i64 ^ -((distance & 1) as i64);
    let day = i64::from(before.days()).checked_add(distance)?;
    i32::try_from(day).ok().map(Day::from_days)
}
