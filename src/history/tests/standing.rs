//! Tests of the entries that are not retracted, compared with a recursion that follows the definition word for word.

use super::*;

/// The definition by recursion: an entry is not retracted unless a correction that counts, and is not itself retracted, withdraws
/// it.
pub(super) mod naive {
    use super::*;

    pub(super) fn counts(entry: &Entry, known: Day) -> bool {
        let cause = match &entry.event.act {
            Act::RecordCorrected(c) => c.cause,
            Act::EntryRetracted(r) => r.cause,
            _ => return true,
        };
        let published =
            entry.event.evidence.iter().filter_map(|e| e.published.as_ref()).map(Edtf::latest).min();
        let own = entry.event.dates.get(Role::Done).map(Edtf::latest);
        let dated = own.or(published).unwrap_or(Day::PAST);
        cause == Why::Clerical || dated <= known
    }

    pub(super) fn alive(entries: &[Entry], at: usize, known: Day) -> bool {
        let withdrawn = |target: usize| {
            (target + 1..entries.len()).any(|by| {
                matches!(entries[by].event.act, Act::EntryRetracted(_))
                    && entries[by].event.to == Some(entries[target].event.id)
                    && counts(&entries[by], known)
                    && alive(entries, by, known)
            })
        };
        let import = entries[at].event.import;
        let receipt = import.and_then(|id| entries.iter().position(|e| e.event.id == id));
        !withdrawn(at) && !receipt.is_some_and(withdrawn)
    }

    /// The values that a correction sets in the end: its own changes, then those of the corrections of it, oldest first.
    fn changes(entries: &[Entry], at: usize, known: Day) -> Changes {
        let Act::RecordCorrected(own) = &entries[at].event.act else { return Changes::new() };
        let mut all = own.now.clone();
        for by in corrected_by(entries, at, known) {
            all.extend(changes(entries, by, known));
        }
        all
    }

    fn corrected_by(entries: &[Entry], at: usize, known: Day) -> Vec<usize> {
        let corrects = |by: &usize| {
            matches!(entries[*by].event.act, Act::RecordCorrected(_))
                && entries[*by].event.to == Some(entries[at].event.id)
                && counts(&entries[*by], known)
                && alive(entries, *by, known)
        };
        (at + 1..entries.len()).filter(corrects).collect()
    }

    /// The day and status of every grant that is not retracted.
    pub(in super::super) fn grants(entries: &[Entry], recorded: usize, known: Day) -> Vec<(Day, String)> {
        let entries = &entries[..recorded.min(entries.len())];
        let mut found = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            if entry.event.act.kind() != ActKind::StatusGranted || !alive(entries, at, known) {
                continue;
            }
            let mut said = Changes::new();
            for by in corrected_by(entries, at, known) {
                said.extend(changes(entries, by, known));
            }
            let field =
                |name: &str, old: String| said.get(&FieldName(name.parse().unwrap())).cloned().unwrap_or(old);
            let day = field("decided", entry.event.dates.get(Role::Decided).unwrap().to_string());
            let day: Day = day.parse().unwrap();
            let toward = field("toward", entry.event.toward.as_ref().unwrap().to_string());
            if day <= known {
                found.push((day, toward));
            }
        }
        found
    }

    /// The index, title, place and day of every act that is not retracted.
    pub(super) fn standing(
        entries: &[Entry],
        recorded: usize,
        known: Day,
    ) -> Vec<(u64, String, String, String)> {
        let entries = &entries[..recorded.min(entries.len())];
        let mut found = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            if matches!(entry.event.act, Act::RecordCorrected(_) | Act::EntryRetracted(_)) {
                continue;
            }
            let mut said = Changes::new();
            for by in corrected_by(entries, at, known) {
                said.extend(changes(entries, by, known));
            }
            let field = |name: &str, old: Option<String>| {
                said.get(&FieldName(name.parse().unwrap())).cloned().or(old).unwrap_or_default()
            };
            let date = field("decided", entry.event.dates.get(Role::Decided).map(ToString::to_string));
            let public = date.is_empty() || date.parse::<Edtf>().unwrap().latest() <= known;
            let kept = matches!(entry.event.act, Act::ImportRecorded(_));
            if alive(entries, at, known) && (public || kept) {
                found.push((
                    at as u64,
                    field("title", entry.event.title.clone()),
                    field("place", entry.event.place.clone()),
                    date,
                ));
            }
        }
        found
    }
}

/// The kind of an entry of the random record.
#[derive(Clone, Debug)]
enum Kind {
    Act { day: i32, imported: bool },
    Import,
    Retract { to: prop::sample::Index },
    Rectify { to: prop::sample::Index, field: &'static str, value: i32 },
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        3 => (0..8i32, any::<bool>()).prop_map(|(day, imported)| Kind::Act { day, imported }),
        1 => Just(Kind::Import),
        3 => any::<prop::sample::Index>().prop_map(|to| Kind::Retract { to }),
        3 => (any::<prop::sample::Index>(), select(vec!["title", "place", "decided"]), 0..8i32)
            .prop_map(|(to, field, value)| Kind::Rectify { to, field, value }),
    ]
}

