//! A Chromium for the end-to-end tests.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::{Node, system};
use crate::process::{self, command};
use crate::{paths, say};

const INSTALLED: [&str; 7] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
    "/snap/bin/chromium",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// The browser to use; `None` when Playwright has one of its own, which fits it best.
pub(crate) async fn ensure(node: &Node) -> Result<Option<PathBuf>> {
    if let Some(path) = std::env::var_os("PATCHBAY_CHROMIUM") {
        return Ok(Some(path.into()));
    }
    if let Some(path) = installed().await {
        return Ok(Some(path));
    }
    if playwrights_own_runs(node).await {
        return Ok(None);
    }
    say::step("Installing Chromium");
    // The system's package brings the libraries that Playwright's build needs from elsewhere.
    if system::has_apt().await && system::apt_install(&["chromium"]).await.is_ok() && installed().await.is_some() {
        return Ok(installed().await);
    }
    let mut install = node.npx();
    install
        .current_dir(paths::at("end2end"))
        .args(["playwright", "install", "chromium"]);
    if process::run(install).await.is_ok() && playwrights_own_runs(node).await {
        return Ok(None);
    }
    if system::has_brew().await && system::brew_install(&["--cask", "chromium"]).await.is_ok() {
        return Ok(installed().await);
    }
    bail!("no Chromium could be installed: install one, and name it in PATCHBAY_CHROMIUM if it is in an unusual place")
}

async fn installed() -> Option<PathBuf> {
    for path in INSTALLED {
        if Path::new(path).exists() && runs(Path::new(path)).await {
            return Some(path.into());
        }
    }
    None
}

async fn playwrights_own_runs(node: &Node) -> bool {
    let mut query = node.node();
    query.current_dir(paths::at("end2end"));
    query.args([
        "-e",
        "console.log(require('@playwright/test').chromium.executablePath())",
    ]);
    match process::output(query).await {
        Some(path) => Path::new(&path).exists() && runs(Path::new(&path)).await,
        None => false,
    }
}

/// A browser whose libraries are missing is there and doesn't run.
async fn runs(path: &Path) -> bool {
    let mut version = command(path);
    version.arg("--version");
    process::output(version).await.is_some()
}
