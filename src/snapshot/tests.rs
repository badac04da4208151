//! The bytes of a part, as the format states them: what is published must be read by the program that comes next.

use std::sync::Arc;

use super::map::BLOCK_BYTES;
use super::part::Part;
use super::{Draft, OnDay, PairKey, RowDraft, StoredReading};
use crate::event::{BodyId, Day, EventId, Index, ParticipantId, StatusId};
use crate::history::Certainty;
use crate::log::{Frontier, Hash, Mark};

const BEFORE: Hash = Hash([0xBB; 32]);

fn reading(certainty: Certainty, statuses: &[&str]) -> StoredReading {
    let statuses: Arc<[StatusId]> = statuses.iter().map(|id| StatusId::parse(id).unwrap()).collect();
    StoredReading { certainty, statuses }
}

/// Two bodies, one alone; a participant with two rows, and one on which the acts of others bear.
fn draft() -> Draft {
    let mut draft = Draft::default();
    (draft.places, draft.extra, draft.imports) = (vec![4_172, 4_300], vec![5], vec![(2, 4)]);
    let key = |body: &str, who: Option<&str>| -> PairKey { (body.into(), who.map(Into::into)) };
    let nobody = key("eu", None);
    let (kaz, blr) = (key("sco", Some("KAZ")), key("sco", Some("BLR")));
    draft.post(&nobody, Index(0));
    draft.post(&kaz, Index(3));
    draft.post(&kaz, Index(1));
    draft.post(&blr, Index(4));
    let id = |last: u32| EventId(uuid::Uuid::from_u128(u128::from(last) | 7 << 64));
    [0xD0, 0xC0].into_iter().zip(0..).for_each(|(last, at)| draft.name(id(last), Index(at)));
    let row = |from: i32, reading: StoredReading, entry: Option<u64>| RowDraft {
        from: Day::from_days(from),
        reading,
        entry: entry.map(Index),
    };
    let member = reading(Certainty::Certain, &["member"]);
    let open = reading(Certainty::Possible, &["member", "none"]);
    let rows = vec![row(0x1000, open, Some(1)), row(0x2000, member.clone(), Some(3))];
    draft.state(&kaz, rows, Day::from_days(0x3000), Index(3), false);
    draft.state(&blr, vec![row(0x1500, member, None)], Day::from_days(0x3100), Index(4), true);
    draft
}

fn mark() -> Mark {
    let tree = Frontier::from_roots(6, vec![Hash([1; 32]), Hash([2; 32])]).unwrap();
    Mark { tree, last: Some(Hash([3; 32])), segment: 0, offset: 4_400 }
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn sum(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).to_le_bytes()
}

