//! Departures from the charters and claims that differ from what they give. Practice breaks ladders: a remark is no fault.

use std::collections::{BTreeMap, BTreeSet};

use crate::charter::{Charter, Judgement, Remark, Texts, judge, lint, refuse};
use crate::event::{Act, Day, Edtf, Event, Index, Role, StatusId};
use crate::history::{History, Standing};
use crate::query::Lifetimes;

use super::clause::clauses;
use super::derivation::{Derivation, acts};
use super::place::Places;
use super::report::RemarkItem;
use super::verdict::Rules;

/// Every remark on a record, by entry.
pub(super) fn conformity(places: &Places, charters: &Rules) -> Vec<RemarkItem> {
    let mut remarks = Vec::new();
    let (lifetimes, texts) = (listed(places, charters), Texts::default());
    for (body, charter) in charters {
        rules(charter, &mut remarks);
        let of_body = places.of(body);
        let derived = Derivation::new(&of_body, body, charter, &texts);
        clauses(charter, &derived, &mut remarks);
        for (who, pair) in &derived.pairs {
            let history = derived.board.history(charter, &derived.pairs, who);
            for act in &pair.own {
                statuses(charter, act, &mut remarks);
                if !body.is_state_list()
                    && let Some(what) = lifetimes.oddity(&act.event)
                {
                    remarks.push(RemarkItem { entry: act.index, what, rule: None });
                }
                judged(charter, act, &pair.own, &history, &mut remarks);
                if !act.corrected_by.is_empty()
                    && let Err(refusal) = refuse(charter, &act.event)
                {
                    remarks.push(RemarkItem {
                        entry: act.index,
                        what: format!("as rectified it would be refused: {refusal}"),
                        rule: None,
                    });
                }
            }
        }
    }
    remarks.sort_by(|a, b| (a.entry, &a.what).cmp(&(b.entry, &b.what)));
    remarks.dedup();
    remarks
}

/// What the lists of states in the record say of everyone.
fn listed(places: &Places, charters: &Rules) -> Lifetimes {
    let lists = charters.iter().filter(|(body, _)| body.is_state_list());
    let entries: Vec<_> = lists.map(|(body, _)| (body, places.of(body))).collect();
    let pairs: Vec<_> = entries.iter().map(|(body, of_body)| (*body, acts(of_body, body).0)).collect();
    Lifetimes::of_lists(pairs.iter().map(|(body, pairs)| (*body, pairs)))
}

/// What is to be said of the rules themselves.
fn rules(charter: &Charter, remarks: &mut Vec<RemarkItem>) {
    for fault in lint(charter) {
        let Some(version) = charter.versions().get(fault.version - 1) else { continue };
        let what = format!("the charter of {}: {}: {}", charter.body, fault.place, fault.what);
        remarks.push(RemarkItem { entry: version.entry, what, rule: None });
    }
}

/// A status named before it existed or after it ended.
fn statuses(charter: &Charter, act: &Standing, remarks: &mut Vec<RemarkItem>) {
    let Some(date) = act.event.date() else { return };
    // A status given by the source is given for its effect, a status sought on the day it is sought.
    let given = act.event.dates.get(Role::Effective).unwrap_or(date);
    let sought = act.event.toward.iter().map(|status| (status, date));
    let named: BTreeMap<_, _> = act.event.status.iter().map(|status| (status, given)).chain(sought).collect();
    for (status, date) in named {
        if let Some(began) = charter.status_began(status).filter(|began| date.latest() < *began) {
            let what = format!("it names {status} on {date}; that status began on {began}");
            remarks.push(RemarkItem { entry: act.index, what, rule: None });
        }
        if let Some(ended) = charter.status_ended(status).filter(|ended| *ended < date.earliest()) {
            let what = format!("it names {status} on {date}; that status ended on {ended}");
            remarks.push(RemarkItem { entry: act.index, what, rule: None });
        }
    }
}

fn judged(
    charter: &Charter,
    act: &Standing,
    all: &[Standing],
    history: &History,
    remarks: &mut Vec<RemarkItem>,
) {
    let event = &*act.event;
    let Some(day) = event.effect().map(Edtf::earliest) else { return };
    let version = charter.on(day);
    // The act is in order if it is so after any of the statuses that may have held before it.
    let judgements =
        before(charter, act, all, history, day).into_iter().map(|from| judge(version, &from, event));
    let out_of_order = |j: &Judgement| j.remarks.iter().any(|r| matches!(r, Remark::OutOfOrder { .. }));
    let Some(best) = judgements.min_by_key(out_of_order) else { return };
    let moves = best.moves.as_ref();
    for remark in &best.remarks {
        let rule = match remark {
            // Said with its days among the lifetimes.
            Remark::NoSuchStatusYet { .. } => continue,
            Remark::OutOfOrder { article, .. } => Some(article.clone()),
            _ => moves.map(|m| m.clause.clone()),
        };
        remarks.push(RemarkItem { entry: act.index, what: remark.to_string(), rule });
    }
    if moves.is_none() {
        claim(charter, act.index, event, history, remarks);
    }
}

/// The statuses that may have held when an act had effect: those of the day before, and those that other acts of the
/// same day gave.
fn before(
    charter: &Charter,
    act: &Standing,
    all: &[Standing],
    history: &History,
    day: Day,
) -> BTreeSet<StatusId> {
    let version = charter.on(day);
    let eve = history.on(day.previous());
    let mut statuses: BTreeSet<StatusId> =
        eve.statuses().into_iter().map(|id| version.current_name(id).clone()).collect();
    let here = |other: &&Standing| {
        let effect = other.event.effect();
        other.index != act.index && effect.is_some_and(|e| e.earliest() <= day && day <= e.latest())
    };
    for other in all.iter().filter(here) {
        let given: Vec<StatusId> =
            statuses.iter().filter_map(|from| Some(judge(version, from, &other.event).moves?.to)).collect();
        statuses.extend(given);
    }
    statuses
}

/// An act that moves nothing, whose source gives a status all the same.
fn claim(charter: &Charter, entry: Index, event: &Event, history: &History, remarks: &mut Vec<RemarkItem>) {
    let Some((claimed, date)) = event.status.as_ref().zip(event.date()) else { return };
    if event.rival.is_some() || matches!(event.act, Act::CharterAdopted(_) | Act::CharterAmended(_)) {
        return;
    }
    let version = charter.on(date.latest());
    let mut held: BTreeSet<StatusId> = BTreeSet::new();
    for day in [date.earliest(), date.latest()] {
        held.extend(history.on(day).statuses().into_iter().map(|id| version.current_name(id).clone()));
    }
    if !held.contains(version.current_name(claimed)) {
        let derived: Vec<&str> = held.iter().map(StatusId::as_str).collect();
        let what = format!("the source gives {claimed}, the charter {} on {date}", derived.join(" or "));
        remarks.push(RemarkItem { entry, what, rule: None });
    }
}
