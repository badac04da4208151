//! A part before it is written.

use std::collections::{BTreeMap, HashMap};

use smol_str::SmolStr;

use crate::event::{Day, EventId, Index};
use crate::log::{Hash, Mark};

use super::SnapshotError;
use super::header::{Header, SECTIONS};
use super::map::{BLOCK_BYTES, with_sums};
use super::part::{JOINED, NONE, Section, StoredReading, key_of};

/// A body with a participant, or alone.
pub type PairKey = (SmolStr, Option<SmolStr>);

/// What is said of one span of days.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowDraft {
    /// Its first day.
    pub from: Day,
    /// What may be said.
    pub reading: StoredReading,
    /// The entry that it rests on.
    pub entry: Option<Index>,
}

/// What is said of a pair.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct PairDraft {
    entries: Vec<u32>,
    rows: Vec<RowDraft>,
    known_through: Option<Day>,
    recorded_through: u32,
    joined: bool,
}

/// A part that is being made.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Draft {
    /// The index of its first entry.
    pub first: u64,
    pairs: BTreeMap<PairKey, PairDraft>,
    ids: Vec<(u32, u32)>,
    /// Where the records of the last entries begin in their segments.
    pub places: Vec<u32>,
    /// Entries that bear on every question.
    pub extra: Vec<u32>,
    /// Imports that a correction names, beside what corrects each.
    pub imports: Vec<(u32, u32)>,
}

impl Draft {
    /// An entry bears on a pair.
    pub fn post(&mut self, pair: &PairKey, entry: Index) {
        match self.pairs.get_mut(pair) {
            Some(known) => known.entries.push(entry.0 as u32),
            None => self.pairs.entry(pair.clone()).or_default().entries.push(entry.0 as u32),
        }
    }

    /// Entries bear on a pair.
    pub fn post_all(&mut self, pair: &PairKey, entries: &[u32]) {
        self.pairs.entry(pair.clone()).or_default().entries.extend_from_slice(entries);
    }

    /// An entry has an id.
    pub fn name(&mut self, id: EventId, entry: Index) {
        self.ids.push((key_of(id), entry.0 as u32));
    }

    /// What is said of a pair by everything recorded and known: its rows by first day; from when on all that bears on it
    /// is known; the last entry that bears on it; whether acts of others do.
    pub fn state(
        &mut self,
        pair: &PairKey,
        rows: Vec<RowDraft>,
        known_through: Day,
        recorded_through: Index,
        joined: bool,
    ) {
        let pair = self.pairs.entry(pair.clone()).or_default();
        (pair.rows, pair.known_through) = (rows, Some(known_through));
        pair.recorded_through = recorded_through.0 as u32;
        pair.joined = joined;
    }

