//! Rows against the fold: whatever a row says of a day, the fold says.

use super::needs::{BODIES, entries_of, gather, seed};
use super::record::records;
use super::*;
use crate::event::BodyId;
use crate::history::{Standing, standing};
use crate::query::{InPortfolio, Needs, PairRow, RuledBody, StoredRows, portfolio, rows, timeline};

/// The rows of a body as they are read again.
fn stored(material: &Material, body: &BodyId) -> (BodyRow, StoredRows) {
    let made = rows(material, body, vec!["beside".into()]);
    let row = BodyRow::decode(&made.body).unwrap();
    assert_eq!((&row.beside[..], row.encode()), (&["beside".to_owned()][..], made.body.clone()));
    (row, made)
}

/// Compares a row with the fold of what a question about the pair reads. Gives whether it says something of the day.
fn compare(
    row: &PairRow,
    ruled: &RuledBody,
    (who, body): (&ParticipantId, &BodyId),
    material: &Material,
    on: Day,
) -> bool {
    let axes = Axes::on_day(on, None, Size(u64::MAX));
    let spells = row.timeline(who, (body, ruled), &axes, &material.checkpoint);
    assert_eq!(spells, timeline(material, who, body, &axes).unwrap(), "{who} in {body}");
    let present: Option<InPortfolio> = row.in_portfolio(body, ruled, on);
    let Some(present) = present else { return false };
    assert_eq!(Some(present), portfolio(material, who, body, &axes).unwrap(), "{who} in {body} on {on}");
    true
}

/// Days of all of time, and those around every change of a participant.
fn days(view: &BodyView, who: &ParticipantId) -> Vec<Day> {
    let changes = view.history(who).spells().into_iter().map(|spell| spell.from);
    let acts =
        view.pairs[who].own.iter().flat_map(|act| act.event.dates.iter().map(|(_, date)| date.latest()));
    let near = changes.chain(acts).flat_map(|day| [day.previous(), day, day.next(), day.next().next()]);
    let far = ["1800-01-01", "1999-12-31", "2026-11-30", "2050-01-01", "9000-01-01"];
    near.chain(far.iter().map(|day| day.parse().unwrap())).collect()
}

#[test]
fn the_rows_of_five_organisations_say_what_the_fold_says_on_every_day() {
    let (mut told, mut asked) = (0, 0);
    for record in records() {
        let whole = material(&record.entries(record.rows.clone()));
        let view = BodyView::new(&whole, &record.body, Size(u64::MAX), Day::FUTURE).unwrap();
        let (row, made) = stored(&whole, &record.body);
        let ruled = row.ruled.unwrap();
        assert_eq!(ruled.participants, view.pairs.len() as u64);
        for (who, bytes) in &made.pairs {
            let row = PairRow::decode(bytes, &ruled).unwrap();
            for on in days(&view, who) {
                asked += 1;
                told += usize::from(compare(&row, &ruled, (who, &record.body), &whole, on));
            }
        }
    }
    // Most days that are tried lie around changes, of which only the fold speaks.
    assert!(records().is_empty() || told * 8 > asked, "{told} of {asked}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(100), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_rows_of_random_records_say_what_the_fold_says(seeds in prop::collection::vec(seed(), 1..40)) {
        let entries = entries_of(&seeds);
        for of in BODIES.map(body) {
            let whole = gathered(&entries, &of, None);
            let (row, made) = stored(&whole, &of);
            let Some(ruled) = row.ruled else {
                prop_assert!(BodyView::new(&whole, &of, Size(u64::MAX), Day::FUTURE).is_err());
                continue;
            };
            let adopted = |act: &Standing| act.event.act.kind() == ActKind::CharterAdopted && act.event.body == of;
            let stands = standing(&entries, Size(u64::MAX), Day::FUTURE).iter().any(adopted);
            prop_assert_eq!(ruled.is_adopted, stands, "{} in {:?}", of, entries);
            let view = BodyView::new(&whole, &of, Size(u64::MAX), Day::FUTURE).unwrap();
            for (who, bytes) in &made.pairs {
                let row = PairRow::decode(bytes, &ruled).unwrap();
                let part = gathered(&entries, &of, Some(who));
                for on in days(&view, who) {
                    compare(&row, &ruled, (who, &of), &part, on);
                }
            }
        }
    }
}

/// What a question about a body, or a pair, reads.
fn gathered(entries: &[Entry], of: &BodyId, one: Option<&ParticipantId>) -> Material {
    let Needs { entries, scope, .. } = gather(entries, of, one);
    Material { scope, ..material(&entries) }
}

#[test]
fn bytes_that_are_no_row_are_none() {
    let entries = entries_of(&[]);
    let whole = gathered(&entries, &body("x"), None);
    let (row, made) = stored(&whole, &body("x"));
    for length in 0..made.body.len() {
        assert_eq!(BodyRow::decode(&made.body[..length]), None, "{length} bytes");
    }
    assert_eq!(BodyRow::decode(&[&made.body[..], &[0]].concat()), None);
    let ruled = row.ruled.unwrap();
    // A spell of a status that the body has no number for.
    assert_eq!(PairRow::decode(&[1, 4 | 8, 0, 100, 0], &ruled), None);
}
