//! A ledger whose files were changed answers with the truth or with an error: whatever is asked, certified, proven or signed.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;

use chancery::audit::{AuditOptions, Since, audit};
use chancery::event::{
    Act, BodyId, Edtf, Event, EventId, Evidence, Index, Instant, ParticipantId, Role, Size,
};
use chancery::log::{Checkpoint, Disk, Holder, SignedCheckpoint, VerifierKey};
use chancery::query::{Kind, Threshold};
use chancery::{AppendOptions, LedgerError, Question, Reading, Writer};
use serde_json::json;

use crate::env::{Env, NOW, Rng, copy};
use crate::forge::{self, Log, Published};
use crate::mutation::{Folder, Part, by_chance, by_insider, folder, in_index, in_leaves, put};

/// What is asked of a record.
enum Asked {
    Question(Box<Question>),
    /// The bytes of an entry, and what corrects it.
    Entry(u64),
    /// Every entry from one on.
    Log(u64),
    /// The entries of a participant.
    LogOf(&'static str),
    Bodies,
    /// The signed head of the first entries.
    Head(u64),
    /// That an entry is among the first ones.
    Inclusion(u64, u64),
    Consistency(u64, u64),
    /// A status with its certificate.
    Certificate(&'static str, &'static str, Option<u64>),
}

impl Asked {
    fn answer(&self, reading: &Reading) -> Result<String, LedgerError> {
        Ok(match self {
            Asked::Question(question) => serde_json::to_string(&reading.ask(question)?).unwrap(),
            Asked::Entry(index) => {
                let leaf = String::from_utf8(reading.leaf(Index(*index))?).unwrap();
                let corrections = reading.corrections_of(&reading.entry(Index(*index))?)?;
                format!("{leaf} {corrections:?}")
            }
            Asked::Log(from) => {
                let mut entries = Vec::new();
                reading.scan(Index(*from), |entry| entries.push(entry))?;
                format!("{entries:?}")
            }
            Asked::LogOf(who) => {
                format!("{:?}", reading.saying(None, Some(&ParticipantId::parse(who).unwrap()))?)
            }
            Asked::Bodies => {
                let listed = reading.listed(reading.size())?;
                listed
                    .iter()
                    .map(|(body, ruled)| format!("{body} {} {}\n", ruled.title, ruled.participants))
                    .collect()
            }
            Asked::Head(size) => reading.signed_head(Size(*size))?.to_string(),
            Asked::Inclusion(index, size) => reading.prove_inclusion(Index(*index), Size(*size))?.to_string(),
            Asked::Consistency(old, new) => reading.prove_consistency(Size(*old), Size(*new))?.to_string(),
            Asked::Certificate(who, body, size) => {
                let mut question = Question::status(*who, *body);
                question.as_recorded = size.map(|size| size.to_string());
                let answer = serde_json::to_value(reading.ask(&question)?).unwrap().to_string();
                reading.certificate(&answer, size.map_or(reading.size(), Size), "chancery test")?
            }
        })
    }
}

fn questions(size: u64) -> Vec<(String, Asked)> {
    let mut asked = Vec::new();
    for (who, body) in [("KAZ", "sco"), ("BLR", "sco"), ("FRA", "untc-9-1"), ("NOR", "untc-9-2")] {
        let status = || Question::status(who, body);
        for question in
            [status(), status().on("2005-06-01"), status().as_known("2012"), status().as_recorded(size / 2)]
        {
            asked.push(question);
        }
        for kind in [Kind::Timeline, Kind::Explain, Kind::Portfolio, Kind::Diff] {
            let mut question = Question::new(kind).of(who);
            if kind != Kind::Portfolio {
                question = question.within(body);
            }
            if kind == Kind::Diff {
                question.on = Some("1990-01-01..2020-01-01".into());
            }
            asked.push(question);
        }
        let mut when = Question::new(Kind::When).within(body);
        when.options.status = Some(if body == "sco" { "member" } else { "party" }.into());
        when.options.number = Some(Threshold::AtLeast(3));
        asked.push(when);
        for kind in [Kind::Roster, Kind::Count, Kind::Pending, Kind::InForce] {
            asked.push(Question::new(kind).within(body).on("2010-01-01"));
            asked.push(Question::new(kind).within(body));
        }
    }
    asked.extend([Kind::Roster, Kind::InForce, Kind::Pending, Kind::Diff, Kind::Conflicts].map(|kind| {
        let question = Question::new(kind);
        if kind == Kind::Diff { question.on("1990-01-01..2020-01-01") } else { question }
    }));
    let shown = |question: Question| (question.words().join(" "), Asked::Question(Box::new(question)));
    let mut asked: Vec<_> = asked.into_iter().map(shown).collect();
    let (half, third) = (size / 2, size / 3);
    let more = [
        ("log", Asked::Log(0)),
        ("log of the later half", Asked::Log(half)),
        ("log of KAZ", Asked::LogOf("KAZ")),
        ("bodies", Asked::Bodies),
        ("head", Asked::Head(size)),
        ("an earlier head", Asked::Head(third)),
        ("an early head", Asked::Head(60)),
        ("inclusion in the first entries", Asked::Inclusion(20, 60)),
        ("consistency of the first entries", Asked::Consistency(60, third)),
        ("certificate of the first entries", Asked::Certificate("BLR", "sco", Some(100))),
        ("inclusion", Asked::Inclusion(third, size)),
        ("inclusion in the past", Asked::Inclusion(third, half)),
        ("consistency", Asked::Consistency(third, half)),
        ("certificate", Asked::Certificate("BLR", "sco", None)),
        ("certificate of a treaty", Asked::Certificate("FRA", "untc-9-1", None)),
        ("certificate of the past", Asked::Certificate("KAZ", "sco", Some(third))),
    ];
    asked.extend(more.map(|(shown, asked)| (shown.to_owned(), asked)));
    asked.extend((0..size).step_by(29).map(|index| (format!("entry {index}"), Asked::Entry(index))));
    asked
}

/// Whether an error is one of the folder. Any other is an answer, and a false one where the truth is none.
fn is_of_the_folder(error: &LedgerError) -> bool {
    matches!(
        error,
        LedgerError::Log(_)
            | LedgerError::Index(_)
            | LedgerError::Entry { .. }
            | LedgerError::Certificate(_)
            | LedgerError::Charter(_)
            | LedgerError::Query(_)
    )
}

/// A ledger, what is true of it, and ledgers with which its files are mixed.
struct World {
    env: Env,
    sound: Folder,
    /// The same ledger as it was before, and one that went on in another way.
    others: Vec<Folder>,
    size: u64,
    key: VerifierKey,
    truth: Vec<(String, Asked, String)>,
    /// What commands print.
    printed: Vec<(&'static str, String)>,
    /// The head that an append signs, and what it answers.
    appended: (String, String),
}

fn now() -> Instant {
    Instant::parse(NOW).unwrap()
}

fn rows(of: std::ops::Range<u64>) -> String {
    let who = ["FRA", "NOR", "KAZ", "BLR", "CHN", "IND", "PAK"];
    let row = |n: u64| {
        let date = format!("{}-{:02}-{:02}", 1990 + n % 30, 1 + n % 12, 1 + n % 28);
        let kind = ["signature", "ratification", "accession"][n as usize / 7 % 3];
        json!({"date": date, "party": who[n as usize % 7], "body": format!("UNTC:9-{}", 1 + n % 3),
               "kind": kind,
               "source": format!("a source of row {n}, {}", "with more words ".repeat(12))})
    };
    of.map(|n| format!("{}\n", row(n))).collect()
}

fn acts(of: std::ops::Range<u64>, status: &str) -> String {
    let act = |n: u64| {
        let who = ["LAO", "KHM", "NPL"][n as usize % 3];
        json!({"act": "status-granted", "body": "sco", "participant": who,
               "status": status, "dates": {"decided": format!("{}-07-01", 2_002 + n % 23)},
               "evidence": [{"cite": format!("act {n} {}", "of many words ".repeat(20))}],
               "id": format!("00000000-0000-4000-8000-{n:012}")})
    };
    of.map(|n| format!("{}\n", act(n))).collect()
}

impl World {
    fn new() -> World {
        let env = Env::demo();
        env.write("rows.jsonl", rows(0..150));
        assert!(env.run(&["import", "events", "rows.jsonl"]).code < 2);
        env.run(&["retract", "30", "--cause", "clerical", "--cite", "a slip"]).ok();
        env.run(&["rectify", "60", "--set", "note=as it was", "--cause", "clerical", "--cite", "a slip"])
            .ok();
        let older = folder(&env.ledger());
        let fork = Env::new();
        copy(&env.ledger(), &fork.ledger());
        fork.write("acts.jsonl", acts(500..800, "member"));
        fork.run(&["append", "--from", "acts.jsonl"]).ok();
        env.write("acts.jsonl", acts(0..290, "observer"));
        env.run(&["append", "--from", "acts.jsonl"]).ok();
        for n in 290..294 {
            env.write("act.jsonl", acts(n..n + 1, "observer"));
            env.run(&["append", "--from", "act.jsonl"]).ok();
        }
        let sound = folder(&env.ledger());
        let names: Vec<&PathBuf> = sound.keys().collect();
        assert!(names.iter().filter(|name| name.starts_with("entries")).count() >= 4, "{names:?}");
        assert!(names.iter().any(|name| name.starts_with("snapshot")), "{names:?}");
        let others = vec![older, folder(&fork.ledger())];
        let reading = Reading::open(&env.ledger(), now()).unwrap();
        let (size, key) = (reading.size().0, reading.verifier_key().unwrap());
        let truth = questions(size).into_iter().map(|(shown, asked)| {
            let answer = asked.answer(&reading).unwrap_or_else(|error| panic!("{shown}: {error}"));
            (shown, asked, answer)
        });
        let truth = truth.collect();
        let printed = COMMANDS.iter().map(|line| (*line, env.run(&words(line)).ok())).collect();
        let mut world = World { truth, printed, size, key, sound, others, appended: Default::default(), env };
        world.appended = world.append().unwrap();
        let leaves = Log::read(&world.env.ledger());
        assert_eq!(leaves.leaves.len() as u64, size + 1);
        assert!(
            world.appended.0.contains(&leaves.tree().root().to_string()),
            "the forger reads what is there"
        );
        world
    }

