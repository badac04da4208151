//! The record of five organisations from the files of the data set, imported once for every test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

use crate::env::{Env, files};

/// Each organisation with its file.
pub(crate) const FILES: [(&str, &str); 5] = [
    ("sco", "sco_events.csv"),
    ("nato", "nato_events.csv"),
    ("eu", "eu_events.csv"),
    ("un", "un_members.csv"),
    ("brics", "brics_events.csv"),
];

/// The files of a folder, each with its bytes.
pub(crate) type Folder = Vec<(PathBuf, Vec<u8>)>;

/// A file of the project's data; `None`, with a line that says so, where the data is not here.
pub(crate) fn data(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let path = std::env::var_os("CHANCERY_DATA").map_or_else(beside, PathBuf::from).join(name);
    if !path.exists() {
        println!("skipped: no {}", path.display());
        return None;
    }
    Some(path)
}

/// A folder with a ledger of the five charters and the five files; `None` where a file is absent.
pub(crate) fn five() -> Option<Env> {
    static LEDGER: OnceLock<Option<Folder>> = OnceLock::new();
    LEDGER.get_or_init(imported).as_ref().map(unpack)
}

fn imported() -> Option<Folder> {
    let env = Env::new();
    let mut init = vec!["init", "--origin", "test/five"];
    init.extend(FILES.iter().flat_map(|(body, _)| ["--charter", body]));
    env.run(&init).ok();
    for (body, file) in FILES {
        let path = data(file)?;
        env.run(&["import", "csv", path.to_str().unwrap(), "--in", body, "--strict"]).ok();
    }
    Some(pack(&env))
}

/// The ledger of a folder, to be unpacked for many tests.
pub(crate) fn pack(env: &Env) -> Folder {
    let ledger = env.ledger();
    let inside = |(path, bytes): (PathBuf, Vec<u8>)| (path.strip_prefix(&ledger).unwrap().to_owned(), bytes);
    files(&ledger).into_iter().map(inside).collect()
}

/// A folder of its own with a ledger that was packed.
pub(crate) fn unpack(ledger: &Folder) -> Env {
    let env = Env::new();
    for (path, bytes) in ledger {
        let target = env.ledger().join(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, bytes).unwrap();
    }
    env
}

/// The answer to a line of words.
#[track_caller]
pub(crate) fn json_of(env: &Env, line: &str) -> Value {
    let mut args: Vec<&str> = line.split_whitespace().collect();
    args.extend(["--format", "json"]);
    env.run(&args).json()
}

/// Certain and at most, by period.
pub(crate) fn numbers(counted: &Value) -> BTreeMap<String, (u64, u64)> {
    let periods = counted["periods"].as_array().unwrap().iter();
    let number = |p: &Value, key: &str| p[key].as_u64().unwrap();
    periods
        .map(|p| (p["period"].as_str().unwrap().to_owned(), (number(p, "certain"), number(p, "at_most"))))
        .collect()
}

/// The objects of a list as the strings of some of their keys, with `-` for what is absent.
pub(crate) fn columns(list: &Value, keys: &[&str]) -> Vec<String> {
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".into(),
        other => other.to_string(),
    };
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|i| keys.iter().map(|k| word(&i[*k])).collect::<Vec<_>>().join(" ")).collect()
}

/// The strings of a list.
pub(crate) fn words(list: &Value) -> Vec<&str> {
    list.as_array().map(Vec::as_slice).unwrap_or_default().iter().filter_map(Value::as_str).collect()
}

/// Whether a note holds all these words.
pub(crate) fn notes(answer: &Value, told: &[&str]) -> bool {
    words(&answer["notes"]).iter().any(|note| told.iter().all(|word| note.contains(word)))
}
