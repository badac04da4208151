//! Reads leaves in one pass over their bytes. This serves nearly all leaves of a log: canonical JSON with a small payload.
//!
//! Any other leaf is left to `serde_json` ([`read`] returns `None`), which reads it or reports its fault. So this reader has no
//! errors of its own, and it never accepts a leaf that `serde_json` refuses.

use std::borrow::Cow;

use super::correction::{Cause, Changes, Correction, Field, FieldName, Retraction};
use super::date::{Edtf, Instant};
use super::digest::StatedDigest;
use super::event::Dates;
use super::evidence::{Evidence, Grade, Quote};
use super::ids::{BodyId, EventId, StatusId};
use super::leaf_wire::EventV1;
use super::participant::ParticipantId;
use super::payload::{Finding, Form, Reply};
use super::{ActKind, Role};

/// The parts of an event that are kept. All parts are checked in either case.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Everything.
    Whole,
    /// Without title, place, note, recorder and evidence, if no status can follow from them.
    Status,
}

/// The parts of a leaf around its event.
pub(super) struct Around<'a> {
    /// The time at which it was recorded.
    pub(super) recorded_at: Instant,
    /// The JSON of its signatures, if the leaf has format 2.
    pub(super) signatures: Option<&'a str>,
}

/// Reads a leaf, and its event into `event`; `None` if `serde_json` must read it.
pub(super) fn read<'a>(leaf: &'a [u8], detail: Detail, event: &mut EventV1<'a>) -> Option<Around<'a>> {
    // Canonical JSON has no control byte, inside a string or outside.
    if leaf.iter().fold(u8::MAX, |least, byte| least.min(*byte)) < b' ' {
        return None;
    }
    let mut reader = Reader { text: std::str::from_utf8(leaf).ok()?, at: 0 };
    reader.pass(r#"{"event":"#)?;
    reader.event(detail, event)?;
    reader.pass(r#","recorded_at":"#)?;
    let recorded_at = Instant::parse(reader.plain()?).ok()?;
    let rest = reader.text.get(reader.at..)?;
    let signatures = match rest {
        r#","v":1}"# => None,
        _ => Some(rest.strip_prefix(r#","sig":"#)?.strip_suffix(r#","v":2}"#)?),
    };
    Some(Around { recorded_at, signatures })
}

/// A position in the text of a leaf.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Moves past `expected`; `None` if the text does not continue with it.
    #[inline]
    fn pass(&mut self, expected: &str) -> Option<()> {
        let here = self.text.as_bytes().get(self.at..self.at + expected.len())?;
        (here == expected.as_bytes()).then(|| self.at += expected.len())
    }

    /// Reads a string without escapes.
    fn plain(&mut self) -> Option<&'a str> {
        self.pass("\"")?;
        let rest = self.text.as_bytes().get(self.at..)?;
        let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        let found = self.text.get(self.at..self.at + length)?;
        self.at += length;
        self.pass("\"")?;
        Some(found)
    }

    /// Reads a string with the escapes of canonical JSON.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.pass("\"")?;
        let mut unescaped = String::new();
        loop {
            let rest = self.text.get(self.at..)?;
            let length = memchr::memchr2(b'"', b'\\', rest.as_bytes())?;
            let part = rest.get(..length)?;
            self.at += length + 1;
            if rest.as_bytes().get(length) == Some(&b'"') {
                if unescaped.is_empty() {
                    return Some(Cow::Borrowed(part));
                }
                unescaped.push_str(part);
                return Some(Cow::Owned(unescaped));
            }
            unescaped.push_str(part);
            unescaped.push(self.escaped()?);
        }
    }

    /// Reads the character of an escape, behind the backslash.
    fn escaped(&mut self) -> Option<char> {
        let byte = self.next()?;
        self.at += 1;
        Some(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'b' => '\u{8}',
            b't' => '\t',
            b'n' => '\n',
            b'f' => '\u{c}',
            b'r' => '\r',
            b'u' => {
                let digits = self.text.get(self.at..self.at + 4)?;
                let hex = digits.strip_prefix("00")?;
                self.at += 4;
                char::from(u8::from_str_radix(hex, 16).ok().filter(|code| *code < b' ')?)
            }
            _ => return None,
        })
    }

    /// Reads the members of an object; `None` unless their names rise.
    fn members(&mut self, mut member: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.pass("{")?;
        if self.next() == Some(b'}') {
            return self.pass("}");
        }
        let mut before = "";
        loop {
            let name = self.plain()?;
            self.pass(":")?;
            // In most cases the first letters already decide.
            let rises = name.as_bytes().first() > before.as_bytes().first() || name > before;
            if !rises {
                return None;
            }
            before = name;
            member(self, name)?;
            if self.next() == Some(b'}') {
                return self.pass("}");
            }
            self.pass(",")?;
        }
    }

    fn event(&mut self, detail: Detail, event: &mut EventV1<'a>) -> Option<()> {
        let mut whole = detail == Detail::Whole;
        self.members(|reader, name| {
            match name.as_bytes() {
                b"about" => event.about = Some(reader.participant()?),
                b"act" => {
                    let name = reader.plain()?;
                    whole |= name.parse().is_ok_and(rests_on_its_words);
                    event.act = Cow::Borrowed(name);
                }
                b"body" => event.body = Some(BodyId::parse(reader.plain()?).ok()?),
                b"charter" => event.charter = Some(reader.string()?),
                b"claims" => event.claims = Some(Cow::Borrowed(reader.plain()?)),
                b"correction" => event.correction = Some(reader.correction()?),
                b"dates" => event.dates = Cow::Owned(reader.dates()?),
                b"evidence" => event.evidence = Cow::Owned(reader.evidence(whole)?),
                b"finding" => event.finding = Some(finding(reader.plain()?)?),
                b"form" => event.form = Some(Form::from_name(reader.plain()?)?),
                b"id" => event.id = Some(reader.id()?),
                b"import" => event.import = Some(reader.id()?),
                b"known_from" => event.known_from = Some(reader.date()?),
                b"note" => event.note = Some(reader.string()?).filter(|_| whole),
                b"participant" => event.participant = Some(reader.participant()?),
                b"place" => event.place = Some(reader.string()?).filter(|_| whole),
                b"recorder" => event.recorder = Some(reader.string()?).filter(|_| whole),
                b"reply" => event.reply = Some(reply(reader.plain()?)?),
                b"retraction" => event.retraction = Some(reader.retraction()?),
                b"rival" => event.rival = Some(Cow::Borrowed(reader.plain()?)),
                b"scope" => event.scope = Some(reader.string()?),
                b"sequence" => event.sequence = Some(reader.number()?),
                b"status" => event.status = Some(reader.status()?),
                b"surveyed" => event.surveyed = Some(reader.date()?),
                b"survivors" => {
                    reader.pass("true")?;
                    event.survivors = true;
                }
                b"title" => event.title = Some(reader.string()?).filter(|_| whole),
                b"to" => event.to = Some(reader.id()?),
                b"toward" => event.toward = Some(reader.status()?),
                // Rare payloads, and names that no event has.
                _ => return None,
            }
            Some(())
        })
    }

    fn participant(&mut self) -> Option<ParticipantId> {
        ParticipantId::parse(self.plain()?).ok()
    }

    fn status(&mut self) -> Option<StatusId> {
        StatusId::parse(self.plain()?).ok()
    }

    fn id(&mut self) -> Option<EventId> {
        EventId::parse(self.plain()?).ok()
    }

    fn date(&mut self) -> Option<Edtf> {
        Edtf::parse(self.plain()?).ok()
    }

    fn dates(&mut self) -> Option<Dates> {
        let mut dates = Dates::default();
        self.members(|reader, name| {
            dates.set(Role::from_name(name)?, reader.date()?);
            Some(())
        })?;
        Some(dates)
    }

    /// Reads digits without a leading zero.
    fn number(&mut self) -> Option<u16> {
        let rest = self.text.get(self.at..)?;
        let length = rest.bytes().position(|byte| !byte.is_ascii_digit())?;
        let digits = rest.get(..length)?;
        let number: u16 = digits.parse().ok()?;
        self.at += length;
        (digits.len() == 1 || !digits.starts_with('0')).then_some(number)
    }

    fn correction(&mut self) -> Option<Correction> {
        let (mut cause, mut now, mut was) = (None, None, None);
        self.members(|reader, name| {
            match name {
                "cause" => cause = Some(reader.cause()?),
                "now" => now = Some(reader.changes()?),
                "was" => was = Some(reader.changes()?),
                _ => return None,
            }
            Some(())
        })?;
        Some(Correction { cause: cause?, now: now?, was: was? })
    }

    fn retraction(&mut self) -> Option<Retraction> {
        let mut cause = None;
        self.members(|reader, name| {
            cause = Some(reader.cause()?);
            (name == "cause").then_some(())
        })?;
        Some(Retraction { cause: cause? })
    }

    fn cause(&mut self) -> Option<Cause> {
        let name = self.plain()?;
        Cause::ALL.into_iter().find(|cause| cause.name() == name)
    }

    fn changes(&mut self) -> Option<Changes> {
        let mut changes = Changes::new();
        self.members(|reader, name| {
            let field: Field = name.parse().ok()?;
            changes.insert(FieldName(field), reader.string()?.into_owned());
            // Another spelling of a name sorts in another place.
            (field.name() == name).then_some(())
        })?;
        Some(changes)
    }

    /// Reads every piece of evidence, and returns them if `kept`, otherwise none; all are checked in either case.
    fn evidence(&mut self, kept: bool) -> Option<Vec<Evidence>> {
        let mut pieces = Vec::new();
        self.pass("[")?;
        if self.next() == Some(b']') {
            self.pass("]")?;
            return Some(pieces);
        }
        loop {
            let piece = self.piece()?;
            if kept {
                pieces.push(piece.kept()?);
            }
            if self.next() == Some(b']') {
                self.pass("]")?;
                return Some(pieces);
            }
            self.pass(",")?;
        }
    }

    fn piece(&mut self) -> Option<Piece<'a>> {
        let mut piece = Piece::default();
        self.members(|reader, name| {
            match name.as_bytes() {
                b"cite" => piece.cite = Some(reader.string()?),
                b"grade" => piece.grade = Some(grade(reader.plain()?)?),
                b"published" => piece.published = Some(reader.date()?),
                b"quote" => piece.quote = Some(reader.string()?),
                b"retrieved" => piece.retrieved = Some(reader.date()?),
                b"sha256" => piece.sha256 = Some(reader.string()?),
                b"url" => piece.url = Some(reader.string()?),
                _ => return None,
            }
            Some(())
        })?;
        piece.cite.is_some().then_some(piece)
    }
}

