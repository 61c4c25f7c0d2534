//! The repository's own commands: `cargo xtask help`.
//!
//! One file a command. `setup/` brings what a machine lacks, `frontend/` makes what the browser gets, `process.rs` runs other
//! programs. Nothing of the product is in here.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command talks to the person who ran it"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "a tool reads the environment it is run in and makes its own downloads"
)]

mod database;
mod migration;
mod paths;
mod prepare;
mod process;
mod say;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", about, disable_help_subcommand = false)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check every query against the migrated database and write what was learnt to .sqlx/
    ///
    /// Starts a PostgreSQL for the purpose, applies migrations/ and compiles the engine against it. The files in .sqlx/ let
    /// everybody else compile without a database. Run it after changing a query or a migration.
    Prepare(prepare::Arguments),
    /// Make the next pair of files in migrations/
    Migration(migration::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new("info"))
        .with_writer(std::io::stderr)
        .with_target(false)
        .without_time()
        .init();
    let arguments = Arguments::parse();
    // Whatever a command started is ended when its future is dropped.
    let result = tokio::select! {
        result = run(arguments.command) => result,
        signal = process::interrupted() => signal,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Prepare(arguments) => prepare::run(arguments).await,
        Command::Migration(arguments) => migration::run(&arguments),
    }
}
