//! The cost of five corrections of every act to questions about the past, each about another past.

use std::io::Write;
use std::path::PathBuf;

use chancery::event::Day;

use crate::line::{End, Line};
use crate::record::{Made, Record};
use crate::row::in_turn;
use crate::samples::{Samples, time};
use crate::shared::Random;
use crate::sitting::Sitting;
use crate::synthetic::FIRST_DAY;

/// The largest number of entries of the corrected record.
const ENTRIES: usize = 100_000;
/// The number of questions of one command.
const QUESTIONS: usize = 1_000;
/// The number of entries between the sizes of two questions, large enough that every pair has some among them.
const APART: usize = 7_919;
/// The largest time that a question to the corrected record may take: as a multiple of one to the other record, and in seconds.
const MOST: (f64, f64) = (6.0, 60e-6);

/// The same questions to a record in which every act is corrected five times, and to one without corrections.
pub(crate) fn rows(sitting: &Sitting) {
    if !sitting.wants("past") {
        return;
    }
    let entries = sitting.entries.min(ENTRIES);
    let records = [Record::Corrected(entries), Record::Uncorrected(entries)];
    let [Some(corrected), Some(uncorrected)] = records.map(|record| sitting.record(record)) else { return };
    let line = |made: &Made| {
        let questions = write(sitting, made);
        Line::chancery(&made.ledger, "ask --format jsonl --from").and(questions.to_str().unwrap())
    };
    let (with, without) = (line(&corrected), line(&uncorrected));
    let weighed = with.weighed(sitting.limit);
    assert!(weighed.end == End::Answered, "the questions were not answered");
    let (with, [without]) = in_turn(sitting, &with, weighed, [Some(&without)]);
    let each = |samples: &Samples| samples.median().map_or(0.0, |all| all / QUESTIONS as f64);
    let (times, longest) = (each(&with) / each(&without), each(&with));
    let kept = if times <= MOST.0 && longest <= MOST.1 { "kept" } else { "**missed**" };
    println!(
        "| `chancery ask --from past.jsonl`, a question | {} | {}, uncorrected {}: {times:.2} x | | | | | | | {} x, {}: {kept} |",
        corrected.record,
        time(longest),
        time(each(&without)),
        MOST.0,
        time(MOST.1)
    );
}

/// Writes questions about pairs drawn at random, each as recorded at another size.
fn write(sitting: &Sitting, made: &Made) -> PathBuf {
    let path = sitting.folder.join(format!("{}.jsonl", made.record).replace(' ', "-"));
    let mut out = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    let (on, known) = (Day::from_days(FIRST_DAY + 800), Day::from_days(FIRST_DAY + 900));
    let pairs = made.record.shape().pairs();
    let mut random = Random(0x2001_0615);
    let half = made.entries / 2;
    for question in 0..QUESTIONS {
        let (participant, body) = &pairs[random.below(pairs.len() as u64) as usize];
        let recorded = half + (question + 1) * APART % half;
        writeln!(
            out,
            r#"{{"participant":"{participant}","body":"{body}","on":"{on}","as_known":"{known}","as_recorded":"{recorded}"}}"#
        )
        .unwrap();
    }
    out.flush().unwrap();
    path
}
