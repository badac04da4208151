//! The notifications that a depositary must circulate (VCLT 77(1)(e), (f), 78, 79): one for each act of which no
//! circular is recorded, with the content of its notification.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::charter::BodyKind;
use crate::event::{ActKind, BodyId, Edtf, Entry, Index, Size};
use crate::history::{Circulated, Circulation, Standing, Withheld, is_communicated, same_fact, standing};

use super::Axes;
use super::addressee::{Addressees, addressees};
use super::answer::{CheckpointRef, QuestionEcho, act};
use super::body::{BodyView, Material, QueryError};
use super::effect::{Effect, Effects};
use super::particulars::{Change, Particulars, adoption, changes};

/// The notifications that are due.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Notifications {
    /// The question, as it was understood; `on` is the day of the notification.
    pub question: QuestionEcho,
    /// The size of the record from which on acts are new.
    pub since: Size,
    /// The notifications, by body, then by entry.
    pub notifications: Vec<Notification>,
    /// Notes for the depositary, such as acts that are withheld.
    pub notes: Vec<String>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// The subject of a notification.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotificationKind {
    /// An act (VCLT 77(1)(e)).
    Act,
    /// The condition of the treaty's entry into force is met (VCLT 77(1)(f)).
    EntryIntoForce,
    /// A correction in this record of an act that was already circulated.
    Corrigendum,
}

/// One notification, before it is put into words.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Notification {
    /// The subject of the notification.
    pub kind: NotificationKind,
    /// A name that stays the same while the record grows: `untc-4-4-entry-123`.
    pub name: String,
    /// The organisation or treaty.
    pub body: BodyId,
    /// The reference, with its number left blank: `C.N.____.2026.TREATIES-IV.4`. A corrigendum has the reference of the
    /// circular that it corrects, if the record cites it.
    pub reference: String,
    /// The title of the treaty.
    pub title: String,
    /// The name of the treaty in a sentence: `the Covenant`.
    pub called: String,
    /// The place of its adoption, if the record states it.
    pub place: Option<String>,
    /// The date of its adoption or signature.
    pub adopted: Option<Edtf>,
    /// The kind of the act; for an entry into force, the kind of act that certifies one.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// The participant, the act and its details.
    #[serde(flatten)]
    pub said: Particulars,
    /// The effect of the act; `null` if the act by itself has none.
    pub effect: Option<Effect>,
    /// For a corrigendum: the content as circulated and as it should read; empty if the act is withdrawn from the
    /// record.
    pub changes: Vec<Change>,
    /// For a corrigendum: the circular that it corrects.
    pub corrects: Option<Corrected>,
    /// The addressees, the same for every notification of a body.
    #[serde(serialize_with = "shared")]
    pub addressees: Arc<Addressees>,
    /// The index of the act; for an entry into force, of the consent that met the condition.
    pub entry: Index,
    /// The index of the entry that the record of the circular must answer: the act, or the correction.
    pub answers: Index,
    /// The indexes of all entries on which the notification rests.
    pub entries: Vec<Index>,
    /// Remarks for the official who signs it.
    pub remarks: Vec<String>,
}

/// The circular that a corrigendum corrects.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Corrected {
    /// The index of the entry that records it.
    pub entry: Index,
    /// The date of the circular.
    pub on: Option<Edtf>,
    /// True if the act is withdrawn from the record, or no longer counts.
    pub withdrawn: bool,
}

impl Notifications {
    /// Joins the notifications of several bodies, asked with the same dates.
    pub fn joined(since: Size, axes: &Axes, head: CheckpointRef, each: Vec<Notifications>) -> Notifications {
        let one = |answer: &Notifications| answer.question.body.clone();
        let body = each.first().and_then(one).filter(|_| each.len() == 1);
        let (mut notifications, mut notes) = (Vec::new(), Vec::new());
        for answer in each {
            notifications.extend(answer.notifications);
            notes.extend(answer.notes);
        }
        let question = QuestionEcho::new("notify", None, body.as_ref(), axes);
        Notifications { question, since, notifications, notes, checkpoint: head }
    }
}

