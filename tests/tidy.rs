//! The house: who may import whom, how long a file may be, what must not be left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut open = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for item in fs::read_dir(folder).unwrap().map(|i| i.unwrap().path()) {
            if item.is_dir() {
                open.push(item);
            } else if item.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&item).unwrap();
                found.push((item.strip_prefix(&root).unwrap().to_owned(), text));
            }
        }
    }
    found
}

/// The code of a file without its tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap()
}

fn is_test(path: &Path) -> bool {
    path.iter().any(|part| part == "tests" || part == "tests.rs" || part == "fixture.rs")
}

#[test]
fn a_module_imports_only_what_stands_to_its_right() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("event", &[] as &[&str]),
        ("log", &[]),
        ("charter", &["event"]),
        ("history", &["event", "charter"]),
        ("query", &["event", "charter", "history"]),
        ("index", &["event", "history", "log"]),
        ("import", &["charter", "event", "ledger"]),
        ("publish", &["log"]),
        ("witness", &["log"]),
        ("certificate", &["event", "charter", "history", "query", "log"]),
        ("audit", &["event", "charter", "history", "query", "log", "certificate", "publish", "index"]),
        ("ledger", &["event", "charter", "history", "query", "index", "log", "certificate"]),
        (
            "cli",
            &[
                "event",
                "charter",
                "history",
                "query",
                "index",
                "log",
                "import",
                "audit",
                "witness",
                "ledger",
                "certificate",
                "publish",
            ],
        ),
    ]);
    let mut checked = 0;
    for (path, text) in sources().iter().filter(|(path, _)| !is_test(path)) {
        let first = path.iter().next().unwrap().to_str().unwrap();
        let module = first.strip_suffix(".rs").unwrap_or(first);
        let Some(allowed) = allowed.get(module) else {
            assert!(["lib", "main"].contains(&module), "the house has no room called {module}");
            continue;
        };
        for used in code(text).split("crate::").skip(1) {
            let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let named = allowed.contains(&used.as_str()) || used == module;
            assert!(named, "{} must not import {used}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} imports were found");
}

/// The modules of this crate that a text names.
fn modules_named(text: &str) -> BTreeSet<String> {
    let named = code(text).split("crate::").skip(1);
    named.map(|used| used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}

#[test]
fn a_status_question_passes_four_rooms() {
    // Every room may use the words of the field: acts, charters and what follows from them.
    let words = ["event", "charter", "history"];
    let rooms: [(&[&str], &[&str]); 3] = [
        (&["cli/ask/status.rs", "cli/ask/question.rs"], &["cli", "ledger", "query"]),
        (&["ledger/answers.rs", "ledger/rows.rs", "ledger/batch.rs"], &["ledger", "index", "query"]),
        (&["query/status.rs", "query/needs.rs", "query/body.rs", "query/row.rs"], &["query"]),
    ];
    let texts: BTreeMap<PathBuf, String> = sources().into_iter().collect();
    let mut passed: BTreeSet<String> = BTreeSet::new();
    for (files, allowed) in rooms {
        for file in files {
            let named = modules_named(&texts[Path::new(file)]);
            let named: BTreeSet<String> =
                named.into_iter().filter(|m| !words.contains(&m.as_str())).collect();
            assert!(named.iter().all(|m| allowed.contains(&m.as_str())), "{file} names {named:?}");
            passed.extend(named);
        }
    }
    passed.extend(["cli", "ledger", "index", "query"].map(str::to_owned));
    assert_eq!(passed.len(), 4, "{passed:?}");
}

#[test]
fn no_file_is_longer_than_500_lines() {
    for (path, text) in sources() {
        let lines = code(&text).lines().count();
        assert!(lines <= 500 || is_test(&path), "{} has {lines} lines", path.display());
    }
}

#[test]
fn nothing_is_left_to_be_done_later() {
    let words =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("allow(dead", "_code)"), concat!("#[ig", "nore")];
    for (path, text) in sources() {
        for word in words {
            assert!(!text.contains(word), "{} has {word}", path.display());
        }
    }
}

/// The names of the types that a module makes public, with where each is defined.
fn public_types(path: &Path, text: &str) -> Vec<(String, String)> {
    let mut types = Vec::new();
    for line in code(text).lines() {
        for kind in ["struct", "enum", "union", "trait", "type"] {
            if let Some(rest) =
                line.strip_prefix("pub ").and_then(|l| l.strip_prefix(kind)?.strip_prefix(' '))
            {
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                types.push((name, path.display().to_string()));
            }
        }
    }
    types
}

#[test]
fn no_two_public_types_have_one_name() {
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    for (path, text) in sources().iter().filter(|(path, _)| !is_test(path)) {
        for (name, place) in public_types(path, text) {
            let first = places.insert(name.clone(), place.clone());
            assert_eq!(first, None, "{name} is public here and in {place}");
        }
    }
    assert!(places.len() > 200, "only {} public types were found", places.len());
}

/// Words that only the rule under which headings an entry is filed needs: what a correction gives another body or
/// participant, and which entries of other places that makes bear on a question.
const FILING_WORDS: [&str; 10] = [
    "Field::Body",
    "Field::Participant",
    "Field::About",
    "\"import:",
    "headings(",
    "filings(",
    "filed_by_correction(",
    "reaching(",
    "moves_another(",
    "moves_to_another_body(",
];

/// The files beside `event/heading.rs`, `history/` and `audit/` that have one of these words, and why.
const FILING_EXCEPTIONS: &[(&str, &[&str])] = &[
    // These stay. The fields that a rectification may set, what a recorder was enrolled for, how a field is shown and entered.
    ("event/correction.rs", &["Field::Body", "Field::Participant", "Field::About"]),
    ("event/field.rs", &["Field::Body", "Field::Participant", "Field::About"]),
    ("event/reach.rs", &["Field::Body"]),
    ("query/particulars.rs", &["Field::Body", "Field::Participant", "Field::About"]),
    ("cli/record/rectify.rs", &["Field::Participant", "Field::About"]),
    // These call the rule, in order to file entries by it.
    ("certificate/map.rs", &["filings("]),
    ("index/apply.rs", &["headings(", "filed_by_correction("]),
    // Which corrections may change rules or leave a scope, and what reaches out of a body in a replay.
    ("ledger/append.rs", &["moves_another("]),
    ("event/scope.rs", &["Field::Body", "Field::Participant", "Field::About", "moves_another("]),
    ("event/reaching.rs", &["Field::Body", "reaching(", "moves_to_another_body("]),
    ("ledger/replay.rs", &["reaching(", "moves_to_another_body("]),
];

/// Whether the code has a word that does not go on to the left: `headings(` stands in no `of_headings(`.
fn has_word(code: &str, word: &str) -> bool {
    let goes_on = |at: usize| code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    code.match_indices(word).any(|(at, _)| !goes_on(at))
}

#[test]
fn one_file_says_under_which_headings_an_entry_is_filed() {
    let exceptions: BTreeMap<&str, &[&str]> = FILING_EXCEPTIONS.iter().copied().collect();
    assert_eq!(exceptions.len(), FILING_EXCEPTIONS.len(), "a file stands twice among the exceptions");
    let mut used: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (path, text) in sources().iter().filter(|(path, _)| !is_test(path)) {
        let path = path.to_str().unwrap();
        let own = path == "event/heading.rs" || path.starts_with("history/") || path.starts_with("audit/");
        for word in FILING_WORDS.iter().filter(|word| !own && has_word(code(text), word)) {
            used.entry(path.to_owned()).or_default().push(word);
            let named = exceptions.get(path).is_some_and(|words| words.contains(word));
            assert!(named, "{path} has {word}: only event/heading.rs says where an entry is filed");
        }
    }
    for (path, words) in FILING_EXCEPTIONS {
        for word in *words {
            let needed = used.get(*path).is_some_and(|used| used.contains(word));
            assert!(needed, "{path} no longer has {word}: strike it off the exceptions");
        }
    }
}

#[test]
fn the_audit_files_entries_by_a_rule_of_its_own() {
    let shared = ["filings", "headings", "filed_by_correction", "reaching", "CompletenessMap"];
    for (path, text) in sources().iter().filter(|(path, _)| path.starts_with("audit") && !is_test(path)) {
        let imports = code(text).split(";\n").filter(|line| line.trim_start().starts_with("use crate::"));
        for line in imports {
            let mut names = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            let name = names.find(|name| shared.contains(name));
            assert!(name.is_none(), "{} must not share {name:?} with the ledger", path.display());
        }
    }
}

/// The files that may open others without `log/regular.rs`, and why.
const OPENING_EXCEPTIONS: [&str; 3] = [
    // The helper itself.
    "log/regular.rs",
    // It makes files, and opens folders to sync them.
    "log/disk.rs",
    // It opens the folder that it publishes into, to lock it.
    "publish/write.rs",
];

#[test]
fn files_of_a_ledger_are_opened_in_one_place_that_looks_at_their_kind_first() {
    let rooms = ["log", "ledger", "index", "audit", "witness", "publish"];
    let words = ["fs::read(", "fs::read_to_string(", "File::open(", "File::options(", ".read(true)"];
    for (path, text) in sources().iter().filter(|(path, _)| !is_test(path)) {
        let name = path.to_str().unwrap();
        let is_in_room = rooms.iter().any(|room| path.starts_with(room));
        if is_in_room && !OPENING_EXCEPTIONS.contains(&name) {
            let word = words.iter().find(|word| code(text).contains(**word));
            assert!(word.is_none(), "{name} has {word:?}: open it with log/regular.rs");
        }
    }
}

/// The place of a file among the modules: `src/event/act.rs` is `event`, `act`.
fn module(path: &Path) -> Vec<String> {
    let mut parts: Vec<String> =
        path.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod" || last == "lib") {
        parts.pop();
    }
    parts
}

