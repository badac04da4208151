//! The page that the program shows if no command is given.

use crate::charter::BodyKind;
use crate::event::{BodyId, Index, Size};
use crate::ledger::Reading;
use crate::query::RuledBody;

use crate::cli::context::{Context, Format};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{count, strong};

const BODY: &str = "\
ASK      status    one state, one body       roster   one body, by status
         portfolio one state, every body     timeline every spell
         explain   why: act, rule, source    pending  what is not finished
         in-force  clause, count, date       diff     two dates compared
         when      first day, every span     count    by year, is there a rise
         conflicts rival claims, by source   what-if  with unsaved events
         relations between two, on a day     reservations and who objected
         ask       many questions in one go  communications to a depositary
RECORD   append    one act, or a batch       import   a file
         rectify   correct an entry          retract  withdraw an entry
         redact    words beside the log      notify   what is to be circulated
FIND     log       the entries               show     one entry, as recorded
         acts      the acts and their dates  bodies, participants  ids, names
RULES    charter   list, show, lint, adopt, amend
CHECK    audit     replay    repair         check    how good a record is
         checkpoint the signed head         prove    an entry, or growth
         verify    without a ledger         key      what heads are signed with
         compare   with another data set    witness  sign what others' logs show
         recorder  who may record           compact  full parts of the log
SHARE    export    leaves, panels, tables    publish  static files of the log
         cite      so that it can be re-run  completions, man

Every question takes three dates, all inclusive:
";

/// Prints the first page.
///
/// # Errors
/// [`Failure`] if standard output is closed.
pub(crate) fn run(context: &Context) -> Result<Exit, Failure> {
    let path = context.ledger.display();
    let mut out = format!(
        "{} {}  An append-only record of diplomatic acts, and what follows from them.\n\n",
        strong("chancery"),
        env!("CARGO_PKG_VERSION")
    );
    let mut size = Size(128);
    let mut body = "sco".to_owned();
    match context.reading() {
        Ok(reading) => {
            size = reading.size();
            let bodies = reading.listed(size)?;
            let ids: Vec<&str> = bodies.iter().map(|(body, _)| body.as_str()).collect();
            out.push_str(&format!(
                "  ledger  {path}   {}, {}\n",
                count(size.0, "entry", "entries"),
                match ids.as_slice() {
                    [] => "no organisation or treaty yet: chancery charter adopt sco".to_owned(),
                    ids => format!("{}: {}", kinds(&bodies), ids.join(", ")),
                }
            ));
            out.push_str(&record(&reading, &bodies)?);
            if let Some((first, _)) = bodies.first() {
                body = first.to_string();
            }
        }
        Err(failure) if failure.exit == Exit::Unavailable && !context.ledger.exists() => {
            out.push_str(&format!("  ledger  none at {path}: try \"chancery demo\" or \"chancery init\"\n"));
        }
        Err(failure) => {
            out.push_str(&context.page.wrap(&format!("  ledger  {path}: "), &failure.to_string()))
        }
    }
    out.push('\n');
    out.push_str(BODY);
    let before = size.0.saturating_sub(1);
    for (option, what, default) in [
        ("--on 2023-07-01".to_owned(), "the day you ask about".to_owned(), "today"),
        ("--as-known 2023-07-05".to_owned(), "what was public by that day".to_owned(), "all of it"),
        (format!("--as-recorded {before}"), format!("the first {before} entries, or a time"), "all of it"),
    ] {
        out.push_str(&format!("  {option:<24} {what:<33} default: {default}\n"));
    }
    out.push_str(&format!("\nTry      chancery status Belarus --in {body} --on 2023-07-01\n"));
    if context.format != Format::Text {
        return Err(Failure::usage("--format needs a command").help("see: chancery --help"));
    }
    context.print(&out)?;
    Ok(Exit::Done)
}

/// The number of bodies of each kind: `1 organisation, 2 treaties`.
fn kinds(bodies: &[(BodyId, RuledBody)]) -> String {
    let of = |kind: BodyKind| bodies.iter().filter(|(_, ruled)| ruled.kind == kind).count() as u64;
    let (organisations, treaties) = (of(BodyKind::Organisation), of(BodyKind::Treaty));
    let parts = [(organisations, "organisation", "organisations"), (treaties, "treaty", "treaties")];
    let some = parts.into_iter().filter(|(n, ..)| *n > 0).map(|(n, one, many)| count(n, one, many));
    some.collect::<Vec<_>>().join(", ")
}

/// The end of each survey, and the time of the last entry.
fn record(reading: &Reading, bodies: &[(BodyId, RuledBody)]) -> Result<String, Failure> {
    let end = |(body, ruled): &(BodyId, RuledBody)| {
        ruled.coverage(reading.now().day()).map(|coverage| format!("{} ({body})", coverage.to))
    };
    let ends: Vec<String> = bodies.iter().filter_map(end).collect();
    let surveyed =
        if ends.is_empty() { "not surveyed".to_owned() } else { format!("surveyed to {}", ends.join(", ")) };
    let last = match reading.size().0.checked_sub(1) {
        Some(last) => {
            let stamp = reading.entry(Index(last))?.recorded_at.canonical();
            format!(
                "   last entry {} {} UTC",
                stamp.get(..10).unwrap_or_default(),
                stamp.get(11..16).unwrap_or_default()
            )
        }
        None => String::new(),
    };
    Ok(format!("  record  {surveyed}{last}\n"))
}
