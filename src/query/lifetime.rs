//! The spans for which lists of states count a participant. The lists are bodies of a ledger, each with its source; the
//! program has no list of its own.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::event::{
    ActKind, BodyId, Day, Edtf, Event, Index, ParticipantId, ParticipantKind, Register, Role, StateNumbers,
};
use crate::history::{Pairs, Standing};

/// The list of the codes that ISO 3166-3 took out of use: it has ends only.
const WITHDRAWN_CODES: &str = "iso-3166-3";

/// A span in which a list counts a participant.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Lifetime {
    /// The list.
    pub list: BodyId,
    /// The first day of the span; `null` if the list does not give it.
    pub from: Option<Edtf>,
    /// The first day on which the list no longer counts the participant; `null` while it does.
    pub until: Option<Edtf>,
    /// The indexes of the entries that state the span.
    pub entries: Vec<Index>,
}

/// The spans of every participant in the lists of states.
#[derive(Default)]
pub struct Lifetimes {
    of: BTreeMap<ParticipantId, Vec<Lifetime>>,
    spoken: BTreeMap<ParticipantId, Vec<Spoken>>,
}

/// The span of a participant's whole line in one list.
struct Spoken {
    list: BodyId,
    /// The first day of the line; `None` if the list leaves it open.
    began: Option<Edtf>,
    /// The first day on which the list no longer counts the line; `None` while it does.
    ended: Option<Edtf>,
}

impl Lifetimes {
    /// Reads the acts of lists of states; other bodies are skipped.
    pub fn of_lists<'p>(lists: impl Iterator<Item = (&'p BodyId, &'p Pairs)>) -> Lifetimes {
        let mut all = Lifetimes::default();
        let mut names: BTreeSet<&BodyId> = BTreeSet::new();
        for (list, pairs) in lists.filter(|(list, _)| list.is_state_list()) {
            names.insert(list);
            for (who, pair) in pairs {
                let spans = spans(list, &pair.own);
                all.of.entry(who.clone()).or_default().extend(spans);
            }
        }
        let lines = lines();
        for who in all.of.keys() {
            let alone = BTreeSet::from([who.clone()]);
            let line = lines.get(&end(who)).unwrap_or(&alone);
            let spoken = names.iter().filter(|list| list.as_str() != WITHDRAWN_CODES);
            let spoken = spoken.filter_map(|list| all.line(list, line)).collect();
            all.spoken.insert(who.clone(), spoken);
        }
        all
    }

    /// Every span of a participant, by list and day.
    pub fn of(&self, who: &ParticipantId) -> &[Lifetime] {
        self.of.get(who).map_or(&[], Vec::as_slice)
    }

    /// The participants that the lists name, that the register does not contain and whose ids contain a word; in the
    /// order of their ids.
    pub fn named<'s>(&'s self, word: &str) -> impl Iterator<Item = &'s ParticipantId> {
        let asked = ParticipantId::named(word).map(|id| id.to_string());
        let asked =
            asked.and_then(|id| id.strip_prefix("X-").map(|rest| rest.trim_start_matches("X-").to_owned()));
        let has =
            move |id: &&ParticipantId| asked.as_ref().is_some_and(|word| id.as_str().contains(word.as_str()));
        self.of.keys().filter(|id| id.is_named()).filter(has)
    }

    /// The span of a line in a list; `None` if the list lacks a participant of the line.
    fn line(&self, list: &BodyId, line: &BTreeSet<ParticipantId>) -> Option<Spoken> {
        let mut spans: Vec<&Lifetime> = Vec::new();
        for who in line {
            let before = spans.len();
            spans.extend(self.of(who).iter().filter(|span| span.list == *list));
            if spans.len() == before {
                return None;
            }
        }
        spans.sort_by_key(|span| span.order());
        let ends: Option<Vec<&Edtf>> = spans.iter().map(|span| span.until.as_ref()).collect();
        Some(Spoken {
            list: list.clone(),
            began: spans.first().and_then(|span| span.from.clone()),
            ended: ends.and_then(|all| all.into_iter().max_by_key(|end| end.latest()).cloned()),
        })
    }

    /// The contradiction between an act and the lists: it lies before the beginning, or after the end, of its
    /// participant's line in every list that has the line. If no list has it, the act may lie after ISO 3166-3 withdrew
    /// the participant's code.
    ///
    /// Not reported: an act that is retroactive (a succession), that joins or parts lines, or that is no act of the
    /// participant itself (a claim, a correction); and an act whose date may lie within the span.
    pub fn oddity(&self, event: &Event) -> Option<String> {
        let kind = event.act.kind();
        if kind.is_retroactive()
            || kind.is_of_lines()
            || kind.is_record_keeping()
            || kind == ActKind::ClaimRecorded
        {
            return None;
        }
        let (who, date) = event.participant.as_ref().zip(event.date())?;
        // A list of states that also counts an organisation does not state the span of the communities that this
        // organisation continues.
        if Register::builtin().get(who).is_some_and(|p| p.kind == ParticipantKind::Organisation) {
            return None;
        }
        let spoken = self.spoken.get(who).map_or(&[][..], Vec::as_slice);
        let told =
            |word: &str, said: Vec<String>| format!("it acts on {date}, {word} by {}", said.join(" and "));
        let begun: Vec<(&BodyId, &Edtf)> =
            spoken.iter().filter_map(|s| Some((&s.list, s.began.as_ref()?))).collect();
        if !begun.is_empty() && begun.iter().all(|(_, began)| date.latest() < began.earliest()) {
            let said = begun.iter().map(|(list, began)| format!("{list} ({began})")).collect();
            return Some(told("before it began", said));
        }
        let ended: Option<Vec<(&BodyId, &Edtf)>> =
            spoken.iter().map(|s| Some((&s.list, s.ended.as_ref()?))).collect();
        match ended {
            Some(ended) if ended.is_empty() => after_code(who, date),
            Some(ended) if ended.iter().all(|(_, end)| end.latest() < date.earliest()) => {
                let said = ended.iter().map(|(list, end)| format!("{list} ({end})")).collect();
                Some(told("after it ended", said))
            }
            _ => None,
        }
    }
}

