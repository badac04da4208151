use std::path::Path;

use rayon::prelude::*;

use crate::query::{Notification, Notifications};

use crate::cli::ask::question::footer;
use crate::cli::context::{Context, Format, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::output::write_output;
use crate::cli::render::{Page, count};
use crate::cli::safe;
use crate::cli::share::circular::{Wording, addressees, draft};
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
    let bodies = bodies(&args.what, &reading, &axes)?;
    let answer = drafts(&reading, &bodies, since, &axes)?;
    if let Some(folder) = &args.out {
        write(folder, args, &answer)?;
    }
    match (&args.out, context.format) {
        (None, Format::Text) => print(args, &answer, context)?,
        (Some(folder), _) => context.answer(&answer, SHAPE, |page| files(page, folder, &answer, context))?,
        (None, _) => context.answer(&answer, SHAPE, |_| String::new())?,
    }
    Ok(Exit::Done)
}

/// The page of a file, whose lines do not depend on the terminal.
const SHEET: Page = Page { width: 80, unicode: true };

fn write(folder: &Path, args: &Args, answer: &Notifications) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|e| Failure::file(folder, &e))?;
    for of_body in by_body(answer) {
        let to = of_body.first().map(|one| addressees(&SHEET, &one.addressees)).unwrap_or_default();
        for notification in of_body {
            let path = folder.join(format!("{}.txt", notification.name));
            let text = draft(&SHEET, notification, &wording(args, answer, &to));
            write_output(&path, safe::page(&text).as_bytes())?;
        }
    }
    Ok(())
}

/// The notifications of each body, which have the same addressees; no group is empty.
fn by_body(answer: &Notifications) -> impl Iterator<Item = &[Notification]> {
    answer.notifications.chunk_by(|one, next| one.body == next.body)
}

fn wording<'w>(args: &'w Args, answer: &'w Notifications, addressees: &'w str) -> Wording<'w> {
    let depositary = args.depositary.as_deref();
    Wording { depositary, on: answer.question.on, addressees, checkpoint: &answer.checkpoint }
}

/// The number of bodies whose drafts are written in parallel before they are printed.
const WORDED: usize = 128;

/// Prints the drafts one after another, because a whole record has more than should be in memory as one text.
fn print(args: &Args, answer: &Notifications, context: &Context) -> Result<(), Failure> {
    let page = &context.page;
    let rule = page.tree("─", "-").repeat(page.width.min(SHEET.width));
    let worded = |of_body: &&[Notification]| {
        let to = of_body.first().map(|one| addressees(page, &one.addressees)).unwrap_or_default();
        let wording = wording(args, answer, &to);
        of_body.iter().map(|one| format!("\n{rule}\n{}", draft(page, one, &wording))).collect::<String>()
    };
    context.print(&opening(page, answer))?;
    let bodies: Vec<&[Notification]> = by_body(answer).collect();
    for some in bodies.chunks(WORDED) {
        let texts: Vec<String> = some.par_iter().map(worded).collect();
        texts.iter().try_for_each(|text| context.print(text))?;
    }
    let end = if bodies.is_empty() { String::new() } else { format!("{rule}\n") };
    let footer = footer(page, &answer.question, &answer.checkpoint, context.now.day());
    context.print(&format!("{end}\n{footer}"))
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

/// The number of notifications, in words.
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
