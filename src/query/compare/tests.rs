//! A data set made from a record equals it. Every change planted in the data set is found, in its class, and no other
//! difference is.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::charter::charter_event;
use crate::event::{Act, Edtf, Entry, Instant, Size};
use crate::fixture::{body, id, who};
use crate::query::panel::in_year;
use crate::query::spells::{listed, rows};
use crate::query::{Axes, BodyView, CheckpointRef, Fold, Material};

const TREATY: &str = r#"
id = "covenant"
title = "River Covenant"
kind = "treaty"
began = "1950-01-01"
entry_into_force = "count(2) then months(3)"
entry_into_force_for_participant = "months(3)"

[[status]]
id = "party"
title = "party"
plural = "parties"
rank = 2

[[status]]
id = "signatory"
title = "signatory"
plural = "signatories"
rank = 1

[[transition]]
act = "treaty-signed"
from = ["none"]
to = "signatory"
rule = "a signature is no consent"
article = "art. 20"

[[transition]]
act = "instrument-deposited"
from = ["none", "signatory"]
to = "party"
effect = "entry-into-force"
rule = "the deposit binds"
article = "art. 21"
"#;

const STATES: [&str; 10] = ["AUT", "BEL", "CHE", "DNK", "ESP", "FIN", "GRC", "HUN", "ISL", "RUS"];

/// The change made to the statements of one participant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Planted {
    Nothing,
    SignedForDeposited,
    DepositedForEffective,
    Year,
    Month,
    OtherForm,
    OtherName,
    OnlyNamed,
    LeftOut,
    Added,
    OtherDay,
    OtherEffect,
    TooEarly,
    EffectBeforeAct,
}

const PLANTED: [Planted; 14] = [
    Planted::Nothing,
    Planted::SignedForDeposited,
    Planted::DepositedForEffective,
    Planted::Year,
    Planted::Month,
    Planted::OtherForm,
    Planted::OtherName,
    Planted::OnlyNamed,
    Planted::LeftOut,
    Planted::Added,
    Planted::OtherDay,
    Planted::OtherEffect,
    Planted::TooEarly,
    Planted::EffectBeforeAct,
];

fn day(days: i64) -> Edtf {
    Edtf::day(Day::from_days(i32::try_from(days).unwrap()))
}

fn act(n: u128, act: Act, participant: &str, role: Role, on: Edtf) -> Event {
    let mut event = Event::new(id(n), act, body("covenant"));
    event.participant = Some(who(participant));
    event.dates.set(role, on);
    event
}

/// Each state signs, and deposits more than a year later; no two acts are on one day.
fn record(days: &[i64]) -> Vec<Entry> {
    let mut events = vec![charter_event(TREATY, false, id(1)).unwrap()];
    for (at, (state, first)) in STATES.iter().zip(days).enumerate() {
        let signed = at as i64 * 1_000 + first;
        let n = 100 + at as u128 * 2;
        events.push(act(n, Act::TreatySigned, state, Role::Signed, day(signed)));
        let deposit = Act::InstrumentDeposited(Some(Form::Ratification));
        events.push(act(n + 1, deposit, state, Role::Deposited, day(signed + 400)));
    }
    let entry = |(n, event)| Entry {
        index: Index(n as u64),
        recorded_at: Instant::from_micros(n as i64),
        event: Arc::new(event),
    };
    events.into_iter().enumerate().map(entry).collect()
}

fn with_view<T>(entries: &[Entry], check: impl FnOnce(&BodyView) -> T) -> T {
    let checkpoint = CheckpointRef { size: Size(entries.len() as u64), root: "root".into() };
    let scope = crate::event::Scope::ALL;
    let entries = Arc::new(entries.to_vec());
    let material = Material { entries, checkpoint, charters: Arc::default(), scope, given: None };
    let axes = Axes::on_day("2020-12-31".parse().unwrap(), None, Size(u64::MAX));
    check(&BodyView::of(&material, &body("covenant"), &axes).unwrap())
}

/// The record as a data set: each deposit has the day from which it has effect.
fn copied(view: &BodyView) -> Vec<TheirAct> {
    let acts = view.pairs.values().flat_map(|pair| &pair.own);
    let acts = acts.map(|act| {
        let mut event = (*act.event).clone();
        if let Some(on) = effect::effect(view, act) {
            event.dates.set(Role::Effective, on.clone());
        }
        event
    });
    let named = |event: &Event| event.participant.as_ref().unwrap().to_string();
    acts.enumerate()
        .map(|(at, event)| TheirAct { line: at as u64 + 1, named: named(&event), event })
        .collect()
}

fn within(theirs: &[TheirAct]) -> Within {
    let mut within = Within::default();
    theirs.iter().for_each(|act| within.states(&act.event));
    within
}

/// The number of statements in each class and case.
type Found = BTreeMap<(Class, Option<Case>), u64>;

