//! One file of a snapshot, opened: where entries of pairs are, and what the rules make of them.

use std::cmp::Ordering;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::event::{BodyId, Day, EventId, Index, ParticipantId, StatusId};
use crate::history::Certainty;
use crate::log::Mark;

use super::SnapshotError;
use super::header::{Header, Span};
use super::map::Map;

/// The sections of a part, in their order.
#[derive(Clone, Copy)]
pub(super) enum Section {
    Names,
    Pairs,
    Postings,
    Rows,
    Readings,
    Ids,
    Places,
    Extra,
    Imports,
    ByParticipant,
}

/// Bytes of a pair's record: body, participant, first posting, first row, known through, recorded through.
pub(super) const PAIR_BYTES: usize = 24;
/// Bytes of a row: first day, reading, entry.
pub(super) const ROW_BYTES: usize = 12;
/// Bytes of an id: its last four, and where it is.
pub(super) const ID_BYTES: usize = 8;
/// No entry, no row, or whatever else is not there.
pub(super) const NONE: u32 = u32::MAX;

/// Set beside the last entry that bears on a pair where acts of others do.
pub(super) const JOINED: u32 = 1 << 31;

/// What a name may be the id of.
pub(super) type NamedBy = (Option<BodyId>, Option<ParticipantId>);

/// A part of a snapshot.
pub struct Part {
    pub(super) map: Map,
    pub(super) header: Header,
    pub(super) readings: Vec<Known>,
    ids: OnceLock<Vec<NamedBy>>,
}

/// What may be said of a day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredReading {
    /// How far it can be relied on.
    pub certainty: Certainty,
    /// The statuses that are possible, in the order of their ids.
    pub statuses: Arc<[StatusId]>,
}

impl StoredReading {
    /// Whether it is certain that there is no status.
    pub fn is_none(&self) -> bool {
        self.statuses.iter().all(StatusId::is_none)
    }
}

/// A reading of a part.
pub(super) struct Known {
    pub(super) said: StoredReading,
    /// [`StoredReading::is_none`], asked of every row.
    pub(super) is_none: bool,
}

/// The status of one participant in one body on one day, without the acts behind it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OnDay {
    /// What may be said.
    pub reading: StoredReading,
    /// The first day on which just this may be said, for the same reasons.
    pub since: Day,
    /// The entry that it rests on, of several the first; `None` for no status from the beginning.
    pub entry: Option<Index>,
}

/// A pair of a part: one participant in one body, or the body alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PairAt {
    pub(super) number: usize,
    body: u32,
    /// 0 for the body alone, else one more than the number of the participant's name.
    who: u32,
    postings: u32,
    pub(super) rows: u32,
    /// From this day on everything that bears on the pair is known.
    pub known_through: Day,
    /// The last entry that bears on the pair.
    pub recorded_through: Index,
    /// Whether acts of others bear on it, in this body or another.
    pub is_joined: bool,
}

impl PairAt {
    /// The participant, among what names may be the ids of; `None` for the body alone.
    pub(super) fn who_of<'n>(&self, names: &'n [NamedBy]) -> Option<&'n ParticipantId> {
        names.get(self.who.checked_sub(1)? as usize)?.1.as_ref()
    }

    /// The numbers of its names, by which pairs stand in order.
    pub(super) fn key(&self) -> (u32, u32) {
        (self.body, self.who)
    }

    /// Whether it is a body with acts of its own alone.
    pub fn is_alone(&self) -> bool {
        self.who == 0
    }
}

impl Part {
    pub(super) fn open(path: &Path) -> Result<Part, SnapshotError> {
        let mut map = Map::open(path)?;
        let damaged = |map: &Map| map.damaged(0);
        let header = Header::decode(map.first_block()).ok_or_else(|| damaged(&map))?;
        let held = |span: &Span| span.0.checked_add(span.1).is_some_and(|end| end <= header.blocks_end);
        let sums = header.blocks_end < map.length() && map.trust_sums(header.blocks_end, header.sum);
        if !sums || !header.sections.iter().all(held) {
            return Err(damaged(&map));
        }
        let mut part = Part { map, header, readings: Vec::new(), ids: OnceLock::new() };
        part.readings = part.read_readings()?;
        Ok(part)
    }

    /// The index of its first entry.
    pub fn first(&self) -> u64 {
        self.header.first
    }

    /// The size of the log that it reaches.
    pub fn size(&self) -> u64 {
        self.header.mark.tree.size()
    }

    /// The end of the log that it reaches.
    pub fn mark(&self) -> &Mark {
        &self.header.mark
    }

    pub(super) fn section(&self, section: Section) -> Span {
        self.header.sections[section as usize]
    }

    pub(super) fn count(&self, section: Section, bytes: usize) -> usize {
        self.section(section).1 / bytes
    }

    pub(super) fn number(&self, section: Section, at: usize) -> Result<u32, SnapshotError> {
        let (start, length) = self.section(section);
        let place = at.saturating_mul(4);
        if place + 4 > length {
            return Err(self.map.damaged(start));
        }
        let bytes = self.map.bytes(start + place, 4)?;
        bytes.try_into().map(u32::from_le_bytes).map_err(|_| self.map.damaged(start))
    }