impl Lifetime {
    fn order(&self) -> Option<Day> {
        self.from.as_ref().map(Edtf::latest).or_else(|| self.until.as_ref().map(Edtf::earliest))
    }
}

/// The finding that an act lies after the withdrawal of its participant's code, if no other participant continues it.
fn after_code(who: &ParticipantId, date: &Edtf) -> Option<String> {
    let withdrawn = Register::builtin().get(who)?.withdrawn.as_ref()?;
    let late = withdrawn.latest() < date.earliest() && end(who) == *who;
    late.then(|| format!("it acts on {date}, after ISO 3166-3 took its code out of use ({withdrawn})"))
}

/// The last participant of the line.
fn end(who: &ParticipantId) -> ParticipantId {
    StateNumbers::builtin().end_of_line(Register::builtin(), who).clone()
}

/// The participants of the register in each line, under the last one of the line.
fn lines() -> BTreeMap<ParticipantId, BTreeSet<ParticipantId>> {
    let mut lines: BTreeMap<ParticipantId, BTreeSet<ParticipantId>> = BTreeMap::new();
    for participant in Register::builtin().iter() {
        lines.entry(end(&participant.id)).or_default().insert(participant.id.clone());
    }
    lines
}

/// The spans between beginnings and ends: an end closes the latest beginning before it that is still open.
fn spans(list: &BodyId, acts: &[Standing]) -> Vec<Lifetime> {
    let mut edges: Vec<(Day, bool, &Edtf, Index)> = Vec::new();
    for act in acts {
        let Some(date) = act.event.dates.get(Role::Effective).or_else(|| act.event.date()) else { continue };
        match act.event.act.kind() {
            ActKind::MembershipEffective => edges.push((date.latest(), true, date, act.index)),
            ActKind::WithdrawalEffective => edges.push((date.earliest(), false, date, act.index)),
            _ => {}
        }
    }
    edges.sort_by_key(|(day, begins, _, index)| (*day, *begins, *index));
    let mut open: Vec<(&Edtf, Index)> = Vec::new();
    let mut spans: Vec<Lifetime> = Vec::new();
    for (_, begins, date, index) in edges {
        if begins {
            open.push((date, index));
            continue;
        }
        let began = open.pop();
        spans.push(Lifetime {
            list: list.clone(),
            from: began.map(|(date, _)| date.clone()),
            until: Some(date.clone()),
            entries: began.map(|(_, entry)| entry).into_iter().chain([index]).collect(),
        });
    }
    spans.extend(open.into_iter().map(|(date, index)| Lifetime {
        list: list.clone(),
        from: Some(date.clone()),
        until: None,
        entries: vec![index],
    }));
    spans.sort_by_key(Lifetime::order);
    spans
}
