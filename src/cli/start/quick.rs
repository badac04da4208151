//! Parses the command line without building the commands that it does not name. There are some fifty commands, and building all of
//! them takes longer than answering.
//!
//! A command line that cannot be parsed like this (help, or a mistake) is parsed again by the complete parser, which alone explains
//! the mistake.

use std::ffi::OsString;
use std::io::Write;

use clap::{ArgMatches, Args, FromArgMatches, Subcommand};

use crate::cli::ask::{
    ask, communications, conflicts, count, diff, explain, in_force, pending, portfolio, relations,
    reservations, roster, status, timeline, trust, what_if, when,
};
use crate::cli::check::{audit, check, compact, compare, repair, replay};
use crate::cli::context::GlobalArgs;
use crate::cli::error::Exit;
use crate::cli::find::{acts, bodies, charter, log, participants, show};
use crate::cli::prove::{checkpoint, cite, key, prove, verify, witness};
use crate::cli::record::{append, import, recorder, rectify, redact, retract};
use crate::cli::share::{export, notify, publish};
use crate::cli::start::{demo, init};
use crate::cli::{Cli, Command};

/// Adds the arguments of a command.
type Build = fn(clap::Command) -> clap::Command;
/// Reads the arguments of a command.
type Read = fn(&ArgMatches) -> Result<Command, clap::Error>;

macro_rules! commands {
    ($word:expr, $($name:literal => $variant:ident, $build:expr;)*) => {
        match $word {
            $($name => Some((
                $name,
                $build as Build,
                (|matches| FromArgMatches::from_arg_matches(matches).map(Command::$variant)) as Read,
            )),)*
            _ => None,
        }
    };
}

/// Builds a command that has options.
fn one<A: Args>(command: clap::Command) -> clap::Command {
    A::augment_args(command)
}

/// Builds a command that has subcommands.
fn group<S: Subcommand>(command: clap::Command) -> clap::Command {
    S::augment_subcommands(command).subcommand_required(true)
}

fn named(word: &str) -> Option<(&'static str, Build, Read)> {
    commands!(word,
        "acts" => Acts, one::<acts::Args>;
        "append" => Append, one::<append::Args>;
        "ask" => Ask, one::<ask::Args>;
        "audit" => Audit, one::<audit::Args>;
        "bodies" => Bodies, one::<bodies::Args>;
        "charter" => Charter, group::<charter::Command>;
        "check" => Check, one::<check::Args>;
        "checkpoint" => Checkpoint, one::<checkpoint::Args>;
        "cite" => Cite, one::<cite::Args>;
        "communications" => Communications, one::<communications::Args>;
        "compact" => Compact, one::<compact::Args>;
        "compare" => Compare, one::<compare::Args>;
        "conflicts" => Conflicts, one::<conflicts::Args>;
        "count" => Count, one::<count::Args>;
        "demo" => Demo, one::<demo::Args>;
        "diff" => Diff, one::<diff::Args>;
        "explain" => Explain, one::<explain::Args>;
        "export" => Export, group::<export::Command>;
        "import" => Import, group::<import::Command>;
        "in-force" => InForce, one::<in_force::Args>;
        "init" => Init, one::<init::Args>;
        "key" => Key, group::<key::Command>;
        "log" => Log, one::<log::Args>;
        "notify" => Notify, one::<notify::Args>;
        "participants" => Participants, one::<participants::Args>;
        "pending" => Pending, one::<pending::Args>;
        "portfolio" => Portfolio, one::<portfolio::Args>;
        "prove" => Prove, group::<prove::Command>;
        "publish" => Publish, one::<publish::Args>;
        "recorder" => Recorder, group::<recorder::Command>;
        "rectify" => Rectify, one::<rectify::Args>;
        "redact" => Redact, one::<redact::Args>;
        "relations" => Relations, one::<relations::Args>;
        "repair" => Repair, one::<repair::Args>;
        "replay" => Replay, one::<replay::Args>;
        "reservations" => Reservations, one::<reservations::Args>;
        "retract" => Retract, one::<retract::Args>;
        "roster" => Roster, one::<roster::Args>;
        "show" => Show, one::<show::Args>;
        "status" => Status, one::<status::Args>;
        "timeline" => Timeline, one::<timeline::Args>;
        "verify" => Verify, one::<verify::Args>;
        "what-if" => WhatIf, one::<what_if::Args>;
        "when" => When, one::<when::Args>;
        "witness" => Witness, group::<witness::Command>;
    )
}

/// Parses the command line, if it names one of these commands, or none, and has no mistake; returns `None` otherwise.
pub(crate) fn read(words: &[OsString]) -> Option<Cli> {
    let command = GlobalArgs::augment_args(clap::Command::new("chancery"));
    let Some((name, build, read)) = words.iter().skip(1).find_map(|word| named(word.to_str()?)) else {
        let matches = command.try_get_matches_from(words).ok()?;
        return Some(Cli { global: GlobalArgs::from_arg_matches(&matches).ok()?, command: None });
    };
    let command = command.subcommand(build(clap::Command::new(name))).subcommand_required(true);
    let matches = command.try_get_matches_from(words).ok()?;
    let mut global = GlobalArgs::from_arg_matches(&matches).ok()?;
    global.keys = trust::given(&matches);
    let command = read(matches.subcommand_matches(name)?).ok()?;
    Some(Cli { global, command: Some(command) })
}

/// Prints the version, if the command line asks for nothing else.
pub(crate) fn version(words: &[OsString]) -> Option<Exit> {
    let asked = matches!(words, [_, word] if word == "--version" || word == "-V");
    let say = || writeln!(std::io::stdout(), concat!("chancery ", env!("CARGO_PKG_VERSION")));
    asked.then(|| if say().is_ok() { Exit::Done } else { Exit::Unavailable })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These commands build the whole command line, because they describe all of it.
    const WHOLE: [&str; 2] = ["completions", "man"];

    #[test]
    fn every_command_is_read_without_building_the_others() {
        for command in crate::cli::command().get_subcommands() {
            let name = command.get_name();
            assert_eq!(named(name).is_some(), !WHOLE.contains(&name), "{name}");
        }
    }

    #[test]
    fn the_version_is_said_as_the_whole_command_line_says_it() {
        let whole = crate::cli::command().render_version();
        assert_eq!(whole, concat!("chancery ", env!("CARGO_PKG_VERSION"), "\n"));
    }
}
