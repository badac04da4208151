//! The questions of the data set, and properties that every answer must have.

mod needs;
mod partial;
mod record;
mod rows;

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::event::{ActKind, Day, Entry, Event, Index, Instant, ParticipantId, Size};
use crate::fixture::{body, charters, data, rows, who};
use crate::history::{Certainty, History};

fn cases(usual: u32) -> u32 {
    if std::env::var("CHANCERY_FAULTS").is_ok_and(|v| v == "full") { usual * 20 } else { usual }
}

fn entries(events: Vec<Event>) -> Vec<Entry> {
    let entry = |(n, event)| Entry {
        index: Index(n as u64),
        recorded_at: Instant::from_micros(n as i64),
        event: Arc::new(event),
    };
    events.into_iter().enumerate().map(entry).collect()
}

fn material(entries: &[Entry]) -> Material {
    let checkpoint = CheckpointRef { size: Size(entries.len() as u64), root: "root".into() };
    let entries = Arc::new(entries.to_vec());
    Material { entries, checkpoint, charters: Arc::default(), scope: crate::event::Scope::ALL, given: None }
}

fn axes(on: &str, known: &str) -> Axes {
    let as_known = (!known.is_empty()).then(|| KnownBy::parse(known).unwrap());
    Axes::on_day(on.parse().unwrap(), as_known, Size(u64::MAX))
}

fn shared<T: Send + Sync + 'static>() {}

#[test]
fn what_is_folded_can_be_kept_and_shared_between_threads() {
    shared::<Material>();
    shared::<BodyView>();
    shared::<crate::history::Board>();
    shared::<History>();
    shared::<Entry>();
}

