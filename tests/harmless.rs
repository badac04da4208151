//! Nothing that a text says acts on a terminal, runs in a spreadsheet, or gives a secret away.

use crate::env::{Env, Ran};

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
fn no_text_of_the_record_acts_on_a_terminal_whatever_is_asked() {
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
