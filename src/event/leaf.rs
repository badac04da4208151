//! The bytes of an entry in the log: RFC 8785 canonical JSON, stored and hashed as they are.
//!
//! Format 1 is `{"event":{…},"recorded_at":"…Z","v":1}`; format 2, for an event that recorders signed, is
//! `{"event":{…},"recorded_at":"…Z","sig":[…],"v":2}`. The fields of every struct here are in the order of their names, so that
//! `serde_json` writes canonical JSON; a test compares it with an independent implementation of RFC 8785.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::act::Act;
use super::date::Instant;
use super::event::{Entry, Event};
use super::ids::{EventId, Index};
pub use super::leaf_error::{LEAF_BYTES_MAX, LeafError};
use super::leaf_event::event;
use super::leaf_read::{self, Detail};
use super::leaf_wire::EventV1;
use super::recorder::EventSignature;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeafV1<'a> {
    #[serde(borrow)]
    event: EventV1<'a>,
    #[serde(borrow)]
    recorded_at: Cow<'a, str>,
    v: u64,
}

/// Format 2: format 1 with the signatures of its recorders.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeafV2<'a> {
    #[serde(borrow)]
    event: EventV1<'a>,
    #[serde(borrow)]
    recorded_at: Cow<'a, str>,
    sig: Vec<EventSignature>,
    v: u64,
}

/// An event that is not yet recorded, with its signatures.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedV2<'a> {
    #[serde(borrow)]
    event: EventV1<'a>,
    sig: Vec<EventSignature>,
}

/// Encodes an event as its canonical bytes. Recorders sign these bytes, and a retry is compared by them.
///
/// # Errors
/// [`LeafError::TooLarge`] if the event fits in no leaf.
pub fn encode_event(event: &Event) -> Result<Vec<u8>, LeafError> {
    let bytes = serde_json::to_vec(&wire(event))?;
    check_size(bytes.len() + FRAME_BYTES)?;
    Ok(bytes)
}

/// The number of bytes of a leaf around its event.
const FRAME_BYTES: usize = r#"{"event":,"recorded_at":"2026-11-23T17:31:00.000000Z","v":1}"#.len();

