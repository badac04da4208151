#![no_main]
//! Certificates: none verifies but those that are true. Who forges one can write its digest anew, and so does this.

use std::sync::LazyLock;

use chancery::certificate::verify;
use chancery::log::VerifierKey;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

static KEY: LazyLock<VerifierKey> =
    LazyLock::new(|| VerifierKey::parse(include_str!("../seeds/key.pub").trim()).expect("a key"));
/// The answers that the log of the key gives.
static ANSWERS: LazyLock<Vec<serde_json::Value>> = LazyLock::new(|| {
    let texts = [
        include_str!("../seeds/certificate/status"),
        include_str!("../seeds/certificate/in-force"),
        include_str!("../seeds/certificate/roster"),
        include_str!("../seeds/certificate/past"),
    ];
    let answer = |text: &str| verify(text, &KEY, "another program").expect("a true certificate").answer;
    texts.map(answer).map(without_question).to_vec()
});

/// What is answered. If only the question is changed, into one of which this is true word for word, as on a day before, the
/// certificate is a true one of that question (docs/SECURITY.md).
fn without_question(mut answer: serde_json::Value) -> serde_json::Value {
    answer.as_object_mut().map(|parts| parts.remove("question"));
    answer
}

/// The text with the digest of what it says now.
fn sealed(text: &str) -> Option<String> {
    let (body, _) = text.rsplit_once(",\"sha256\":\"")?;
    let digest: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{body},\"sha256\":\"{digest}\"}}\n"))
}

fuzz_target!(|text: &str| {
    let sealed = sealed(text);
    let text = sealed.as_deref().unwrap_or(text);
    if let Ok(verified) = verify(text, &KEY, "chancery 0.1.0") {
        let answer = without_question(verified.answer.clone());
        assert!(ANSWERS.contains(&answer), "a forged answer verifies: {}", verified.answer);
        assert!(
            text.contains(&verified.answer.to_string()),
            "the answer that is verified is not the one written"
        );
    }
});