/// The histories of all participants, folded by threads that share a view; each thread begins with another participant.
fn folded_by(view: &Arc<BodyView>, threads: usize) -> Vec<Vec<String>> {
    let fold_from = |first: usize| {
        let view = Arc::clone(view);
        std::thread::spawn(move || {
            let everyone: Vec<&ParticipantId> = view.participants().collect();
            let history = |at: usize| format!("{:?}", view.history(everyone[(first + at) % everyone.len()]));
            let mut histories: Vec<String> = (0..everyone.len()).map(history).collect();
            histories.rotate_right(first % everyone.len());
            histories
        })
    };
    let threads: Vec<_> = (0..threads).map(fold_from).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

#[test]
fn threads_that_share_a_view_fold_what_one_alone_folds() {
    let Some(entries) = sco() else { return };
    let view = |entries: &[Entry]| {
        Arc::new(BodyView::new(&material(entries), &body("sco"), Size(u64::MAX), Instant::FUTURE).unwrap())
    };
    let alone = folded_by(&view(&entries), 1);
    let together = folded_by(&view(&entries), 4);
    assert!(together.iter().all(|histories| *histories == alone[0]));
}

fn sco() -> Option<Vec<Entry>> {
    let rows = rows()?;
    Some(entries(charters().into_iter().chain(rows).collect()))
}

#[test]
fn every_question_about_the_sco_has_its_stated_answer() {
    let (Some(entries), Some(questions)) = (sco(), data("questions.csv")) else { return };
    let material = material(&entries);
    let mut failed = Vec::new();
    let mut asked = 0;
    for row in ::csv::Reader::from_reader(questions.as_bytes()).records().map(Result::unwrap) {
        let (name, organisation, party, on, known, expected) =
            (&row[0], &row[2], &row[3], &row[4], &row[5], &row[6]);
        if organisation != "SCO" {
            continue;
        }
        asked += 1;
        let axes = axes(on, known);
        if party != "*" {
            let answer = status(&material, &who(party), &body("sco"), &axes).unwrap();
            let status = answer.status.as_ref().map(|s| s.as_str());
            let right = match expected {
                "" => true,
                "contested" => answer.certainty == Certainty::Contested && status.is_none(),
                "none_effective" => status == Some("none") && answer.certainty == Certainty::Certain,
                id => status == Some(id.replace('_', "-").as_str()) && answer.certainty == Certainty::Certain,
            };
            if !right {
                failed.push(format!("{name}: {status:?} {:?}, not {expected}", answer.certainty));
            }
            if let Err(why) = beside_the_status(name, &answer, &entries) {
                failed.push(format!("{name}: {why}"));
            }
        } else {
            let answer = pending(&material, &body("sco"), &axes).unwrap();
            let decided = |items: &[PendingItem]| -> BTreeSet<String> {
                let waits = |i: &&PendingItem| i.procedure.stage == ActKind::StatusDecided;
                items.iter().filter(waits).map(|i| i.participant.to_string()).collect()
            };
            let five = ["ARE", "BHR", "KWT", "MDV", "MMR"].map(str::to_owned);
            if decided(&answer.procedures) != five.into()
                || decided(&answer.contested) != ["SAU".to_owned()].into()
            {
                failed.push(format!("{name}: {:?} {:?}", answer.procedures, answer.contested));
            }
        }
    }
    assert_eq!(asked, 11);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Checks the parts of an answer that the data set states in words, besides the status.
fn beside_the_status(name: &str, answer: &StatusAnswer, entries: &[Entry]) -> Result<(), String> {
    let since = |date: &str| answer.since.as_ref().is_some_and(|d| d.as_str() == date);
    let because = |date: &str| answer.because.iter().any(|b| b.date.as_str() == date);
    let stage = |toward: &str, act: ActKind, date: &str| {
        answer.procedures.iter().any(|p| {
            p.toward.as_ref().is_some_and(|t| t.as_str() == toward)
                && p.stage == act
                && p.since.as_str() == date
        })
    };
    let later =
        |act: ActKind, date: &str| answer.afterwards.iter().any(|a| a.act == act && a.date.as_str() == date);
    let right = match name {
        "Q01" => because("[2010-04-28..2010-04-29]"),
        "Q02" | "Q03" => since("2015-07-10"),
        "Q04" => {
            stage("member", ActKind::AccessionProcedureLaunched, "2022-09-16")
                && later(ActKind::MemorandumOfObligationsSigned, "2023-07-04")
        }
        "Q06" => {
            let claim = |e: &&Entry| {
                let of_iran = e.event.participant == Some(who("IRN"));
                of_iran && e.event.act.kind() == ActKind::ClaimRecorded
            };
            entries.iter().filter(claim).count() >= 1
                && answer.procedures.iter().any(|p| p.stage == ActKind::MemorandumOfObligationsSigned)
        }
        "Q07" => {
            let signed = |e: &&Entry| e.event.act.kind() == ActKind::MemorandumOfObligationsSigned;
            let of = |role| {
                let iran = entries.iter().filter(signed).filter(|e| e.event.participant == Some(who("IRN")));
                iran.filter_map(|e| e.event.dates.get(role)).map(ToString::to_string).collect::<Vec<_>>()
            };
            of(crate::event::Role::Signed) == ["2022-09-15"] && of(crate::event::Role::Done) == ["2022-09-16"]
        }
        "Q09" => stage("dialogue-partner", ActKind::StatusDecided, "2012-06-07"),
        "Q11" => {
            let sides: BTreeSet<_> = answer.conflicts.iter().flat_map(|c| c.chains.clone()).collect();
            sides.len() == 2 && answer.conflicts.iter().any(|c| !c.because.is_empty())
        }
        "Q12" => since("2012-06-07") && answer.overlays.iter().map(|o| o.overlay).eq(["dormant"]),
        "Q13" => {
            let own = |b: &Because| b.act != ActKind::CharterAmended;
            answer.notes.iter().any(|n| n.contains("the day of effect and the new regulation were not found"))
                && answer.because.iter().filter(|b| own(b)).all(|b| b.date.as_str() == "2004-06-17")
        }
        _ => true,
    };
    if right { Ok(()) } else { Err(format!("beside the status: {answer:?}")) }
}

/// An answer without indexes and ids, and with sorted lists.
fn bare(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let places = ["index", "id", "rule", "checkpoint", "entries", "corrected_by", "as_recorded"];
            let kept = map.into_iter().filter(|(key, _)| !places.contains(&key.as_str()));
            let told = kept.filter(|(key, value)| key != "because" || !value[0].is_number());
            Value::Object(told.map(|(key, value)| (key, bare(value))).collect())
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(bare).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::String(text) => {
            // Notes name entries in brackets.
            Value::String(text.split(" (entry ").next().unwrap_or_default().to_owned())
        }
        other => other,
    }
}

fn participants(entries: &[Entry]) -> BTreeSet<ParticipantId> {
    entries.iter().filter_map(|e| e.event.participant.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_in_which_rows_were_recorded_does_not_matter(seed in any::<u64>()) {
        let Some(ordered) = rows() else { return Ok(()) };
        let mut shuffled = ordered.clone();
        let mut state = seed | 1;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(at, (state >> 33) as usize % (at + 1));
        }
        let as_entries = |rows: Vec<Event>| entries(charters().into_iter().chain(rows).collect());
        let (ordered, shuffled) = (as_entries(ordered), as_entries(shuffled));
        let (one, two) = (material(&ordered), material(&shuffled));
        for (on, known) in [("2010-05-10", ""), ("2016-03-20", ""), ("2022-10-01", "2022-12"), ("2025-09-02", "")] {
            let axes = axes(on, known);
            for participant in participants(&ordered) {
                let ask = |material| serde_json::to_value(status(material, &participant, &body("sco"), &axes).unwrap());
                prop_assert_eq!(bare(ask(&one).unwrap()), bare(ask(&two).unwrap()), "{} on {}", participant, on);
            }
            let ask = |material| serde_json::to_value(roster(material, &body("sco"), None, &axes).unwrap()).unwrap();
            prop_assert_eq!(bare(ask(&one)), bare(ask(&two)), "roster on {}", on);
        }
    }
}

#[test]
fn the_roster_counts_what_each_status_says() {
    let Some(entries) = sco() else { return };
    let material = material(&entries);
    for on in ["2001-06-15", "2012-01-01", "2022-10-01", "2024-07-04", "2025-09-02"] {
        let axes = axes(on, "");
        let roster = roster(&material, &body("sco"), None, &axes).unwrap();
        for (id, count) in &roster.counts {
            let of = |certain: bool| {
                let has = |p: &ParticipantId| {
                    let answer = status(&material, p, &body("sco"), &axes).unwrap();
                    if certain { answer.status.as_ref() == Some(id) } else { answer.possible.contains(id) }
                };
                participants(&entries).iter().filter(|p| has(p)).count() as u64
            };
            assert_eq!((count.certain, count.at_most), (of(true), of(false)), "{id} on {on}");
        }
    }
}

#[test]
fn a_status_asked_for_before_it_existed_is_flagged() {
    let entries = entries(charters());
    let material = material(&entries);
    let observer = crate::event::StatusId::parse("observer").unwrap();
    let flagged = |on: &str| {
        let roster = roster(&material, &body("sco"), Some(&observer), &axes(on, "")).unwrap();
        roster.notes.iter().any(|n| n.contains("observer was created on 2004-06-17"))
    };
    assert!(flagged("2004-06-16"));
    assert!(!flagged("2004-06-17"));
    let mut answer = status(&material, &who("MNG"), &body("sco"), &axes("2003-01-01", "")).unwrap();
    let view = BodyView::new(&material, &body("sco"), Size(u64::MAX), Instant::FUTURE).unwrap();
    answer.flag_absent(&view.charter, &observer);
    assert!(
        answer.notes.iter().any(|n| n.contains("nobody could hold it on 2003-01-01")),
        "{:?}",
        answer.notes
    );
}

#[test]
fn whoever_waits_on_a_roster_is_whose_open_procedure_is_decided() {
    let Some(entries) = sco() else { return };
    let material = material(&entries);
    let mut waited = 0;
    for year in 2001..2027 {
        for known in ["", "2022-12-31"] {
            let axes = axes(&format!("{year}-10-01"), known);
            let (asked, open) =
                (roster(&material, &body("sco"), None, &axes), pending(&material, &body("sco"), &axes));
            let (Ok(asked), Ok(open)) = (asked, open) else { continue };
            let decided =
                open.procedures.into_iter().filter(|item| item.procedure.stage == ActKind::StatusDecided);
            let decided: Vec<_> = decided.collect();
            assert_eq!(asked.waiting, decided, "{year}");
            waited += decided.len();
        }
    }
    assert!(waited > 0);
}