    /// The pairs of a body to which anything was posted, without the body alone.
    pub fn pairs_of<'d>(&'d self, body: &SmolStr) -> impl Iterator<Item = &'d PairKey> + use<'d> {
        let body = body.clone();
        let from = self.pairs.range((body.clone(), None)..);
        let own = from.map(|(pair, _)| pair).take_while(move |pair| pair.0 == body);
        own.filter(|pair| pair.1.is_some())
    }

    /// The entries posted to a pair.
    pub fn entries_of(&self, pair: &PairKey) -> &[u32] {
        self.pairs.get(pair).map_or(&[], |pair| &pair.entries)
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// [`SnapshotError::TooLong`].
    pub fn encode(mut self, origin: &str, before: Hash, mark: Mark) -> Result<Vec<u8>, SnapshotError> {
        let size = mark.tree.size();
        let too_long = SnapshotError::TooLong(size);
        if size >= u64::from(JOINED) {
            return Err(too_long);
        }
        let bodies = self.pairs.keys().map(|(body, _)| body);
        let participants = self.pairs.keys().filter_map(|(_, who)| who.as_ref());
        let mut names: Vec<&str> = bodies.chain(participants).map(SmolStr::as_str).collect();
        names.sort_unstable();
        names.dedup();
        let numbers: HashMap<&str, u32> =
            names.iter().zip(0..).map(|(name, number)| (*name, number)).collect();
        let number = |name: &SmolStr| numbers.get(name.as_str()).copied().unwrap_or(NONE);
        let mut readings: Vec<String> = Vec::new();
        let mut reading_numbers: HashMap<String, u32> = HashMap::new();
        let (mut pairs, mut postings, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        let mut by_participant = Vec::new();
        for (((body, who), pair), at) in self.pairs.iter().zip(0u32..) {
            let who = who.as_ref().map_or(0, |who| number(who) + 1);
            by_participant.push((who, at));
            // Of what nothing is stated, no question is late enough.
            let last = pair.known_through.map_or(JOINED - 1, |_| pair.recorded_through);
            let through = pair.known_through.unwrap_or(Day::FUTURE).days().cast_unsigned();
            let (posted, ruled) = (postings.len() / 4, rows.len() / super::part::ROW_BYTES);
            let record = [
                number(body),
                who,
                posted as u32,
                ruled as u32,
                through,
                last | if pair.joined { JOINED } else { 0 },
            ];
            put(&mut pairs, record);
            let mut entries = pair.entries.clone();
            entries.sort_unstable();
            entries.dedup();
            put(&mut postings, entries);
            for row in &pair.rows {
                let text = reading_text(&row.reading);
                let next = readings.len() as u32;
                let reading = *reading_numbers.entry(text.clone()).or_insert(next);
                if reading == next {
                    readings.push(text);
                }
                let entry = row.entry.map_or(NONE, |entry| entry.0 as u32);
                put(&mut rows, [row.from.days().cast_unsigned(), reading, entry]);
            }
        }
        let ends =
            [NONE, NONE, (postings.len() / 4) as u32, (rows.len() / super::part::ROW_BYTES) as u32, 0, 0];
        put(&mut pairs, ends);
        self.ids.sort_unstable();
        by_participant.sort_unstable();
        let mut sections: [Vec<u8>; SECTIONS] = Default::default();
        sections[Section::Names as usize] = table(&names);
        sections[Section::Pairs as usize] = pairs;
        sections[Section::Postings as usize] = postings;
        sections[Section::Rows as usize] = rows;
        sections[Section::Readings as usize] = table(&readings);
        put(&mut sections[Section::Ids as usize], self.ids.iter().flat_map(|(key, at)| [*key, *at]));
        put(&mut sections[Section::Places as usize], self.places.iter().copied());
        put(&mut sections[Section::Extra as usize], self.extra.iter().copied());
        let imports = self.imports.iter().flat_map(|(import, entry)| [*import, *entry]);
        put(&mut sections[Section::Imports as usize], imports);
        put(&mut sections[Section::ByParticipant as usize], by_participant.iter().map(|(_, at)| *at));
        assemble(self.first, origin, before, mark, &sections).ok_or(too_long)
    }
}

fn assemble(
    first: u64,
    origin: &str,
    before: Hash,
    mark: Mark,
    sections: &[Vec<u8>; SECTIONS],
) -> Option<Vec<u8>> {
    let mut blocks = vec![0; BLOCK_BYTES];
    let mut spans = [(0, 0); SECTIONS];
    for (section, span) in sections.iter().zip(&mut spans) {
        *span = (blocks.len(), section.len());
        blocks.extend_from_slice(section);
        blocks.resize(blocks.len().next_multiple_of(8), 0);
    }
    let blocks_end = blocks.len().next_multiple_of(BLOCK_BYTES);
    let mut header =
        Header { origin: origin.to_owned(), first, before, mark, sections: spans, blocks_end, sum: 0 };
    // The first block has its own checksum, which depends on that of the others: in the table it counts as zeros.
    let (mut bytes, sum) = with_sums(blocks);
    header.sum = sum;
    bytes[..BLOCK_BYTES].copy_from_slice(&header.encode()?);
    Some(bytes)
}

fn put(bytes: &mut Vec<u8>, numbers: impl IntoIterator<Item = u32>) {
    numbers.into_iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
}

/// Texts as their count, the end of each, and the bytes of all.
fn table<S: AsRef<str>>(texts: &[S]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut bytes, [texts.len() as u32]);
    let mut end = 0;
    for text in texts {
        end += text.as_ref().len() as u32;
        put(&mut bytes, [end]);
    }
    texts.iter().for_each(|text| bytes.extend_from_slice(text.as_ref().as_bytes()));
    bytes
}

fn reading_text(reading: &StoredReading) -> String {
    let mut text = reading.certainty.name().to_owned();
    for status in reading.statuses.iter() {
        text.push(' ');
        text.push_str(status.as_str());
    }
    text
}
