use clap_complete::Shell;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Failure};

/// Completions for a shell, on standard output
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery completions bash > ~/.local/share/bash-completion/completions/chancery
  chancery completions zsh > ~/.zfunc/_chancery
  chancery completions fish > ~/.config/fish/completions/chancery.fish")]
pub(crate) struct Args {
    /// Which shell
    shell: Shell,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::cli::command(), "chancery", &mut script);
    context.print_verbatim(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
