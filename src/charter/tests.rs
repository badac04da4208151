//! Tests of clauses as texts: those that are accepted, those that are refused at their place, and the dates that follow.

use proptest::prelude::*;

use super::*;
use crate::event::{Day, ParticipantId};
use crate::fixture::data;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn rule(text: &str) -> Rule {
    Clause::parse(text).unwrap_or_else(|e| panic!("{text}: {e}")).rule
}

/// The column and the text of an error.
fn wrong(text: &str) -> (usize, String) {
    let error = Clause::parse(text).unwrap_err();
    (error.column, error.what)
}

fn delay(text: &str) -> Delay {
    match rule(text) {
        Rule::After { delay, .. } => delay,
        other => panic!("{other:?}"),
    }
}

fn after(delay_text: &str, from: &str) -> String {
    delay(delay_text).from(day(from)).to_string()
}

#[test]
fn every_clause_of_the_data_set_reads_back_and_gives_its_day() {
    let Some(text) = data("entry_into_force.csv") else { return };
    let mut checked = 0;
    for row in csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap) {
        let (clause, trigger, expected) = (rule(&row[2]), day(&row[3]), &row[5]);
        assert_eq!(rule(&clause.to_string()), clause, "{}", &row[2]);
        let effect = match &clause {
            Rule::WhenMet { then, not_before, .. } => {
                let floor = match not_before {
                    Some(Floor::Day(day)) => *day,
                    _ => Day::PAST,
                };
                then.from(trigger).map(|day| day.max(floor))
            }
            Rule::Fixed { on, .. } => (trigger < *on).then_some(*on),
            other => panic!("{other}"),
        };
        assert_eq!(effect.map(|d| d.to_string()).as_deref(), Some(expected), "{}", &row[1]);
        checked += 1;
    }
    assert!(checked >= 11, "only {checked} clauses");
}

#[test]
fn months_end_with_the_month_and_days_are_counted_as_treaties_count_them() {
    assert_eq!(after("months(1)", "2023-01-31"), "2023-02-28");
    assert_eq!(after("months(1)", "2024-01-31"), "2024-02-29");
    assert_eq!(after("years(1)", "2024-02-29"), "2025-02-28");
    assert_eq!(after("days(30)", "2019-04-29"), "2019-05-29");
    // The African free trade area: "thirty days after", in force on the 31st.
    assert_eq!(after("days(30, after_full_days)", "2019-04-29"), "2019-05-30");
    assert_eq!(after("first_of_month_after(days(60))", "2002-04-11"), "2002-07-01");
    assert_eq!(after("first_of_month_after(last)", "2009-12-01"), "2010-01-01");
    assert_eq!(after("first_of_nth_month_after(6)", "1998-09-16"), "1999-03-01");
    assert_eq!(delay("years(999)").from(Day::FUTURE), Day::FUTURE);
    assert_eq!(delay("days(99999)").from(Day::PAST), Day::PAST);
}

#[test]
fn a_notice_in_the_first_nine_months_ends_with_the_year_and_a_later_one_with_the_next() {
    let Rule::Notice { then, extendable: false } = rule("notice then last_day_of(year, notice_by=09-30)")
    else {
        panic!()
    };
    assert_eq!(then.from(day("2022-03-15")), day("2023-01-01"));
    assert_eq!(then.from(day("2022-09-30")), day("2023-01-01"));
    assert_eq!(then.from(day("2022-10-01")), day("2024-01-01"));
    // The United Kingdom: notice on 29 March 2017, two years, extended three times.
    let Rule::Notice { then, extendable: true } = rule("notice then years(2) extendable") else { panic!() };
    assert_eq!(then.from(day("2017-03-29")), day("2019-03-29"));
}

