use std::path::PathBuf;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Failure};

/// Manual pages: the first on standard output, or one for each command into a folder
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery man | man -l -
  chancery man --out ~/.local/share/man/man1")]
pub(crate) struct Args {
    /// A folder for one page a command
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    match &args.out {
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .and_then(|()| clap_mangen::generate_to(crate::cli::command(), folder))
                .map_err(|e| Failure::file(folder, &e))?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(crate::cli::command()).render(&mut page)?;
            context.print_verbatim(&String::from_utf8_lossy(&page))?;
        }
    }
    Ok(Exit::Done)
}
