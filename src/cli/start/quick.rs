//! The command line read without building what it does not name: of some fifty commands one is meant, and building the
//! others takes longer than answering.
//!
//! Whatever cannot be read so, for help or because something is wrong with it, is read again by the whole command line,
//! which alone says what it means.

use std::ffi::OsString;

use clap::{ArgMatches, Args as _, FromArgMatches};

use crate::cli::ask::{
    conflicts, count, explain, in_force, pending, portfolio, relations, reservations, roster, status,
    timeline, when,
};
use crate::cli::context::GlobalArgs;
use crate::cli::find::{bodies, log, show};
use crate::cli::record::append;
use crate::cli::{Cli, Command};

/// Adds the arguments of a command.
type Build = fn(clap::Command) -> clap::Command;
/// Reads them.
type Read = fn(&ArgMatches) -> Result<Command, clap::Error>;

macro_rules! commands {
    ($word:expr, $($name:literal => $variant:ident, $arguments:ty;)*) => {
        match $word {
            $($name => Some((
                $name,
                <$arguments>::augment_args as Build,
                (|matches| <$arguments>::from_arg_matches(matches).map(Command::$variant)) as Read,
            )),)*
            _ => None,
        }
    };
}

fn named(word: &str) -> Option<(&'static str, Build, Read)> {
    commands!(word,
        "append" => Append, Box<append::Args>;
        "bodies" => Bodies, bodies::Args;
        "conflicts" => Conflicts, conflicts::Args;
        "count" => Count, count::Args;
        "explain" => Explain, explain::Args;
        "in-force" => InForce, in_force::Args;
        "log" => Log, log::Args;
        "pending" => Pending, pending::Args;
        "portfolio" => Portfolio, portfolio::Args;
        "relations" => Relations, relations::Args;
        "reservations" => Reservations, reservations::Args;
        "roster" => Roster, roster::Args;
        "show" => Show, show::Args;
        "status" => Status, status::Args;
        "timeline" => Timeline, timeline::Args;
        "when" => When, when::Args;
    )
}

/// The command line, where it is one of these commands and nothing is wrong with it.
pub(crate) fn read(words: &[OsString]) -> Option<Cli> {
    let (name, build, read) = words.iter().skip(1).find_map(|word| named(word.to_str()?))?;
    let command = GlobalArgs::augment_args(clap::Command::new("chancery"))
        .subcommand(build(clap::Command::new(name)))
        .subcommand_required(true);
    let matches = command.try_get_matches_from(words).ok()?;
    let global = GlobalArgs::from_arg_matches(&matches).ok()?;
    let command = read(matches.subcommand_matches(name)?).ok()?;
    Some(Cli { global, command: Some(command) })
}
