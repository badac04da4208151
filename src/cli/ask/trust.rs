//! The keys by which the reader trusts an answer: one of them must have signed the head that it rests on.

use clap::{ArgMatches, Args};

use crate::log::VerifierKey;

use crate::cli::error::Failure;
use crate::cli::prove::given::verifier_key;

/// The keys that a reader brings along
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct TrustArgs {
    /// Answer only from what this verifier key signed (a line, or a file that holds it), whatever key.pub in the folder says;
    /// may be repeated
    #[arg(id = ID, long = "key", value_name = "VKEY", help_heading = "Whose signature it rests on")]
    keys: Vec<String>,
}

/// The id of the argument; it cannot be `key`, because other commands have a `--key` of their own.
const ID: &str = "trusted";

/// Returns the keys in a command line of any command, as the user wrote them.
pub(crate) fn given(matches: &ArgMatches) -> Vec<String> {
    let own = matches.try_get_many::<String>(ID).ok().flatten().into_iter().flatten().cloned();
    let inner = matches.subcommand().map(|(_, inner)| given(inner)).unwrap_or_default();
    own.chain(inner).collect()
}

/// Reads keys as the user wrote them in a command line.
///
/// # Errors
/// [`Failure`] of usage.
pub(crate) fn read(given: &[String]) -> Result<Vec<VerifierKey>, Failure> {
    given.iter().map(|key| verifier_key(key)).collect()
}
