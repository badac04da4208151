//! Questions about the whole record, with times in Y; and audits and replays of whole records.

use crate::record::Record;
use crate::row::{Ask, Most};
use crate::sitting::Sitting;

/// The questions about the whole record, by group, as a user types them for a record of a given size.
pub(crate) fn asked(entries: usize) -> [(&'static str, String); 7] {
    [
        ("pending", "pending".into()),
        ("in-force", "in-force".into()),
        ("diff-on", "diff --on 2000-01-01..2001-01-01".into()),
        ("diff-recorded", format!("diff --as-recorded {}..{entries}", entries / 2)),
        ("conflicts", "conflicts".into()),
        ("check", "check".into()),
        ("notify", "notify --since 0".into()),
    ]
}

/// The questions about the whole of HUGGO, with times in Y.
pub(crate) fn everything(sitting: &Sitting) {
    for at in 0..asked(0).len() {
        let (group, _) = asked(0)[at];
        if let Some(made) = sitting.wants(group).then(|| sitting.record(Record::Huggo)).flatten() {
            let (_, words) = &asked(made.entries)[at];
            let most = [Most::Y(if at < 3 { 1.3 } else { 2.1 }), Most::Memory(120.0)];
            Ask { words, query: None, most: &most }.beside_python(sitting, &made, None);
        }
    }
}

/// Audit and replay of the large records.
pub(crate) fn audits(sitting: &Sitting) {
    let narrow = Record::Narrow(sitting.entries);
    let wide = Record::Wide(sitting.entries);
    let rows: [(&str, Record, &[Most]); 4] = [
        ("audit", Record::Huggo, &[]),
        ("audit", narrow, &[Most::PerSecond(220e3)]),
        ("audit", wide, &[Most::PerSecond(150e3), Most::Memory(600.0)]),
        ("replay", narrow, &[Most::PerSecond(1e6)]),
    ];
    for (words, record, most) in rows {
        if let Some(made) = sitting.wants(words).then(|| sitting.record(record)).flatten() {
            Ask { words, query: None, most }.beside_python(sitting, &made, Some(made.entries));
        }
    }
}
