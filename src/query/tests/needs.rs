//! The entries that a question depends on, compared with the whole record: charters that are adopted, amended, moved
//! and retracted, imports that are retracted, and treaties that wait for others.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::{Index as Pick, select};

use crate::charter::charter_event;
use crate::event::{
    Act, ActKind, BodyId, Cause, Edtf, Entry, Event, Form, Heading, ImportReceipt, Index, Instant, KnownBy,
    ParticipantId, Role, Scope, Size, filings,
};
use crate::fixture::{body, id, rectification, retraction, who};
use crate::query::{Axes, Charters, CheckpointRef, Material, Need, Needs, needs, roster, status};

pub(super) const BODIES: [&str; 3] = ["x", "y", "z"];
const PEOPLE: [&str; 3] = ["FRA", "NOR", "BLR"];

/// A charter text under which the status depends on the participant's own deposit, on the deposits of others, on
/// another treaty, or on an extended charter.
fn text(kind: u8, of: &str, other: &str, from: &str) -> String {
    let other = if other == of { "w" } else { other };
    let head = format!("id = \"{of}\"\ntitle = \"Treaty {of}\"\nkind = \"treaty\"\neffective = \"{from}\"\n");
    let statuses = "[[status]]\nid = \"party\"\ntitle = \"party\"\nplural = \"parties\"\nrank = 3\n\
                    [[status]]\nid = \"contracting\"\ntitle = \"contracting state\"\nplural = \"contracting states\"\nrank = 2\n";
    let own = "[[transition]]\nact = \"instrument-deposited\"\nfrom = [\"none\"]\nto = \"contracting\"\nrule = \"deposit\"\n\
               article = \"1\"\n";
    let counted = "[[transition]]\nact = \"instrument-deposited\"\nfrom = [\"none\", \"contracting\"]\nto = \"party\"\n\
                   effect = \"entry-into-force\"\nmeanwhile = \"contracting\"\nrule = \"deposit\"\narticle = \"2\"\n";
    let clause = "entry_into_force_for_participant = \"instant\"\n";
    match kind {
        0 => format!("{head}{statuses}{own}"),
        1 => format!("{head}entry_into_force = \"count(2) then days(0)\"\n{clause}{statuses}{counted}"),
        2 => format!(
            "{head}entry_into_force = \"in_force({other}) then days(0)\"\n{clause}{statuses}{counted}"
        ),
        3 => format!("id = \"{of}\"\ntitle = \"Treaty {of}\"\nextends = \"{other}\"\n"),
        _ => "this is no charter".to_owned(),
    }
}

#[derive(Clone, Debug)]
pub(super) struct Seed {
    kind: u8,
    body: &'static str,
    other: &'static str,
    participant: &'static str,
    year: u16,
    target: Pick,
    moved: (&'static str, &'static str),
    imported: bool,
}

pub(super) fn seed() -> impl Strategy<Value = Seed> {
    let moved = prop_oneof![
        select(&BODIES[..]).prop_map(|to| ("body", to)),
        select(&PEOPLE[..]).prop_map(|to| ("participant", to)),
        Just(("effective", "2004-01-01")),
    ];
    let (bodies, people) = (|| select(&BODIES[..]), select(&PEOPLE[..]));
    (0..14u8, bodies(), bodies(), people, 2000..2012u16, any::<Pick>(), moved, any::<bool>()).prop_map(
        |(kind, body, other, participant, year, target, moved, imported)| Seed {
            kind,
            body,
            other,
            participant,
            year,
            target,
            moved,
            imported,
        },
    )
}

