//! Runs: consecutive entries under one key, in the three trees; and the head.
//!
//! Every value is an envelope: magic `0xC7`, schema (2 bytes), CRC-32C (4 bytes), payload. The decoder has a limit, takes
//! every byte, and bincode is big-endian. What larger runs hold is compressed inside it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use bincode::{BorrowDecode, Decode, Encode};
use uuid::Uuid;

use crate::event::{Entry, Event, EventId, Scope, ScopeKey};

use super::events::EventsRun;
use super::postings::Postings;

/// How many entries a run may have.
pub(super) const RUN_ENTRIES: usize = 1024;
/// So many runs of one size class are joined.
const FAN: usize = 8;

const MAGIC: u8 = 0xC7;
const SCHEMA: u16 = 6;
const HEADER_BYTES: usize = 7;

const LIMIT: usize = 128 << 20;

fn config() -> impl bincode::config::Config {
    bincode::config::standard().with_big_endian().with_limit::<LIMIT>()
}

/// Encodes a value without its envelope.
pub(super) fn encode_bare<T: Encode>(value: &T) -> Vec<u8> {
    // Plain structs of text and numbers into memory: there is nothing that bincode could fail at.
    bincode::encode_to_vec(value, config()).unwrap_or_default()
}

/// Adds an encoded value to bytes, without its envelope.
pub(super) fn encode_bare_into<T: Encode>(value: &T, bytes: &mut Vec<u8>) {
    // As of `encode_bare`: there is nothing that could fail.
    let _ = bincode::encode_into_std_write(value, bytes, config());
}

/// Decodes a value that takes every byte.
pub(super) fn decode_bare<T: Decode<()>>(bytes: &[u8]) -> Result<T, String> {
    let (value, used) = bincode::decode_from_slice(bytes, config()).map_err(|e| e.to_string())?;
    if used == bytes.len() { Ok(value) } else { Err("a value has bytes to spare".into()) }
}

/// Decodes a value that borrows its texts and takes every byte.
pub(super) fn borrow_bare<'a, T: BorrowDecode<'a, ()>>(bytes: &'a [u8]) -> Result<T, String> {
    let (value, used) = bincode::borrow_decode_from_slice(bytes, config()).map_err(|e| e.to_string())?;
    if used == bytes.len() { Ok(value) } else { Err("a value has bytes to spare".into()) }
}

/// Decodes a value that has other bytes behind it, and gives these.
pub(super) fn decode_first<T: Decode<()>>(bytes: &[u8]) -> Result<(T, &[u8]), String> {
    let (value, used) = bincode::decode_from_slice(bytes, config()).map_err(|e| e.to_string())?;
    Ok((value, bytes.get(used..).unwrap_or_default()))
}

/// Puts a value into its envelope.
pub(super) fn seal(payload: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(HEADER_BYTES + payload.len());
    value.push(MAGIC);
    value.extend_from_slice(&SCHEMA.to_be_bytes());
    value.extend_from_slice(&crc32c::crc32c(payload).to_be_bytes());
    value.extend_from_slice(payload);
    value
}

/// Takes a value out of its envelope.
pub(super) fn unseal(value: &[u8]) -> Result<&[u8], String> {
    let (header, payload) = value.split_at_checked(HEADER_BYTES).ok_or("a value is cut short")?;
    match header {
        [MAGIC, a, b, sum @ ..] if [*a, *b] == SCHEMA.to_be_bytes() => {
            let sound = *sum == crc32c::crc32c(payload).to_be_bytes();
            sound.then_some(payload).ok_or_else(|| "a value does not match its checksum".into())
        }
        [MAGIC, ..] => Err("a value has another schema".into()),
        _ => Err("a value has no envelope".into()),
    }
}

/// The head of the index.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(super) struct Head {
    pub(super) origin: String,
    pub(super) size: u64,
    pub(super) last: Option<[u8; 32]>,
    /// How many entries are filed under their headings; the others are filed by the next writer.
    pub(super) filed: u64,
}

impl Head {
    pub(super) fn encode(&self) -> Vec<u8> {
        seal(&encode_bare(self))
    }

    pub(super) fn decode(value: &[u8]) -> Result<Head, String> {
        decode_bare(unseal(value)?)
    }
}

/// A run as the index keeps it in memory.
#[derive(Clone, Debug)]
pub(super) struct RunMeta {
    pub(super) first: u64,
    pub(super) count: u64,
    pub(super) postings: Postings,
}

