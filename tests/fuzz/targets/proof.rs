#![no_main]
//! Proofs and requests to witnesses: a text that is taken has one form, and what a proof shows is true.

use std::sync::LazyLock;

use chancery::log::{Claim, Frontier, ProofText, VerifierKey, leaf_hash};
use chancery::witness::Request;
use libfuzzer_sys::fuzz_target;

static KEY: LazyLock<VerifierKey> =
    LazyLock::new(|| VerifierKey::parse(include_str!("../seeds/key.pub").trim()).expect("a key"));
/// Every leaf of the log whose heads the key signed.
static LEAVES: LazyLock<Vec<&'static [u8]>> =
    LazyLock::new(|| include_str!("../seeds/leaves.jsonl").lines().map(str::as_bytes).collect());

fn tree(size: u64) -> Frontier {
    let mut tree = Frontier::default();
    LEAVES.iter().take(size as usize).for_each(|leaf| tree.push(leaf_hash(leaf)));
    tree
}

fuzz_target!(|text: &str| {
    if let Ok(request) = Request::parse(text) {
        assert_eq!(request.to_string(), text);
    }
    let Ok(proof) = ProofText::parse(text) else { return };
    assert_eq!(proof.to_string(), text);
    // A proof without its leaf is tried with each.
    let tried = LEAVES.iter().map(|leaf| Some(*leaf)).chain([None]);
    for given in tried.filter(|given| proof.verify(&KEY, *given).is_ok()) {
        let head = &proof.checkpoint.head;
        assert_eq!(tree(head.size).root(), head.root, "a forged head verifies");
        match &proof.claim {
            Claim::Inclusion { index, leaf } => {
                let shown = leaf.as_deref().or(given).expect("a leaf is shown");
                assert_eq!(LEAVES[*index as usize], shown, "a leaf is shown where it does not stand");
            }
            Claim::Consistency { old, root } => {
                assert_eq!(tree(*old).root(), *root, "another log is continued")
            }
        }
    }
});
