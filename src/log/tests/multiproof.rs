//! Proofs for several leaves and for names, against a tree that is computed in full.

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::super::{
    Frontier, Hash, LeafHashes, Lookup, Member, ShownMembers, leaf_hash, members_root, places_of, prove_many,
    prove_members, root_of_many,
};

fn hashes(size: u64) -> Vec<Hash> {
    (0..size).map(|n| leaf_hash(&n.to_le_bytes())).collect()
}

fn root(leaves: &[Hash]) -> Hash {
    let mut tree = Frontier::default();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree.root()
}

/// A tree and some of its places.
fn case() -> impl Strategy<Value = (u64, Vec<u64>)> {
    (0u64..70).prop_flat_map(|size| {
        let all: Vec<u64> = (0..size).collect();
        (Just(size), subsequence(all, 0..=size as usize))
    })
}

proptest! {
    #[test]
    fn any_leaves_of_any_tree_lead_to_its_root_and_changed_ones_do_not((size, places) in case(), change in any::<prop::sample::Index>()) {
        let leaves = hashes(size);
        let tree = LeafHashes::new(hashes(size + 9));
        let proof = prove_many(&tree, &places, size).unwrap();
        let known: Vec<(u64, Hash)> = places.iter().map(|at| (*at, leaves[*at as usize])).collect();
        prop_assert_eq!(root_of_many(size, &known, &proof), Some(root(&leaves)));
        if !known.is_empty() {
            let mut other = known.clone();
            other[change.index(known.len())].1 = leaf_hash(b"another");
            prop_assert_ne!(root_of_many(size, &other, &proof), Some(root(&leaves)));
            let mut fewer = known.clone();
            fewer.remove(change.index(known.len()));
            prop_assert_ne!(root_of_many(size, &fewer, &proof), Some(root(&leaves)));
        }
        if !proof.is_empty() {
            let mut other = proof.clone();
            other[change.index(proof.len())] = leaf_hash(b"another");
            prop_assert_ne!(root_of_many(size, &known, &other), Some(root(&leaves)));
            prop_assert_ne!(root_of_many(size, &known, &proof[1..]), Some(root(&leaves)));
        }
        let more = [&proof[..], &[leaf_hash(b"more")]].concat();
        prop_assert_eq!(root_of_many(size, &known, &more), None);
    }

    #[test]
    fn a_name_is_shown_to_be_there_or_not_to_be_there(names in prop::collection::btree_set("[a-e]{0,3}", 0..12), asked in "[a-e]{0,3}") {
        let member = |name: &String| Member { name: name.clone(), size: 1, root: leaf_hash(name.as_bytes()) };
        let members: Vec<Member> = names.iter().map(member).collect();
        let places: Vec<u64> = places_of(&members, &asked).into_iter().map(|at| at as u64).collect();
        let proof = prove_members(&members, &places).unwrap();
        let shown: Vec<(u64, Member)> = places.iter().map(|at| (*at, members[*at as usize].clone())).collect();
        let (size, root) = (members.len() as u64, members_root(&members));
        let checked = ShownMembers::check(size, root, shown.clone(), &proof).unwrap();
        let expected = names.get(&asked).map(member);
        let found = match checked.find(&asked) {
            Lookup::Present(member) => Some(member.clone()),
            Lookup::Absent => None,
            Lookup::NotShown => panic!("{asked:?} is not shown"),
        };
        prop_assert_eq!(found, expected);
        // A name at another position is not reported as absent.
        for name in names.iter().filter(|name| !shown.iter().any(|(_, member)| member.name == **name)) {
            prop_assert_eq!(checked.find(name), Lookup::NotShown);
        }
        if let [(first, one), (second, other)] = shown.as_slice() {
            let swapped = vec![(*first, other.clone()), (*second, one.clone())];
            prop_assert_eq!(ShownMembers::check(size, root, swapped, &proof), None);
        }
    }
}

#[test]
fn places_that_are_not_there_have_no_proof() {
    let tree = LeafHashes::new(hashes(10));
    assert_eq!(prove_many(&tree, &[10], 10), None);
    assert_eq!(prove_many(&tree, &[3, 3], 10), None);
    assert_eq!(prove_many(&tree, &[4, 3], 10), None);
    assert_eq!(prove_many(&tree, &[3], 11), None);
    assert_eq!(root_of_many(2, &[(2, leaf_hash(b"x"))], &[leaf_hash(b"y")]), None);
}
