use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::report::Findings;
use super::*;
use crate::charter::{Template, Texts, charter_event};
use crate::event::leaf::{decode, encode_event, splice};
use crate::event::*;
use crate::fixture::data;
use crate::ledger::{AppendOptions, Reading, Writer};
use crate::log::{Append, Checkpoint, Disk, Entries, Holder, leaf_hash};
use crate::query::{Question, StatusAnswer};

const ORIGIN: &str = "example.org/audit";

fn id(n: u128) -> EventId {
    EventId(Uuid::from_u128(n))
}

fn sco() -> BodyId {
    BodyId::parse("sco").unwrap()
}

fn signed(n: u128, who: &str, on: &str) -> Event {
    let mut event = Event::new(id(n), Act::PartnershipMemorandumSigned, sco());
    event.participant = Some(ParticipantId::parse(who).unwrap());
    event.dates.set(Role::Signed, Edtf::parse(on).unwrap());
    event
}

fn rectified(n: u128, to: u128, was: &str, now: &str) -> Event {
    let field = FieldName(Field::Date(Role::Signed));
    let changes = |value: &str| [(field, value.to_owned())].into();
    let correction = Correction { cause: Cause::Clerical, now: changes(now), was: changes(was) };
    let mut event = Event::new(id(n), Act::RecordCorrected(correction), sco());
    event.to = Some(id(to));
    event
}

fn retracted(n: u128, to: u128) -> Event {
    let mut event = Event::new(id(n), Act::EntryRetracted(Retraction { cause: Cause::Clerical }), sco());
    event.to = Some(id(to));
    event
}

fn charters() -> Vec<Event> {
    let texts = Template::find("sco").unwrap().texts;
    texts.iter().enumerate().map(|(i, t)| charter_event(t, i > 0, id(1 + i as u128)).unwrap()).collect()
}

/// Seven charter texts (0 to 6), three memoranda (7, 8, 9), a rectification (10), a retraction (11).
fn events() -> Vec<Event> {
    let mut events = charters();
    events.push(signed(101, "KWT", "2023-05-06"));
    events.push(signed(102, "MDV", "2023-05-05"));
    events.push(signed(103, "MMR", "2023-05-05"));
    events.push(rectified(104, 101, "2023-05-06", "2023-05-05"));
    events.push(retracted(105, 103));
    events
}

fn record(path: &Path, batches: Vec<Vec<Event>>) {
    Writer::create(path, ORIGIN, &Disk::default()).unwrap();
    let mut ledger = Writer::open(path, &Holder::default(), Disk::default()).unwrap();
    for batch in batches {
        let now = Instant::parse("2026-11-23T17:31:00Z").unwrap();
        ledger.append(batch, AppendOptions { now, expect_size: None, accept_clock: true }).unwrap();
    }
    ledger.close().unwrap();
}

fn ledger() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    record(
        &path,
        vec![charters(), events()[7..10].to_vec(), vec![events()[10].clone()], vec![events()[11].clone()]],
    );
    (dir, path)
}

/// Writes leaves that no ledger would admit.
fn raw(path: &Path, leaves: &[Vec<u8>]) {
    Entries::create(path, ORIGIN, &Disk::default()).unwrap();
    let log = Entries::open_writer(path, &Holder::default(), Disk::default()).unwrap();
    let leaves: Vec<&[u8]> = leaves.iter().map(Vec::as_slice).collect();
    assert!(matches!(log.append(0, &leaves), Append::Done { .. }));
    log.write_checkpoint().unwrap();
}

fn leaves_of(events: &[Event]) -> Vec<Vec<u8>> {
    let stamp = |at: usize| Instant::from_micros(1_800_000_000_000_000 + at as i64);
    events.iter().enumerate().map(|(at, e)| splice(&encode_event(e).unwrap(), stamp(at)).unwrap()).collect()
}

fn run(path: &Path) -> Report {
    audit(path, &AuditOptions::default(), &mut |_, _, _| {}).unwrap()
}

