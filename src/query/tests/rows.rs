//! Rows compared with the fold: an answer from a row equals the answer of the fold.

use proptest::strategy::ValueTree;

use super::needs::{BODIES, entries_of, gather, seed, under};
use super::record::records;
use super::*;
use crate::event::{BodyId, StatusId, filings};
use crate::history::{Standing, standing};
use crate::query::{
    InPortfolio, Need, Needs, PairRow, Period, RuledBody, Sought, StoredRows, What, Window, count,
    count_of_rows, needs_of_one, portfolio, roster_of_rows, rows, timeline, when,
};

/// The rows of a body, encoded and decoded.
fn stored(material: &Material, body: &BodyId) -> (BodyRow, StoredRows) {
    let made = rows(material, body, vec!["beside".into()]);
    let row = BodyRow::decode(&made.body).unwrap();
    assert_eq!((&row.beside[..], row.encode()), (&["beside".to_owned()][..], made.body.clone()));
    (row, made)
}

/// Compares a row with the fold over the entries that a question about the pair reads. Returns true if the row answers
/// for the day.
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

/// Days around every change of a participant, and some days far from any.
fn days(view: &BodyView, who: &ParticipantId) -> Vec<Day> {
    let changes = view.history(who).spells().into_iter().map(|spell| spell.from);
    let acts =
        view.pairs[who].own.iter().flat_map(|act| act.event.dates.iter().map(|(_, date)| date.latest()));
    let near = changes.chain(acts).flat_map(|day| [day.previous(), day, day.next(), day.next().next()]);
    let far = ["1800-01-01", "1999-12-31", "2026-11-30", "2050-01-01", "9000-01-01"];
    near.chain(far.iter().map(|day| day.parse().unwrap())).collect()
}

/// Compares answers from the rows of a whole body with the fold, on a day; and, if the row of the body allows it, the
/// status derived from one participant's acts with the status derived from the acts of all. Returns the number of
/// rosters, of counts and of statuses that the rows gave.
fn compare_body(
    whole: &Material,
    one: impl Fn(&ParticipantId) -> Material,
    (ruled, made): (&RuledBody, &StoredRows),
    body: &BodyId,
    on: Day,
) -> [usize; 3] {
    let axes = Axes::on_day(on, None, Size(u64::MAX));
    let view = BodyView::new(whole, body, Size(u64::MAX), Instant::FUTURE).unwrap();
    let read =
        |(who, bytes): &(ParticipantId, Vec<u8>)| (who.clone(), PairRow::decode(bytes, ruled).unwrap());
    let rows: Vec<(ParticipantId, PairRow)> = made.pairs.iter().map(read).collect();
    let mut given = [0; 3];
    let statuses: Vec<StatusId> = view.charter.statuses().iter().map(|status| status.id.clone()).collect();
    for only in statuses.iter().map(Some).chain([None]) {
        let by_rows = roster_of_rows(&view.charter, ruled, &rows, only, &axes, &whole.checkpoint);
        given[0] += by_rows.iter().len();
        let folded = roster(whole, body, only, &axes).unwrap();
        assert_eq!(by_rows.unwrap_or_else(|| folded.clone()), folded, "{body} on {on}");
    }
    for status in &statuses {
        let window = Window { from: None, to: Some(on) };
        let of = (body, ruled);
        let by_rows = count_of_rows(of, &rows, status, Period::Year, window, &axes, &whole.checkpoint);
        given[1] += by_rows.iter().len();
        let folded = count(whole, body, What::Status(status.clone()), Period::Year, window, &axes).unwrap();
        assert_eq!(by_rows.unwrap_or_else(|| folded.clone()), folded, "{status} in {body} until {on}");
    }
    if let Some(met) = ruled.separable() {
        let strangers = ["SRB", "CZE", "FJI"].map(|id| ParticipantId::parse(id).unwrap());
        for who in view.pairs.keys().chain(&strangers) {
            given[2] += 1;
            let checkpoint = whole.checkpoint.clone();
            let own = Material { given: Some(Arc::new(met.clone())), checkpoint, ..one(who) };
            assert_eq!(
                status(&own, who, body, &axes).unwrap(),
                status(whole, who, body, &axes).unwrap(),
                "{who}"
            );
            for wanted in &statuses {
                let of_one = |material| when(material, body, wanted, Sought::Of(who), None, &axes).unwrap();
                assert_eq!(of_one(&own), of_one(whole), "{who} as {wanted}");
            }
        }
    }
    given
}

