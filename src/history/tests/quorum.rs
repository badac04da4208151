//! Quorums of real treaties, and the trigger against every prefix and every order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::*;
use crate::charter::{Bound, Clause, Condition, NamedSet, Rule, SetRef, WeightTable};
use crate::event::{BodyId, Day, Index, ParticipantId, Register};

fn who(id: &str) -> ParticipantId {
    ParticipantId::parse(id).unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn all(ids: &str) -> Vec<ParticipantId> {
    ids.split_whitespace().map(who).collect()
}

/// The last of a line, as the register has it.
fn line(of: &ParticipantId) -> ParticipantId {
    let mut last = of.clone();
    while let Some(next) = Register::builtin().get(&last).and_then(|p| p.line.clone()) {
        last = next;
    }
    last
}

fn rule(text: &str) -> Rule {
    Clause::parse(text).unwrap().rule
}

fn condition(text: &str) -> Condition {
    match rule(&format!("{text} then last")) {
        Rule::WhenMet { trigger, .. } => trigger,
        other => panic!("{other}"),
    }
}

fn set(id: &str, members: Vec<ParticipantId>) -> NamedSet {
    let id = id.to_owned();
    NamedSet { id, members, effective: None, article: None, basis: None, sources: Vec::new() }
}

fn table(id: &str, shares: BTreeMap<ParticipantId, String>) -> WeightTable {
    let id = id.to_owned();
    WeightTable { id, shares, unit: None, effective: None, article: None, basis: None, sources: Vec::new() }
}

/// Lines of `FRA 1949-08-24`, with `#3` for a sequence and `-2000-01-01` for the day from which it is undone.
fn consents(text: &str) -> Vec<Consent> {
    let line = |(at, line): (usize, &str)| {
        let mut words = line.split_whitespace();
        let (participant, on) = (who(words.next()?), day(words.next()?));
        let mut consent = Consent { participant, on, sequence: None, entry: Index(at as u64), undone: None };
        for word in words {
            match word.split_at(1) {
                ("#", sequence) => consent.sequence = sequence.parse().ok(),
                (_, undone) => consent.undone = Some(day(undone)),
            }
        }
        Some(consent)
    };
    text.lines().filter(|l| !l.trim().is_empty()).enumerate().filter_map(line).collect()
}

/// The facts of a poll. Without a statement to the contrary there are no members, and no treaty is in force.
struct Facts {
    consents: Vec<Consent>,
    signatories: Vec<(ParticipantId, Day)>,
    members: Box<dyn Fn(Day, Option<u16>) -> BTreeSet<ParticipantId>>,
    sets: Vec<NamedSet>,
    weights: Vec<WeightTable>,
    in_force: BTreeMap<BodyId, Day>,
}

impl Facts {
    fn new(text: &str) -> Facts {
        Facts {
            consents: consents(text),
            signatories: Vec::new(),
            members: Box::new(|_, _| BTreeSet::new()),
            sets: Vec::new(),
            weights: Vec::new(),
            in_force: BTreeMap::new(),
        }
    }

    fn ask<T>(&self, question: impl FnOnce(&Poll<'_>) -> T) -> T {
        question(&Poll {
            consents: &self.consents,
            signatories: &self.signatories,
            members: &self.members,
            sets: &self.sets,
            weights: &self.weights,
            line: &line,
            is_reio: &|p| p.as_str() == "EUE",
            in_force: &|body| self.in_force.get(body).copied(),
        })
    }

    /// The day and the participants of the trigger.
    fn trigger(&self, text: &str) -> Option<(String, String)> {
        let found = self.ask(|poll| trigger(&condition(text), poll))?;
        let by: Vec<&str> = found.by.iter().map(|d| d.participant.as_str()).collect();
        Some((found.on.to_string(), by.join(" ")))
    }

    fn on(&self, text: &str, on: &str) -> QuorumCount {
        self.ask(|poll| count_on(&condition(text), poll, day(on)))
    }
}

fn met(on: &str, by: &str) -> Option<(String, String)> {
    Some((on.into(), by.into()))
}

/// Deposits of 1949, in Washington.
const NATO: &str = "CAN 1949-05-03\nGBR 1949-06-07\nBEL 1949-06-16\nLUX 1949-06-27\nNOR 1949-07-08\nUSA 1949-07-25\n\
    ISL 1949-08-01\nNLD 1949-08-12\nITA 1949-08-24\nDNK 1949-08-24\nFRA 1949-08-24\nPRT 1949-08-24";

#[test]
fn the_north_atlantic_treaty_came_into_force_with_the_deposit_of_france() {
    let mut facts = Facts::new(NATO);
    facts.signatories = all("BEL CAN DNK FRA ISL ITA LUX NLD NOR PRT GBR USA")
        .into_iter()
        .map(|id| (id, Day::PAST))
        .collect();
    let clause = "all_of(BEL,CAN,FRA,LUX,NLD,GBR,USA) and count_of(signatories > 1/2)";
    // Four deposited that day in no known order; of them only France was still needed.
    assert_eq!(facts.trigger(clause), met("1949-08-24", "FRA"));
    let eve = facts.on(clause, "1949-08-23");
    assert_eq!((eve.needed, eve.count, eve.met), (7, 6, false));
    assert_eq!(eve.missing, all("FRA"));
    let half = facts.on("count_of(signatories > 1/2)", "1949-08-23");
    assert_eq!((half.needed, half.count, half.missing), (7, 8, all("DNK FRA ITA PRT")));
    let found = facts.ask(|poll| in_force_on(&rule(&format!("{clause} then days(0)")), poll)).unwrap();
    assert_eq!((found.0, found.1.deposit().unwrap().entry), (day("1949-08-24"), Index(10)));
}

#[test]
fn of_several_deposits_on_one_day_without_order_each_may_be_the_last_needed() {
    let facts = Facts::new("BEL 2002-04-01\nEUE 2002-04-11\nBIH 2002-04-11\nKHM 2002-04-11");
    let clause = "count(2, exclude=reio)";
    assert_eq!(facts.trigger(clause), met("2002-04-11", "BIH KHM"));
    assert!(facts.ask(|poll| trigger(&condition(clause), poll)).unwrap().deposit().is_none());
    assert_eq!(facts.trigger("count(2)"), met("2002-04-11", "EUE BIH KHM"));
    assert_eq!(facts.trigger("count(4)"), met("2002-04-11", "EUE BIH KHM"));
    assert_eq!(facts.trigger("count(5)"), None);
}

/// Shares of carbon dioxide in 1990, Gg: the annex to document FCCC/CP/1997/7/Add.1.
const CO2: &str = "AUS 288965 AUT 59200 BEL 113405 BGR 82990 CAN 457441 CZE 169514 DNK 52100 EST 37797 FIN 53900 \
    FRA 366536 DEU 1012443 GRC 82100 HUN 71673 ISL 2172 IRL 30719 ITA 428941 JPN 1173360 LVA 22976 LIE 208 LUX 11343 \
    MCO 71 NLD 167600 NZL 25530 NOR 35533 POL 414930 PRT 42148 ROU 171103 RUS 2388720 SVK 58278 ESP 260654 SWE 61256 \
    CHE 43600 GBR 584078 USA 4957022";

fn kyoto() -> Facts {
    let words: Vec<&str> = CO2.split_whitespace().collect();
    let shares: BTreeMap<_, _> = words.chunks(2).map(|pair| (who(pair[0]), pair[1].to_owned())).collect();
    let members: Vec<ParticipantId> = shares.keys().cloned().collect();
    let late = ["AUS", "USA", "LIE", "MCO", "RUS"];
    let early = members.iter().filter(|p| !late.contains(&p.as_str()));
    let text: Vec<String> = early.map(|p| format!("{p} 2002-05-31")).collect();
    let mut facts =
        Facts::new(&format!("{}\nUKR 2004-04-12\nRUS 2004-11-18\nLIE 2004-12-03", text.join("\n")));
    facts.weights = vec![table("annex_I_CO2_1990", shares)];
    facts.sets = vec![set("annex-i", members)];
    facts
}

#[test]
fn a_set_and_a_table_count_as_they_are_on_the_day() {
    let mut facts = Facts::new("AUS 2001-01-01\nBEL 2005-01-01");
    let dated = |mut set: NamedSet, from: &str| {
        set.effective = Some(from.parse().unwrap());
        set
    };
    facts.sets = vec![
        set("annex", all("AUS BEL CHN")),
        dated(set("annex", all("AUS")), "2002-01-01"),
        dated(set("annex", all("AUS BEL")), "2003-01-01"),
    ];
    // In 2002 the set was whole without a new consent.
    assert_eq!(facts.trigger("all(annex)"), met("2002-01-01", ""));
    assert_eq!(facts.on("all(annex)", "2001-12-31").missing, all("BEL CHN"));
    assert!(facts.on("all(annex)", "2002-01-01").met);
    assert_eq!(facts.on("all(annex)", "2003-01-01").missing, all("BEL"));
    let shares = |aus: &str| BTreeMap::from([(who("AUS"), aus.to_owned()), (who("CHN"), "10".to_owned())]);
    let mut later = table("co2", shares("30"));
    later.effective = Some("2002".parse().unwrap());
    facts.weights = vec![later, table("co2", shares("10"))];
    assert_eq!(facts.on("weight(co2 >= 75%)", "2001-12-31").count, 50_000);
    assert_eq!(facts.on("weight(co2 >= 75%)", "2002-01-01").count, 75_000);
}

#[test]
fn a_protocol_that_needs_its_covenant_counts_its_own_months_from_its_own_consents() {
    // The Optional Protocol to the ICCPR, article 9(1): "Subject to the entry into force of the Covenant".
    let mut facts = Facts::new("AUS 2001-01-01\nBEL 2001-02-01");
    let protocol = rule("count(2) then months(3) not_before in_force(covenant)");
    assert_eq!(facts.ask(|poll| in_force_on(&protocol, poll)), None);
    for (covenant, expected) in [("2001-03-01", "2001-05-01"), ("2001-07-01", "2001-07-01")] {
        facts.in_force.insert(BodyId::parse("covenant").unwrap(), day(covenant));
        assert_eq!(facts.ask(|poll| in_force_on(&protocol, poll)).map(|(on, _)| on), Some(day(expected)));
    }
}

#[test]
fn the_kyoto_protocol_waited_for_russia_and_rounding_is_part_of_the_clause() {
    let facts = kyoto();
    let exact = "count(30, exclude=reio) and weight(annex_I_CO2_1990 >= 55% of annex_I)";
    let rounded = "weight(annex_I_CO2_1990 >= 55% of annex_I, rounding=1)";
    assert_eq!(facts.trigger(exact), met("2004-11-18", "RUS"));
    let then = rule(&format!("{exact} then days(90)"));
    assert_eq!(facts.ask(|poll| in_force_on(&then, poll)).unwrap().0, day("2005-02-16"));
    let (before, after) = (facts.on(rounded, "2004-11-17"), facts.on(rounded, "2004-11-18"));
    assert_eq!(
        (before.measure, before.met, before.missing),
        (Measure::MilliPercent, false, all("AUS LIE MCO RUS USA"))
    );
    assert_eq!((after.needed, after.count, after.met), (55_000, 61_600, true));
    let exact = facts.on("weight(annex_I_CO2_1990 >= 55% of annex_I)", "2004-11-18");
    assert_eq!((exact.count, exact.met), (61_785, true));
    // Between the two sums the clause decides.
    assert!(facts.on("weight(annex_I_CO2_1990 >= 61.7%)", "2004-11-18").met);
    assert!(!facts.on("weight(annex_I_CO2_1990 >= 61.7%, rounding=1)", "2004-11-18").met);
    assert!(facts.on("weight(annex_I_CO2_1990 >= 61.6%, rounding=1)", "2004-11-18").met);
    assert!(!facts.on("weight(annex_I_CO2_1990 > 61.6%, rounding=1)", "2004-11-18").met);
    assert!(!facts.on("weight(nobody_knows >= 0%)", "2004-11-18").met);
}

/// 4 April 2023: Türkiye deposits (1), Finland is a member (2), Finland accepts Sweden's protocol (3).
fn sweden(finland: &str) -> Facts {
    let thirty = "ALB BEL BGR CAN HRV CZE DNK EST FRA DEU GRC HUN ISL ITA LVA LTU LUX MNE NLD MKD NOR POL PRT ROU SVK \
        SVN ESP TUR GBR USA";
    let early = all(thirty).into_iter().filter(|p| !["TUR", "HUN"].contains(&p.as_str()));
    let text: Vec<String> = early.map(|p| format!("{p} 2022-09-30")).collect();
    let mut facts = Facts::new(&format!("{}\nTUR 2023-04-04 #1\n{finland}", text.join("\n")));
    let members: BTreeSet<ParticipantId> = all(thirty).into_iter().collect();
    facts.members = Box::new(move |on, sequence| {
        let mut members = members.clone();
        let joined = day("2023-04-04");
        if on > joined || (on == joined && sequence.is_none_or(|s| s > 2)) {
            members.insert(who("FIN"));
        }
        members
    });
    facts
}

#[test]
fn all_members_are_those_of_the_moment_and_rose_by_one_within_a_day() {
    let facts = sweden("FIN 2023-04-04 #3\nHUN 2024-02-26");
    let (eve, day_after) = (facts.on("all(members)", "2023-04-03"), facts.on("all(members)", "2023-04-04"));
    assert_eq!((eve.needed, eve.count, eve.missing), (30, 28, all("HUN TUR")));
    assert_eq!((day_after.needed, day_after.count, day_after.missing), (31, 30, all("HUN")));
    assert_eq!(facts.trigger("all(members)"), met("2024-02-26", "HUN"));
    // Had Hungary been in time, Türkiye's deposit would have completed the thirty just before Finland joined.
    let facts = sweden("HUN 2023-04-03");
    assert_eq!(facts.trigger("all(members)"), met("2023-04-04", "TUR"));
    assert!(!facts.on("all(members)", "2023-04-04").met);
}

#[test]
fn a_line_counts_once_and_consents_undone_before_the_trigger_do_not_count() {
    let facts = Facts::new(
        "SUN 1970-01-01\nRUS 1992-01-01\nFRA 1993-01-01 -1994-01-01\nCHN 1995-01-01\nGBR 1996-01-01",
    );
    assert_eq!(facts.on("count(9)", "1992-12-31").counted, all("SUN"));
    assert_eq!(facts.trigger("all_of(RUS)"), met("1970-01-01", "SUN"));
    assert_eq!(facts.trigger("count(3)"), met("1996-01-01", "GBR"));
    // Undone afterwards, it undoes nothing.
    assert_eq!(facts.trigger("count(2)"), met("1993-01-01", "FRA"));
    assert_eq!(facts.on("count(2)", "1994-01-01").count, 1);
}

#[test]
fn another_treaty_can_be_what_was_waited_for() {
    let mut facts = Facts::new("FRA 2000-01-01\nDEU 2001-01-01\nITA 2003-01-01");
    assert_eq!(facts.trigger("count(2) and in_force(euratom)"), None);
    facts.in_force.insert(BodyId::parse("euratom").unwrap(), day("2002-01-01"));
    assert_eq!(facts.trigger("count(2) and in_force(euratom)"), met("2002-01-01", ""));
    assert_eq!(facts.trigger("count(3) and in_force(euratom)"), met("2003-01-01", "ITA"));
    assert_eq!(facts.trigger("count(3) or in_force(euratom)"), met("2002-01-01", ""));
    let count = facts.on("count(2) and in_force(euratom)", "2001-06-01");
    assert_eq!((count.measure, count.needed, count.count, count.met), (Measure::Treaties, 1, 0, false));
}

#[test]
fn nothing_follows_from_an_empty_set() {
    let facts = Facts::new("FRA 2000-01-01");
    for clause in ["all(signatories)", "count_of(members >= 0/3)", "count_of(unknown > 1/2)", "all(members)"]
    {
        assert_eq!(facts.trigger(clause), None, "{clause}");
    }
}

#[test]
fn a_fixed_day_waits_for_the_last_deposit_where_that_comes_late() {
    let mut facts = Facts::new("HRV 2013-01-01\nDEU 2013-06-21");
    facts.signatories = all("HRV DEU").into_iter().map(|id| (id, Day::PAST)).collect();
    let on = |text: &str| facts.ask(|poll| in_force_on(&rule(text), poll)).map(|(day, _)| day.to_string());
    assert_eq!(on("fixed(2013-07-01) provided all(signatories)").as_deref(), Some("2013-07-01"));
    assert_eq!(on("fixed(2013-06-21) provided all(signatories)"), None);
    let or_later = "fixed(2013-01-01) provided all(signatories) else first_of_month_after(last)";
    assert_eq!(on(or_later).as_deref(), Some("2013-07-01"));
    assert_eq!(on("all(signatories) then days(1) not_before 2015-01-01").as_deref(), Some("2015-01-01"));
    assert_eq!(on("stated"), None);
}

const CAST: [&str; 6] = ["AUS", "BEL", "CHN", "EUE", "RUS", "SUN"];

/// Tests a condition in the plainest way: only met or not met, with only one line of participants, and without code of the program.
fn holds(condition: &Condition, given: &BTreeSet<String>) -> bool {
    let same = |a: &str, b: &str| a == b || [a, b].iter().all(|p| ["RUS", "SUN"].contains(p));
    let has = |p: &str| given.iter().any(|g| same(g, p));
    let named = |set: &SetRef| match set {
        SetRef::Signatories { .. } => vec!["AUS", "BEL", "CHN"],
        SetRef::Members => vec!["BEL", "EUE", "RUS"],
        SetRef::Named(_) => vec!["AUS", "CHN", "RUS", "EUE"],
    };
    match condition {
        Condition::Count { needed, of, exclude_reio } => {
            let cast = of.as_ref().map_or(vec!["AUS", "BEL", "CHN", "EUE", "RUS"], named);
            let counted = cast.iter().filter(|p| has(p) && !(*exclude_reio && **p == "EUE")).count();
            counted as u32 >= *needed
        }
        Condition::Share { of, bound, numerator, denominator } => {
            let set = named(of);
            let have = set.iter().filter(|p| has(p)).count() as u32;
            let (left, right) = (have * denominator, set.len() as u32 * numerator);
            have > 0 && if *bound == Bound::MoreThan { left > right } else { left >= right }
        }
        Condition::All(set) => named(set).iter().all(|p| has(p)),
        Condition::AllOf(list) => list.iter().all(|p| has(p.as_str())),
        Condition::Weight { part, .. } => {
            // AUS 10, BEL 20.5, CHN 30, RUS 39.5: of a hundred.
            let table = [("AUS", 10_000), ("BEL", 20_500), ("CHN", 30_000), ("RUS", 39_500)];
            table.iter().filter(|(p, _)| has(p)).map(|(_, share)| share).sum::<u32>() >= part.thousandths()
        }
        Condition::InForce(_) => false,
        Condition::And(parts) => parts.iter().all(|p| holds(p, given)),
        Condition::Or(parts) => parts.iter().any(|p| holds(p, given)),
    }
}

fn some_condition() -> impl Strategy<Value = Condition> {
    let leaf = prop::sample::select(vec![
        "count(1)",
        "count(2)",
        "count(3, exclude=reio)",
        "count(5)",
        "count_in(named, 2)",
        "count_in(named, 3, exclude=reio)",
        "count_of(signatories > 1/2)",
        "count_of(members >= 2/3)",
        "count_of(named > 1/4)",
        "all(signatories)",
        "all(members)",
        "all(named)",
        "all_of(SUN, AUS)",
        "all_of(RUS)",
        "weight(table >= 50%)",
        "weight(table >= 60.5%)",
        "weight(table >= 39.5%)",
    ])
    .prop_map(condition);
    leaf.prop_recursive(2, 6, 3, |inner| {
        (prop::collection::vec(inner, 2..4), any::<bool>())
            .prop_map(|(parts, and)| if and { Condition::And(parts) } else { Condition::Or(parts) })
    })
}

/// A day and, for some, the day from which it is undone, for each of a cast in some order.
fn some_consents(sequences: bool) -> impl Strategy<Value = Vec<Consent>> {
    let cast = Just(CAST.to_vec()).prop_shuffle();
    let days = prop::collection::vec((0..5i32, prop::option::weighted(0.3, 0..5i32)), 1..=CAST.len());
    (cast, days).prop_map(move |(cast, days)| {
        let consent = |(at, (who_is, (on, undone))): (usize, (&str, (i32, Option<i32>)))| Consent {
            participant: who(who_is),
            on: super::at(on),
            sequence: sequences.then_some(at as u16),
            entry: Index(at as u64),
            undone: undone.map(super::at),
        };
        cast.into_iter().zip(days).enumerate().map(consent).collect()
    })
}

fn facts_of(consents: Vec<Consent>) -> Facts {
    let shares = [("AUS", "10"), ("BEL", "20.5"), ("CHN", "30.00"), ("RUS", "39.5")];
    let shares = shares.into_iter().map(|(p, share)| (who(p), share.to_owned())).collect();
    let mut facts = Facts::new("");
    facts.consents = consents;
    facts.signatories = all("AUS BEL CHN").into_iter().map(|id| (id, Day::PAST)).collect();
    facts.members = Box::new(|_, _| all("BEL EUE RUS").into_iter().collect());
    facts.sets = vec![set("Named", all("AUS CHN RUS EUE"))];
    facts.weights = vec![table("table", shares)];
    facts
}

/// The first consent, in the given order, after which a condition is met.
fn first(condition: &Condition, order: &[&Consent]) -> Option<(Day, ParticipantId)> {
    (1..=order.len()).find_map(|length| {
        let last = order[length - 1];
        let counts = |c: &&&Consent| c.undone.is_none_or(|from| last.on < from);
        let given = order[..length].iter().filter(counts).map(|c| c.participant.to_string()).collect();
        holds(condition, &given).then(|| (last.on, last.participant.clone()))
    })
}

fn permutations<T: Copy>(of: &[T]) -> Vec<Vec<T>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for at in 0..of.len() {
        let mut rest = of.to_vec();
        let one = rest.remove(at);
        all.extend(permutations(&rest).into_iter().map(|tail| [vec![one], tail].concat()));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: super::cases(400), failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn the_trigger_is_the_first_prefix_after_which_the_condition_holds(
        condition in some_condition(), consents in some_consents(true)
    ) {
        let facts = facts_of(consents);
        let found = facts.ask(|poll| trigger(&condition, poll));
        let found = found.map(|t| (t.on, t.deposit().unwrap().participant.clone()));
        let mut order: Vec<&Consent> = facts.consents.iter().collect();
        order.sort_by_key(|c| (c.on, c.sequence));
        prop_assert_eq!(found, first(&condition, &order), "{}", condition);
    }

    #[test]
    fn without_order_the_trigger_names_everybody_who_may_have_been_last(
        condition in some_condition(), consents in some_consents(false)
    ) {
        let facts = facts_of(consents);
        let found = facts.ask(|poll| trigger(&condition, poll));
        let consents: Vec<&Consent> = facts.consents.iter().collect();
        let mut expected: BTreeSet<Option<(Day, ParticipantId)>> = BTreeSet::new();
        for mut order in permutations(&consents) {
            order.sort_by_key(|c| c.on);
            expected.insert(first(&condition, &order));
        }
        let days: BTreeSet<Option<Day>> = expected.iter().map(|e| e.as_ref().map(|(on, _)| *on)).collect();
        prop_assert_eq!(days, BTreeSet::from([found.as_ref().map(|t| t.on)]), "{}", &condition);
        let named: BTreeSet<ParticipantId> =
            found.iter().flat_map(|t| t.by.iter().map(|d| d.participant.clone())).collect();
        for (_, last) in expected.into_iter().flatten() {
            prop_assert!(named.contains(&last), "{}: {} is not in {:?}", condition, last, named);
        }
    }

    #[test]
    fn the_end_of_a_day_counts_as_the_condition_holds(
        condition in some_condition(), consents in some_consents(false), offset in 0..6i32
    ) {
        let facts = facts_of(consents);
        let on = super::at(offset);
        let counts = |c: &&Consent| c.on <= on && c.undone.is_none_or(|from| on < from);
        let given = facts.consents.iter().filter(counts).map(|c| c.participant.to_string()).collect();
        let count = facts.ask(|poll| count_on(&condition, poll, on));
        prop_assert_eq!(count.met, holds(&condition, &given), "{}: {:?}", condition, count);
    }
}
