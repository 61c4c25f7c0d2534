//! `cargo xtask build`: frontend and server.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use memchr::memmem;

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
    check_inside()?;
    size::run()?;
    say::step(format!(
        "{} is all that a machine needs",
        paths::target("release/patchbay").display()
    ));
    Ok(())
}

/// Fails unless the frontend that was built is the one in the program.
fn check_inside() -> Result<()> {
    let binary = paths::target("release/patchbay");
    let program = fs::read(&binary).with_context(|| format!("can't read {}", binary.display()))?;
    // It is taken in as it is, and has the names of all files, which change with what is in them.
    let manifest = fs::read(Mode::Release.manifest()).context("the frontend was not built")?;
    ensure!(
        memmem::find(&program, &manifest).is_some(),
        "{} doesn't have the frontend in it that was just built: remove it and build again",
        binary.display()
    );
    Ok(())
}

/// Builds the server. A release build takes what is in `target/site-release` into itself.
pub(crate) async fn server(mode: Mode) -> Result<()> {
    say::step("Building the server");
    let mut arguments = vec!["build", "--package", "patchbay"];
    if mode == Mode::Release {
        arguments.push("--release");
    }
    process::run(process::cargo(&arguments)).await
}
