use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::event::{Evidence, Index};
use crate::ledger::{AppendOptions, Rotated, Writer};
use crate::log::VerifierKey;

use crate::cli::context::{Context, Format, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::record::signing::{Mode, SignArgs};

/// The key that signs the log's heads: generate, rotate, show
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    Generate(GenerateArgs),
    Rotate(RotateArgs),
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
pub(crate) struct GenerateArgs {}

/// Give the log another key; an entry that both keys sign announces it
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  chancery key rotate --cite \"yearly change, order 12 of 2026\"

The new secret is kept before the entry is recorded. Then the head is signed
with both keys, and the old secret is gone: what it signed stays valid, since
the log itself says up to where it was the key. Run it again after a crash: it
ends what was begun, and begins no other.

Hand out the new line (chancery key show). Who holds the old one follows the
log from key to key: chancery audit --key OLD, or key show --history. This does
not help against a thief of the old key, who can announce a key of his own:
what tells the two logs apart is what others kept.")]
pub(crate) struct RotateArgs {
    /// Why, or by whose decision
    #[arg(long, value_name = "SOURCE")]
    cite: Option<String>,
    #[command(flatten)]
    keys: SignArgs,
}

/// Print the verifier key: one line, nothing else
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery key show > sco.vkey
  chancery key show --history
  chancery verify entry-52.tlog-proof --key sco.vkey

The line is the log's name, a hash and the public key (C2SP signed-note). Hand
it out by a way that others trust: what is verified is verified against it.")]
pub(crate) struct ShowArgs {
    /// Every key that the log had, with the entry that announced it
    #[arg(long)]
    history: bool,
}

pub(crate) fn run(command: &Command, context: &Context) -> Result<Exit, Failure> {
    let key = match command {
        Command::Generate(GenerateArgs {}) => {
            let writer = context.writer("key generate")?;
            let key = create(&writer, context)?;
            context.close(writer);
            key
        }
        Command::Rotate(args) => return rotate(args, context),
        Command::Show(ShowArgs { history: true }) => return history(context),
        Command::Show(ShowArgs { history: false }) => context.reading()?.verifier_key()?,
    };
    if context.format == Format::Text {
        context.print_verbatim(&format!("{key}\n"))?;
    } else {
        let answer = serde_json::json!({"origin": key.name(), "verifier_key": key.to_string()});
        let columns = &["origin", "verifier_key"];
        context.answer(&answer, Shape { list: None, columns }, |_| String::new())?;
    }
    Ok(Exit::Done)
}

fn rotate(args: &RotateArgs, context: &Context) -> Result<Exit, Failure> {
    let writer = args.keys.open(context, "key rotate", Mode::Record)?;
    let seed = seed(&format!("{}\n{}", writer.origin(), writer.size()), context)?;
    let evidence = args.cite.iter().map(|cite| Evidence::citing(cite, None)).collect();
    let options = AppendOptions { now: context.clock_now(), expect_size: None, accept_clock: false };
    let (Rotated { entry, rotation }, ended) =
        writer.rotate_key(&seed, (context.new_id(), evidence), options)?;
    let (old, new) = (rotation.old.to_string(), rotation.new.to_string());
    let answer = serde_json::json!({"entry": entry, "old": old, "new": new, "begun_before": ended});
    let columns = &["entry", "old", "new", "begun_before"];
    context.answer(&answer, Shape { list: None, columns }, |page| {
        let how = if ended { "begun before, ended now" } else { "the head is signed with both keys" };
        page.wrap("rotated   ", &format!("entry {entry} announces the log's new key; {how}"))
            + &page.wrap("  old     ", &old)
            + &page.wrap("  new     ", &new)
    })?;
    Ok(Exit::Done)
}

/// A key that signs or signed the log's heads.
#[derive(Serialize)]
struct Held {
    verifier_key: String,
    /// The first size whose head is signed with it.
    from: u64,
    /// The entry that announced it; `None` for the first key.
    entry: Option<Index>,
}

fn history(context: &Context) -> Result<Exit, Failure> {
    let reading = context.reading()?;
    let rotations = reading.rotations()?;
    let first = match rotations.first() {
        Some(first) => first.rotation.old.to_string(),
        None => reading.verifier_key()?.to_string(),
    };
    let mut keys = vec![Held { verifier_key: first, from: 0, entry: None }];
    keys.extend(rotations.iter().map(|Rotated { entry, rotation }| Held {
        verifier_key: rotation.new.to_string(),
        from: rotation.size + 1,
        entry: Some(*entry),
    }));
    let columns = &["verifier_key", "from", "entry"];
    context.answer(&keys, Shape { list: None, columns }, |page| {
        let line = |key: &Held| {
            let by = key.entry.map_or("the first".to_owned(), |entry| format!("announced by entry {entry}"));
            format!(
                "{}{}",
                page.wrap("", &key.verifier_key),
                page.wrap("  ", &format!("{by}: heads of {} entries and more", key.from))
            )
        };
        keys.iter().map(line).collect()
    })?;
    Ok(Exit::Done)
}

/// Creates the key of a ledger.
///
/// # Errors
/// [`Failure`] if the ledger has a key, or if the system gives no random bytes.
pub(crate) fn create(writer: &Writer, context: &Context) -> Result<VerifierKey, Failure> {
    Ok(writer.create_key(&seed(writer.origin(), context)?)?)
}

/// Returns 32 random bytes from the system. If `CHANCERY_NOW` replaces the clock, `CHANCERY_KEY_SEED` replaces the random bytes, so
/// that a session can be reproduced; such a key is not secret.
///
/// # Errors
/// [`Failure`] if the system gives no random bytes.
pub(crate) fn seed(name: &str, context: &Context) -> Result<[u8; 32], Failure> {
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
