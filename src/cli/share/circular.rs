//! The text of a depositary's notification: its reference, the treaty, the action and its effect, the addressees, and the entries
//! that it follows from.

use crate::event::{ActKind, Day, Edtf, Role};
use crate::query::{
    Addressees, CheckpointRef, Effect, EffectBasis, EffectOf, Notification, NotificationKind,
};

use crate::cli::render::{Page, clean, count, long_day, name};

/// The particulars of a draft, besides the notification itself.
pub(crate) struct Wording<'w> {
    /// The name of the depositary; `None` leaves it unnamed.
    pub(crate) depositary: Option<&'w str>,
    /// The day of the notification.
    pub(crate) on: Day,
    /// The addressees of the body's notifications, in words: [`addressees`].
    pub(crate) addressees: &'w str,
    /// The head of the record that was read.
    pub(crate) checkpoint: &'w CheckpointRef,
}

/// A draft in the form that may be signed once its reference has a number.
pub(crate) fn draft(page: &Page, notification: &Notification, wording: &Wording<'_>) -> String {
    let mut out = page.wrap("Reference: ", &clean(&notification.reference));
    out.push('\n');
    out.push_str(&page.wrap("", &clean(&notification.title)));
    out.push_str(&adoption(page, notification));
    out.push('\n');
    out.push_str(&page.wrap("", &clean(&notification.said.heading)));
    out.push('\n');
    let who = match wording.depositary {
        Some(name) => format!("{}, acting in the capacity of depositary,", clean(name)),
        None => "The depositary".to_owned(),
    };
    out.push_str(&page.wrap("", &format!("{who} communicates the following:")));
    for paragraph in paragraphs(notification, wording.on) {
        out.push('\n');
        out.push_str(&page.wrap("", &clean(&paragraph)));
    }
    if let Some(text) = &notification.said.text {
        out.push('\n');
        text.lines().for_each(|line| out.push_str(&page.wrap_to("    ", "    ", &clean(line))));
    }
    out.push('\n');
    out.push_str(&page.wrap("", &long_day(wording.on)));
    out.push('\n');
    out.push_str(wording.addressees);
    out.push('\n');
    out.push_str(&footer(page, notification, wording.checkpoint));
    out
}

fn adoption(page: &Page, notification: &Notification) -> String {
    let on = notification.adopted.as_ref().map(day_of);
    let parts: Vec<String> =
        notification.place.iter().map(|place| clean(place).into_owned()).chain(on).collect();
    if parts.is_empty() { String::new() } else { page.wrap("", &parts.join(", ")) }
}

/// The action and its effect, one paragraph for each, in the order of the text.
fn paragraphs(notification: &Notification, on: Day) -> Vec<String> {
    let said = &notification.said;
    let mut told: Vec<String> = Vec::new();
    match notification.kind {
        NotificationKind::Corrigendum => told.extend(corrigendum(notification)),
        NotificationKind::EntryIntoForce => told.extend(said.date.as_ref().map(|met| {
            format!(
                "The conditions for the entry into force of {} were met {}.",
                notification.called,
                when(met)
            )
        })),
        NotificationKind::Act => told.extend(action(notification, on)),
    }
    let withdrawn = notification.corrects.as_ref().is_some_and(|corrects| corrects.withdrawn);
    if !withdrawn {
        told.extend(notification.effect.iter().map(|effect| effect_in_words(notification, effect, on)));
        told.extend(said.instrument.iter().map(|title| format!("Instrument: {title}")));
        told.extend(said.provisions.iter().map(|what| format!("Concerning: {what}")));
        told.extend(said.to.map(|to| format!("It answers what entry {to} records.")));
        told.extend(objections(notification));
        told.extend(wording_of_text(notification));
    }
    told.extend(
        notification.remarks.iter().map(|remark| format!("To be settled before it is sent: {remark}.")),
    );
    told
}

/// The sentence that states the action and its date.
fn action(notification: &Notification, on: Day) -> Option<String> {
    let date = notification.said.date.as_ref()?;
    let subject = capital(&notification.called);
    let whom = notification.said.state.as_ref().map(|state| format!(" for {state}")).unwrap_or_default();
    Some(match notification.act {
        ActKind::TreatyEnteredIntoForce | ActKind::EnteredIntoForceForParticipant => {
            format!(
                "{subject} {}{whom} {}.",
                tense(date, on, ["entered", "enters", "will enter"], "into force"),
                when(date)
            )
        }
        ActKind::CorrectionProposed => {
            format!("A correction of the text of {} was proposed {}.", notification.called, when(date))
        }
        ActKind::CorrectionEffected => format!(
            "The text of {} was corrected {}. The corrected text takes the place of the defective one, from the \
             beginning unless decided otherwise (VCLT 79(4)).",
            notification.called,
            when(date)
        ),
        act if act.roles().first() == Some(&Role::Effective) => {
            format!(
                "The above action {} {}.",
                tense(date, on, ["had", "has", "will have"], "effect"),
                when(date)
            )
        }
        _ => format!("The above action was effected {}.", when(date)),
    })
}