/// A piece of evidence as the leaf has it.
#[derive(Default)]
struct Piece<'a> {
    cite: Option<Cow<'a, str>>,
    grade: Option<Grade>,
    published: Option<Edtf>,
    quote: Option<Cow<'a, str>>,
    retrieved: Option<Edtf>,
    sha256: Option<Cow<'a, str>>,
    url: Option<Cow<'a, str>>,
}

impl Piece<'_> {
    fn kept(self) -> Option<Evidence> {
        Some(Evidence {
            cite: self.cite?.into_owned(),
            grade: self.grade,
            published: self.published,
            quote: self.quote.map(|words| Quote::Text(words.into_owned())),
            retrieved: self.retrieved,
            sha256: self.sha256.map(|text| StatedDigest::read(&text)),
            url: self.url.map(Cow::into_owned),
        })
    }
}

/// True if a status may depend on the words or the evidence of an act: rules are named by their title, and the evidence of a
/// correction dates the knowledge of it.
pub(super) fn rests_on_its_words(act: ActKind) -> bool {
    use ActKind as K;
    matches!(
        act,
        K::CharterAdopted
            | K::CharterAmended
            | K::CorrectionProposed
            | K::CorrectionEffected
            | K::RecordCorrected
            | K::EntryRetracted
    )
}