/// The check, code and entry of every finding.
fn faults(report: &Report) -> Vec<(&'static str, &'static str, Option<u64>)> {
    report.findings.iter().map(|f| (f.check, f.code, f.entry.map(|i| i.0))).collect()
}

fn raw_faults(leaves: &[Vec<u8>]) -> Vec<(&'static str, &'static str, Option<u64>)> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    raw(&path, leaves);
    faults(&run(&path))
}

fn faults_of(events: &[Event]) -> Vec<(&'static str, &'static str, Option<u64>)> {
    raw_faults(&leaves_of(events))
}

fn segment(path: &Path) -> PathBuf {
    path.join("entries/00000000000000000000.seg")
}

/// Flips one byte of the first segment, at the first occurrence of `text`.
fn flip(path: &Path, text: &str) {
    let file = segment(path);
    let mut bytes = std::fs::read(&file).unwrap();
    let at = memchr::memmem::find(&bytes, text.as_bytes()).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&file, bytes).unwrap();
}

fn leaves(path: &Path) -> Vec<Vec<u8>> {
    let mut leaves = Vec::new();
    Entries::open_reader(path).unwrap().scan(0, |_, leaf, _| leaves.push(leaf.to_vec())).unwrap();
    leaves
}

#[test]
fn a_sound_ledger_has_no_finding_and_every_check_looked_at_something() {
    let (_dir, path) = snapshot::published();
    let report = run(&path);
    assert_eq!(report.findings, vec![]);
    assert_eq!((report.size, report.origin.as_str()), (Size(12), ORIGIN));
    let made = |c: &CheckResult| c.count > 0 && c.left_out.is_none();
    assert!(
        report.checks.iter().all(|c| made(c) != ["since", "attachments", "keys"].contains(&c.name)),
        "{:?}",
        report.checks
    );
    assert_eq!(report.root, Entries::open_reader(&path).unwrap().frontier().root().to_string());
    serde_json::to_string(&report).unwrap();
}

#[test]
fn the_record_of_the_sco_has_no_finding_and_some_remarks() {
    let Some(file) = data("sco_events.csv") else { return };
    let resolve = |w: &str| ParticipantId::parse(w).map_err(|e| e.to_string());
    let rows = crate::import::read_csv(file.as_bytes(), &sco(), id(99), &resolve).unwrap();
    let receipt = ImportReceipt {
        file: "sco_events.csv".into(),
        importer: "test".into(),
        refused: 0,
        sha256: rows.sha256.clone(),
        taken: rows.taken.len() as u64,
    };
    let mut events = vec![Event::new(id(99), Act::ImportRecorded(receipt), sco())];
    events.extend(rows.taken.into_iter().map(|row| row.event));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    record(&path, vec![charters(), events]);
    let report =
        audit(&path, &AuditOptions { conformity: true, ..AuditOptions::default() }, &mut |_, _, _| {})
            .unwrap();
    assert_eq!(report.findings, vec![]);
    assert!(
        report.remarks.iter().any(|r| r.what.contains("that status began on 2008-08-28")),
        "{:#?}",
        report.remarks
    );
    assert_eq!(run(&path).remarks, vec![]);
}

#[test]
fn a_flipped_byte_is_found_with_its_file_and_entry() {
    let (_dir, path) = ledger();
    flip(&path, "MDV");
    let report = run(&path);
    let first = &report.findings[0];
    assert_eq!((first.check, first.entry), ("frames", Some(Index(7))));
    assert!(first.place.as_ref().unwrap().contains("00000000000000000000.seg, byte "), "{first:?}");
    let left_out = |name: &str| report.checks.iter().any(|c| c.name == name && c.left_out.is_some());
    assert!(left_out("links") && left_out("projections"));
}

