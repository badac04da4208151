//! An audit says what it looked at, can be filed, and names what an insider changed who computed every hash anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chancery::audit::{CHECKS, FAULTS};
use chancery::event::leaf::{decode, encode_event, splice};
use chancery::event::{Entry, EventId, Index, Instant};
use chancery::log::{Append, Disk, Entries, Holder};
use serde_json::Value;

use crate::env::{Env, Rng, times};

const ORIGIN: &str = "chancery.demo/sco";
const MINUTE: i64 = 60_000_000;

/// A ledger of these leaves, with every hash, segment and head as the program itself writes them.
fn written(path: &Path, leaves: &[Vec<u8>]) {
    Entries::create(path, ORIGIN, &Disk::default()).unwrap();
    let log = Entries::open_writer(path, &Holder::default(), Disk::default()).unwrap();
    let leaves: Vec<&[u8]> = leaves.iter().map(Vec::as_slice).collect();
    assert!(matches!(log.append(0, &leaves), Append::Done { .. }));
    log.write_checkpoint().unwrap();
}

fn leaf(entry: &Entry) -> Vec<u8> {
    splice(&encode_event(&entry.event).unwrap(), entry.recorded_at).unwrap()
}

fn after(instant: Instant, minutes: i64) -> Instant {
    Instant::from_micros(instant.micros() + minutes * MINUTE)
}

/// The entries of the demonstration, an hour apart, as often as they fit into `count`, each with an id of its own.
fn entries(env: &Env, count: usize) -> Vec<Entry> {
    let exported = env.run(&["export", "leaves"]).ok();
    let lines: Vec<&str> = exported.lines().collect();
    let began = Instant::parse("2026-01-01T00:00:00Z").unwrap();
    let at = |index: usize| {
        let mut entry = decode(lines[index % lines.len()].as_bytes(), Index(index as u64)).unwrap();
        if index >= lines.len() {
            Arc::make_mut(&mut entry.event).id =
                EventId::parse(&format!("00000000-0000-4000-8000-{index:012}")).unwrap();
        }
        entry.recorded_at = after(began, 60 * index as i64);
        entry
    };
    (0..count).map(at).collect()
}

fn leaves(entries: &[Entry]) -> Vec<Vec<u8>> {
    entries.iter().map(leaf).collect()
}

/// The sound ledger, and what an honest reader kept of it: a report, its leaves, its head.
struct Kept {
    env: Env,
    entries: Vec<Entry>,
}

const SOUND: &str = "sound.ledger";
const FORGED: &str = "forged.ledger";

impl Kept {
    fn new(count: usize) -> Kept {
        let env = Env::demo();
        let entries = entries(&env, count);
        written(&env.path().join(SOUND), &leaves(&entries));
        env.run(&["key", "generate", "--ledger", SOUND]).ok();
        env.run(&["publish", "tree", "--ledger", SOUND]).ok();
        let exported = env.run(&["export", "leaves", "--ledger", SOUND]).ok();
        env.write("leaves.jsonl", exported);
        env.run(&["audit", "--ledger", SOUND, "--only", "clock", "--report", "kept.json"]).ok();
        std::fs::copy(env.path().join(SOUND).join("checkpoint"), env.path().join("head")).unwrap();
        Kept { env, entries }
    }

    /// What is found in a ledger of other entries, held against one thing that was kept.
    fn found(&self, forged: &[Entry], since: &str) -> Vec<Value> {
        let path: PathBuf = self.env.path().join(FORGED);
        if path.exists() {
            std::fs::remove_dir_all(&path).unwrap();
        }
        written(&path, &leaves(forged));
        let args = ["audit", "--ledger", FORGED, "--since", since, "--only", "since", "--format", "json"];
        let ran = self.env.run(&args);
        assert_eq!(ran.code, 1, "{since} shows nothing: {}", ran.all());
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        report["findings"].as_array().unwrap().clone()
    }

    /// Tries a kind of tampering at places chosen by chance. `forge` gives the entries and the first that is at fault.
    fn tried(&self, seed: u64, codes: &[&str], forge: impl Fn(&[Entry], &mut Rng) -> (Vec<Entry>, usize)) {
        let mut rng = Rng(seed);
        for round in 0..times(50) {
            let (forged, at) = forge(&self.entries, &mut rng);
            for since in [SOUND, "leaves.jsonl", "tree"] {
                let found = self.found(&forged, since);
                assert_eq!(found[0]["entry"], at, "round {round}, {since}: {found:?}");
                assert!(codes.contains(&found[0]["code"].as_str().unwrap()), "{found:?}");
                assert!(found.len() <= 2, "what only moved with the rest is no fault: {found:?}");
            }
            let found = self.found(&forged, "kept.json");
            assert_eq!((found.len(), &found[0]["entry"]), (1, &Value::from(at)), "round {round}: {found:?}");
            let found = self.found(&forged, "head");
            assert_eq!(found.len(), 1, "round {round}: {found:?}");
            assert!(["other-root", "ahead"].contains(&found[0]["code"].as_str().unwrap()), "{found:?}");
        }
    }
}