    /// Appends one act. Gives the head that is signed then, and a status.
    fn append(&self) -> Result<(String, String), LedgerError> {
        let id = EventId::parse("00000000-0000-4000-8000-0000000fffff").unwrap();
        let mut event = Event::new(id, Act::ApplicationFiled, BodyId::parse("sco").unwrap());
        event.participant = Some(ParticipantId::parse("VNM").unwrap());
        event.dates.set(Role::Done, Edtf::parse("2025-07").unwrap());
        event.evidence.push(Evidence::citing("a letter", None));
        let ledger = self.env.ledger();
        let mut writer = Writer::open(&ledger, &Holder::default(), Disk::default())?;
        let options = AppendOptions { now: now(), expect_size: None, accept_clock: true };
        let receipt = writer.append(vec![event], options)?.remove(0);
        writer.close()?;
        let head = std::fs::read_to_string(ledger.join("checkpoint")).unwrap();
        let answer = Reading::open(&ledger, now())?.ask(&Question::new(Kind::Pending).within("sco"))?;
        Ok((format!("{head}{receipt:?}"), serde_json::to_string(&answer).unwrap()))
    }

    /// Asks everything, or a share of it. Gives how much was answered, and what was wrong.
    fn ask(&self, round: usize) -> (u64, Vec<String>) {
        let share = if mutations() == SAMPLE { 6 } else { 1 };
        let reading = match Reading::open(&self.env.ledger(), now()) {
            Ok(reading) => reading,
            Err(error) if is_of_the_folder(&error) => return (0, Vec::new()),
            Err(error) => return (0, vec![format!("opening: {error}")]),
        };
        let (mut answered, mut wrong) = (0, Vec::new());
        for (shown, asked, truth) in self.truth.iter().skip(round % share).step_by(share) {
            match asked.answer(&reading) {
                Ok(answer) if answer == *truth => answered += 1,
                Ok(answer) => wrong.push(format!("{shown}: {}", short(&answer))),
                Err(error) if is_of_the_folder(&error) => {}
                Err(error) => wrong.push(format!("{shown}: {error}")),
            }
        }
        (answered, wrong)
    }

