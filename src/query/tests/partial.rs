//! Deposits on days that are known to the month, under clauses, compared with every choice of days.

use chrono::{Datelike, Months, NaiveDate};
use proptest::sample::select;

use super::*;
use crate::charter::charter_event;
use crate::event::{Act, Edtf, Role};
use crate::fixture::id;

const PARTICIPANTS: [&str; 4] = ["AUT", "BEL", "CHE", "DNK"];

#[derive(Clone, Copy, Debug)]
enum Wait {
    Days(u32),
    Months(u32),
}

impl Wait {
    fn clause(self) -> String {
        match self {
            Wait::Days(n) => format!("days({n})"),
            Wait::Months(n) => format!("months({n})"),
        }
    }

    /// Computed by the calendar, not by the program's own delays.
    fn after(self, day: NaiveDate) -> NaiveDate {
        match self {
            Wait::Days(n) => NaiveDate::from_num_days_from_ce_opt(day.num_days_from_ce() + n as i32).unwrap(),
            Wait::Months(n) => day + Months::new(n),
        }
    }
}

/// The day that meets the condition and the day of entry into force; then the first day of each participant.
type World = (Option<(NaiveDate, NaiveDate)>, Vec<Option<NaiveDate>>);

fn wait() -> impl Strategy<Value = Wait> {
    prop_oneof![select(vec![0u32, 1, 5, 30]).prop_map(Wait::Days), (1..4u32).prop_map(Wait::Months)]
}

/// A deposit: its date as written, with the first and the last day that it may mean, both inclusive.
#[derive(Clone, Debug)]
struct Deposit {
    text: String,
    days: (NaiveDate, NaiveDate),
}

