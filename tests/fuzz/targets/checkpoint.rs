#![no_main]
//! Heads: a text that is taken has one form, and none verifies that its key did not sign.

use std::sync::LazyLock;

use chancery::log::{SignedCheckpoint, VerifierKey};
use libfuzzer_sys::fuzz_target;

static KEY: LazyLock<VerifierKey> =
    LazyLock::new(|| VerifierKey::parse(include_str!("../seeds/key.pub").trim()).expect("a key"));
/// Every head that the key signed.
static SIGNED: LazyLock<Vec<SignedCheckpoint>> = LazyLock::new(|| {
    let texts = [include_str!("../seeds/checkpoint/5"), include_str!("../seeds/checkpoint/7")];
    texts.map(|text| SignedCheckpoint::parse(text).expect("a head")).to_vec()
});

fuzz_target!(|text: &str| {
    let Ok(signed) = SignedCheckpoint::parse(text) else { return };
    assert_eq!(signed.to_string(), text);
    if signed.verify(&KEY).is_ok() {
        assert!(SIGNED.iter().any(|true_head| true_head.head == signed.head), "a forged head verifies");
    }
    if let Some((groups, root)) = signed.head.completeness() {
        assert_eq!(signed.head.clone().with_completeness(groups, root).completeness(), Some((groups, root)));
    }
});
