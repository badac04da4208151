//! Random histories of two bodies that extend, wait for and are mistaken for each other; by a seed, the same every time.

use std::collections::BTreeMap;

use chancery::event::{ActKind as K, Cause, Field, Role};
use chrono::{Days, NaiveDate as Day};
use smol_str::{SmolStr as Word, format_smolstr};

use crate::env::Rng;

use super::words::{Condition, Date, Delay, Effect, Entry, Event, Rule, Text, date_text};

pub(super) const PEOPLE: [&str; 3] = ["BLR", "FRA", "KEN"];
const CAUSES: [Cause; 3] = [Cause::Clerical, Cause::NewEvidence, Cause::SourceChanged];
const OF_TREATIES: [K; 10] = [
    K::TreatySigned,
    K::InstrumentDeposited,
    K::InstrumentDeposited,
    K::DefinitiveSignature,
    K::WithdrawalNotified,
    K::WithdrawalRevoked,
    K::WithdrawalEffective,
    K::TreatyDenounced,
    K::TreatyEnteredIntoForce,
    K::DomesticApproval,
];
const OF_ORGANISATIONS: [K; 10] = [
    K::Founded,
    K::StatusGranted,
    K::StatusGranted,
    K::AdmissionDecided,
    K::MembershipEffective,
    K::StatusRevoked,
    K::Expelled,
    K::WithdrawalNotified,
    K::WithdrawalEffective,
    K::ApplicationFiled,
];

/// Two bodies with everything recorded of them.
pub(super) struct History {
    pub(super) seed: u64,
    pub(super) bodies: [Word; 2],
    pub(super) treaty: bool,
    pub(super) events: Vec<Event>,
}

struct Draw {
    rng: Rng,
    history: History,
    /// Of each body, the kind of its first text: what extends another cannot be extended.
    extends: [bool; 2],
    import: Option<u64>,
}

/// The rules of a treaty that the shipped pattern states, as far as the model reads them.
pub(super) fn pattern_of_treaties() -> Text {
    let consent = ["none", "signatory", "contracting", "former-party"];
    Text {
        treaty: Some(true),
        statuses: vec![("party", 3), ("contracting", 2), ("signatory", 1), ("former-party", 0)],
        rules: vec![
            rule(K::TreatySigned, &["none"], "signatory"),
            rule(K::DefinitiveSignature, &consent, "party").by(Effect::InForce, Some("contracting")),
            rule(K::InstrumentDeposited, &consent, "party").by(Effect::InForce, Some("contracting")),
            rule(K::TreatyEnteredIntoForce, &["contracting"], "party"),
            rule(K::TreatyDenounced, &["party"], "former-party").by(Effect::Withdrawal, None),
            rule(K::WithdrawalNotified, &["party"], "former-party").by(Effect::Withdrawal, None),
            rule(K::WithdrawalRevoked, &["party"], "party"),
            rule(K::WithdrawalEffective, &["party"], "former-party"),
        ],
        own: Some(Delay::Days(0)),
        notice: Some(Delay::Months(12)),
        ..Text::default()
    }
}

/// The same of an organisation.
pub(super) fn pattern_of_organisations() -> Text {
    let any = ["none", "observer", "associate", "member", "former-member"];
    Text {
        treaty: Some(false),
        statuses: vec![("member", 3), ("associate", 2), ("observer", 1), ("former-member", 0)],
        rules: vec![
            rule(K::MembershipEffective, &["none", "associate", "observer", "former-member"], "member"),
            rule(K::StatusGranted, &any, "associate"),
            rule(K::StatusGranted, &any, "observer"),
            rule(K::WithdrawalEffective, &["member", "associate", "observer"], "former-member"),
        ],
        ..Text::default()
    }
}