impl RunMeta {
    /// Of a run that was just made. Its postings are kept as they are stored: many runs are never asked.
    pub(super) fn of(first: u64, postings: &PostingsRun) -> RunMeta {
        RunMeta { first, count: postings.count(), postings: Postings::stored(postings.encode()) }
    }
}

/// Whose acts they are, in which body: the names, the keys made of them, and the number of its key for each entry.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub(super) struct PostingsRun {
    names: Vec<String>,
    keys: Vec<StoredKey>,
    numbers: Vec<u16>,
    corrections: Vec<StoredCorrection>,
}

/// A correction of the run, so that those of other entries need not be read.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(super) struct StoredCorrection {
    at: u16,
    id: [u8; 16],
    to: Option<[u8; 16]>,
    moves: bool,
}

impl StoredCorrection {
    /// The correction that an event at a place of its run is, if it is one.
    pub(super) fn of(at: usize, event: &Event) -> Option<StoredCorrection> {
        ScopeKey::of(event).corrects.then(|| StoredCorrection {
            at: at as u16,
            id: *event.id.0.as_bytes(),
            to: event.to.map(|to| *to.0.as_bytes()),
            moves: event.moves_another(),
        })
    }

    /// Its place in the run, its id, the event that it names, whether it moves that one.
    pub(super) fn parts(&self) -> (usize, EventId, Option<EventId>, bool) {
        let id = |bytes| EventId(Uuid::from_bytes(bytes));
        (usize::from(self.at), id(self.id), self.to.map(id), self.moves)
    }
}

/// Whether an event bears on a scope by what it says of itself, not by what it corrects.
pub(super) fn bears(scope: &Scope, key: &ScopeKey<'_>) -> bool {
    !key.corrects && scope.admits_key(key)
}

/// A key in numbers of names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
struct StoredKey {
    body: u16,
    participant: Option<u16>,
    about: Option<u16>,
    corrects: bool,
}

/// Numbers for names and keys, while a run is built. A run has fewer of each than 16 bits count.
#[derive(Default)]
struct Numbers<'a> {
    names: HashMap<&'a str, u16>,
    keys: HashMap<ScopeKey<'a>, u16>,
}

impl<'a> Numbers<'a> {
    fn name(&mut self, name: &'a str, run: &mut PostingsRun) -> u16 {
        *self.names.entry(name).or_insert_with(|| {
            run.names.push(name.to_owned());
            (run.names.len() - 1) as u16
        })
    }

    fn key(&mut self, key: ScopeKey<'a>, run: &mut PostingsRun) -> u16 {
        if let Some(number) = self.keys.get(&key) {
            return *number;
        }
        let body = self.name(key.body, run);
        let participant = key.participant.map(|name| self.name(name, run));
        let about = key.about.map(|name| self.name(name, run));
        run.keys.push(StoredKey { body, participant, about, corrects: key.corrects });
        let number = (run.keys.len() - 1) as u16;
        self.keys.insert(key, number);
        number
    }
}

impl PostingsRun {
    pub(super) fn count(&self) -> u64 {
        self.numbers.len() as u64
    }

    /// For each entry of the run, whether the scope admits it.
    pub(super) fn admitted(&self, scope: &Scope) -> Vec<bool> {
        self.chosen(|key| scope.admits_key(key))
    }

    /// For each entry of the run, whether it bears on the scope by itself; empty where none does.
    pub(super) fn bearing(&self, scope: &Scope) -> Vec<bool> {
        self.chosen(|key| bears(scope, key))
    }

    fn name(&self, number: u16) -> &str {
        self.names.get(usize::from(number)).map_or("", String::as_str)
    }

