//! Relations between two parties to a treaty: its force between them and the reservations that apply, which act
//! pairwise (VCLT 20-23).

use std::cmp::max;

use serde::Serialize;

use crate::event::{Act, BodyId, Day, Edtf, Index, ParticipantId, Role, StatusId};
use crate::history::{
    Certainty, Objection, ObjectionToConsent, PairView, Reserved, Standing, Timing, is_withdrawn,
    objections_to_consent, reserved, takes_effect,
};

use super::Axes;
use super::answer::{Because, CheckpointRef, Coverage, QuestionEcho};
use super::body::{BodyView, Material, QueryError};
use super::reservations::period;
use super::status::{overlay_items, span};

/// The relations between two participants of a body on a day.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Relations {
    /// The question, as it was understood.
    pub question: QuestionEcho,
    /// True if the treaty is in force between the two; `null` if that is not settled.
    pub in_force: Option<bool>,
    /// The certainty of `in_force`.
    pub certainty: Certainty,
    /// The date since which it is in force between them.
    pub since: Option<Edtf>,
    /// Provisions that do not apply between them, to the extent of a reservation to which one of them objected.
    pub without: Vec<RelationItem>,
    /// Provisions that a reservation modifies between them.
    pub modified: Vec<RelationItem>,
    /// Reservations to which the other may still object, or whose objection is not settled.
    pub pending: Vec<RelationItem>,
    /// Objections that prevent the treaty from being in force between them.
    pub precluded: Vec<RelationItem>,
    /// The declarations of the two that apply on the day.
    pub declarations: Vec<DeclarationItem>,
    /// The entries on which the answer rests.
    pub because: Vec<Because>,
    /// Notes for the reader, such as a status that a participant lacks or an objection that is late.
    pub notes: Vec<String>,
    /// The span of the record that was searched; `null` without a survey.
    pub coverage: Option<Coverage>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// A reservation between the two.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RelationItem {
    /// The provisions that it concerns; `null` if the record does not state them.
    pub provisions: Option<String>,
    /// The entry that made it; of an objection to an accession, the accession.
    pub reservation: Index,
    /// The participant that made the reservation.
    pub by: ParticipantId,
    /// The participant that objected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objected_by: Option<ParticipantId>,
    /// The index of the objection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objection: Option<Index>,
    /// True if the objection is to an accession, and no reservation is meant.
    #[serde(skip_serializing_if = "is_false")]
    pub accession: bool,
    /// By when the other accepted it, or may still object; `null` while it is not notified.
    pub on: Option<Edtf>,
    /// The article that decides the effect.
    pub rule: &'static str,
}

const fn is_false(value: &bool) -> bool {
    !*value
}

/// A declaration of one of the two.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DeclarationItem {
    /// The index of the entry.
    pub index: Index,
    /// The participant that made the declaration.
    pub by: ParticipantId,
    /// The provisions that it concerns.
    pub provisions: Option<String>,
    /// The title of the declaration, else its note.
    pub what: Option<String>,
}

/// The rule of an objection to an accession.
const ACCESSION_RULE: &str = "as the treaty provides, e.g. Apostille Convention art. 12";

/// What a reservation does between the two.
enum Effect {
    Modified,
    Without,
    Precluded,
    Pending,
}

