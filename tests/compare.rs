//! Our answers against another data set: each class through the command line, and the sets of the world against one
//! another.

use serde_json::Value;

use crate::depositary::{covenant, record};
use crate::env::Env;

/// A treaty with what a depositary recorded of five states, one of them under the name of the line's last.
fn depositary() -> Env {
    let env = covenant();
    for line in [
        "treaty-signed NOR --signed 1995-03-01",
        "instrument-deposited NOR --instrument ratification --deposited 1996-06-15",
        "instrument-deposited SWE --instrument ratification --deposited 1997-04-05",
        "treaty-signed RUS --signed 1991-02-03",
        "instrument-deposited DNK --instrument ratification --deposited 1998-01-02",
        "treaty-signed DNK --signed 1994-01-02",
        "treaty-signed ISL --signed 1993-09-09",
        "instrument-deposited ISL --instrument accession --deposited 1999-09-09",
    ] {
        record(&env, line, &[]);
    }
    env
}

fn lines(of: &[(&str, &str, &str)]) -> String {
    let line = |(date, party, kind): &(&str, &str, &str)| {
        format!(
            "{{\"date\":\"{date}\",\"party_name\":\"{party}\",\"body\":\"Covenant\",\"kind\":\"{kind}\"}}\n"
        )
    };
    of.iter().map(line).collect()
}

/// A file with one difference of each kind, and two statements that are the same.
const OTHER: [(&str, &str, &str); 12] = [
    ("1995-03-01", "Norway", "signature"),
    ("1995-03-01", "Norway", "ratification"),
    ("1997", "Sweden", "ratification"),
    ("1991-02-03", "Soviet Union", "signature"),
    ("1998-02-02", "Denmark", "ratification"),
    ("1993-09-09", "Iceland", "signature"),
    ("1999-09-09", "Iceland", "ratification"),
    ("1999-01-01", "Finland", "signature"),
    ("1989-12-31", "Finland", "accession"),
    ("1990-06-01", "Poland", "withdrawal-effective"),
    ("1992-06-01", "Poland", "accession"),
    ("1992-06-01", "Poland", "betrothal"),
];