fn ymd(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn month() -> impl Strategy<Value = Deposit> {
    (1..5u32).prop_map(|month| {
        let days = (ymd(2020, month, 1), ymd(2020, month + 1, 1).pred_opt().unwrap());
        Deposit { text: format!("2020-{month:02}"), days }
    })
}

fn few_days() -> impl Strategy<Value = Deposit> {
    (0..120u32, 0..4u32).prop_map(|(from, more)| {
        let first = Wait::Days(from).after(ymd(2020, 1, 1));
        let last = Wait::Days(more).after(first);
        let text = if more == 0 { first.to_string() } else { format!("[{first}..{last}]") };
        Deposit { text, days: (first, last) }
    })
}

/// A treaty that enters into force with a number of deposits, in general and for a participant that deposits later.
#[derive(Clone, Debug)]
struct Treaty {
    needed: usize,
    general: Wait,
    own: Wait,
    /// True if a participant that consents before the entry into force has no delay of its own, even if the condition
    /// was already met.
    to_force: bool,
    deposits: Vec<Deposit>,
}

fn treaty() -> impl Strategy<Value = Treaty> {
    let two = prop::collection::vec(prop_oneof![month(), few_days()], 1..3);
    let deposits = (two, prop::collection::vec(few_days(), 0..3)).prop_map(|(a, b)| [a, b].concat());
    (1..4usize, wait(), wait(), any::<bool>(), deposits).prop_map(
        |(needed, general, own, to_force, deposits)| Treaty { needed, general, own, to_force, deposits },
    )
}

impl Treaty {
    fn entries(&self) -> Vec<Entry> {
        let text = format!(
            "id = \"x\"\ntitle = \"X\"\nkind = \"treaty\"\nentry-into-force = \"count({}) then {}\"\n\
             entry-into-force-for-participant = \"{} after {}\"\n\
             [[status]]\nid = \"party\"\ntitle = \"party\"\nplural = \"parties\"\nrank = 1\n\
             [[transition]]\nact = \"instrument-deposited\"\nfrom = [\"none\"]\nto = \"party\"\n\
             effect = \"entry-into-force\"\nrule = \"r\"\narticle = \"1\"\n",
            self.needed,
            self.general.clause(),
            self.own.clause(),
            if self.to_force { "entry_into_force" } else { "condition" },
        );
        let mut events = vec![charter_event(&text, false, id(1)).unwrap()];
        for (at, deposit) in self.deposits.iter().enumerate() {
            let mut event = Event::new(id(2 + at as u128), Act::InstrumentDeposited(None), body("x"));
            event.participant = Some(who(PARTICIPANTS[at]));
            event.dates.set(Role::Deposited, Edtf::parse(&deposit.text).unwrap());
            events.push(event);
        }
        entries(events)
    }

    /// The days on which the condition is met and the treaty enters into force, and the first day of each participant,
    /// for one choice of days.
    fn world(&self, chosen: &[NaiveDate]) -> World {
        let mut order = chosen.to_vec();
        order.sort_unstable();
        let Some(met) = order.get(self.needed - 1) else { return (None, vec![None; chosen.len()]) };
        let general = self.general.after(*met);
        // A participant that is not late becomes a party with the treaty; a late one after its own delay, but never
        // before the treaty.
        let first = |own: &NaiveDate| {
            let is_late = if self.to_force { *own >= general } else { own > met };
            if is_late { self.own.after(*own).max(general) } else { general }
        };
        (Some((*met, general)), chosen.iter().map(|own| Some(first(own))).collect())
    }

    /// True if a deposit is late on every choice of days, or on none, or has no delay.
    fn is_settled(&self, at: usize, met: &BTreeSet<NaiveDate>, general: &BTreeSet<NaiveDate>) -> bool {
        let (first, last) = self.deposits[at].days;
        let (before, after) = match self.to_force {
            true => (
                general.first().is_none_or(|day| last < *day),
                general.last().is_none_or(|day| first >= *day),
            ),
            false => (met.first().is_none_or(|met| last <= *met), met.last().is_none_or(|met| first > *met)),
        };
        before || after || matches!(self.own, Wait::Days(0))
    }

    /// The worlds of every choice of days.
    fn worlds(&self) -> Vec<World> {
        let mut chosen: Vec<NaiveDate> = self.deposits.iter().map(|d| d.days.0).collect();
        let mut found = Vec::new();
        loop {
            found.push(self.world(&chosen));
            let next = (0..chosen.len()).find(|n| chosen[*n] < self.deposits[*n].days.1);
            let Some(next) = next else { return found };
            chosen[next] = chosen[next].succ_opt().unwrap();
            (0..next).for_each(|n| chosen[n] = self.deposits[n].days.0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(200), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_treaty_enters_into_force_on_the_days_that_every_choice_of_days_gives(treaty in treaty()) {
        let entries = treaty.entries();
        let material = material(&entries);
        let worlds = treaty.worlds();
        let view = BodyView::of(&material, &body("x"), &axes("2020-06-01", "")).unwrap();
        let (met, general): (BTreeSet<_>, BTreeSet<_>) = worlds.iter().filter_map(|(general, _)| *general).unzip();
        let told = in_force(&material, &body("x"), None, &axes("2020-06-01", "")).unwrap().on;
        let told = told.map(|on| (on.earliest().date().unwrap(), on.latest().date().unwrap()));
        prop_assert_eq!(told, general.first().copied().zip(general.last().copied()));
        for (at, name) in PARTICIPANTS.iter().enumerate().take(treaty.deposits.len()) {
            if !treaty.is_settled(at, &met, &general) {
                continue;
            }
            let firsts: BTreeSet<_> = worlds.iter().map(|(_, of)| of[at]).collect();
            let history = view.history(&who(name));
            for on in (0..500).map(|n| Wait::Days(n).after(ymd(2019, 12, 1))) {
                let party = firsts.iter().any(|first| first.is_some_and(|first| first <= on));
                let none = firsts.iter().any(|first| first.is_none_or(|first| first > on));
                let said: Vec<String> =
                    history.on(Day::from_date(on)).statuses().iter().map(ToString::to_string).collect();
                let has = |id: &str| said.iter().any(|s| s == id);
                prop_assert_eq!((has("none"), has("party")), (none, party), "{} on {}", name, on);
            }
        }
    }
}