#[test]
fn a_lost_format_file_and_a_lost_folder_of_entries_are_findings_and_no_ledger_is_an_error() {
    let (_dir, path) = ledger();
    std::fs::remove_file(path.join("FORMAT")).unwrap();
    let report = run(&path);
    assert_eq!((report.origin.as_str(), report.findings[0].check), (ORIGIN, "frames"));
    std::fs::remove_dir_all(path.join("entries")).unwrap();
    assert_eq!(run(&path).findings[0].check, "frames");
    let nothing = audit(&path.join("nothing"), &AuditOptions::default(), &mut |_, _, _| {});
    assert!(matches!(nothing, Err(LogError::Absent(_))));
}

#[test]
fn a_leaf_that_is_not_canonical_or_of_a_later_version_is_found() {
    let mut leaves = leaves_of(&events());
    leaves[7] = String::from_utf8(leaves[7].clone()).unwrap().replace("\"v\":1", "\"v\": 1").into_bytes();
    assert_eq!(raw_faults(&leaves), [("canonical", "not-canonical", Some(7))]);
    leaves[7] = String::from_utf8(leaves[7].clone()).unwrap().replace("\"v\": 1", "\"v\":3").into_bytes();
    assert_eq!(raw_faults(&leaves), [("canonical", "unknown-version", Some(7))]);
}

#[test]
fn an_id_used_twice_is_found_and_may_give_two_answers() {
    let mut events = events();
    events[9].id = id(102);
    events[11].to = Some(id(102));
    // A question takes the second entry with that id as retracted; the simple derivation takes the first.
    let found = faults_of(&events);
    assert_eq!(found[0], ("ids", "id-taken", Some(9)));
    assert!(found.contains(&("projections", "two-answers", Some(11))), "{found:?}");
}

#[test]
fn a_clock_that_goes_back_is_found() {
    let mut leaves = leaves_of(&events());
    let stamp = Instant::from_micros(1_800_000_000_000_002);
    leaves[8] = splice(&encode_event(&events()[8]).unwrap(), stamp).unwrap();
    assert_eq!(raw_faults(&leaves), [("clock", "clock-went-back", Some(8))]);
}

#[test]
fn links_to_nothing_to_later_entries_and_to_no_import_are_found() {
    let mut events = events();
    events[7].to = Some(id(102));
    events[8].import = Some(id(101));
    events[11].to = None;
    let expected = [("forward", 7), ("no-import", 8), ("no-target", 11)];
    assert_eq!(faults_of(&events), expected.map(|(code, at)| ("links", code, Some(at))));
}

#[test]
fn a_rectification_that_does_not_fit_what_the_record_said_is_found() {
    let mut events = events();
    events[10] = rectified(104, 101, "2023-05-07", "2023-05-05");
    assert_eq!(faults_of(&events), [("links", "was-differs", Some(10))]);
    events[10] = rectified(104, 101, "2023-05-06", "the fifth of May");
    assert_eq!(faults_of(&events), [("links", "value-does-not-fit", Some(10))]);
    // After a first rectification the record has the value that it set, until it is retracted.
    events[10] = rectified(104, 101, "2023-05-06", "2023-05-05");
    events.push(rectified(106, 101, "2023-05-05", "2023-05-04"));
    assert_eq!(faults_of(&events), []);
    events.insert(12, retracted(107, 104));
    assert_eq!(faults_of(&events), [("links", "was-differs", Some(13))]);
}

#[test]
fn a_charter_that_cannot_be_read_or_leads_to_an_undefined_status_is_found() {
    let mut all = events();
    all[6].act = Act::CharterAmended("id = ".into());
    let found = faults_of(&all);
    assert!(found.contains(&("charters", "unreadable", Some(6))), "{found:?}");
    let dateless = charter_event("id = \"sco\"\n", true, id(199)).unwrap();
    let found = faults_of(&[events(), vec![dateless]].concat());
    assert!(found.contains(&("charters", "amends-nothing", Some(12))), "{found:?}");
    let text = "id = \"sco\"\neffective = \"2026-01-01\"\n[[transition]]\nact = \"expelled\"\nto = \"gone\"\nrule = \"r\"\narticle = \"1\"\n";
    let mut more = events();
    more.push(charter_event(text, true, id(200)).unwrap());
    assert_eq!(faults_of(&more), [("charters", "undefined-status", Some(12))]);
}

