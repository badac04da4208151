//! `import events`: records a file of the neutral form, of any length.

use std::path::PathBuf;

use crate::event::Edtf;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Failure};
use crate::cli::record::append::span;
use crate::cli::record::intake::Intake;
use crate::cli::record::signing::SignArgs;

/// Record a file of the neutral form: JSON Lines, plain or .gz, of any number of organisations and treaties
#[derive(clap::Args, Debug)]
#[command(after_help = "One object a line: date, kind, body; party or party_name; and, where the
source has them, not_before, effective, recorded, op (set, retract), mark,
body_title, status, toward, note, source. A kind may be any act of chancery
acts. UNTC:4-4 becomes untc-4-4. A body without a charter gets
one that extends multilateral-treaty or international-organisation; in-force
then says that its clause is unknown, and chancery charter amend states it.

Whoever the register does not know stays, named by the source (X-BADEN). Good
lines are recorded, every other is reported with its line and reason (exit 1).
The same file again adds nothing; cut short, the same command goes on.")]
pub(crate) struct Args {
    /// The file; `-` for standard input
    file: PathBuf,
    /// The span of the record that the file covers, FROM..TO; recorded for each body
    #[arg(long, value_name = "FROM..TO", value_parser = span)]
    surveyed: Option<Edtf>,
    /// The file lists only those who are still there, as a table of today does
    #[arg(long, requires = "surveyed")]
    survivors_only: bool,
    /// Report what would be recorded, record nothing
    #[arg(long)]
    dry_run: bool,
    /// Write the lines left out to a CSV: line, reason, text
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Name every doubt, not only how many there are of each kind
    #[arg(long)]
    report: bool,
    /// Go on although the clock is behind the last entry
    #[arg(long)]
    accept_clock: bool,
    #[command(flatten)]
    keys: SignArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let intake = Intake {
        file: &args.file,
        map: None,
        body: None,
        surveyed: args.surveyed.clone(),
        survivors_only: args.survivors_only,
        dry_run: args.dry_run,
        rejects: args.rejects.as_deref(),
        report: args.report,
        accept_clock: args.accept_clock,
        keys: &args.keys,
    };
    intake.run(context)
}
