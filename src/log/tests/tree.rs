//! The tree against an implementation that shares no code with ours.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Digest;
use sha2_11::Sha256;

use super::super::{Frontier, Hash, LeafHashes, leaf_hash, prove_consistency, prove_inclusion};
use super::leaf;

type Theirs = MemoryBackedTree<Sha256, Vec<u8>>;

fn flat(proof: Vec<Hash>) -> Vec<u8> {
    proof.into_iter().flat_map(|hash| hash.0).collect()
}

#[test]
fn the_root_of_nothing_is_the_hash_of_nothing() {
    assert_eq!(Frontier::default().root().0[..], sha2::Sha256::digest(b"")[..]);
}

#[test]
fn roots_of_every_size_are_those_of_another_implementation() {
    let (mut ours, mut theirs) = (Frontier::default(), Theirs::new());
    for size in 0..=200u64 {
        assert_eq!(ours.root().0[..], theirs.root().as_bytes()[..], "size {size}");
        let leaf = leaf(size, 10 + size as usize);
        ours.push(leaf_hash(&leaf));
        theirs.push(leaf);
    }
}

#[test]
fn a_frontier_goes_on_from_its_roots() {
    let mut whole = Frontier::default();
    for size in 0..70u64 {
        let mut resumed = Frontier::from_roots(size, whole.roots().to_vec()).unwrap();
        assert_eq!(resumed, whole);
        assert_eq!(Frontier::from_roots(size ^ 1, whole.roots().to_vec()), None);
        let next = leaf_hash(&leaf(size, 20));
        resumed.push(next);
        whole.push(next);
        assert_eq!(resumed.root(), whole.root());
    }
}

#[test]
fn inclusion_proofs_are_those_of_another_implementation() {
    let mut theirs = Theirs::new();
    let hashes = LeafHashes::new((0..200).map(|n| leaf_hash(&leaf(n, 30))).collect());
    for size in 1..=200u64 {
        theirs.push(leaf(size - 1, 30));
        for index in 0..size {
            let ours = flat(prove_inclusion(&hashes, index, size).unwrap());
            let proof = theirs.prove_inclusion(index as usize);
            assert_eq!(ours, proof.as_bytes(), "{index} in {size}");
        }
        assert!(prove_inclusion(&hashes, size, size).is_err());
    }
    assert!(prove_inclusion(&hashes, 0, 201).is_err());
}

#[test]
fn consistency_proofs_are_those_of_another_implementation() {
    let mut theirs = Theirs::new();
    let hashes = LeafHashes::new((0..200).map(|n| leaf_hash(&leaf(n, 30))).collect());
    for size in 1..=200u64 {
        theirs.push(leaf(size - 1, 30));
        for old in 1..=size {
            let ours = flat(prove_consistency(&hashes, old, size).unwrap());
            let proof = theirs.prove_consistency((size - old) as usize);
            assert_eq!(ours, proof.as_bytes(), "{old} in {size}");
        }
        assert!(prove_consistency(&hashes, size + 1, size).is_err());
    }
    assert!(prove_consistency(&hashes, 0, 200).is_err());
    assert!(prove_consistency(&hashes, 200, 201).is_err());
}
