//! Nothing that a text says acts on a terminal, runs in a spreadsheet, or gives a secret away.

use std::process::Stdio;

use crate::env::{Env, Ran, files};

/// Sets the title of a terminal, clears it, turns a line round, hides a word, ends a line.
const HOSTILE: &str = "T\u{1b}]0;PWNED\u{7} \u{1b}[2J\u{9b}31m \u{202e}\u{2066}\u{61c}\u{200b}\u{feff}\u{2028}\u{e0041}\u{e0100}\u{fe0f} =x";

/// A ledger in which every text that a user can choose is hostile.
fn ledger() -> Env {
    let env = Env::demo();
    let text: String = HOSTILE.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
    env.write(
        "evil.toml",
        format!(
            "id = \"evil\"\ntitle = \"{text}\"\nkind = \"organisation\"\ninstrument = \"{text}\"\n\
             [[status]]\nid = \"member\"\ntitle = \"{text}\"\nplural = \"{text}\"\n\
             [[transition]]\nact = \"status-granted\"\nfrom = [\"none\"]\nto = \"member\"\nrule = \"{text}\"\n\
             article = \"{text}\"\n\
             [[procedure]]\ntoward = \"member\"\narticle = \"{text}\"\n\
             [[procedure.step]]\nact = \"application-filed\"\ntitle = \"{text}\"\n"
        ),
    );
    env.run(&["charter", "adopt", "evil.toml"]).ok();
    let common =
        ["--in", "evil", "--cite", HOSTILE, "--title", HOSTILE, "--place", HOSTILE, "--note", HOSTILE];
    let granted = ["append", "status-granted", "-p", "LAO", "--decided", "2024-01-01"];
    env.run(&[&granted[..], &common].concat()).ok();
    let filed = ["append", "application-filed", "-p", "BLR", "--toward", "member", "--done", "2024-02-01"];
    env.run(&[&filed[..], &common].concat()).ok();
    let act = serde_json::json!({"date": "2023", "party": "BLR", "body": "UNTC:9-99", "body_title": HOSTILE,
        "kind": "ratification", "source": HOSTILE});
    env.write("acts.jsonl", format!("{act}\n"));
    env.run(&["import", "events", "acts.jsonl"]).ok();
    env
}

const QUESTIONS: [&str; 27] = [
    "status LAO evil",
    "status LAO evil --is member",
    "status BLR evil",
    "status BLR untc-9-99",
    "roster evil",
    "roster untc-9-99",
    "portfolio LAO",
    "timeline LAO",
    "timeline BLR --in evil --both-times",
    "explain LAO --in evil",
    "explain BLR --in evil --missing",
    "pending evil",
    "in-force evil",
    "in-force untc-9-99",
    "when LAO evil --status member",
    "count evil --status member",
    "diff --in evil --on 2020..2026",
    "conflicts",
    "bodies",
    "charter list",
    "charter show evil",
    "log --last 5",
    "show 129 130 131 132 133",
    "check",
    "export table evil",
    "notify --in evil --as-recorded 0..140",
    "cite roster evil",
];

fn run(env: &Env, line: &str, form: &[&str]) -> Ran {
    let words: Vec<&str> = line.split(' ').collect();
    env.run(&[&words[..], form].concat())
}

