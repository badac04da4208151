//! The documents are true: every `console` block in them is run, and says what it says.
//!
//! In a block, a line that begins with `$ ` is a command for the shell; what follows is what it writes, standard error
//! behind standard output. A block that is named by a file, as `toml map.toml`, is that file. A document is one session in one folder. `CHANCERY_BLESS=1 cargo test docs` writes what the
//! program says into the document instead, to be read before it is committed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::env::Env;

fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Runs a document's blocks and gives the document as the program would have it.
fn replayed(text: &str) -> String {
    let env = Env::new();
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if line.trim() == "```console fresh" {
            fs::remove_dir_all(env.ledger()).ok();
        }
        if let Some((_, file)) = line.strip_prefix("```").and_then(|named| named.split_once(' '))
            && file.contains('.')
        {
            let block: Vec<&str> =
                std::iter::from_fn(|| lines.next_if(|line| line.trim() != "```")).collect();
            let text = format!("{}\n", block.join("\n"));
            env.write(file, &text);
            out.push_str(&text);
        }
        if !matches!(line.trim(), "```console" | "```console fresh") {
            continue;
        }
        while let Some(line) = lines.next_if(|line| line.trim() != "```") {
            let Some(mut command) = line.strip_prefix("$ ").map(str::to_owned) else { continue };
            out.push_str(line);
            out.push('\n');
            while command.ends_with('\\') {
                let more = lines.next().unwrap_or_default();
                out.push_str(more);
                out.push('\n');
                command.push('\n');
                command.push_str(more);
            }
            out.push_str(&said(&env, &command));
        }
    }
    out
}

fn said(env: &Env, command: &str) -> String {
    let ran = env.sh(command);
    let text = ran.all().replace(&env.path().display().to_string(), "~");
    text.lines().map(|line| format!("{}\n", without_pid(&without_seconds(line.trim_end())))).collect()
}

/// How long a thing took is another on every machine.
fn without_seconds(line: &str) -> String {
    match line.strip_suffix(" s").and_then(|rest| rest.rsplit_once(' ')) {
        Some((rest, number)) if number.parse::<f64>().is_ok() => format!("{rest} 0.1 s"),
        _ => line.to_owned(),
    }
}

/// Nor has a process the same number twice.
fn without_pid(line: &str) -> String {
    let Some((before, rest)) = line.split_once(" by pid ") else { return line.to_owned() };
    format!("{before} by pid 4711{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
}

#[track_caller]
fn is_true(name: &str) {
    let path = document(name);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("```console"), "{name} has no session to run");
    let now = replayed(&text);
    if std::env::var("CHANCERY_BLESS").is_ok() {
        return fs::write(&path, now).unwrap();
    }
    for (at, (is, said)) in now.lines().zip(text.lines()).enumerate() {
        assert_eq!(is, said, "{name}, line {}: the program says the first", at + 1);
    }
    assert_eq!(now.lines().count(), text.lines().count(), "{name} has more or fewer lines");
}

#[test]
fn the_session_in_the_readme_is_what_the_program_says() {
    is_true("README.md");
}

#[test]
fn the_worked_example_of_the_three_time_axes_is_what_the_program_says() {
    is_true("docs/TIME.md");
}

#[test]
fn the_sessions_for_researchers_are_what_the_program_says() {
    is_true("docs/RESEARCH.md");
}

#[test]
fn the_worked_example_of_a_map_is_what_the_program_says() {
    is_true("docs/IMPORT.md");
}

#[test]
fn the_session_of_proofs_is_what_the_program_says() {
    is_true("docs/PROOF.md");
}

#[test]
fn the_session_of_publishing_is_what_the_program_says() {
    is_true("docs/PUBLISH.md");
}

#[test]
fn the_sessions_of_recorders_are_what_the_program_says() {
    is_true("docs/RECORDERS.md");
}

#[test]
fn the_session_of_witnesses_is_what_the_program_says() {
    is_true("docs/WITNESS.md");
}

#[test]
fn every_error_of_the_catalogue_is_reproduced() {
    is_true("docs/ERRORS.md");
}

/// The help of every command, one after another.
fn reference() -> String {
    let env = Env::new();
    let mut out = String::from(
        "# The command line\n\nMade from the program's own help by a test; `CHANCERY_BLESS=1 cargo test reference` makes \
         it anew.\n",
    );
    let mut section = |args: &[&str]| {
        let mut line = args.to_vec();
        line.push("--help");
        let help = env.run(&line).ok();
        let help: String = help.lines().map(|l| format!("{}\n", l.trim_end())).collect();
        let title = [&["chancery"], args].concat().join(" ");
        out.push_str(&format!("\n## {title}\n\n```text\n{}\n```\n", help.trim_end()));
        help
    };
    let top = section(&[]);
    for command in commands(&top) {
        let help = section(&[&command]);
        for inner in commands(&help) {
            section(&[&command, &inner]);
        }
    }
    out
}

