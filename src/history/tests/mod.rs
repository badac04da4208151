//! The fold against brute force: every choice of days, every allowed order, one rule at a time.

mod chain;
mod quorum;
mod standing;

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use uuid::Uuid;

use super::*;
use crate::charter::{Charter, CharterAct, charter_event};
use crate::event::{
    Act, ActKind, BodyId, Cause as Why, Changes, Correction, Day, Edtf, Entry, Event, EventId, FieldName,
    ImportReceipt, Index, Instant, Known, Retraction, Rival, Role, Size, StatusId,
};

fn cases(usual: u32) -> u32 {
    if std::env::var("CHANCERY_FAULTS").is_ok_and(|v| v == "full") { usual * 20 } else { usual }
}

const BASE: i32 = 18_262; // 2020-01-01
const WINDOW: i32 = 14;

fn at(offset: i32) -> Day {
    Day::from_days(BASE + offset)
}

fn id(n: u128) -> EventId {
    EventId(Uuid::from_u128(n))
}

fn body() -> BodyId {
    BodyId::parse("x").unwrap()
}

/// One transition as the brute force knows it.
#[derive(Clone, Debug)]
struct Rule {
    act: ActKind,
    from: Vec<&'static str>,
    to: &'static str,
}

/// Its first day, the rules that it states, the statuses that it merges: old, new.
type Amendment = (i32, Vec<Rule>, Option<(&'static str, &'static str)>);

/// The rules from the beginning, and the additions and mergers of an amendment.
#[derive(Clone, Debug)]
struct Rules {
    first: Vec<Rule>,
    amendment: Option<Amendment>,
}

const STATUSES: [&str; 4] = ["none", "a", "b", "c"];
/// Acts of three precedences.
const KINDS: [ActKind; 5] = [
    ActKind::EnteredIntoForceForParticipant,
    ActKind::StatusGranted,
    ActKind::AdmissionDecided,
    ActKind::StatusRevoked,
    ActKind::Expelled,
];

fn toml(rules: &[Rule], merger: Option<(&str, &str)>, effective: Option<i32>) -> String {
    let mut text = "id = \"x\"\n".to_owned();
    if let Some(day) = effective {
        text += &format!("effective = \"{}\"\n", at(day));
    } else {
        for status in ["a", "b", "c"] {
            text += &format!("[[status]]\nid = \"{status}\"\ntitle = \"t\"\nplural = \"p\"\nrank = 1\n");
        }
    }
    for rule in rules {
        text += &format!(
            "[[transition]]\nact = \"{}\"\nfrom = {:?}\nto = \"{}\"\nrule = \"r\"\narticle = \"1\"\n",
            rule.act, rule.from, rule.to
        );
    }
    if let Some((from, to)) = merger {
        text += &format!("[[merger]]\nfrom = [{from:?}]\nto = {to:?}\nrule = \"r\"\narticle = \"2\"\n");
    }
    text
}

impl Rules {
    fn charter(&self) -> Charter {
        let mut texts = vec![toml(&self.first, None, None)];
        if let Some((day, rules, merger)) = &self.amendment {
            texts.push(toml(rules, *merger, Some(*day)));
        }
        let events: Vec<Event> =
            texts.iter().enumerate().map(|(i, t)| charter_event(t, i > 0, id(i as u128)).unwrap()).collect();
        let acts: Vec<CharterAct<'_>> = events
            .iter()
            .enumerate()
            .filter_map(|(i, event)| CharterAct::of(Index(i as u64), event))
            .collect();
        Charter::fold(&body(), &acts).unwrap().unwrap()
    }

