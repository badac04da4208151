//! The quality of a record: dates in an impossible order, facts recorded more than once, rival dates of one act,
//! changed names. A finding is no error of this ledger: it reports the statements of its sources.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use crate::event::{
    Act, ActKind, BodyId, Edtf, Entry, EventId, ImportReceipt, Index, Instant, ParticipantId, Size,
};
use crate::history::{Standing, standing, taken_back, withhold};

use super::answer::{CheckpointRef, QuestionEcho};
use super::order::{before_adoption, impossible};
use super::quality_rule::{FindingDate, Found, QualityKind, Record, TakenBack};
use super::renaming::{namesakes, renamed};
use super::repetition::{changed_dates, repeated_rows, rival_dates, same_facts, second_consents};

/// A finding: one thing in a record that a reader should check.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct QualityFinding {
    /// The kind of the finding.
    pub kind: QualityKind,
    /// The organisation or treaty.
    pub body: BodyId,
    /// The participant; `null` for an act of the body alone.
    pub participant: Option<ParticipantId>,
    /// The statement of the sources, in words.
    pub what: String,
    /// The dates on which the finding rests.
    pub dates: Vec<FindingDate>,
    /// True if each of these dates is one day that its source does not doubt.
    pub to_the_day: bool,
    /// The rows of the source on which the finding rests, if the evidence names rows.
    pub rows: Vec<String>,
    /// The indexes of the entries that state it.
    pub entries: Vec<Index>,
    /// The lines of an imported file that state it and are not recorded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<u64>,
}

/// The number of findings of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct QualityCount {
    /// The kind of the findings.
    pub kind: QualityKind,
    /// The number of all of them.
    pub findings: u64,
    /// The number of those whose dates are all known to the day.
    pub to_the_day: u64,
    /// The number of rows of sources on which they rest; 0 if the evidence names none.
    pub rows: u64,
}

/// The findings in a record.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Quality {
    /// The question, as it was understood.
    pub question: QuestionEcho,
    /// The count of each kind that was looked for; 0 is an answer.
    pub counts: Vec<QualityCount>,
    /// The findings, by kind, then by body and participant.
    pub findings: Vec<QualityFinding>,
    /// Notes on the lines that imports left out.
    pub notes: Vec<String>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

impl Quality {
    /// The report on an examination, with these kinds only, or with every kind if none is named.
    pub fn new(
        question: QuestionEcho,
        checkpoint: CheckpointRef,
        found: Examined,
        kinds: &[QualityKind],
    ) -> Quality {
        let wanted = |kind: QualityKind| kinds.is_empty() || kinds.contains(&kind);
        let mut findings = found.findings;
        findings.retain(|finding| wanted(finding.kind));
        findings.sort_by(|a, b| {
            let key = |f: &QualityFinding| (f.kind, f.body.clone(), f.participant.clone());
            key(a).cmp(&key(b)).then_with(|| (&a.entries, &a.lines).cmp(&(&b.entries, &b.lines)))
        });
        let count = |kind: QualityKind| {
            let of_kind = || findings.iter().filter(move |finding| finding.kind == kind);
            QualityCount {
                kind,
                findings: of_kind().count() as u64,
                to_the_day: of_kind().filter(|finding| finding.to_the_day).count() as u64,
                rows: of_kind().map(|finding| finding.rows.len() as u64).sum(),
            }
        };
        let counts = QualityKind::ALL.into_iter().map(|(kind, ..)| kind).filter(|kind| wanted(*kind));
        let counts = counts.map(count).collect();
        let note = |(entry, receipt): (&Index, &ImportReceipt)| {
            format!(
                "{} left out of {} when it was imported (entry {entry}): what is stated there is not in this record",
                match receipt.refused {
                    1 => "1 line was".to_owned(),
                    n => format!("{n} lines were"),
                },
                receipt.file
            )
        };
        let notes = found.refused.iter().map(note).collect();
        Quality { question, counts, findings, notes, checkpoint }
    }
}

/// The entries to examine, and the limits of the examination.
pub struct Examination<'e> {
    /// The entries, in the order of the log, with all entries of each body that is examined.
    pub entries: &'e [Entry],
    /// Entries from this index on are lines of a file that are not recorded; a line's number is the distance from it.
    pub lines_from: Index,
    /// The size of the record that is examined.
    pub recorded: Size,
    /// The limit of knowledge: entries that were public by this moment, inclusive, count.
    pub known: Instant,
    /// Selects the bodies to examine.
    pub bodies: &'e dyn Fn(&BodyId) -> bool,
    /// Limits the examination to this participant.
    pub participant: Option<&'e ParticipantId>,
    /// Limits the findings to those that rest on an entry of this import.
    pub import: Option<EventId>,
}

/// The result of an examination.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Examined {
    /// The findings, in no order.
    pub findings: Vec<QualityFinding>,
    /// The receipts of imports that left lines out, by the index of their entry.
    pub refused: BTreeMap<Index, ImportReceipt>,
}

impl Examined {
    /// Adds the result of another examination.
    pub fn extend(&mut self, other: Examined) {
        self.findings.extend(other.findings);
        self.refused.extend(other.refused);
    }
}

