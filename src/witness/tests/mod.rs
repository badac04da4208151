//! Witnesses, policies and memories: by table, against a brute-force model, with crashes and damage.

mod folder;
mod memory;
mod policy;

use crate::log::{
    Checkpoint, Claim, Frontier, Hash, LeafHashes, ProofText, SignedCheckpoint, SigningKey, VerifierKey,
    leaf_hash, prove_consistency,
};

use super::{Relation, Request, WitnessRefusal, decide, relate};

const ORIGIN: &str = "example.org/log";

fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[7; 32])
}

fn verifier() -> VerifierKey {
    key().verifier().clone()
}

/// A history of a log: from `differs` on, its leaves differ from those of another branch.
struct History {
    leaves: Vec<Hash>,
}

impl History {
    fn of(size: u64, differs: u64, branch: &str) -> History {
        let leaf = |n| leaf_hash(format!("{n} {}", if n < differs { "" } else { branch }).as_bytes());
        History { leaves: (0..size).map(leaf).collect() }
    }

    fn head(&self, size: u64) -> SignedCheckpoint {
        let mut tree = Frontier::default();
        self.leaves.iter().take(size as usize).for_each(|leaf| tree.push(*leaf));
        SignedCheckpoint::sign(Checkpoint::new(ORIGIN, size, tree.root()), &key())
    }

    fn hashes(&self, old: u64, size: u64) -> Vec<Hash> {
        if old == 0 {
            return Vec::new();
        }
        prove_consistency(&LeafHashes::new(self.leaves.clone()), old, size).unwrap()
    }

    fn request(&self, old: u64, size: u64) -> Request {
        Request { old, proof: self.hashes(old, size), checkpoint: self.head(size) }
    }

    fn growth(&self, old: u64, size: u64) -> ProofText {
        let claim = Claim::Consistency { old, root: self.head(old).head.root };
        let proof = ProofText { claim, hashes: self.hashes(old, size), checkpoint: self.head(size) };
        proof.verify(&verifier(), None).unwrap();
        proof
    }
}

#[test]
fn a_request_is_read_as_it_is_written_and_has_one_spelling() {
    let log = History::of(9, 9, "");
    let request = log.request(6, 9);
    let text = request.to_string();
    assert_eq!(Request::parse(&text), Ok(request));
    assert!(text.starts_with("old 6\n") && text.contains("\n\nexample.org/log\n9\n"), "{text}");
    for (from, to) in [
        ("old 6\n", "old 06\n"),
        ("old 6\n", "old +6\n"),
        ("old 6\n", "old  6\n"),
        ("old 6\n", "6\n"),
        ("old 6\n", ""),
        ("=\n", "\n"),
        ("\n\n", "\n"),
        ("\nexample.org/log\n9\n", "\nexample.org/log\n09\n"),
    ] {
        assert!(Request::parse(&text.replacen(from, to, 1)).is_err(), "{to}");
    }
    let many = |n| format!("old 6\n{}\n{}", format!("{}\n", Hash([0; 32])).repeat(n), log.head(9));
    assert!(Request::parse(&many(63)).is_ok());
    assert_eq!(Request::parse(&many(64)), Err((65, "more hashes than a request may have")));
    assert_eq!(Request::parse(&text[..text.len() - 1]), Err((10, "the last line does not end")));
}

