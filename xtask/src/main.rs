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

mod bench;
mod build;
mod database;
mod dev;
mod e2e;
mod frontend;
mod migration;
mod paths;
mod prepare;
mod process;
mod say;
mod serve;
mod service;
mod setup;
mod size;
mod test;

use std::io::IsTerminal as _;
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
    /// Bring everything that building and testing need
    ///
    /// The WebAssembly target, Node, Chromium, a Python environment, PostgreSQL, the end-to-end tests' packages. What is there
    /// is left alone. The other commands do their part of this themselves.
    Setup,
    /// Build the frontend and the server
    Build(build::Arguments),
    /// Build Patchbay and run it at http://localhost:9000, with a PostgreSQL of its own
    Serve(serve::Arguments),
    /// Like serve, and again after every change of a source file
    Dev(serve::Arguments),
    /// Check and test everything: format, clippy, dependencies, queries, tests, the dashboard in a browser
    Test(test::Arguments),
    /// Test the dashboard in a real browser
    E2e(e2e::Arguments),
    /// Check every query against the migrated database and write what was learnt to .sqlx/
    ///
    /// Starts a PostgreSQL for the purpose, applies migrations/ and compiles the engine against it. The files in .sqlx/ let
    /// everybody else compile without a database. Run it after changing a query or a migration.
    Prepare(prepare::Arguments),
    /// Make the next pair of files in migrations/
    Migration(migration::Arguments),
    /// Measure tools/call through the gateway against a bare proxy, in the same run
    Bench(bench::Arguments),
    /// Print what a browser downloads and how large the binary is
    Size,
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(
            "warn,patchbay_postgres::download=info,patchbay_postgres::fetch=info",
        ))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .without_time()
        .init();
    let arguments = Arguments::parse();
    let result = match arguments.command {
        // These two have a server to stop before they end.
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Dev(arguments) => dev::run(arguments).await,
        // Whatever the others started ends when their future is dropped.
        command => tokio::select! {
            result = run(command) => result,
            interrupted = process::interrupted() => interrupted,
        },
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
        Command::Setup => setup::run().await,
        Command::Build(arguments) => build::run(arguments).await,
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Dev(arguments) => dev::run(arguments).await,
        Command::Test(arguments) => test::run(arguments).await,
        Command::E2e(arguments) => e2e::run(arguments).await,
        Command::Prepare(arguments) => prepare::run(arguments).await,
        Command::Migration(arguments) => migration::run(&arguments),
        Command::Bench(arguments) => bench::run(arguments).await,
        Command::Size => size::run(),
    }
}