/// The first character of a text that acts on a terminal; our own styles are let through.
fn acting(text: &str) -> Option<char> {
    let plain = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[33m"];
    let text = plain.iter().fold(text.to_owned(), |text, style| text.replace(style, ""));
    text.chars().find(|c| *c != '\n' && (c.is_control() || HOSTILE.contains(*c) && !c.is_ascii()))
}

#[test]
fn terminal_escape_in_title_or_another_text_of_the_record_acts_on_no_terminal() {
    let env = ledger();
    let mut written_out = 0;
    for line in QUESTIONS {
        for form in
            [&["--color", "always"][..], &["--color", "never"], &["--color", "always", "--format", "csv"]]
        {
            let ran = run(&env, line, form);
            for text in [&ran.stdout, &ran.stderr] {
                assert_eq!(acting(text), None, "{line} {form:?}: {text:?}");
                written_out += usize::from(text.contains(r"\u{202e}"));
            }
        }
    }
    assert!(written_out > 20, "only {written_out} answers have a hostile text");
}

#[test]
fn json_says_the_same_with_escapes_where_a_terminal_shows_it() {
    let env = ledger();
    for line in QUESTIONS {
        let (piped, shown) = (
            run(&env, line, &["--format", "json"]),
            run(&env, line, &["--format", "json", "--color", "always"]),
        );
        assert_eq!(acting(&shown.stdout), None, "{line}");
        let of = |ran: &Ran| serde_json::from_str::<serde_json::Value>(&ran.stdout).ok();
        assert_eq!(of(&piped), of(&shown), "{line}");
    }
    let leaves = env.run(&["export", "leaves", "--from", "128"]).ok();
    let shown = env.run(&["export", "leaves", "--from", "128", "--color", "always"]).ok();
    assert!(leaves.contains('\u{202e}') && acting(&shown).is_none(), "{shown}");
}

#[test]
fn errors_write_out_what_acts_on_a_terminal() {
    let env = Env::demo();
    env.write("broken.toml", format!("id = {HOSTILE}\n"));
    env.write("broken.csv", format!("date,party,event_kind\n2020,{HOSTILE},x\n"));
    for args in [
        &["status", HOSTILE, "sco"][..],
        &["status", "LAO", HOSTILE],
        &["show", HOSTILE],
        &["charter", "adopt", "broken.toml"],
        &["charter", "lint", HOSTILE],
        &["verify", HOSTILE, "--key", HOSTILE],
        &["--ledger", HOSTILE, "bodies"],
        &["ask", "--from", "broken.csv"],
        &["import", "csv", "broken.csv", "--in", "sco"],
        &["compare", "--with", HOSTILE],
    ] {
        let ran = env.run(&[args, &["--color", "always"]].concat());
        assert_ne!(ran.code, 0, "{args:?}");
        assert_eq!(acting(&ran.all()), None, "{args:?}: {:?}", ran.all());
    }
}

#[test]
fn a_title_adds_no_line_to_an_answer() {
    let env = Env::demo();
    env.write(
        "evil.toml",
        "id = \"evil\"\ntitle = \"T\\nBLR   member\"\nkind = \"organisation\"\n[[status]]\nid = \"member\"\n\
         title = \"m\\nBLR   member\"\nplural = \"ms\\nBLR   member\"\n[[transition]]\nact = \"status-granted\"\n\
         from = [\"none\"]\nto = \"member\"\nrule = \"r\"\narticle = \"a\"\n",
    );
    env.run(&["charter", "adopt", "evil.toml"]).ok();
    let granted = ["append", "status-granted", "-p", "LAO", "--in", "evil", "--decided", "2024-01-01"];
    env.run(&[&granted[..], &["--cite", "x", "--title", "y\nBLR   member"]].concat()).ok();
    for line in [
        "status LAO evil",
        "roster evil",
        "bodies",
        "charter list",
        "charter show evil",
        "portfolio LAO",
        "timeline LAO",
        "explain LAO --in evil",
        "when LAO evil --status member",
        "count evil --status member",
        "pending evil",
        "in-force evil",
        "show 129",
        "log --last 2",
    ] {
        let said = run(&env, line, &[]).stdout;
        assert!(!said.lines().any(|line| line.starts_with("BLR")), "{line}: {said}");
    }
}

#[test]
fn csv_formula_in_no_cell_runs_in_a_spreadsheet_and_what_is_written_is_read_back() {
    let env = Env::demo();
    let formulas = ["=1+1", "+A1", "-A1+2", "@SUM(A1)", "'=quoted", "\tx", "-5"];
    for (at, formula) in formulas.iter().enumerate() {
        let day = format!("2024-01-{:02}", at + 1);
        let filed = ["append", "application-filed", "-p", "LAO", "--in", "sco", "--cite", "x"];
        env.run(&[&filed[..], &[&format!("--title={formula}"), "--done", &day]].concat()).ok();
    }
    let said = env.run(&["log", "--last", "7", "--format", "csv"]).ok();
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(said.as_bytes()).records().map(Result::unwrap).collect();
    let cells: Vec<&str> = rows.iter().map(|row| &row[7]).collect();
    assert_eq!(cells, ["'=1+1", "'+A1", "'-A1+2", "'@SUM(A1)", "''=quoted", "'\tx", "-5"]);
    // The same cells as the titles of a file to import.
    let mut out = csv::Writer::from_path(env.path().join("back.csv")).unwrap();
    out.write_record(["date", "party", "event_kind", "instrument"]).unwrap();
    for (at, cell) in cells.iter().enumerate() {
        out.write_record([&format!("2024-02-{:02}", at + 1), "KHM", "application-filed", cell]).unwrap();
    }
    drop(out);
    env.run(&["import", "csv", "back.csv", "--in", "sco"]).ok();
    let log = env.run(&["log", "-p", "KHM", "--in", "sco", "--last", "7", "--format", "json"]).json();
    let titles: Vec<&str> = log.as_array().unwrap().iter().map(|e| e["title"].as_str().unwrap()).collect();
    assert_eq!(titles, formulas);
    // What is left out is written so that it runs nowhere, and can be imported when it is mended.
    env.write("bad.csv", "date,party,event_kind,instrument\n2024-99-01,KHM,application-filed,=1+1\n");
    env.run(&["import", "csv", "bad.csv", "--in", "sco", "--rejects", "left.csv"]);
    let left = std::fs::read_to_string(env.path().join("left.csv")).unwrap();
    assert!(left.contains(",'=1+1"), "{left}");
}

#[test]
fn a_private_key_in_the_wrong_place_is_not_echoed() {
    let env = Env::demo();
    let key = std::fs::read_to_string(env.ledger().join("key")).unwrap();
    let (key, secret) = (key.trim(), key.trim().rsplit_once('+').unwrap().1);
    for name in ["k", "k.toml", "k.csv", "k.jsonl"] {
        env.write(name, format!("{key}\n"));
    }
    env.write("q.csv", format!("participant,body\n{key},sco\nLAO,{key}\n"));
    env.write("i.csv", format!("date,party,event_kind\n2020,{key},signed\n{key},LAO,signed\n"));
    env.write(
        "i.jsonl",
        format!("{{\"date\":\"2023\",\"party\":\"{key}\",\"body\":\"B\",\"kind\":\"{key}\"}}\n"),
    );
    let mut shown = 0;
    for line in [
        "status KEY sco",
        "status LAO KEY",
        "status LAO sco --on KEY",
        "status LAO sco --is KEY",
        "verify k --key KEY",
        "checkpoint --cosign k",
        "checkpoint --cosign KEY",
        "audit --key KEY",
        "audit --since k",
        "audit --policy k",
        "charter adopt k",
        "charter adopt k.toml",
        "charter lint k.toml",
        "import csv k.csv --in sco",
        "import csv k.csv --map k.toml",
        "import events k.jsonl",
        "ask --from k",
        "compare --with k",
        "append KEY -p LAO",
        "append application-filed -p KEY --in sco --cite x",
        "append application-filed -p LAO --in sco --done KEY --cite x",
        "append application-filed -p LAO --in sco --done 2024 --cite x --sign KEY",
        "append --from k.jsonl",
        "--ledger KEY bodies",
        "--format KEY bodies",
        "KEY",
        "show KEY",
        "key show KEY",
        "bodies --KEY",
        "witness init w --name KEY",
        "rectify 5 --set KEY --cause clerical --cite x",
        "participants KEY",
        "ask --from q.csv",
        "ask --from q.csv --format csv",
        "ask --from q.csv --format json",
        "import csv i.csv --in sco",
        "import csv i.csv --in sco --format csv",
        "import events i.jsonl",
        "import events i.jsonl --format csv",
        "import events i.jsonl --format json",
    ] {
        let words: Vec<String> = line.split(' ').map(|word| word.replace("KEY", key)).collect();
        let ran = env.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let said = ran.all();
        assert!(ran.code != 0 || !said.contains("error"), "{line}: {said}");
        assert!(!said.to_lowercase().contains(&secret[..8].to_lowercase()), "{line}: {said}");
        shown += usize::from(said.contains("[a private key: not shown]"));
    }
    assert!(shown > 20, "only {shown}");
}

#[test]
fn writing_a_file_touches_no_other_of_the_users_and_leaves_nothing_when_it_fails() {
    let env = Env::demo();
    let mine = ["report.tmp", "proof.tmp", ".report.json.0.tmp", "certificate.tmp"];
    mine.iter().for_each(|name| drop(env.write(name, "mine")));
    env.run(&["audit", "--report", "report.json"]).ok();
    env.run(&["prove", "inclusion", "5", "--out", "proof.txt"]).ok();
    env.run(&["status", "BLR", "sco", "--certificate", "certificate.json"]).ok();
    env.run(&["export", "leaves", "--out", "leaves.jsonl"]).ok();
    for name in mine {
        assert_eq!(std::fs::read_to_string(env.path().join(name)).unwrap(), "mine", "{name}");
    }
    let before: Vec<_> = files(env.path()).into_iter().map(|(path, _)| path).collect();
    // A folder stands in the place of the file.
    std::fs::create_dir(env.path().join("taken")).unwrap();
    for args in [
        &["audit", "--report", "taken"][..],
        &["prove", "inclusion", "5", "--out", "taken"],
        &["export", "leaves", "--out", "taken"],
    ] {
        assert_ne!(env.run(args).code, 0, "{args:?}");
    }
    assert_eq!(files(env.path()).into_iter().map(|(path, _)| path).collect::<Vec<_>>(), before);
    // A device is written into, and not replaced.
    env.run(&["prove", "inclusion", "5", "--out", "/dev/null"]).ok();
    env.run(&["prove", "inclusion", "5", "--out", "/dev/full"]).fails(2);
    // A link keeps leading where it leads.
    std::os::unix::fs::symlink("proof.txt", env.path().join("link")).unwrap();
    env.run(&["prove", "inclusion", "6", "--out", "link"]).ok();
    assert!(env.path().join("link").is_symlink());
    assert!(std::fs::read_to_string(env.path().join("proof.txt")).unwrap().contains("index 6"));
}

#[test]
fn no_words_stay_behind_when_the_output_of_redact_fails() {
    for full in [true, false] {
        let env = Env::sco();
        let filed =
            ["append", "application-filed", "-p", "LAO", "--in", "sco", "--done", "2025", "--cite", "a note"];
        env.run(&[&filed[..], &["--quote", "the desk officer told us", "--redactable"]].concat()).ok();
        let entry = (env.size() - 1).to_string();
        let mut redact = env.chancery(&["redact", &entry, "--cite", "decision"]);
        redact.stderr(Stdio::piped());
        let ended = match full {
            true => redact
                .stdout(std::fs::File::options().write(true).open("/dev/full").unwrap())
                .output()
                .unwrap(),
            false => {
                let (reader, writer) = std::io::pipe().unwrap();
                drop(reader);
                redact.stdout(writer).output().unwrap()
            }
        };
        let words = files(&env.ledger())
            .iter()
            .any(|(_, bytes)| String::from_utf8_lossy(bytes).contains("desk officer"));
        assert!(!words, "the words are on the disk still");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        if full {
            assert_eq!(ended.status.code(), Some(4), "{said}");
            assert!(said.contains("only the output failed: the redaction is recorded"), "{said}");
        }
        assert!(env.run(&["show", &entry]).ok().contains("redacted by"));
    }
}

#[test]
fn an_audit_by_a_key_that_is_held_remarks_on_the_secret_in_a_copy() {
    let env = Env::demo();
    env.write("vkey", env.run(&["key", "show"]).ok());
    assert_eq!(env.run(&["audit"]).all(), "", "the file belongs in the operator's own folder");
    let ran = env.run(&["audit", "--key", "vkey"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    assert!(ran.stderr.contains("chancery.ledger/key: with this file anyone can sign"), "{}", ran.stderr);
    assert_eq!(env.run(&["audit", "--key", "vkey", "--quiet"]).all(), "");
    std::fs::remove_file(env.ledger().join("key")).unwrap();
    assert_eq!(env.run(&["audit", "--key", "vkey"]).all(), "");
}
