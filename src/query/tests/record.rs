//! Properties of every answer from the five records of the data set, and a check that each entry named in an answer
//! matters to it.

use std::sync::OnceLock;

use super::*;
use crate::charter::{Template, charter_event};
use crate::event::{BodyId, Register};
use crate::fixture::id;
use crate::import::read_csv;
use crate::query::status::in_view;

const FILES: [(&str, &str); 5] = [
    ("sco", "sco_events.csv"),
    ("nato", "nato_events.csv"),
    ("eu", "eu_events.csv"),
    ("un", "un_members.csv"),
    ("brics", "brics_events.csv"),
];

/// The record of a body: the events of its charter and the rows of its file.
pub(super) struct Record {
    pub(super) body: BodyId,
    charter: Vec<Event>,
    pub(super) rows: Vec<Event>,
}

pub(super) fn records() -> &'static [Record] {
    static RECORDS: OnceLock<Vec<Record>> = OnceLock::new();
    RECORDS.get_or_init(|| FILES.iter().filter_map(|(of, file)| record(of, file)).collect())
}

fn record(of: &str, file: &str) -> Option<Record> {
    let text = data(file)?;
    let resolve =
        |word: &str| Register::builtin().resolve(word).map(|p| p.id.clone()).map_err(|e| e.to_string());
    let rows = read_csv(text.as_bytes(), &body(of), id(1000), &resolve).unwrap();
    assert_eq!(rows.rejected, vec![]);
    let rows = rows.taken.into_iter().map(|mut row| {
        row.event.import = None;
        row.event
    });
    let texts = Template::find(of).unwrap().texts.iter().enumerate();
    let charter = texts.map(|(i, t)| charter_event(t, i > 0, id(i as u128 + 1)).unwrap());
    Some(Record { body: body(of), charter: charter.collect(), rows: rows.collect() })
}

impl Record {
    pub(super) fn entries(&self, rows: Vec<Event>) -> Vec<Entry> {
        entries(self.charter.iter().cloned().chain(rows).collect())
    }
}

/// The first day of every spell of a participant.
fn days(view: &BodyView, participant: &ParticipantId) -> Vec<Day> {
    let spells = view.history(participant).spells();
    spells.iter().map(|spell| spell.from).filter(|from| *from > Day::PAST).collect()
}

/// A status answer without the entries on which it rests.
fn said(answer: &StatusAnswer) -> Value {
    serde_json::json!([answer.status, answer.certainty, answer.possible, answer.since, answer.until])
}

#[test]
fn an_answer_changes_without_any_one_of_the_entries_on_which_it_rests() {
    let (mut redundant, mut removed) = (Vec::new(), 0);
    for record in records() {
        let entries = record.entries(record.rows.clone());
        let whole = material(&entries);
        let view = BodyView::of(&whole, &record.body, &axes("2026-01-01", "")).unwrap();
        for participant in &participants(&entries) {
            for on in days(&view, participant) {
                let axes = Axes::on_day(on, None, Size(u64::MAX));
                let answer = in_view(&whole, &view, &view, participant, &record.body, &axes);
                for because in &answer.because {
                    removed += 1;
                    let mut without = entries.clone();
                    without.retain(|e| e.index != because.index);
                    let without = material(&without);
                    let other = status(&without, participant, &record.body, &axes);
                    if other.is_ok_and(|other| said(&other) == said(&answer)) {
                        redundant.push(format!(
                            "{participant} in {} on {on}: {} of {}",
                            record.body, because.act, because.date
                        ));
                    }
                }
            }
        }
    }
    if records().is_empty() {
        return;
    }
    assert!(removed > 400, "{removed} entries were left out");
    // Without the certificate the clause gives the same day from the deposits: either ground is enough.
    // The register says as well when these three states were no more.
    let other_grounds = [
        "HRV in eu on 2013-07-01: treaty-entered-into-force of 2013-07-01",
        "CSK in un on 1993-01-01: ceased-to-exist of 1993-01-01",
        "DDR in un on 1990-10-03: merged-into of 1990-10-03",
        "YMD in un on 1990-05-22: merged-into of 1990-05-22",
    ];
    assert_eq!(redundant, other_grounds, "of {removed} entries");
}

fn shuffled(rows: &[Event], seed: u64) -> Vec<Event> {
    let mut rows = rows.to_vec();
    let mut state = seed | 1;
    for at in (1..rows.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        rows.swap(at, (state >> 33) as usize % (at + 1));
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(20), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_the_rows_of_no_file_matters(seed in any::<u64>(), from in 0..7usize, day in 0..4usize) {
        for record in records() {
            let (ordered, other) = (record.entries(record.rows.clone()), record.entries(shuffled(&record.rows, seed)));
            let (one, two) = (material(&ordered), material(&other));
            let on = ["1965-06-01", "1992-10-01", "2013-06-22", "2023-04-05"][day];
            for known in ["", "2022-12"] {
                let axes = axes(on, known);
                let views = [&one, &two].map(|m| BodyView::of(m, &record.body, &axes).unwrap());
                for participant in participants(&ordered).iter().skip(from).step_by(7) {
                    let [a, b] = [(&one, &views[0]), (&two, &views[1])].map(|(m, v)| {
                        bare(serde_json::to_value(in_view(m, v, v, participant, &record.body, &axes)).unwrap())
                    });
                    prop_assert_eq!(a, b, "{} in {} on {}", participant, &record.body, on);
                }
                let [a, b] = [&one, &two].map(|m| {
                    bare(serde_json::to_value(roster(m, &record.body, None, &axes).unwrap()).unwrap())
                });
                prop_assert_eq!(a, b, "roster of {} on {}", &record.body, on);
                for about in [None, Some(who("HRV")), Some(who("FIN"))] {
                    let [a, b] = [&one, &two].map(|m| {
                        bare(serde_json::to_value(in_force(m, &record.body, about.as_ref(), &axes).unwrap()).unwrap())
                    });
                    prop_assert_eq!(a, b, "in-force of {} {:?} on {}", &record.body, &about, on);
                }
            }
        }
    }
}