impl<'e> Examination<'e> {
    /// Examines the records of the bodies.
    pub fn examine(&self) -> Examined {
        let stands = standing(self.entries, self.recorded, self.known);
        let taken_back = self.taken_back(&stands);
        let (acts, _) = withhold(stands);
        let mut bodies: BTreeMap<BodyId, Body<'e>> = BTreeMap::new();
        let mut examined = Examined::default();
        for act in acts.into_iter().filter(|act| (self.bodies)(&act.event.body)) {
            if let Act::ImportRecorded(receipt) = &act.event.act
                && receipt.refused > 0
                && self.import.is_none_or(|id| act.event.id == id)
            {
                examined.refused.insert(act.index, receipt.clone());
            }
            let body = bodies.entry(act.event.body.clone()).or_default();
            match act.event.participant.clone() {
                _ if act.event.act.kind().is_record_keeping() => {}
                // An act about the accession or exit of another is not part of the actor's own participation.
                Some(_) if act.event.for_another().is_some() => {}
                Some(participant) => body.records.entry(participant).or_default().own.push(act),
                None => body.alone.push(act),
            }
        }
        for taken in taken_back.into_iter().filter(|taken| (self.bodies)(&taken.act.event.body)) {
            let Some(participant) = taken.act.event.participant.clone() else { continue };
            let body = bodies.entry(taken.act.event.body.clone()).or_default();
            body.records.entry(participant).or_default().taken_back.push(taken);
        }
        let ours = self.of_import();
        for (id, body) in &bodies {
            let found = body.findings().into_iter();
            let found = found.filter(|(participant, _)| {
                self.participant.is_none_or(|only| participant.as_ref() == Some(only))
            });
            let touches = |found: &Found| {
                ours.as_ref().is_none_or(|ours| found.places.iter().any(|p| ours.contains(p)))
            };
            let found = found.filter(|(_, found)| touches(found));
            examined.findings.extend(found.map(|(participant, found)| self.finding(id, participant, found)));
        }
        examined
    }

    fn finding(&self, body: &BodyId, participant: Option<ParticipantId>, found: Found) -> QualityFinding {
        let mut places = found.places;
        places.sort();
        places.dedup();
        let lines: Vec<Index> = places.split_off(places.partition_point(|place| *place < self.lines_from));
        QualityFinding {
            kind: found.kind,
            body: body.clone(),
            participant,
            what: found.what,
            to_the_day: found.dates.iter().all(|dated| is_a_day(&dated.date)),
            dates: found.dates,
            rows: found.rows.into_iter().collect(),
            entries: places,
            lines: lines.into_iter().map(|line| line.0 - self.lines_from.0).collect(),
        }
    }

    /// The indexes of the entries that the import brought.
    fn of_import(&self) -> Option<HashSet<Index>> {
        let import = self.import?;
        let brought = self.entries.iter().filter(|entry| entry.event.import == Some(import));
        Some(brought.map(|entry| entry.index).collect())
    }

    /// The acts that their sources took back. An import that was itself retracted takes no act back, and is no
    /// statement of its source.
    fn taken_back(&self, stands: &[Standing]) -> Vec<TakenBack<'e>> {
        let taken = taken_back(self.entries, self.recorded, self.known);
        if taken.is_empty() {
            return Vec::new();
        }
        let standing: HashSet<EventId> = stands.iter().map(|act| act.event.id).collect();
        let imports = self.entries.iter().filter(|e| e.event.act.kind() == ActKind::ImportRecorded);
        let withdrawn: HashSet<EventId> =
            imports.map(|e| e.event.id).filter(|id| !standing.contains(id)).collect();
        let counts = |act: &Standing| !act.event.import.is_some_and(|import| withdrawn.contains(&import));
        let with_day = |act: Standing| {
            let by = act.corrected_by.first()?;
            let at = self.entries.binary_search_by_key(by, |entry| entry.index).ok()?;
            Some(TakenBack { known_from: self.entries[at].event.known_from.as_ref(), act })
        };
        taken.into_iter().filter(counts).filter_map(with_day).collect()
    }
}

/// True if a date is one day, and its source does not doubt it.
fn is_a_day(date: &Edtf) -> bool {
    date.earliest() == date.latest() && !date.is_qualified()
}

/// The records of one organisation or treaty.
#[derive(Default)]
struct Body<'a> {
    records: BTreeMap<ParticipantId, Record<'a>>,
    alone: Vec<Standing>,
}

impl Body<'_> {
    fn findings(&self) -> Vec<(Option<ParticipantId>, Found)> {
        let mut all = Vec::new();
        for (participant, record) in &self.records {
            let mut found = impossible(&record.own);
            found.extend(second_consents(&record.own));
            found.extend(rival_dates(&record.own));
            found.extend(changed_dates(record));
            found.extend(same_facts(&record.own));
            found.extend(repeated_rows(&record.own));
            found.extend(renamed(record));
            all.extend(found.into_iter().map(|found| (Some(participant.clone()), found)));
        }
        let acts = self.records.values().flat_map(|record| &record.own).chain(&self.alone);
        all.extend(before_adoption(acts, &self.alone));
        all.extend(namesakes(&self.records).into_iter().map(|(who, found)| (Some(who), found)));
        all
    }
}