    /// The rules of a day, by the definition of an amendment.
    fn on(&self, day: i32) -> (Vec<Rule>, Option<(&'static str, &'static str)>) {
        let mut rules = Vec::new();
        let state = |rules: &mut Vec<Rule>, rule: &Rule| match rules
            .iter()
            .position(|old: &Rule| old.act == rule.act && old.to == rule.to)
        {
            Some(at) => rules[at] = rule.clone(),
            None => rules.push(rule.clone()),
        };
        self.first.iter().for_each(|rule| state(&mut rules, rule));
        match &self.amendment {
            Some((from, more, merger)) if *from <= day => {
                if let Some((old, new)) = *merger {
                    rules.retain(|r| r.to != old);
                    for rule in &mut rules {
                        rule.from.iter_mut().filter(|s| **s == old).for_each(|s| *s = new);
                    }
                }
                more.iter().for_each(|rule| state(&mut rules, rule));
                (rules, *merger)
            }
            _ => (rules, None),
        }
    }
}

/// An act as the brute force knows it.
#[derive(Clone, PartialEq, Debug)]
struct Deed {
    kind: ActKind,
    toward: Option<&'static str>,
    claims: Option<&'static str>,
    sequence: Option<u16>,
    days: (i32, i32),
    text: Option<&'static str>,
    rival: Option<&'static str>,
}

impl Deed {
    fn standing(&self, index: u64) -> Standing {
        let act = Act::plain(self.kind).unwrap();
        let mut event = Event::new(id(1000 + u128::from(index)), act, body());
        let date = match self.text {
            Some(text) => Edtf::parse(text).unwrap(),
            None => Edtf::one_of(at(self.days.0), at(self.days.1)),
        };
        assert_eq!((date.earliest(), date.latest()), (at(self.days.0), at(self.days.1)));
        event.dates.set(self.kind.roles()[0], date);
        event.toward = self.toward.map(|s| StatusId::parse(s).unwrap());
        event.status = self.claims.map(|s| StatusId::parse(s).unwrap());
        event.sequence = self.sequence;
        event.rival = self.rival.map(|r| Rival::parse(r).unwrap());
        let known = Known { from: Instant::PAST, assumed: true };
        Standing { index: Index(10 + index), event: Arc::new(event), known, corrected_by: Vec::new() }
    }
}

/// An event on one day of one world: an act, or the merger.
#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Deed(&'a Deed),
    Merger(&'static str, &'static str),
}

impl Step<'_> {
    /// True if it is known to come first on a day that both have: by `sequence` if both have one, by the vocabulary if neither has;
    /// a merger comes before everything.
    fn before(self, other: Step<'_>) -> bool {
        match (self, other) {
            (Step::Merger(..), Step::Deed(_)) => true,
            (Step::Deed(a), Step::Deed(b)) => match (a.sequence, b.sequence) {
                (Some(a), Some(b)) => a < b,
                (None, None) => a.kind.precedence() < b.kind.precedence(),
                _ => false,
            },
            _ => false,
        }
    }

    /// The status after it.
    fn from(self, status: &'static str, rules: &Rules, day: i32) -> &'static str {
        let (now, merger) = rules.on(day);
        let today = |name: &'static str| merger.filter(|(old, _)| *old == name).map_or(name, |(_, new)| new);
        match self {
            Step::Merger(old, new) if status == old => new,
            Step::Merger(..) => status,
            Step::Deed(deed) if deed.rival.is_some() => deed.claims.map_or(status, today),
            Step::Deed(deed) => {
                let of_act: Vec<&Rule> = now.iter().filter(|r| r.act == deed.kind).collect();
                let fits = |name: Option<&'static str>| -> Vec<&Rule> {
                    of_act.iter().copied().filter(|r| name.is_some_and(|n| r.to == today(n))).collect()
                };
                let candidates = match (deed.toward, deed.claims) {
                    _ if of_act.is_empty() => return deed.claims.map_or(status, today),
                    (Some(name), claims)
                        if deed.kind == ActKind::StatusGranted && fits(Some(name)).is_empty() =>
                    {
                        return claims.map_or(status, today);
                    }
                    (Some(name), _) => fits(Some(name)),
                    (None, Some(name)) if !fits(Some(name)).is_empty() => fits(Some(name)),
                    (None, Some(name)) if deed.kind == ActKind::StatusGranted => return today(name),
                    _ => of_act.clone(),
                };
                let foreseen = candidates.iter().find(|r| r.from.is_empty() || r.from.contains(&status));
                foreseen.or(candidates.first()).map_or(status, |r| r.to)
            }
        }
    }
}