    /// Runs commands on the changed ledger. Gives how many answered, and what was wrong.
    fn command(&self) -> (u64, Vec<String>) {
        let (mut answered, mut wrong) = (0, Vec::new());
        for (line, truth) in &self.printed {
            let ran = self.env.run(&words(line));
            match ran.code {
                0 if ran.stdout == *truth => answered += 1,
                4 if ran.stdout.is_empty() => {}
                // What is written as it is read cannot be taken back: the exit code says that it is not to be used.
                4 if line.starts_with("export") => {}
                code => wrong.push(format!("{line}: exit {code}: {}", short(&ran.all()))),
            }
        }
        (answered, wrong)
    }

    /// Appends, and looks at what was signed.
    fn write(&self) -> (u64, Vec<String>) {
        let mut wrong = Vec::new();
        let appended = self.append();
        match &appended {
            Ok(appended) if *appended == self.appended => {}
            Ok((head, _)) => wrong.push(format!("an append: {head}")),
            Err(error) if is_of_the_folder(error) => {}
            Err(error) => wrong.push(format!("an append: {error}")),
        }
        // Whoever is shown a head with the key's signature believes it, whatever the append said.
        if let Ok(Some(head)) = SignedCheckpoint::read(&self.env.ledger().join("checkpoint"))
            && head.verify(&self.key).is_ok()
            && !self.is_true(&head)
        {
            wrong.push(format!("after {appended:?} a head is signed: {head}, not {}", self.appended.0));
        }
        (u64::from(appended.is_ok()), wrong)
    }