/// The entries that a question reads about a participant of a body in which the acts of others do not bear on its
/// status.
fn alone(entries: &[Entry], of: &BodyId, who: &ParticipantId) -> Material {
    let filed = filings(entries);
    let read = &mut |need: &Need| Ok::<_, std::convert::Infallible>(under(need, entries, &filed));
    let Ok(needs) = needs_of_one(of, who, &Charters::default().texts, read);
    Material { scope: needs.scope, ..material(&needs.entries) }
}

/// Some days around changes of any participant, and two far from any.
fn some_days(view: &BodyView) -> Vec<Day> {
    let mut all: Vec<Day> = view.pairs.keys().flat_map(|who| days(view, who)).collect();
    all.sort_unstable();
    all.dedup();
    let step = (all.len() / 8).max(1);
    all.into_iter()
        .step_by(step)
        .chain(["2026-11-30".parse().unwrap(), "9000-01-01".parse().unwrap()])
        .collect()
}

#[test]
fn the_rows_of_five_organisations_say_what_the_fold_says_on_every_day() {
    let (mut told, mut asked) = (0, 0);
    for record in records() {
        let whole = material(&record.entries(record.rows.clone()));
        let view = BodyView::new(&whole, &record.body, Size(u64::MAX), Instant::FUTURE).unwrap();
        let (row, made) = stored(&whole, &record.body);
        let ruled = row.ruled.unwrap();
        assert_eq!(ruled.participants, view.pairs.len() as u64);
        for on in some_days(&view) {
            let one = |who: &ParticipantId| alone(&whole.entries, &record.body, who);
            compare_body(&whole, one, (&ruled, &made), &record.body, on);
        }
        for (who, bytes) in &made.pairs {
            let row = PairRow::decode(bytes, &ruled).unwrap();
            for on in days(&view, who) {
                asked += 1;
                told += usize::from(compare(&row, &ruled, (who, &record.body), &whole, on));
            }
        }
    }
    // Most of these days are near a change, and only the fold can answer for them.
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
                prop_assert!(BodyView::new(&whole, &of, Size(u64::MAX), Instant::FUTURE).is_err());
                continue;
            };
            let adopted = |act: &Standing| act.event.act.kind() == ActKind::CharterAdopted && act.event.body == of;
            let stands = standing(&entries, Size(u64::MAX), Instant::FUTURE).iter().any(adopted);
            prop_assert_eq!(ruled.is_adopted, stands, "{} in {:?}", of, entries);
            let view = BodyView::new(&whole, &of, Size(u64::MAX), Instant::FUTURE).unwrap();
            for on in some_days(&view) {
                compare_body(&whole, |who| alone(&entries, &of, who), (&ruled, &made), &of, on);
            }
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

#[test]
fn rows_answer_for_whole_treaties_and_for_one_party_alone() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut given = [0; 3];
    for _ in 0..40 {
        let seeds = prop::collection::vec(seed(), 1..12).new_tree(&mut runner).unwrap().current();
        let entries = entries_of(&seeds);
        for of in BODIES.map(body) {
            let whole = gathered(&entries, &of, None);
            let (row, made) = stored(&whole, &of);
            let Some(ruled) = row.ruled else { continue };
            let one = |who: &ParticipantId| alone(&entries, &of, who);
            let by_rows = compare_body(&whole, one, (&ruled, &made), &of, "2026-11-30".parse().unwrap());
            given.iter_mut().zip(by_rows).for_each(|(all, some)| *all += some);
        }
    }
    assert!(given.iter().all(|some| *some > 40), "{given:?} answers by rows");
}

/// The entries that a question about a body, or a pair, reads.
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
    // A spell with the number of a status that the body does not have.
    assert_eq!(PairRow::decode(&[1, 4 | 8, 0, 100, 0], &ruled), None);
}
