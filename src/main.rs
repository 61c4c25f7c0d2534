//! The `patchbay` program: arguments, then whatever they ask for.

use clap::Parser as _;
use patchbay::{cli::Cli, commands};
use std::{io::Write as _, process::ExitCode};

#[tokio::main]
async fn main() -> ExitCode {
    match commands::run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With nowhere to write to there is still the exit code.
            let _ = writeln!(std::io::stderr(), "patchbay: {error:#}");
            ExitCode::FAILURE
        }
    }
}