/// Drafts the notifications that are due for one body: acts that count at `axes.as_recorded` and did not in the first
/// `since` entries, an entry into force that follows since then, and corrections since then of acts that were
/// circulated.
///
/// # Errors
/// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
pub fn notifications(
    material: &Material,
    body: &BodyId,
    since: Size,
    axes: &Axes,
) -> Result<Notifications, QueryError> {
    let view = BodyView::of(material, body, axes)?;
    let earlier = Axes { as_recorded: since, ..axes.clone() };
    let before = match BodyView::of(material, body, &earlier) {
        Ok(view) => Some(view),
        Err(QueryError::NoBody(_)) => None,
        Err(error) => return Err(error),
    };
    let held = material.entries.partition_point(|entry| axes.as_recorded.holds(entry.index));
    let desk = Desk {
        material,
        effects: Effects::of(&view, material, body, axes)?,
        circulation: Circulation::of(&material.entries[..held], view.acts()),
        addressees: Arc::new(addressees(&view, axes.on)),
        view: &view,
        before: before.as_deref(),
        since,
        axes,
    };
    let (mut found, mut notes) = desk.acts();
    found.extend(desk.entry_into_force(&mut notes));
    found.extend(desk.withdrawn(held));
    notes.extend(desk.effects.differing());
    found.sort_by_key(|n| (n.entry, n.kind, n.answers));
    notes.extend(view.withheld.iter().filter(|held| !since.holds(held.act.index)).map(Withheld::why));
    Ok(Notifications {
        question: QuestionEcho::new("notify", None, Some(body), axes),
        since,
        notifications: found,
        notes,
        checkpoint: material.checkpoint.clone(),
    })
}

/// The parts of the record from which the notifications of one body are drafted.
struct Desk<'d> {
    material: &'d Material,
    view: &'d BodyView,
    before: Option<&'d BodyView>,
    effects: Effects<'d>,
    circulation: Circulation,
    addressees: Arc<Addressees>,
    since: Size,
    axes: &'d Axes,
}

impl<'d> Desk<'d> {
    /// Notifications of new acts and corrigenda of circulated acts, with notes on acts corrected before any circular.
    fn acts(&self) -> (Vec<Notification>, Vec<String>) {
        let told: BTreeSet<Index> =
            self.before.iter().flat_map(|view| view.acts()).map(|act| act.index).collect();
        let (mut found, mut notes) = (Vec::new(), Vec::new());
        let lists = self.view.pairs.values().map(|pair| &pair.own).chain([&self.view.alone]);
        for acts in lists {
            for (first, again) in facts(acts) {
                let all = || std::iter::once(first).chain(again.iter().copied());
                let circulars = all().filter_map(|act| self.circulation.of_act(act.index, &act.event));
                match circulars.max_by_key(|circular| circular.entry) {
                    Some(circular) => found.extend(self.corrigendum(first, &circular)),
                    None if all().all(|act| !told.contains(&act.index)) => {
                        found.push(self.notification(first, &again));
                    }
                    None => notes.extend(self.unsaid(first)),
                }
            }
        }
        (found, notes)
    }

    fn notification(&self, first: &Standing, again: &[&Standing]) -> Notification {
        let effect = self.effects.of_act(first);
        let mut notification = self.blank(NotificationKind::Act, first);
        notification.entries.extend(again.iter().map(|act| act.index));
        notification.entries.extend(effect.iter().flat_map(|effect| effect.entries()));
        notification.entries.extend(&first.corrected_by);
        notification.effect = effect;
        in_order(notification)
    }

    /// The parts that every notification about an act has.
    fn blank(&self, kind: NotificationKind, act: &Standing) -> Notification {
        let year = self.axes.on.to_string().get(..4).unwrap_or_default().to_owned();
        let said = Particulars::of(self.view, act, self.axes.on);
        let mut entries = vec![act.index];
        entries.extend(said.to);
        let rival = act.event.rival.as_ref();
        let disputed = |rival| format!("entry {} stands on the chain {rival} of a dispute", act.index);
        let (place, adopted) = adoption(self.view);
        let about = &self.view.charter.about;
        let called = match (about.short != about.title, about.kind) {
            (true, _) => about.in_short(),
            (false, BodyKind::Treaty) => "the treaty".to_owned(),
            (false, BodyKind::Organisation) => "the constitutive instrument".to_owned(),
        };
        Notification {
            kind,
            name: format!("{}-entry-{}", self.view.charter.body, act.index),
            called,
            body: self.view.charter.body.clone(),
            reference: reference(&self.view.charter.body, &year),
            title: about.title.clone(),
            place,
            adopted,
            act: act.event.act.kind(),
            said,
            effect: None,
            changes: Vec::new(),
            corrects: None,
            addressees: Arc::clone(&self.addressees),
            entry: act.index,
            answers: act.index,
            entries,
            remarks: rival.map(disputed).into_iter().collect(),
        }
    }

