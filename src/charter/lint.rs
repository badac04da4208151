//! Finds the faults of a charter: statuses to which nothing leads, ambiguous transitions, steps without an end.

use std::collections::BTreeSet;

use crate::event::{ActKind, Index, StatusId};

use super::clauses::unregistered;
use super::{Charter, Delay, Rule, Version, unknown_names};

/// A fault in one version of a charter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CharterFault {
    /// The version, counted from 1.
    pub version: usize,
    /// The part of the text: `status observer`, `transition founded`.
    pub place: String,
    /// The fault and the remedy.
    pub what: String,
}

impl std::fmt::Display for CharterFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "version {}, {}: {}", self.version, self.place, self.what)
    }
}

/// Returns every fault of every version, oldest first; empty if the charter is sound.
pub fn lint(charter: &Charter) -> Vec<CharterFault> {
    let mut faults = Vec::new();
    for (at, version) in charter.versions().iter().enumerate() {
        let mut found =
            |place: String, what: String| faults.push(CharterFault { version: at + 1, place, what });
        statuses(version, &mut found);
        transitions(version, &mut found);
        procedures(version, &mut found);
        clauses(version, &mut found);
    }
    faults.dedup_by(|a, b| a.place == b.place && a.what == b.what);
    faults
}

/// Returns the statuses that transitions and mergers would give and no version defines, with the entry of the rule.
pub fn undefined(charter: &Charter) -> Vec<(Index, StatusId)> {
    let mut named: Vec<(Index, StatusId)> = Vec::new();
    for version in charter.versions() {
        let moves = version.transitions.iter().map(|t| (t.entry, &t.rule.to));
        let meanwhile =
            version.transitions.iter().filter_map(|t| Some((t.entry, t.rule.meanwhile.as_ref()?)));
        let given = moves.chain(meanwhile).chain(version.mergers.iter().map(|m| (version.entry, &m.to)));
        let unknown = given.filter(|(_, id)| !id.is_none() && version.status(id).is_none());
        named.extend(unknown.map(|(entry, id)| (entry, id.clone())));
    }
    named.sort();
    named.dedup();
    named
}

fn statuses(version: &Version, found: &mut impl FnMut(String, String)) {
    let mut reached: BTreeSet<&StatusId> = version.transitions.iter().map(|t| &t.rule.to).collect();
    reached.extend(version.mergers.iter().map(|m| &m.to));
    reached.extend(version.transitions.iter().filter_map(|t| t.rule.meanwhile.as_ref()));
    for status in &version.statuses {
        let id = &status.rule.id;
        if !reached.contains(id) && !version.merged.iter().any(|(_, new)| new == id) {
            found(
                format!("status {id}"),
                "no transition leads to it: add one, or leave the status out".into(),
            );
        }
    }
}

/// True for an act about approval at home, rights, participation, labels, texts or the record: it never changes a status.
fn never_moves(act: ActKind) -> bool {
    use ActKind as K;
    matches!(act.entry().group, "reservation" | "depositary" | "charter" | "record" | "ledger")
        || matches!(
            act,
            K::StatusRecommended
                | K::MemorandumOfObligationsSigned
                | K::MembershipRatified
                | K::ChapterOpened
                | K::ChapterClosed
                | K::DomesticApproval
                | K::TreatyAdopted
                | K::ProvisionalApplicationBegan
                | K::ProvisionalApplicationEnded
                | K::TreatyOperationSuspended
                | K::AmendmentAdopted
                | K::AmendmentAccepted
                | K::AmendmentInForce
                | K::RegisteredWithUn
                | K::RightsSuspended
                | K::MembershipSuspended
                | K::SuspensionLifted
                | K::ParticipationLapsed
                | K::ParticipationFrozen
                | K::WithdrawalPeriodExtended
                | K::RepresentationChanged
                | K::NameChanged
                | K::ProvisionalDesignation
        )
}

