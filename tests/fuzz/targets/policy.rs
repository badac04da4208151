#![no_main]
//! Policies of witnesses: a quorum is met by none but true cosignatures. Also the policies that rank accounts of a dispute.

use std::sync::LazyLock;

use chancery::log::SignedCheckpoint;
use chancery::query::Policy;
use chancery::witness::WitnessPolicy;
use libfuzzer_sys::fuzz_target;

static HEAD: LazyLock<SignedCheckpoint> =
    LazyLock::new(|| SignedCheckpoint::parse(include_str!("../seeds/checkpoint/7")).expect("a head"));

fuzz_target!(|text: &str| {
    if let Ok(policy) = WitnessPolicy::parse(text) {
        assert!(policy.witnesses().len() < 64);
        // No witness has cosigned this head: nothing but a quorum of none is met.
        let judgement = policy.judge(&HEAD).expect("no line of a witness is there that could be wrong");
        assert!(judgement.cosigned.is_empty());
        let asks_nothing = text.lines().any(|line| {
            let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
            words.next() == Some("quorum") && words.next() == Some("none")
        });
        assert_eq!(judgement.lacking.is_empty(), asks_nothing, "{:?}", judgement.lacking);
        // A further line is never less than the text it follows; comments and empty lines say nothing.
        assert_eq!(WitnessPolicy::parse(&format!("# a comment\n\n{text}")).as_ref(), Ok(&policy));
        assert!(WitnessPolicy::parse(&format!("{text}\nquorum none")).is_err(), "a second quorum");
    }
    let _ = Policy::parse(text);
});