#[test]
fn every_class_is_told_with_theirs_and_ours_and_the_answer_is_no() {
    let env = depositary();
    env.write("other.jsonl", lines(&OTHER));
    let ran = env.run(&["compare", "--with", "other.jsonl"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let text: Vec<&str> = ran.stdout.lines().filter(|line| !line.starts_with("on 2026")).collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
    Compared with other.jsonl
      read as acts with dates (JSON Lines, the neutral form): 12 lines, 1
      organisation or treaty

      same              2
      date-role         1
      precision         1
      naming            2
      missing           3   missing-here 2, missing-there 1
      error             4   contradicts 1, impossible 3

    date-role
      NOR in covenant; line 2; ratification, deposited
        theirs 1995-03-01, ours 1995-03-01 (entry 1)
        they give as deposited what we have as signed (treaty signed, entry 1)

    precision
      SWE in covenant; line 3; ratification, deposited
        theirs 1997, ours 1997-04-05 (entry 3)
        theirs is the wider date, and holds ours

    naming
      ISL in covenant; line 7; ratification, deposited
        theirs 1999-09-09, ours 1999-09-09 (entry 8)
        ratification there, accession here, on the same day
      RUS in covenant; line 4; treaty signed, signed
        theirs 1991-02-03, ours 1991-02-03 (entry 4)
        SUN there, RUS here: one line under two names

    missing
      DNK in covenant; treaty signed, signed
        ours 1994-01-02 (entry 6)
        missing-there: not in the file, which covers both
      FIN in covenant; line 8; treaty signed, signed
        theirs 1999-01-01
        missing-here: not in this ledger
      POL in covenant; line 11; accession, deposited
        theirs 1992-06-01
        missing-here: not in this ledger

    error
      line 12
        impossible: kind: "betrothal" is no kind of the neutral form
      DNK in covenant; line 5; ratification, deposited
        theirs 1998-02-02, ours 1998-01-02 (entry 5)
        contradicts: 31 days apart
      FIN in covenant; line 9; accession, deposited
        theirs 1989-12-31
        impossible: instrument-deposited of 1989-12-31 lies before River Covenant
        began (1990-05-01): an act cannot be older than its body
      POL in covenant; line 10; withdrawal effective, effective
        theirs 1990-06-01
        impossible: it ends before it begins: their accession is of 1992-06-01, line
        11

    as rows: chancery compare --with other.jsonl --format csv
    "#);
}

#[test]
fn rows_have_one_difference_each_and_json_has_the_counts() {
    let env = depositary();
    env.write("other.jsonl", lines(&OTHER[..5]));
    let ran = env.run(&["compare", "covenant", "--with", "other.jsonl", "--format", "csv"]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(ran.stdout, @r#"
    class,case,participant,named,body,line,statements,what,role,theirs,ours,entry,words
    error,contradicts,DNK,Denmark,covenant,5,1,ratification,deposited,1998-02-02,1998-01-02,5,31 days apart
    missing,missing-there,DNK,,covenant,,1,treaty signed,signed,,1994-01-02,6,"not in the file, which covers both"
    date-role,,NOR,Norway,covenant,2,1,ratification,deposited,1995-03-01,1995-03-01,1,"they give as deposited what we have as signed (treaty signed, entry 1)"
    naming,,RUS,Soviet Union,covenant,4,1,treaty signed,signed,1991-02-03,1991-02-03,4,"SUN there, RUS here: one line under two names"
    precision,,SWE,Sweden,covenant,3,1,ratification,deposited,1997,1997-04-05,3,"theirs is the wider date, and holds ours"
    "#);
    insta::assert_snapshot!(ran.stderr, @"chancery: other.jsonl is read as acts with dates (JSON Lines, the neutral form); same 1, date-role 1, precision 1, naming 1, missing 1, error 1");
    let ran = env.run(&["compare", "--with", "other.jsonl", "--class", "naming", "--format", "json"]);
    assert_eq!(ran.code, 1);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(answer["differences"].as_array().unwrap().len(), 1);
    insta::assert_json_snapshot!(answer["counts"], @r#"
    {
      "contradicts": 1,
      "date-role": 1,
      "error": 1,
      "impossible": 0,
      "missing": 1,
      "missing-here": 0,
      "missing-there": 1,
      "naming": 1,
      "precision": 1,
      "same": 1
    }
    "#);
    let jsonl = env.run(&["compare", "--with", "other.jsonl", "--format", "jsonl"]).stdout;
    assert_eq!(jsonl.lines().count(), 5, "{jsonl}");
}

#[test]
fn what_is_the_same_is_answered_yes_through_a_pipe_and_compressed_too() {
    let env = depositary();
    env.write("same.jsonl", lines(&[OTHER[0], ("1996-06-15", "NOR", "ratification")]));
    assert_eq!(env.run(&["compare", "--with", "same.jsonl"]).code, 0);
    assert_eq!(env.sh("chancery compare --with - < same.jsonl").code, 0);
    assert_eq!(env.sh("gzip -k same.jsonl; chancery compare --with same.jsonl.gz").code, 0);
    // A file of ratifications only says nothing of signatures, one of Norway nothing of others.
    env.write("less.jsonl", lines(&[("1996-06-15", "NOR", "ratification")]));
    assert_eq!(env.run(&["compare", "--with", "less.jsonl"]).code, 0);
}

#[test]
fn a_question_narrows_what_is_compared() {
    let env = depositary();
    env.write("other.jsonl", lines(&OTHER));
    let counts = |more: &str| {
        let mut args: Vec<&str> = vec!["compare", "--with", "other.jsonl", "--format", "json"];
        args.extend(more.split_whitespace());
        let ran = env.run(&args);
        let answer: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
        let counts = answer["counts"].as_object().unwrap().iter();
        let counts = counts.filter(|(_, n)| n.as_u64() != Some(0)).map(|(class, n)| format!("{class} {n}"));
        counts.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(counts("--participant RUS"), "error 1, impossible 1, naming 1");
    assert_eq!(counts("--participant NOR"), "date-role 1, error 1, impossible 1, same 1");
    assert_eq!(counts("--kind signature --participant ISL"), "error 1, impossible 1, same 1");
    // An act that was not public yet, on either side, is no statement of that day.
    assert_eq!(counts("--participant DNK --as-known 1996-01-01"), "error 1, impossible 1");
    assert_eq!(counts("--participant DNK --on 1998-01-15"), "error 1, impossible 1");
    assert_eq!(
        counts("--participant DNK"),
        "contradicts 1, error 2, impossible 1, missing 1, missing-there 1"
    );
}

#[test]
fn whoever_the_other_set_only_names_gets_a_candidate_and_no_more() {
    let env = depositary();
    let file = [
        ("1994-01-02", "Kongeriget", "signature"),
        ("1998-01-02", "Kongeriget", "ratification"),
        ("1980-01-01", "Atlantis", "signature"),
    ];
    env.write("names.jsonl", lines(&file));
    let ran = env.run(&["compare", "--with", "names.jsonl", "--format", "csv"]);
    insta::assert_snapshot!(ran.stdout, @r#"
    class,case,participant,named,body,line,statements,what,role,theirs,ours,entry,words
    naming,,DNK,Kongeriget,covenant,1,1,treaty signed,signed,1994-01-02,1994-01-02,6,not known by that name; it may be DNK: 2 of 2 on the same days
    naming,,DNK,Kongeriget,covenant,2,1,ratification,deposited,1998-01-02,1998-01-02,5,not known by that name; it may be DNK: 2 of 2 on the same days
    error,impossible,X-ATLANTIS,Atlantis,covenant,3,1,treaty signed,signed,1980-01-01,,,treaty-signed of 1980-01-01 lies before River Covenant began (1990-05-01): an act cannot be older than its body
    "#);
}

#[test]
fn a_body_of_another_name_gets_a_candidate_and_is_compared_once_it_is_said_to_be_the_same() {
    let env = depositary();
    let file = [
        ("1995-03-01", "Norway", "signature"),
        ("1996-06-15", "Norway", "ratification"),
        ("1997-04-05", "Sweden", "ratification"),
        ("1997-04-06", "Denmark", "ratification"),
    ];
    env.write("other.jsonl", lines(&file).replace("Covenant", "River:1990_A"));
    let ran = env.run(&["compare", "--with", "other.jsonl", "--format", "csv"]);
    insta::assert_snapshot!(ran.stdout, @r#"
    class,case,participant,named,body,line,statements,what,role,theirs,ours,entry,words
    naming,,,,river-1990-a,,4,,,,covenant,,no organisation or treaty of that name here; it may be covenant: 3 of 4 acts on the same days (--same river-1990-a=covenant)
    "#);
    let same = ["compare", "--with", "other.jsonl", "--same", "River:1990_A=covenant", "--format", "csv"];
    insta::assert_snapshot!(env.run(&same).stdout, @r#"
    class,case,participant,named,body,line,statements,what,role,theirs,ours,entry,words
    error,contradicts,DNK,Denmark,covenant,4,1,ratification,deposited,1997-04-06,1998-01-02,5,271 days apart
    missing,missing-there,DNK,,covenant,,1,treaty signed,signed,,1994-01-02,6,"not in the file, which covers both"
    "#);
}

#[test]
fn an_effective_day_is_compared_with_what_the_clause_gives() {
    let env = Env::new();
    env.run(&["init", "--origin", "test/clause"]).ok();
    let line = |(party, date, effective): (&str, &str, &str)| {
        let claim =
            if effective.is_empty() { String::new() } else { format!(",\"effective\":\"{effective}\"") };
        format!(
            "{{\"date\":\"{date}\",\"party\":\"{party}\",\"body\":\"river\",\"kind\":\"ratification\"{claim}}}\n"
        )
    };
    let deposits =
        [("NOR", "1996-06-15"), ("SWE", "1997-04-05"), ("DNK", "1998-01-02"), ("ISL", "1999-01-02")];
    env.write("own.jsonl", deposits.map(|(who, on)| line((who, on, ""))).concat());
    env.run(&["import", "events", "own.jsonl"]).ok();
    let file = [
        line(("NOR", "1996-06-15", "1997-05-05")),
        line(("SWE", "1997-04-05", "1997-04-05")),
        line(("DNK", "1998-01-02", "1998-02-03")),
        line(("ISL", "1999-01-02", "1999")),
    ];
    env.write("effects.jsonl", file.concat());
    // Without a clause there is nothing to hold a day against.
    let csv = env.run(&["compare", "--with", "effects.jsonl", "--format", "csv"]).stdout;
    assert_eq!(csv.matches("no day of entry into force is recorded or computed here").count(), 3, "{csv}");
    assert!(csv.contains("they give as effective what we have as deposited"), "{csv}");
    env.write(
        "clause.toml",
        "id = \"river\"\neffective = \"1990-05-01\"\nentry_into_force = \"count(2) then months(1)\"\n\
         entry_into_force_for_participant = \"months(1)\"\n",
    );
    env.run(&["charter", "amend", "clause.toml"]).ok();
    let ran = env.run(&["compare", "--with", "effects.jsonl", "--format", "csv"]);
    insta::assert_snapshot!(ran.stdout, @r#"
    class,case,participant,named,body,line,statements,what,role,theirs,ours,entry,words
    error,contradicts,DNK,DNK,river,3,1,ratification,effective,1998-02-03,1998-02-02,4,the clause gives 1998-02-02: 1 day apart
    precision,,ISL,ISL,river,4,1,ratification,effective,1999,1999-02-02,5,"theirs is the wider date, and holds ours"
    date-role,,SWE,SWE,river,2,1,ratification,effective,1997-04-05,1997-04-05,3,"they give as effective what we have as deposited (ratification, entry 3)"
    "#);
}

#[test]
fn who_joined_and_left_is_held_against_the_days_that_follow_from_the_acts() {
    let env = Env::new();
    env.run(&["demo", "--with", "all", "--quiet"]).ok();
    let line = |(who, body, date, kind): (&str, &str, &str, &str)| {
        format!("{{\"date\":\"{date}\",\"party\":\"{who}\",\"body\":\"{body}\",\"kind\":\"{kind}\"}}\n")
    };
    let file = [
        ("FIN", "nato", "2023-04-04", "joined"),
        ("SWE", "nato", "2024", "joined"),
        ("BLR", "sco", "2024-07-04", "joined"),
        ("IRN", "sco", "2022-09-16", "joined"),
        ("IND", "sco", "2017-06-24", "joined"),
        ("GBR", "eu", "2020-02-01", "left"),
        ("HRV", "eu", "2013-07-01", "joined"),
        ("HRV", "eu", "2016", "left"),
    ];
    env.write("claims.jsonl", file.map(line).concat());
    let ran = env.run(&["compare", "--with", "claims.jsonl", "--format", "csv"]);
    insta::assert_snapshot!(ran.stdout, @r#"
    class,case,participant,named,body,line,statements,what,role,theirs,ours,entry,words
    precision,,GBR,GBR,eu,6,1,withdrawal effective,effective,2020-02-01,[2020-01-31..2020-02-01],458,"ours is the wider date, and holds theirs"
    missing,missing-there,GBR,,eu,,1,treaty terminated,effective,,2020-12-31T23:00:00Z,459,"not in the file, which covers both"
    missing,missing-here,HRV,HRV,eu,8,1,withdrawal effective,effective,2016,,,not in this ledger
    precision,,SWE,SWE,nato,2,1,membership effective,effective,2024,2024-03-07,303,"theirs is the wider date, and holds ours"
    error,contradicts,IND,IND,sco,5,1,membership effective,effective,2017-06-24,2017-06-09,67,that follows here on 2017-06-09: 15 days apart
    date-role,,IRN,IRN,sco,4,1,membership effective,effective,2022-09-16,2022-09-16,80,"they give as effective what we have as done (memorandum of obligations signed, entry 80)"
    "#);
    assert!(ran.stderr.contains("same 3,"), "{}", ran.stderr);
}

#[test]
fn exports_of_two_ledgers_are_compared_as_spells_and_as_panels() {
    let (env, other) = (Env::demo(), Env::demo());
    for export in ["spells sco", "panel sco --from 2000 --to 2025"] {
        let csv = other.sh(&format!("chancery export {export} --quiet")).ok();
        env.write("other.csv", &csv);
        let ran = env.run(&["compare", "--with", "other.csv", "--format", "json"]);
        let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
        let lines = csv.lines().count() as u64 - 1;
        assert_eq!((ran.code, &answer["counts"]["same"]), (0, &lines.into()), "{export}");
    }
    // The other ledger never recorded that Belarus became a member, and Iran a week later.
    let csv = other.sh("chancery export spells sco --quiet").ok();
    let csv: String =
        csv.lines().filter(|l| !l.starts_with("BLR,Belarus,sco,member")).map(|l| format!("{l}\n")).collect();
    let csv = csv.replace(
        "IRN,Iran,sco,member,certain,member,2023-07-04",
        "IRN,Iran,sco,member,certain,member,2023-07-11",
    );
    env.write("other.csv", csv);
    insta::assert_snapshot!(env.run(&["compare", "--with", "other.csv", "--format", "csv"]).stdout, @r#"
    class,case,participant,named,body,line,statements,what,role,theirs,ours,entry,words
    missing,missing-there,BLR,,sco,,1,member,,,2024-07-04 until ..,102,"not in the file, which covers both"
    error,contradicts,IRN,IRN,sco,21,1,member,from,2023-07-11,2023-07-04,98,7 days apart
    "#);
    // A panel of a researcher's own.
    env.write(
        "own.csv",
        "iso3c,year,body,status\nBLR,2009,sco,none\nBLR,2010,sco,observer\nBLR,2014,sco,dialogue_partner\n\
         BLR,2015,sco,observer\nIRN,2022,sco,member\nIRN,2023,sco,member\nKAZ,1995,sco,member\nUZB,2010,sco,full\n\
         UZB,MMX,sco,member\n",
    );
    insta::assert_snapshot!(env.run(&["compare", "--with", "own.csv", "--format", "csv"]).stdout, @r#"
    class,case,participant,named,body,line,statements,what,role,theirs,ours,entry,words
    error,impossible,,,,10,1,,,,,,"year: ""MMX"" is no year"
    error,contradicts,BLR,BLR,sco,3,1,observer,,observer 2010,dialogue-partner,,"observer there, dialogue-partner here"
    missing,missing-there,BLR,,sco,,3,dialogue-partner,,,dialogue-partner 2011..2013,,"not in the file, which covers both"
    missing,missing-there,BLR,,sco,,8,observer,,,observer 2016..2023,,"not in the file, which covers both"
    date-role,,IRN,IRN,sco,6,1,member,,member 2022,observer,79,"they change it in the year that we have as signed (memorandum of obligations signed, entry 79)"
    missing,missing-there,IRN,,sco,,17,observer,,,observer 2005..2021,,"not in the file, which covers both"
    error,impossible,KAZ,KAZ,sco,8,1,member,,member 1995,outside-coverage,,"it lies before the body, which began on 2001-06-15"
    missing,missing-there,KAZ,,sco,,23,member,,,member 2001..2023,,"not in the file, which covers both"
    error,impossible,UZB,UZB,sco,9,1,full,,full 2010,member,,"""full"" is no status of the SCO: chancery charter show"
    missing,missing-there,UZB,,sco,,9,member,,,member 2001..2009,,"not in the file, which covers both"
    missing,missing-there,UZB,,sco,,13,member,,,member 2011..2023,,"not in the file, which covers both"
    "#);
}

#[test]
fn what_is_no_data_set_is_said_at_once() {
    let env = depositary();
    env.write("notes.txt", "dear diary\n");
    env.write("empty.csv", "");
    env.write("panel.csv", "iso3c,body,year,status\n");
    let fails = |line: &str| {
        let mut args = vec!["compare"];
        args.extend(line.split_whitespace());
        env.run(&args).fails(2)
    };
    insta::assert_snapshot!(fails("--with notes.txt"), @r#"
    chancery: notes.txt is in no form that compare reads (exit 2)
      JSON Lines of acts: date, kind, body, party or party_name (see import events --help);
      or a CSV with iso3c, body, status and either year, or from and until
    "#);
    assert!(fails("--with empty.csv").contains("in no form"));
    assert!(fails("--with absent.csv").contains("No such file"));
    assert!(fails("nowhere --with panel.csv").contains("nowhere"));
    insta::assert_snapshot!(fails("--with panel.csv --kind signature"), @r#"
    chancery: --kind is of acts: this file states statuses (exit 2)
      leave --kind out, or compare a file of acts
    "#);
    assert!(fails("--with panel.csv --kind betrothal").contains("betrothal"));
    insta::assert_snapshot!(fails("--with panel.csv --same covenant"), @"chancery: give both ids, as GGO:UNCLOS_1982A=untc-21-6 (exit 2)");
}