    /// The corrigendum of an act that was circulated with another content; `None` if its content is the one circulated.
    fn corrigendum(&self, now: &Standing, circular: &Circulated) -> Option<Notification> {
        let base = self.since.0.max(circular.entry.0 + 1);
        let by = self.circulation.corrected_since(&now.event, base)?;
        let acts = standing(&self.material.entries, Size(base), self.axes.known());
        let changes = match acts.iter().find(|act| act.index == now.index) {
            Some(told) => changes(&told.event, &now.event),
            // The act was withdrawn at the time of that circular, and has been restored since.
            None => Vec::new(),
        };
        let restored = acts.iter().all(|act| act.index != now.index);
        if changes.is_empty() && !restored {
            return None;
        }
        let mut notification = self.corrected(now, circular, by, changes);
        notification.effect = self.effects.of_act(now);
        notification.entries.extend(notification.effect.iter().flat_map(|effect| effect.entries()));
        Some(in_order(notification))
    }

    fn corrected(
        &self,
        act: &Standing,
        circular: &Circulated,
        by: Index,
        changes: Vec<Change>,
    ) -> Notification {
        let mut notification = self.blank(NotificationKind::Corrigendum, act);
        let cited = circular.cite.as_deref().filter(|cite| cite.starts_with("C.N."));
        let cited = cited.map(|cite| cite.trim_end_matches(CORRIGENDUM).to_owned());
        notification.reference = format!("{}{CORRIGENDUM}", cited.unwrap_or(notification.reference));
        notification.entries.extend([circular.entry, by]);
        notification.changes = changes;
        notification.corrects =
            Some(Corrected { entry: circular.entry, on: circular.on.clone(), withdrawn: false });
        notification.answers = by;
        notification.name.push_str(&format!("-corrigendum-{by}"));
        notification
    }

    /// Acts that were circulated and have since been retracted, or no longer count.
    fn withdrawn(&self, held: usize) -> Vec<Notification> {
        let body = &self.view.charter.body;
        let stands: BTreeSet<Index> = self.view.acts().map(|act| act.index).collect();
        let gone = self.material.entries[..held].iter().filter(|entry| {
            is_communicated(entry.event.act.kind())
                && entry.event.body == *body
                && !stands.contains(&entry.index)
        });
        let notification = |entry: &Entry| {
            let circular = self.circulation.of_act(entry.index, &entry.event)?;
            let base = self.since.0.max(circular.entry.0 + 1);
            let returned = self.view.withheld.iter().find(|held| held.act.index == entry.index);
            let returned = returned.and_then(|held| held.finding.as_ref()).map(|(_, _, by)| *by);
            let by = returned.filter(|by| by.0 >= base);
            let by = by.or_else(|| self.circulation.corrected_since(&entry.event, base))?;
            let acts = standing(&self.material.entries, Size(base), self.axes.known());
            let told = acts.iter().find(|act| act.index == entry.index)?;
            let mut notification = self.corrected(told, &circular, by, Vec::new());
            notification.corrects.iter_mut().for_each(|corrected| corrected.withdrawn = true);
            Some(in_order(notification))
        };
        gone.filter_map(notification).collect()
    }

    /// The note that an earlier act was corrected since, and that no circular of it is recorded.
    fn unsaid(&self, act: &Standing) -> Option<String> {
        let by = self.circulation.corrected_since(&act.event, self.since.0)?;
        Some(format!(
            "entry {}, {}, was corrected by entry {by}; no circular of it is recorded, and it was recorded before: \
             --since {} drafts it",
            act.index,
            act.event.act.kind(),
            act.index
        ))
    }