/// Reads the text after a `::` as paths, those in braces one by one, and gives what is left of the text.
fn paths<'t>(text: &'t str, before: &[String], all: &mut Vec<Vec<String>>) -> &'t str {
    let mut rest = text.trim_start();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside.trim_start();
        while !rest.is_empty() && !rest.starts_with('}') {
            let left = paths(rest, before, all).trim_start_matches(|c: char| c == ',' || c.is_whitespace());
            if left.len() == rest.len() {
                break;
            }
            rest = left;
        }
        return rest.strip_prefix('}').unwrap_or(rest);
    }
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    let path = [before, &[name.to_owned()]].concat();
    match rest.strip_prefix("::") {
        Some(rest) => paths(rest, &path, all),
        None => {
            all.push(path);
            // `as another name` is no path.
            rest.strip_prefix(" as ")
                .map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_alphanumeric()))
        }
    }
}

/// The paths that a file names from `crate`, `super` or `self` on.
fn named(text: &str) -> Vec<Vec<String>> {
    let text: String = code(text).lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let mut all = Vec::new();
    for root in ["crate", "super", "self"] {
        for (at, _) in text.match_indices(&format!("{root}::")) {
            let is_inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '$');
            if !text[..at].ends_with(is_inside) {
                paths(&text[at..], &[], &mut all);
            }
        }
    }
    all
}

