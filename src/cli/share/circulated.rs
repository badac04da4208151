//! `notify --circulated`: records that notifications were circulated, each as an act of its own.

use std::sync::Arc;

use uuid::Uuid;

use crate::event::leaf::encode_event;
use crate::event::{Act, ActKind, BodyId, Edtf, Event, EventId, Evidence, Index, Role, Size};
use crate::ledger::{AppendOptions, Reading, Writer};
use crate::query::{Axes, Notification, NotificationKind};

use crate::cli::context::Context;
use crate::cli::error::{Exit, Failure};
use crate::cli::record::documents::keep_document;
use crate::cli::record::receipt;
use crate::cli::share::notifiable::{Args, CirculatedArgs, bodies, drafts, since};

/// Records the circulation of the entries that the user names, or of all drafts for the bodies named.
///
/// # Errors
/// [`Failure`].
pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let gone = &args.gone;
    let mode = gone.signing.mode(gone.dry_run);
    let (evidence, document) = gone.source.evidence()?;
    if evidence.is_empty() {
        return Err(Failure::usage("--circulated needs --cite: a fact carries its source")
            .help("example: … --notified 2026-11-26 --cite \"C.N.123.2026.TREATIES-IV.4\""));
    }
    let on = gone.notified.as_ref().ok_or_else(|| Failure::usage("--circulated needs --notified DATE"))?;
    let mut writer = gone.signing.open(context, "notify", mode)?;
    let reading = writer.reading(context.now);
    let circular = Circular { on, evidence, writer: &writer, reading: &reading };
    let axes = args.axes.resolve(context, &reading)?;
    let entries: Option<Vec<Index>> =
        args.what.iter().map(|word| word.parse().ok().map(Index)).collect::<Option<Vec<_>>>();
    let events = match entries.filter(|entries| !entries.is_empty()) {
        Some(entries) => of_entries(&entries, args, &circular, &axes)?,
        None => of_bodies(args, &circular, &axes)?,
    };
    if events.is_empty() {
        context.print("Nothing was recorded: nothing recorded since then waits to be circulated.\n")?;
        return Ok(Exit::Done);
    }
    let options = AppendOptions {
        now: context.clock_now(),
        expect_size: gone.expect_size.map(Size),
        accept_clock: gone.accept_clock,
    };
    if let Some(bytes) = document.filter(|_| mode.records()) {
        writer.rehearse(events.clone(), &options)?;
        keep_document(&context.ledger, &bytes)?;
    }
    let done = receipt::append(context, &mut writer, events, options, mode);
    if mode.records() {
        context.close(writer);
    }
    done?;
    Ok(Exit::Done)
}

/// The day and the source of a circular, with the ledger that records it.
struct Circular<'c> {
    on: &'c Edtf,
    evidence: Vec<Evidence>,
    writer: &'c Writer,
    reading: &'c Reading,
}

impl Circular<'_> {
    /// The act that records the circulation of a notification.
    fn event(&self, notification: &Notification) -> Result<Event, Failure> {
        let before_it = notification.said.date.as_ref().filter(|date| {
            let dated_by_effect = notification.act.roles().first() == Some(&Role::Effective);
            date.earliest() > self.on.latest() && !dated_by_effect
        });
        if let Some(date) = before_it {
            return Err(Failure::new(
                Exit::Refused,
                format!(
                    "entry {} is of {date}: it cannot have been circulated on {}",
                    notification.entry, self.on
                ),
            ));
        }
        let answers = self.reading.entry(notification.answers)?.event;
        match notification.kind {
            NotificationKind::EntryIntoForce => {
                let mut event = self.blank(Act::TreatyEnteredIntoForce, notification.body.clone(), &answers);
                if let Some(on) = notification.effect.as_ref().and_then(|effect| effect.on.clone()) {
                    event.dates.set(Role::Effective, on);
                }
                self.named(event)
            }
            _ => {
                let mut event = self.blank(Act::DepositaryNotified, notification.body.clone(), &answers);
                event.participant.clone_from(&answers.participant);
                self.named(event)
            }
        }
    }

    fn blank(&self, act: Act, body: BodyId, answers: &Event) -> Event {
        let mut event = Event::new(EventId(Uuid::nil()), act, body);
        event.to = Some(answers.id);
        event.dates.set(Role::Notified, self.on.clone());
        event.evidence = self.evidence.clone();
        event
    }

    /// Gives the event an id derived from its contents, so that it is recorded only once; if that entry was withdrawn, it is
    /// recorded again.
    fn named(&self, mut event: Event) -> Result<Event, Failure> {
        let said = encode_event(&event).map_err(Failure::usage)?;
        let of = event.to.unwrap_or(event.id);
        event.id = self.writer.held(&event.body)?.name(EventId(Uuid::new_v5(&of.0, &said)));
        Ok(event)
    }
}

