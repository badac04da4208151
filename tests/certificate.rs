//! Answer certificates: every one verifies, every changed bit is caught, and nothing that is filed can be hidden.

use std::collections::BTreeMap;
use std::sync::Arc;

use chancery::certificate::{CertificateEvidence, CompletenessMap, make, verify};
use chancery::event::{
    BodyId, Day, Edtf, Entry, Heading, Index, Instant, KnownBy, ParticipantId, Scope, Size, filings,
    leaf::decode,
};
use chancery::ledger::{LedgerError, Reading};
use chancery::log::{Frontier, Hash, LeafHashes, SigningKey, VerifierKey, leaf_hash};
use chancery::query::{Axes, CheckpointRef, Material, status};

use crate::env::{Env, Rng, times};

const PROGRAM: &str = "chancery test";

/// The demonstration ledger, open, with its key.
struct Sco {
    env: Env,
    reading: Reading,
    key: VerifierKey,
}

impl Sco {
    fn new() -> Sco {
        let env = Env::demo();
        let reading = Reading::open(&env.ledger(), Instant::from_micros(0)).unwrap();
        let key = reading.verifier_key().unwrap();
        Sco { env, reading, key }
    }

    fn answer(&mut self, who: &str, axes: &Axes) -> String {
        let who = ParticipantId::parse(who).unwrap();
        let material = self.reading.material(&body(), Some(&who), axes.as_recorded).unwrap();
        let answer = status(&material, &who, &body(), axes).unwrap();
        serde_json::to_value(answer).unwrap().to_string()
    }

    fn certificate(&mut self, who: &str, axes: &Axes) -> String {
        let answer = self.answer(who, axes);
        self.reading.certificate(&answer, axes.as_recorded, PROGRAM).unwrap()
    }
}

fn body() -> BodyId {
    BodyId::parse("sco").unwrap()
}

fn day(text: &str) -> Day {
    Edtf::parse(text).unwrap().earliest()
}

fn on(text: &str, size: u64) -> Axes {
    Axes::on_day(day(text), None, Size(size))
}

/// A question that nobody thought of.
fn any(rng: &mut Rng, people: &[String], sizes: &[u64]) -> (String, Axes) {
    let text =
        |rng: &mut Rng| format!("{}-{:02}-{:02}", 1996 + rng.below(31), 1 + rng.below(12), 1 + rng.below(28));
    let who = people[rng.below(people.len() as u64) as usize].clone();
    let size = sizes[rng.below(sizes.len() as u64) as usize];
    let mut axes = on(&text(rng), size);
    if rng.below(2) == 0 {
        axes.as_known = Some(KnownBy::parse(&text(rng)).unwrap());
    }
    (who, axes)
}

fn people(reading: &Reading) -> Vec<String> {
    let mut people = vec!["FRA".to_owned(), "SUN".to_owned()];
    let named = |entry: Entry| people.extend(entry.event.participant.as_ref().map(ToString::to_string));
    reading.scan(Index(0), named).unwrap();
    people.sort();
    people.dedup();
    people
}

#[test]
fn every_answer_has_a_certificate_that_verifies() {
    let mut sco = Sco::new();
    let people = people(&sco.reading);
    let sizes = [10, 64, 100, 127, 128];
    let mut rng = Rng(0x5EED_CE27);
    let mut statuses = BTreeMap::new();
    for _ in 0..times(10_000) {
        let (who, axes) = any(&mut rng, &people, &sizes);
        let answer = sco.answer(&who, &axes);
        let text = sco.reading.certificate(&answer, axes.as_recorded, PROGRAM).unwrap();
        let verified = verify(&text, &sco.key, PROGRAM).unwrap();
        assert_eq!(verified.answer.to_string(), answer);
        *statuses.entry(verified.answer["status"].to_string()).or_insert(0u32) += 1;
    }
    assert!(statuses.len() >= 4, "only {statuses:?} were certified");
}

