//! Anyone's columns, by a map: what becomes of a row, what is left out, what a second run and a mended file do.

use std::io::Write;
use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;
use insta::assert_snapshot;
use serde_json::Value;

use crate::env::{Env, Rng};

/// One row a participant, one column an act, as depositaries print their tables.
const WIDE: &str = r#"delimiter = ";"
dates = ["%d.%m.%Y", "%d %b %Y"]
empty = ["-"]
footnotes = true
body = { column = "treaty", prefix = "untc-" }
participant = { column = "country" }
cite = "Status list of the ministry, page {page}"

[participants]
"S. Korea" = "KOR"

[[act]]
kind = "signature"
date = "signed"

[[act]]
kind = "instrument"
date = "bound"
marks = true
effective = "in force"

[[act]]
kind = "withdrawal"
date = "left"
"#;

const TABLE: &str = "country;treaty;signed;bound;in force;left;page;remark\n\
    S. Korea;4-4;-;10.04.1990 a;10.07.1990;-;3;\"two\nlines\"\n\
    France[2];4-4;;4 Nov 1980 a;4.2.1981;;3;\n\
    Nowhere;4-4;;;;;;\n\
    Chad;4-4;1.2.76;09.06.1995 a;;;5;\n\
    Atlantis;4-4;28.02.2008;;;;5;\n\
    Peru;4-4;11.08.1977;28.04.1978;28.07.1978;;5;\n";

fn new() -> Env {
    let env = Env::new();
    env.run(&["init", "--origin", "test/mapped"]).ok();
    env
}

fn with(map: &str, table: impl AsRef<[u8]>) -> Env {
    let env = new();
    env.write("map.toml", map);
    env.write("acts.csv", table);
    env
}

fn import<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["import", "csv", "acts.csv", "--map", "map.toml"], more].concat()
}

/// What an import reports that may have left acts out.
#[track_caller]
fn report(env: &Env, more: &[&str]) -> Value {
    let ran = env.run(&import(&[more, &["--format", "json"]].concat()));
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr))
}

/// How many acts were recorded now, before, and left out.
fn counts(report: &Value) -> (u64, u64, usize) {
    let number = |key: &str| report[key].as_u64().unwrap();
    (number("taken"), number("recorded_before"), report["rejected"].as_array().unwrap().len())
}

fn rejected(report: &Value) -> Vec<(u64, String)> {
    let all = report["rejected"].as_array().unwrap().iter();
    all.map(|r| (r["line"].as_u64().unwrap(), r["reason"].as_str().unwrap().to_owned())).collect()
}

