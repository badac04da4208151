//! The days that our record derives, for statements of a day of effect without an act.

use std::collections::BTreeSet;

use super::acts::Group;
use super::family::{ends, is_consent};
use crate::charter::EffectBy;
use crate::event::{ActKind, Day, Edtf, ParticipantId, Role};
use crate::history::Standing;
use crate::query::body::BodyView;
use crate::query::spells::{SpellRow, rows};

/// The day on which an act of consent has effect: the day that the clause gives, else the day that its source states.
pub(super) fn effect<'v>(view: &'v BodyView, act: &'v Standing) -> Option<&'v Edtf> {
    let clause = view.board.computed(act.index, EffectBy::EntryIntoForce);
    clause.unwrap_or_else(|| act.event.dates.get(Role::Effective))
}

impl<'a> Group<'a> {
    /// The days on which our consents have effect, each with the position of its act in `ours`.
    pub(super) fn effects<'v>(&self, view: &'v BodyView) -> Vec<(usize, &'v Edtf)>
    where
        'a: 'v,
    {
        let consents = self.ours.iter().enumerate().filter(|(_, ours)| is_consent(ours.kind()));
        consents.filter_map(|(at, ours)| Some((at, effect(view, ours.act)?))).collect()
    }

    /// The derived days that may match a statement of a kind, each with the position in `ours` of an act on which it
    /// rests: for an entry into force those of our consents, for the beginning or end of a membership those of the full
    /// status.
    pub(super) fn derived(&self, kind: ActKind, view: &BodyView) -> Vec<(usize, Edtf)> {
        if kind == ActKind::EnteredIntoForceForParticipant {
            return self.effects(view).into_iter().map(|(at, on)| (at, on.clone())).collect();
        }
        let begins = kind == ActKind::MembershipEffective;
        if !begins && !ends(kind) {
            return Vec::new();
        }
        let whose: BTreeSet<&ParticipantId> = self.ours.iter().map(|ours| ours.who).collect();
        let mut found = Vec::new();
        for who in whose {
            let spells = rows(view, &view.history(who), who);
            for (at, spell) in spells.iter().enumerate().filter(|(_, spell)| is_full(view, spell)) {
                let next = spells.get(at + 1).filter(|next| next.from == spell.until);
                let (on, rests) = match begins {
                    true => (between(&spell.from_earliest, &spell.from_latest), spell),
                    false => (between(&spell.until_earliest, &spell.until_latest), next.unwrap_or(spell)),
                };
                let act = self.ours.iter().rposition(|ours| rests.entries.contains(&ours.act.index));
                found.extend(act.zip(on));
            }
        }
        found
    }
}

/// True if a spell is one of the highest status: member, party.
fn is_full(view: &BodyView, spell: &SpellRow) -> bool {
    let on = spell.from.as_ref().map_or(Day::PAST, Edtf::earliest);
    view.full_status(on).is_some_and(|full| full.as_str() == spell.status)
}

/// An uncertain day between two others; `None` if one of them is open.
fn between(first: &Option<Edtf>, last: &Option<Edtf>) -> Option<Edtf> {
    Some(Edtf::one_of(first.as_ref()?.earliest(), last.as_ref()?.latest()))
}
