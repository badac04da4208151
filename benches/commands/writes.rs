//! Imports and appends, each in a process.

use std::path::Path;

use crate::line::Line;
use crate::record::{Made, Record};
use crate::row::{Most, Row, Taken};
use crate::samples::Samples;
use crate::sitting::Sitting;

/// The number of times that a file is imported.
const IMPORTS: usize = 3;

/// HUGGO and the wide record imported: judged, indexed, published, closed.
pub(crate) fn imports(sitting: &Sitting) {
    if !sitting.wants("import") {
        return;
    }
    if let Some(made) = sitting.record(Record::Huggo) {
        huggo(sitting, &made);
    }
    let Some(made) = sitting.record(Record::Wide(sitting.entries)) else { return };
    let mut own = Samples::default();
    made.import.iter().for_each(|import| own.note(1, import.took));
    Row {
        name: "`chancery import events wide.jsonl`".into(),
        on: made.record.to_string(),
        taken: Taken { own, ..Taken::default() },
        weighed: made.import,
        entries: Some(made.entries),
        most: &[Most::PerSecond(80e3), Most::Memory(400.0)],
    }
    .print();
}

fn huggo(sitting: &Sitting, made: &Made) {
    let Some(file) = sitting.huggo() else { return };
    let ledger = sitting.folder.join("again.ledger");
    let mut taken = Taken::default();
    let mut weighed = made.import;
    for _ in 0..IMPORTS.min(sitting.rounds) {
        let _ = std::fs::remove_dir_all(&ledger);
        Line::chancery(&ledger, "init --origin test/huggo").timed();
        let import =
            Line::chancery(&ledger, "import events").and(file.to_str().unwrap()).weighed(sitting.limit);
        taken.own.note(1, import.took);
        weighed = Some(import);
        if let Some(python) = sitting.python() {
            taken.python.note(1, python.timed());
        }
    }
    let _ = std::fs::remove_dir_all(&ledger);
    Row {
        name: "`chancery import events huggo.jsonl.gz`".into(),
        on: made.record.to_string(),
        taken,
        weighed,
        entries: Some(made.entries),
        most: &[Most::Y(1.6), Most::Memory(200.0)],
    }
    .print();
}

/// One act appended at a time. This comes last, because it adds to the records.
pub(crate) fn appends(sitting: &Sitting) {
    if !sitting.wants("append") {
        return;
    }
    for record in [Record::Sco, Record::Narrow(10_000), Record::Huggo, Record::Narrow(sitting.entries)] {
        if let Some(made) = sitting.record(record) {
            append(sitting, &made);
        }
    }
}

/// An act with other words each time.
fn act(ledger: &Path, record: Record, number: usize) -> Line {
    let (participant, body) = record.pair();
    let act = match record {
        Record::Huggo | Record::Wide(_) => "treaty-signed --signed",
        _ => "application-filed --done",
    };
    Line::chancery(ledger, &format!("append {act} 2024-05-01 -p {participant} --in {body}"))
        .and("--title")
        .and(format!("Note {number} of the bench"))
        .and("--cite")
        .and(format!("The bench, page {number}"))
}

fn append(sitting: &Sitting, made: &Made) {
    let [mut first_line, mut exit, mut nothing] =
        [Samples::default(), Samples::default(), Samples::default()];
    let line = |number: usize| act(&made.ledger, made.record, number);
    line(0).receipt();
    for number in 1..=sitting.rounds {
        let receipt = line(number).receipt();
        first_line.note(1, receipt.first_line);
        exit.note(1, receipt.exit);
        nothing.note(1, sitting.nothing().timed());
    }
    let weighed = Some(line(sitting.rounds + 1).weighed(sitting.limit));
    let row = |what: &str, own: Samples, most: &[Most]| {
        let taken = Taken { own, nothing: nothing.clone(), ..Taken::default() };
        let name = format!("`chancery append`, {what}");
        Row { name, on: made.record.to_string(), taken, weighed, entries: None, most }.print();
    };
    row("to the receipt", first_line, &[Most::BeyondNothing(4.0)]);
    row("to the exit", exit, &[Most::BeyondNothing(6.0)]);
    if let Some((before, all)) = line(sitting.rounds + 2).syncs() {
        let kept = if before <= 1 { "kept" } else { "**missed**" };
        println!(
            "| syncs of `chancery append` | {} | {before} before the receipt, {all} in all | | | | | | | 1: {kept} |",
            made.record
        );
    }
}