#[test]
fn an_impossible_act_an_unknown_status_and_an_act_without_charter_are_found() {
    let mut events = events();
    events[7].dates.set(Role::Signed, Edtf::parse("1901-01-01").unwrap());
    events[7].status = Some(StatusId::parse("emperor").unwrap());
    events[10] = rectified(104, 101, "1901-01-01", "2023-05-05");
    events[8].participant = None;
    events[9].body = BodyId::parse("nato").unwrap();
    let found = faults_of(&events);
    let expected = [("unknown-status", 7), ("impossible-act", 7), ("incomplete-act", 8), ("no-charter", 9)];
    assert_eq!(found, expected.map(|(code, at)| ("verdicts", code, Some(at))));
}

#[test]
fn an_act_is_judged_under_the_rules_recorded_before_it() {
    let mut early = events();
    let late = early.remove(6);
    early[6].status = Some(StatusId::parse("sco-partner").unwrap());
    early.push(late);
    assert_eq!(faults_of(&early), [("verdicts", "unknown-status", Some(6))]);
}

#[test]
fn a_past_that_changed_is_found() {
    let decoded: Vec<Entry> =
        leaves_of(&events()).iter().enumerate().map(|(i, l)| decode(l, Index(i as u64)).unwrap()).collect();
    let decoded = Arc::new(decoded);
    let mut other = decoded.to_vec();
    Arc::make_mut(&mut other[8].event).participant = Some(ParticipantId::parse("NPL").unwrap());
    let day = "2026-01-01".parse().unwrap();
    for (source, codes) in [(&*decoded, vec![]), (&other, vec!["another-past"])] {
        let mut found = Findings::default();
        projection::prefixes((&decoded, source), (&sco(), day), &Texts::default(), &mut found);
        let (_, findings) = found.finish();
        assert_eq!(findings.iter().map(|f| f.code).collect::<Vec<_>>(), codes);
    }
}

#[test]
fn a_rewritten_entry_with_new_hashes_does_not_give_the_checkpoint() {
    let (dir, path) = ledger();
    let forged = dir.path().join("forged");
    raw(&forged, &leaves_of(&events()));
    std::fs::copy(path.join("checkpoint"), forged.join("checkpoint")).unwrap();
    assert_eq!(faults(&run(&forged)), [("checkpoint", "other-root", None)]);
    let text = std::fs::read_to_string(path.join("checkpoint")).unwrap();
    std::fs::write(path.join("checkpoint"), text.replace("\n12\n", "\n13\n")).unwrap();
    assert_eq!(faults(&run(&path)), [("checkpoint", "ahead", None)]);
    std::fs::write(path.join("checkpoint"), text.replace("audit", "other")).unwrap();
    assert_eq!(faults(&run(&path)), [("checkpoint", "other-log", None)]);
    std::fs::write(path.join("checkpoint"), "nonsense").unwrap();
    assert_eq!(faults(&run(&path)), [("checkpoint", "damaged", None)]);
}

#[test]
fn a_head_kept_elsewhere_is_compared() {
    let (_dir, path) = ledger();
    let root = leaf_hash(b"another first entry");
    let head = Checkpoint::new(ORIGIN, 1, root);
    let since = vec![Since { name: "kept".into(), kept: Kept::Heads(vec![head]), signed: None }];
    let report = audit(&path, &AuditOptions { since, ..AuditOptions::default() }, &mut |_, _, _| {}).unwrap();
    assert_eq!(faults(&report), [("since", "other-root", Some(0))]);
}