/// Every status on every day of the window, over all days of all acts and all allowed orders. Of acts that say the same
/// the first happens, and no other: one fact of two sources.
fn brute_force(rules: &Rules, deeds: &[Deed], window: i32) -> Vec<BTreeSet<String>> {
    let first = |at: usize| !deeds[..at].contains(&deeds[at]);
    let deeds: Vec<Deed> = (0..deeds.len()).filter(|at| first(*at)).map(|at| deeds[at].clone()).collect();
    let mut found = vec![BTreeSet::new(); window as usize];
    let mut choice: Vec<i32> = deeds.iter().map(|d| d.days.0).collect();
    loop {
        let mut worlds: Vec<(i32, Step<'_>)> =
            choice.iter().copied().zip(deeds.iter().map(Step::Deed)).collect();
        if let Some((day, _, Some((old, new)))) = rules.amendment {
            worlds.push((day, Step::Merger(old, new)));
        }
        let mut now = BTreeSet::from(["none"]);
        for day in 0..window {
            let today: Vec<Step<'_>> = worlds.iter().filter(|(d, _)| *d == day).map(|(_, s)| *s).collect();
            if !today.is_empty() {
                let orders = orders(&today);
                now = now
                    .iter()
                    .flat_map(|status| {
                        orders
                            .iter()
                            .map(|order| order.iter().fold(*status, |s, step| step.from(s, rules, day)))
                    })
                    .collect();
            }
            found[day as usize].extend(now.iter().map(|s| (*s).to_owned()));
        }
        let Some(next) = (0..deeds.len()).find(|n| choice[*n] < deeds[*n].days.1) else { return found };
        choice[next] += 1;
        (0..next).for_each(|n| choice[n] = deeds[n].days.0);
    }
}

fn orders<'a>(steps: &[Step<'a>]) -> Vec<Vec<Step<'a>>> {
    if steps.is_empty() {
        return vec![Vec::new()];
    }
    let mut found = Vec::new();
    for first in 0..steps.len() {
        let mut rest = steps.to_vec();
        let step = rest.remove(first);
        if rest.iter().all(|other| !other.before(step)) {
            for mut order in orders(&rest) {
                order.insert(0, step);
                found.push(order);
            }
        }
    }
    found
}

fn rule() -> impl Strategy<Value = Rule> {
    let from = subsequence(STATUSES.to_vec(), 0..=2);
    (select(&KINDS[..]), from, select(&STATUSES[..])).prop_map(|(act, from, to)| Rule { act, from, to })
}

fn rules() -> impl Strategy<Value = Rules> {
    let merger = prop::option::of(Just(("b", "c")));
    let amendment = prop::option::of((1..WINDOW - 2, prop::collection::vec(rule(), 0..3), merger));
    (prop::collection::vec(rule(), 1..6), amendment).prop_map(|(first, amendment)| {
        // A merger's rules do not lead to the status that it ends.
        let amendment = amendment.map(|(day, mut more, merger)| {
            more.retain(|r: &Rule| merger.is_none() || (r.to != "b" && !r.from.contains(&"b")));
            (day, more, merger)
        });
        Rules { first, amendment }
    })
}

fn deed(rival: bool) -> impl Strategy<Value = Deed> {
    let chains = select(vec![None, None, Some("D:one"), Some("D:two"), Some("E:only")]);
    (
        select(&KINDS[..]),
        prop::option::weighted(0.3, select(&STATUSES[1..])),
        prop::option::weighted(0.4, select(&STATUSES[1..])),
        prop::option::weighted(0.3, 1..3u16),
        (1..10i32, prop_oneof![3 => Just(0), 1 => Just(1), 2 => 1..4i32]),
        chains,
    )
        .prop_map(move |(kind, toward, claims, sequence, (from, more), chain)| Deed {
            kind,
            toward,
            claims,
            sequence,
            days: (from, from + more),
            text: None,
            rival: chain.filter(|_| rival),
        })
}