/// Every recorded event, without the import that brought it.
fn events(env: &Env) -> Vec<Value> {
    let leaves = env.run(&["export", "leaves"]).ok();
    let event = |line: &str| {
        let mut event = serde_json::from_str::<Value>(line).unwrap()["event"].clone();
        event.as_object_mut().unwrap().remove("import");
        event
    };
    leaves.lines().map(event).filter(|event| event["act"] != "import-recorded").collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

#[test]
fn a_row_a_participant_and_a_column_an_act_are_recorded_and_the_rest_is_reported() {
    let env = with(WIDE, TABLE);
    assert_snapshot!(env.run(&import(&["--dry-run"])).all(), @r#"
    dry run: 6 acts of acts.csv may be recorded; nothing was
      1 row holds no act
      1 body had no charter and would get one that extends a pattern: chancery
      charter list

    its first rows as acts
      line 2     KOR instrument-deposited (accession) in untc-4-4, deposited
                 1990-04-10, effective 1990-07-10, cites "Status list of the
                 ministry, page 3"
      line 4     FRA instrument-deposited (accession) in untc-4-4, deposited
                 1980-11-04, effective 1981-02-04, cites "Status list of the
                 ministry, page 3"
      line 6     TCD instrument-deposited (accession) in untc-4-4, deposited
                 1995-06-09, cites "Status list of the ministry, page 5"

    1 act was left out
      line 6      signature: date: "1.2.76" is no date as %d.%m.%Y or %d %b %Y, the
                  year in four digits
      to mend them: --rejects FILE, then import that file by the same map

    1 doubt
           1  the register has no "Atlantis": recorded as X-ATLANTIS
    [exit 1]
    "#);
    assert_eq!(env.size(), 0, "a dry run records nothing");
    assert_snapshot!(env.run(&import(&["--rejects", "left.csv"])).all(), @r#"
    6 acts of acts.csv recorded: entries 2 to 7
      1 row holds no act
      1 body had no charter and got one that extends a pattern: chancery charter
      list
      the import is entry 8: chancery retract --import 8

    1 act was left out
      line 6      signature: date: "1.2.76" is no date as %d.%m.%Y or %d %b %Y, the
                  year in four digits

    1 doubt
           1  the register has no "Atlantis": recorded as X-ATLANTIS
    [exit 1]
    "#);
    assert_snapshot!(std::fs::read_to_string(env.path().join("left.csv")).unwrap(), @r"
    country;treaty;signed;bound;in force;left;page;remark
    Chad;4-4;1.2.76;09.06.1995 a;;;5;
    ");
    let status = |who: &str| env.status(&format!("{who} untc-4-4 --on 1992-01-01"))["status"].clone();
    assert_eq!(["KOR", "FRA", "TCD"].map(status), ["party", "party", "none"]);
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn the_same_file_again_adds_nothing_however_its_map_is_laid_out() {
    let env = with(WIDE, TABLE);
    assert_eq!(counts(&report(&env, &[])), (6, 0, 1));
    let size = env.size();
    assert_eq!(counts(&report(&env, &[])), (0, 6, 1));
    let (top, acts) = WIDE.split_once("[participants]").unwrap();
    let mut lines: Vec<&str> = top.trim().lines().collect();
    lines.reverse();
    let relaid = format!("# the same\n{}\n\n[participants]{acts}", lines.join("\n\n").replace(" = ", "="));
    env.write("map.toml", relaid);
    assert_eq!(counts(&report(&env, &[])), (0, 6, 1));
    assert_eq!(env.size(), size);
    env.write("acts.csv", gzip(TABLE.as_bytes()));
    assert_eq!(counts(&report(&env, &[])), (0, 6, 1), "compressed, it is another file of the same acts");
    assert_eq!(env.size(), size + 1, "which is recorded as such");
}

#[test]
fn a_mended_file_of_rejects_adds_only_what_was_left_out() {
    let env = with(WIDE, TABLE);
    let first = env.run(&import(&["--rejects", "left.csv"]));
    assert_eq!(first.code, 1);
    let before = events(&env);
    let left = std::fs::read_to_string(env.path().join("left.csv")).unwrap();
    env.write("acts.csv", left.replace("1.2.76", "1.2.1976"));
    assert_eq!(counts(&report(&env, &[])), (1, 1, 0), "the deposit of the same row is known");
    let after = events(&env);
    assert_eq!(after.len(), before.len() + 1);
    let added = after.iter().find(|event| !before.contains(event)).unwrap();
    assert_eq!((&added["act"], &added["participant"]), (&"treaty-signed".into(), &"TCD".into()));
    assert_eq!(env.run(&["audit"]).ok(), "");
}

const LONG: &str = "participant = \"{who}\"\nbody = \"rivers\"\nkind = \"ratification\"\ndate = \"day\"\n";

fn many() -> String {
    let row = |n: usize| format!("{}-03-{:02},NOR\n", 1900 + n / 28 % 100, n % 28 + 1);
    std::iter::once("day,who\n".to_owned()).chain((0..5_600).map(row)).collect()
}

#[test]
fn a_file_that_is_cut_keeps_what_was_read_and_the_whole_one_goes_on() {
    let whole = gzip(many().as_bytes());
    let env = with(LONG, &whole[..whole.len() - whole.len() / 10]);
    let error = env.run(&import(&[])).fails(2);
    let number = |after: &str| -> u64 {
        let rest = error.split_once(after).unwrap_or_else(|| panic!("{error}")).1;
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
    };
    let (last, recorded) = (number("after line "), number("; "));
    assert!(last > 4_096 && last == recorded + 1, "{error}");
    assert!(error.contains("acts are recorded: mend the file and run the same command again"), "{error}");
    assert_eq!(env.run(&["audit"]).ok(), "");
    env.write("acts.csv", &whole);
    assert_eq!(counts(&report(&env, &[])), (5_600 - recorded, recorded, 0));
    assert_eq!(counts(&report(&env, &[])), (0, 5_600, 0));
}

#[test]
fn a_plain_file_that_is_cut_inside_its_last_row_says_so() {
    let whole = "who,day,page\nNOR,2001-03-01,7\nSWE,2001-03-02,8\n";
    let env = with(LONG, &whole[..whole.len() - 3]);
    assert_eq!(
        rejected(&report(&env, &[])),
        [(3, "it has 2 cells under 3 columns: is the file cut short here?".to_owned())]
    );
    env.write("acts.csv", whole.trim_end());
    let told = report(&env, &[]);
    assert_eq!(counts(&told), (1, 1, 0));
    assert_eq!(told["doubts"][0]["doubt"], "the file ends inside its last row: is it whole?");
    env.write("acts.csv", whole);
    let told = report(&env, &[]);
    assert_eq!((counts(&told), &told["doubts"]), ((0, 2, 0), &Value::Array(Vec::new())));
}

#[test]
fn a_row_without_end_and_a_quote_that_stays_open_are_named_and_what_stands_before_them_stays() {
    let good = "day,who\n2001-03-01,NOR\n";
    let line = [good, "2001-03-02,", &"x".repeat(3 << 20), "\n2001-03-03,SWE\n"].concat();
    let rows = [good, "2001-03-02,\"", &"x\n".repeat(1 << 20), "\"\n"].concat();
    let open = [good, "2001-03-02,\"SWE\n2001-03-03,FIN\n"].concat();
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(good.as_bytes()).unwrap();
    bomb.write_all(b"2001-03-02,\"").unwrap();
    let zeros = vec![b'0'; 1 << 20];
    (0..256).for_each(|_| bomb.write_all(&zeros).unwrap());
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 1 << 20);
    let long = "the row of line 3 has more than 1048576 bytes: is a quote left open?; 1 acts are recorded";
    let never = "in the row of line 3 is never closed: is the file cut short?; 1 acts are recorded";
    let cases: [(&[u8], &str); 4] =
        [(line.as_bytes(), long), (rows.as_bytes(), long), (open.as_bytes(), never), (&bomb, long)];
    for (bytes, says) in cases {
        let env = with(LONG, bytes);
        let error = env.run(&import(&[])).fails(2);
        assert!(error.contains(says), "{error}");
        env.write("acts.csv", [good, "2001-03-02,SWE\n"].concat());
        assert_eq!(counts(&report(&env, &[])), (1, 1, 0));
    }
}

#[test]
fn a_compressed_file_that_unfolds_into_rows_without_sense_is_read_no_further_than_can_be_reported() {
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    bomb.write_all(b"day,who\n2001-03-01,NOR\n").unwrap();
    let rows = b"2001-03-02\n".repeat(1 << 16);
    (0..40).for_each(|_| bomb.write_all(&rows).unwrap());
    let env = with(LONG, bomb.finish().unwrap());
    let error = env.run(&import(&[])).fails(2);
    assert!(error.contains("more is left out than can be reported: is this the right file"), "{error}");
    env.write("acts.csv", "day,who\n2001-03-01,NOR\n");
    assert_eq!(counts(&report(&env, &[])), (0, 1, 0), "what could be taken was");
}

#[test]
fn what_is_no_act_is_left_out_with_the_line_of_its_row_and_the_cause() {
    let map = "dates = \"%d/%m/%Y\"\nbody = \"rivers\"\nnote = \"{note}\"\n\
        participant = { column = \"who\", unknown = \"reject\" }\n\
        kind = { column = \"act\", values = { \"R.\" = \"ratification\", \"Obj.\" = \"\", W = \"left\" } }\n\
        date = \"day\"\n";
    let rows: [&[u8]; 11] = [
        b"NOR,R.,01/02/2001,\"one\ntwo, and\n\nfour\"\n",
        b"SWE,R.,01/13/2001,\n",
        b"FIN,Ratified,01/02/2001,\n",
        b"FRA,Obj.,01/02/2001,an objection is no act here\n",
        b"ISL,R.,,\n",
        b"ISL,,01/02/2001,\n",
        b",R.,01/02/2001,\n",
        b"Belorus,R.,01/02/2001,\n",
        b"DNK,R.,01/02/2001,\xe9\n",
        b"DNK,R.,01/02/2001,a,b\n",
        b"DNK,R.,01/02/2001\n",
    ];
    let env =
        with(map, [b"who,act,day,note\r\n".as_slice(), &rows.concat(), b"DNK,R.,02/03/2001,\n"].concat());
    let told = report(&env, &["--rejects", "left.csv"]);
    assert_eq!((&told["taken"], &told["rows_without_act"]), (&2.into(), &1.into()));
    let left: String = rejected(&told).iter().map(|(line, why)| format!("{line} {why}\n")).collect();
    assert_snapshot!(left, @r#"
    6 date: "01/13/2001" is no date as %d/%m/%Y, the year in four digits
    7 kind: "Ratified" is none of the map's values
    9 date is empty: give what is known, as 2006 or [..2022-04-12]
    10 kind: column act is empty
    11 participant: column who is empty
    12 participant: no state called "Belorus"; did you mean Belarus (BLR)?; or name it under [participants]
    13 column note is not UTF-8 at byte 1: save the file as UTF-8
    14 it has 5 cells under 4 columns: quote cells that hold a delimiter
    15 it has 3 cells under 4 columns: some are missing
    "#);
    let kept = std::fs::read(env.path().join("left.csv")).unwrap();
    let expected: Vec<u8> =
        [b"who,act,day,note\n".as_slice(), rows[1], rows[2], &rows[4..].concat()].concat();
    assert_eq!(kept, expected, "byte for byte, whatever they are");
}

#[test]
fn lines_above_the_header_stay_above_it_in_the_file_of_rejects() {
    let map = format!("header = 4\n{LONG}");
    let table = "Status of treaties,,\nas at 1 May 2001\n\nwho,day\nNOR,2001-03-01\nSWE,in March\n";
    let env = with(&map, table);
    assert_eq!(counts(&report(&env, &["--rejects", "left.csv"])), (1, 0, 1));
    let left = std::fs::read_to_string(env.path().join("left.csv")).unwrap();
    assert_eq!(left, table.replace("NOR,2001-03-01\n", ""));
    env.write("acts.csv", left.replace("in March", "2001-03"));
    assert_eq!(counts(&report(&env, &[])), (1, 0, 0));
}

#[test]
fn standard_input_is_read_as_a_file_is_and_a_body_may_be_given_beside_the_map() {
    let env = new();
    env.write("map.toml", LONG.replace("body = \"rivers\"\n", ""));
    env.write("rivers.toml", "id = \"rivers\"\ntitle = \"Rivers\"\nextends = \"multilateral-treaty\"\n");
    let args = ["import", "csv", "-", "--map", "map.toml", "--in", "rivers"];
    let piped = |bytes: &[u8]| {
        let mut child = env
            .chancery(&args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let bytes = gzip("\u{feff}who\tday\nNOR\t2001-03-01\n".replace('\t', ",").as_bytes());
    let said = piped(&bytes);
    assert!(said.contains("no organisation or treaty called rivers in this ledger (exit 2)"), "{said}");
    env.run(&["charter", "adopt", "multilateral-treaty"]).ok();
    env.run(&["charter", "adopt", "rivers.toml"]).ok();
    let said = piped(&bytes);
    assert!(said.starts_with("1 act of standard input recorded: entry 2\n"), "{said}");
    assert!(piped(&bytes).starts_with("nothing new in standard input"));
}

#[test]
fn what_a_source_published_later_is_known_from_then_and_acts_of_the_vocabulary_carry_their_status() {
    let map = "body = \"league\"\nparticipant = { code = \"iso\", column = \"name\" }\n\
        date = \"{year}-{month}\"\ndates = [\"%Y-%m\", \"%Y-\"]\n\
        kind = \"status-granted\"\nstatus = { column = \"as\", values = { Obs = \"observer\" } }\n\
        recorded = { value = \"2013-07-06\" }\n";
    let table = "iso,name,year,month,as\nNOR,Norway,2010,4,Obs\n,Republic of Korea,2011,,Obs\n";
    let env = with(map, table);
    assert_eq!(counts(&report(&env, &[])), (2, 0, 0));
    let events = events(&env);
    let event = |who: &str| events.iter().find(|event| event["participant"] == who).unwrap();
    assert_eq!(event("NOR")["dates"]["decided"], "2010-04");
    assert_eq!(event("KOR")["dates"]["decided"], "2011");
    assert_eq!(
        (&event("NOR")["status"], &event("NOR")["known_from"]),
        (&"observer".into(), &"2013-07-06".into())
    );
    let status =
        |known: &str| env.status(&format!("NOR league --on 2012-01-01 --as-known {known}"))["status"].clone();
    assert_eq!((status("2013-07-05"), status("2013-07-06")), ("none".into(), "observer".into()));
}

#[test]
fn a_map_that_is_none_or_fits_no_file_is_refused_with_its_place() {
    let map = |lines: &str| format!("participant = \"{{who}}\"\nbody = \"rivers\"\n{lines}\n");
    let one = |line: &str| map(&format!("kind = \"ratification\"\ndate = \"day\"\n{line}"));
    let cases = [
        (one("dates = \"%d.%m.%y\""), 5, 9),
        (one("dates = [\"edtf\", \"%d.%m\"]"), 5, 9),
        (one("delimiter = \"::\""), 5, 13),
        (one("header = 0"), 5, 10),
        (one("colour = \"red\""), 5, 1),
        (one("note = \"{remark\""), 5, 8),
        (one("note = \"{remark}\""), 5, 8),
        (one("effective = \"von\""), 5, 13),
        (one("effective = { colunm = \"day\" }"), 5, 15),
        (one("effective = {}"), 5, 13),
        (one("status = { column = \"status\", values = {} }"), 5, 21),
        (one("[participants]\nAtlantis = \"ATL\""), 6, 12),
        (one("[[act]]\nkind = \"signature\""), 3, 8),
        (map("date = \"day\""), 3, 8),
        (map("kind = \"ratification\""), 3, 8),
        (map("kind = \"ratifikation\"\ndate = \"day\""), 3, 8),
        (map("kind = { column = \"who\", values = { a = \"danced\" } }\ndate = \"day\""), 3, 41),
        (map("[[act]]\nkind = \"signature\"\ndate = \"day\"\n[[act]]\nkind = \"signature\""), 6, 1),
        (map("kind = \"ratification\"\ndate = \"day\"\nmarks = true"), 3, 8),
        ("body = \"rivers\"\nkind = \"ratification\"\ndate = \"day\"".into(), 1, 1),
        ("participant = {}\nbody = \"rivers\"\nkind = \"ratification\"\ndate = \"day\"".into(), 1, 15),
        (one("participant = \"twice\""), 5, 1),
        (one("= 1"), 5, 1),
    ];
    let env = with("", "day,who\n2001-03-01,NOR\n");
    let mut told = String::new();
    for (map, line, column) in cases {
        env.write("map.toml", &map);
        let error = env.run(&import(&[])).fails(2);
        let place = format!("chancery: map.toml, line {line}, column {column}: ");
        assert!(error.starts_with(&place), "{map}{error}");
        told.push_str(&error[place.len()..]);
    }
    assert_snapshot!(told, @r#"
    dates: "%d.%m.%y" has years of two digits, and a century is not guessed: write %Y (exit 2)
    dates: "%d.%m" has no year: write %Y where it stands (exit 2)
    delimiter: "::" is not one ASCII character such as ",", ";" or "\t" (exit 2)
    header: lines are counted from 1 (exit 2)
    unknown field colour, expected one of delimiter, header, dates, empty, footnotes, body, title, participant, cite, participants, act, kind, date, effective, not_before, recorded, mark, marks, status, toward, note (exit 2)
    note: a brace that names no column: write {column}, or {{ for a brace itself (exit 2)
    note: the file has no column "remark"; it has day, who (exit 2)
    effective: the file has no column "von"; it has day, who (exit 2)
    unknown field colunm, expected one of column, value, dates (exit 2)
    effective: give its column, or its value for every row (exit 2)
    status: the file has no column "status"; it has day, who (exit 2)
    participants, "Atlantis": no state called "ATL" (exit 2)
    kind and date stand in each [[act]], or at the top where a row is one act: not both (exit 2)
    kind is missing: kind says which act a row is (exit 2)
    date is missing: date names the column of its day (exit 2)
    kind: "ratifikation" is no kind of the neutral form, and no act (exit 2)
    kind: "danced" is no kind of the neutral form, and no act (exit 2)
    act 2, date is missing: date names the column of its day (exit 2)
    kind: marks tell the form of an instrument: they need kind = "instrument" (exit 2)
    missing field participant (exit 2)
    participant: give the column of its name, or of its code (exit 2)
    duplicate key (exit 2)
    unquoted keys cannot be empty, expected letters, numbers, -, _ (exit 2)
    "#);
    assert_eq!(env.size(), 0);
}

/// A cell as some writer of tables puts it: quoted where it must be, and sometimes where it need not.
fn cell(text: &str, delimiter: char, rng: &mut Rng) -> String {
    let must = text.contains([delimiter, '"', '\n']);
    match must || rng.below(4) == 0 {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[test]
fn acts_written_as_lines_and_as_rows_by_a_map_are_the_same_events() {
    let mut rng = Rng(0x6d61_7073);
    let who = ["NOR", "SWE", "Republic of Korea", "Atlantis", "CSK"];
    let notes = ["", "plain", "with \"quotes\"", "two\nlines", "a; b, c\td", "é {braces}"];
    let kinds = [("signature", "signed"), ("accession", "acceded"), ("withdrawal", "left")];
    for delimiter in [',', ';', '\t', '|'] {
        let (mut lines, mut rows) = (String::new(), String::new());
        let mut columns: Vec<&str> = vec!["who", "body", "note", "signed", "acceded", "left", "else"];
        (0..columns.len()).for_each(|at| columns.swap(at, rng.below(7) as usize));
        rows.push_str(&format!("{}\n", columns.join(&delimiter.to_string())));
        for _ in 0..120 {
            let participant = who[rng.below(5) as usize];
            let (body, note) = (rng.below(6), notes[rng.below(6) as usize]);
            let mut cells =
                vec![("who", participant.to_owned()), ("body", body.to_string()), ("note", note.to_owned())];
            for (kind, column) in kinds {
                let (year, month, day) = (1950 + rng.below(50), 1 + rng.below(12), 1 + rng.below(28));
                let (edtf, written) = match rng.below(5) {
                    0 => continue,
                    1 => (format!("{year}"), format!("{year}")),
                    2 => (format!("{year}-{month:02}"), format!("{month}/{year}")),
                    _ => (format!("{year}-{month:02}-{day:02}"), format!("{day}.{month}.{year}")),
                };
                cells.push((column, written));
                let said = serde_json::json!({"date": edtf, "party_name": participant, "kind": kind,
                    "body": format!("UNTC:9-{body}"), "source": format!("List, {participant}"),
                    "note": Some(note).filter(|note| !note.is_empty())});
                lines.push_str(&format!("{said}\n"));
            }
            let text =
                |column: &&str| cells.iter().find(|(name, _)| name == column).map_or("", |(_, text)| text);
            let row: Vec<String> =
                columns.iter().map(|column| cell(text(column), delimiter, &mut rng)).collect();
            rows.push_str(&row.join(&delimiter.to_string()));
            rows.push_str(if rng.below(2) == 0 { "\n" } else { "\r\n" });
        }
        let mut map = format!(
            "delimiter = {:?}\ndates = [\"%d.%m.%Y\", \"%m/%Y\", \"edtf\"]\nparticipant = {{ column = \"who\" }}\n\
             body = \"UNTC:9-{{body}}\"\ncite = \"List, {{who}}\"\nnote = \"{{note}}\"\n",
            delimiter.to_string()
        );
        kinds.iter().for_each(|(kind, column)| {
            map.push_str(&format!("[[act]]\nkind = \"{kind}\"\ndate = \"{column}\"\n"))
        });
        let by_map = with(&map, rows);
        let mapped = by_map.run(&import(&["--format", "json"])).json();
        let by_lines = new();
        by_lines.write("acts.jsonl", &lines);
        let lined = by_lines.run(&["import", "events", "acts.jsonl", "--format", "json"]).json();
        assert_eq!(mapped["taken"], lines.lines().count());
        assert_eq!(mapped["doubts"].as_array().unwrap().len(), lined["doubts"].as_array().unwrap().len());
        assert_eq!(events(&by_map), events(&by_lines));
        by_map.write("acts.jsonl", &lines);
        let again = by_map.run(&["import", "events", "acts.jsonl", "--format", "json"]).json();
        assert_eq!(again["taken"], 0, "in the other form they are known");
    }
}
