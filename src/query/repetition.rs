//! Repetitions in a record: the same fact twice, one act under two dates, a consent after a consent, several rows on
//! one participant.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{ActKind, Edtf, Event, Index};
use crate::history::{Standing, alike, same_fact};

use super::order::row_of;
use super::quality_rule::{FindingDate, Found, QualityKind, Record, TakenBack};

/// The largest distance, in days, between two dates of one act that one source states. Acts with dates further apart
/// are two acts.
const NEAR: i64 = 60;

/// Facts that several entries state.
pub(super) fn same_facts(own: &[Standing]) -> Vec<Found> {
    let same = |a: &Event, b: &Event| same_fact(a, b);
    let what = |first: &Event, n: usize| {
        let date = first.date().map(|date| format!(" {date}")).unwrap_or_default();
        format!("{}{date}, stated by {n} entries", words(first))
    };
    groups(own, same)
        .into_iter()
        .map(|acts| found(QualityKind::SameFact, what(&acts[0].event, acts.len()), &acts))
        .collect()
}

/// Acts that are not retracted and may be one act, but have dates that cannot be one day: at most [`NEAR`] days apart,
/// or stated by two sources.
pub(super) fn rival_dates(own: &[Standing]) -> Vec<Found> {
    let rival = |a: &Event, b: &Event| is_rival(own, a, b);
    groups(own, rival)
        .into_iter()
        .map(|acts| {
            let what =
                format!("{} {}", words(&acts[0].event), or(acts.iter().filter_map(|a| a.event.date())));
            found(QualityKind::RivalDates, what, &acts)
        })
        .collect()
}

fn is_rival(own: &[Standing], a: &Event, b: &Event) -> bool {
    let Some((first, second)) = a.date().zip(b.date()) else { return false };
    let near = days_between(first, second);
    near > 0
        && alike(a, b)
        && a.rival.is_none()
        && b.rival.is_none()
        && (near <= NEAR || of_two_sources(a, b))
        && !ended_between(own, first, second)
}

/// An act that its source stated under one date, and under another date at the time when it took the first back.
pub(super) fn changed_dates(record: &Record<'_>) -> Vec<Found> {
    let mut told: BTreeSet<Index> = BTreeSet::new();
    let mut all = Vec::new();
    for TakenBack { act: first, .. } in &record.taken_back {
        let mut dates: BTreeMap<&str, &Edtf> = BTreeMap::new();
        let mut places: BTreeSet<Index> = BTreeSet::new();
        let mut changes = 0;
        for taken in record.taken_back.iter().filter(|taken| alike(&taken.act.event, &first.event)) {
            let instead = |other: &&Standing| {
                let both = other.event.date().zip(taken.act.event.date());
                alike(&other.event, &taken.act.event)
                    && other.event.known_from.as_ref() == taken.known_from
                    && both.is_some_and(|(a, b)| days_between(a, b) > 0)
            };
            if let Some(other) = record.stated().find(instead).filter(|_| taken.known_from.is_some()) {
                let both = taken.act.event.date().into_iter().chain(other.event.date());
                dates.extend(both.map(|date| (date.as_str(), date)));
                places.extend([taken.act.index, other.index]);
                changes += 1;
            }
        }
        if changes == 0 || places.iter().any(|place| told.contains(place)) {
            continue;
        }
        told.extend(&places);
        let times = if changes == 1 { "once".to_owned() } else { format!("{changes} times") };
        let what = format!(
            "{} {}: the source has changed it {times}",
            words(&first.event),
            or(dates.values().copied())
        );
        let act = first.event.act.kind();
        all.push(Found {
            kind: QualityKind::RivalDates,
            what,
            dates: dates.into_values().map(|date| FindingDate { act, date: date.clone() }).collect(),
            rows: BTreeSet::new(),
            places: places.into_iter().collect(),
        });
    }
    all
}

/// A consent to be bound after another, without a withdrawal between them; two that may be one act are rival dates
/// instead.
pub(super) fn second_consents(own: &[Standing]) -> Vec<Found> {
    use ActKind as K;
    let consents = |act: &&Standing| {
        matches!(
            act.event.act.kind(),
            K::InstrumentDeposited | K::DefinitiveSignature | K::SuccessionNotified
        ) && act.event.rival.is_none()
            && act.event.date().is_some()
    };
    let mut consents: Vec<&Standing> = own.iter().filter(consents).collect();
    consents.sort_by_key(|act| (act.event.date().map(Edtf::earliest), act.index));
    let second = |pair: &[&Standing]| {
        let [first, second] = pair else { return None };
        let (from, to) = first.event.date().zip(second.event.date())?;
        let titled = first.event.title.as_ref().zip(second.event.title.as_ref());
        let other_instrument = titled.is_some_and(|(a, b)| a != b);
        if from.latest() >= to.earliest()
            || other_instrument
            || is_rival(own, &first.event, &second.event)
            || ended_between(own, from, to)
        {
            return None;
        }
        let what = format!(
            "{} {from}, then {} {to}: no withdrawal between",
            words(&first.event),
            words(&second.event)
        );
        Some(found(QualityKind::SecondConsent, what, &[*first, *second]))
    };
    consents.windows(2).filter_map(second).collect()
}