fn transitions(version: &Version, found: &mut impl FnMut(String, String)) {
    let known = |id: &StatusId| id.is_none() || version.status(id).is_some();
    for (at, transition) in version.transitions.iter().enumerate() {
        let rule = &transition.rule;
        let place = format!("transition {}", rule.act.0);
        for id in rule.from.iter().chain([&rule.to]).chain(&rule.toward).filter(|id| !known(id)) {
            found(place.clone(), format!("there is no status {id}: define it or correct the name"));
        }
        if never_moves(rule.act.0) {
            found(place.clone(), "this act never moves a status: use the act that gives effect".into());
        }
        for other in version.transitions.iter().skip(at + 1).map(|t| &t.rule) {
            let shared = other.from.is_empty() || rule.from.is_empty();
            let shared = shared || other.from.iter().any(|id| rule.from.contains(id));
            // If one act may grant two statuses, the status that the act names decides between them.
            let named = matches!(rule.act.0, ActKind::StatusGranted | ActKind::Invited);
            let told_apart = named || rule.toward != other.toward;
            if other.act == rule.act && shared && !told_apart {
                found(
                    place.clone(),
                    format!("ambiguous: it leads to {} and to {} from the same status", rule.to, other.to),
                );
            }
        }
    }
    for merger in &version.mergers {
        if !known(&merger.to) {
            found(format!("merger into {}", merger.to), "there is no such status: define it".into());
        }
        for id in merger.from.iter().filter(|id| !version.merged.iter().any(|(old, _)| old == *id)) {
            found(format!("merger of {id}"), "there is no such status before it".into());
        }
    }
}

fn procedures(version: &Version, found: &mut impl FnMut(String, String)) {
    for procedure in &version.procedures {
        let rule = &procedure.rule;
        let place = format!("procedure toward {}", rule.toward);
        if version.status(&rule.toward).is_none() {
            found(place.clone(), "there is no such status: define it or correct the name".into());
        }
        let Some(last) = rule.steps.last() else {
            found(place, "it has no step".into());
            continue;
        };
        let gives = version.transitions.iter().any(|t| t.rule.act == last.act && t.rule.to == rule.toward);
        if !gives {
            found(place.clone(), format!("its last step, {}, does not give the status", last.act.0));
        }
        for (at, step) in rule.steps.iter().enumerate() {
            if rule.steps.iter().skip(at + 1).any(|other| other.act == step.act && other.by == step.by) {
                found(place.clone(), format!("{} is a step twice", step.act.0));
            }
        }
    }
}

