//! A completeness map made from an earlier one equals the map made anew.

use super::mapped::publish;
use super::*;

fn anew(tables: &Tables) -> GroupMap {
    tables.group_map(None, &hash, &|| true).unwrap().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_map_brought_up_from_any_earlier_size_is_the_map_made_anew(
        mut seeds in prop::collection::vec(seed(), 2..300),
        imports in 0..200usize,
        mut sizes in prop::array::uniform3(any::<prop::sample::Index>()),
        is_published: bool,
        flipped: prop::sample::Index,
    ) {
        // Every import is a group of its own, so that groups fill several blocks.
        seeds.iter_mut().take(imports).for_each(|seed| seed.kind = 5);
        let entries = record(&seeds);
        let of = |index: &prop::sample::Index| index.index(entries.len() + 1);
        sizes.sort_by_key(of);
        let [stored, before, now] = [0, 1, 2].map(|at| of(&sizes[at]));
        let dir = tempfile::tempdir().unwrap();
        let mut tables = Tables::default();
        push_up_to(&mut tables, &entries, stored);
        if is_published && stored > 0 {
            tables = publish(&tables, dir.path());
        }
        push_up_to(&mut tables, &entries, before);
        let known = anew(&tables);
        let bytes = known.encode().unwrap();
        prop_assert_eq!(GroupMap::decode(&bytes), Some(known.clone()));
        push_up_to(&mut tables, &entries, now);
        let map = tables.group_map(Some(&known), &hash, &|| true).unwrap().unwrap();
        prop_assert_eq!(&map, &anew(&tables));
        prop_assert_eq!((map.groups(), map.root()), tables.completeness(&hash).unwrap());
        prop_assert_eq!(map.size(), tables.size());
        // A flipped bit is noticed; if the checksum is forged too and the root is as before, the new map is right.
        let mut forged = bytes.clone();
        let at = flipped.index(forged.len() - 4);
        forged[at] ^= 1;
        prop_assert_eq!(GroupMap::decode(&forged), None);
        let end = forged.len() - 4;
        let sum = crc32c::crc32c(&forged[..end]).to_le_bytes();
        forged[end..].copy_from_slice(&sum);
        let same = |forged: &GroupMap| (forged.groups(), forged.root(), forged.size()) == (known.groups(), known.root(), known.size());
        if let Some(forged) = GroupMap::decode(&forged).filter(same) {
            prop_assert_eq!(tables.group_map(Some(&forged), &hash, &|| true).unwrap().unwrap().root(), map.root());
        }
    }
}

#[test]
fn a_number_that_is_spelt_longer_is_no_map() {
    let summed = |body: &[u8]| [body, &crc32c::crc32c(body).to_le_bytes()].concat();
    let header = b"CHANCMAP\x01";
    let sound = [header.as_slice(), &[9, 1, 0], &[7; 32]].concat();
    assert_eq!(GroupMap::decode(&summed(&sound)).map(|map| (map.size(), map.groups())), Some((Size(9), 1)));
    let longer = [header.as_slice(), &[0x89, 0, 1, 0], &[7; 32]].concat();
    assert_eq!(GroupMap::decode(&summed(&longer)), None);
    // A map is refused too if its groups are not in the order of their names, or if one comes twice.
    let group = |name: u8| [&[1, name, 3], [5; 32].as_slice()].concat();
    let of = |names: [u8; 2]| {
        [header.as_slice(), &[9, 2, 2], &group(names[0]), &group(names[1]), &[7; 32]].concat()
    };
    assert!(GroupMap::decode(&summed(&of(*b"ab"))).is_some());
    for names in [*b"ba", *b"aa"] {
        assert_eq!(GroupMap::decode(&summed(&of(names))), None);
    }
}
