//! The same questions asked of the published index with a tail behind it, of an index set out in memory, and of one that was
//! published from sled: the answers are the same, also of a record in which much was corrected.

use std::path::Path;

use chancery::event::Instant;
use chancery::query::{Kind, Threshold};
use chancery::{Question, Reading};
use serde_json::Value;

use crate::env::{Env, NOW, Rng, copy, times};
use crate::five::five;
use crate::sets::set;

const DAYS: [&str; 9] = [
    "1949-04-04",
    "1973-01-01",
    "1989-11-09",
    "1992-06",
    "2004-05-01",
    "2015",
    "2023-07-04",
    "2026-11-23",
    "2040-01-01",
];

/// What may be named in questions of a record.
struct Names {
    participants: Vec<String>,
    bodies: Vec<String>,
    size: u64,
}

fn listed(env: &Env, command: &str, key: &str) -> Vec<String> {
    let all: Value = env.run(&[command, "--format", "json"]).json();
    all.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
}

fn names(env: &Env) -> Names {
    let log = env.run(&["log", "--format", "json"]).json();
    let mut participants: Vec<String> =
        log.as_array().unwrap().iter().filter_map(|e| Some(e["participant"].as_str()?.to_owned())).collect();
    participants.sort();
    participants.dedup();
    Names { participants, bodies: listed(env, "bodies", "body"), size: env.size() }
}

impl Names {
    fn question(&self, rng: &mut Rng) -> Question {
        let one = |rng: &mut Rng, of: &[String]| of[rng.below(of.len() as u64) as usize].clone();
        let kind = Kind::ALL[rng.below(14) as usize].0;
        let mut question = Question::new(kind).on(DAYS[rng.below(9) as usize]);
        let about_one = [Kind::Status, Kind::Portfolio, Kind::Timeline, Kind::Explain, Kind::Relations];
        if about_one.contains(&kind) || rng.below(4) == 0 {
            question = question.of(one(rng, &self.participants));
        }
        let everywhere = [Kind::Portfolio, Kind::Timeline, Kind::Conflicts, Kind::Diff];
        if !everywhere.contains(&kind) || rng.below(3) == 0 && kind != Kind::Portfolio {
            question = question.within(one(rng, &self.bodies));
        }
        match kind {
            Kind::Relations => question.options.other = Some(one(rng, &self.participants)),
            Kind::Diff => question.on = Some("1990-01-01..2020-01-01".into()),
            Kind::When => {
                question.options.status = Some(["member", "party", "none"][rng.below(3) as usize].into());
                question.options.number = Some(Threshold::AtLeast(1 + rng.below(9)));
            }
            Kind::Timeline => question.options.both_times = rng.below(3) == 0,
            _ => {}
        }
        if rng.below(3) == 0 {
            question = question.as_known(DAYS[rng.below(9) as usize]);
        }
        if rng.below(3) == 0 {
            question = question.as_recorded(1 + rng.below(self.size));
        }
        question
    }
}

/// Corrects entries at random; what is refused is passed over. Gives how many were corrected.
fn correct(env: &Env, rng: &mut Rng, names: &Names, count: u64) -> u64 {
    let mut corrected = 0;
    for _ in 0..count {
        let entry = rng.below(names.size).to_string();
        let who = &names.participants[rng.below(names.participants.len() as u64) as usize];
        let body = &names.bodies[rng.below(names.bodies.len() as u64) as usize];
        let participant = format!("participant={who}");
        let body = format!("body={body}");
        let args: Vec<&str> = match rng.below(4) {
            0 => vec!["retract", &entry, "--cause", "source-changed", "--known-from", "2016-01-01"],
            1 => vec!["rectify", &entry, "--cause", "clerical", "--set", &participant],
            2 => vec!["rectify", &entry, "--cause", "clerical", "--set", &body],
            _ => vec!["retract", &entry, "--cause", "clerical"],
        };
        let cited = ["--cite", "the depositary", "--grade", "official"];
        corrected += u64::from(env.run(&[&args[..], &cited].concat()).code == 0);
    }
    corrected
}

fn reading(path: &Path) -> Reading {
    Reading::open(path, Instant::parse(NOW).unwrap()).unwrap()
}

fn answer(reading: &Reading, question: &Question) -> String {
    match reading.ask(question) {
        Ok(answer) => serde_json::to_string(&answer).unwrap(),
        Err(error) => error.to_string(),
    }
}

/// Asks a record that is corrected, however it is indexed. Gives how many questions had answers.
fn ask_all(env: &Env, seed: u64, count: usize) -> usize {
    let mut rng = Rng(seed);
    // A key that others could read would not be used.
    env.sh("chmod 600 chancery.ledger/key").ok();
    env.run(&["replay"]).ok();
    let corrected = correct(env, &mut rng, &names(env), 40);
    assert!(corrected > 5, "{corrected} entries were corrected");
    let names = names(env);
    let (in_memory, from_sled) = (env.path().join("in-memory"), env.path().join("from-sled"));
    copy(&env.ledger(), &in_memory);
    copy(&env.ledger(), &from_sled);
    std::fs::remove_dir_all(in_memory.join("snapshot")).unwrap();
    env.run(&["--ledger", "from-sled", "replay"]).ok();
    let readings = [env.ledger(), in_memory, from_sled].map(|path| reading(&path));
    let mut answered = 0;
    for _ in 0..count {
        let question = names.question(&mut rng);
        let [published, in_memory, from_sled] = readings.each_ref().map(|reading| answer(reading, &question));
        assert_eq!(published, in_memory, "{:?}", question.words());
        assert_eq!(published, from_sled, "{:?}", question.words());
        answered += usize::from(published.starts_with('{'));
    }
    // The audit derives every status once more, and holds what is published against it.
    let audit = env.run(&["--ledger", "from-sled", "audit"]);
    assert!(audit.code == 0, "{}{}", audit.stdout, audit.stderr);
    answered
}

#[test]
fn questions_about_five_organisations_have_one_answer_however_the_record_is_indexed() {
    let Some(env) = five() else { return };
    let count = times(6_000);
    let answered = ask_all(&env, 0x5eed_0016, count);
    assert!(answered * 2 > count, "{answered} of {count} questions had an answer");
}

#[test]
fn questions_about_the_treaties_of_wipo_have_one_answer_however_the_record_is_indexed() {
    let Some((env, _)) = set("wipo") else { return };
    let count = times(4_000);
    let answered = ask_all(&env, 0x5eed_0017, count);
    assert!(answered * 2 > count, "{answered} of {count} questions had an answer");
}
