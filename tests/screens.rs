//! What a person sees: the first page, a narrow terminal, a terminal without Unicode, pipes, colours.

use crate::env::Env;

#[test]
fn the_first_page_without_a_ledger_says_how_to_get_one() {
    let env = Env::new();
    let page = env.run(&[]).ok();
    insta::assert_snapshot!(page, @r#"
    chancery 0.1.0  An append-only record of diplomatic acts, and what follows from them.

      ledger  none at ./chancery.ledger: try "chancery demo" or "chancery init"

    ASK      status    one state, one body       roster   one body, by status
             portfolio one state, every body     timeline every spell
             explain   why: act, rule, source    pending  what is not finished
             in-force  clause, count, date       diff     two dates compared
             when      first day, every span     count    by year, is there a rise
             conflicts rival claims, by source   what-if  with unsaved events
             relations between two, on a day     reservations and who objected
             ask       many questions in one go  communications to a depositary
    RECORD   append    one act, or a batch       import   a file
             rectify   correct an entry          retract  withdraw an entry
             redact    words beside the log      notify   what is to be circulated
    FIND     log       the entries               show     one entry, as recorded
             acts      the acts and their dates  bodies, participants  ids, names
    RULES    charter   list, show, lint, adopt, amend
    CHECK    audit     replay    repair         check    how good a record is
             checkpoint the signed head         prove    an entry, or growth
             verify    without a ledger         key      what heads are signed with
             compare   with another data set    witness  sign what others' logs show
             recorder  who may record           compact  full parts of the log
    SHARE    export    leaves, panels, tables    publish  static files of the log
             cite      so that it can be re-run  completions, man

    Every question takes three dates, all inclusive:
      --on 2023-07-01          the day you ask about             default: today
      --as-known 2023-07-05    what was public by that day       default: all of it
      --as-recorded 127        the first 127 entries, or a time  default: all of it

    Try      chancery status Belarus --in sco --on 2023-07-01
    "#);
}

#[test]
fn the_first_page_with_a_ledger_says_what_it_holds() {
    let env = Env::demo();
    let page = env.run(&[]).ok();
    let head: Vec<&str> = page.lines().skip(2).take(2).collect();
    insta::assert_snapshot!(head.join("\n"), @"
    ledger  ./chancery.ledger   128 entries, 1 organisation: sco
    record  surveyed to 2025-09 (sco)   last entry 2026-11-23 17:31 UTC
    ");
}

#[test]
fn the_first_page_names_only_commands_that_exist_and_all_of_them() {
    let env = Env::new();
    let page = env.run(&[]).ok();
    let help = env.run(&["--help"]).ok();
    let listed: Vec<&str> = help
        .lines()
        .skip_while(|l| *l != "Commands:")
        .skip(1)
        .take_while(|l| !l.is_empty())
        .filter(|l| l.starts_with("  ") && !l.starts_with("   "))
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    assert!(listed.len() > 20, "{listed:?}");
    for command in &listed {
        assert!(page.contains(command), "the first page leaves out {command}");
    }
    let words =
        page.lines().filter(|l| l.starts_with("ASK") || l.starts_with("         ") || l.starts_with("CHECK"));
    for word in words.flat_map(|l| l.split("  ")).filter(|w| w.len() > 3 && w.chars().all(char::is_lowercase))
    {
        assert!(listed.contains(&word.trim()), "the first page names {word}, which is no command");
    }
}

#[test]
fn running_the_demonstration_again_is_only_the_tour() {
    let env = Env::demo();
    let before = std::fs::read(env.ledger().join("entries/00000000000000000000.seg")).unwrap();
    let again = env.run(&["demo"]).ok();
    assert!(!again.contains("acts       118"), "{again}");
    assert!(again.contains("5 Audit"));
    assert_eq!(std::fs::read(env.ledger().join("entries/00000000000000000000.seg")).unwrap(), before);
    assert_eq!(env.size(), 128);
}

#[test]
fn the_demonstration_does_not_touch_another_ledger() {
    let env = Env::sco();
    let error = env.run(&["demo"]).fails(3);
    assert!(error.contains("is not the demonstration's") && error.contains("--ledger"), "{error}");
}

#[test]
fn every_screen_fits_the_width_of_its_terminal() {
    let env = Env::demo();
    let screens = [
        "roster sco",
        "status BLR sco",
        "status SAU sco --as-at 2023-03-06",
        "explain BLR sco --on 2023-07-01",
        "pending sco --as-at 2023-03-06",
        "timeline BLR",
        "portfolio BLR --on 2023-07-01",
        "when sco --status member --count 10",
        "when BLR sco --status dialogue-partner",
        "count sco",
        "count sco --act application-filed --by quarter",
        "cite status BLR sco",
        "show 93 127",
        "log",
        "acts",
        "bodies",
        "participants CSK",
        "charter show sco",
        "demo",
    ];
    for width in [60, 80, 120] {
        for screen in screens {
            let args: Vec<&str> = screen.split(' ').collect();
            let mut command = env.chancery(&args);
            command.env("COLUMNS", width.to_string());
            let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
            assert!(text.lines().count() > 1, "{screen}");
            for line in text.lines() {
                // A command to be typed again, an id, a hash: such a word is never broken.
                let whole = line.split_whitespace().any(|word| word.chars().count() > width / 2);
                let typed = line.contains("chancery ") || line.contains("status KWT");
                let fits = line.chars().count() <= width;
                assert!(fits || whole || typed, "{screen} at {width}: {line}");
            }
        }
    }
}

#[test]
fn the_narrowest_terminal_has_nothing_run_over_but_a_command_to_be_typed() {
    let env = Env::demo();
    for screen in [
        "acts",
        "acts memorandum",
        "conflicts sco --on 2022-12-31",
        "log",
        "diff sco --on 2023-07-01..2024-07-05",
        "diff sco --as-known 2023-03-06..2023-07-05",
        "diff sco --as-recorded 127..128 --on 2023-05-05",
        "count sco",
        "count sco --act application-filed --by quarter",
        "relations BLR IRN --in sco",
    ] {
        let mut command = env.chancery(&screen.split(' ').collect::<Vec<_>>());
        command.env("COLUMNS", "40");
        let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
        assert!(text.lines().count() > 1, "{screen}");
        for line in text.lines().filter(|line| !line.contains("chancery ")) {
            assert!(line.chars().count() <= 40, "{screen}: {line}");
        }
    }
}

#[test]
fn a_terminal_without_unicode_is_given_ascii() {
    let env = Env::demo();
    for args in [
        &["explain", "BLR", "sco", "--on", "2023-07-01"][..],
        &["pending", "sco"],
        &["charter", "show", "sco"],
        &["count", "sco", "--act", "application-filed"],
    ] {
        let mut command = env.chancery(args);
        command.env("LC_ALL", "C");
        let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let odd: String = text.chars().filter(|c| !c.is_ascii()).collect();
        assert_eq!(odd, "", "{args:?}");
    }
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let env = Env::demo();
    let plain = env.run(&["status", "BLR", "sco"]).ok();
    assert!(!plain.contains('\u{1b}'));
    let coloured = env.run(&["status", "BLR", "sco", "--color", "always"]).ok();
    assert!(coloured.contains("\u{1b}[1mMEMBER\u{1b}["));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let env = Env::demo();
    let ran = env.sh("chancery export leaves | head -1 > /dev/null; chancery log | head -1 > /dev/null");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let env = Env::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = env.run(&["completions", shell]).ok();
        assert!(script.contains("rectify") && script.contains("as-recorded"), "{shell}");
    }
    env.run(&["man", "--out", "man"]).ok();
    let pages = std::fs::read_dir(env.path().join("man")).unwrap().count();
    assert!(pages > 25, "{pages} pages");
}

#[test]
fn json_of_a_status_has_the_keys_of_the_contract() {
    let env = Env::demo();
    let answer = env.status("BLR sco --on 2023-07-01 --as-known 2023-07-05");
    let keys: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    for key in [
        "question",
        "status",
        "certainty",
        "possible",
        "since",
        "until",
        "overlays",
        "scheduled",
        "procedures",
        "afterwards",
        "because",
        "conflicts",
        "notes",
        "coverage",
        "checkpoint",
    ] {
        assert!(keys.contains(&key), "{key} is missing");
    }
    assert_eq!(answer["status"], "observer");
    assert_eq!(answer["question"]["as_known"], "2023-07-05");
    assert_eq!(answer["because"][0]["index"], 52);
    assert_eq!(answer["procedures"][0]["toward"], "member");
    assert_eq!(answer["procedures"][0]["stage"], "accession-procedure-launched");
    assert_eq!(answer["afterwards"][0]["index"], 97);
    let none = env.status("LAO sco");
    assert_eq!(none["status"], "none");
}