fn any(rng: &mut Rng, entries: &[Entry]) -> usize {
    rng.below(entries.len() as u64) as usize
}

#[test]
fn an_edited_entry_is_named_by_an_older_copy_and_by_a_report_and_shown_by_a_head() {
    Kept::new(128).tried(0x5eed_0101, &["changed"], |entries, rng| {
        let (mut forged, at) = (entries.to_vec(), any(rng, entries));
        Arc::make_mut(&mut forged[at].event).note = Some(format!("rewritten {}", rng.next()));
        (forged, at)
    });
}

#[test]
fn a_deleted_entry_is_named_by_an_older_copy_and_by_a_report_and_shown_by_a_head() {
    Kept::new(128).tried(0x5eed_0102, &["removed", "ahead"], |entries, rng| {
        let (mut forged, at) = (entries.to_vec(), any(rng, entries));
        forged.remove(at);
        (forged, at)
    });
}

#[test]
fn an_inserted_entry_is_named_by_an_older_copy_and_by_a_report_and_shown_by_a_head() {
    Kept::new(128).tried(0x5eed_0103, &["inserted"], |entries, rng| {
        let (mut forged, at) = (entries.to_vec(), any(rng, entries));
        let mut more = entries[any(rng, entries)].clone();
        Arc::make_mut(&mut more.event).id =
            EventId::parse(&format!("00000000-0000-4000-8000-{:012}", rng.below(1 << 30))).unwrap();
        more.recorded_at = after(entries[at].recorded_at, -30);
        forged.insert(at, more);
        (forged, at)
    });
}

#[test]
fn swapped_entries_are_named_by_an_older_copy_and_by_a_report_and_shown_by_a_head() {
    Kept::new(128).tried(0x5eed_0104, &["moved", "changed"], |entries, rng| {
        let (mut forged, one) = (entries.to_vec(), any(rng, entries));
        let other = (one + 1 + rng.below(entries.len() as u64 - 1) as usize) % entries.len();
        forged.swap(one, other);
        // Whoever keeps the clock rising leaves the stamps where they were.
        if rng.below(2) == 0 {
            forged[one].recorded_at = entries[one].recorded_at;
            forged[other].recorded_at = entries[other].recorded_at;
        }
        (forged, one.min(other))
    });
}