/// The earlier notification, and the correct reading of each field that was wrong.
fn corrigendum(notification: &Notification) -> Vec<String> {
    let Some(corrects) = &notification.corrects else { return Vec::new() };
    let on = corrects.on.as_ref().map(|on| format!(" {}", when(on))).unwrap_or_default();
    let first = format!("The above action was notified{on} (entry {}).", corrects.entry);
    let read = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
    let then = match (corrects.withdrawn, notification.changes.is_empty()) {
        (true, _) => {
            vec!["It is withdrawn from the record: the notification is to be disregarded.".to_owned()]
        }
        (false, true) => vec!["Withdrawn since, it stands again on the record.".to_owned()],
        (false, false) => notification
            .changes
            .iter()
            .map(|change| {
                format!("{}: for {}, read {}.", capital(&change.field), read(&change.was), read(&change.now))
            })
            .collect(),
    };
    std::iter::once(first).chain(then).collect()
}

fn effect_in_words(notification: &Notification, effect: &Effect, on: Day) -> String {
    let whom = match (&notification.said.state, notification.kind) {
        (Some(state), _) => format!(" for {state}"),
        (None, _) => String::new(),
    };
    match effect.of {
        EffectOf::EntryIntoForce => entry_into_force(notification, effect, &whom, on),
        EffectOf::Withdrawal => withdrawal(effect, &whom, on),
        EffectOf::Status => {
            let status =
                effect.status.as_ref().map(ToString::to_string).unwrap_or_default().replace('-', " ");
            let from = effect.on.as_ref().map(when).unwrap_or_default();
            let whose =
                notification.said.state.as_ref().map(|state| format!(" of {state}")).unwrap_or_default();
            let article = effect.article.as_ref().map(|article| format!(" ({article})")).unwrap_or_default();
            format!("The status{whose} by it, {from}: {status}{article}.")
        }
        EffectOf::Act => {
            let from = effect.on.as_ref().map(when).unwrap_or_default();
            format!("As the act states, it has effect{whom} {from}.")
        }
    }
}

fn entry_into_force(notification: &Notification, effect: &Effect, whom: &str, on: Day) -> String {
    let subject = capital(&notification.called);
    let by = according(effect);
    let begins = |date: &Edtf| {
        let verb = tense(date, on, ["entered", "enters", "will enter"], "into force");
        format!("{subject} {verb}{whom} {}", when(date))
    };
    match (&effect.on, effect.basis) {
        (Some(date), EffectBasis::Certified) => {
            let by = effect.rule.map(|rule| format!(" (entry {rule})")).unwrap_or_default();
            format!("{}, its entry into force being certified{by}.", begins(date))
        }
        (Some(date), EffectBasis::Stated) => format!("{}, as the act states.", begins(date)),
        (Some(date), _) => {
            let names: Vec<String> =
                effect.whom.iter().map(|who| format!("{} ({who})", name(who, on))).collect();
            let whom = if names.is_empty() {
                String::new()
            } else {
                format!(" From that day it binds {}.", listed(&names))
            };
            format!("{}, {by}.{whom}", begins(date))
        }
        (None, EffectBasis::NotMet) => {
            let counted = effect.count.zip(effect.needed);
            let counted = counted.map(|(is, needed)| format!("; {is} of {needed} are on record"));
            format!(
                "{subject} is not yet in force: the condition of its entry into force is not met{}. It will enter into \
                 force{whom} {by}.",
                counted.unwrap_or_default()
            )
        }
        (None, _) => format!(
            "When {} enters into force{whom} is not stated here: the record holds no clause on its entry into force.",
            notification.called
        ),
    }
}

fn withdrawal(effect: &Effect, whom: &str, on: Day) -> String {
    match (&effect.on, effect.basis) {
        (_, EffectBasis::Revoked) => "The notice was taken back before it had effect.".to_owned(),
        (Some(date), EffectBasis::Stated) => {
            let verb = tense(date, on, ["took", "takes", "will take"], "effect");
            format!(
                "It {verb}{whom} {}, as the notice states: the record holds no clause on withdrawal.",
                when(date)
            )
        }
        (Some(date), _) => {
            let verb = tense(date, on, ["took", "takes", "will take"], "effect");
            format!("It {verb}{whom} {}, {}.", when(date), according(effect))
        }
        (None, _) => {
            format!(
                "When it takes effect{whom} is not stated here: the record holds no clause on withdrawal."
            )
        }
    }
}