/// Finds the relations between two participants in a body.
///
/// # Errors
/// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
pub fn relations(
    material: &Material,
    one: &ParticipantId,
    other: &ParticipantId,
    body: &BodyId,
    axes: &Axes,
) -> Result<Relations, QueryError> {
    let view = BodyView::of(material, body, axes)?;
    let on = axes.on;
    let (first, second) = (side(&view, one, on), side(&view, other, on));
    let mut question = QuestionEcho::new("relations", Some(one), Some(body), axes);
    question.other = Some(other.clone());
    let (in_force, certainty) = both(&first, &second);
    let mut answer = Relations {
        question,
        in_force,
        certainty,
        since: first.since.clone().zip(second.since.clone()).map(|(a, b)| later(&a, &b)),
        without: Vec::new(),
        modified: Vec::new(),
        pending: Vec::new(),
        precluded: Vec::new(),
        declarations: Vec::new(),
        because: first.because.iter().chain(&second.because).cloned().collect(),
        notes: view.end_of_record(on).into_iter().collect(),
        coverage: view.coverage(on),
        checkpoint: material.checkpoint.clone(),
    };
    for held in [&first, &second] {
        answer.notes.extend(held.notes.iter().cloned());
        answer.notes.extend(view.withheld_by(Some(held.participant), on));
    }
    if answer.in_force != Some(false) {
        let acts: Vec<&Standing> = view.acts().collect();
        for made in &reserved(&acts) {
            between(&mut answer, &view, made, [one, other], on);
        }
        for (by, of) in [(one, other), (other, one)] {
            for objected in objections_to_consent(&acts, by, of) {
                objected_to(&mut answer, &objected, [by, of], on);
            }
        }
    }
    if !answer.precluded.is_empty() {
        // Even if both are bound, it is not in force between the two.
        (answer.in_force, answer.certainty) = (Some(false), Certainty::Certain);
    }
    if answer.in_force != Some(true) {
        answer.since = None;
    }
    if answer.in_force == Some(false) {
        answer.without.clear();
        answer.modified.clear();
        answer.pending.clear();
    }
    answer.because.sort_by_key(|b| b.index);
    answer.because.dedup_by_key(|b| b.index);
    Ok(answer)
}

/// One of the two participants as the question sees it.
struct Side<'p> {
    participant: &'p ParticipantId,
    certainty: Certainty,
    /// True if it is bound; `None` if that is not settled.
    bound: Option<bool>,
    since: Option<Edtf>,
    because: Vec<Because>,
    notes: Vec<String>,
}

fn side<'p>(view: &BodyView, participant: &'p ParticipantId, on: Day) -> Side<'p> {
    let nothing = PairView::default();
    let pair = view.pairs.get(participant).unwrap_or(&nothing);
    let history = view.history(participant);
    let reading = history.on(on);
    let statuses = reading.statuses();
    let full = view.full_status(on);
    let bound = match (full, statuses.len()) {
        (Some(full), 1) => Some(statuses.contains(full)),
        (Some(full), _) if statuses.contains(full) => None,
        _ => Some(false),
    };
    let mut notes = Vec::new();
    if bound != Some(true) {
        let said: Vec<&str> = statuses.iter().map(|id| id.as_str()).collect();
        let full = full.map_or("of a party", StatusId::as_str);
        let has = match bound {
            None => format!("it is not settled whether {participant} has"),
            Some(_) => format!("not in force: {participant} does not have"),
        };
        notes.push(format!("{has} the status {full} on {on} ({})", said.join(" or ")));
    }
    for o in overlay_items(view, pair, &history, on) {
        let scope = o.scope.as_deref().map(|scope| format!(" ({scope})")).unwrap_or_default();
        notes.push(format!("{participant}: {}{scope} since {} (entry {})", o.overlay, o.since, o.index));
    }
    notes.extend(view.represented_until(participant, on).map(|line| format!("{participant}: {line}")));
    Side {
        participant,
        certainty: if bound == Some(false) && statuses.len() == 1 {
            Certainty::Certain
        } else {
            reading.certainty
        },
        bound,
        since: span(&history, &reading, on).0.filter(|_| bound == Some(true)),
        because: view.because(&history, &reading),
        notes,
    }
}

/// The treaty is in force between the two if both are bound; if one certainly is not, it is certainly not in force.
fn both(first: &Side<'_>, second: &Side<'_>) -> (Option<bool>, Certainty) {
    match (first.bound, second.bound) {
        (Some(true), Some(true)) => (Some(true), Certainty::Certain),
        (Some(false), _) | (_, Some(false)) => (Some(false), Certainty::Certain),
        _ => {
            let contested = [first, second].iter().any(|s| s.certainty == Certainty::Contested);
            (None, if contested { Certainty::Contested } else { Certainty::Possible })
        }
    }
}

fn later(a: &Edtf, b: &Edtf) -> Edtf {
    match (a.earliest() >= b.earliest(), a.latest() >= b.latest()) {
        (true, true) => a.clone(),
        (false, false) => b.clone(),
        _ => Edtf::one_of(max(a.earliest(), b.earliest()), max(a.latest(), b.latest())),
    }
}

