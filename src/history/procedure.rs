//! Procedures: applications and decisions, the steps taken, the steps missing, and the end of each procedure.

use crate::charter::{Charter, Step, StepBy, Version};
use crate::event::{Act, ActKind, Day, Edtf, Index, Reply, StatusId};

use super::spell::Course;
use super::standing::Standing;

/// One procedure of a participant toward a status, from its first act to its end.
#[derive(Clone, Debug)]
pub struct Lifecycle<'a> {
    /// The status sought, as first stated; `None` if no source names it.
    pub toward: Option<StatusId>,
    /// Its acts by date, including claims.
    pub acts: Vec<&'a Standing>,
    /// The end of the procedure, if it is known to have ended.
    pub closed: Option<Closing>,
}

/// The end of a procedure.
#[derive(Clone, PartialEq, Debug)]
pub struct Closing {
    /// The status that was attained; `None` if the procedure was withdrawn, declined or rejected.
    pub status: Option<StatusId>,
    /// `attained`, `withdrawn`, `declined` or `rejected`.
    pub how: &'static str,
    /// The date of the end.
    pub on: Edtf,
    /// The entry that ended it.
    pub entry: Index,
}

/// The state of a procedure on a day.
#[derive(Clone, Debug)]
pub struct Snapshot<'a> {
    /// The status sought, by its name on that day.
    pub toward: Option<StatusId>,
    /// The furthest step taken.
    pub stage: ActKind,
    /// The date on which it was taken.
    pub since: Edtf,
    /// The date of its first act.
    pub opened: Edtf,
    /// The acts of its stage.
    pub stage_entries: Vec<Index>,
    /// True if it is known from reports only.
    pub reported: bool,
    /// Steps that are still to be taken, in order, by their place in `steps`. A step for other participants is always among them,
    /// whatever they did: only a caller that knows the members can decide if enough have acted.
    pub missing: Vec<usize>,
    /// Every step that the rules of that day foresee.
    pub steps: Vec<StepState<'a>>,
}

/// A step with its acts.
#[derive(Clone, Debug)]
pub struct StepState<'a> {
    /// The act that takes it.
    pub act: ActKind,
    /// A title of a word or two.
    pub title: String,
    /// True if it may be left out.
    pub optional: bool,
    /// The participants whose acts complete it, if not the deciding body or the applicant.
    pub by: Option<StepBy>,
    /// The article that prescribes it.
    pub article: Option<String>,
    /// Acts up to the day asked.
    pub taken: Vec<&'a Standing>,
    /// Acts after it.
    pub later: Vec<&'a Standing>,
}

/// Every procedure of one participant in one body, by its first act.
///
/// `acts` are the [`Standing`] acts that the course follows, including those of others `about` the participant.
pub fn lifecycles<'a>(
    charter: &Charter,
    acts: impl IntoIterator<Item = &'a Standing>,
    course: &Course,
) -> Vec<Lifecycle<'a>> {
    let mut dated: Vec<(Day, &Standing)> =
        acts.into_iter().filter_map(|a| Some((a.event.date()?.latest(), a))).collect();
    dated.sort_by_key(|(day, act)| (*day, act.event.sequence, act.index));
    let mut open: Vec<Lifecycle<'a>> = Vec::new();
    let mut done: Vec<Lifecycle<'a>> = Vec::new();
    for (day, act) in dated {
        let version = charter.on(day);
        let part = part(version, act);
        if part.is_some() || gives_a_step(version, act) {
            settle(charter, course, &mut open, &mut done, day);
        }
        // A status on the way to another one is a step of the open procedure.
        let steps = |life: &&mut Lifecycle<'a>| {
            let toward = life.toward.as_ref().map(|id| version.current_name(id));
            toward
                .and_then(|id| version.procedure(id))
                .is_some_and(|p| p.rule.steps.iter().any(|s| is_status_step(s, act)))
        };
        open.iter_mut().filter(steps).for_each(|life| life.acts.push(act));
        let Some(part) = part else { continue };
        let name = |id: &Option<StatusId>| id.as_ref().map(|id| version.current_name(id).clone());
        let same = open.iter().position(|life| name(&life.toward) == name(&part.toward));
        match part.what {
            What::Closes(how) => {
                let asked = same.or_else(|| (part.toward.is_none() && !open.is_empty()).then_some(0));
                if let Some(at) = asked {
                    let mut ended = open.remove(at);
                    ended.acts.push(act);
                    ended.closed = Some(Closing { status: None, how, on: date(act), entry: act.index });
                    done.push(ended);
                }
            }
            What::Follows => same.into_iter().for_each(|at| open[at].acts.push(act)),
            What::Opens => match same {
                Some(at) => open[at].acts.push(act),
                None => open.push(Lifecycle { toward: part.toward, acts: vec![act], closed: None }),
            },
        }
    }
    settle(charter, course, &mut open, &mut done, Day::FUTURE);
    done.extend(open);
    done.sort_by_key(|l| l.acts.first().map(|a| (a.event.date().map(Edtf::latest), a.index)));
    done
}