fn said(statuses: &BTreeSet<&StatusId>) -> BTreeSet<String> {
    statuses.iter().map(|s| s.to_string()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(400), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_course_is_what_every_choice_of_days_and_orders_gives(
        rules in rules(), deeds in prop::collection::vec(deed(false), 1..5)
    ) {
        let charter = rules.charter();
        let acts: Vec<_> = deeds.iter().enumerate().map(|(i, d)| d.standing(i as u64)).collect();
        let history = History::fold(&charter, &acts, &Influence::default());
        for (offset, expected) in brute_force(&rules, &deeds, WINDOW).into_iter().enumerate() {
            let reading = history.on(at(offset as i32));
            prop_assert_eq!(said(&reading.statuses()), expected.clone(), "on day {}", offset);
            let certain = if expected.len() == 1 { Certainty::Certain } else { Certainty::Possible };
            prop_assert_eq!(reading.certainty, certain);
        }
    }

    #[test]
    fn a_day_with_one_world_and_one_act_needs_no_set_of_worlds(
        rules in rules(), deeds in prop::collection::vec(deed(true), 0..9)
    ) {
        let charter = rules.charter();
        let acts: Vec<_> = deeds.iter().enumerate().map(|(i, d)| d.standing(i as u64)).collect();
        let acts: Vec<_> = acts.iter().collect();
        let course = |short| super::spell::unfold(&charter, &acts, &Influence::default(), short);
        prop_assert_eq!(format!("{:?}", course(true)), format!("{:?}", course(false)));
    }

    #[test]
    fn chains_are_contested_exactly_where_they_give_different_statuses(
        rules in rules(), deeds in prop::collection::vec(deed(true), 1..5)
    ) {
        let charter = rules.charter();
        let acts: Vec<_> = deeds.iter().enumerate().map(|(i, d)| d.standing(i as u64)).collect();
        let history = History::fold(&charter, &acts, &Influence::default());
        let has = |chain| deeds.iter().any(|d| d.rival == Some(chain));
        let of_d = match (has("D:one"), has("D:two")) {
            (true, true) => vec![Some("D:one"), Some("D:two")],
            (true, false) => vec![Some("D:one"), None],
            (false, true) => vec![Some("D:two"), None],
            _ => vec![None],
        };
        let of_e = if has("E:only") { vec![Some("E:only"), None] } else { vec![None] };
        let mut accounts = Vec::new();
        for d in of_d {
            for e in &of_e {
                let follows = |deed: &&Deed| deed.rival.is_none() || deed.rival == d || deed.rival == *e;
                let followed: Vec<Deed> = deeds.iter().filter(follows).cloned().collect();
                accounts.push(brute_force(&rules, &followed, WINDOW));
            }
        }
        prop_assert_eq!(history.accounts.len(), accounts.len());
        for offset in 0..WINDOW as usize {
            let reading = history.on(at(offset as i32));
            let sets: BTreeSet<_> = accounts.iter().map(|a| a[offset].clone()).collect();
            let union: BTreeSet<String> = sets.iter().flatten().cloned().collect();
            let expected = match (sets.len(), union.len()) {
                (1, 1) => Certainty::Certain,
                (1, _) => Certainty::Possible,
                _ => Certainty::Contested,
            };
            prop_assert_eq!(said(&reading.statuses()), union, "on day {}", offset);
            prop_assert_eq!(reading.certainty, expected, "on day {}", offset);
        }
    }

    #[test]
    fn spells_part_all_of_time_and_each_day_reads_as_its_spell(
        rules in rules(), deeds in prop::collection::vec(deed(true), 0..5)
    ) {
        let charter = rules.charter();
        let acts: Vec<_> = deeds.iter().enumerate().map(|(i, d)| d.standing(i as u64)).collect();
        let history = History::fold(&charter, &acts, &Influence::default());
        let spells = history.spells();
        prop_assert_eq!(spells[0].from, Day::PAST);
        prop_assert_eq!(spells[spells.len() - 1].until, Day::FUTURE);
        for pair in spells.windows(2) {
            prop_assert!(pair[0].from < pair[0].until);
            prop_assert_eq!(pair[0].until, pair[1].from);
            prop_assert_ne!(&pair[0].reading, &pair[1].reading);
        }
        for offset in -1..WINDOW + 2 {
            let day = at(offset);
            let spell: Vec<_> = spells.iter().filter(|s| s.from <= day && day < s.until).collect();
            prop_assert_eq!(spell.len(), 1);
            prop_assert_eq!(&spell[0].reading, &history.on(day));
        }
    }
}

#[test]
fn a_month_and_a_day_within_it_are_tried_in_every_order() {
    let grant = |to| Rule { act: ActKind::StatusGranted, from: vec![], to };
    let rules = Rules { first: vec![grant("a"), grant("b")], amendment: None };
    let deed = |toward, days, text| Deed {
        kind: ActKind::StatusGranted,
        toward: Some(toward),
        claims: None,
        sequence: None,
        days,
        text,
        rival: None,
    };
    // January 2020, the 10th to the 12th of it, and February.
    let deeds = [
        deed("a", (0, 30), Some("2020-01")),
        deed("b", (9, 11), Some("[2020-01-10..2020-01-12]")),
        deed("a", (31, 59), Some("2020-02")),
    ];
    let acts: Vec<_> = deeds.iter().enumerate().map(|(i, d)| d.standing(i as u64)).collect();
    let history = History::fold(&rules.charter(), &acts, &Influence::default());
    for (offset, expected) in brute_force(&rules, &deeds, 65).into_iter().enumerate() {
        assert_eq!(said(&history.on(at(offset as i32)).statuses()), expected, "on day {offset}");
    }
    assert_eq!(
        said(&history.on("2020-01-20".parse().unwrap()).statuses()),
        ["a", "b"].map(str::to_owned).into()
    );
}

#[test]
fn an_act_without_beginning_leaves_the_status_open_until_its_last_day() {
    let rules =
        Rules { first: vec![Rule { act: ActKind::StatusGranted, from: vec![], to: "a" }], amendment: None };
    let mut act = Deed {
        kind: ActKind::StatusGranted,
        toward: None,
        claims: None,
        sequence: None,
        days: (0, 0),
        text: None,
        rival: None,
    }
    .standing(0);
    let decided = Edtf::parse("[..2020-01-10]").unwrap();
    Arc::make_mut(&mut act.event).dates.set(Role::Decided, decided);
    let history = History::fold(&rules.charter(), &[act], &Influence::default());
    assert_eq!(history.on("1066-01-01".parse().unwrap()).certainty, Certainty::Possible);
    assert_eq!(history.on("2020-01-09".parse().unwrap()).certainty, Certainty::Possible);
    assert_eq!(history.on("2020-01-10".parse().unwrap()).certainty, Certainty::Certain);
}

#[test]
fn more_open_acts_than_can_be_tried_still_end_in_a_status() {
    let rules = Rules {
        first: vec![
            Rule { act: ActKind::StatusGranted, from: vec![], to: "a" },
            Rule { act: ActKind::Expelled, from: vec![], to: "none" },
        ],
        amendment: None,
    };
    let deed = |n: i32| Deed {
        kind: if n % 2 == 0 { ActKind::StatusGranted } else { ActKind::Expelled },
        toward: None,
        claims: None,
        sequence: (n % 3 == 0).then_some(40 - n as u16),
        days: (0, 365),
        text: Some("2020"),
        rival: None,
    };
    let acts: Vec<_> = (0..40).map(|n| deed(n).standing(n as u64)).collect();
    let history = History::fold(&rules.charter(), &acts, &Influence::default());
    for spell in history.spells() {
        assert!(!spell.reading.worlds.is_empty(), "no world is left from {}", spell.from);
    }
}
