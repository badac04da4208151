//! The command line: one file a command, an `Args` struct whose doc comment is the help text, then one short function.

mod acts;
mod answers;
mod append;
mod ask;
mod audit;
mod audit_report;
mod axes;
mod bodies;
mod certificate;
mod charter;
mod check;
mod checkpoint;
mod circular;
mod circulated;
mod citation;
mod cite;
mod communications;
mod compact;
mod compare;
mod compare_file;
mod compare_out;
mod completions;
mod conflicts;
mod context;
mod cosign;
mod count;
mod custody;
mod demo;
mod diff;
mod error;
mod explain;
mod export;
mod home;
mod import;
mod import_events;
mod in_force;
mod init;
mod intake;
mod key;
mod log;
mod man;
mod notify;
mod package;
mod panel;
mod participants;
mod pending;
mod portfolio;
mod prove;
mod publish;
mod quality;
mod question;
mod questions;
mod quick;
mod receipt;
mod recorder;
mod recorder_list;
mod rectify;
mod redact;
mod relations;
mod render;
mod repair;
mod replay;
mod reservations;
mod retract;
mod roster;
mod seen;
mod show;
mod signing;
mod spells;
mod status;
mod table;
mod timeline;
mod tour;
mod verify;
mod view;
mod what_if;
mod when;
mod witness;
#[cfg(feature = "serve")]
mod witness_serve;
mod words;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use context::{Context, GlobalArgs};
use error::{Exit, Failure};

/// An append-only record of diplomatic acts, and what follows from them
///
/// Record what was signed, decided, deposited; ask who had which status in an organisation or treaty on any day, as
/// known then, as recorded here; see by which acts, under which rule, on whose evidence.
#[derive(Parser, Debug)]
#[command(
    name = "chancery",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 done or answered, 1 answered \"no\" or rows left out, 2 usage, 3 refused by rule, \
                  4 ledger unavailable, locked or damaged.\nEnvironment: CHANCERY_LEDGER, CHANCERY_SEEN, \
                  CHANCERY_RECORDER_KEY (the file of the key that signs), NO_COLOR, COLUMNS, \
                  CHANCERY_NOW (an instant that stands in for the clock); with it \
                  CHANCERY_KEY_SEED (a text that stands in for the chance a key is made of: for tests)."
)]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    Status(status::Args),
    Roster(roster::Args),
    Portfolio(portfolio::Args),
    Timeline(timeline::Args),
    Explain(explain::Args),
    Pending(pending::Args),
    Communications(communications::Args),
    Reservations(reservations::Args),
    Relations(relations::Args),
    InForce(in_force::Args),
    When(when::Args),
    Count(count::Args),
    Ask(ask::Args),
    Conflicts(conflicts::Args),
    Diff(diff::Args),
    Compare(compare::Args),
    WhatIf(what_if::Args),
    Append(Box<append::Args>),
    #[command(subcommand)]
    Import(import::Command),
    Rectify(rectify::Args),
    Retract(retract::Args),
    Redact(redact::Args),
    Notify(Box<notify::Args>),
    Log(log::Args),
    Show(show::Args),
    Acts(acts::Args),
    Bodies(bodies::Args),
    Participants(participants::Args),
    #[command(subcommand)]
    Charter(charter::Command),
    #[command(subcommand)]
    Export(export::Command),
    Cite(cite::Args),
    Publish(publish::Args),
    Check(check::Args),
    Audit(audit::Args),
    Replay(replay::Args),
    Repair(repair::Args),
    Compact(compact::Args),
    Checkpoint(checkpoint::Args),
    #[command(subcommand)]
    Prove(prove::Command),
    Verify(verify::Args),
    #[command(subcommand)]
    Key(key::Command),
    #[command(subcommand)]
    Recorder(recorder::Command),
    #[command(subcommand)]
    Witness(witness::Command),
    Init(init::Args),
    Demo(demo::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// The whole command line, as completions and man pages need it.
pub(crate) fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command line and gives the process its exit code.
pub fn run() -> ExitCode {
    let words: Vec<std::ffi::OsString> = std::env::args_os().collect();
    let cli = match quick::read(&words) {
        Some(cli) => cli,
        None => match Cli::command().try_get_matches_from(words) {
            Ok(matches) => match Cli::from_arg_matches(&matches) {
                Ok(cli) => cli,
                Err(error) => return fail(&Failure::usage(error)),
            },
            Err(error) => return usage(&error),
        },
    };
    match Context::new(&cli.global).and_then(|context| dispatch(cli.command, &context)) {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => fail(&failure),
    }
}

fn dispatch(command: Option<Command>, context: &Context) -> Result<Exit, Failure> {
    let Some(command) = command else { return home::run(context) };
    match command {
        Command::Status(args) => status::run(&args, context),
        Command::Roster(args) => roster::run(&args, context),
        Command::Portfolio(args) => portfolio::run(&args, context),
        Command::Timeline(args) => timeline::run(&args, context),
        Command::Explain(args) => explain::run(&args, context),
        Command::Pending(args) => pending::run(&args, context),
        Command::Communications(args) => communications::run(&args, context),
        Command::Reservations(args) => reservations::run(&args, context),
        Command::Relations(args) => relations::run(&args, context),
        Command::InForce(args) => in_force::run(&args, context),
        Command::When(args) => when::run(&args, context),
        Command::Count(args) => count::run(&args, context),
        Command::Ask(args) => ask::run(&args, context),
        Command::Conflicts(args) => conflicts::run(&args, context),
        Command::Diff(args) => diff::run(&args, context),
        Command::Compare(args) => compare::run(&args, context),
        Command::WhatIf(args) => what_if::run(&args, context),
        Command::Append(args) => append::run(&args, context),
        Command::Import(command) => import::run(&command, context),
        Command::Rectify(args) => rectify::run(&args, context),
        Command::Retract(args) => retract::run(&args, context),
        Command::Redact(args) => redact::run(&args, context),
        Command::Notify(args) => notify::run(&args, context),
        Command::Log(args) => log::run(&args, context),
        Command::Show(args) => show::run(&args, context),
        Command::Acts(args) => acts::run(&args, context),
        Command::Bodies(args) => bodies::run(&args, context),
        Command::Participants(args) => participants::run(&args, context),
        Command::Charter(command) => charter::run(&command, context),
        Command::Export(command) => export::run(&command, context),
        Command::Cite(args) => cite::run(&args, context),
        Command::Publish(args) => publish::run(&args, context),
        Command::Check(args) => check::run(&args, context),
        Command::Audit(args) => audit::run(&args, context),
        Command::Replay(args) => replay::run(&args, context),
        Command::Repair(args) => repair::run(&args, context),
        Command::Compact(args) => compact::run(&args, context),
        Command::Checkpoint(args) => checkpoint::run(&args, context),
        Command::Prove(command) => prove::run(&command, context),
        Command::Verify(args) => verify::run(&args, context),
        Command::Key(command) => key::run(&command, context),
        Command::Recorder(command) => recorder::run(&command, context),
        Command::Witness(command) => witness::run(&command, context),
        Command::Init(args) => init::run(&args, context),
        Command::Demo(args) => demo::run(&args, context),
        Command::Completions(args) => completions::run(&args, context),
        Command::Man(args) => man::run(&args, context),
    }
}

/// Answers a question that stands in other words of the same command line, in surroundings made of its own options.
fn question(
    words: impl IntoIterator<Item = std::ffi::OsString>,
    within: impl FnOnce(Context) -> Context,
) -> Result<Exit, Failure> {
    let matches = match Cli::command().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return Ok(if error.print().is_ok() { Exit::Done } else { Exit::Unavailable });
        }
        Err(error) => return Err(usage_failure(&error)),
    };
    let cli = Cli::from_arg_matches(&matches).map_err(Failure::usage)?;
    let asks = cli.command.as_ref().is_some_and(Command::asks);
    if !asks {
        return Err(Failure::usage("no question is asked: what follows must be one").help(
            "status, roster, portfolio, timeline, explain, pending, in-force, when, count, conflicts, diff, relations, \
             reservations or communications, as it is asked without what-if",
        ));
    }
    dispatch(cli.command, &within(Context::new(&cli.global)?))
}

