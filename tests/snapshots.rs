//! Eighteen dated snapshots of one table: what the world could know on each day is what the table said on it.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use crate::env::Env;
use crate::five::{data, json_of};
use crate::sets::{file, lines, set};

/// What tells an act of the table apart: treaty, code, name, kind, mark, date.
type Key = [String; 6];

/// A snapshot: its day in UTC and how often each act stands in it.
type Snapshot = (NaiveDate, BTreeMap<Key, u32>);

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The table on each day, replayed from the file by its own words.
fn replayed() -> Vec<Snapshot> {
    let mut snapshots: Vec<Snapshot> = Vec::new();
    for line in lines("untc_history") {
        let moment: DateTime<Utc> = line["recorded"].as_str().unwrap().parse().unwrap();
        let day = moment.date_naive();
        if snapshots.last().is_none_or(|(last, _)| *last != day) {
            let table = snapshots.last().map(|(_, table)| table.clone()).unwrap_or_default();
            snapshots.push((day, table));
        }
        let key = ["body", "party", "party_name", "kind", "mark", "date"].map(|name| word(&line[name]));
        let times = snapshots.last_mut().unwrap().1.entry(key).or_default();
        *times = if line["op"] == "retract" { *times - 1 } else { *times + 1 };
    }
    snapshots.iter_mut().for_each(|(_, table)| table.retain(|_, times| *times > 0));
    snapshots
}

fn ledger() -> Option<(Env, &'static Value, Vec<Snapshot>)> {
    let (env, report) = set("untc_history")?;
    let snapshots = replayed();
    assert_eq!(snapshots.len(), 18);
    Some((env, report, snapshots))
}

fn body_of(text: &str) -> String {
    text.to_lowercase().replace(':', "-")
}

#[test]
fn every_line_of_the_snapshots_is_taken_and_the_same_file_again_adds_nothing() {
    let Some((env, report, _)) = ledger() else { return };
    assert_eq!((&report["taken"], report["rejected"].as_array().unwrap().len()), (&31_560.into(), 0));
    let size = env.size();
    let path = data(&file("untc_history")).unwrap();
    let again = env.run(&["import", "events", path.to_str().unwrap(), "--format", "json"]).json();
    assert_eq!((&again["taken"], &again["recorded_before"]), (&0.into(), &31_560.into()));
    assert_eq!(env.size(), size);
}

/// An act of the record: treaty, participant, date, whether it is a signature; with the day from which it is known.
struct Recorded {
    act: [String; 3],
    signs: bool,
    known: String,
    retracted: Option<String>,
}

/// The acts of the record, each with the day of its retraction.
fn recorded(env: &Env) -> Vec<Recorded> {
    let leaves = env.run(&["export", "leaves"]).ok();
    let events = || leaves.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()["event"].take());
    let retracted: HashMap<String, String> = events()
        .filter(|e| e["act"] == "entry-retracted")
        .map(|e| (word(&e["to"]), word(&e["known_from"])))
        .collect();
    let acts = events().filter(|e| e["known_from"].is_string() && e["act"] != "entry-retracted");
    let read = |e: Value| Recorded {
        act: [word(&e["body"]), word(&e["participant"]), {
            let mut dates = e["dates"].as_object().unwrap().values();
            word(dates.next().unwrap())
        }],
        signs: e["act"] == "treaty-signed",
        known: word(&e["known_from"]),
        retracted: retracted.get(e["id"].as_str().unwrap()).cloned(),
    };
    acts.map(read).collect()
}

#[test]
fn the_acts_that_stand_on_each_day_are_those_of_its_snapshot_in_every_treaty() {
    let Some((env, _, snapshots)) = ledger() else { return };
    let recorded = recorded(&env);
    for (day, table) in &snapshots {
        let on = day.to_string();
        let mut expected: HashMap<([String; 3], bool), u32> = HashMap::new();
        for ([body, party, _, kind, mark, date], times) in table {
            let party = if party == "EUU" { "EUE".to_owned() } else { party.clone() };
            let signs = kind == "signature" || mark == "C";
            *expected.entry(([body_of(body), party, date.clone()], signs)).or_default() += times;
        }
        let mut found: HashMap<([String; 3], bool), u32> = HashMap::new();
        for act in &recorded {
            if act.known[..10] <= *on && act.retracted.as_ref().is_none_or(|day| day[..10] > *on) {
                let [body, party, date] = act.act.clone();
                // The file has no code for whoever the register does not know.
                let party = if party.starts_with("X-") { String::new() } else { party };
                *found.entry(([body, party, date], act.signs)).or_default() += 1;
            }
        }
        let differ: Vec<_> = found.iter().filter(|(act, n)| expected.get(act) != Some(n)).take(5).collect();
        assert!(differ.is_empty(), "{day}: {differ:?}");
        assert_eq!(found.len(), expected.len(), "{day}");
    }
}

/// Who is a contracting state, or a signatory, and since when, by the table.
fn by_table(table: &BTreeMap<Key, u32>, treaty: &str) -> BTreeMap<String, (String, String)> {
    let mut found: BTreeMap<String, (String, String)> = BTreeMap::new();
    let own = table.keys().filter(|[body, party, ..]| body_of(body) == treaty && !party.is_empty());
    for [_, party, _, kind, mark, date] in own {
        let status = if kind == "signature" || mark == "C" { "signatory" } else { "contracting" };
        let party = if party == "EUU" { "EUE" } else { party };
        let held = found.entry(party.to_owned()).or_insert((status.into(), date.clone()));
        let better = (status == "contracting", std::cmp::Reverse(date));
        if better > (held.0 == "contracting", std::cmp::Reverse(&held.1)) {
            *held = (status.into(), date.clone());
        }
    }
    found
}

