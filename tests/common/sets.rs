//! The world's records in the neutral form, each imported once for every test.

use std::io::Read;
use std::sync::OnceLock;

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::env::Env;
use crate::five::{Folder, data, pack, unpack};

const NAMES: [&str; 5] = ["untc2015", "untc_history", "wipo", "cow_igo", "states"];

/// The name of a set's file in the data.
pub(crate) fn file(set: &str) -> String {
    format!("real/{set}.jsonl.gz")
}

/// A folder with a ledger of one set, and what its import reported; `None` where the file is absent.
pub(crate) fn set(name: &str) -> Option<(Env, &'static Value)> {
    static LEDGERS: [OnceLock<Option<(Folder, Value)>>; 5] = [const { OnceLock::new() }; 5];
    let at = NAMES.iter().position(|known| *known == name).unwrap();
    let (ledger, report) = LEDGERS[at].get_or_init(|| imported(name)).as_ref()?;
    Some((unpack(ledger), report))
}

fn imported(name: &str) -> Option<(Folder, Value)> {
    let path = data(&file(name))?;
    let env = Env::new();
    env.run(&["init", "--origin", "test/set"]).ok();
    // Some sets hold lines that cannot be taken: exit code 1, with a report all the same.
    let ran = env.run(&["import", "events", path.to_str().unwrap(), "--format", "json"]);
    let report = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    Some((pack(&env), report))
}

/// The lines of a set as the file states them; none where the file is absent.
pub(crate) fn lines(name: &str) -> Vec<Value> {
    let Some(path) = data(&file(name)) else { return Vec::new() };
    let mut text = String::new();
    MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Amends a charter for all time: a treaty of an import gets its clause.
#[track_caller]
pub(crate) fn amend(env: &Env, body: &str, text: &str) {
    let text = format!("id = \"{body}\"\neffective = \"1815-06-09\"\n{text}\n");
    let file = env.write("amendment.toml", text);
    env.run(&["--quiet", "charter", "amend", file.to_str().unwrap()]).ok();
}
