//! Tests of answers over chains of corrections of corrections, compared with a recursion that follows the definition, over every
//! choice of days.

use super::standing::naive;
use super::*;

/// A correction: of one of the last two entries or of any, by a retraction or a new value.
#[derive(Clone, Debug)]
struct Link {
    of: prop::sample::Index,
    recent: bool,
    change: Option<(&'static str, i32)>,
    cause: Why,
    dated: Option<i32>,
}

fn link() -> impl Strategy<Value = Link> {
    let change = prop::option::weighted(0.6, (select(vec!["toward", "decided"]), 1..9i32));
    (
        any::<prop::sample::Index>(),
        prop::bool::weighted(0.7),
        change,
        select(&Why::ALL[..]),
        prop::option::of(0..9i32),
    )
        .prop_map(|(of, recent, change, cause, dated)| Link { of, recent, change, cause, dated })
}

/// The grants, then the corrections.
fn record(grants: &[(i32, &'static str)], links: &[Link]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let add = |entries: &mut Vec<Entry>, event| {
        let n = entries.len();
        entries.push(Entry {
            index: Index(n as u64),
            recorded_at: Instant::from_micros(n as i64),
            event: Arc::new(event),
        });
    };
    for (day, toward) in grants {
        let mut event = Event::new(id(entries.len() as u128), Act::StatusGranted, body());
        event.dates.set(Role::Decided, Edtf::day(at(*day)));
        event.toward = Some(StatusId::parse(toward).unwrap());
        add(&mut entries, event);
    }
    for link in links {
        let among = if link.recent { entries.len().min(2) } else { entries.len() };
        let target = &entries[entries.len() - 1 - link.of.index(among)].event;
        let retracted = matches!(target.act, Act::EntryRetracted(_));
        let act = match link.change.filter(|_| !retracted) {
            None => Act::EntryRetracted(Retraction { cause: link.cause }),
            Some((field, value)) => {
                let toward = || STATUSES[1 + value as usize % 3].to_owned();
                let text = if field == "toward" { toward() } else { at(value).to_string() };
                let now = [(FieldName(field.parse().unwrap()), text)].into();
                Act::RecordCorrected(Correction { cause: link.cause, now, was: Changes::new() })
            }
        };
        let mut event = Event::new(id(entries.len() as u128), act, body());
        event.to = Some(target.id);
        if let Some(day) = link.dated {
            event.dates.set(Role::Done, Edtf::day(at(day)));
        }
        add(&mut entries, event);
    }
    entries
}

/// The number of corrections one above the other, from this correction down to the entry.
fn depth(entries: &[Entry], of: &Event) -> usize {
    let Some(to) = of.to else { return 0 };
    entries.iter().find(|e| e.event.id == to).map_or(0, |e| 1 + depth(entries, &e.event))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(200), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_over_a_chain_of_corrections_is_that_of_what_stands_by_definition(
        grants in prop::collection::vec((1..9i32, select(&STATUSES[1..])), 1..4),
        links in prop::collection::vec(link(), 0..7),
    ) {
        let entries = record(&grants, &links);
        let rules = STATUSES[1..].iter().map(|to| Rule { act: ActKind::StatusGranted, from: vec![], to });
        let rules = Rules { first: rules.collect(), amendment: None };
        let charter = rules.charter();
        prop_assume!(entries.iter().all(|e| depth(&entries, &e.event) <= 4));
        for recorded in 0..=entries.len() {
            for known in (-1..10).map(at).chain([Day::FUTURE]) {
                let acts = standing(&entries, Size(recorded as u64), Instant::end_of(known));
                let history = History::fold(&charter, &acts, &Influence::default());
                let deeds: Vec<Deed> = naive::grants(&entries, recorded, known).iter().map(grant).collect();
                for (offset, expected) in brute_force(&rules, &deeds, WINDOW).into_iter().enumerate() {
                    let found = said(&history.on(at(offset as i32)).statuses());
                    prop_assert_eq!(found, expected, "day {} of {} entries, known {}", offset, recorded, known);
                }
            }
        }
    }
}

fn grant((day, toward): &(Day, String)) -> Deed {
    let offset = day.days() - BASE;
    Deed {
        kind: ActKind::StatusGranted,
        toward: STATUSES.into_iter().find(|id| id == toward),
        claims: None,
        sequence: None,
        days: (offset, offset),
        text: None,
        rival: None,
    }
}
