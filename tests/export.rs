//! What leaves the ledger: spells, panels, tables "as at".

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::depositary::{covenant, parties, record};
use crate::env::Env;

fn all() -> Env {
    let env = Env::new();
    env.run(&["demo", "--with", "all", "--quiet"]).ok();
    env
}

fn export(env: &Env, line: &str) -> String {
    let mut args = vec!["export"];
    args.extend(line.split_whitespace());
    env.run(&args).ok()
}

/// The rows that hold each of these words as a cell.
fn having<'t>(csv: &'t str, words: &[&str]) -> Vec<&'t str> {
    let holds = |line: &&str| words.iter().all(|word| line.split(',').any(|cell| cell == *word));
    csv.lines().filter(holds).collect()
}

// Spells

#[test]
fn a_spell_is_a_row_and_what_a_partial_date_leaves_open_is_bounded_and_told_apart() {
    let env = covenant();
    parties(&env, &[("NOR", "2020-05"), ("SWE", "2020-03-02")]);
    let csv = export(&env, "spells covenant");
    let mut lines = csv.lines();
    assert_eq!(
        lines.next().unwrap(),
        "iso3c,state,body,status,certainty,possible,from,until,from_earliest,from_latest,until_earliest,\
         until_latest,from_stated,surveyed_from,surveyed_to,entries"
    );
    let rows: Vec<&str> = lines.collect();
    assert_eq!(
        rows,
        [
            "NOR,Norway,covenant,unknown,possible,none party,2020-05-01,2020-05-31,,,,,,,,1",
            "NOR,Norway,covenant,party,certain,party,2020-05-31,,2020-05-01,2020-05-31,,,2020-05,,,1",
            "SWE,Sweden,covenant,party,certain,party,2020-03-02,,2020-03-02,2020-03-02,,,2020-03-02,,,2",
        ]
    );
    // As recorded before the second entry, and as known before the first act.
    assert_eq!(export(&env, "spells --as-recorded 2").lines().count(), 3);
    assert_eq!(export(&env, "spells --as-known 2020-04-01").lines().count(), 2);
    // Without a survey an open end says less than it seems to: standard error says so.
    let ran = env.run(&["export", "spells"]);
    assert!(ran.stderr.contains("no survey says"), "{}", ran.stderr);
}

#[test]
fn spells_of_one_participant_in_one_body_never_overlap_and_agree_with_the_status_of_their_days() {
    let env = all();
    let spells = env.run(&["export", "spells", "--all", "--format", "json"]).json();
    let rows = spells["spells"].as_array().unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let mut keys = BTreeSet::new();
    for pair in rows.windows(2) {
        let of = |row: &Value| (text(row, "body"), text(row, "iso3c"));
        assert!(of(&pair[0]) <= of(&pair[1]), "{pair:?}");
        if of(&pair[0]) == of(&pair[1]) {
            let until = text(&pair[0], "until");
            assert!(!until.is_empty() && until <= text(&pair[1], "from"), "{pair:?}");
        }
        keys.insert(of(&pair[0]));
    }
    assert!(keys.len() > 100, "only {}", keys.len());
    let asked: Vec<&Value> = rows.iter().filter(|row| row["from"] != Value::Null).step_by(7).collect();
    let questions: String = asked
        .iter()
        .map(|row| {
            format!("{}\n", json!({"participant": row["iso3c"], "body": row["body"], "on": row["from"]}))
        })
        .collect();
    env.write("questions.jsonl", questions);
    let answers = env.run(&["ask", "--from", "questions.jsonl", "--format", "jsonl"]).ok();
    let answers: Vec<Value> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), asked.len());
    for (row, answer) in asked.iter().zip(&answers) {
        assert_eq!(row["certainty"], answer["certainty"], "{row} {answer}");
        let status = if row["status"] == "unknown" { &Value::Null } else { &row["status"] };
        assert_eq!(*status, answer["status"], "{row} {answer}");
    }
}