fn counts(found: &Comparison) -> Found {
    let mut counts = Found::new();
    for difference in &found.differences {
        *counts.entry((difference.class, difference.case)).or_default() += difference.statements;
    }
    counts
}

/// Changes the statements of one state. Returns the class that the comparison must give, the number of statements in
/// it, and the number of statements that no longer agree.
fn plant(
    planted: Planted,
    state: &str,
    theirs: &mut Vec<TheirAct>,
) -> (Option<(Class, Option<Case>)>, u64, u64) {
    let of = |t: &TheirAct, kind| t.event.participant == Some(who(state)) && t.event.act.kind() == kind;
    let signed = theirs.iter().position(|t| of(t, ActKind::TreatySigned)).unwrap();
    let deposited = theirs.iter().position(|t| of(t, ActKind::InstrumentDeposited)).unwrap();
    let signed_on = theirs[signed].event.date().unwrap().clone();
    let deposited_on = theirs[deposited].event.date().unwrap().clone();
    let later = |on: &Edtf, days: i64| day(i64::from(on.earliest().days()) + days);
    let dates = &mut theirs[deposited].event.dates;
    let effect = dates.get(Role::Effective).unwrap().clone();
    let impossible = Some((Class::Error, Some(Case::Impossible)));
    match planted {
        Planted::Nothing => (None, 0, 0),
        Planted::SignedForDeposited => {
            dates.set(Role::Deposited, signed_on);
            (Some((Class::DateRole, None)), 1, 1)
        }
        Planted::DepositedForEffective => {
            dates.set(Role::Effective, deposited_on);
            (Some((Class::DateRole, None)), 1, 1)
        }
        Planted::Year | Planted::Month => {
            let length = if planted == Planted::Year { 4 } else { 7 };
            theirs[signed].event.dates.set(Role::Signed, Edtf::parse(&signed_on.as_str()[..length]).unwrap());
            (Some((Class::Precision, None)), 1, 1)
        }
        Planted::OtherForm => {
            theirs[deposited].event.act = Act::InstrumentDeposited(Some(Form::Accession));
            (Some((Class::Naming, None)), 1, 1)
        }
        Planted::OtherName => {
            let other = if state == "RUS" { "SUN" } else { state };
            theirs[signed].event.participant = Some(who(other));
            let found = (state == "RUS").then_some((Class::Naming, None));
            (found, u64::from(state == "RUS"), u64::from(state == "RUS"))
        }
        Planted::OnlyNamed => {
            for at in [signed, deposited] {
                theirs[at].event.participant = ParticipantId::named(&format!("Somewhere {state}"));
            }
            // The effective date of a matched deposit agrees as before.
            (Some((Class::Naming, None)), 2, 2)
        }
        Planted::LeftOut => {
            theirs.remove(signed);
            (Some((Class::Missing, Some(Case::MissingThere))), 1, 1)
        }
        Planted::Added => {
            let mut added = theirs[signed].clone();
            added.line = 1_000 + signed as u64;
            added.event.act = Act::WithdrawalEffective;
            added.event.dates = Default::default();
            added.event.dates.set(Role::Effective, later(&effect, 300));
            theirs.push(added);
            (Some((Class::Missing, Some(Case::MissingHere))), 1, 0)
        }
        Planted::OtherDay => {
            theirs[signed].event.dates.set(Role::Signed, later(&signed_on, 21));
            (Some((Class::Error, Some(Case::Contradicts))), 1, 1)
        }
        Planted::OtherEffect => {
            dates.set(Role::Effective, later(&effect, 9));
            (Some((Class::Error, Some(Case::Contradicts))), 1, 1)
        }
        Planted::TooEarly => {
            theirs[signed].event.dates.set(Role::Signed, "1949-12-31".parse().unwrap());
            (impossible, 1, 1)
        }
        Planted::EffectBeforeAct => {
            dates.set(Role::Deposited, later(&effect, 30));
            (impossible, 2, 2)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_planted_is_found_in_its_class_and_nothing_else_is(
        days in proptest::collection::vec(0_i64..300, STATES.len()),
        planted in proptest::collection::vec(proptest::sample::select(&PLANTED[..]), STATES.len()),
    ) {
        let entries = record(&days);
        with_view(&entries, |view| {
            let mut theirs = copied(view);
            let all = theirs.iter().map(|t| t.event.dates.iter().count() as u64).sum::<u64>();
            prop_assert_eq!(compare_acts(view, &theirs, &within(&theirs)), Comparison { same: all, differences: vec![] });
            let (mut expected, mut same) = (Found::new(), all);
            for (state, planted) in STATES.iter().zip(&planted) {
                let (class, found, lost) = plant(*planted, state, &mut theirs);
                same -= lost;
                class.into_iter().for_each(|class| *expected.entry(class).or_default() += found);
            }
            let found = compare_acts(view, &theirs, &within(&theirs));
            prop_assert_eq!(counts(&found), expected, "{:?}", found.differences);
            prop_assert_eq!(found.same, same);
            Ok(())
        })?;
    }

    #[test]
    fn spells_of_a_record_are_the_same_and_each_change_of_one_is_found(
        days in proptest::collection::vec(0_i64..300, STATES.len()),
        changed in proptest::collection::vec(0_u8..6, STATES.len()),
    ) {
        let entries = record(&days);
        with_view(&entries, |view| {
            let mut theirs = Vec::new();
            for who in listed(view) {
                for row in rows(view, &view.history(who), who) {
                    theirs.push(TheirSpell {
                        line: theirs.len() as u64 + 1,
                        named: who.to_string(),
                        participant: who.clone(),
                        status: row.status,
                        from: row.from,
                        until: row.until,
                    });
                }
            }
            let mut within = Within::default();
            theirs.iter().for_each(|spell| within.names(&spell.participant));
            let all = theirs.len() as u64;
            let whole = compare_spells(view, &theirs, &within);
            prop_assert_eq!(whole, Comparison { same: all, differences: vec![] });
            let mut expected = Found::new();
            for (state, change) in STATES.iter().zip(&changed) {
                let at = theirs.iter().position(|s| s.participant == who(state) && s.status == "signatory").unwrap();
                let from = theirs[at].from.clone().unwrap();
                let later = |days: i64| day(i64::from(from.earliest().days()) + days);
                let class = match change {
                    1 => { theirs[at].from = Some(later(7)); (Class::Error, Some(Case::Contradicts)) }
                    2 => { theirs[at].from = Some(from.as_str()[..4].parse().unwrap()); (Class::Precision, None) }
                    3 => { theirs[at].status = "observer".into(); (Class::Error, Some(Case::Impossible)) }
                    4 => { theirs[at].status = "party".into(); (Class::Error, Some(Case::Contradicts)) }
                    5 => { theirs.remove(at); (Class::Missing, Some(Case::MissingThere)) }
                    _ => continue,
                };
                *expected.entry(class).or_default() += 1;
            }
            let found = compare_spells(view, &theirs, &within);
            prop_assert_eq!(counts(&found), expected.clone(), "{:?}", found.differences);
            prop_assert_eq!(found.same, all - expected.values().sum::<u64>());
            Ok(())
        })?;
    }

    #[test]
    fn of_a_panel_every_year_is_the_same_or_told_once(
        days in proptest::collection::vec(0_i64..300, STATES.len()),
        changed in proptest::collection::vec((0_usize..STATES.len(), 1965_i32..2005, 0_usize..4), 0..25),
    ) {
        let entries = record(&days);
        let words = ["none", "signatory", "party", "unknown"];
        with_view(&entries, |view| {
            let on: Day = "2020-12-31".parse().unwrap();
            let ours = |who: &ParticipantId, year| {
                let spells = view.history(who).spells();
                in_year(view, who, &spells, year, Fold::Dec31, on).unwrap().0.status
            };
            let mut theirs = Vec::new();
            for who in listed(view) {
                for year in 1965..2005 {
                    let line = theirs.len() as u64 + 1;
                    let status = ours(who, year);
                    theirs.push(TheirYear { line, named: who.to_string(), participant: who.clone(), year, status });
                }
            }
            for (state, year, word) in &changed {
                let of = who(STATES[*state]);
                let at = theirs.iter().position(|t| t.participant == of && t.year == *year).unwrap();
                theirs[at].status = words[*word].to_owned();
            }
            let mut within = Within::default();
            theirs.iter().for_each(|year| within.names(&year.participant));
            let same = theirs.iter().filter(|t| t.status == ours(&t.participant, t.year)).count() as u64;
            let found = compare_years(view, &theirs, &within, Fold::Dec31, on);
            prop_assert_eq!(found.same, same);
            let told: u64 = found.differences.iter().map(|d| d.statements).sum();
            prop_assert_eq!(told, theirs.len() as u64 - same);
            for difference in &found.differences {
                let (class, unsettled) = (difference.class, difference.what.as_deref() == Some("unknown"));
                prop_assert_eq!(class == Class::Precision, unsettled, "{:?}", difference);
            }
            // If the rows of every odd year are removed, each status of a state in these years is missing there.
            let left: Vec<TheirYear> = theirs.iter().filter(|t| t.year % 2 == 0).cloned().collect();
            let found = compare_years(view, &left, &within, Fold::Dec31, on);
            let missing = found.differences.iter().filter(|d| d.line.is_none()).map(|d| d.statements).sum::<u64>();
            let held = |t: &&TheirYear| t.year % 2 == 1 && t.year < 2004 && ours(&t.participant, t.year) != "none";
            prop_assert_eq!(missing, theirs.iter().filter(held).count() as u64);
            Ok(())
        })?;
    }
}