#[test]
fn any_bit_that_is_flipped_is_caught_and_its_place_is_said() {
    let mut sco = Sco::new();
    let people = people(&sco.reading);
    let mut rng = Rng(0xB17F_11B5);
    let certificates: Vec<String> = (0..8)
        .map(|_| any(&mut rng, &people, &[60, 128]))
        .map(|(who, axes)| sco.certificate(&who, &axes))
        .collect();
    let mut said: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..times(10_000) {
        let sound = &certificates[rng.below(8) as usize];
        let (at, bit) = (rng.below(sound.len() as u64) as usize, rng.below(8));
        let mut bytes = sound.clone().into_bytes();
        bytes[at] ^= 1 << bit;
        let error = match String::from_utf8(bytes) {
            Ok(text) => verify(&text, &sco.key, PROGRAM).expect_err("a flipped bit").to_string(),
            Err(error) => error.to_string(),
        };
        let kind = error.split(|c: char| c.is_ascii_digit() || c == ':').next().unwrap().to_owned();
        *said.entry(kind).or_default() += 1;
    }
    for place in ["entry ", "the certificate cannot be read", "the answer does not follow"] {
        assert!(said.keys().any(|kind| kind.starts_with(place)), "{place} in {said:?}");
    }
}

#[test]
fn a_change_of_each_part_is_named() {
    let mut sco = Sco::new();
    let sound = sco.certificate("BLR", &on("2023-07-01", 128));
    let fails = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from}");
        let error = verify(&sound.replacen(from, to, 1), &sco.key, PROGRAM).unwrap_err().to_string();
        error.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    insta::assert_snapshot!(fails("\"status\":\"observer\"", "\"status\":\"member\""), @r#"the answer does not follow from the entries: /status is "member" in the certificate, "observer" by the entries"#);
    insta::assert_snapshot!(fails("Samarkand", "Samarkond"), @"entry 76 does not have its hash: the entry or the hash was changed");
    insta::assert_snapshot!(fails("\"name\":\"BLR\"", "\"name\":\"BLS\""), @"the groups do not lead to the root of the completeness map: a group or a hash was changed");
    insta::assert_snapshot!(fails("{\"at\":0,\"entries\"", "{\"at\":1,\"entries\""), @r#"the headings of "import:71672e16-0a6c-5e7e-80bf-fb3aed58cf22" do not lead to its root: an entry was left out, or a heading or a hash was changed"#);
    insta::assert_snapshot!(fails("\\n128\\n", "\\n129\\n"), @"the entries and the hashes do not lead to the root in the checkpoint: an entry with its hash, or a hash between them, was changed");
    insta::assert_snapshot!(fails("no judgement", "a judgement"), @"the words on neutrality were changed");
    insta::assert_snapshot!(fails(PROGRAM, "chancery text"), @"what it says of the program that wrote it, or its digest, was changed");
    insta::assert_snapshot!(fails("{\"answer\"", "{ \"answer\""), @"the certificate is not in its one form from byte 1 on");
    insta::assert_snapshot!(fails("certificate@v1", "certificate@v2"), @r#"it says it is "chancery/answer-certificate@v2", this program knows "chancery/answer-certificate@v1": use a later program"#);
}

#[test]
fn a_certificate_of_another_log_or_key_is_not_verified() {
    let mut sco = Sco::new();
    let sound = sco.certificate("BLR", &on("2023-07-01", 128));
    let other = SigningKey::from_seed("chancery.demo/sco", &[9; 32]);
    assert_ne!(*other.verifier(), sco.key);
    let error = verify(&sound, other.verifier(), PROGRAM).unwrap_err().to_string();
    assert_eq!(error, "no signature under the checkpoint is of this key: the log may have another by now");
    sco.env.write("b.json", &sound);
    sco.env.write("vkey", sco.key.to_string());
    assert!(
        sco.env.sh("chancery verify - --key vkey < b.json").ok().starts_with("verified: the answer follows")
    );
    let foreign = Env::sco().run(&["key", "show"]).ok();
    let ran = sco.env.run(&["verify", "b.json", "--key", foreign.trim()]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (1, "not verified: the checkpoint is of chancery.demo/sco, the key of test/sco\n")
    );
}

#[test]
fn a_server_that_hides_an_entry_has_no_certificate() {
    let mut sco = Sco::new();
    let (mut entries, mut leaves) = (Vec::new(), Vec::new());
    for index in 0..128 {
        let leaf = sco.reading.leaf(Index(index)).unwrap();
        leaves.push(leaf_hash(&leaf));
        entries.push(decode(&leaf, Index(index)).unwrap());
    }
    let axes = on("2023-07-01", 128);
    let honest = sco.answer("BLR", &axes);
    let tree = LeafHashes::new(leaves.clone());
    let (mut lies, mut tried) = (0, 0);
    for hidden in (0..128).map(Index) {
        let map = map_without(&entries, &leaves, hidden);
        let evidence = CertificateEvidence {
            head: sco.reading.signed_head(Size(128)).unwrap(),
            map: &map,
            tree: &tree,
            program: PROGRAM,
        };
        let mut leaf = |index: Index| sco.reading.leaf(index);
        let Some(answer) = answer_without(&entries, hidden, &honest, &axes) else { continue };
        lies += u32::from(answer != honest);
        // Some entries move nothing; then the honest answer is certified with one entry too few.
        let forged = make::<LedgerError>(&answer, &evidence, &mut leaf).unwrap();
        let error = verify(&forged, &sco.key, PROGRAM).unwrap_err().to_string();
        assert!(error.starts_with("the groups do not lead to the root of the completeness map"), "{error}");
        tried += 1;
    }
    assert!(lies > 3 && tried > 120, "{lies} lies of {tried}");
}

/// The map of a server that has no trace of an entry.
fn map_without(entries: &[Entry], leaves: &[Hash], hidden: Index) -> CompletenessMap {
    let kept = filings(entries).into_iter().filter_map(|(heading, mut filed): (Heading, Vec<Index>)| {
        filed.retain(|index| *index != hidden);
        let mut tree = Frontier::default();
        filed.iter().for_each(|index| tree.push(leaves[index.0 as usize]));
        (!filed.is_empty()).then(|| (heading, filed, tree.root()))
    });
    CompletenessMap::of_filed(kept.collect::<Vec<_>>())
}

/// The answer that follows from the entries that are left.
fn answer_without(entries: &[Entry], hidden: Index, honest: &str, axes: &Axes) -> Option<String> {
    let rest: Vec<Entry> = entries.iter().filter(|entry| entry.index != hidden).cloned().collect();
    let honest: serde_json::Value = serde_json::from_str(honest).unwrap();
    let root = honest["checkpoint"]["root"].as_str().unwrap().to_owned();
    let material = Material {
        entries: Arc::new(rest),
        checkpoint: CheckpointRef { size: axes.as_recorded, root },
        charters: Arc::default(),
        scope: Scope::of_body(body()),
        given: None,
    };
    let answer = status(&material, &ParticipantId::parse("BLR").unwrap(), &body(), axes).ok()?;
    Some(serde_json::to_value(answer).unwrap().to_string())
}

#[test]
fn a_heading_that_is_left_out_or_made_closed_is_missed() {
    let mut sco = Sco::new();
    let sound = sco.certificate("BLR", &on("2023-07-01", 128));
    let mut forged: serde_json::Value = serde_json::from_str(&sound).unwrap();
    let groups = forged["filed"]["groups"].as_array_mut().unwrap();
    groups.retain(|group| group["name"] != "sco");
    let error = verify(&resealed(&forged), &sco.key, PROGRAM).unwrap_err().to_string();
    assert!(error.starts_with("the groups do not lead to the root of the completeness map"), "{error}");
    let mut forged: serde_json::Value = serde_json::from_str(&sound).unwrap();
    let entries = forged["entries"].as_array_mut().unwrap();
    entries.retain(|entry| entry["index"] != 52);
    let error = verify(&resealed(&forged), &sco.key, PROGRAM).unwrap_err().to_string();
    assert_eq!(error, "entry 52 is filed under BLR in sco, and is not in the certificate");
}

#[test]
fn a_certificate_of_another_version_may_have_fewer_members_and_none_that_differs() {
    let mut sco = Sco::new();
    let sound = sco.certificate("BLR", &on("2023-07-01", 128));
    let mut other: serde_json::Value = serde_json::from_str(&sound).unwrap();
    other["answer"].as_object_mut().unwrap().remove("coverage").unwrap();
    let error = verify(&resealed(&other), &sco.key, PROGRAM).unwrap_err().to_string();
    assert!(error.starts_with("the answer does not follow from the entries: /coverage is absent"), "{error}");
    other["program"] = "chancery 0.0.9".into();
    let verified = verify(&resealed(&other), &sco.key, PROGRAM).unwrap();
    assert!(verified.answer["coverage"].is_object(), "what is shown is what was derived here");
    other["answer"]["possible"] = "member".into();
    let error = verify(&resealed(&other), &sco.key, PROGRAM).unwrap_err().to_string();
    assert!(error.ends_with("(it was written by chancery 0.0.9, this is chancery test)"), "{error}");
}

/// Who forges a certificate can write its digest anew. A reader that takes the first of two members would read another
/// answer than the one that is verified.
#[test]
fn an_answer_that_is_spelt_otherwise_or_has_a_member_more_is_refused() {
    let mut sco = Sco::new();
    let sound = sco.certificate("BLR", &on("2023-07-01", 128));
    let respelt = |from: &str, to: &str| {
        let forged = sound.replacen(from, to, 1);
        assert_ne!(forged, sound);
        let body = forged.rsplit_once(",\"sha256\":").unwrap().0;
        let error = verify(&sealed(body), &sco.key, "another program").unwrap_err().to_string();
        error.split(" from byte").next().unwrap().to_owned()
    };
    for (from, to) in [
        ("{\"answer\":{", "{\"answer\":{ "),
        ("\"status\":\"observer\"", "\"status\":\"member\",\"status\":\"observer\""),
        ("\"status\":\"observer\"", "\"status\":\"\\u006fbserver\""),
    ] {
        assert_eq!(respelt(from, to), "the certificate is not in its one form", "{to}");
    }
    assert_eq!(
        respelt("\"certainty\":", "\"certain\":null,\"certainty\":"),
        "the answer does not follow from the entries: /certain is null in the certificate, absent by the entries \
         (it was written by chancery test, this is another program)"
    );
}

#[test]
fn a_map_that_was_put_into_the_folder_is_never_signed() {
    let sco = Sco::new();
    let path = sco.env.ledger().join("checkpoint");
    let sound = std::fs::read_to_string(&path).unwrap();
    let stated = sound.lines().nth(3).unwrap();
    let forged = format!("completeness 1 {}", leaf_hash(b"a map without an entry"));
    std::fs::write(&path, sound.replace(stated, &forged)).unwrap();
    let refused = sco.env.run(&["checkpoint"]).fails(4);
    assert!(refused.contains("the signature under the checkpoint does not verify"), "{refused}");
    std::fs::remove_file(&path).unwrap();
    sco.env.run(&["compact", "--sign-unheaded"]).ok();
    let signed = std::fs::read_to_string(&path).unwrap();
    assert_eq!(signed.lines().nth(3), Some(stated), "the map is made anew from the entries");
    sco.env.run(&["status", "BLR", "--in", "sco", "--certificate", "c"]).ok();
    sco.env.run(&["verify", "c", "--key", &sco.key.to_string()]).ok();
    // Without the key only what was signed last could be handed on, and this was not.
    std::fs::write(&path, sound.replace(stated, &forged)).unwrap();
    std::fs::remove_file(sco.env.ledger().join("key")).unwrap();
    let said = sco.env.run(&["status", "BLR", "--in", "sco", "--certificate", "d"]).fails(4);
    assert!(said.contains("the signature under the checkpoint does not verify"), "{said}");
    assert!(!sco.env.path().join("d").exists());
}

/// The certificate with the digest that its content has.
fn resealed(content: &serde_json::Value) -> String {
    let mut content = content.clone();
    content["sha256"] = "".into();
    let text = content.to_string();
    sealed(text.strip_suffix(",\"sha256\":\"\"}").unwrap())
}

/// A certificate of everything before its digest.
fn sealed(body: &str) -> String {
    use sha2_11::{Digest, Sha256};
    let digest: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{body},\"sha256\":\"{digest}\"}}\n")
}

/// What was written by the first version with certificates. It must verify for ever.
#[test]
fn the_certificate_of_an_earlier_version_verifies() {
    let text = include_str!("golden/answer-certificate-v1.json");
    let key = VerifierKey::parse("golden.example/log+bc3684ef+ATbnrQog785ctieII2ZJEoondMG+LF66HqoA8Quapcd+");
    let verified = verify(text, &key.unwrap(), PROGRAM).unwrap();
    let said =
        ["status", "since", "certainty"].map(|part| verified.answer[part].as_str().unwrap().to_owned());
    assert_eq!(said, ["member", "1961-07-20", "certain"]);
    assert_eq!((verified.entries.len(), verified.program.as_str()), (4, "chancery 0.1.0"));
}