    /// The notification that the condition of the entry into force is met, if no act certifies it and the record did
    /// not give the same day before.
    fn entry_into_force(&self, notes: &mut Vec<String>) -> Option<Notification> {
        let general = self.view.board.entry_into_force.as_ref()?;
        let computed = general.computed.as_ref().filter(|_| general.certified.is_none())?;
        let earlier = self.before.and_then(|view| view.board.entry_into_force.as_ref()?.computed.as_ref());
        if earlier == Some(computed) {
            return None;
        }
        if general.survivors_only {
            notes.push(format!(
                "no entry into force of {} is drafted: its record lists only those who are still there",
                self.view.charter.about.in_short()
            ));
            return None;
        }
        let trigger = general.trigger.as_ref()?;
        let last = trigger.by.iter().max_by_key(|deposit| deposit.entry)?;
        let act = self.view.act(last.entry)?;
        let mut notification = self.blank(NotificationKind::EntryIntoForce, act);
        let effect = self.effects.general(computed);
        notification.act = ActKind::TreatyEnteredIntoForce;
        notification.name.push_str("-entry-into-force");
        notification.said = Particulars::of_entry_into_force(general.met.clone());
        notification.entries.extend(trigger.by.iter().map(|deposit| deposit.entry));
        notification.entries.extend(effect.entries());
        notification.effect = Some(effect);
        Some(in_order(notification))
    }
}

fn shared<S: Serializer>(addressees: &Arc<Addressees>, out: S) -> Result<S::Ok, S::Error> {
    addressees.as_ref().serialize(out)
}

/// The words after the reference of a corrigendum.
const CORRIGENDUM: &str = " (Corrigendum)";

fn in_order(mut notification: Notification) -> Notification {
    notification.entries.sort_unstable();
    notification.entries.dedup();
    notification
}

/// The acts of which the parties are informed, each with the acts that record the same fact again. Two acts of the
/// treaty alone are one fact only if they answer the same entry and have the same title: two corrections may be
/// proposed on one day.
fn facts(acts: &[Standing]) -> Vec<(&Standing, Vec<&Standing>)> {
    let about = |act: &Standing| (act.event.to, act.event.title.clone());
    let same = |first: &Standing, act: &Standing| {
        let told_alike = first.event.participant.is_some() || about(first) == about(act);
        told_alike && same_fact(&first.event, &act.event)
    };
    let mut found: Vec<(&Standing, Vec<&Standing>)> = Vec::new();
    for act in acts.iter().filter(|act| is_communicated(act.event.act.kind())) {
        match found.iter_mut().find(|(first, _)| same(first, act)) {
            Some((_, again)) => again.push(act),
            None => found.push((act, Vec::new())),
        }
    }
    found
}

/// The reference of a notification without its number. For a treaty of the United Nations it is written as the
/// Secretary-General writes it, `untc-4-4` being chapter IV, treaty 4.
fn reference(body: &BodyId, year: &str) -> String {
    match body.as_str().strip_prefix("untc-").and_then(chapter) {
        Some(number) => format!("C.N.____.{year}.TREATIES-{number}"),
        None => format!("No. ____ of {year} ({body})"),
    }
}

/// `4-4` is `IV.4`, `27-7-d` is `XXVII.7.d`, `11-b-16` is `XI.B.16`.
fn chapter(number: &str) -> Option<String> {
    let mut parts = number.split('-');
    let chapter: u32 = parts.next()?.parse().ok().filter(|n| (1..=99).contains(n))?;
    let rest: Vec<&str> = parts.collect();
    let last = rest.len().checked_sub(1)?;
    let written = rest.iter().enumerate().map(|(at, part)| match at < last {
        true => part.to_ascii_uppercase(),
        false => (*part).to_owned(),
    });
    Some(format!("{}.{}", roman(chapter), written.collect::<Vec<_>>().join(".")))
}

fn roman(mut number: u32) -> String {
    let signs = [(90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")];
    let mut out = String::new();
    for (worth, sign) in signs {
        while number >= worth {
            out.push_str(sign);
            number -= worth;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_treaty_is_written_as_the_secretary_general_writes_it() {
        let write = |body: &str| reference(&BodyId::parse(body).unwrap(), "2026");
        assert_eq!(write("untc-4-4"), "C.N.____.2026.TREATIES-IV.4");
        assert_eq!(write("untc-27-7-d"), "C.N.____.2026.TREATIES-XXVII.7.d");
        assert_eq!(write("untc-11-b-16"), "C.N.____.2026.TREATIES-XI.B.16");
        assert_eq!(write("untc-49-1"), "C.N.____.2026.TREATIES-XLIX.1");
        assert_eq!(write("sco"), "No. ____ of 2026 (sco)");
        assert_eq!(write("untc-x-1"), "No. ____ of 2026 (untc-x-1)");
    }
}