/// Checks the names of sets, tables and participants in clauses; those in an amendment may be defined by earlier texts.
fn clauses(version: &Version, found: &mut impl FnMut(String, String)) {
    let clauses = &version.clauses;
    for super::StatedClause { key: place, clause, .. } in clauses.each() {
        for (column, what) in unknown_names(clause, &clauses.sets, &clauses.weights) {
            found(place.clone(), format!("column {column}: {what}"));
        }
    }
    if clauses.entry_into_force.as_ref().is_some_and(|clause| clause.rule.rule.counts_open_class()) {
        let fault = "it does not say until when a state could sign: write signatories until, and the day (VCLT art. 24(2))";
        found("entry-into-force".to_owned(), fault.to_owned());
    }
    if let Some(clause) = &clauses.for_participant
        && matches!(&clause.rule.rule, Rule::After { delay, late_from: None } if *delay != Delay::Instant)
    {
        let delay = &clause.rule.rule;
        found(
            "entry-into-force-for-participant".to_owned(),
            format!(
                "it does not say who consents late: write {delay} after condition, or {delay} after entry_into_force \
                 (VCLT art. 24(3))"
            ),
        );
    }
    for (place, participant) in clauses.participants() {
        if let Some(what) = unregistered(participant) {
            found(place, what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CharterAct, TEMPLATES, charter_event};
    use super::*;
    use crate::event::{BodyId, EventId, Index};

    fn charter(texts: &[&str]) -> Charter {
        let id = EventId(uuid::Uuid::nil());
        let events: Vec<_> =
            texts.iter().enumerate().map(|(i, t)| charter_event(t, i > 0, id).unwrap()).collect();
        let acts: Vec<_> = events
            .iter()
            .enumerate()
            .filter_map(|(i, event)| CharterAct::of(Index(i as u64), event))
            .collect();
        Charter::fold(&BodyId::parse("x").unwrap(), &acts).unwrap().unwrap()
    }

    #[test]
    fn every_shipped_charter_is_sound() {
        for template in TEMPLATES {
            assert_eq!(lint(&charter(template.texts)), vec![], "{}", template.id);
        }
    }

    #[test]
    fn unreachable_statuses_ambiguous_transitions_and_unknown_statuses_are_found() {
        let text = r#"
            id = "x"
            [[status]]
            id = "member"
            title = "member"
            plural = "members"
            [[status]]
            id = "guest"
            title = "guest"
            plural = "guests"
            [[status]]
            id = "fellow"
            title = "fellow"
            plural = "fellows"
            [[transition]]
            act = "founded"
            to = "member"
            rule = "r"
            article = "1"
            [[transition]]
            act = "founded"
            from = ["none"]
            to = "fellow"
            rule = "r"
            article = "2"
            [[transition]]
            act = "expelled"
            from = ["membr"]
            to = "none"
            rule = "r"
            article = "3"
        "#;
        let faults: Vec<String> = lint(&charter(&[text])).iter().map(ToString::to_string).collect();
        assert_eq!(
            faults,
            [
                "version 1, status guest: no transition leads to it: add one, or leave the status out",
                "version 1, transition founded: ambiguous: it leads to member and to fellow from the same status",
                "version 1, transition expelled: there is no status membr: define it or correct the name",
            ]
        );
    }

    #[test]
    fn rules_and_steps_told_apart_by_what_is_sought_or_by_whose_act_it_is_are_sound() {
        let status = |id: &str| format!("[[status]]\nid = \"{id}\"\ntitle = \"t\"\nplural = \"p\"\n");
        let rule = |act: &str, to: &str, toward: &str| {
            format!("[[transition]]\nact = \"{act}\"\nto = \"{to}\"\n{toward}rule = \"r\"\narticle = \"1\"\n")
        };
        let text = [
            "id = \"x\"\n".to_owned(),
            status("member"),
            status("asked"),
            rule("application-filed", "asked", "toward = \"member\"\n"),
            rule("application-filed", "none", "toward = \"partner\"\n"),
            rule("instrument-deposited", "member", ""),
            rule("name-changed", "member", ""),
            "[[procedure]]\ntoward = \"member\"\narticle = \"1\"\n".into(),
            "[[procedure.step]]\nact = \"instrument-deposited\"\ntitle = \"all\"\nby = \"every-member\"\n"
                .into(),
            "[[procedure.step]]\nact = \"instrument-deposited\"\ntitle = \"own\"\n".into(),
        ];
        let faults: Vec<String> = lint(&charter(&[&text.concat()])).iter().map(ToString::to_string).collect();
        assert_eq!(
            faults,
            [
                "version 1, transition application-filed: there is no status partner: define it or correct the name",
                "version 1, transition name-changed: this act never moves a status: use the act that gives effect",
            ]
        );
    }

    #[test]
    fn an_unknown_act_is_refused_with_its_line() {
        let text =
            "id = \"x\"\n[[transition]]\nact = \"foundet\"\nto = \"member\"\nrule = \"r\"\narticle = \"1\"\n";
        let error = super::super::CharterText::parse(text).unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains("did you mean founded?"), "{error}");
    }

    #[test]
    fn a_merger_ends_the_statuses_and_the_ways_to_them() {
        let sco = charter(super::super::Template::find("sco").unwrap().texts);
        let day: crate::event::Day = "2025-09-01".parse().unwrap();
        let ids = |v: &Version| v.statuses.iter().map(|s| s.rule.id.to_string()).collect::<Vec<_>>();
        assert_eq!(ids(sco.on(day)), ["member", "former-member", "sco-partner"]);
        assert_eq!(ids(sco.on(day.previous())), ["member", "former-member", "observer", "dialogue-partner"]);
        assert!(sco.on(day).procedures.iter().all(|p| p.rule.toward.as_str() != "observer"));
    }
}