/// True if an act takes a step that requires the status that the act names.
fn is_status_step(step: &Step, act: &Standing) -> bool {
    let named = act.event.status.as_ref().or(act.event.toward.as_ref());
    step.status.is_some() && step.status.as_ref() == named && step.act.0 == claimed_or_own(act)
}

fn gives_a_step(version: &Version, act: &Standing) -> bool {
    let mut steps = version.procedures.iter().flat_map(|p| &p.rule.steps);
    steps.any(|step| is_status_step(step, act))
}

fn date(act: &Standing) -> Edtf {
    act.event.date().cloned().unwrap_or_else(|| Edtf::one_of(Day::PAST, Day::FUTURE))
}

/// The part that an act plays in a procedure.
struct Part {
    toward: Option<StatusId>,
    what: What,
}

enum What {
    /// It begins a procedure, or continues an open one.
    Opens,
    /// It only continues an open one.
    Follows,
    /// It ends one.
    Closes(&'static str),
}

fn part(version: &Version, act: &Standing) -> Option<Part> {
    let event = &act.event;
    let claimed = match &event.act {
        Act::ClaimRecorded(claimed) => Some((*claimed)?),
        _ => None,
    };
    let kind = claimed.unwrap_or_else(|| event.act.kind());
    let ways = || version.procedures.iter().map(|p| &p.rule);
    let toward = event.toward.clone().or_else(|| {
        let of_step = ways().filter(|p| p.steps.iter().any(|s| s.act.0 == kind && s.status.is_none()));
        let named = event.status.as_ref().map(|id| version.current_name(id));
        let ways: Vec<_> = of_step.collect();
        let fitting = ways.iter().filter(|p| named.is_none_or(|id| p.toward == *id));
        match fitting.collect::<Vec<_>>().as_slice() {
            [only] => Some(only.toward.clone()),
            // A step on the way may give a status of its own: an invitee is on the way to membership.
            [] => ways.first().filter(|_| ways.len() == 1).map(|only| only.toward.clone()),
            _ => None,
        }
    });
    let what = match &event.act {
        Act::ApplicationWithdrawn => What::Closes("withdrawn"),
        Act::InvitationDeclined => What::Closes("declined"),
        Act::ApplicationDeferredOrRejected(Some(Reply::Rejected)) => What::Closes("rejected"),
        Act::ApplicationDeferredOrRejected(_) | Act::DomesticApproval => What::Follows,
        _ => {
            let steps = ways().filter(|p| Some(&p.toward) == toward.as_ref()).flat_map(|p| &p.steps);
            let is_step = steps.clone().any(|s| s.act.0 == kind);
            let is_last = ways()
                .filter(|p| Some(&p.toward) == toward.as_ref())
                .any(|p| p.steps.last().is_some_and(|s| s.act.0 == kind));
            let begins = matches!(
                kind,
                ActKind::ApplicationFiled | ActKind::StatusDecided | ActKind::StatusRecommended
            );
            match (is_step, is_last, begins) {
                (true, true, _) => What::Follows,
                (true, false, _) | (false, _, true) => What::Opens,
                _ => return None,
            }
        }
    };
    Some(Part { toward, what })
}

/// Closes the procedures whose status, or a higher one, was attained before `day`.
fn settle<'a>(
    charter: &Charter,
    course: &Course,
    open: &mut Vec<Lifecycle<'a>>,
    done: &mut Vec<Lifecycle<'a>>,
    day: Day,
) {
    open.retain_mut(|life| {
        let closing = attained(charter, course, life).filter(|c| c.on.latest() < day || day == Day::FUTURE);
        let Some(closing) = closing else { return true };
        let acts = std::mem::take(&mut life.acts);
        done.push(Lifecycle { toward: life.toward.clone(), acts, closed: Some(closing) });
        false
    });
}