/// The file that a path of another file leads to: the longest beginning of it that is one.
fn file_of(path: &[String], from: &[String], files: &BTreeMap<Vec<String>, String>) -> Vec<String> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let mut full = match path[0].as_str() {
        "crate" => path[1..].to_vec(),
        "self" => [from, &path[1..]].concat(),
        _ => [&from[..from.len().saturating_sub(ups)], &path[ups..]].concat(),
    };
    while !files.contains_key(&full) && full.pop().is_some() {}
    full
}

#[test]
fn no_two_files_import_each_other_except_a_module_and_its_children() {
    let files: BTreeMap<Vec<String>, String> = sources()
        .into_iter()
        .filter(|(path, _)| !is_test(path))
        .map(|(path, text)| (module(&path), text))
        .collect();
    let imports: BTreeMap<&Vec<String>, BTreeSet<Vec<String>>> = files
        .iter()
        .map(|(from, text)| (from, named(text).iter().map(|path| file_of(path, from, &files)).collect()))
        .collect();
    let is_within = |a: &[String], b: &[String]| b.starts_with(a);
    let mut checked = 0;
    for (from, others) in &imports {
        for other in others.iter().filter(|other| !is_within(other, from) && !is_within(from, other)) {
            // The files of the log are parted by the work on its writer.
            let is_log = [*from, other].iter().all(|module| module[0] == "log");
            let both = imports.get(other).is_some_and(|back| back.contains(*from)) && !is_log;
            assert!(!both, "{} and {} import each other", from.join("::"), other.join("::"));
            checked += 1;
        }
    }
    assert!(checked > 500, "only {checked} imports were found");
}