#[test]
fn a_backdated_entry_is_named_by_an_older_copy_and_by_a_report_and_shown_by_a_head() {
    let kept = Kept::new(128);
    let backdate = |entries: &[Entry], at: usize| {
        let mut forged = entries.to_vec();
        forged[at].recorded_at = after(entries[at].recorded_at, -30);
        forged
    };
    kept.tried(0x5eed_0105, &["changed"], |entries, rng| {
        let at = any(rng, entries);
        (backdate(entries, at), at)
    });
    let found = kept.found(&backdate(&kept.entries, 52), SOUND);
    insta::assert_snapshot!(found[0]["what"].as_str().unwrap(), @r#"recorded_at was "2026-01-03T04:00:00.000000Z", is "2026-01-03T03:30:00.000000Z""#);
}

#[test]
fn a_report_of_a_long_log_says_among_which_entries_the_first_change_lies() {
    let kept = Kept::new(600);
    let mut forged = kept.entries.clone();
    Arc::make_mut(&mut forged[300].event).note = Some("rewritten".into());
    let found = kept.found(&forged, "kept.json");
    assert_eq!(found[0]["entry"], Value::Null);
    let place = found[0]["place"].as_str().unwrap();
    assert!(place.ends_with("among entries 256 to 511"), "{place}");
    forged[300] = kept.entries[300].clone();
    Arc::make_mut(&mut forged[550].event).note = Some("rewritten".into());
    assert_eq!(kept.found(&forged, "kept.json")[0]["entry"], 550);
    // What was appended since is no change.
    let longer = entries(&kept.env, 640);
    written(&kept.env.path().join("longer.ledger"), &leaves(&longer));
    for since in [SOUND, "leaves.jsonl", "kept.json", "head"] {
        let ran = kept.env.run(&["audit", "--ledger", "longer.ledger", "--since", since, "--only", "since"]);
        assert_eq!(ran.all(), "", "{since}");
    }
}

#[test]
fn what_was_kept_of_another_log_or_is_damaged_is_said() {
    let kept = Kept::new(128);
    let other = kept.env.path().join("other.ledger");
    Entries::create(&other, "example.org/other", &Disk::default()).unwrap();
    let found = kept.found(&kept.entries, "other.ledger");
    assert_eq!((found.len(), &found[0]["code"]), (1, &Value::from("other-log")));
    let segment = kept.env.path().join(SOUND).join("entries/00000000000000000000.seg");
    let mut bytes = std::fs::read(&segment).unwrap();
    let at = memchr::memmem::find(&bytes, b"\"participant\":\"BLR\"").unwrap();
    bytes[at + 15] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let found = kept.found(&kept.entries, SOUND);
    assert_eq!(found[0]["code"], "copy-damaged", "{found:?}");
}

#[test]
fn a_report_is_filed_even_where_all_is_well() {
    let env = Env::demo();
    assert_eq!(env.run(&["audit", "--report", "audit.txt"]).all(), "");
    let text = std::fs::read_to_string(env.path().join("audit.txt")).unwrap();
    let hash = text.lines().find(|line| line.trim().len() == 64).unwrap().trim().to_owned();
    let json = env.run(&["audit", "--format", "json"]).json();
    let shown = text.replace(&hash, "HASH").replace(json["root"].as_str().unwrap(), "ROOT");
    insta::assert_snapshot!(shown.lines().take(21).collect::<Vec<_>>().join("\n"), @r"
    Report of an audit by chancery

      program    chancery 0.1.0, SHA-256
                 HASH
      log        chancery.demo/sco
      size       128 entries
      root       ROOT
      key
          chancery.demo/sco+4e53a53e+ASqM36Hlt0ur912BMWJTxVOJjL8zrbyvIKG6OKNzWSDx
      began      2026-11-23T17:31:00.000000Z
      ended      2026-11-23T17:31:00.000000Z
      times      began, ended and every recorded_at are the operator's own clock: no
                 witness cosigned
      since      compared with nothing kept elsewhere
      result     no finding
      remarks    2 departures from the charters; they are no findings

    Checks

    check         looked at  findings  makes sure that
    frames        128        0         every segment and frame is as written, every
    ");
    env.run(&["audit", "--report", "audit.json", "--skip", "links"]).ok();
    let report: Value =
        serde_json::from_slice(&std::fs::read(env.path().join("audit.json")).unwrap()).unwrap();
    assert_eq!(report["program"]["sha256"], hash.as_str());
    assert_eq!(
        (&report["size"], &report["findings"], &report["remarks"]),
        (&128.into(), &Value::Array(vec![]), &2.into())
    );
    let key = env.run(&["key", "show"]).ok();
    assert_eq!(
        (&report["began"], &report["key"]),
        (&"2026-11-23T17:31:00.000000Z".into(), &key.trim_end().into())
    );
    let checks = report["checks"].as_array().unwrap();
    let made: Vec<_> = CHECKS.iter().filter(|check| check.is_made(false)).collect();
    assert_eq!(checks.len(), made.len());
    let skipped: Vec<&str> =
        checks.iter().filter(|c| c["skipped"] == true).map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(skipped, ["links"]);
    assert!(checks.iter().all(|c| c["count"] != 0
        || ["links", "since", "keys", "attachments", "snapshot"].contains(&c["name"].as_str().unwrap())));
    // It is replaced by the next one, and never written into the ledger.
    let head = std::fs::read(env.ledger().join("checkpoint")).unwrap();
    env.run(&["audit", "--report", "audit.json"]).ok();
    let refused = env.run(&["audit", "--report", "chancery.ledger/checkpoint"]).fails(2);
    assert!(refused.contains("a report cannot lie in the ledger"), "{refused}");
    assert_eq!(std::fs::read(env.ledger().join("checkpoint")).unwrap(), head);
}

#[test]
fn a_report_with_findings_has_each_in_full_and_the_exit_code_stays() {
    let kept = Kept::new(128);
    let mut forged = kept.entries.clone();
    Arc::make_mut(&mut forged[52].event).note = Some("rewritten".into());
    kept.found(&forged, SOUND);
    let ran = kept
        .env
        .run(&["audit", "--ledger", FORGED, "--since", SOUND, "--only", "since", "--report", "a.txt"]);
    assert_eq!(ran.code, 1);
    let text = std::fs::read_to_string(kept.env.path().join("a.txt")).unwrap();
    let findings = text.split("Findings\n").nth(1).unwrap();
    insta::assert_snapshot!(findings, @r#"
    since: changed  entry 52: note was "upgrade: ends dialogue-partner status on the
        same day", is "rewritten"   sound.ledger
        one of the two was rewritten: a checkpoint that others kept tells which
        (`chancery audit --since CHECKPOINT` on both); keep both folders as they are
    "#);
}

#[test]
fn a_skipped_check_finds_nothing_and_says_that_it_was_skipped() {
    let kept = Kept::new(128);
    let mut forged = kept.entries.clone();
    forged.swap(30, 31);
    kept.found(&forged, SOUND);
    let audit = |more: &[&str]| kept.env.run(&[&["audit", "--ledger", FORGED][..], more].concat());
    let clock = audit(&["--format", "json"]);
    assert!(clock.stdout.contains("clock-went-back"), "{}", clock.all());
    let others: Vec<&str> =
        CHECKS.iter().filter(|c| c.name != "clock").flat_map(|c| ["--skip", c.name]).collect();
    assert_eq!(audit(&others).code, 1);
    assert_eq!(audit(&["--only", "ids", "--only", "frames"]).all(), "");
    let said = audit(&["--only", "ids", "--checks"]).ok();
    let made = CHECKS.iter().filter(|check| check.is_made(false)).count();
    assert_eq!(said.matches("skipped, as asked").count(), made - 1, "{said}");
    let unknown = audit(&["--skip", "clocks"]).fails(2);
    assert!(unknown.contains("the checks are frames, bundles, canonical, ids, clock,"), "{unknown}");
}

#[test]
fn show_tells_by_whom_and_from_which_file_an_entry_came() {
    let env = Env::demo();
    let custody = |at: &str| env.run(&["show", at, "--format", "json"]).json()[0]["custody"].clone();
    let imported = custody("52");
    assert_eq!(imported["import"]["entry"], 125);
    assert_eq!(imported["import"]["sha256"].as_str().unwrap().len(), 64);
    assert!(imported["import"]["file"].as_str().unwrap().ends_with(".csv"), "{imported}");
    env.write("note.pdf", "a memorandum");
    let act =
        "append application-filed -p LAO --in sco --done 2025-07 --cite letter --quiet --attach note.pdf";
    env.run(&act.split(' ').collect::<Vec<_>>()).ok();
    let typed = custody("128");
    assert_eq!((&typed["import"], &typed["documents"][0]["held"]), (&Value::Null, &true.into()), "{typed}");
    std::fs::remove_dir_all(env.ledger().join("documents")).unwrap();
    assert_eq!(custody("128")["documents"][0]["held"], false);
    let text = env.run(&["show", "128"]).ok();
    assert!(text.contains("a command, from no imported file"), "{text}");
}

/// The remedies that several findings share, in the order of their first use. The page says each once, under a letter.
fn shared_remedies() -> Vec<&'static str> {
    let mut shared = Vec::new();
    for fault in FAULTS {
        let uses = FAULTS.iter().filter(|other| other.remedy == fault.remedy).count();
        if uses > 1 && !shared.contains(&fault.remedy) {
            shared.push(fault.remedy);
        }
    }
    shared
}

fn letters() -> impl Iterator<Item = char> {
    'A'..='Z'
}

#[test]
fn the_list_of_checks_and_findings_is_that_of_the_program() {
    let mut list = String::new();
    CHECKS.iter().for_each(|c| list.push_str(&format!("- `{}`: {}\n", c.name, c.what)));
    list.push_str("\n## Findings\n\n");
    let shared = shared_remedies();
    for f in FAULTS {
        let letter =
            shared.iter().position(|remedy| *remedy == f.remedy).map(|at| letters().nth(at).unwrap());
        let remedy = letter.map_or_else(|| f.remedy.to_owned(), |letter| letter.to_string());
        list.push_str(&format!("- `{}: {}`: {}. *{remedy}*\n", f.check, f.code, f.what));
    }
    list.push_str("\nThe letters:\n\n");
    for (letter, remedy) in letters().zip(&shared) {
        list.push_str(&format!("- *{letter}*: {remedy}\n"));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/AUDIT.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("<!-- list -->\n").unwrap();
    let (is, after) = rest.split_once("<!-- end -->\n").unwrap();
    if std::env::var("CHANCERY_BLESS").is_ok() {
        let now = format!("{before}<!-- list -->\n{list}<!-- end -->\n{after}");
        return std::fs::write(path, now).unwrap();
    }
    assert_eq!(is, list);
    for fault in FAULTS {
        assert!(CHECKS.iter().any(|check| check.name == fault.check), "{fault:?}");
        assert!(fault.code.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{fault:?}");
        let same = |f: &&chancery::audit::Fault| (f.check, f.code) == (fault.check, fault.code);
        assert_eq!(FAULTS.iter().filter(same).count(), 1, "{fault:?}");
    }
}
