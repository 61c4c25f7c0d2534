//! A Python with the official MCP SDK: a client that nobody here wrote, for the gateway's tests.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::system;
use crate::process::{self, command};
use crate::{paths, say};

const PACKAGES: [&str; 1] = ["mcp==2.3.0"];
/// `python3` may be an old one beside newer ones, as on macOS. The oldest that will do comes last.
const INTERPRETERS: [&str; 6] = [
    "python3",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
];
const NEW_ENOUGH: &str = "import sys; sys.exit(sys.version_info < (3, 10))";

/// Answers with the interpreter of an environment of its own.
pub(crate) async fn ensure() -> Result<PathBuf> {
    let dir = paths::target("venv");
    let python = dir.join("bin/python");
    let stamp_file = dir.join("patchbay-stamp");
    let stamp = PACKAGES.join(" ");
    if python.exists() && fs::read_to_string(&stamp_file).is_ok_and(|last| last == stamp) {
        return Ok(python);
    }
    say::step("Making a Python environment with the official MCP client");
    if make(&dir).await.is_err() {
        // Debian's Python comes without what makes environments.
        if system::has_apt().await {
            system::apt_install(&["python3", "python3-venv"]).await?;
        } else if system::has_brew().await {
            system::brew_install(&["python"]).await?;
        } else {
            bail!("Python ≥ 3.10 with its venv module is missing (python3-venv on Debian)");
        }
        make(&dir).await?;
    }
    let mut install = command(&python);
    install
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(PACKAGES);
    process::run(install).await?;
    fs::write(stamp_file, stamp)?;
    Ok(python)
}

async fn make(dir: &Path) -> Result<()> {
    let python = find().await.context("there is no Python ≥ 3.10")?;
    let mut venv = command(python);
    venv.args(["-m", "venv", "--clear"]).arg(dir);
    process::run(venv).await
}

async fn find() -> Option<&'static str> {
    for python in INTERPRETERS {
        let mut check = command(python);
        check.args(["-c", NEW_ENOUGH]);
        if process::output(check).await.is_some() {
            return Some(python);
        }
    }
    None
}