#[test]
fn a_fixed_day_holds_only_for_what_is_complete_by_its_eve() {
    let Rule::WhenMet { then, .. } =
        rule("all(signatories) then fixed(2009-01-01) else first_of_month_after(last)")
    else {
        panic!()
    };
    assert_eq!(then.from(day("2008-12-31")), Some(day("2009-01-01")));
    assert_eq!(then.from(day("2009-11-13")), Some(day("2009-12-01")));
    let Rule::WhenMet { then, .. } = rule("all(signatories) then fixed(2009-01-01)") else { panic!() };
    assert_eq!(then.from(day("2009-01-01")), None);
}

#[test]
fn one_rule_may_be_spelt_in_several_ways() {
    for (spelling, canonical) in [
        ("COUNT( 50 ,Exclude = REIO )then Days(90)", "count(50, exclude=reio) then days(90)"),
        ("all(parties_at(t)) then last", "all(members) then instant"),
        ("all(Members) then days(0)", "all(members) then instant"),
        ("all(parties) then instant", "all(members) then instant"),
        ("all_of(chn,FRA) then days(30, on_nth_day)", "all_of(CHN, FRA) then days(30)"),
        ("first-of-month-after(instant)", "first_of_month_after(last)"),
        ("count_in(Annex-I, 20) then years(1)", "count_in(annex_i, 20) then years(1)"),
        (
            "weight(annex_I_CO2_1990 >= 55.50% of annex_I, rounding=1) then days(90)",
            "weight(annex_i_co2_1990 >= 55.5% of annex_i, rounding=1) then days(90)",
        ),
        (
            "count(1) and (count(2) or in_force(UNTC_4_4)) and ((count(3))) or count(4) then last",
            "count(1) and (count(2) or in_force(untc-4-4)) and count(3) or count(4) then instant",
        ),
        ("notice then last_day_of(year)", "notice then last_day_of(year)"),
        ("Stated", "stated"),
    ] {
        assert_eq!(rule(spelling).to_string(), canonical);
        assert_eq!(rule(canonical), rule(spelling));
    }
}

#[test]
fn and_binds_tighter_than_or() {
    let Rule::WhenMet { trigger, .. } = rule("count(1) or count(2) and count(3) then last") else { panic!() };
    let Condition::Or(parts) = trigger else { panic!("{trigger:?}") };
    assert!(matches!(&parts[..], [Condition::Count { .. }, Condition::And(both)] if both.len() == 2));
}

#[test]
fn a_slip_is_shown_at_its_column_with_what_to_write() {
    for (text, column, what) in [
        ("cuont(35) then months(3)", 1, "there is no rule called cuont: did you mean count?"),
        (
            "count(5) and wieght(t > 1%) then last",
            14,
            "there is no condition called wieght: did you mean weight?",
        ),
        ("count(35) then mnths(3)", 16, "there is no delay called mnths: did you mean months?"),
        ("count(35)", 10, "the clause ends too early: write then and a delay, such as then days(30)"),
        (
            "count(35) months(3)",
            11,
            "months does not fit here: write then and a delay, such as then days(30)",
        ),
        ("count(0) then last", 7, "0 does not fit here: write a whole number from 1 to 9999"),
        ("count(many) then last", 7, "many does not fit here: write a whole number from 1 to 9999"),
        ("count 35 then last", 7, "35 does not fit here: write ( after count"),
        ("count(35 then last", 10, "then does not fit here: write )"),
        ("count(9) then days(1) not_before 1995-02-31", 34, "1995-02-31 is no day: write it as 1995-01-13"),
        (
            "fixed(2013-07-01)",
            18,
            "the clause ends too early: write provided and a condition, such as provided all(signatories)",
        ),
        ("count_of(signatories = 1/2) then last", 22, "= does not fit here: write > or >="),
        (
            "count_of(signatories > 3/2) then last",
            26,
            "2 does not fit here: write a whole number from 4 to 9999",
        ),
        (
            "weight(t > 100%) then last",
            12,
            "100 does not fit here: no part is larger than the whole: write at most >= 100%",
        ),
        ("all_of(CHN,CHN) then last", 12, "CHN is named twice: name each once"),
        ("stated then last", 8, "the clause is complete before then: leave the rest out"),
        (
            "notice then last_day_of(year, notice_by=02-30)",
            41,
            "02-30 is no day of a year: write month and day, such as 09-30",
        ),
        ("“count(3)” then last", 1, "“ has no meaning in a clause: leave it out"),
        ("count(3)   é then last", 12, "é has no meaning in a clause: leave it out"),
        ("", 1, "the clause ends too early: write a condition, such as count(35)"),
    ] {
        assert_eq!(wrong(text), (column, what.to_owned()), "{text}");
    }
    let deep = format!("{}count(1){} then last", "(".repeat(9999), ")".repeat(9999));
    assert!(wrong(&deep).1.contains("fewer brackets"));
}

