//! Cosignatures: their bytes, compared with another implementation of signed notes, and with every bit changed.

use ed25519_dalek::Verifier as _;
use signed_note::{Verifier, VerifierList};

use super::super::{
    Checkpoint, CosignerKey, CosigningKey, Hash, KeyTextError, Signature, SignatureError, SignedCheckpoint,
    SigningKey, VerifierKey,
};
use super::ORIGIN;

const TIME: u64 = 1_679_315_147;

fn witness() -> CosigningKey {
    CosigningKey::from_seed("witness.example/w1", &[9; 32]).unwrap()
}

fn head() -> Checkpoint {
    Checkpoint::new(ORIGIN, 2, Hash([1; 32])).with_completeness(3, Hash([2; 32]))
}

fn cosigned() -> SignedCheckpoint {
    let mut signed = SignedCheckpoint::sign(head(), &SigningKey::from_seed(ORIGIN, &[7; 32]));
    signed.add(witness().cosign(&signed.head, TIME));
    signed
}

#[test]
fn a_cosigned_checkpoint_and_the_key_of_its_witness_are_these_texts() {
    // Python's cryptography package made the same from the specification alone.
    insta::assert_snapshot!(cosigned().to_string(), @"
    example.org/chancery
    2
    AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=
    completeness 3 AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=

    — example.org/chancery FmMXq0AK/V2GBo0kgDowhizwuYpEd8g/K3pHe0Up+8BcCeNzrXUkkwWYxhIno5EFCzGYeEDTXkGrWgewZU4reZgwEgY=
    — witness.example/w1 JLXZ/gAAAABkGFDLnbUtb/KJfqjRb9r/CKVg2ICCoHQ+p0Czghw6Et6LOwymkdMNkZNBV9wK0kTx7fh2PIOIeykgQfU9NAN2Sjs8Bg==
    ");
    insta::assert_snapshot!(witness().cosigner().to_string(), @"witness.example/w1+24b5d9fe+BP0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY");
    insta::assert_snapshot!(witness().secret_text(), @"PRIVATE+KEY+witness.example/w1+24b5d9fe+BAkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ");
    assert_eq!(SignedCheckpoint::parse(&cosigned().to_string()), Ok(cosigned()));
    assert_eq!(CosignerKey::parse(&witness().cosigner().to_string()).as_ref(), Ok(witness().cosigner()));
    assert_eq!(CosigningKey::parse(&witness().secret_text()).unwrap().cosigner(), witness().cosigner());
    assert_eq!(witness().cosigner().cosigned(&cosigned()), Ok(Some(TIME)));
}

/// Cosignatures as C2SP tlog-cosignature has them, written anew for another implementation of signed notes.
struct Theirs(ed25519_dalek::VerifyingKey);

impl Verifier for Theirs {
    fn name(&self) -> &str {
        "witness.example/w1"
    }

    fn key_id(&self) -> u32 {
        let mut key = vec![4];
        key.extend(self.0.as_bytes());
        signed_note::key_id(self.name(), &key)
    }

    fn verify(&self, msg: &[u8], sig: &[u8]) -> bool {
        let (time, signature) = sig.split_at(8);
        let mut signed = b"cosignature/v1\ntime ".to_vec();
        signed.extend(u64::from_be_bytes(time.try_into().unwrap()).to_string().bytes());
        signed.push(b'\n');
        signed.extend(msg);
        self.0.verify(&signed, &signature.try_into().unwrap()).is_ok()
    }
}

#[test]
fn another_implementation_of_signed_notes_verifies_ours() {
    let public = ed25519_dalek::SigningKey::from_bytes(&[9; 32]).verifying_key();
    let note = signed_note::Note::from_bytes(cosigned().to_string().as_bytes()).unwrap();
    let (verified, others) = note.verify(&VerifierList::new(vec![Box::new(Theirs(public))])).unwrap();
    assert_eq!((verified.len(), others.len()), (1, 1));
    let mut changed = cosigned();
    changed.head.size = 3;
    let note = signed_note::Note::from_bytes(changed.to_string().as_bytes()).unwrap();
    assert!(note.verify(&VerifierList::new(vec![Box::new(Theirs(public))])).is_err());
}

#[test]
fn no_changed_bit_of_a_cosigned_checkpoint_is_counted() {
    let (text, log) = (cosigned().to_string(), SigningKey::from_seed(ORIGIN, &[7; 32]));
    let (mut refused, mut foreign) = (0, 0);
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            let Ok(parsed) = SignedCheckpoint::parse(&changed) else {
                refused += 1;
                continue;
            };
            let (by_log, by_witness) =
                (parsed.verify(log.verifier()), witness().cosigner().cosigned(&parsed));
            match by_witness {
                Ok(Some(_)) => assert!(by_log.is_err() && parsed.head == head(), "{changed}"),
                Ok(None) => foreign += 1,
                Err(error) => {
                    assert_eq!(error, SignatureError::Cosignature("witness.example/w1".into()));
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 1000 && foreign > 50, "{refused} {foreign}");
}

#[test]
fn a_cosignature_holds_for_its_key_its_head_and_its_time_only() {
    let signed = cosigned();
    let other = CosigningKey::from_seed("witness.example/w1", &[8; 32]).unwrap();
    assert_eq!(other.cosigner().cosigned(&signed), Ok(None));
    let renamed = CosigningKey::from_seed("witness.example/w2", &[9; 32]).unwrap();
    assert_eq!(renamed.cosigner().cosigned(&signed), Ok(None));
    assert!(renamed.cosigner().has_key_of(witness().cosigner()));
    // Later lines of the same witness are no fault, and the latest time is returned; a wrong line is a fault.
    let mut twice = signed.clone();
    twice.add(witness().cosign(&signed.head, TIME + 60));
    twice.add(witness().cosign(&signed.head, TIME));
    assert_eq!((twice.signatures().len(), witness().cosigner().cosigned(&twice)), (3, Ok(Some(TIME + 60))));
    twice.add(witness().cosign(&Checkpoint::new(ORIGIN, 3, Hash([1; 32])), TIME));
    assert!(witness().cosigner().cosigned(&twice).is_err());
    // Other programs cannot use a time beyond 63 bits, even if it is signed.
    let mut late = signed.clone().with_only(|_| false);
    late.add(witness().cosign(&signed.head, 1 << 63));
    assert!(witness().cosigner().cosigned(&late).is_err());
    // A log's signature is not a witness's, even if both have the same secret.
    let of_log = SigningKey::from_seed("witness.example/w1", &[9; 32]);
    let head = Checkpoint::new("witness.example/w1", 2, Hash([1; 32]));
    assert_eq!(witness().cosigner().cosigned(&SignedCheckpoint::sign(head, &of_log)), Ok(None));
}

#[test]
fn the_keys_of_logs_and_of_witnesses_are_told_apart() {
    let log = SigningKey::from_seed(ORIGIN, &[7; 32]);
    assert_eq!(CosignerKey::parse(&log.verifier().to_string()), Err(KeyTextError::Kind("log", "witness")));
    let line = witness().cosigner().to_string();
    assert_eq!(VerifierKey::parse(&line), Err(KeyTextError::Kind("witness", "log")));
    assert!(matches!(CosigningKey::parse(&log.secret_text()), Err(KeyTextError::Secret)));
    assert!(CosigningKey::from_seed("with a space", &[7; 32]).is_err());
    assert!(Signature::parse("no dash").is_none());
}
