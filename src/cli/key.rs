use sha2::{Digest, Sha256};

use crate::ledger::Ledger;
use crate::log::VerifierKey;

use super::context::{Context, Format, Shape};
use super::error::{Exit, Failure};

/// The key that signs the log's heads: generate, show
#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    Generate(GenerateArgs),
    Show(ShowArgs),
}

/// Give a ledger that has none its signing key
///
/// `init` has done so already; this is for a ledger made by an earlier version.
#[derive(clap::Args, Debug)]
#[command(after_help = "The key is made by chance and kept in the ledger's folder, in the file key,
which only its owner can read; the program refuses to sign with a key that
others can read. Whoever holds it can sign another history: leave it out of
what you publish. key.pub beside it is for everyone.")]
pub(super) struct GenerateArgs {}

/// Print the verifier key: one line, nothing else
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery key show > sco.vkey
  chancery verify entry-52.tlog-proof --key sco.vkey

The line is the log's name, a hash and the public key (C2SP signed-note). Hand
it out by a way that others trust: what is verified is verified against it.")]
pub(super) struct ShowArgs {}

pub(super) fn run(command: &Command, context: &Context) -> Result<Exit, Failure> {
    let key = match command {
        Command::Generate(GenerateArgs {}) => {
            let ledger = context.writer("key generate")?;
            let key = create(&ledger, context)?;
            context.close(ledger);
            key
        }
        Command::Show(ShowArgs {}) => context.reader()?.verifier_key()?,
    };
    if context.format == Format::Text {
        context.print(&format!("{key}\n"))?;
    } else {
        let answer = serde_json::json!({"origin": key.name(), "verifier_key": key.to_string()});
        let columns = &["origin", "verifier_key"];
        context.answer(&answer, Shape { list: None, columns }, |_| String::new())?;
    }
    Ok(Exit::Done)
}

/// Gives a ledger its key.
///
/// # Errors
/// [`Failure`] where it has one, or where the system gives no chance.
pub(super) fn create(ledger: &Ledger, context: &Context) -> Result<VerifierKey, Failure> {
    Ok(ledger.create_key(&seed(ledger.origin(), context)?)?)
}

/// Chance from the system. Where the clock is stood in for by `CHANCERY_NOW`, `CHANCERY_KEY_SEED` stands in for chance,
/// so that a session can be reproduced; such a key is no secret.
///
/// # Errors
/// [`Failure`] where the system gives no chance.
pub(super) fn seed(name: &str, context: &Context) -> Result<[u8; 32], Failure> {
    let fixed = std::env::var("CHANCERY_KEY_SEED").ok().filter(|_| std::env::var("CHANCERY_NOW").is_ok());
    if let Some(seed) = fixed {
        let now = context.now.canonical();
        return Ok(Sha256::digest(format!("chancery key\n{seed}\n{now}\n{name}")).into());
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|e| Failure::new(Exit::Unavailable, format!("the system gives no chance for a key: {e}")))?;
    Ok(seed)
}