fn adoption(body: &str) -> String {
    format!("id = \"x\"\nkind = \"treaty\"\n{body}\n")
}

/// The line, column and text of the error of an adoption.
fn refused(body: &str) -> String {
    CharterText::parse_adoption(&adoption(body)).unwrap_err().to_string()
}

#[test]
fn a_bad_clause_is_shown_at_its_place_in_the_toml() {
    let slip = "there is no condition called cuont: did you mean count?";
    for (body, place) in [
        ("entry_into_force = \"count(3) and cuont(5) then last\"", "line 3, column 34"),
        ("entry-into-force = 'count(3) and cuont(5) then last'", "line 3, column 34"),
        ("entry_into_force = \"\"\"\ncount(3)\n and cuont(5) then last\"\"\"", "line 5, column 6"),
        // With escapes the columns differ, and the error points to the string.
        ("entry_into_force = \"count(3)\\u0020and cuont(5) then last\"", "line 3, column 20"),
        (
            "[[accession]]\nparticipant = \"HRV\"\narticle = \"3\"\nclause = \"count(3) and cuont(5) then last\"",
            "line 6, column 24",
        ),
    ] {
        assert_eq!(refused(body), format!("{place}: {slip}"), "{body}");
        assert!(CharterText::parse(&adoption(body)).is_err());
    }
}

#[test]
fn each_clause_stands_under_the_key_that_is_meant_for_it() {
    assert_eq!(
        refused("withdrawal = \"months(12)\""),
        "line 3, column 15: it is counted from a notice: write notice then and a delay, such as notice then \
         years(1)"
    );
    assert_eq!(
        refused("entry_into_force = \"days(30)\""),
        "line 3, column 21: it needs a condition: write one before the delay, such as count(35) then"
    );
    assert!(refused("entry_into_force_for_participant = \"count(1) then last\"").contains("delay alone"));
    let right = "entry_into_force = \"stated\"\nentry_into_force_for_participant = \"months(3)\"\n\
                 withdrawal = \"notice then years(1)\"";
    assert!(CharterText::parse_adoption(&adoption(right)).is_ok());
}

const KYOTO: &str = "entry_into_force = \"weight(co2 >= 55% of annex-I) then days(90)\"\n\
    [[set]]\nid = \"annex-i\"\nmembers = [\"RUS\", \"USA\"]\n\
    [[weight]]\nid = \"CO2\"\nshares = { RUS = \"17.4\", USA = \"36.1\" }";

#[test]
fn names_that_nothing_defines_and_shares_that_are_no_decimals_are_shown_at_their_place() {
    assert!(CharterText::parse_adoption(&adoption(KYOTO)).is_ok());
    assert_eq!(
        refused(&KYOTO.replace("id = \"annex-i\"", "id = \"annex-one\"")),
        "line 3, column 42: there is no set called annex_i: did you mean annex_one?"
    );
    assert_eq!(
        refused(&KYOTO.replace("\"CO2\"", "\"methane\"")),
        "line 3, column 28: there is no table of weights called co2: write one of methane"
    );
    assert_eq!(
        refused("entry_into_force = 'count_in(annex_i, 2) then last'"),
        "line 3, column 30: there is no set called annex_i: define it as [[set]]"
    );
    assert_eq!(
        refused(&KYOTO.replace("36.1", "36,1")),
        "line 9, column 33: \"36,1\" is no share: write a decimal such as 17.4"
    );
    assert_eq!(
        refused("[[set]]\nid = \"Members\"\nmembers = []"),
        "line 4, column 7: members has a meaning in every clause: call the set something else"
    );
}