#[test]
fn a_witness_decides_by_this_table() {
    let (log, other) = (History::of(9, 9, ""), History::of(9, 4, "other"));
    let nothing = Checkpoint::new(ORIGIN, 0, Frontier::default().root());
    let (five, keys) = (log.head(5).head, [verifier()]);
    let says = |last: &Checkpoint, request: &Request| decide(last, &keys, request);
    // The first head, the next, the same again.
    assert_eq!(says(&nothing, &log.request(0, 5)), Ok(()));
    assert_eq!(says(&nothing, &log.request(0, 0)), Ok(()));
    assert_eq!(says(&five, &log.request(5, 9)), Ok(()));
    assert_eq!(says(&five, &log.request(5, 5)), Ok(()));
    // 400
    let backwards = Request { old: 9, ..log.request(5, 5) };
    assert_eq!(says(&five, &backwards), Err(WitnessRefusal::Backwards { old: 9, size: 5 }));
    // 403: unsigned, of another key.
    let mut unsigned = log.request(5, 9);
    unsigned.checkpoint = unsigned.checkpoint.with_only(|_| false);
    assert!(matches!(says(&five, &unsigned), Err(WitnessRefusal::Signature(_))));
    let thief = SigningKey::from_seed(ORIGIN, &[8; 32]);
    let forged =
        Request { checkpoint: SignedCheckpoint::sign(log.head(9).head, &thief), ..log.request(5, 9) };
    assert!(matches!(says(&five, &forged), Err(WitnessRefusal::Signature(_))));
    // One of several keys of a log is enough.
    assert_eq!(decide(&five, &[verifier(), thief.verifier().clone()], &forged), Ok(()));
    // 404
    assert_eq!(decide(&five, &[], &log.request(5, 9)), Err(WitnessRefusal::Unknown(ORIGIN.into())));
    // 409: from another size, smaller or larger; another head of the same size.
    for old in [0, 3, 6] {
        assert_eq!(says(&five, &log.request(old, 9)), Err(WitnessRefusal::Conflict { size: 5 }));
    }
    assert_eq!(says(&five, &log.request(0, 3)), Err(WitnessRefusal::Conflict { size: 5 }));
    assert_eq!(says(&five, &other.request(5, 5)), Err(WitnessRefusal::Forked { size: 5 }));
    // 422: another history, the proof for another size, one hash changed, one too many, none.
    let unproven = Err(WitnessRefusal::Unproven { old: 5, size: 9 });
    assert_eq!(says(&five, &other.request(5, 9)), unproven);
    assert_eq!(says(&five, &Request { proof: log.hashes(4, 9), ..log.request(5, 9) }), unproven);
    assert_eq!(says(&five, &Request { proof: log.hashes(5, 8), ..log.request(5, 9) }), unproven);
    let proof = log.hashes(5, 9);
    for at in 0..proof.len() {
        let mut changed = proof.clone();
        changed[at].0[31] ^= 1;
        assert_eq!(says(&five, &Request { proof: changed, ..log.request(5, 9) }), unproven);
    }
    let longer = [proof.clone(), vec![proof[0]]].concat();
    assert_eq!(says(&five, &Request { proof: longer, ..log.request(5, 9) }), unproven);
    assert_eq!(says(&five, &Request { proof: Vec::new(), ..log.request(5, 9) }), unproven);
    let first = Request { proof, ..log.request(0, 9) };
    assert_eq!(says(&nothing, &first), Err(WitnessRefusal::Unproven { old: 0, size: 9 }));
    // The same head with hashes that prove nothing.
    let padded = Request { proof: vec![Hash([0; 32])], ..log.request(5, 5) };
    assert_eq!(says(&five, &padded), Err(WitnessRefusal::Unproven { old: 5, size: 5 }));
}

#[test]
fn two_heads_are_of_one_history_only_where_a_proof_says_so() {
    let (log, other) = (History::of(9, 9, ""), History::of(9, 4, "other"));
    let head = |history: &History, size| history.head(size).head;
    for (a, b) in [(3, 9), (5, 9), (4, 8), (1, 2)] {
        let growth = [log.growth(a, b)];
        assert_eq!(relate(&head(&log, a), &head(&log, b), &growth), Relation::Grown);
        assert_eq!(relate(&head(&log, b), &head(&log, a), &growth), Relation::Grown);
        assert_eq!(relate(&head(&log, a), &head(&log, b), &[]), Relation::NotShown);
    }
    assert_eq!(relate(&head(&log, 5), &head(&log, 5), &[]), Relation::Same);
    assert_eq!(relate(&head(&log, 5), &head(&other, 5), &[]), Relation::Forked);
    // The histories differ from 4 on: the first three entries are the same in both.
    assert_eq!(relate(&head(&log, 3), &head(&other, 9), &[other.growth(3, 9)]), Relation::Grown);
    assert_eq!(relate(&head(&log, 5), &head(&other, 9), &[other.growth(5, 9)]), Relation::Forked);
    assert_eq!(relate(&head(&log, 5), &head(&other, 9), &[log.growth(5, 9)]), Relation::NotShown);
    assert_eq!(relate(&head(&log, 5), &head(&log, 9), &[log.growth(4, 9)]), Relation::NotShown);
    // Both heads have one root, but another map; a head of an earlier program states no map.
    let mapped = |n| head(&log, 5).with_completeness(2, Hash([n; 32]));
    assert_eq!(relate(&mapped(1), &mapped(1), &[]), Relation::Same);
    assert_eq!(relate(&mapped(1), &mapped(2), &[]), Relation::Forked);
    assert_eq!(relate(&mapped(1), &head(&log, 5), &[]), Relation::Same);
    assert_eq!(relate(&head(&log, 0), &head(&other, 9), &[]), Relation::Grown);
}