#[test]
fn a_dispute_is_unknown_and_a_view_settles_it() {
    let env = all();
    let spells = export(&env, "spells brics");
    assert_eq!(having(&spells, &["SAU", "unknown", "contested"]).len(), 1);
    let viewed = export(&env, "spells brics --view participant");
    assert_eq!(having(&viewed, &["SAU", "unknown"]).len(), 0);
}

#[test]
fn an_open_end_names_the_last_day_of_the_survey_and_what_was_adopted_later_is_left_out() {
    let env = all();
    let now = export(&env, "spells --all");
    assert_eq!(having(&now, &["BLR", "sco", "member", "2024-07-04", "2025-09-30"]).len(), 1);
    assert!(!having(&now, &["nato"]).is_empty());
    let then = export(&env, "spells --all --as-recorded 127");
    assert!(having(&then, &["nato"]).is_empty() && !having(&then, &["sco"]).is_empty());
}

// Panels

#[test]
fn the_words_of_a_panel_tell_no_status_from_not_settled_and_from_not_surveyed() {
    let env = all();
    let brics = export(&env, "panel brics --from 2022 --to 2026");
    assert_eq!(brics.lines().next().unwrap(), "iso3c,ccode,gwcode,state,year,body,status,certainty");
    let of = |word: &str| having(&brics, &["SAU", word]).concat();
    assert_eq!(of("2022"), "SAU,670,670,Saudi Arabia,2022,brics,none,certain");
    assert_eq!(of("2024"), "SAU,670,670,Saudi Arabia,2024,brics,unknown,contested");
    assert_eq!(of("2025"), "SAU,670,670,Saudi Arabia,2025,brics,outside-coverage,");
    // Later than the day of the question nothing is said either.
    let before = export(&env, "panel brics --from 2023 --to 2024 --on 2023-12-31");
    assert_eq!(having(&before, &["2024"]).len(), having(&before, &["2024", "outside-coverage"]).len());
    assert!(having(&before, &["2023", "outside-coverage"]).is_empty());
}

#[test]
fn a_year_is_folded_by_its_last_day_its_highest_or_its_longest_status() {
    let env = all();
    let of = |fold: &str, body: &str, who: &str, year: &str| {
        let csv = export(&env, &format!("panel {body} --from {year} --to {year} --fold {fold}"));
        having(&csv, &[who]).concat().split(',').nth(6).unwrap().to_owned()
    };
    // Left on 31 January 2020.
    assert_eq!(of("dec31", "eu", "GBR", "2020"), "former-member");
    assert_eq!(of("any", "eu", "GBR", "2020"), "member");
    assert_eq!(of("majority", "eu", "GBR", "2020"), "former-member");
    // A member since 4 July 2024: 182 days of 366 an observer before, 181 a member then.
    assert_eq!(of("dec31", "sco", "BLR", "2024"), "member");
    assert_eq!(of("majority", "sco", "BLR", "2024"), "observer");
    // Surveyed to September 2025: the end of the year is not known, most of it is.
    assert_eq!(of("dec31", "sco", "BLR", "2025"), "outside-coverage");
    assert_eq!(of("majority", "sco", "BLR", "2025"), "member");
    assert_eq!(of("any", "sco", "BLR", "2025"), "member");
    assert_eq!(of("any", "sco", "LAO", "2025"), "outside-coverage");
}

#[test]
fn a_partial_date_is_unknown_only_where_it_straddles_the_fold() {
    let env = covenant();
    parties(&env, &[("NOR", "[2020-12-01..2021-02-01]"), ("SWE", "2020")]);
    let csv = export(&env, "panel covenant --from 2019 --to 2022 --quiet");
    let of = |who: &str| -> Vec<String> {
        having(&csv, &[who]).iter().map(|row| row.split(',').skip(6).collect::<Vec<_>>().join(" ")).collect()
    };
    assert_eq!(of("NOR"), ["none certain", "unknown possible", "party certain", "party certain"]);
    assert_eq!(of("SWE"), ["none certain", "party certain", "party certain", "party certain"]);
    let known = export(&env, "panel covenant --from 2020 --to 2021 --as-known 2020-12-31 --quiet");
    assert_eq!(having(&known, &["SWE", "2020", "party"]).len(), 1);
    assert!(having(&known, &["NOR"]).is_empty(), "NOR was not known to have acted: {known}");
}