fn charter_of(texts: &[&str]) -> Charter {
    let id = EventId(uuid::Uuid::nil());
    let events: Vec<Event> =
        texts.iter().enumerate().map(|(i, t)| charter_event(t, i > 0, id).unwrap()).collect();
    let act = |(i, event)| CharterAct::of(Index(i as u64), event);
    let acts: Vec<_> = events.iter().enumerate().filter_map(act).collect();
    Charter::fold(&BodyId::parse("x").unwrap(), &acts).unwrap().unwrap()
}

#[test]
fn an_amendment_may_name_what_the_adoption_defined_and_lint_finds_what_nothing_defines() {
    let first = adoption(KYOTO);
    let known = "id = \"x\"\neffective = \"2000-01-01\"\nentry_into_force = \"all(annex_i) then last\"\n";
    let unknown = known.replace("annex_i", "annex_b").replace("2000", "2001");
    let charter = charter_of(&[&first, known, &unknown]);
    let rules: Vec<String> = charter
        .versions()
        .iter()
        .map(|v| v.clauses.entry_into_force.as_ref().unwrap().rule.to_string())
        .collect();
    assert_eq!(
        rules,
        [
            "weight(co2 >= 55% of annex_i) then days(90)",
            "all(annex_i) then instant",
            "all(annex_b) then instant"
        ]
    );
    assert_eq!(charter.versions()[2].clauses.weights.len(), 1);
    let faults: Vec<String> = lint(&charter).iter().map(ToString::to_string).collect();
    let fault =
        "version 3, entry-into-force: column 5: there is no set called annex_b: did you mean annex_i?";
    assert_eq!(faults, [fault]);
}

#[test]
fn participants_that_the_register_has_under_another_id_or_not_at_all_are_shown_at_their_place() {
    let five = "[[set]]\nid = \"five\"\nmembers = [\"GBR\", \"QQQQ\"]";
    let clause = "entry_into_force = \"all_of(USSR, FRA) then last\"";
    assert_eq!(refused(clause), "line 3, column 28: the register has USSR as SUN: write that");
    assert_eq!(refused(five), "line 5, column 20: no state called \"QQQQ\"");
    // An amendment is read by itself first; lint says which version has them.
    let charter = charter_of(&[&adoption(""), &adoption(&format!("{clause}\n{five}"))]);
    let faults: Vec<String> = lint(&charter).iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "version 2, entry-into-force: column 8: the register has USSR as SUN: write that",
            "version 2, set five: no state called \"QQQQ\"",
        ]
    );
}

#[test]
fn the_example_of_the_documents_is_a_charter() {
    let text = include_str!("../../docs/CHARTERS.md");
    let example = text.split("```toml\n").find(|part| part.starts_with("id = \"kyoto\"")).unwrap();
    let example = example.split("```").next().unwrap();
    assert_eq!(lint(&charter_of(&[example])), []);
}

#[test]
fn every_form_in_the_documents_is_read() {
    let text = include_str!("../../docs/CHARTERS.md");
    let section =
        text.split("\n## Clauses\n").nth(1).unwrap().split("\nHow a condition is counted").next().unwrap();
    let mut checked = 0;
    for row in section.lines().filter(|l| l.starts_with("| ")) {
        let example = row.trim_end_matches('|').rsplit(" | ").next().unwrap();
        for clause in example.split('`').skip(1).step_by(2) {
            let read = Clause::parse(clause).or_else(|_| Clause::parse(&format!("{clause} then last")));
            assert!(read.is_ok(), "{clause}: {read:?}");
            checked += 1;
            if let Some((from, to)) = example.split_once(": ").and_then(|(_, days)| days.split_once(" → "))
            {
                assert_eq!(after(clause, from), to.trim());
            }
        }
    }
    assert!(checked >= 20, "only {checked} clauses");
}

