//! `cargo xtask build`: frontend and server.

use anyhow::Result;

use crate::frontend::{self, Mode};
use crate::{paths, process, say, setup, size};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Build target/release/patchbay: optimised, with the frontend inside
    #[arg(long)]
    release: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let tools = setup::for_building().await?;
    if !arguments.release {
        frontend::build(Mode::Dev, &tools).await?;
        return server(Mode::Dev).await;
    }
    frontend::build(Mode::Release, &tools).await?;
    server(Mode::Release).await?;
    size::run()?;
    say::step(format!(
        "{} is all that a machine needs",
        paths::target("release/patchbay").display()
    ));
    Ok(())
}

/// Builds the server. A release build takes what is in `target/site` into itself.
pub(crate) async fn server(mode: Mode) -> Result<()> {
    say::step("Building the server");
    let mut arguments = vec!["build", "--package", "patchbay"];
    if mode == Mode::Release {
        arguments.push("--release");
    }
    process::run(process::cargo(&arguments)).await
}