    fn key(&self, key: &StoredKey) -> ScopeKey<'_> {
        ScopeKey {
            body: self.name(key.body),
            participant: key.participant.map(|number| self.name(number)),
            about: key.about.map(|number| self.name(number)),
            corrects: key.corrects,
        }
    }

    /// A body's acts that correct nothing: the place of each in the run, and its key.
    pub(super) fn acts_of(&self, body: &str) -> Vec<(usize, ScopeKey<'_>)> {
        let Some(body) = self.names.iter().position(|name| name == body) else { return Vec::new() };
        let of_body = |key: &&StoredKey| usize::from(key.body) == body && !key.corrects;
        let numbered = self.numbers.iter().enumerate();
        let keyed =
            numbered.filter_map(|(at, n)| Some((at, self.keys.get(usize::from(*n)).filter(of_body)?)));
        keyed.map(|(at, key)| (at, self.key(key))).collect()
    }

    /// The corrections of the run.
    pub(super) fn corrections(&self) -> &[StoredCorrection] {
        &self.corrections
    }

    fn chosen(&self, choose: impl Fn(&ScopeKey<'_>) -> bool) -> Vec<bool> {
        let keys: Vec<bool> = self.keys.iter().map(|key| choose(&self.key(key))).collect();
        if !keys.contains(&true) {
            return Vec::new();
        }
        self.numbers.iter().map(|n| keys.get(usize::from(*n)).copied().unwrap_or(false)).collect()
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        seal(&packed(&encode_bare(self), self.numbers.len() > PLAIN_ENTRIES))
    }

    pub(super) fn decode(value: &[u8]) -> Result<PostingsRun, String> {
        let run: PostingsRun = decode_bare(&unpacked(unseal(value)?)?)?;
        let known = |n: &u16| usize::from(*n) < run.keys.len();
        let held = |c: &StoredCorrection| usize::from(c.at) < run.numbers.len();
        let named = |k: &StoredKey| {
            let numbers = [Some(k.body), k.participant, k.about];
            numbers.into_iter().flatten().all(|n| usize::from(n) < run.names.len())
        };
        if run.numbers.iter().all(known) && run.corrections.iter().all(held) && run.keys.iter().all(named) {
            Ok(run)
        } else {
            Err("a posting has no key".into())
        }
    }
}

/// Runs of so few entries are written again soon, joined: they are not worth compressing.
pub(super) const PLAIN_ENTRIES: usize = 64;
/// How hard Zstandard tries. At 3 a million entries took up more, at 6 a fiftieth less.
const LEVEL: i32 = 1;
const PACKED: u8 = 1;
const PLAIN: u8 = 0;

/// A payload with its form before it; compressed, with its length, where that is wanted and makes it shorter.
pub(super) fn packed(plain: &[u8], compress: bool) -> Vec<u8> {
    let compressed = compress.then(|| zstd::bulk::compress(plain, LEVEL)).and_then(Result::ok);
    let (mut payload, body) = match compressed.filter(|body| body.len() + 4 < plain.len()) {
        Some(body) => ([&[PACKED][..], &(plain.len() as u32).to_be_bytes()].concat(), Cow::Owned(body)),
        None => (vec![PLAIN], Cow::Borrowed(plain)),
    };
    payload.extend_from_slice(&body);
    payload
}

/// Takes a payload out of its form.
pub(super) fn unpacked(payload: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    match payload.split_first() {
        Some((&PLAIN, plain)) => Ok(Cow::Borrowed(plain)),
        Some((&PACKED, rest)) => {
            let (length, body) = rest.split_first_chunk::<4>().ok_or("a run is cut short")?;
            let length = u32::from_be_bytes(*length) as usize;
            let plain = zstd::bulk::decompress(body, length.min(LIMIT)).map_err(|e| e.to_string())?;
            if plain.len() == length { Ok(Cow::Owned(plain)) } else { Err("a run is cut short".into()) }
        }
        _ => Err("a run has another form".into()),
    }
}

/// The values of a run of at most [`RUN_ENTRIES`] entries.
pub(super) fn build(entries: &[Entry]) -> (EventsRun, PostingsRun) {
    let mut events = EventsRun::with_capacity(entries.len());
    let mut postings = PostingsRun::default();
    let mut numbers = Numbers::default();
    for (at, entry) in entries.iter().enumerate() {
        postings.corrections.extend(StoredCorrection::of(at, &entry.event));
        events.push(entry);
        let number = numbers.key(ScopeKey::of(&entry.event), &mut postings);
        postings.numbers.push(number);
    }
    (events, postings)
}

/// The runs at the end that should become one: the tail of a size class, once it has [`FAN`] of them.
pub(super) fn merge_span(runs: &[RunMeta]) -> Option<Range<usize>> {
    let mut found = None;
    for class in [1, 8, 64, 512] {
        let small = runs.iter().rev().take_while(|r| r.count <= class).count();
        let span = runs.len() - small..runs.len();
        let entries: u64 = runs[span.clone()].iter().map(|r| r.count).sum();
        if small >= FAN && entries <= RUN_ENTRIES as u64 {
            found = Some(span);
        }
    }
    found
}
