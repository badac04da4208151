//! Keys, signed heads and proofs: against implementations that share no code with ours, and with every bit changed.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use signed_note::{StandardSigner, StandardVerifier, VerifierList};

use super::super::{
    Checkpoint, Claim, Frontier, Hash, KeyError, KeyTextError, LeafHashes, LogError, ProofError, ProofText,
    SignatureError, SignedCheckpoint, SigningKey, VerifierKey, leaf_hash, prove_consistency, prove_inclusion,
};
use super::{Folder, ORIGIN, Xorshift, add, cases, leaf, leaves};

fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[7; 32])
}

/// A log whose heads of every size are signed.
struct Proven {
    leaves: Vec<Vec<u8>>,
    hashes: LeafHashes,
    heads: Vec<SignedCheckpoint>,
}

impl Proven {
    fn of(size: u64) -> Proven {
        let leaves: Vec<_> = (0..size).map(|n| leaf(n, 30)).collect();
        let hashes = LeafHashes::new(leaves.iter().map(|leaf| leaf_hash(leaf)).collect());
        let mut tree = Frontier::default();
        let head = |tree: &Frontier| {
            let head = Checkpoint::new(ORIGIN, tree.size(), tree.root());
            SignedCheckpoint::sign(head, &key())
        };
        let mut heads = vec![head(&tree)];
        for leaf in &leaves {
            tree.push(leaf_hash(leaf));
            heads.push(head(&tree));
        }
        Proven { leaves, hashes, heads }
    }

    fn inclusion(&self, index: u64, size: u64) -> ProofText {
        let leaf = Some(self.leaves[index as usize].clone());
        let hashes = prove_inclusion(&self.hashes, index, size).unwrap();
        let checkpoint = self.heads[size as usize].clone();
        ProofText { claim: Claim::Inclusion { index, leaf }, hashes, checkpoint }
    }

    fn consistency(&self, old: u64, size: u64) -> ProofText {
        let root = self.heads[old as usize].head.root;
        let hashes = prove_consistency(&self.hashes, old, size).unwrap();
        let checkpoint = self.heads[size as usize].clone();
        ProofText { claim: Claim::Consistency { old, root }, hashes, checkpoint }
    }
}

