use std::path::Path;

use crate::log::Disk;
use crate::query::Notifications;

use crate::cli::ask::question::footer;
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, count};
use crate::cli::share::circular::{Wording, draft};
pub(crate) use crate::cli::share::notifiable::Args;
use crate::cli::share::notifiable::{bodies, drafts, since};

const SHAPE: Shape = Shape {
    list: Some("notifications"),
    columns: &[
        "body",
        "entry",
        "kind",
        "name",
        "reference",
        "heading",
        "participant",
        "act",
        "form",
        "date",
        "effect.of",
        "effect.basis",
        "effect.on",
        "effect.article",
        "objections_before",
        "addressees.count",
        "entries",
    ],
};

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    if args.gone.circulated {
        return crate::cli::share::circulated::run(args, context);
    }
    let (evidence, _) = args.gone.source.evidence()?;
    if !evidence.is_empty() {
        return Err(Failure::usage("--cite belongs to --circulated: a draft rests on what is recorded"));
    }
    if args.gone.signing.drafts() {
        return Err(Failure::usage("--draft belongs to --circulated; to write the notifications: --out DIR"));
    }
    let reading = context.reading()?;
    let axes = args.axes.resolve(context, &reading)?;
    let since = since(args, &reading, &axes)?;
    let bodies = bodies(&args.what, &reading, axes.as_recorded)?;
    let answer = drafts(&reading, &bodies, since, &axes)?;
    if let Some(folder) = &args.out {
        write(folder, args, &answer)?;
    }
    let text = |page: &Page| match &args.out {
        Some(folder) => files(page, folder, &answer, context),
        None => text(page, args, &answer, context),
    };
    context.answer(&answer, SHAPE, text)?;
    Ok(Exit::Done)
}

fn wording<'w>(args: &'w Args, answer: &'w Notifications) -> Wording<'w> {
    let depositary = args.depositary.as_deref();
    Wording { depositary, on: answer.question.on, checkpoint: &answer.checkpoint }
}

/// A file's lines are the same on every terminal.
const SHEET: Page = Page { width: 80, unicode: true };

fn write(folder: &Path, args: &Args, answer: &Notifications) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|e| Failure::file(folder, &e))?;
    for notification in &answer.notifications {
        let path = folder.join(format!("{}.txt", notification.name));
        let text = draft(&SHEET, notification, &wording(args, answer));
        Disk::default().replace(&path, text.as_bytes()).map_err(|e| Failure::file(&path, &e))?;
    }
    Ok(())
}

fn text(page: &Page, args: &Args, answer: &Notifications, context: &Context) -> String {
    let rule = page.tree("─", "-").repeat(page.width.min(SHEET.width));
    let mut out = opening(page, answer);
    for notification in &answer.notifications {
        out.push_str(&format!("\n{rule}\n{}", draft(page, notification, &wording(args, answer))));
    }
    if !answer.notifications.is_empty() {
        out.push_str(&format!("{rule}\n"));
    }
    out.push_str(&format!("\n{}", footer(page, &answer.question, &answer.checkpoint, context.now.day())));
    out
}

fn files(page: &Page, folder: &Path, answer: &Notifications, context: &Context) -> String {
    let mut out = opening(page, answer);
    for notification in &answer.notifications {
        let path = folder.join(format!("{}.txt", notification.name));
        out.push_str(&page.wrap(&format!("  {}  ", path.display()), &notification.said.heading));
    }
    out.push_str(&format!("\n{}", footer(page, &answer.question, &answer.checkpoint, context.now.day())));
    out
}

/// How many there are.
fn opening(page: &Page, answer: &Notifications) -> String {
    let from = match answer.since.0 {
        0 => "in the whole record".to_owned(),
        size => format!("from entry {size} on"),
    };
    let first = match answer.notifications.len() {
        0 => format!("Nothing to notify: no act recorded {from} waits to be circulated."),
        n => format!("{} to circulate, recorded {from}", count(n as u64, "notification", "notifications")),
    };
    format!("{}{}", page.wrap("", &first), page.notes(&answer.notes))
}