fn event(n: usize, seed: &Seed, before: &[Entry]) -> Event {
    let name = id(n as u128 + 1);
    let day = |year: u16| Edtf::parse(&format!("{year}-01-01")).unwrap();
    let target = || &before[seed.target.index(before.len())].event;
    match seed.kind {
        kind @ 0..=3 => {
            let amends = kind > 0 && before.iter().any(|e| e.event.body.as_str() == seed.body);
            let words = text(kind, seed.body, seed.other, &day(seed.year).to_string());
            let made = charter_event(&words, amends, name).or_else(|_| charter_event(&words, true, name));
            made.unwrap_or_else(|_| Event::new(name, Act::CharterAmended(words.into()), body(seed.body)))
        }
        4 => Event::new(name, Act::CharterAmended(text(9, "", "", "").into()), body(seed.body)),
        5 | 6 if !before.is_empty() => {
            let mut event = retraction(n as u128 + 1, target(), Cause::SourceChanged);
            event.known_from = (seed.kind == 5).then(|| day(2015));
            event
        }
        7 | 8 if !before.is_empty() => rectification(n as u128 + 1, target(), seed.moved.0, seed.moved.1),
        9 => {
            let receipt = ImportReceipt {
                file: "f".into(),
                importer: "test".into(),
                refused: 0,
                sha256: "0".repeat(64),
                taken: 1,
            };
            Event::new(name, Act::ImportRecorded(receipt), body(seed.body))
        }
        _ => {
            let mut event =
                Event::new(name, Act::InstrumentDeposited(Some(Form::Ratification)), body(seed.body));
            event.participant = Some(who(seed.participant));
            event.dates.set(Role::Deposited, day(seed.year));
            let import = before.iter().rev().find(|e| e.event.act.kind() == ActKind::ImportRecorded);
            event.import = import.filter(|_| seed.imported).map(|entry| entry.event.id);
            event
        }
    }
}

pub(super) fn entries_of(seeds: &[Seed]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for of in BODIES {
        let adopted =
            charter_event(&text(0, of, "", "1999-01-01"), false, id(1_000 + entries.len() as u128)).unwrap();
        push(&mut entries, adopted);
    }
    for (n, seed) in seeds.iter().enumerate() {
        let event = event(n, seed, &entries);
        push(&mut entries, event);
    }
    entries
}

fn push(entries: &mut Vec<Entry>, event: Event) {
    let n = entries.len() as u64;
    entries.push(Entry {
        index: Index(n),
        recorded_at: Instant::from_micros(1_000 + n as i64),
        event: event.into(),
    });
}

pub(super) fn under(need: &Need, entries: &[Entry], filed: &BTreeMap<Heading, Vec<Index>>) -> Vec<Entry> {
    let here = |heading: &Heading| match need {
        Need::Heading(wanted) => wanted == heading,
        Need::Group(body) => heading.group() == body.as_str(),
    };
    let indexes = filed.iter().filter(|(heading, _)| here(heading)).flat_map(|(_, indexes)| indexes);
    indexes.map(|index| entries[index.0 as usize].clone()).collect()
}

/// The entries that a question about a body, or about one participant in it, reads.
pub(super) fn gather(entries: &[Entry], of: &BodyId, one: Option<&ParticipantId>) -> Needs {
    let filed = filings(entries);
    let asked = Scope { body: Some(of.clone()), participant: one.cloned() };
    let texts = Charters::default().texts;
    let gathered = needs(&asked, of, &texts, &mut |need| {
        Ok::<_, std::convert::Infallible>(under(need, entries, &filed))
    });
    gathered.unwrap()
}

/// An answer in JSON, or the reason why there is none.
fn answered(
    entries: &[Entry],
    scope: Scope,
    of: &BodyId,
    one: Option<&ParticipantId>,
    axes: &Axes,
) -> String {
    let checkpoint = CheckpointRef { size: axes.as_recorded, root: String::new() };
    let charters = Charters::default().into();
    let material = Material { entries: entries.to_vec().into(), checkpoint, charters, scope, given: None };
    let answer = match one {
        Some(one) => status(&material, one, of, axes).map(|answer| serde_json::to_string(&answer).unwrap()),
        None => roster(&material, of, None, axes).map(|answer| serde_json::to_string(&answer).unwrap()),
    };
    answer.unwrap_or_else(|error| error.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_question_needs_gives_the_answer_of_the_whole_record(
        seeds in prop::collection::vec(seed(), 1..40),
        recorded in any::<Pick>(),
        on in 1999..2016u16,
        known in prop::option::of(1999..2020u16),
    ) {
        let entries = entries_of(&seeds);
        let size = Size(recorded.index(entries.len()) as u64 + 1);
        let known = known.map(|year| KnownBy::parse(&year.to_string()).unwrap());
        let axes = Axes::on_day(format!("{on}-07-01").parse().unwrap(), known, size);
        for of in BODIES.map(body) {
            for one in PEOPLE.map(|name| Some(who(name))).into_iter().chain([None]) {
                let Needs { entries: some, scope, .. } = gather(&entries, &of, one.as_ref());
                let whole = answered(&entries, scope.clone(), &of, one.as_ref(), &axes);
                prop_assert_eq!(answered(&some, scope, &of, one.as_ref(), &axes), whole, "{:?} in {}", one, of);
            }
        }
    }
}