fn attained(charter: &Charter, course: &Course, life: &Lifecycle<'_>) -> Option<Closing> {
    let opened = life.acts.first()?.event.date()?.latest();
    let before = course.on(opened.previous());
    let rank = |id: &StatusId| charter.status(id).map_or(0, |s| s.rank);
    let since = course.slices.partition_point(|slice| slice.from < opened);
    course.slices.iter().skip(since).find_map(|slice| {
        let [first, ..] = slice.worlds.as_slice() else { return None };
        let version = charter.on(slice.from);
        let meets = |status: &StatusId| match life.toward.as_ref().map(|id| version.current_name(id)) {
            Some(sought) => status == sought || rank(status) > rank(sought),
            None => !status.is_none() && before.iter().all(|w| rank(status) > rank(&w.status)),
        };
        if !slice.worlds.iter().all(|w| meets(&w.status)) {
            return None;
        }
        let cause = first.cause.and_then(|id| course.causes.get(id))?;
        let on = if cause.date.earliest() > Day::PAST { cause.date.clone() } else { Edtf::day(slice.from) };
        Some(Closing { status: Some(first.status.clone()), how: "attained", on, entry: cause.entry })
    })
}

impl<'a> StepState<'a> {
    /// A step that nobody has taken.
    pub fn of(step: &Step) -> StepState<'a> {
        StepState {
            act: step.act.0,
            title: step.title.clone(),
            optional: step.optional,
            by: step.by,
            article: step.article.clone(),
            taken: Vec::new(),
            later: Vec::new(),
        }
    }
}

impl<'a> Lifecycle<'a> {
    /// True if it was open on a day: begun on it or before, and not ended by then.
    pub fn is_open(&self, on: Day) -> bool {
        let begun = self.acts.iter().any(|a| a.event.date().is_some_and(|d| d.earliest() <= on));
        begun && self.closed.as_ref().is_none_or(|closing| closing.on.latest() > on)
    }

    /// The state of the procedure on a day, under the rules of that day; `None` before its first act.
    pub fn on(&self, charter: &Charter, on: Day) -> Option<Snapshot<'a>> {
        let version = charter.on(on);
        let toward = self.toward.as_ref().map(|id| version.current_name(id).clone());
        let foreseen = toward.as_ref().and_then(|id| version.procedure(id)).map(|p| &p.rule.steps);
        let steps: Vec<StepState<'a>> = foreseen.into_iter().flatten().map(|s| self.step(s, on)).collect();
        let reached = steps.iter().rposition(|s| !s.taken.is_empty() && s.by.is_none());
        let (stage, taken) = match reached.and_then(|at| steps.get(at)) {
            Some(step) => (step.act, step.taken.clone()),
            None => {
                let last = self.acts.iter().rev().find(|a| up_to(a, on))?;
                (claimed_or_own(last), vec![*last])
            }
        };
        let ahead = |at: usize| reached.is_none_or(|reached| at > reached);
        // The depositary's certificate shows that the others have done their part.
        let certified = |at: usize| {
            let later = steps.iter().skip(at + 1);
            later.filter(|s| s.act == ActKind::TreatyEnteredIntoForce).any(|s| !s.taken.is_empty())
        };
        let missing = steps.iter().enumerate().filter_map(|(at, step)| {
            let every = step.by.is_some() && !certified(at);
            let lacking = every || (ahead(at) && step.by.is_none() && step.taken.is_empty());
            (lacking && !step.optional).then_some(at)
        });
        let missing: Vec<usize> = missing.collect();
        Some(Snapshot {
            toward,
            stage,
            since: taken.first().map(|a| date(a))?,
            opened: self.acts.first().map(|a| date(a))?,
            stage_entries: taken.iter().map(|a| a.index).collect(),
            reported: taken.iter().all(|a| a.event.act.kind() == ActKind::ClaimRecorded),
            missing,
            steps,
        })
    }

    fn step(&self, step: &Step, on: Day) -> StepState<'a> {
        let of_step = |a: &&&Standing| {
            let for_another = a.event.for_another().is_some();
            let by_whom = match step.by {
                None => !for_another,
                Some(StepBy::EveryMember) => for_another,
                Some(StepBy::EveryMemberAndApplicant) => true,
            };
            let named = step.status.is_none() || is_status_step(step, a);
            claimed_or_own(a) == step.act.0 && by_whom && named
        };
        let (taken, later) = self.acts.iter().filter(of_step).partition(|a| up_to(a, on));
        StepState { taken, later, ..StepState::of(step) }
    }
}

fn up_to(act: &Standing, on: Day) -> bool {
    act.event.date().is_some_and(|date| date.earliest() <= on)
}

fn claimed_or_own(act: &Standing) -> ActKind {
    match &act.event.act {
        Act::ClaimRecorded(Some(claimed)) => *claimed,
        other => other.kind(),
    }
}