/// The same as the ledger answers it.
fn by_ledger(env: &Env, treaty: &str, as_known: NaiveDate) -> BTreeMap<String, (String, String)> {
    let roster = json_of(env, &format!("roster {treaty} --as-known {as_known}"));
    let all = roster["participants"].as_array().unwrap().iter();
    let all = all.filter(|p| p["status"] != "none" && p["certainty"] == "certain");
    let all = all.map(|p| (word(&p["participant"]), (word(&p["status"]), word(&p["since"]))));
    all.filter(|(who, _)| !who.starts_with("X-")).collect()
}

/// Treaties in which the source took something back, beside names; the Genocide Convention first.
const CORRECTED: [&str; 12] = [
    "untc-4-1",
    "untc-3-2-2",
    "untc-3-3",
    "untc-4-11",
    "untc-4-15-a",
    "untc-7-6",
    "untc-10-2-b",
    "untc-10-6",
    "untc-12-1",
    "untc-18-12-b",
    "untc-19-16",
    "untc-27-15",
];

#[test]
fn the_answers_as_known_at_each_snapshot_are_what_it_said() {
    let Some((env, _, snapshots)) = ledger() else { return };
    for (at, (day, table)) in snapshots.iter().enumerate() {
        for treaty in CORRECTED {
            assert_eq!(by_ledger(&env, treaty, *day), by_table(table, treaty), "{treaty} as known on {day}");
        }
        // Jamaica and Montenegro stand as signatories of treaties to which they then notified succession.
        for treaty in ["untc-16-2", "untc-26-4"] {
            assert_eq!(by_ledger(&env, treaty, *day), by_table(table, treaty), "{treaty} as known on {day}");
        }
        // On the eve, what the snapshot before it said.
        let eve = day.pred_opt().unwrap();
        let before = at.checked_sub(1).map(|at| by_table(&snapshots[at].1, "untc-4-1")).unwrap_or_default();
        assert_eq!(by_ledger(&env, "untc-4-1", eve), before, "as known on the eve of {day}");
    }
}

#[test]
fn cabo_verde_keeps_its_acts_through_its_renaming() {
    let Some((env, _, snapshots)) = ledger() else { return };
    let acts = |table: &BTreeMap<Key, u32>| -> u32 {
        table.iter().filter(|([_, party, ..], _)| party == "CPV").map(|(_, times)| times).sum()
    };
    let counted: Vec<u32> = snapshots.iter().map(|(_, table)| acts(table)).collect();
    assert_eq!(counted.last(), Some(&105));
    let recorded = recorded(&env);
    for ((day, _), expected) in snapshots.iter().zip(&counted) {
        let on = day.to_string();
        let live = recorded.iter().filter(|act| act.act[1] == "CPV" && act.known[..10] <= *on);
        let live = live.filter(|act| act.retracted.as_ref().is_none_or(|gone| gone[..10] > *on)).count();
        assert_eq!(live as u32, *expected, "{day}");
    }
    // The snapshot of the renaming takes back every act under the old name: no spell ends by it.
    let spells = |as_known: &str| {
        let told = json_of(&env, &format!("timeline CPV --as-known {as_known}"));
        let spell = |s: &Value| ["body", "status", "from", "until"].map(|key| word(&s[key]));
        told["spells"].as_array().unwrap().iter().map(spell).collect::<Vec<_>>()
    };
    let (eve, day) = (spells("2014-01-26"), spells("2014-01-27"));
    assert!(eve.len() > 90, "{}", eve.len());
    assert_eq!(eve, day);
}

#[test]
fn yemens_two_dates_of_one_accession_are_no_change_of_status() {
    let Some((env, _, _)) = ledger() else { return };
    let told = json_of(&env, "timeline YEM --in untc-4-1 --both-times");
    let revisions = told["revisions"].as_array().unwrap().iter().filter(|r| r["known_from"].is_string());
    assert_eq!(revisions.count(), 5, "each flip of the source is a revision of the record");
    let mut since = Vec::new();
    for known in ["2013-07-07", "2013-11-18", "2014-01-27", "2014-07-10", "2015-03-15"] {
        let answer = json_of(&env, &format!("status YEM --in untc-4-1 --as-known {known}"));
        assert_eq!((&answer["status"], &answer["certainty"]), (&"contracting".into(), &"certain".into()));
        since.push(word(&answer["since"]));
    }
    assert_eq!(since, ["1987-02-09", "1989-04-06", "1987-02-09", "1989-04-06", "1987-02-09"]);
    let told = json_of(&env, "conflicts untc-4-1 -p YEM");
    let told = told["conflicts"].as_array().unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["kind"], &told[0]["contested_on_day"]), (&"record".into(), &false.into()));
    let sides = told[0]["chains"].as_array().unwrap().iter();
    let sides: Vec<(String, usize, usize)> = sides
        .map(|side| {
            let entries = side["entries"].as_array().unwrap();
            let back = entries.iter().filter(|entry| entry["taken_back_by"].is_u64()).count();
            (word(&side["chain"]), entries.len(), back)
        })
        .collect();
    assert_eq!(sides, [("1987-02-09".to_owned(), 3, 2), ("1989-04-06".to_owned(), 2, 2)]);
    let learnt = json_of(&env, "diff untc-4-1 -p YEM --as-known 2013-07-07..2015-03-15 --on 2013-01-01");
    assert_eq!(learnt["changes"].as_array().map(Vec::len), Some(0), "{learnt}");
}