fn finding(name: &str) -> Option<Finding> {
    [Finding::Accepted, Finding::Queried, Finding::Returned].into_iter().find(|f| f.name() == name)
}

fn reply(name: &str) -> Option<Reply> {
    match name {
        "deferred" => Some(Reply::Deferred),
        "rejected" => Some(Reply::Rejected),
        _ => None,
    }
}

fn grade(name: &str) -> Option<Grade> {
    Grade::ALL.into_iter().find(|grade| grade.name() == name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::leaf::{decode_any, decode_for_status, decode_signed, encode_event, splice_signed};
    use super::super::{Act, Entry, Event, EventSignature, Index, RecorderId, Rival, Survey};
    use super::*;

    fn words() -> impl Strategy<Value = Option<String>> + Clone {
        let plain = "[a-zé–\u{1f600} ]{0,20}".prop_map(|words| words);
        let escaped = proptest::collection::vec(any::<char>(), 0..12).prop_map(|c| c.into_iter().collect());
        let controls = "[\u{0}-\u{1f}\"\\\\\u{7f}]{0,6}".prop_map(|words| words);
        proptest::option::of(prop_oneof![plain, escaped, controls])
    }

    fn date() -> impl Strategy<Value = Edtf> {
        let texts = [
            "2023-05-06",
            "2023-05",
            "2023",
            "0000-02",
            "1999-12",
            "2023-05-06?",
            "1996-04/2025-09",
            "[2010-04-28..2010-04-29]",
            "2020-01-31T23:00:00Z",
            "201X",
        ];
        proptest::sample::select(texts.to_vec()).prop_filter_map("a date", |text| Edtf::parse(text).ok())
    }

    fn evidence() -> impl Strategy<Value = Evidence> {
        let quote = words().prop_map(|words| match words {
            Some(words) if words.len() % 3 == 1 => Some(Quote::salted(&[7; 32], &words)),
            other => other.map(Quote::Text),
        });
        let grade = proptest::option::of(proptest::sample::select(Grade::ALL.to_vec()));
        let dates = (proptest::option::of(date()), proptest::option::of(date()));
        (words(), grade, dates, quote, words(), words()).prop_map(
            |(cite, grade, (published, retrieved), quote, sha256, url)| {
                let cite = cite.unwrap_or_default();
                let sha256 = sha256.map(|text| StatedDigest::read(&text));
                Evidence { cite, grade, published, quote, retrieved, sha256, url }
            },
        )
    }

    fn changes() -> impl Strategy<Value = Changes> {
        let fields = ["title", "signed", "body", "known-from", "participant", "act"];
        let field =
            proptest::sample::select(fields.to_vec()).prop_map(|name| FieldName(name.parse().unwrap()));
        proptest::collection::btree_map(field, words().prop_map(Option::unwrap_or_default), 0..4)
    }

    fn act() -> impl Strategy<Value = Act> {
        let bare: Vec<Act> = ActKind::ALL.iter().filter_map(|kind| Act::bare(*kind)).collect();
        let cause = proptest::sample::select(Cause::ALL.to_vec());
        let correction = (cause.clone(), changes(), changes())
            .prop_map(|(cause, now, was)| Act::RecordCorrected(Correction { cause, now, was }));
        let text = words().prop_map(|words| smol_str::SmolStr::new(words.unwrap_or_default()));
        prop_oneof![
            8 => proptest::sample::select(bare),
            2 => correction,
            1 => cause.prop_map(|cause| Act::EntryRetracted(Retraction { cause })),
            1 => text.clone().prop_map(Act::CharterAdopted),
            1 => text.prop_map(|scope| Act::ReservationMade(Some(scope))),
            1 => Just(Act::InstrumentDeposited(Some(Form::DefinitiveSignature))),
            1 => Just(Act::ApplicationDeferredOrRejected(Some(Reply::Rejected))),
            1 => Just(Act::CommunicationExamined(Finding::Returned)),
            1 => Just(Act::ClaimRecorded(Some(ActKind::Founded))),
            1 => (date(), any::<bool>())
                .prop_map(|(span, survivors_only)| Act::RecordSurveyed(Survey { span, survivors_only })),
        ]
    }

    fn event() -> impl Strategy<Value = Event> {
        let role = proptest::sample::select(Role::ALL.to_vec());
        let dates = proptest::collection::vec((role, date()), 0..4);
        let pieces = proptest::collection::vec(evidence(), 0..3);
        let texts = (words(), words(), words(), words());
        let rest = (any::<u128>(), any::<u16>(), any::<u16>(), proptest::option::of(date()));
        (act(), dates, pieces, texts, rest).prop_map(|(act, dates, pieces, texts, rest)| {
            let (number, bits, sequence, known_from) = rest;
            let id = |n: u128| EventId(uuid::Uuid::from_u128(n));
            let given = |bit: u16| bits & (1 << bit) != 0;
            let status = |text: &str| StatusId::parse(text).unwrap();
            let mut event = Event::new(id(number), act, BodyId::parse("sco").unwrap());
            dates.into_iter().for_each(|(role, date)| event.dates.set(role, date));
            event.evidence = pieces;
            (event.title, event.place, event.note, event.recorder) = texts;
            event.known_from = known_from;
            event.participant = given(0).then(|| ParticipantId::parse("KWT").unwrap());
            event.about = given(1).then(|| ParticipantId::parse("X-SOMEBODY").unwrap());
            event.toward = given(2).then(|| status("dialogue-partner"));
            event.status = given(3).then(|| status("a-status-whose-name-is-longer-than-a-small-text"));
            event.to = given(4).then(|| id(1));
            event.import = given(5).then(|| id(2));
            event.sequence = given(6).then_some(sequence);
            event.rival = Rival::parse("a:b").filter(|_| given(7));
            event
        })
    }

    fn leaf_of(event: &Event, signed: bool) -> Vec<u8> {
        let recorder = RecorderId::parse("desk").unwrap();
        let signature = EventSignature { recorder, signature: std::array::from_fn(|at| at as u8) };
        let signatures = if signed { vec![signature] } else { Vec::new() };
        let at = Instant::from_micros(1_790_000_000_123_456);
        splice_signed(&encode_event(event).unwrap(), at, &signatures).unwrap()
    }

    /// Reduces an entry to the parts on which a status may depend.
    fn for_status(mut entry: Entry) -> Entry {
        if !rests_on_its_words(entry.event.act.kind()) {
            let event = Arc::make_mut(&mut entry.event);
            (event.title, event.place, event.note, event.recorder) = (None, None, None, None);
            event.evidence.clear();
        }
        entry
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn every_leaf_is_read_as_serde_reads_it(event in event(), signed in any::<bool>()) {
            let leaf = leaf_of(&event, signed);
            let (entry, signatures) = decode_any(&leaf, Index(7)).unwrap();
            prop_assert_eq!(&*entry.event, &event);
            let read = decode_signed(&leaf, Index(7)).unwrap();
            prop_assert_eq!(&read, &(entry.clone(), signatures));
            prop_assert_eq!(decode_for_status(&leaf, Index(7)).unwrap(), for_status(entry));
        }

        #[test]
        fn bytes_that_were_changed_are_read_as_serde_reads_them_or_refused_with_the_same_words(
            event in event(),
            signed in any::<bool>(),
            changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0..5u8), 1..3),
        ) {
            let mut leaf = leaf_of(&event, signed);
            for (at, byte, how) in changes {
                let at = at.index(leaf.len());
                let other = leaf[usize::from(byte) % leaf.len()];
                match how {
                    0 => leaf[at] = byte,
                    1 => _ = leaf.remove(at),
                    2 => leaf.insert(at, byte),
                    // A byte from another place of the leaf, because that is more often valid JSON than a random one.
                    3 => leaf.insert(at, other),
                    _ => leaf[at] = other,
                }
            }
            let fast = decode_signed(&leaf, Index(7));
            match (decode_any(&leaf, Index(7)), fast, decode_for_status(&leaf, Index(7))) {
                (Ok(slow), Ok(fast), Ok(bare)) => {
                    prop_assert_eq!(&slow, &fast);
                    prop_assert_eq!(for_status(slow.0), bare);
                }
                (Err(slow), Err(fast), Err(bare)) => {
                    prop_assert_eq!(slow.to_string(), fast.to_string());
                    prop_assert_eq!(slow.to_string(), bare.to_string());
                }
                (slow, fast, bare) => prop_assert!(false, "{slow:?} {fast:?} {bare:?}"),
            }
        }
    }

    #[test]
    fn nearly_every_leaf_is_read_in_one_pass() {
        let id = EventId(uuid::Uuid::from_u128(1));
        let mut event = Event::new(id, Act::Founded, BodyId::parse("sco").unwrap());
        event.title = Some("a \"title\"\n".into());
        event.evidence.push(Evidence::citing("somewhere \u{7}", Some(Grade::Press)));
        for signed in [false, true] {
            let leaf = leaf_of(&event, signed);
            assert!(read(&leaf, Detail::Whole, &mut EventV1::default()).is_some());
            assert!(read(&leaf, Detail::Status, &mut EventV1::default()).is_some());
        }
    }
}
