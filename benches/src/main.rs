//! Load for the gateway. `run` puts the gateway and a bare proxy in front of one upstream, on one machine, in one run,
//! by turns, and prints each figure as a ratio: absolute numbers say more about the machine than about the code.
//!
//! Started by `cargo xtask bench`. The upstream and the bare proxy are processes of their own, so that each one's
//! CPU time can be told apart.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool that prints, and measures real time"
)]

mod client;
mod cpu;
mod proxy;
mod report;
mod run;
mod stack;
mod upstream;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the comparison and prints a table.
    Run(run::Options),
    /// Serves a fast MCP upstream on a free port, which it prints.
    Upstream,
    /// Serves a proxy that copies bytes and checks nothing, on a free port, which it prints.
    Proxy {
        /// Where it copies to.
        upstream: http::Uri,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Run(options) => run::run(options).await,
        Command::Upstream => upstream::serve().await,
        Command::Proxy { upstream } => proxy::serve(upstream).await,
    }
}
