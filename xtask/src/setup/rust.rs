//! Parts of the Rust toolchain and tools that are made with it.

use std::path::PathBuf;

use anyhow::Result;

use super::system::with_arguments;
use crate::process::{self, cargo};
use crate::{paths, say};

/// What a minimal toolchain lacks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Component {
    Rustfmt,
    Clippy,
}

pub(crate) async fn ensure(component: Component) -> Result<()> {
    let (name, subcommand) = match component {
        Component::Rustfmt => ("rustfmt", "fmt"),
        Component::Clippy => ("clippy", "clippy"),
    };
    if process::output(cargo(&[subcommand, "--version"])).await.is_none() {
        say::step(format!("Installing {name}"));
        process::run(with_arguments("rustup", &["component", "add", name])).await?;
    }
    Ok(())
}

pub(crate) async fn has_nextest() -> bool {
    process::output(cargo(&["nextest", "--version"])).await.is_some()
}

/// Whether this is an unattended run, which has to check everything.
pub(crate) fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
}

/// cargo-deny, where there is one. Unattended runs build it (two minutes); nobody else is made to wait.
pub(crate) async fn cargo_deny() -> Result<Option<PathBuf>> {
    let own = super::tools("cargo-deny");
    for candidate in [PathBuf::from("cargo-deny"), own.join("bin/cargo-deny")] {
        let mut version = process::command(&candidate);
        version.arg("--version");
        if process::output(version).await.is_some() {
            return Ok(Some(candidate));
        }
    }
    if !is_ci() {
        return Ok(None);
    }
    say::step("Building cargo-deny");
    let build = paths::target("tools/cargo-deny.build");
    let mut install = cargo(&["install", "--quiet", "--locked", "cargo-deny", "--root"]);
    install.arg(&own).arg("--target-dir").arg(&build);
    process::run(install).await?;
    std::fs::remove_dir_all(build)?;
    Ok(Some(own.join("bin/cargo-deny")))
}