/// Adds the effect of one reservation or declaration between the two to the answer.
fn between(answer: &mut Relations, view: &BodyView, made: &Reserved<'_>, two: [&ParticipantId; 2], on: Day) {
    let event = &made.act.event;
    let Some(by) = event.participant.as_ref().filter(|by| two.contains(by)) else { return };
    let other = if two[0] == by { two[1] } else { two[0] };
    if event.date().is_none_or(|date| date.earliest() > on) {
        return;
    }
    let gone = is_withdrawn(made.withdrawal, on);
    if let Act::DeclarationMade(scope) = &event.act {
        let over = event.dates.get(Role::Until).is_some_and(|until| until.latest() <= on);
        if !gone && !over {
            answer.declarations.push(DeclarationItem {
                index: made.act.index,
                by: by.clone(),
                provisions: scope.as_ref().map(ToString::to_string),
                what: event.title.clone().or_else(|| event.note.clone()),
            });
        }
        return;
    }
    let ends = period(view, made, other, on);
    let theirs = |o: &&Objection<'_>| {
        let date = o.act.event.date();
        o.act.event.participant.as_ref() == Some(other) && date.is_some_and(|date| date.earliest() <= on)
    };
    let objections: Vec<&Objection<'_>> = made.objections.iter().filter(theirs).collect();
    began_anew(answer, made, &objections, ends.as_ref(), on);
    if gone {
        return;
    }
    let (effect, objection) = weighed(answer, made.act.index, &objections, ends.as_ref(), on);
    let given_up = objections.iter().filter_map(|o| o.withdrawal.filter(|w| is_withdrawn(Some(w), on)));
    let rule = effect.rule();
    let item = RelationItem {
        provisions: event.act.scope().map(ToString::to_string),
        reservation: made.act.index,
        by: by.clone(),
        objected_by: objection.map(|_| other.clone()),
        objection: objection.map(|o| o.act.index),
        accession: false,
        on: match effect {
            // A reservation is accepted once the objection to it is withdrawn.
            Effect::Modified => given_up.filter_map(takes_effect).next_back().cloned().or(ends),
            _ => ends,
        },
        rule,
    };
    answer.because.push(rests_on(made.act, rule, effect.says()));
    answer.because.extend(objection.map(|o| rests_on(o.act, rule, effect.says())));
    match effect {
        Effect::Modified => answer.modified.push(item),
        Effect::Without => answer.without.push(item),
        Effect::Precluded => answer.precluded.push(item),
        Effect::Pending => answer.pending.push(item),
    }
}

/// Adds an objection of one of the two to the accession of the other: it keeps the treaty from being in force between them.
fn objected_to(
    answer: &mut Relations,
    objected: &ObjectionToConsent<'_>,
    [by, of]: [&ParticipantId; 2],
    on: Day,
) {
    let (act, consent) = (objected.objection.act, objected.consent);
    if act.event.date().is_none_or(|date| date.earliest() > on) {
        return;
    }
    if let Some(reason) = objected.void {
        answer.notes.push(format!(
            "the objection of entry {} to the consent of entry {} has no effect: {reason}",
            act.index, consent.index
        ));
        return;
    }
    let withdrawal = objected.objection.withdrawal.filter(|act| is_withdrawn(Some(act), on));
    if let Some((date, act)) = withdrawal.and_then(|act| Some((takes_effect(act)?, act))) {
        if let Some(since) = &answer.since {
            answer.since = Some(later(since, date));
        }
        answer.because.push(rests_on(
            act,
            ACCESSION_RULE,
            "withdrawn: the treaty is in force between the two from then",
        ));
        return;
    }
    if objected.timing == Timing::Unsettled {
        answer.notes.push(format!("whether the objection of entry {} was in time is not settled", act.index));
        answer.certainty = max_doubt(answer.certainty);
        answer.in_force = None;
        return;
    }
    answer.because.push(rests_on(
        act,
        ACCESSION_RULE,
        "objected to: the accession has no effect between the two",
    ));
    answer.precluded.push(RelationItem {
        provisions: None,
        reservation: consent.index,
        by: of.clone(),
        objected_by: Some(by.clone()),
        objection: Some(act.index),
        accession: true,
        on: None,
        rule: ACCESSION_RULE,
    });
}