    fn is_true(&self, head: &SignedCheckpoint) -> bool {
        let text = head.to_string();
        let own = [&self.sound, &self.others[0], &self.others[1]]
            .into_iter()
            .any(|folder| folder[&PathBuf::from("checkpoint")].0 == text.as_bytes());
        own || self.appended.0.starts_with(&text) && head.head.size == self.size + 1
    }

    /// Changes the ledger so many times, by chance and by hand, and asks everything each time.
    fn try_all(&self, part: Part, count: usize, seed: u64) {
        let (mut rng, ledger) = (Rng(seed), self.env.ledger());
        let (mut answered, mut appended, mut wrong) = (0, 0, Vec::new());
        for round in 0..count {
            let mut change = String::new();
            let tried = catch_unwind(AssertUnwindSafe(|| {
                let mut changed = self.sound.clone();
                if rng.below(3) == 0 && part != Part::Snapshot {
                    changed.retain(|name, _| !name.starts_with("snapshot"));
                    change += "no index, ";
                }
                if round % 2 == 0 || part == Part::Entries && rng.below(4) == 0 {
                    change += &by_chance(&mut rng, &mut changed, part, &self.others);
                    put(&changed, &ledger);
                } else {
                    put(&changed, &ledger);
                    change += &by_insider(&mut rng, &ledger, part, &self.others);
                }
                let mut asked = self.ask(round);
                if round % 20 < 2 {
                    let commanded = self.command();
                    asked.0 += commanded.0;
                    asked.1.extend(commanded.1);
                }
                (asked, self.write())
            }));
            let (asked, written) = tried.unwrap_or_else(|panic| {
                eprintln!("{part:?}, round {round} of seed {seed:#x}: {change}");
                resume_unwind(panic)
            });
            (answered, appended) = (answered + asked.0, appended + written.0);
            let what = asked.1.into_iter().chain(written.1);
            wrong.extend(what.map(|what| format!("round {round}: {change}: {what}")));
        }
        println!(
            "{part:?}: {count} mutations, {answered} answers, {appended} appends, {} wrong",
            wrong.len()
        );
        assert_eq!(wrong, Vec::<String>::new(), "seed {seed:#x}");
    }
}

/// Somebody has the key, and signs what was changed: the entries under a new head and index, or the index alone.
#[test]
fn what_is_changed_with_the_key_is_named_by_an_audit_since_a_kept_head() {
    let world = World::new();
    let (mut rng, ledger) = (Rng(0x5eed_1005), world.env.ledger());
    let head = String::from_utf8(world.sound[&PathBuf::from("checkpoint")].0.clone()).unwrap();
    let since = Since::read(&world.env.write("kept", head)).unwrap();
    let options = AuditOptions { since: vec![since], ..AuditOptions::default() };
    let (count, mut silent) = (mutations() / 2, Vec::new());
    for round in 0..count {
        put(&world.sound, &ledger);
        let key = forge::key(&ledger);
        let change = if round % 2 == 0 {
            let mut log = Log::read(&ledger);
            let change = in_leaves(&mut rng, &mut log.leaves);
            if log.leaves == Log::read(&ledger).leaves {
                continue;
            }
            log.write(&ledger);
            for index in ["snapshot", "sled"] {
                std::fs::remove_dir_all(ledger.join(index)).unwrap();
            }
            let head = Checkpoint::new(&log.origin, log.leaves.len() as u64, log.tree().root());
            SignedCheckpoint::sign(head, &key).write(&ledger.join("checkpoint"), &Disk::default()).unwrap();
            change
        } else {
            let mut index = Published::read(&ledger);
            let before = index.bytes.clone();
            let change = in_index(&mut rng, &mut index);
            if index.bytes == before {
                continue;
            }
            index.reseal(Some(&key));
            std::fs::write(Published::path(&ledger), index.bytes).unwrap();
            change
        };
        let report = audit(&ledger, &options, &mut |_, _, _| {}).unwrap();
        if report.findings.is_empty() {
            silent.push(format!("round {round}: {change}"));
        }
    }
    println!("with the key: {count} mutations, {} without a finding", silent.len());
    assert_eq!(silent, Vec::<String>::new());
}

/// What a share of the changed ledgers is asked by the program.
const COMMANDS: [&str; 14] = [
    "status KAZ sco",
    "status FRA untc-9-1 --format json",
    "roster sco",
    "roster untc-9-2 --format json",
    "count sco --status member",
    "when sco --status member --count 8",
    "timeline BLR",
    "portfolio NOR",
    "bodies",
    "pending sco",
    "log --format json",
    "show 20 30 60 400",
    "participants KAZ",
    "export leaves",
];

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

fn short(text: &str) -> String {
    text.chars().take(300).collect()
}

/// How many mutations of a part are tried on every run, each with a share of the questions.
const SAMPLE: usize = 60;

/// How many mutations of a part are tried.
fn mutations() -> usize {
    match std::env::var("CHANCERY_FAULTS").as_deref() {
        Ok("full") => 5_000,
        Ok(count) if count.parse::<usize>().is_ok() => count.parse().unwrap(),
        _ => SAMPLE,
    }
}

#[test]
fn a_changed_index_gives_no_wrong_answer_certificate_or_head() {
    World::new().try_all(Part::Snapshot, mutations(), 0x5eed_1001);
}

#[test]
fn a_changed_sled_gives_no_wrong_answer_certificate_or_head() {
    World::new().try_all(Part::Sled, mutations(), 0x5eed_1002);
}

#[test]
fn changed_entries_give_no_wrong_answer_certificate_or_head() {
    World::new().try_all(Part::Entries, mutations(), 0x5eed_1003);
}

#[test]
fn changed_heads_give_no_wrong_answer_certificate_or_head() {
    World::new().try_all(Part::Heads, mutations(), 0x5eed_1004);
}