#[test]
fn an_amendment_states_the_clause_of_one_accession_anew_and_leaves_the_others() {
    let accession = |who: &str, clause: &str| {
        format!("[[accession]]\nparticipant = \"{who}\"\narticle = \"3\"\nclause = \"{clause}\"\n")
    };
    let first = adoption(&(accession("HRV", "stated") + &accession("FIN", "all(members) then last")));
    let second = format!(
        "id = \"x\"\neffective = \"2013\"\n{}",
        accession("HRV", "fixed(2013-07-01) provided all(signatories)")
    );
    let charter = charter_of(&[&first, &second]);
    let clause = |who: &str| {
        let found = charter.latest().clauses.accession(&ParticipantId::parse(who).unwrap()).unwrap();
        (found.entry.0, found.rule.clause.to_string())
    };
    assert_eq!(clause("HRV"), (1, "fixed(2013-07-01) provided all(signatories)".into()));
    assert_eq!(clause("FIN"), (0, "all(members) then instant".into()));
}

fn some_day() -> impl Strategy<Value = Day> {
    (-50_000..50_000i32).prop_map(Day::from_days)
}

fn some_part() -> impl Strategy<Value = Proportion> {
    let fraction = (0..9u32, 1..9u32)
        .prop_map(|(numerator, more)| Proportion::Fraction { numerator, denominator: numerator + more });
    prop_oneof![(0..100_000u32).prop_map(Proportion::Percent), fraction]
}

fn some_late_from() -> impl Strategy<Value = Option<LateFrom>> {
    prop::option::of(prop_oneof![Just(LateFrom::Condition), Just(LateFrom::EntryIntoForce)])
}

fn some_delay() -> impl Strategy<Value = Delay> {
    let leaf = prop_oneof![
        Just(Delay::Instant),
        (1..400u32, any::<bool>()).prop_map(|(n, full)| Delay::Days { n, full }),
        Just(Delay::Days { n: 0, full: true }),
        (1..100u32).prop_map(Delay::Months),
        (1..100u32).prop_map(Delay::Years),
        (1..100u32).prop_map(Delay::FirstOfNthMonthAfter),
    ];
    leaf.prop_recursive(3, 4, 1, |inner| inner.prop_map(|d| Delay::FirstOfMonthAfter(Box::new(d))))
}

fn some_set() -> impl Strategy<Value = SetRef> {
    prop_oneof![
        prop::option::of(some_day()).prop_map(|until| SetRef::Signatories { until }),
        Just(SetRef::Members),
        "[a-z0-9][a-z0-9_]{0,5}x".prop_map(SetRef::Named),
    ]
}

fn some_bound() -> impl Strategy<Value = Bound> {
    prop_oneof![Just(Bound::MoreThan), Just(Bound::AtLeast)]
}