#[test]
fn rows_are_in_one_order_whatever_the_order_asked_and_non_members_have_theirs() {
    let env = all();
    let csv = export(&env, "panel sco nato --from 2020 --to 2022");
    assert_eq!(csv, export(&env, "panel nato sco nato --from 2020 --to 2022"));
    let keys: Vec<(String, String, String)> = csv
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[5].into(), cells[0].into(), cells[4].into())
        })
        .collect();
    assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(having(&csv, &["TUR", "2021", "sco", "dialogue-partner"]).len(), 1);
    assert_eq!(having(&csv, &["USA", "2021", "sco", "none"]).len(), 1);
}

#[test]
fn a_universe_that_cannot_be_given_says_what_is_missing() {
    let env = all();
    let run = |line: &str| env.run(&line.split_whitespace().collect::<Vec<_>>()).fails(2);
    assert!(run("export panel sco --universe cow").contains("no body called state-system-cow"));
    assert!(run("export panel sco --universe gw").contains("no body called state-system-gw"));
    assert!(run("export panel sco --universe gw").contains("chancery import events states.jsonl"));
    assert!(run("export panel sco --universe un").contains("no body called un"));
    assert!(run("export panel sco --from 2020 --to 2019").contains("comes after the last"));
    assert!(run("export panel").contains("name one organisation or treaty"));
    assert!(run("export panel sco --out x --format jsonl").contains("--out writes CSV"));
}

#[test]
fn the_members_of_the_united_nations_have_rows_in_the_years_of_their_membership() {
    let env = covenant();
    env.run(&["charter", "adopt", "un"]).ok();
    for (who, day) in [("NOR", "1990-06-01"), ("CHE", "2002-09-10")] {
        let args =
            ["append", "admission-decided", "-p", who, "--in", "un", "--decided", day, "--cite", "a test"];
        env.run(&args).ok();
    }
    parties(&env, &[("SWE", "1995-01-01"), ("CHE", "1999-01-01")]);
    let csv = export(&env, "panel covenant --from 2001 --to 2002 --universe un --quiet");
    let rows: Vec<&str> = csv.lines().skip(1).collect();
    assert_eq!(
        rows,
        [
            "CHE,225,225,Switzerland,2002,covenant,party,certain",
            "NOR,385,385,Norway,2001,covenant,none,certain",
            "NOR,385,385,Norway,2002,covenant,none,certain",
        ]
    );
}

#[test]
fn a_folder_holds_the_panel_its_description_and_a_citation_that_gives_it_again() {
    let env = all();
    export(&env, "panel sco --from 2020 --to 2023 --as-known 2023-03-06 --out out");
    let read = |name: &str| std::fs::read_to_string(env.path().join("out").join(name)).unwrap();
    let csv = read("panel.csv");
    let package: Value = serde_json::from_str(&read("datapackage.json")).unwrap();
    let resource = &package["resources"][0];
    assert_eq!(resource["bytes"], csv.len());
    let fields: Vec<&str> = resource["schema"]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["name"].as_str().unwrap())
        .collect();
    assert_eq!(fields.join(","), csv.lines().next().unwrap());
    assert_eq!(resource["schema"]["primaryKey"], json!(["body", "iso3c", "year"]));
    let command = package["chancery"]["command"].as_str().unwrap();
    let (text, bibtex) = (read("citation.txt"), read("citation.bib"));
    assert!(text.contains(command) && bibtex.starts_with("@misc{"), "{text}{bibtex}");
    assert_eq!(env.run(&["cite", "export", "panel", "--help"]).code, 0);
    // The ledger grows: the command in the citation still gives the same rows.
    let more = ["--participant", "LAO", "--in", "sco", "--signed", "2022-01-01", "--cite", "a test"];
    env.run(&[&["append", "partnership-memorandum-signed"], &more[..]].concat()).ok();
    assert_ne!(export(&env, "panel sco --from 2020 --to 2023 --as-known 2023-03-06"), csv);
    assert_eq!(env.sh(command).ok(), csv);
}

