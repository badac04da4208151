//! The further dates of a matched act, above all the day from which it is stated to have effect.

use crate::charter::EffectBy;
use crate::event::{ActKind, Edtf, Role};

use super::acts::{Group, Stated, part};
use super::date::{Side, apart, side};
use super::effect::effect;
use super::family::is_consent;
use super::{Class, Comparison, Difference};
use crate::query::body::BodyView;

impl Group<'_> {
    /// Compares every further date of the statements that have a recorded act to be compared with.
    pub(super) fn further(&self, view: &BodyView, out: &mut Comparison) {
        for theirs in &self.theirs {
            let Some(pair) = theirs.pair else { continue };
            let further = theirs.act.event.dates.iter().filter(|(role, _)| *role != theirs.role);
            for (role, date) in further {
                match self.date(theirs, pair, (role, date), view) {
                    None => out.same += 1,
                    Some(told) => out.differences.push(Difference { role: Some(role.name()), ..told }),
                }
            }
        }
    }

    /// Compares one further date; `None` if ours is the same.
    fn date(
        &self,
        theirs: &Stated<'_>,
        pair: usize,
        (role, date): (Role, &Edtf),
        view: &BodyView,
    ) -> Option<Difference> {
        let ours = &self.ours[pair];
        let in_force = role == Role::Effective && is_consent(ours.kind());
        let own = if in_force { effect(view, ours.act) } else { ours.act.event.dates.get(role) };
        let certified = self.ours.iter().filter(|_| in_force);
        let certified = certified.filter(|o| o.kind() == ActKind::EnteredIntoForceForParticipant);
        let mut certified = certified.filter_map(|o| o.act.event.effect());
        if own.into_iter().chain(&mut certified).any(|on| side(date, on) == Side::Equal) {
            return None;
        }
        let told = |difference: Difference, on: Option<&Edtf>, at: usize| {
            let told = theirs.tells(view, difference);
            let entry = Some(self.ours[at].act.index);
            Difference { theirs: Some(date.to_string()), ours: on.map(ToString::to_string), entry, ..told }
        };
        if let Some((on, words)) = own.and_then(|on| Some((on, side(date, on).precision()?))) {
            return Some(told(Difference::new(Class::Precision, None, words), Some(on), pair));
        }
        if let Some((at, other, on, computed)) = self.role_of(theirs, role, date, Some(pair), view) {
            let words = part(role, &self.ours[at], other, computed);
            return Some(told(Difference::new(Class::DateRole, None, words), Some(on), at));
        }
        let computed = view.board.computed(ours.act.index, EffectBy::EntryIntoForce).is_some();
        let clause = in_force && computed && view.board.entry_into_force.is_some();
        let Some(on) = own else {
            let words = match (in_force, clause) {
                (true, true) => "by its clause the treaty is not in force for it here",
                (true, false) => "no day of entry into force is recorded or computed here",
                _ => "this date is not in this ledger",
            };
            return Some(told(Difference::missing_here(words), None, pair));
        };
        let days = match side(date, on) {
            Side::Apart(days) => days,
            _ => 0,
        };
        let by = if clause { format!("the clause gives {on}: ") } else { String::new() };
        Some(told(Difference::contradicts(format!("{by}{}", apart(days))), Some(on), pair))
    }
}