/// The rows of one file about one participant in one body, if there is more than one.
pub(super) fn repeated_rows(own: &[Standing]) -> Vec<Found> {
    let mut files: BTreeMap<&str, (BTreeSet<&str>, Vec<&Standing>)> = BTreeMap::new();
    for act in own {
        let Some(row) = row_of(&act.event) else { continue };
        let file = row.rsplit_once(':').map_or(row, |(file, _)| file);
        let (rows, acts) = files.entry(file).or_default();
        rows.insert(row);
        acts.push(act);
    }
    let repeated = files.into_iter().filter(|(_, (rows, _))| rows.len() > 1);
    repeated
        .map(|(file, (rows, acts))| {
            let what = format!("{} rows of {file}", rows.len());
            Found { dates: Vec::new(), ..found(QualityKind::RepeatedRow, what, &acts) }
        })
        .collect()
}

/// Groups of two or more acts, each of which `joins` relates to the first of its group; an act that is in a group does
/// not begin another.
fn groups(own: &[Standing], joins: impl Fn(&Event, &Event) -> bool) -> Vec<Vec<&Standing>> {
    let mut told: BTreeSet<Index> = BTreeSet::new();
    let mut all = Vec::new();
    for (at, first) in own.iter().enumerate() {
        if told.contains(&first.index) {
            continue;
        }
        let again = own[at + 1..].iter().filter(|other| joins(&first.event, &other.event));
        let group: Vec<&Standing> = std::iter::once(first).chain(again).collect();
        if group.len() > 1 {
            told.extend(group.iter().map(|act| act.index));
            all.push(group);
        }
    }
    all
}

fn found(kind: QualityKind, what: String, acts: &[&Standing]) -> Found {
    let date =
        |act: &&Standing| Some(FindingDate { act: act.event.act.kind(), date: act.event.date()?.clone() });
    Found {
        kind,
        what,
        dates: acts.iter().filter_map(date).collect(),
        rows: acts.iter().filter_map(|act| row_of(&act.event)).map(str::to_owned).collect(),
        places: acts.iter().map(|act| act.index).collect(),
    }
}

/// True if two sources state the acts: two imports, or, for acts recorded by hand, citations that have none in common.
fn of_two_sources(a: &Event, b: &Event) -> bool {
    match (a.import, b.import) {
        (None, None) => {
            let cites = |other: &str| b.evidence.iter().any(|evidence| evidence.cite == other);
            !a.evidence.is_empty()
                && !b.evidence.is_empty()
                && !a.evidence.iter().any(|evidence| cites(&evidence.cite))
        }
        (a, b) => a != b,
    }
}

/// True if an act that ends a participation may lie between two dates.
fn ended_between(own: &[Standing], a: &Edtf, b: &Edtf) -> bool {
    use ActKind as K;
    let (from, to) = (a.earliest().min(b.earliest()), a.latest().max(b.latest()));
    own.iter().any(|act| {
        let ends = matches!(
            act.event.act.kind(),
            K::WithdrawalNotified
                | K::WithdrawalEffective
                | K::TreatyDenounced
                | K::TreatyTerminated
                | K::InstrumentRejectedOrWithdrawn
                | K::Expelled
                | K::CeasedMembership
                | K::StatusRevoked
                | K::MergedInto
                | K::CeasedToExist
        );
        ends && act.event.date().is_some_and(|on| from <= on.latest() && on.earliest() <= to)
    })
}

/// The number of days between two dates; 0 if they may be the same day.
fn days_between(a: &Edtf, b: &Edtf) -> i64 {
    let days = |from: &Edtf, to: &Edtf| i64::from(to.earliest().days()) - i64::from(from.latest().days());
    days(a, b).max(days(b, a)).max(0)
}

/// The name of an act, in words.
fn words(event: &Event) -> String {
    event.act.kind().name().replace('-', " ")
}

/// Joins dates in words: `1987-02-09 or 1989-04-06`.
fn or<'d>(dates: impl Iterator<Item = &'d Edtf>) -> String {
    let mut dates: Vec<&str> = dates.map(Edtf::as_str).collect();
    dates.sort_unstable();
    dates.dedup();
    dates.join(" or ")
}