/// The circulation of every notification of some bodies that is not yet circulated.
fn of_bodies(args: &Args, circular: &Circular<'_>, axes: &Axes) -> Result<Vec<Event>, Failure> {
    if args.gone.entry_into_force {
        return Err(Failure::usage(
            "--entry-into-force needs the entry: that of the consent that met the condition",
        ));
    }
    let reading = circular.reading;
    let since = since(args, reading, axes)?;
    let bodies = bodies(&args.what, reading, axes)?;
    let waiting = drafts(reading, &bodies, since, axes)?.notifications;
    // A notification drafted from fewer entries may have been circulated since.
    let now = Axes { as_recorded: reading.size(), ..axes.clone() };
    let still = drafts(reading, &bodies, since, &now)?.notifications;
    let waits = |n: &&Notification| {
        still.iter().any(|s| (s.kind, s.answers, s.entry) == (n.kind, n.answers, n.entry))
    };
    waiting.iter().filter(waits).map(|notification| circular.event(notification)).collect()
}

/// The circulation of entries that the user names one by one.
fn of_entries(
    entries: &[Index],
    args: &Args,
    circular: &Circular<'_>,
    axes: &Axes,
) -> Result<Vec<Event>, Failure> {
    if args.since.is_some() {
        return Err(Failure::usage(
            "--since goes with organisations or treaties: entries are named one by one",
        ));
    }
    let reading = circular.reading;
    let mut events = Vec::with_capacity(entries.len());
    for entry in entries {
        let body = reading.entry(*entry)?.event.body.clone();
        let waiting = drafts(reading, std::slice::from_ref(&body), Size(0), axes)?.notifications;
        let asked = |n: &&Notification| {
            let of_the_treaty = n.kind == NotificationKind::EntryIntoForce;
            (n.entry == *entry || n.answers == *entry) && of_the_treaty == args.gone.entry_into_force
        };
        let found: Vec<&Notification> = waiting.iter().filter(asked).collect();
        if found.is_empty() {
            events.push(again(*entry, &args.gone, circular)?);
        }
        for notification in found {
            events.push(circular.event(notification)?);
        }
    }
    events.dedup_by_key(|event| event.id);
    Ok(events)
}

/// The circulation of an entry, if it is recorded already in the same words.
///
/// # Errors
/// [`Failure`] if it is not, or if there is nothing to circulate.
fn again(entry: Index, gone: &CirculatedArgs, circular: &Circular<'_>) -> Result<Event, Failure> {
    let reading = circular.reading;
    let act =
        if gone.entry_into_force { ActKind::TreatyEnteredIntoForce } else { ActKind::DepositaryNotified };
    let recorded = reading.entry(entry)?;
    let mut answered = vec![entry];
    answered.extend(reading.corrections_of(&recorded)?);
    let mut told = None;
    let mut records: Vec<Index> = Vec::new();
    for target in answered {
        let target = reading.entry(target)?;
        records.extend(reading.answers_to(&target, act)?);
    }
    for index in records.into_iter().rev() {
        let event = reading.entry(index)?.event;
        let same =
            event.dates.get(Role::Notified) == Some(circular.on) && event.evidence == circular.evidence;
        if same {
            return Ok(Arc::unwrap_or_clone(event));
        }
        told = told.or(Some((index, event)));
    }
    Err(match told {
        Some((index, event)) => {
            let on = event.dates.get(Role::Notified).map(|on| format!(" on {on}")).unwrap_or_default();
            Failure::new(Exit::Refused, format!("entry {entry} was circulated already{on}: entry {index}"))
                .help(format!("if that is wrong: chancery rectify {index} --set notified=DATE …"))
        }
        None => Failure::usage(format!(
            "entry {entry}, {}, does not wait to be circulated",
            recorded.event.act.kind()
        ))
        .help("what waits: chancery notify --since 0"),
    })
}