    pub(super) fn numbers(&self, section: Section, range: Range<usize>) -> Result<Vec<u32>, SnapshotError> {
        let (start, length) = self.section(section);
        if range.end.saturating_mul(4) > length || range.start > range.end {
            return Err(self.map.damaged(start));
        }
        let bytes = self.map.bytes(start + range.start * 4, range.len() * 4)?;
        Ok(bytes.as_chunks::<4>().0.iter().map(|number| u32::from_le_bytes(*number)).collect())
    }

    /// A text of a table: its count, the end of each, the bytes of all.
    pub(super) fn text(&self, section: Section, at: usize) -> Result<&str, SnapshotError> {
        let (start, length) = self.section(section);
        let count = self.number(section, 0)? as usize;
        let end = self.number(section, 1 + at)? as usize;
        let begin = if at == 0 { 0 } else { self.number(section, at)? as usize };
        let blob = 4 + count * 4;
        if at >= count || begin > end || blob + end > length {
            return Err(self.map.damaged(start));
        }
        let bytes = self.map.bytes(start + blob + begin, end - begin)?;
        std::str::from_utf8(bytes).map_err(|_| self.map.damaged(start))
    }

    fn read_readings(&self) -> Result<Vec<Known>, SnapshotError> {
        let damaged = || self.map.damaged(self.section(Section::Readings).0);
        let count = self.number(Section::Readings, 0)? as usize;
        let read = |at: usize| {
            let text = self.text(Section::Readings, at)?;
            let (certainty, statuses) = text.split_once(' ').ok_or_else(damaged)?;
            let known = [Certainty::Certain, Certainty::Possible, Certainty::Contested];
            let certainty = known.into_iter().find(|c| c.name() == certainty).ok_or_else(damaged)?;
            let statuses: Result<Vec<StatusId>, _> = statuses.split(' ').map(StatusId::parse).collect();
            let said = StoredReading { certainty, statuses: statuses.map_err(|_| damaged())?.into() };
            Ok(Known { is_none: said.is_none(), said })
        };
        (0..count).map(read).collect()
    }