fn record(kinds: &[(Kind, Why, Option<i32>, bool)]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for (n, (kind, cause, dated, published)) in kinds.iter().enumerate() {
        let target = |to: &prop::sample::Index| (n > 0).then(|| entries[to.index(n)].clone());
        let imported = entries.iter().rev().find(|e| matches!(e.event.act, Act::ImportRecorded(_)));
        let imported = imported.map(|e| e.event.id);
        let (act, to) = match kind {
            Kind::Act { .. } => (Act::StatusGranted, None),
            Kind::Import => {
                let receipt = ImportReceipt {
                    file: "f".into(),
                    importer: "i".into(),
                    refused: 0,
                    sha256: "0".into(),
                    taken: 1,
                };
                (Act::ImportRecorded(receipt), None)
            }
            Kind::Retract { to } => (Act::EntryRetracted(Retraction { cause: *cause }), target(to)),
            Kind::Rectify { to, field, value } => {
                let text = match *field {
                    "decided" => at(*value).to_string(),
                    other => format!("{other} {value} of {n}"),
                };
                let now = [(FieldName(field.parse().unwrap()), text)].into();
                let target = target(to).filter(|e| !matches!(e.event.act, Act::EntryRetracted(_)));
                (Act::RecordCorrected(Correction { cause: *cause, now, was: Changes::new() }), target)
            }
        };
        let mut event = Event::new(id(n as u128), act, body());
        event.to = to.map(|e| e.event.id);
        event.title = Some(format!("title of {n}"));
        if let Kind::Act { day, imported: true } = kind {
            event.dates.set(Role::Decided, Edtf::day(at(*day)));
            event.import = imported;
        }
        if let Kind::Act { day, imported: false } = kind {
            event.dates.set(Role::Decided, Edtf::day(at(*day)));
        }
        if let (Kind::Retract { .. } | Kind::Rectify { .. }, Some(day)) = (kind, dated) {
            if *published {
                let mut evidence = crate::event::Evidence::citing("a source", None);
                evidence.published = Some(Edtf::day(at(*day)));
                event.evidence.push(evidence);
            } else {
                event.dates.set(Role::Done, Edtf::day(at(*day)));
            }
        }
        entries.push(Entry {
            index: Index(n as u64),
            recorded_at: Instant::from_micros(n as i64),
            event: Arc::new(event),
        });
    }
    entries
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(400), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_stands_is_what_recursion_from_the_definition_gives(
        kinds in prop::collection::vec(
            (kind(), select(&Why::ALL[..]), prop::option::of(0..8i32), any::<bool>()), 1..14
        ),
        recorded in 0..15usize, known in -1..9i32,
    ) {
        let entries = record(&kinds);
        for (recorded, known) in [(recorded, at(known)), (entries.len(), Day::FUTURE), (entries.len(), at(known))] {
            let found: Vec<_> = standing(&entries, Size(recorded as u64), Instant::end_of(known))
                .iter()
                .map(|a| {
                    let text = |t: &Option<String>| t.clone().unwrap_or_default();
                    let date = a.event.dates.get(Role::Decided).map(ToString::to_string).unwrap_or_default();
                    (a.index.0, text(&a.event.title), text(&a.event.place), date)
                })
                .collect();
            prop_assert_eq!(found, naive::standing(&entries, recorded, known));
        }
    }
}

/// The same record with each entry in one of three bodies, and rectifications that move to another.
fn among_bodies(mut entries: Vec<Entry>, bodies: &[u8], moves: &[Option<u8>]) -> Vec<Entry> {
    for ((entry, body), to) in entries.iter_mut().zip(bodies).zip(moves) {
        let event = Arc::make_mut(&mut entry.event);
        event.body = named(*body);
        if let (Act::RecordCorrected(correction), Some(to)) = (&mut event.act, to) {
            correction.now.insert(FieldName("body".parse().unwrap()), named(*to).to_string());
        }
    }
    entries
}

fn named(body: u8) -> BodyId {
    BodyId::parse(&format!("body-{body}")).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(400), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_body_stands_the_same_from_its_own_entries_with_those_that_reach_out_of_theirs(
        kinds in prop::collection::vec(
            (kind(), select(&Why::ALL[..]), prop::option::of(0..8i32), any::<bool>()), 1..14
        ),
        bodies in prop::collection::vec(0..3u8, 14),
        moves in prop::collection::vec(prop::option::weighted(0.2, 0..3u8), 14),
        known in -1..9i32,
    ) {
        let entries = among_bodies(record(&kinds), &bodies, &moves);
        let reaching = crate::event::reaching(&entries);
        prop_assert!(reaching.is_sorted());
        for body in (0..3).map(named) {
            let bearing: Vec<Entry> = entries
                .iter()
                .enumerate()
                .filter(|(at, entry)| entry.event.body == body || reaching.contains(at))
                .map(|(_, entry)| entry.clone())
                .collect();
            let of_body = |entries: &[Entry]| -> Vec<String> {
                let acts = standing(entries, Size(u64::MAX), Instant::end_of(at(known)));
                let own = acts.iter().filter(|act| act.event.body == body);
                own.map(|act| format!("{} {:?} {:?}", act.index, &*act.event, act.corrected_by)).collect()
            };
            prop_assert_eq!(of_body(&bearing), of_body(&entries));
        }
    }
}