/// The period within which objections may be made.
fn objections(notification: &Notification) -> Option<String> {
    let period = notification.said.objection_period.as_ref()?;
    Some(match &notification.said.objections_before {
        Some(day) => format!("Objections may be made until the day before {} (VCLT 79(2)).", day_of(day)),
        None => format!("Objections may be made within {period}."),
    })
}

/// The sentence before the text of a reservation or declaration, or the sentence that the text is not recorded.
fn wording_of_text(notification: &Notification) -> Option<String> {
    use ActKind as K;
    let has_text =
        [K::ReservationMade, K::DeclarationMade, K::ObjectionMade, K::TerritorialApplicationDeclared];
    match (&notification.said.text, has_text.contains(&notification.act)) {
        (Some(_), _) => Some("The text reads as follows:".to_owned()),
        (None, true) => Some("The text is not recorded.".to_owned()),
        (None, false) => None,
    }
}

/// The basis of an effect in words: `in accordance with its article 49(2) (months(3))`.
fn according(effect: &Effect) -> String {
    let clause = effect.clause.as_ref();
    let shown = clause.filter(|_| effect.of != EffectOf::Status).map(|clause| format!(" ({clause})"));
    match &effect.article {
        Some(article) => {
            let its = ["art. ", "article "].iter().find_map(|word| article.strip_prefix(word));
            let where_ = its.map_or_else(|| article.clone(), |rest| format!("its article {rest}"));
            format!("in accordance with {where_}{}", shown.unwrap_or_default())
        }
        None => {
            let entry = effect.rule.map(|rule| format!(" of entry {rule}")).unwrap_or_default();
            let clause = clause.map(|clause| format!(" {clause}")).unwrap_or_default();
            format!("in accordance with the clause{clause}{entry}, whose article is not recorded")
        }
    }
}

/// The addressees of a notification, in words.
pub(crate) fn addressees(page: &Page, all: &Addressees) -> String {
    let mut out = format!("To {}\n", count(all.count as u64, "addressee", "addressees"));
    let mut group = |title: &str, ids: Vec<&str>| {
        let label = format!("  {} ({})  ", clean(title), ids.len());
        out.push_str(&page.wrap_to(&label, "      ", &ids.join(" ")));
    };
    for each in &all.by_status {
        group(&each.title, each.participants.iter().map(|who| who.as_str()).collect());
    }
    if !all.others.is_empty() {
        group("others on record", all.others.iter().map(|who| who.as_str()).collect());
    }
    out
}

fn footer(page: &Page, notification: &Notification, checkpoint: &CheckpointRef) -> String {
    let entries: Vec<String> = notification.entries.iter().map(ToString::to_string).collect();
    let noun = if entries.len() == 1 { "entry" } else { "entries" };
    let mut out = page.wrap("", &format!("Draft. It rests on {noun} {}", entries.join(" ")));
    let record = format!("{}, root {}", count(checkpoint.size.0, "entry", "entries"), checkpoint.root);
    out.push_str(&page.wrap("of a record of ", &record));
    out.push_str(&format!("when it has gone out:\n  {}\n", command(notification)));
    out
}

/// The command that records the circulation.
fn command(notification: &Notification) -> String {
    let which = match notification.kind {
        NotificationKind::EntryIntoForce => " --entry-into-force",
        _ => "",
    };
    format!("chancery notify --circulated {}{which} --notified DATE --cite \"C.N.…\"", notification.entry)
}

/// The verb for a day before, around or after the day of the notification.
fn tense(date: &Edtf, on: Day, verbs: [&str; 3], rest: &str) -> String {
    let [before, around, after] = verbs;
    let verb = if date.latest() <= on {
        before
    } else if date.earliest() > on {
        after
    } else {
        around
    };
    format!("{verb} {rest}")
}

/// A date in a sentence: `on 5 March 2026`, `between 1 March 2026 and 31 March 2026`.
fn when(date: &Edtf) -> String {
    let (first, last) = (date.earliest(), date.latest());
    let doubt = if date.is_qualified() { " (the day is in doubt)" } else { "" };
    let said = match (first.date(), last.date()) {
        _ if first == last => format!("on {}", long_day(first)),
        (None, _) => format!("on or before {}", long_day(last)),
        (_, None) => format!("on or after {}", long_day(first)),
        _ => format!("between {} and {}", long_day(first), long_day(last)),
    };
    format!("{said}{doubt}")
}

/// A date without its preposition: `5 March 2026`.
fn day_of(date: &Edtf) -> String {
    let said = when(date);
    said.strip_prefix("on ").filter(|rest| !rest.starts_with("or ")).map_or(said.clone(), str::to_owned)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A list in words: `a, b and c`.
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}