/// The names under "Commands:" in a help text.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|l| *l != "Commands:").skip(1).take_while(|l| !l.trim().is_empty());
    let names = listed.filter(|l| l.starts_with("  ") && !l.starts_with("   "));
    names.filter_map(|l| l.split_whitespace().next().map(str::to_owned)).collect()
}

#[test]
fn the_reference_of_the_command_line_is_the_help_of_every_command() {
    let path = document("docs/CLI.md");
    let now = reference();
    assert!(now.matches("\n## ").count() > 25, "commands are missing");
    if std::env::var("CHANCERY_BLESS").is_ok() {
        return fs::write(&path, now).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), now);
}

/// Every document at the top and in `docs/`, with its text.
fn documents() -> Vec<(PathBuf, String)> {
    let files = ["", "docs"].into_iter().flat_map(|folder| fs::read_dir(document(folder)).unwrap());
    let paths =
        files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "md"));
    paths.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The anchors of a document's headings, as the web pages that show it make them.
fn anchors(text: &str) -> Vec<String> {
    let headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    headings
        .map(|title| title.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-"))
        .collect()
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut checked = 0;
    for (file, text) in documents() {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") {
                continue;
            }
            let (page, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = if page.is_empty() { file.clone() } else { file.parent().unwrap().join(page) };
            assert!(path.exists(), "{}: {target} leads nowhere", file.display());
            let is_there =
                anchor.is_empty() || anchors(&fs::read_to_string(path).unwrap()).iter().any(|a| a == anchor);
            assert!(is_there, "{}: {target}: no heading has that anchor", file.display());
            checked += 1;
        }
    }
    assert!(checked > 60, "only {checked} links were checked");
}

#[test]
fn every_file_of_the_source_that_a_document_names_is_there() {
    let mut checked = 0;
    for (file, text) in documents() {
        for path in text.split("`src/").skip(1).filter_map(|rest| rest.split('`').next()) {
            // A name in capitals stands for any name.
            if path.contains(|c: char| c.is_whitespace() || c.is_uppercase()) {
                continue;
            }
            assert!(document("src").join(path).exists(), "{}: there is no src/{path}", file.display());
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} files were checked");
}

/// The longest piece of an error's text that is the same whenever it is shown.
fn fixed_part(text: &str) -> String {
    let mut parts = vec![String::new()];
    let mut inside = false;
    for c in text.chars() {
        match c {
            '{' => inside = true,
            '}' => {
                inside = false;
                parts.push(String::new());
            }
            c if !inside => parts.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    parts.into_iter().max_by_key(String::len).unwrap().trim_matches([' ', ':', '.']).to_owned()
}

#[test]
fn every_error_of_the_library_is_in_the_catalogue() {
    let one_line = |text: &str| text.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ");
    let catalogue = one_line(&fs::read_to_string(document("docs/ERRORS.md")).unwrap());
    let mut open = vec![document("src")];
    let mut checked = 0;
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(folder).unwrap().map(|item| item.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let source = fs::read_to_string(&path).unwrap_or_default();
            for attribute in source.split("#[error(").skip(1) {
                let Some(quoted) = attribute.trim_start().strip_prefix('"') else { continue };
                let text = quoted.replace("\\\"", "\u{1}");
                let text = text.split('"').next().unwrap().replace('\u{1}', "\"").replace("\\\n", "\n");
                let fixed = one_line(&fixed_part(&text));
                if fixed.len() >= 6 {
                    assert!(catalogue.contains(&fixed), "{}: {fixed}", path.display());
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 60, "only {checked} errors were found");
}

/// Every word of a text between backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_promise_of_security_names_a_test_that_exists() {
    let text = fs::read_to_string(document("docs/SECURITY.md")).unwrap();
    let table = text.split("## What is promised").nth(1).unwrap().split("\n## ").next().unwrap();
    let promises: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(promises.len() > 25, "only {} promises are listed", promises.len());
    for promise in promises {
        let (promised, shown) = promise.trim_end_matches(" |").rsplit_once(" | ").unwrap();
        let mut source = String::new();
        let mut tests = 0;
        for word in quoted(shown) {
            if word.ends_with(".rs") {
                source = fs::read_to_string(document(word)).unwrap_or_else(|_| panic!("there is no {word}"));
                continue;
            }
            let is_test = source.split("#[test]").skip(1).any(|test| test.contains(&format!("fn {word}()")));
            assert!(is_test, "{word} is no test: it is to show that {promised}");
            tests += 1;
        }
        assert!(tests > 0, "no test shows that {promised}");
    }
}