/// Makes the leaf from the canonical bytes of an event and a time stamp. The event is not encoded again if the stamp changes.
///
/// # Errors
/// [`LeafError::TooLarge`].
pub fn splice(event: &[u8], recorded_at: Instant) -> Result<Vec<u8>, LeafError> {
    let stamp = recorded_at.canonical();
    let mut leaf = Vec::with_capacity(event.len() + FRAME_BYTES);
    for part in [br#"{"event":"#.as_slice(), event, br#","recorded_at":""#, stamp.as_bytes(), br#"","v":1}"#]
    {
        leaf.extend_from_slice(part);
    }
    check_size(leaf.len())?;
    Ok(leaf)
}

/// Makes the leaf as [`splice`] does, with the signatures beside the event; without any signature the leaf has format 1.
///
/// # Errors
/// [`LeafError::TooLarge`], [`LeafError::Signatures`].
pub fn splice_signed(
    event: &[u8],
    recorded_at: Instant,
    signatures: &[EventSignature],
) -> Result<Vec<u8>, LeafError> {
    if signatures.is_empty() {
        return splice(event, recorded_at);
    }
    check_signatures(signatures)?;
    let (stamp, signatures) = (recorded_at.canonical(), serde_json::to_vec(signatures)?);
    let mut leaf = Vec::with_capacity(event.len() + signatures.len() + FRAME_BYTES);
    let parts: [&[u8]; 7] = [
        br#"{"event":"#,
        event,
        br#","recorded_at":""#,
        stamp.as_bytes(),
        br#"","sig":"#,
        &signatures,
        br#","v":2}"#,
    ];
    parts.into_iter().for_each(|part| leaf.extend_from_slice(part));
    check_size(leaf.len())?;
    Ok(leaf)
}

pub(super) fn check_signatures(signatures: &[EventSignature]) -> Result<(), LeafError> {
    let in_order = signatures.is_sorted_by(|a, b| a.recorder < b.recorder);
    if in_order && !signatures.is_empty() { Ok(()) } else { Err(LeafError::Signatures) }
}

fn check_size(bytes: usize) -> Result<(), LeafError> {
    if bytes > LEAF_BYTES_MAX { Err(LeafError::TooLarge { bytes }) } else { Ok(()) }
}

/// Reads a leaf.
///
/// # Errors
/// [`LeafError`]; an unknown version is reported before any other fault.
pub fn decode(leaf: &[u8], index: Index) -> Result<Entry, LeafError> {
    Ok(decode_signed(leaf, index)?.0)
}

/// Reads the parts of a leaf on which a status may depend: as [`decode`], but an act that makes no rules and corrects nothing has
/// no title, place, note, recorder or evidence.
///
/// # Errors
/// As of [`decode`].
pub fn decode_for_status(leaf: &[u8], index: Index) -> Result<Entry, LeafError> {
    Ok(decode_in(leaf, index, Detail::Status)?.0)
}

/// Reads a leaf with its signatures.
///
/// # Errors
/// As of [`decode`].
pub fn decode_signed(leaf: &[u8], index: Index) -> Result<(Entry, Vec<EventSignature>), LeafError> {
    decode_in(leaf, index, Detail::Whole)
}

fn decode_in(leaf: &[u8], index: Index, detail: Detail) -> Result<(Entry, Vec<EventSignature>), LeafError> {
    let mut wire = EventV1::default();
    if let Some(around) = leaf_read::read(leaf, detail, &mut wire) {
        let signatures = match around.signatures {
            None => Some(Vec::new()),
            Some(json) => serde_json::from_str(json).ok(),
        };
        if let Some(signatures) = signatures {
            if around.signatures.is_some() {
                check_signatures(&signatures)?;
            }
            let event = event(&mut wire, None)?;
            let event = Arc::new(event);
            return Ok((Entry { index, recorded_at: around.recorded_at, event }, signatures));
        }
    }
    let (mut entry, signatures) = decode_any(leaf, index)?;
    if detail == Detail::Status && !leaf_read::rests_on_its_words(entry.event.act.kind()) {
        let event = Arc::make_mut(&mut entry.event);
        (event.title, event.place, event.note, event.recorder) = (None, None, None, None);
        event.evidence = Vec::new();
    }
    Ok((entry, signatures))
}

/// Reads a leaf in any spelling of its JSON.
pub(super) fn decode_any(leaf: &[u8], index: Index) -> Result<(Entry, Vec<EventSignature>), LeafError> {
    let (mut wire, recorded_at, signatures) = match version(leaf)? {
        Version::One => {
            let LeafV1 { event, recorded_at, .. } = serde_json::from_slice(leaf)?;
            (event, recorded_at, Vec::new())
        }
        Version::Two => {
            let LeafV2 { event, recorded_at, sig, .. } = serde_json::from_slice(leaf)?;
            check_signatures(&sig)?;
            (event, recorded_at, sig)
        }
    };
    let event = event(&mut wire, None)?;
    let event = Arc::new(event);
    Ok((Entry { index, recorded_at: Instant::parse(&recorded_at)?, event }, signatures))
}

/// The formats that this program reads.
enum Version {
    One,
    Two,
}

fn version(leaf: &[u8]) -> Result<Version, LeafError> {
    #[derive(Deserialize)]
    struct Head {
        v: u64,
    }
    if leaf.ends_with(br#","v":1}"#) {
        return Ok(Version::One);
    }
    match serde_json::from_slice::<Head>(leaf)?.v {
        1 => Ok(Version::One),
        2 => Ok(Version::Two),
        other => Err(LeafError::Version(other)),
    }
}

/// Checks that a leaf is the canonical form of its own content.
///
/// # Errors
/// [`LeafError::NotCanonical`], or the error that prevents the leaf from being read.
pub fn check_canonical(leaf: &[u8]) -> Result<(), LeafError> {
    let (again, recorded_at) = match version(leaf)? {
        Version::One => {
            let wire: LeafV1<'_> = serde_json::from_slice(leaf)?;
            (serde_json::to_vec(&wire)?, wire.recorded_at)
        }
        Version::Two => {
            let wire: LeafV2<'_> = serde_json::from_slice(leaf)?;
            check_signatures(&wire.sig)?;
            (serde_json::to_vec(&wire)?, wire.recorded_at)
        }
    };
    let canonical = Instant::parse(&recorded_at)?.canonical() == recorded_at && again == leaf;
    if canonical { Ok(()) } else { Err(LeafError::NotCanonical) }
}

/// Reads one event as a client writes it: the JSON of an event. If it has no `id`, its id is the given `id`.
///
/// # Errors
/// [`LeafError`] with line and column.
pub fn decode_draft(json: &[u8], id: EventId) -> Result<Event, LeafError> {
    let mut wire: EventV1<'_> = serde_json::from_slice(json)?;
    event(&mut wire, Some(id))
}

/// Reads one event as [`encode_offer`] writes it, or as a client writes it without signatures: see [`decode_draft`].
///
/// # Errors
/// [`LeafError`] with line and column; an event with signatures must have its id.
pub fn decode_offer(json: &[u8], id: EventId) -> Result<(Event, Vec<EventSignature>), LeafError> {
    #[derive(Deserialize)]
    struct Head {
        event: Option<serde::de::IgnoredAny>,
    }
    if !serde_json::from_slice::<Head>(json).is_ok_and(|head| head.event.is_some()) {
        return Ok((decode_draft(json, id)?, Vec::new()));
    }
    let SignedV2 { event: mut wire, sig } = serde_json::from_slice(json)?;
    check_signatures(&sig)?;
    Ok((event(&mut wire, None)?, sig))
}

/// Encodes an event that is not yet recorded with its signatures, in one line: `{"event":{…},"sig":[…]}`.
///
/// # Errors
/// [`LeafError::TooLarge`], [`LeafError::Signatures`].
pub fn encode_offer(event: &Event, signatures: Vec<EventSignature>) -> Result<Vec<u8>, LeafError> {
    check_signatures(&signatures)?;
    encode_event(event)?;
    Ok(serde_json::to_vec(&SignedV2 { event: wire(event), sig: signatures })?)
}

pub(super) fn wire(event: &Event) -> EventV1<'_> {
    fn text(value: &Option<String>) -> Option<Cow<'_, str>> {
        value.as_deref().map(Cow::Borrowed)
    }
    let mut wire = EventV1 {
        about: event.about.clone(),
        act: Cow::Borrowed(event.act.kind().name()),
        body: Some(event.body.clone()),
        dates: Cow::Borrowed(&event.dates),
        evidence: Cow::Borrowed(&event.evidence),
        id: Some(event.id),
        import: event.import,
        known_from: event.known_from.clone(),
        note: text(&event.note),
        participant: event.participant.clone(),
        place: text(&event.place),
        recorder: text(&event.recorder),
        rival: event.rival.as_ref().map(|r| Cow::Owned(r.to_string())),
        sequence: event.sequence,
        status: event.status.clone(),
        title: text(&event.title),
        to: event.to,
        toward: event.toward.clone(),
        ..EventV1::default()
    };
    wire.scope = event.act.scope().map(|scope| Cow::Borrowed(scope.as_str()));
    wire.charter = event.act.charter_text().map(Cow::Borrowed);
    match &event.act {
        Act::ApplicationDeferredOrRejected(reply) => wire.reply = *reply,
        Act::InstrumentDeposited(form) => wire.form = *form,
        Act::ClaimRecorded(of) => wire.claims = of.map(|kind| Cow::Borrowed(kind.name())),
        Act::CommunicationExamined(finding) => wire.finding = Some(*finding),
        Act::RecordSurveyed(survey) => {
            (wire.surveyed, wire.survivors) = (Some(survey.span.clone()), survey.survivors_only);
        }
        Act::ImportRecorded(receipt) => wire.imported = Some(receipt.clone()),
        Act::RecordCorrected(correction) => wire.correction = Some(correction.clone()),
        Act::EntryRetracted(retraction) => wire.retraction = Some(retraction.clone()),
        Act::LogKeyRotated(rotation) => wire.rotation = Some(rotation.clone()),
        Act::RecorderEnrolled(enrolment) => wire.enrolment = Some(enrolment.clone()),
        Act::RecorderLimited(limitation) => wire.limitation = Some(limitation.clone()),
        Act::RecorderRevoked(revocation) => wire.revocation = Some(revocation.clone()),
        _ => {}
    }
    wire
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::correction::{Cause, Field, FieldName};
    use crate::event::{
        ActKind, BodyId, Correction, Edtf, Enrolment, Evidence, ParticipantId, Rival, Role, StatusId,
    };
    use uuid::Uuid;

    fn sample() -> Event {
        let id = EventId(Uuid::from_u128(0x0192_5f00_0000_7000_8000_0000_0000_0001));
        let mut event = Event::new(id, Act::PartnershipMemorandumSigned, BodyId::parse("sco").unwrap());
        event.participant = Some(ParticipantId::parse("KWT").unwrap());
        event.dates.set(Role::Signed, Edtf::parse("2023-05-06").unwrap());
        event.evidence.push(Evidence::citing("agency copy \u{7}\"Saturday\" – é", None));
        event.note = Some("line\nbreak".into());
        event.status = Some(StatusId::parse("dialogue_partner").unwrap());
        event
    }

    const GOLDEN: &str = concat!(
        r#"{"event":{"act":"partnership-memorandum-signed","body":"sco","dates":{"signed":"2023-05-06"},"#,
        r#""evidence":[{"cite":"agency copy \u0007\"Saturday\" – é"}],"id":"01925f00-0000-7000-8000-000000000001","#,
        r#""note":"line\nbreak","participant":"KWT","status":"dialogue-partner"},"#,
        r#""recorded_at":"2026-11-23T17:31:00.000000Z","v":1}"#
    );

    fn leaf(event: &Event) -> Vec<u8> {
        let at = Instant::parse("2026-11-23T17:31:00Z").unwrap();
        splice(&encode_event(event).unwrap(), at).unwrap()
    }

    #[test]
    fn the_leaf_of_format_1_has_these_bytes() {
        assert_eq!(String::from_utf8(leaf(&sample())).unwrap(), GOLDEN);
        assert_eq!(*decode(GOLDEN.as_bytes(), Index(0)).unwrap().event, sample());
    }

    /// Signatures of recorders with these names; their bytes do not matter to the leaf.
    fn signatures(names: &[&str]) -> Vec<EventSignature> {
        let of = |name: &&str| EventSignature {
            recorder: crate::event::RecorderId::parse(name).unwrap(),
            signature: std::array::from_fn(|at| at as u8),
        };
        names.iter().map(of).collect()
    }

    fn signed(event: &Event, names: &[&str]) -> Result<Vec<u8>, LeafError> {
        let at = Instant::parse("2026-11-23T17:31:00Z").unwrap();
        splice_signed(&encode_event(event).unwrap(), at, &signatures(names))
    }

    #[test]
    fn the_signed_leaf_of_format_2_has_these_bytes() {
        let sig = concat!(
            r#""sig":[{"recorder":"desk","signature":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygp"#,
            r#"KissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="}],"v":2}"#
        );
        let golden = GOLDEN.replace("\"v\":1}", sig);
        assert_eq!(String::from_utf8(signed(&sample(), &["desk"]).unwrap()).unwrap(), golden);
        let (entry, read) = decode_signed(golden.as_bytes(), Index(0)).unwrap();
        assert_eq!((&*entry.event, read), (&sample(), signatures(&["desk"])));
        check_canonical(golden.as_bytes()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&golden).unwrap();
        assert_eq!(serde_json_canonicalizer::to_vec(&value).unwrap(), golden.as_bytes());
        // Without a signature an entry has format 1, as before.
        assert_eq!(signed(&sample(), &[]).unwrap(), GOLDEN.as_bytes());
    }

    #[test]
    fn signatures_have_one_order_and_belong_to_format_2_alone() {
        let two = String::from_utf8(signed(&sample(), &["a", "b"]).unwrap()).unwrap();
        for names in [["b", "a"], ["a", "a"]] {
            assert!(matches!(signed(&sample(), &names), Err(LeafError::Signatures)), "{names:?}");
        }
        let turned = two.replace("\"a\"", "\"c\"");
        assert!(matches!(decode(turned.as_bytes(), Index(0)), Err(LeafError::Signatures)));
        let old = two.replace("\"v\":2}", "\"v\":1}");
        assert!(decode(old.as_bytes(), Index(0)).unwrap_err().to_string().contains("unknown field `sig`"));
        let unsigned = GOLDEN.replace("\"v\":1}", "\"v\":2}");
        assert!(
            decode(unsigned.as_bytes(), Index(0)).unwrap_err().to_string().contains("missing field `sig`")
        );
        let empty = GOLDEN.replace("\"v\":1}", "\"sig\":[],\"v\":2}");
        assert!(matches!(decode(empty.as_bytes(), Index(0)), Err(LeafError::Signatures)));
        let short = two.replace("Pw==", "");
        assert!(decode(short.as_bytes(), Index(0)).unwrap_err().to_string().contains("64 bytes in base64"));
    }

    #[test]
    fn an_act_of_the_register_has_these_bytes() {
        use crate::event::{BodyId, Limits};
        let limits = Limits {
            acts: Some([ActKind::StatusGranted, ActKind::ApplicationFiled].into()),
            bodies: Some([BodyId::parse("sco").unwrap(), BodyId::parse("nato").unwrap()].into()),
            registrar: true,
        };
        let id = EventId(Uuid::from_u128(1));
        let key = "desk+9251c011+Ab".to_owned();
        let act = Act::RecorderEnrolled(Box::new(Enrolment { key, limits }));
        let event = Event::new(id, act, BodyId::ledger());
        let bytes = String::from_utf8(encode_event(&event).unwrap()).unwrap();
        let golden = concat!(
            r#"{"act":"recorder-enrolled","body":"ledger","enrolment":{"key":"desk+9251c011+Ab","limits":"#,
            r#"{"acts":["application-filed","status-granted"],"bodies":["nato","sco"],"registrar":true}},"#,
            r#""id":"00000000-0000-0000-0000-000000000001"}"#
        );
        assert_eq!(bytes, golden);
        assert_eq!(decode_draft(golden.as_bytes(), id).unwrap(), event);
        let empty = golden.replace("[\"nato\",\"sco\"]", "[]");
        assert!(decode_draft(empty.as_bytes(), id).unwrap_err().to_string().contains("an empty list"));
    }

    #[test]
    fn a_leaf_is_what_an_independent_rfc_8785_writer_makes_of_it() {
        let mut event = sample();
        let now = [(FieldName(Field::Date(Role::Signed)), "2023-05-05".to_owned())].into();
        let was = [(FieldName(Field::Title), "Ä\u{2028}\u{1f600}\\".to_owned())].into();
        event.act = Act::RecordCorrected(Correction { cause: Cause::NewEvidence, now, was });
        event.sequence = Some(7);
        event.rival = Rival::parse("a:b");
        let leaf = leaf(&event);
        let value: serde_json::Value = serde_json::from_slice(&leaf).unwrap();
        assert_eq!(serde_json_canonicalizer::to_vec(&value).unwrap(), leaf);
        check_canonical(&leaf).unwrap();
        assert_eq!(*decode(&leaf, Index(3)).unwrap().event, event);
    }

    #[test]
    fn other_spellings_of_the_same_event_are_not_canonical() {
        for (from, to) in
            [("\"v\":1", "\"v\": 1"), ("é", "\\u00e9"), ("00.000000Z", "00Z"), ("\"act\"", " \"act\"")]
        {
            let leaf = GOLDEN.replace(from, to);
            assert!(matches!(check_canonical(leaf.as_bytes()), Err(LeafError::NotCanonical)), "{leaf}");
        }
    }

    #[test]
    fn a_later_format_and_an_unknown_field_are_told_apart() {
        let later = GOLDEN.replace("\"v\":1}", "\"v\":3}");
        assert!(matches!(decode(later.as_bytes(), Index(0)), Err(LeafError::Version(3))));
        let field = GOLDEN.replace("\"note\"", "\"mood\"");
        let error = decode(field.as_bytes(), Index(0)).unwrap_err().to_string();
        assert!(error.contains("unknown field `mood`"), "{error}");
    }

    #[test]
    fn a_payload_of_another_act_is_refused() {
        let stray = GOLDEN.replace("\"id\"", "\"form\":\"accession\",\"id\"");
        assert!(matches!(decode(stray.as_bytes(), Index(0)), Err(LeafError::Payload { .. })));
        let missing = GOLDEN.replace("partnership-memorandum-signed", "record-corrected");
        assert!(matches!(decode(missing.as_bytes(), Index(0)), Err(LeafError::Payload { .. })));
    }

    #[test]
    fn an_event_too_large_for_an_entry_bundle_is_refused() {
        let mut event = sample();
        event.note = Some("x".repeat(LEAF_BYTES_MAX));
        assert!(matches!(encode_event(&event), Err(LeafError::TooLarge { .. })));
    }
}