fn rule(act: K, from: &[&'static str], to: &'static str) -> Rule {
    Rule { act, from: from.to_vec(), to, effect: None, meanwhile: None }
}

impl Rule {
    fn by(self, effect: Effect, meanwhile: Option<&'static str>) -> Rule {
        Rule { effect: Some(effect), meanwhile, ..self }
    }
}

/// The history of a seed, of about this many events, whose ids begin behind `first`.
pub(super) fn history(seed: u64, length: usize) -> History {
    let mut rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    (0..8).for_each(|_| _ = rng.next());
    let bodies = ["a", "b"].map(|name| format_smolstr!("h{seed}{name}"));
    let treaty = rng.below(5) < 3;
    let history = History { seed, bodies, treaty, events: Vec::new() };
    let mut draw = Draw { rng, history, extends: [true, false], import: None };
    draw.adopt(1);
    draw.adopt(0);
    while draw.history.events.len() < length {
        draw.next();
    }
    draw.close_import();
    draw.history
}

impl Draw {
    fn chance(&mut self, percent: u64) -> bool {
        self.rng.below(100) < percent
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.rng.below(of.len() as u64) as usize].clone()
    }

    /// One of a few days, so that many meet.
    fn day(&mut self) -> Day {
        let (year, month, day) = (2000 + self.rng.below(6), 1 + 3 * self.rng.below(4), 1 + self.rng.below(2));
        Day::from_ymd_opt(year as i32, month as u32, day as u32).unwrap()
    }

    fn date(&mut self) -> Date {
        let day = self.day();
        (day, day)
    }

    fn body(&mut self) -> Word {
        let at = usize::from(self.chance(35));
        self.history.bodies[at].clone()
    }

    fn event(&mut self, act: K, body: Word) -> Event {
        let id = self.history.seed * 1000 + self.history.events.len() as u64 + 1;
        Event {
            id,
            act,
            body,
            who: None,
            dates: BTreeMap::new(),
            toward: None,
            status: None,
            sequence: None,
            known_from: None,
            import: None,
            to: None,
            published: None,
            text: None,
            cause: None,
            now: BTreeMap::new(),
        }
    }

    fn next(&mut self) {
        match self.rng.below(100) {
            0..=65 => self.act(),
            66..=72 => self.amend(),
            73 if self.chance(50) => self.adopt(1),
            74..=83 => self.retract(),
            84..=96 => self.rectify(),
            _ if self.import.is_none() => {
                self.import = Some(self.history.seed * 1000 + 500 + self.history.events.len() as u64)
            }
            _ => self.close_import(),
        }
    }

    fn close_import(&mut self) {
        let Some(id) = self.import.take() else { return };
        let body = self.body();
        let event = self.event(K::ImportRecorded, body);
        self.history.events.push(Event { id, ..event });
    }

    fn act(&mut self) {
        let treaty = self.history.treaty;
        let act = self.pick(if treaty { &OF_TREATIES } else { &OF_ORGANISATIONS });
        let body = self.body();
        let mut event = self.event(act, body);
        let alone = act == K::TreatyEnteredIntoForce && self.chance(70);
        event.who = (!alone).then(|| self.pick(&PEOPLE).into());
        let own = act.roles()[0];
        let (first, last) = self.date();
        let several = !treaty && self.chance(12) && act != K::WithdrawalNotified;
        event.dates.insert(own, (first, if several { last + Days::new(2) } else { last }));
        if act.fixes_its_effect() && own != Role::Effective && self.chance(15) {
            event.dates.insert(Role::Effective, self.date());
        }
        if act == K::WithdrawalNotified && self.chance(20) {
            event.dates.insert(Role::Effective, self.date());
        }
        if self.chance(10) && own != Role::Notified {
            event.dates.insert(Role::Notified, self.date());
        }
        event.dates.retain(|role, date| *role != Role::Effective || own == Role::Effective || date.0 >= last);
        event.known_from = self.chance(20).then(|| self.date());
        event.sequence = self.chance(15).then(|| self.rng.below(3) as u16 + 1);
        if act == K::StatusGranted {
            event.toward = Some("observer".into());
        } else if self.chance(8) {
            event.status = Some(
                self.pick(if treaty { &["party", "signatory"] } else { &["member", "observer"] }).into(),
            );
        }
        event.import = self.import;
        self.history.events.push(event);
    }

    fn delay(&mut self) -> Delay {
        match self.rng.below(4) {
            0 => Delay::Days(0),
            1 => Delay::Days(1),
            2 => Delay::Months(3),
            _ => Delay::Months(6),
        }
    }

    fn condition(&mut self, body: &Word) -> Condition {
        let [a, b] = self.history.bodies.clone();
        let other = if *body == a { b } else { a };
        let count = Condition::Count(1 + self.rng.below(3) as usize);
        match self.rng.below(8) {
            0 => Condition::AllSignatories,
            1 => Condition::InForce(other),
            2 => Condition::And(Box::new(count), Box::new(Condition::InForce(other))),
            3 => Condition::Or(Box::new(count), Box::new(Condition::InForce(other))),
            _ => count,
        }
    }

    /// A text of the body at a place; the first of the two may extend a pattern, or the other body.
    fn adopt(&mut self, at: usize) {
        let body = self.history.bodies[at].clone();
        let treaty = self.history.treaty;
        let pattern: Word = if treaty { "multilateral-treaty" } else { "international-organisation" }.into();
        let free = !self.extends[1];
        let mut text = match self.rng.below(4) {
            0 | 1 => Text { extends: Some(pattern), ..Text::default() },
            2 if at == 0 && free => Text { extends: Some(self.history.bodies[1].clone()), ..Text::default() },
            _ => self.own_text(),
        };
        if at == 1 {
            self.extends[1] = text.extends.is_some();
        }
        self.clauses(&body, &mut text);
        let mut event = self.event(K::CharterAdopted, body);
        let again = self.history.events.iter().any(|e| e.body == event.body && e.text.is_some());
        if again || self.chance(25) {
            let year = if again { 2000 + self.rng.below(6) as i32 } else { 1999 };
            let day = Day::from_ymd_opt(year, 1, 1).unwrap();
            event.dates.insert(Role::Effective, (day, day));
        }
        event.text = Some(text);
        self.known(&mut event, 20);
        self.history.events.push(event);
    }

    /// When a text, or a correction, was known.
    fn known(&mut self, event: &mut Event, percent: u64) {
        let own = if event.text.is_some() { Role::Decided } else { Role::Done };
        if self.chance(percent) {
            event.dates.insert(own, self.date());
        }
        if let Some(effective) = event.dates.get(&Role::Effective).copied()
            && event.dates.get(&own).is_some_and(|decided| decided.0 > effective.0)
        {
            event.dates.remove(&own);
            event.known_from = Some(self.date());
        }
    }

    fn own_text(&mut self) -> Text {
        if !self.history.treaty {
            let mut text = Text {
                treaty: Some(false),
                statuses: vec![("member", 3), ("observer", 1), ("former-member", 0)],
                rules: vec![
                    rule(K::Founded, &["none"], "member"),
                    rule(K::StatusGranted, &["none"], "observer"),
                    rule(K::AdmissionDecided, &["observer"], "member"),
                    rule(K::StatusRevoked, &["observer"], "none"),
                    rule(K::Expelled, &["member"], "former-member"),
                    rule(K::WithdrawalNotified, &["member"], "former-member").by(Effect::Withdrawal, None),
                ],
                notice: Some(self.delay()),
                ..Text::default()
            };
            if self.chance(50) {
                text.rules.push(rule(K::WithdrawalEffective, &["member"], "former-member"));
            }
            return text;
        }
        let mut text = pattern_of_treaties();
        text.rules.retain(|rule| !matches!(rule.act, K::TreatyDenounced | K::WithdrawalRevoked));
        if self.chance(25) {
            text.rules.retain(|rule| rule.act != K::InstrumentDeposited);
            text.rules.push(rule(K::InstrumentDeposited, &["none", "signatory"], "contracting"));
        }
        text
    }

    fn clauses(&mut self, body: &Word, text: &mut Text) {
        if self.history.treaty && self.chance(75) {
            text.in_force = Some((self.condition(body), self.delay()));
        }
        if self.history.treaty && self.chance(40) {
            text.own = Some(self.delay());
        }
        if self.chance(40) {
            text.notice = Some(self.delay());
        }
    }

    fn amend(&mut self) {
        let body = self.body();
        let mut text = Text::default();
        let treaty = self.history.treaty;
        match self.rng.below(4) {
            0 => {
                let (old, new) = if treaty { ("signatory", "associate") } else { ("observer", "associate") };
                let act = if treaty { K::TreatySigned } else { K::StatusGranted };
                text.statuses = vec![(new, 2)];
                text.mergers = vec![(old, new)];
                text.rules = vec![rule(act, &["none"], new)];
            }
            1 => {
                let (status, act) =
                    if treaty { ("signatory", K::DomesticApproval) } else { ("observer", K::Founded) };
                let act = if act == K::DomesticApproval { K::DefinitiveSignature } else { act };
                text.statuses = vec![(status, 1)];
                text.rules = vec![rule(act, &[], status)];
            }
            _ => self.clauses(&body, &mut text),
        }
        let mut event = self.event(K::CharterAmended, body);
        event.dates.insert(Role::Effective, self.date());
        event.text = Some(text);
        self.known(&mut event, 60);
        self.history.events.push(event);
    }

    /// An earlier event: corrections and charters more often than their number would give.
    fn target(&mut self) -> Event {
        let events = &self.history.events;
        let special: Vec<usize> = (0..events.len())
            .filter(|at| events[*at].text.is_some() || events[*at].cause.is_some())
            .collect();
        let imports: Vec<usize> =
            (0..events.len()).filter(|at| events[*at].act == K::ImportRecorded).collect();
        let any = self.rng.below(events.len() as u64) as usize;
        let at = match self.rng.below(10) {
            0..=3 if special.len() > 2 => self.pick(&special[2..]),
            4 if !special.is_empty() => self.pick(&special),
            5 if !imports.is_empty() => self.pick(&imports),
            _ => any,
        };
        self.history.events[at].clone()
    }

    fn correction(&mut self, act: K, target: &Event) -> Event {
        let mut event = self.event(act, target.body.clone());
        event.who.clone_from(&target.who);
        event.to = Some(target.id);
        event.cause = Some(self.pick(&CAUSES));
        self.known(&mut event, 40);
        event.known_from = self.chance(15).then(|| self.date());
        event.published = self.chance(30).then(|| self.date());
        event.import = self.import.filter(|_| self.rng.below(100) < 20);
        event
    }

    fn retract(&mut self) {
        let target = self.target();
        let event = self.correction(K::EntryRetracted, &target);
        self.history.events.push(event);
    }

    fn rectify(&mut self) {
        let target = self.target();
        if matches!(target.act, K::EntryRetracted | K::ImportRecorded) {
            return;
        }
        // What is corrected in the end.
        let mut base = &target;
        while base.act == K::RecordCorrected {
            base = self.history.events.iter().find(|e| Some(e.id) == base.to).unwrap();
        }
        let base = base.clone();
        let mut event = self.correction(K::RecordCorrected, &target);
        for _ in 0..1 + self.rng.below(2) {
            let (field, value) = self.change(&base);
            event.now.insert(field, value);
        }
        let mut corrected = base.clone();
        event.now.iter().for_each(|(field, value)| corrected.write(*field, value));
        if corrected.is_possible() {
            self.history.events.push(event);
        }
    }

    fn change(&mut self, base: &Event) -> (Field, String) {
        let day = date_text(self.date());
        let other = self.pick(&self.history.bodies.clone()).to_string();
        if base.text.is_some() {
            return match self.rng.below(5) {
                0 | 1 => (Field::Body, other),
                2 if base.dates.contains_key(&Role::Effective) => (Field::Date(Role::Effective), day),
                3 => (Field::Date(Role::Decided), day),
                _ => (Field::KnownFrom, day),
            };
        }
        let own = base.act.roles()[0];
        match self.rng.below(8) {
            0 | 1 => (Field::Body, other),
            2 if base.who.is_some() => (Field::Participant, self.pick(&PEOPLE).to_owned()),
            3 => (Field::Sequence, self.pick(&["1", "2", ""]).to_owned()),
            4 => (Field::KnownFrom, if self.chance(30) { String::new() } else { day }),
            5 if base.act == K::TreatySigned => (Field::Act, "definitive-signature".into()),
            5 if base.act == K::Founded => (Field::Act, "admission-decided".into()),
            _ => (Field::Date(own), day),
        }
    }
}

impl Event {
    /// Whether its effect does not lie before it was done.
    fn is_possible(&self) -> bool {
        let own = self.act.roles().iter().find_map(|role| self.dates.get(role));
        let effect = self.dates.get(&Role::Effective);
        own.zip(effect).is_none_or(|(own, effect)| effect.1 >= own.0)
    }
}

/// The entries of a history in a ledger in which they begin at `first`.
pub(super) fn placed(events: &[Event], first: u64) -> Vec<Entry> {
    (first..).zip(events.iter().cloned()).collect()
}