fn some_condition() -> impl Strategy<Value = Condition> {
    let participants = prop::sample::subsequence(vec!["CHN", "FRA", "SUN", "GBR", "USA"], 1..4);
    let ids = |list: Vec<&str>| list.into_iter().map(|id| ParticipantId::parse(id).unwrap()).collect();
    let leaf = prop_oneof![
        (1..200u32, prop::option::of(some_set()), any::<bool>())
            .prop_map(|(needed, of, exclude_reio)| Condition::Count { needed, of, exclude_reio }),
        (some_set(), some_bound(), 0..9u32, 1..9u32).prop_map(|(of, bound, numerator, more)| {
            Condition::Share { of, bound, numerator, denominator: numerator + more }
        }),
        some_set().prop_map(Condition::All),
        participants.prop_map(move |list| Condition::AllOf(ids(list))),
        (
            "[a-z][a-z_]{0,5}",
            some_bound(),
            some_part(),
            prop::option::of("[a-z]{1,5}"),
            prop::option::of(0..=6u8)
        )
            .prop_map(|(table, bound, part, of, rounding)| {
                Condition::Weight { table, bound, part, of, rounding }
            }),
        "[a-z][a-z0-9-]{0,8}".prop_map(|id| Condition::InForce(BodyId::parse(&id).unwrap())),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        let several = prop::collection::vec(inner, 2..4);
        (several, any::<bool>()).prop_map(|(parts, and)| {
            let mut flat = Vec::new();
            for part in parts {
                match part {
                    Condition::And(inner) if and => flat.extend(inner),
                    Condition::Or(inner) if !and => flat.extend(inner),
                    other => flat.push(other),
                }
            }
            if and { Condition::And(flat) } else { Condition::Or(flat) }
        })
    })
}

fn some_floor() -> impl Strategy<Value = Floor> {
    prop_oneof![
        some_day().prop_map(Floor::Day),
        "[a-z][a-z0-9-]{0,8}".prop_map(|id| Floor::InForce(BodyId::parse(&id).unwrap())),
    ]
}

fn some_rule() -> impl Strategy<Value = Rule> {
    let when = prop_oneof![
        some_delay().prop_map(ClauseTime::Delay),
        (some_day(), prop::option::of(some_delay()))
            .prop_map(|(on, otherwise)| ClauseTime::Fixed { on, otherwise }),
    ];
    let end = prop_oneof![
        some_delay().prop_map(NoticeEnd::Delay),
        (1..=12u8, 1..=28u8).prop_map(|notice_by| NoticeEnd::LastDayOfYear { notice_by }),
    ];
    prop_oneof![
        (some_condition(), when, prop::option::of(some_floor()))
            .prop_map(|(trigger, then, not_before)| Rule::WhenMet { trigger, then, not_before }),
        (some_day(), some_condition(), prop::option::of(some_delay()))
            .prop_map(|(on, provided, otherwise)| Rule::Fixed { on, provided, otherwise }),
        (end, any::<bool>()).prop_map(|(then, extendable)| Rule::Notice { then, extendable }),
        Just(Rule::Stated),
        (some_delay(), some_late_from()).prop_map(|(delay, late_from)| Rule::After { delay, late_from }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_rule_writes_reads_back_as_the_same_rule(rule in some_rule()) {
        let text = rule.to_string();
        prop_assert_eq!(Clause::parse(&text).map(|c| c.rule), Ok(rule), "{}", text);
    }

    #[test]
    fn no_text_ends_the_reader_and_every_error_points_into_it(
        words in prop::collection::vec(prop::sample::select(vec![
            "count", "(", ")", "35", ",", "then", "days", "and", "or", "é", ">", ">=", "1", "/", "2", "%", ".", "of",
            "weight", "t", "notice", "fixed", "1995-01-13", "first_of_month_after", "\u{a0}", "all", "=", "rounding",
        ]), 0..14)
    ) {
        let text = words.join(" ");
        if let Err(error) = Clause::parse(&text) {
            prop_assert!((1..=text.chars().count() + 1).contains(&error.column), "{}: {}", text, error);
        }
    }

    #[test]
    fn a_delay_never_ends_before_it_begins(delay in some_delay(), from in some_day()) {
        prop_assert!(delay.from(from) >= from);
    }
}

#[test]
fn a_treaty_whose_id_begins_with_a_hyphen_is_read_as_it_is_written() {
    for text in ["count(9) then last not_before in_force(_ftc-4-4)", "in_force(-ftc) then last"] {
        assert_eq!(rule(&rule(text).to_string()), rule(text), "{text}");
    }
}