// Tables "as at"

/// The Covenant with every kind of line that a table has.
fn river() -> Env {
    let env = covenant();
    record(&env, "treaty-signed NOR --signed 1994-02-04", &[]);
    record(&env, "treaty-signed SWE --signed 1994-02", &[]);
    record(&env, "instrument-deposited NOR --instrument ratification --deposited 1995-03-01", &[]);
    record(&env, "instrument-deposited CIV --instrument accession --deposited 1996-01-02", &[]);
    record(&env, "instrument-deposited TUR --instrument approval --deposited 1997-05-06", &[]);
    record(&env, "instrument-deposited DEU --deposited 1998-01-01", &[]);
    record(&env, "withdrawal-effective TUR --effective 2001-01-01", &[]);
    env
}

/// A table without its last line: the root is another on every run.
fn page(text: &str) -> String {
    let (page, footer) = text.trim_end().rsplit_once("\n\n").unwrap();
    assert!(footer.contains("as recorded: "), "{footer}");
    page.to_owned()
}

#[test]
fn a_table_is_laid_out_as_the_secretary_general_does_it() {
    let env = river();
    let rectify =
        ["rectify", "4", "--set", "deposited=1996-02-02", "--cause", "clerical", "--cite", "a test"];
    env.run(&rectify).ok();
    let args =
        ["append", "registered-with-un", "--in", "covenant", "--done", "1996-05-01", "--cite", "a test"];
    env.run(&[&args[..], &["--title", "No. 31363"]].concat()).ok();
    insta::assert_snapshot!(page(&export(&env, "table covenant --as-at 2002-12-31")), @r#"
    River Covenant
      ! as far as recorded: no survey says which span of the Covenant was searched
      ! the clause is unknown: the charter of Covenant states no entry-into-force

    Entry into force : clause unknown
    Registration     : 1 May 1996, No. 31363
    Status           : Signatories: 2. Parties: 3.

                               STATUS AS AT : 31-12-2002

    Participant      Signature   Ratification, Accession(a), Approval(AA), form not
                                 recorded(?)
    Côte d'Ivoire 1              2 Feb 1996 a
    Germany                      1 Jan 1998 ?
    Norway           4 Feb 1994  1 Mar 1995
    Sweden           Feb 1994
    [Turkey] 2                   [6 May 1997] AA

    Footnotes:
      1  Rectified: deposited from 2 Jan 1996 to 2 Feb 1996 (clerical, entry 8).
      2  Withdrawal effective 1 Jan 2001 (entry 7).
    "#);
    // Before the withdrawal there are no brackets, and as recorded before the rectification no footnote.
    let earlier = export(&env, "table covenant --on 2000-12-31 --as-recorded 8");
    assert!(!earlier.contains('[') && !earlier.contains("Footnotes"), "{earlier}");
    assert!(earlier.contains("Signatories: 2. Parties: 4."), "{earlier}");
    assert!(earlier.contains("Côte d'Ivoire              2 Jan 1996 a"), "{earlier}");
    // What was not known by then is not in a table of then.
    let at = export(&env, "table covenant --as-at 1995-12-31");
    assert!(at.contains("Signatories: 2. Parties: 1."), "{at}");
    assert!(!at.contains("Ivoire"), "{at}");
}

#[test]
fn a_table_is_laid_out_as_the_treaty_series_records_actions() {
    let env = river();
    let table = export(&env, "table covenant --layout unts --on 2002-12-31");
    let (_, rows) = table.split_once("STATUS AS AT : 31/12/2002\n\n").unwrap();
    insta::assert_snapshot!(rows.split("\n\n").next().unwrap(), @r"
    Participant    Action             Date of deposit  Date of effect
    Côte d'Ivoire  Accession          02/01/1996       02/01/1996
    Germany        Form not recorded  01/01/1998       01/01/1998
    Norway         Ratification       01/03/1995       01/03/1995
    Sweden         Signature only     02/1994
    [Turkey] 1     [Approval]         [06/05/1997]     [06/05/1997]
    ");
    let csv = export(&env, "table covenant --layout unts --on 2002-12-31 --format csv");
    assert!(csv.contains("CIV,Côte d'Ivoire,accession,1996-01-02,1996-01-02,false,certain,"), "{csv}");
}

#[test]
fn a_table_is_laid_out_as_the_council_of_europe_does_it() {
    let env = river();
    record(&env, "reservation-made NOR --deposited 1995-03-01", &["--title", "Reservation to article 4"]);
    insta::assert_snapshot!(page(&export(&env, "table --layout coe --on 2002-12-31")), @r#"
    River Covenant
      ! as far as recorded: no survey says which span of the Covenant was searched
      ! the clause is unknown: the charter of Covenant states no entry-into-force

    Entry into force : clause unknown
    Status           : Signatories: 2. Parties: 3.

                               STATUS AS AT : 31/12/2002

                  Signature    Ratification Entry into   Notes R. D. A. T. C. O.
                                            force
    Côte d'Ivoire              02/01/1996   02/01/1996   a
    Germany                    01/01/1998   01/01/1998   ?
    Norway        04/02/1994   01/03/1995   01/03/1995         R
    Sweden        02/1994
    [Turkey] 1                 [06/05/1997] [06/05/1997]          D

    Total number of signatures not followed by ratifications: 1
    Total number of ratifications/accessions: 3

    Notes: a: Accession - s: Signature without reservation as to ratification - su:
    Succession - r: Signature "ad referendum" - ?: Form of the instrument not
    recorded.
    R.: Reservations - D.: Declarations, Denunciations, Derogations - A.:
    Authorities (not in this record) - T.: Territorial Application - C.:
    Communication - O.: Objection.

    Footnotes:
      1  Withdrawal effective 01/01/2001 (entry 7).
    "#);
    let narrow = env.chancery(&["export", "table", "--layout", "coe"]).env("COLUMNS", "50").output().unwrap();
    let narrow = String::from_utf8(narrow.stdout).unwrap();
    assert!(narrow.contains("  Norway: signature 04/02/1994; ratification"), "{narrow}");
    assert!(narrow.lines().all(|line| line.chars().count() <= 50), "{narrow}");
}

#[test]
fn an_instrument_of_unknown_form_is_no_ratification_and_an_open_date_counts_at_most() {
    let env = covenant();
    record(&env, "instrument-deposited DEU --deposited 1998-01-01", &[]);
    record(&env, "instrument-deposited NOR --instrument ratification --deposited 1999", &[]);
    let answer = env.run(&["export", "table", "--on", "1999-06-01", "--format", "json"]).json();
    assert_eq!(answer["parties"], json!({"certain": 1, "at_most": 2}));
    let rows = answer["participants"].as_array().unwrap();
    assert_eq!((&rows[0]["participant"], &rows[0]["form"]), (&json!("DEU"), &Value::Null));
    assert_eq!((&rows[1]["status"], &rows[1]["certainty"]), (&Value::Null, &json!("possible")));
    assert_eq!(rows[1]["footnotes"], json!(["none or party on this day: possible."]));
    assert_eq!(answer["entry_into_force"]["clause"], Value::Null);
    let text = export(&env, "table --on 1999-06-01");
    for words in ["Entry into force : clause unknown", "Parties: 1-2.", "1 Jan 1998 ?", "not recorded(?)"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let csv = export(&env, "table --on 1999-06-01 --format csv");
    assert_eq!(
        csv.lines().nth(2).unwrap(),
        "NOR,Norway,,1999,ratification,false,,possible,none or party on this day: possible."
    );
}

#[test]
fn whoever_accedes_again_after_a_withdrawal_stands_without_brackets() {
    let env = covenant();
    record(&env, "instrument-deposited NOR --instrument ratification --deposited 1995-03-01", &[]);
    record(&env, "withdrawal-effective NOR --effective 2001-01-01", &[]);
    record(&env, "instrument-deposited NOR --instrument accession --deposited 2005-01-01", &[]);
    let row = |day: &str| {
        let answer = env.run(&["export", "table", "--on", day, "--format", "json"]).json();
        answer["participants"][0].clone()
    };
    assert_eq!(row("2000-01-01")["withdrawn"], false);
    let gone = row("2003-01-01");
    assert_eq!((&gone["withdrawn"], &gone["consent"]), (&json!(true), &json!("1995-03-01")));
    let back = row("2006-01-01");
    assert_eq!((&back["withdrawn"], &back["form"]), (&json!(false), &json!("accession")));
}

#[test]
fn the_clause_of_a_treaty_gives_the_heading_and_what_has_no_effect_yet_is_counted() {
    let env = covenant();
    let text = std::fs::read_to_string(env.path().join("covenant.toml")).unwrap();
    let clause = "entry-into-force = \"count(2) then days(30)\"\n[article]\nentry-into-force = \"art. 9\"\n\n[[status]]";
    env.write("pact.toml", text.replace("covenant", "pact").replacen("[[status]]", clause, 1));
    env.run(&["charter", "adopt", "pact.toml"]).ok();
    let deposit = |who: &str, day: &str| {
        let args = ["append", "instrument-deposited", "--in", "pact", "--instrument", "ratification"];
        let more = ["-p", who, "--deposited", day, "--cite", "a test"];
        env.run(&[&args[..], &more].concat()).ok();
    };
    deposit("NOR", "1995-03-01");
    let of = |day: &str| export(&env, &format!("table pact --as-at {day}"));
    assert!(
        of("1995-12-31").contains("not yet in force: 1 of 2, in accordance with art. 9"),
        "{}",
        of("1995-12-31")
    );
    deposit("SWE", "1996-03-01");
    let waiting = of("1996-03-10");
    assert!(waiting.contains("not yet in force; from 31 Mar 1996, in accordance with art. 9"), "{waiting}");
    assert!(of("1997-01-01").contains("Entry into force : 31 Mar 1996, in accordance with art. 9"));
}

#[test]
fn a_state_that_continues_another_has_its_line_with_the_dates_of_the_one_before() {
    let env = covenant();
    let text = std::fs::read_to_string(env.path().join("covenant.toml")).unwrap();
    let rule = "\n[[transition]]\nact = \"continuation-declared\"\nfrom = [\"none\"]\nto = \"party\"\n\
                rule = \"one line\"\narticle = \"practice\"\n";
    env.write("pact.toml", format!("{}{rule}", text.replace("covenant", "pact")));
    env.run(&["charter", "adopt", "pact.toml"]).ok();
    let append = |line: &str| {
        let words = line.split_whitespace().chain(["--in", "pact", "--cite", "a-test"]);
        env.run(&["append"].into_iter().chain(words).collect::<Vec<_>>()).ok();
    };
    append("instrument-deposited -p SUN --instrument ratification --deposited 1991-02-01");
    append("continuation-declared -p RUS --about SUN --done 1991-12-24");
    let rows = |day: &str| env.run(&["export", "table", "pact", "--on", day, "--format", "json"]).json();
    let before = rows("1991-12-23");
    assert_eq!(before["participants"].as_array().unwrap().len(), 1);
    assert_eq!(before["participants"][0]["state"], "Soviet Union");
    let since = rows("1991-12-24");
    assert_eq!(since["parties"], json!({"certain": 1, "at_most": 1}));
    let row = &since["participants"][0];
    assert_eq!(since["participants"].as_array().unwrap().len(), 1);
    assert_eq!((&row["participant"], &row["consent"]), (&json!("RUS"), &json!("1991-02-01")));
    assert_eq!((&row["withdrawn"], &row["in_force_from"]), (&json!(false), &json!("1991-02-01")));
    let told = "Continues the participation of Soviet Union since 24 Dec 1991 (entry 3).";
    assert_eq!(row["footnotes"], json!([told]));
}

#[test]
fn a_table_is_of_a_treaty() {
    let env = Env::demo();
    let error = env.run(&["export", "table", "sco"]).fails(2);
    assert!(error.contains("sco is an organisation") && error.contains("chancery roster sco"), "{error}");
}