impl Command {
    /// Whether it only asks, of whatever entries it is given.
    const fn asks(&self) -> bool {
        matches!(
            self,
            Command::Status(_)
                | Command::Roster(_)
                | Command::Timeline(_)
                | Command::Explain(_)
                | Command::Pending(_)
                | Command::Conflicts(_)
                | Command::Diff(_)
                | Command::Portfolio(_)
                | Command::InForce(_)
                | Command::When(_)
                | Command::Count(_)
                | Command::Communications(_)
                | Command::Reservations(_)
                | Command::Relations(_)
        )
    }
}

fn fail(failure: &Failure) -> ExitCode {
    use miette::Diagnostic;
    use std::io::Write;
    let help = failure.help().map(|help| help.to_string()).unwrap_or_default();
    let mut text = format!("chancery: {}\n", render::clean(&failure.to_string()));
    help.lines().for_each(|line| text.push_str(&format!("  {}\n", render::clean(line))));
    // Where standard error is gone the exit code still says it.
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(failure.exit as u8)
}

/// What clap finds wrong, in our form: the cause in one line, then what to do.
fn usage(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let shown = error.print().is_ok();
        return ExitCode::from(if shown { Exit::Done } else { Exit::Unavailable } as u8);
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return ExitCode::from(Exit::Usage as u8);
    }
    fail(&usage_failure(error))
}

/// The cause in one line, then what to do.
fn usage_failure(error: &clap::Error) -> Failure {
    if let Some(cause) =
        std::error::Error::source(error).filter(|_| error.kind() == ErrorKind::ValueValidation)
    {
        return Failure::usage(cause);
    }
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let mut what = first.strip_prefix("error: ").unwrap_or(first).to_owned();
    let mut help = Vec::new();
    for line in lines {
        match line.trim().strip_prefix("tip: ") {
            Some(tip) => help.push(tip.to_owned()),
            None if line.starts_with("For more information") => help.push("see --help".to_owned()),
            None if line.starts_with("Usage:") => help.push(line.to_owned()),
            None if what.ends_with(':') || line.starts_with("  ") && help.is_empty() => {
                what.push(' ');
                what.push_str(line.trim());
            }
            None => help.push(line.trim().to_owned()),
        }
    }
    help.into_iter().fold(Failure::usage(what), Failure::help)
}