    /// The number of a name; `None` where no entry of the part names it.
    fn name(&self, name: &str) -> Result<Option<u32>, SnapshotError> {
        let (mut low, mut high) = (0, self.number(Section::Names, 0)? as usize);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.text(Section::Names, middle)?.cmp(name) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(Some(middle as u32)),
            }
        }
        Ok(None)
    }

    /// How many pairs there are.
    pub(super) fn pairs(&self) -> usize {
        self.count(Section::Pairs, PAIR_BYTES).saturating_sub(1)
    }

    /// A pair by its number.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn record(&self, number: usize) -> Result<PairAt, SnapshotError> {
        let (start, length) = self.section(Section::Pairs);
        if (number + 1) * PAIR_BYTES > length {
            return Err(self.map.damaged(start));
        }
        let bytes = self.map.bytes(start + number * PAIR_BYTES, PAIR_BYTES)?;
        let record = bytes.first_chunk().ok_or_else(|| self.map.damaged(start))?;
        Ok(pair_at(number, record))
    }

    /// The number of the first pair that does not come before a body and participant.
    fn from(&self, body: u32, who: u32) -> Result<usize, SnapshotError> {
        let (mut low, mut high) = (0, self.pairs());
        while low < high {
            let middle = low + (high - low) / 2;
            let record = self.record(middle)?;
            if (record.body, record.who) < (body, who) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// A participant in a body, or a body alone.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn pair(&self, body: &BodyId, who: Option<&ParticipantId>) -> Result<Option<PairAt>, SnapshotError> {
        let Some(body) = self.name(body.as_str())? else { return Ok(None) };
        let who = match who {
            None => 0,
            Some(who) => match self.name(who.as_str())? {
                Some(who) => who + 1,
                None => return Ok(None),
            },
        };
        let number = self.from(body, who)?;
        if number >= self.pairs() {
            return Ok(None);
        }
        Ok(Some(self.record(number)?).filter(|pair| (pair.body, pair.who) == (body, who)))
    }

    /// Everything recorded of a body: itself alone first, then its participants in the order of their ids.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn of_body(&self, body: &BodyId) -> Result<Vec<PairAt>, SnapshotError> {
        self.range_of(body)?.map(|at| self.record(at)).collect()
    }

    /// Everything recorded of a participant, by body, and the acts of every body alone.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn of_participant(&self, who: &ParticipantId) -> Result<Vec<PairAt>, SnapshotError> {
        let count = self.count(Section::ByParticipant, 4);
        let at = |place: usize| self.record(self.number(Section::ByParticipant, place)? as usize);
        let from = |who: u32| {
            let (mut low, mut high) = (0, count);
            while low < high {
                let middle = low + (high - low) / 2;
                if at(middle)?.who < who { low = middle + 1 } else { high = middle }
            }
            Ok::<usize, SnapshotError>(low)
        };
        let own = match self.name(who.as_str())? {
            Some(who) => from(who + 1)?..from(who + 2)?,
            None => 0..0,
        };
        (0..from(1)?).chain(own).map(at).collect()
    }

    /// The body of a pair, and its participant; `None` for a body alone.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn names_of(&self, pair: &PairAt) -> Result<(&BodyId, Option<&ParticipantId>), SnapshotError> {
        let names = self.names()?;
        let damaged = || self.map.damaged(self.section(Section::Names).0);
        let body = names.get(pair.body as usize).and_then(|(body, _)| body.as_ref()).ok_or_else(damaged)?;
        let who = match pair.is_alone() {
            true => None,
            false => Some(pair.who_of(names).ok_or_else(damaged)?),
        };
        Ok((body, who))
    }

    /// What each name may be the id of, by its number.
    pub(super) fn names(&self) -> Result<&[NamedBy], SnapshotError> {
        if let Some(ids) = self.ids.get() {
            return Ok(ids);
        }
        let ids = self.read_ids()?;
        Ok(self.ids.get_or_init(|| ids))
    }

    fn read_ids(&self) -> Result<Vec<NamedBy>, SnapshotError> {
        let count = self.number(Section::Names, 0)? as usize;
        let ids = (0..count).map(|at| self.text(Section::Names, at));
        ids.map(|name| name.map(|name| (BodyId::parse(name).ok(), ParticipantId::parse(name).ok()))).collect()
    }

    /// The entries that bear on a pair, in the order of the log: its own acts with what corrects them.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn entries(&self, pair: &PairAt) -> Result<Vec<u32>, SnapshotError> {
        let next = self.record(pair.number + 1)?;
        self.numbers(Section::Postings, pair.postings as usize..next.postings as usize)
    }

    /// The pairs of a body, by number.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn range_of(&self, body: &BodyId) -> Result<Range<usize>, SnapshotError> {
        match self.name(body.as_str())? {
            Some(body) => Ok(self.from(body, 0)?..self.from(body + 1, 0)?),
            None => Ok(0..0),
        }
    }

    /// The pairs from one on that are of its body, by number.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn range_from(&self, first: &PairAt) -> Result<Range<usize>, SnapshotError> {
        let end = self.from(first.body + 1, 0)?;
        match end > first.number {
            true => Ok(first.number..end),
            false => Err(self.map.damaged(self.section(Section::Pairs).0)),
        }
    }

    /// Every pair, by number.
    pub fn range(&self) -> Range<usize> {
        0..self.pairs()
    }

    /// Where an event with this id may be: each place has to be looked at.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn candidates(&self, id: EventId) -> Result<Vec<Index>, SnapshotError> {
        let key = key_of(id);
        let (mut low, mut high) = (0, self.count(Section::Ids, ID_BYTES));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.number(Section::Ids, middle * 2)? < key { low = middle + 1 } else { high = middle }
        }
        let mut found = Vec::new();
        while low < self.count(Section::Ids, ID_BYTES) && self.number(Section::Ids, low * 2)? == key {
            found.push(Index(u64::from(self.number(Section::Ids, low * 2 + 1)?)));
            low += 1;
        }
        Ok(found)
    }

    /// Where the record of an entry begins in its segment, as long as that is not sealed; `None` for one that was sealed
    /// already.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn place(&self, entry: u64) -> Result<Option<u32>, SnapshotError> {
        let count = self.count(Section::Places, 4);
        let back = self.size().saturating_sub(entry);
        match usize::try_from(back).ok().and_then(|back| count.checked_sub(back)) {
            Some(at) if at < count => self.number(Section::Places, at).map(Some),
            _ => Ok(None),
        }
    }

    /// Entries that bear on every question: those that a correction moves, with what corrects them.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn extra(&self) -> Result<Vec<u32>, SnapshotError> {
        self.numbers(Section::Extra, 0..self.count(Section::Extra, 4))
    }

    /// Imports that a correction names, each beside one of the entries that correct it, or itself.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn imports(&self) -> Result<Vec<(u32, u32)>, SnapshotError> {
        let numbers = self.numbers(Section::Imports, 0..self.count(Section::Imports, 4))?;
        Ok(numbers.as_chunks::<2>().0.iter().map(|[import, entry]| (*import, *entry)).collect())
    }
}

pub(super) fn word<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    let word = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    word.map_or(NONE, |word| u32::from_le_bytes(*word))
}

pub(super) fn pair_at(number: usize, record: &[u8; PAIR_BYTES]) -> PairAt {
    let last = word(record, 20);
    PairAt {
        number,
        body: word(record, 0),
        who: word(record, 4),
        postings: word(record, 8),
        rows: word(record, 12),
        known_through: Day::from_days(word(record, 16).cast_signed()),
        recorded_through: Index(u64::from(last & !JOINED)),
        is_joined: last & JOINED != 0,
    }
}

/// The part of an id by which it is looked up: its last four bytes, which are chance in every version in use.
pub(super) fn key_of(id: EventId) -> u32 {
    let bytes = id.0.as_bytes();
    u32::from_be_bytes([bytes[12], bytes[13], bytes[14], bytes[15]])
}
