//! The command line. Each command has a file with an `Args` struct, whose doc comment is the help text, and one short function.

mod ask;
mod check;
mod context;
mod error;
mod find;
mod output;
mod prove;
mod record;
mod render;
mod safe;
mod share;
mod start;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

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
    Status(ask::status::Args),
    Roster(ask::roster::Args),
    Portfolio(ask::portfolio::Args),
    Timeline(ask::timeline::Args),
    Explain(ask::explain::Args),
    Pending(ask::pending::Args),
    Communications(ask::communications::Args),
    Reservations(ask::reservations::Args),
    Relations(ask::relations::Args),
    InForce(ask::in_force::Args),
    When(ask::when::Args),
    Count(ask::count::Args),
    Ask(ask::ask::Args),
    Conflicts(ask::conflicts::Args),
    Diff(ask::diff::Args),
    Compare(check::compare::Args),
    WhatIf(ask::what_if::Args),
    Append(Box<record::append::Args>),
    #[command(subcommand)]
    Import(record::import::Command),
    Rectify(record::rectify::Args),
    Retract(record::retract::Args),
    Redact(record::redact::Args),
    Notify(Box<share::notify::Args>),
    Log(find::log::Args),
    Show(find::show::Args),
    Acts(find::acts::Args),
    Bodies(find::bodies::Args),
    Participants(find::participants::Args),
    #[command(subcommand)]
    Charter(find::charter::Command),
    #[command(subcommand)]
    Export(share::export::Command),
    Cite(prove::cite::Args),
    Publish(share::publish::Args),
    Check(check::check::Args),
    Audit(check::audit::Args),
    Replay(check::replay::Args),
    Repair(check::repair::Args),
    Compact(check::compact::Args),
    Checkpoint(prove::checkpoint::Args),
    #[command(subcommand)]
    Prove(prove::prove::Command),
    Verify(prove::verify::Args),
    #[command(subcommand)]
    Key(prove::key::Command),
    #[command(subcommand)]
    Recorder(record::recorder::Command),
    #[command(subcommand)]
    Witness(prove::witness::Command),
    Init(start::init::Args),
    Demo(start::demo::Args),
    Completions(start::completions::Args),
    Man(start::man::Args),
}

/// The whole command line with every command and its options, from which completions and man pages are made. It parses words and
/// runs nothing.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command line and gives the process its exit code.
pub fn run() -> ExitCode {
    let words: Vec<std::ffi::OsString> = std::env::args_os().collect();
    if let Some(exit) = start::quick::version(&words) {
        return ExitCode::from(exit as u8);
    }
    let cli = match start::quick::read(&words) {
        Some(cli) => cli,
        None => match Cli::command().try_get_matches_from(words) {
            Ok(matches) => match Cli::of(&matches) {
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
    let Some(command) = command else { return start::home::run(context) };
    match command {
        Command::Status(args) => ask::status::run(&args, context),
        Command::Roster(args) => ask::roster::run(&args, context),
        Command::Portfolio(args) => ask::portfolio::run(&args, context),
        Command::Timeline(args) => ask::timeline::run(&args, context),
        Command::Explain(args) => ask::explain::run(&args, context),
        Command::Pending(args) => ask::pending::run(&args, context),
        Command::Communications(args) => ask::communications::run(&args, context),
        Command::Reservations(args) => ask::reservations::run(&args, context),
        Command::Relations(args) => ask::relations::run(&args, context),
        Command::InForce(args) => ask::in_force::run(&args, context),
        Command::When(args) => ask::when::run(&args, context),
        Command::Count(args) => ask::count::run(&args, context),
        Command::Ask(args) => ask::ask::run(&args, context),
        Command::Conflicts(args) => ask::conflicts::run(&args, context),
        Command::Diff(args) => ask::diff::run(&args, context),
        Command::Compare(args) => check::compare::run(&args, context),
        Command::WhatIf(args) => ask::what_if::run(&args, context),
        Command::Append(args) => record::append::run(&args, context),
        Command::Import(command) => record::import::run(&command, context),
        Command::Rectify(args) => record::rectify::run(&args, context),
        Command::Retract(args) => record::retract::run(&args, context),
        Command::Redact(args) => record::redact::run(&args, context),
        Command::Notify(args) => share::notify::run(&args, context),
        Command::Log(args) => find::log::run(&args, context),
        Command::Show(args) => find::show::run(&args, context),
        Command::Acts(args) => find::acts::run(&args, context),
        Command::Bodies(args) => find::bodies::run(&args, context),
        Command::Participants(args) => find::participants::run(&args, context),
        Command::Charter(command) => find::charter::run(&command, context),
        Command::Export(command) => share::export::run(&command, context),
        Command::Cite(args) => prove::cite::run(&args, context),
        Command::Publish(args) => share::publish::run(&args, context),
        Command::Check(args) => check::check::run(&args, context),
        Command::Audit(args) => check::audit::run(&args, context),
        Command::Replay(args) => check::replay::run(&args, context),
        Command::Repair(args) => check::repair::run(&args, context),
        Command::Compact(args) => check::compact::run(&args, context),
        Command::Checkpoint(args) => prove::checkpoint::run(&args, context),
        Command::Prove(command) => prove::prove::run(&command, context),
        Command::Verify(args) => prove::verify::run(&args, context),
        Command::Key(command) => prove::key::run(&command, context),
        Command::Recorder(command) => record::recorder::run(&command, context),
        Command::Witness(command) => prove::witness::run(&command, context),
        Command::Init(args) => start::init::run(&args, context),
        Command::Demo(args) => start::demo::run(&args, context),
        Command::Completions(args) => start::completions::run(&args, context),
        Command::Man(args) => start::man::run(&args, context),
    }
}

/// Answers a question that is given as further words of the command line, in a context built from the question's own options.
fn question(
    words: impl IntoIterator<Item = std::ffi::OsString>,
    within: impl FnOnce(Context) -> Context,
) -> Result<Exit, Failure> {
    let words: Vec<std::ffi::OsString> = words.into_iter().collect();
    let cli = match start::quick::read(&words) {
        Some(cli) => cli,
        None => match Cli::command().try_get_matches_from(words) {
            Ok(matches) => Cli::of(&matches).map_err(Failure::usage)?,
            Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
                return Ok(if error.print().is_ok() { Exit::Done } else { Exit::Unavailable });
            }
            Err(error) => return Err(usage_failure(&error)),
        },
    };
    let asks = cli.command.as_ref().is_some_and(Command::asks);
    if !asks {
        return Err(Failure::usage("no question is asked: what follows must be one").help(
            "status, roster, portfolio, timeline, explain, pending, in-force, when, count, conflicts, diff, relations, \
             reservations or communications, as it is asked without what-if",
        ));
    }
    dispatch(cli.command, &within(Context::new(&cli.global)?))
}

impl Cli {
    /// The command line, with the keys that its question gives.
    fn of(matches: &ArgMatches) -> Result<Cli, clap::Error> {
        let mut cli = Cli::from_arg_matches(matches)?;
        cli.global.keys = ask::trust::given(matches);
        Ok(cli)
    }
}

impl Command {
    /// True if the command is a question, which can be asked of supposed entries too.
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
    // If standard error is closed, the exit code still reports the failure.
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(failure.exit as u8)
}

/// Reports an error that clap finds, in our form: the cause in one line, then the remedy.
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

/// Converts an error of clap: the cause in one line, then the remedy.
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
