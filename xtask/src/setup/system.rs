//! The system's package manager: apt or Homebrew, with the rights that we have.

use std::path::Path;

use anyhow::Result;
use tokio::process::Command;

use crate::process::{self, command};

/// Whether `apt-get` may be used.
pub(crate) async fn has_apt() -> bool {
    Path::new("/usr/bin/apt-get").exists() && (is_root() || has_sudo().await)
}

/// Installs packages. The lists are refreshed first: on a new machine they are empty.
pub(crate) async fn apt_install(packages: &[&str]) -> Result<()> {
    process::run(apt(&["update", "--quiet"])).await?;
    let mut install = vec!["install", "--yes", "--no-install-recommends", "--quiet"];
    install.extend(packages);
    process::run(apt(&install)).await
}

pub(crate) async fn has_brew() -> bool {
    process::output(with_arguments("brew", &["--version"])).await.is_some()
}

pub(crate) async fn brew_install(arguments: &[&str]) -> Result<()> {
    let mut command = with_arguments("brew", &["install"]);
    command.args(arguments);
    process::run(command).await
}

/// A command with its arguments.
pub(crate) fn with_arguments(program: &str, arguments: &[&str]) -> Command {
    let mut command = command(program);
    command.args(arguments);
    command
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = if is_root() {
        command("apt-get")
    } else {
        with_arguments("sudo", &["--non-interactive", "apt-get"])
    };
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Only without a password: nobody may be there to type it.
async fn has_sudo() -> bool {
    process::output(with_arguments("sudo", &["--non-interactive", "true"]))
        .await
        .is_some()
}