/// What the objections of the other party make of a reservation, and which of them does.
fn weighed<'o, 's>(
    answer: &mut Relations,
    reservation: Index,
    objections: &[&'o Objection<'s>],
    ends: Option<&Edtf>,
    on: Day,
) -> (Effect, Option<&'o Objection<'s>>) {
    let standing = || objections.iter().copied().filter(|o| !is_withdrawn(o.withdrawal, on));
    for o in standing().filter(|o| o.timing(ends) == Timing::Late) {
        answer.notes.push(format!(
            "the objection of entry {} to the reservation of entry {reservation} is late: it was accepted by then \
             (VCLT 20(5))",
            o.act.index
        ));
    }
    let counting = || standing().filter(|o| o.timing(ends) != Timing::Late);
    let objection = counting().find(|o| o.precludes()).or_else(|| counting().next());
    let effect = match objection {
        Some(o) if o.timing(ends) == Timing::Unsettled => {
            let ended = ends.map(ToString::to_string).unwrap_or_default();
            answer.notes.push(format!(
                "whether the objection of entry {} was in time is not settled: its time ended {ended}",
                o.act.index
            ));
            answer.certainty = max_doubt(answer.certainty);
            if o.precludes() {
                answer.in_force = None;
            }
            Effect::Pending
        }
        Some(o) if o.precludes() => Effect::Precluded,
        Some(_) => Effect::Without,
        None if objections.iter().any(|o| is_withdrawn(o.withdrawal, on)) => Effect::Modified,
        None if ends.is_some_and(|ends| ends.latest() <= on) => Effect::Modified,
        None => Effect::Pending,
    };
    (effect, objection)
}

/// Adds a doubt to a certainty; a contested answer stays contested.
fn max_doubt(certainty: Certainty) -> Certainty {
    if certainty == Certainty::Contested { certainty } else { Certainty::Possible }
}

impl Effect {
    fn rule(&self) -> &'static str {
        match self {
            Effect::Modified => "VCLT 21(1)",
            Effect::Without => "VCLT 21(3)",
            Effect::Precluded => "VCLT 20(4)(b)",
            Effect::Pending => "VCLT 20(5)",
        }
    }

    fn says(&self) -> &'static str {
        match self {
            Effect::Modified => "accepted: the provisions apply as the reservation modifies them",
            Effect::Without => "objected to: the provisions do not apply to the extent of the reservation",
            Effect::Precluded => {
                "objected to with the intention that the treaty is not in force between the two"
            }
            Effect::Pending => "the time for an objection runs",
        }
    }
}

/// If a precluding objection, or its reservation, was withdrawn, the treaty is in force between the two from that day.
fn began_anew(
    answer: &mut Relations,
    made: &Reserved<'_>,
    objections: &[&Objection<'_>],
    ends: Option<&Edtf>,
    on: Day,
) {
    for o in objections.iter().filter(|o| o.precludes() && o.timing(ends) != Timing::Late) {
        let gone = [made.withdrawal, o.withdrawal].into_iter().filter(|w| is_withdrawn(*w, on)).flatten();
        let first = gone.filter_map(|w| Some((takes_effect(w)?, w))).min_by_key(|(date, _)| date.latest());
        if let (Some((date, act)), Some(since)) = (first, &answer.since) {
            answer.since = Some(later(since, date));
            let clause = "withdrawn: the treaty is in force between the two from then";
            answer.because.push(rests_on(act, "VCLT 22(3)", clause));
        }
    }
}

fn rests_on(act: &Standing, rule: &str, clause: &str) -> Because {
    let event = &act.event;
    Because {
        index: act.index,
        id: event.id,
        act: event.act.kind(),
        date: event.date().cloned().unwrap_or_else(|| Edtf::one_of(Day::PAST, Day::FUTURE)),
        known: act.known.day(),
        known_assumed: act.known.assumed,
        clause: format!("{clause} ({rule})"),
        rule: None,
        title: event.title.clone(),
        place: event.place.clone(),
        corrected_by: act.corrected_by.clone(),
        same_fact: Vec::new(),
        evidence: event.evidence.clone(),
    }
}