#[test]
fn a_first_segment_put_in_place_of_another_does_not_give_the_tree_of_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, note: &str| {
        let path = dir.path().join(name);
        let mut all = events();
        all[7].note = Some(note.repeat(60_000));
        all[8].note = Some("y".repeat(60_000));
        record(&path, vec![all[..8].to_vec(), all[8..].to_vec()]);
        path
    };
    let (ours, theirs) = (write("a", "x"), write("b", "z"));
    std::fs::copy(segment(&theirs), segment(&ours)).unwrap();
    let found = faults(&run(&ours));
    assert!(found.iter().any(|f| f.0 == "tree" && f.1 == "other-root"), "{found:?}");
}

#[test]
fn remarks_name_what_departs_from_the_charter() {
    let mut all = events();
    all[8].status = Some(StatusId::parse("member").unwrap());
    all[9].status = Some(StatusId::parse("sco-partner").unwrap());
    all.pop();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    record(&path, vec![all]);
    let report =
        audit(&path, &AuditOptions { conformity: true, ..AuditOptions::default() }, &mut |_, _, _| {})
            .unwrap();
    assert_eq!(report.findings, vec![]);
    let about = |at: u64| -> Vec<&str> {
        report.remarks.iter().filter(|r| r.entry == Index(at)).map(|r| r.what.as_str()).collect()
    };
    assert!(about(8).iter().any(|w| w.contains("the source gives member")), "{:?}", about(8));
    assert!(about(9).iter().any(|w| w.contains("that status began on 2025-09-01")), "{:?}", about(9));
    assert!(about(7).is_empty(), "{:?}", about(7));
}

fn export(path: &Path, to: &Path, leaves: &[Vec<u8>]) -> PathBuf {
    let file = path.join(to);
    let lines: Vec<u8> = leaves.iter().flat_map(|l| [l.as_slice(), b"\n"].concat()).collect();
    std::fs::write(&file, lines).unwrap();
    file
}

#[test]
fn damage_is_repaired_from_a_copy_and_from_an_export_into_a_new_folder() {
    let (dir, path) = ledger();
    let (_other, copy) = ledger();
    let sound = leaves(&path);
    let file = export(dir.path(), Path::new("leaves.jsonl"), &sound);
    flip(&path, "MDV");
    let before = std::fs::read(segment(&path)).unwrap();
    for (n, from) in [copy, file].iter().enumerate() {
        let into = dir.path().join(format!("new{n}"));
        let repaired = repair(&path, from, &into, &Disk::default()).unwrap();
        assert_eq!((repaired.size, repaired.restored), (Size(12), vec![8]));
        assert_eq!(leaves(&into), sound);
        assert_eq!(run(&into).findings, vec![]);
    }
    assert_eq!(std::fs::read(segment(&path)).unwrap(), before);
}

#[test]
fn a_lost_folder_of_entries_is_repaired_where_the_checkpoint_shows_what_it_held() {
    let (dir, path) = ledger();
    let sound = leaves(&path);
    let file = export(dir.path(), Path::new("leaves.jsonl"), &sound);
    std::fs::remove_dir_all(path.join("entries")).unwrap();
    std::fs::remove_file(path.join("FORMAT")).unwrap();
    let repaired = repair(&path, &file, &dir.path().join("new"), &Disk::default()).unwrap();
    assert_eq!(repaired.restored.len(), 12);
    let short = export(dir.path(), Path::new("short.jsonl"), &sound[..11]);
    let missing = repair(&path, &short, &dir.path().join("new2"), &Disk::default());
    assert!(matches!(missing, Err(RepairError::Missing { index: 11 })), "{missing:?}");
    let mut other = sound.clone();
    other[3] = sound[4].clone();
    let other = export(dir.path(), Path::new("other.jsonl"), &other);
    let root = repair(&path, &other, &dir.path().join("new3"), &Disk::default());
    assert!(matches!(root, Err(RepairError::OtherRoot { size: 12 })), "{root:?}");
}