#[test]
fn a_signed_checkpoint_and_its_key_are_these_texts() {
    let signed = Proven::of(2).heads[2].clone();
    insta::assert_snapshot!(signed.to_string(), @"
    example.org/chancery
    2
    IBDxmeq8MQ/DukC2cXPYl50CS4Yt+4oWiVXheQE2ncA=

    — example.org/chancery FmMXq0ZJumKxzAICEbXCPkPgMF/Yly4/j/mFzUUH8DOz+/fksvRH8j9ZsL/9TsJ0exCIyxEmJQhn0mLHSnq7UG9gngY=
    ");
    insta::assert_snapshot!(key().verifier().to_string(), @"example.org/chancery+166317ab+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs");
    assert_eq!(SignedCheckpoint::parse(&signed.to_string()), Ok(signed.clone()));
    assert_eq!(Checkpoint::parse(&signed.to_string()), Ok(signed.head.clone()));
    let unsigned = SignedCheckpoint::parse(&signed.head.to_string()).unwrap();
    assert_eq!(unsigned.verify(key().verifier()), Err(SignatureError::Unsigned));
    assert_eq!(VerifierKey::parse(&key().verifier().to_string()).as_ref(), Ok(key().verifier()));
}

#[test]
fn another_implementation_of_signed_notes_makes_the_same_and_verifies_ours() {
    let secret = key().secret_text();
    let signer = StandardSigner::new(secret.trim_end()).unwrap();
    for signed in Proven::of(9).heads {
        let mut theirs = signed_note::Note::new(signed.head.to_string().as_bytes(), &[]).unwrap();
        theirs.add_sigs(&[&signer]).unwrap();
        assert_eq!(String::from_utf8(theirs.to_bytes()).unwrap(), signed.to_string());
        let verifier = StandardVerifier::new(&key().verifier().to_string()).unwrap();
        let ours = signed_note::Note::from_bytes(signed.to_string().as_bytes()).unwrap();
        let (verified, unverified) = ours.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
        assert_eq!((verified.len(), unverified.len()), (1, 0));
    }
}

#[test]
fn a_signature_holds_for_its_key_and_its_log_only() {
    let signed = Proven::of(3).heads[3].clone();
    assert_eq!(signed.verify(key().verifier()), Ok(()));
    let other = SigningKey::from_seed(ORIGIN, &[8; 32]);
    assert_eq!(signed.verify(other.verifier()), Err(SignatureError::OtherKey));
    let elsewhere = SigningKey::from_seed("example.org/elsewhere", &[7; 32]);
    assert!(matches!(signed.verify(elsewhere.verifier()), Err(SignatureError::OtherLog { .. })));
    // A witness's line is no fault; the log's own line twice is one.
    let text = signed.to_string();
    let witness = format!("{text}\u{2014} witness.example AAAABBBB\n");
    assert_eq!(SignedCheckpoint::parse(&witness).unwrap().verify(key().verifier()), Ok(()));
    let twice = format!("{text}{}\n", text.lines().last().unwrap());
    assert_eq!(SignedCheckpoint::parse(&twice).unwrap().verify(key().verifier()), Err(SignatureError::Twice));
}

#[test]
fn every_change_of_a_verifier_key_is_refused_or_is_another_name() {
    let line = key().verifier().to_string();
    for at in 0..line.len() {
        for bit in 0..8 {
            let mut bytes = line.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(text) = String::from_utf8(bytes) else { continue };
            assert!(VerifierKey::parse(&text).is_err(), "{text:?}");
        }
    }
    assert_eq!(VerifierKey::parse("no key"), Err(KeyTextError::Parts));
    // The point of order one would verify signatures that nobody made.
    let weak = "example.org/x+00000000+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(VerifierKey::parse(weak), Err(KeyTextError::Part("Ed25519 key")));
}

#[test]
fn the_key_is_for_its_owner_only_and_is_never_overwritten() {
    let folder = Folder::created();
    let log = folder.writer();
    assert!(log.signing_key().unwrap().is_none());
    let made = log.create_key(&[7; 32], log.head(log.size()).unwrap()).unwrap();
    assert_eq!(made, *key().verifier());
    let mode = |path: &str| std::fs::metadata(folder.file(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("key"), 0o600);
    let refused = log.create_key(&[8; 32], log.head(log.size()).unwrap()).unwrap_err();
    assert!(matches!(refused, LogError::Key(KeyError::Present(_))), "{refused}");
    for readable in [0o640, 0o604, 0o660, 0o602] {
        std::fs::set_permissions(folder.file("key"), PermissionsExt::from_mode(readable)).unwrap();
        let refused = log.signing_key().unwrap_err();
        assert!(
            matches!(refused, LogError::Key(KeyError::Exposed { mode, .. }) if mode == readable),
            "{refused}"
        );
    }
    std::fs::set_permissions(folder.file("key"), PermissionsExt::from_mode(0o600)).unwrap();
    add(&log, &leaves(0..3));
    log.write_checkpoint().unwrap();
    let signed = SignedCheckpoint::read(&folder.file("checkpoint")).unwrap().unwrap();
    assert_eq!((signed.head.size, signed.verify(&made)), (3, Ok(())));
    let write = |text: &str| std::fs::write(folder.file("key"), text).unwrap();
    write(&SigningKey::from_seed("example.org/elsewhere", &[7; 32]).secret_text());
    assert!(matches!(log.signing_key(), Err(LogError::Key(KeyError::Foreign { .. }))));
    write(&SigningKey::from_seed(ORIGIN, &[8; 32]).secret_text());
    assert!(matches!(log.signing_key(), Err(LogError::Key(KeyError::Unlike(_)))));
    write("no key\n");
    assert!(matches!(log.signing_key(), Err(LogError::Key(KeyError::Text { .. }))));
    // A head that was signed is not replaced by one that is not.
    std::fs::remove_file(folder.file("key")).unwrap();
    assert!(matches!(log.write_checkpoint(), Err(LogError::Key(KeyError::Missing(_)))));
}

/// The verdict of `docs/verify.py` on each text, in order; `None` without Python.
fn python(texts: &[Vec<u8>]) -> Option<Vec<bool>> {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");
    let driver = "import sys, verify\nread = sys.stdin.buffer.read\nwhile True:\n    head = read(4)\n    if not head: \
                  break\n    text = read(int.from_bytes(head, 'big'))\n    try: verify.verify(text.decode(), \
                  sys.argv[1])\n    except ValueError: print('-')\n    else: print('+')\n";
    let mut child = Command::new("python3")
        .args(["-B", "-c", driver, &key().verifier().to_string()])
        .env("PYTHONPATH", docs)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .inspect_err(|e| eprintln!("left out: python3 cannot be run: {e}"))
        .ok()?;
    let mut input = child.stdin.take().unwrap();
    let bytes: Vec<u8> =
        texts.iter().flat_map(|t| [&(t.len() as u32).to_be_bytes()[..], t].concat()).collect();
    let feed = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    feed.join().unwrap().unwrap();
    assert!(output.status.success());
    Some(output.stdout.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(|l| l == b"+").collect())
}

#[test]
fn every_proof_up_to_200_entries_is_verified_here_and_by_python() {
    let log = Proven::of(200);
    let mut texts = Vec::new();
    for size in 1..=200u64 {
        let all =
            (0..size).map(|i| log.inclusion(i, size)).chain((1..=size).map(|o| log.consistency(o, size)));
        for proof in all {
            let text = proof.to_string();
            assert_eq!(ProofText::parse(&text).as_ref(), Ok(&proof), "{text}");
            texts.push((proof, text.into_bytes()));
        }
    }
    assert_eq!(texts.len(), 40_200);
    // The signatures are those of 200 heads; here one proof of each is verified whole, Python verifies all.
    for (proof, _) in texts.iter().step_by(cases(37, 1)) {
        assert_eq!(proof.verify(key().verifier(), None), Ok(()));
    }
    let texts: Vec<Vec<u8>> = texts.into_iter().map(|(_, text)| text).collect();
    if let Some(said) = python(&texts) {
        assert_eq!((said.len(), said.iter().filter(|s| !**s).count()), (40_200, 0));
    }
}

#[test]
fn python_refuses_what_was_changed() {
    let log = Proven::of(21);
    let mut random = Xorshift(0x5eed);
    let mut texts = Vec::new();
    for _ in 0..cases(400, 4000) {
        let size = 1 + random.below(21) as u64;
        let at = random.below(size as usize) as u64;
        let proof =
            if random.below(2) == 0 { log.inclusion(at, size) } else { log.consistency(at + 1, size) };
        let mut bytes = proof.to_string().into_bytes();
        let place = random.below(bytes.len());
        bytes[place] ^= 1 << random.below(8);
        texts.push(bytes);
    }
    if let Some(said) = python(&texts) {
        let passed: Vec<_> = texts.iter().zip(&said).filter(|(_, passed)| **passed).collect();
        let shown = passed.first().map(|(text, _)| String::from_utf8_lossy(text).into_owned());
        assert_eq!((said.len(), shown), (texts.len(), None));
    }
}

/// Changes single bits: one in ten, or all of them if the run is for faults.
fn flipped(proofs: impl Iterator<Item = ProofText>) -> u64 {
    let (every, mut at, mut tried, mut size) = (cases(10, 1), 0, 0, 0);
    let key = key();
    for proof in proofs {
        let mut bytes = proof.to_string().into_bytes();
        // The checkpoint under the proofs of one size is the same, and so is the effect of its changes.
        let same = std::mem::replace(&mut size, proof.checkpoint.head.size) == size && every > 1;
        let end = if same { bytes.len() - proof.checkpoint.to_string().len() } else { bytes.len() };
        for bit in 0..end * 8 {
            at += 1;
            if at % every != 0 {
                continue;
            }
            tried += 1;
            bytes[bit / 8] ^= 1 << (bit % 8);
            let passed = std::str::from_utf8(&bytes).is_ok_and(|text| {
                ProofText::parse(text).is_ok_and(|p| p.verify(key.verifier(), None).is_ok())
            });
            assert!(!passed, "{}", String::from_utf8_lossy(&bytes));
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
    tried
}

#[test]
fn every_single_bit_of_every_inclusion_proof_of_sizes_1_to_64_matters() {
    let log = Proven::of(64);
    let tried = flipped(
        (1..=64).flat_map(|size| (0..size).map(move |i| (i, size))).map(|(i, s)| log.inclusion(i, s)),
    );
    assert!(tried > 400_000, "{tried}");
}

#[test]
fn every_single_bit_of_every_consistency_proof_of_sizes_1_to_64_matters() {
    let log = Proven::of(64);
    let pairs = (1..=64).flat_map(|size| (1..=size).map(move |old| (old, size)));
    let tried = flipped(pairs.map(|(old, size)| log.consistency(old, size)));
    assert!(tried > 400_000, "{tried}");
}

#[test]
fn forged_sizes_indexes_and_paths_are_refused_without_a_panic() {
    let log = Proven::of(8);
    let mut random = Xorshift(0xf0_49ed);
    let odd =
        [0, 1, 2, 7, 8, 9, u64::from(u32::MAX), 1 << 62, 1 << 63, (1 << 63) + 1, u64::MAX - 1, u64::MAX];
    for _ in 0..cases(2000, 20_000) {
        let mut pick = || odd[random.below(odd.len())];
        let (a, size) = (pick(), pick());
        let hashes: Vec<Hash> = (0..random.below(70)).map(|n| leaf_hash(&[n as u8])).collect();
        let root = leaf_hash(b"a root");
        let head = Checkpoint::new(ORIGIN, size, root);
        let checkpoint = SignedCheckpoint::sign(head, &key());
        let claims = [
            Claim::Inclusion { index: a, leaf: Some(log.leaves[0].clone()) },
            Claim::Consistency { old: a, root: leaf_hash(b"an earlier root") },
        ];
        for claim in claims {
            let forged = ProofText { claim, hashes: hashes.clone(), checkpoint: checkpoint.clone() };
            assert!(forged.verify(key().verifier(), None).is_err(), "{forged}");
            let _ = ProofText::parse(&forged.to_string());
        }
    }
}

#[test]
fn the_first_thing_that_fails_is_named() {
    let log = Proven::of(8);
    let key = key();
    let verify = |proof: &ProofText, leaf: Option<&[u8]>| proof.verify(key.verifier(), leaf);
    let sound = log.inclusion(5, 8);
    let without = ProofText { claim: Claim::Inclusion { index: 5, leaf: None }, ..sound.clone() };
    assert_eq!(verify(&without, None), Err(ProofError::NoLeaf));
    assert_eq!(verify(&without, Some(&log.leaves[5])), Ok(()));
    assert_eq!(verify(&without, Some(&log.leaves[4])), Err(ProofError::Inclusion));
    assert_eq!(verify(&sound, Some(&log.leaves[4])), Err(ProofError::OtherLeaf));
    let longer = [sound.hashes.clone(), vec![leaf_hash(b"more")]].concat();
    assert_eq!(verify(&ProofText { hashes: longer, ..sound.clone() }, None), Err(ProofError::Inclusion));
    let unsigned = SignedCheckpoint::parse(&sound.checkpoint.head.to_string()).unwrap();
    assert_eq!(
        verify(&ProofText { checkpoint: unsigned, ..sound }, None),
        Err(ProofError::Signature(SignatureError::Unsigned))
    );
    let grown = log.consistency(3, 8);
    let claim = Claim::Consistency { old: 3, root: log.heads[4].head.root };
    assert_eq!(verify(&ProofText { claim, ..grown.clone() }, None), Err(ProofError::Consistency));
    let claim = Claim::Consistency { old: 9, root: log.heads[3].head.root };
    assert_eq!(verify(&ProofText { claim, ..grown }, None), Err(ProofError::Larger { old: 9, size: 8 }));
}