#[test]
fn a_part_has_the_bytes_that_the_format_states() {
    const NONE: u32 = u32::MAX;
    let words = |all: &str, ends: &[u32]| {
        let mut table = numbers(&[ends.len() as u32]);
        table.extend(numbers(ends));
        table.extend_from_slice(all.as_bytes());
        table
    };
    // Names are BLR, KAZ, eu, sco; pairs are eu alone, BLR in sco, KAZ in sco, and the end of all.
    let never = Day::FUTURE.days().cast_unsigned();
    let pairs = [
        [2, 0, 0, 0, never, 0x7FFF_FFFF],
        [3, 1, 1, 0, 0x3100, 4 | 1 << 31],
        [3, 2, 2, 1, 0x3000, 3],
        [NONE, NONE, 4, 3, 0, 0],
    ];
    let sections = [
        words("BLRKAZeusco", &[3, 6, 8, 11]),
        pairs.iter().flat_map(|pair| numbers(pair)).collect(),
        numbers(&[0, 4, 1, 3]),
        numbers(&[0x1500, 0, NONE, 0x1000, 1, 1, 0x2000, 0, 3]),
        words("certain memberpossible member none", &[14, 34]),
        numbers(&[0xC0, 1, 0xD0, 0]),
        numbers(&[4_172, 4_300]),
        numbers(&[5]),
        numbers(&[2, 4]),
        numbers(&[0, 1, 2]),
    ];
    let mut block = Vec::new();
    let mut header = b"CHANCSNP\x01\0\0\0".to_vec();
    [0u64, 6, 0, 4_400].iter().for_each(|number| header.extend(number.to_le_bytes()));
    header.extend(BEFORE.0);
    header.extend([3; 32]);
    for section in &sections {
        header.extend((BLOCK_BYTES as u64 + block.len() as u64).to_le_bytes());
        header.extend((section.len() as u64).to_le_bytes());
        block.extend_from_slice(section);
        block.resize(block.len().next_multiple_of(8), 0);
    }
    block.resize(BLOCK_BYTES, 0);
    // The first block counts as zeros among the checksums.
    let sums = [sum(&[0; BLOCK_BYTES]), sum(&block)].concat();
    header.extend((2 * BLOCK_BYTES as u64).to_le_bytes());
    header.extend(sum(&sums));
    header.push(2);
    header.extend([1; 32]);
    header.extend([2; 32]);
    header.extend([7, 0]);
    header.extend(b"x.org/l");
    header.resize(BLOCK_BYTES - 4, 0);
    header.extend(sum(&header));
    let expected = [header, block, sums].concat();
    let bytes = draft().encode("x.org/l", BEFORE, mark()).unwrap();
    let differs = bytes.iter().zip(&expected).position(|(is, should)| is != should);
    assert_eq!((bytes.len(), differs), (expected.len(), None));
}

#[test]
fn what_was_written_into_a_part_is_read_from_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("one.part");
    std::fs::write(&path, draft().encode("x.org/l", BEFORE, mark()).unwrap()).unwrap();
    let part = Part::open(&path).unwrap();
    assert_eq!((part.first(), part.size(), part.mark(), part.before()), (0, 6, &mark(), BEFORE));
    let (sco, eu) = (BodyId::parse("sco").unwrap(), BodyId::parse("eu").unwrap());
    let who = |id: &str| ParticipantId::parse(id).unwrap();
    let kaz = part.pair(&sco, Some(&who("KAZ"))).unwrap().unwrap();
    assert_eq!(part.entries(&kaz).unwrap(), [1, 3]);
    assert_eq!((kaz.known_through, kaz.recorded_through), (Day::from_days(0x3000), Index(3)));
    let said = |day: i32| part.on(&kaz, Day::from_days(day)).unwrap();
    let member = reading(Certainty::Certain, &["member"]);
    let since = Day::from_days(0x2000);
    assert_eq!(said(0x0FFF), None);
    assert_eq!(said(0x1FFF).unwrap().reading, reading(Certainty::Possible, &["member", "none"]));
    assert_eq!(said(0x2000), Some(OnDay { reading: member, since, entry: Some(Index(3)) }));
    let blr = part.pair(&sco, Some(&who("BLR"))).unwrap().unwrap();
    assert!(blr.is_joined && !kaz.is_joined);
    assert!(part.pair(&eu, None).unwrap().unwrap().is_alone());
    assert_eq!(part.pair(&eu, Some(&who("KAZ"))).unwrap(), None);
    assert_eq!(part.of_participant(&who("KAZ")).unwrap().len(), 2);
    assert_eq!((part.extra().unwrap(), part.imports().unwrap()), (vec![5], vec![(2, 4)]));
    let found = part.candidates(EventId(uuid::Uuid::from_u128(0xC0))).unwrap();
    assert_eq!(found, [Index(1)]);
    assert_eq!((part.place(4).unwrap(), part.place(3).unwrap()), (Some(4_172), None));
}

#[test]
fn a_part_that_begins_behind_its_end_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("one.part");
    for (first, sound) in [(6, true), (7, false)] {
        let mut part = draft();
        part.first = first;
        std::fs::write(&path, part.encode("x.org/l", BEFORE, mark()).unwrap()).unwrap();
        assert_eq!(Part::open(&path).is_ok(), sound, "{first}");
    }
}