#[test]
fn repair_refuses_where_intact_entries_disagree_or_nothing_shows_what_was_lost() {
    let (dir, path) = ledger();
    let mut other = leaves(&path);
    other[4] = other[5].clone();
    let file = export(dir.path(), Path::new("other.jsonl"), &other);
    let refused = repair(&path, &file, &dir.path().join("new"), &Disk::default());
    assert!(matches!(refused, Err(RepairError::Disagree { index: 4 })), "{refused:?}");
    assert!(!dir.path().join("new").exists());
    // The header of the last frame is lost and no checkpoint covers it: an export proves nothing.
    let sound = export(dir.path(), Path::new("sound.jsonl"), &leaves(&path));
    let mut bytes = std::fs::read(segment(&path)).unwrap();
    let last = memchr::memmem::rfind(&bytes, b"CHF1").unwrap();
    bytes[last] ^= 1;
    std::fs::write(segment(&path), bytes).unwrap();
    std::fs::remove_file(path.join("checkpoint")).unwrap();
    let unproven = repair(&path, &sound, &dir.path().join("new"), &Disk::default());
    assert!(matches!(unproven, Err(RepairError::Unproven { index: 11 })), "{unproven:?}");
    // The checkpoint of a folder of the same log vouches for its entries.
    let (_keep, copy) = ledger();
    let repaired = repair(&path, &copy, &dir.path().join("new"), &Disk::default()).unwrap();
    assert_eq!(repaired.restored, [11]);
}

#[test]
fn an_entry_rewritten_with_its_hashes_is_restored_where_the_checkpoint_shows_which_is_true() {
    let (dir, path) = ledger();
    let forged = dir.path().join("forged");
    let mut rewritten = leaves(&path);
    let sound = rewritten.clone();
    rewritten[8] = String::from_utf8(rewritten[8].clone()).unwrap().replace("MDV", "NPL").into_bytes();
    raw(&forged, &rewritten);
    std::fs::copy(path.join("checkpoint"), forged.join("checkpoint")).unwrap();
    let repaired = repair(&forged, &path, &dir.path().join("new"), &Disk::default()).unwrap();
    assert_eq!((repaired.restored, leaves(&dir.path().join("new"))), (vec![8], sound));
}

mod filing;
mod recorders;
mod snapshot;

#[test]
fn an_answer_that_is_not_what_the_audit_derives_is_a_finding_for_each_sampled_pair() {
    let (_dir, path) = ledger();
    let reading = Reading::open(&path, Instant::parse("2026-11-23T17:31:00Z").unwrap()).unwrap();
    let truth = |pair: SampledPair<'_>| {
        let question =
            Question::status(pair.participant.as_str(), pair.body.as_str()).on(pair.on.to_string());
        let answer = reading.ask(&question.as_recorded(pair.as_recorded)).unwrap();
        let answer = StatusAnswer::try_from(answer).unwrap();
        Some(Ok((answer.certainty, answer.possible.into_iter().collect())))
    };
    let asking = |ask: Ask<'_>| {
        faults(&audit_asking(&path, &AuditOptions::default(), Some(ask), &mut |_, _, _| {}).unwrap())
    };
    assert_eq!(asking(&truth), []);
    // KWT and MDV have a status; that of MMR is retracted. Half of the entries are charters, under which nobody has one.
    let nobody = |_: SampledPair<'_>| Some(Ok((Certainty::Certain, ["none".parse().unwrap()].into())));
    let finding = ("projections", "other-answer", Some(11));
    assert_eq!(asking(&nobody), [finding, finding]);
    let doubtful = |pair: SampledPair<'_>| {
        truth(pair).map(|answer: SampledAnswer| answer.map(|(_, all)| (Certainty::Possible, all)))
    };
    assert_eq!(asking(&doubtful), [finding, finding]);
    assert_eq!(asking(&|_| Some(Err("no answer".into()))).first(), Some(&finding));
    assert_eq!(asking(&|_| None), [], "a ledger that cannot be asked");
}
