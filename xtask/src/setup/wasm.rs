//! A compiler that makes WebAssembly: rustup's, or where its server is out of reach, Debian's.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use tokio::process::Command;

use super::system::{self, with_arguments};
use crate::process::{self, command};
use crate::{paths, say};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";

/// How to compile for the browser.
#[derive(Debug, Clone)]
pub(crate) enum Toolchain {
    /// The one that cargo uses anyway.
    Own,
    /// Another compiler; it has no clippy.
    Debian,
}

impl Toolchain {
    /// Makes a cargo command use it, with the settings that all frontend builds share.
    pub(crate) fn apply(&self, command: &mut Command) {
        // Debug information would be most of what the browser has to load.
        command.env("CARGO_PROFILE_DEV_DEBUG", "false");
        if matches!(self, Self::Debian) {
            command.env("RUSTC", DEBIAN_RUSTC);
        }
    }

    pub(crate) fn has_clippy(&self) -> bool {
        matches!(self, Self::Own)
    }
}

/// Finds or installs it.
pub(crate) async fn ensure() -> Result<Toolchain> {
    if has_target(&rustc()).await {
        return Ok(Toolchain::Own);
    }
    // Made by an earlier run.
    if has_target(Path::new(DEBIAN_RUSTC)).await {
        return Ok(Toolchain::Debian);
    }
    say::step(format!("Installing Rust's {TARGET} target"));
    if process::run(with_arguments("rustup", &["target", "add", TARGET]))
        .await
        .is_ok()
        && has_target(&rustc()).await
    {
        return Ok(Toolchain::Own);
    }
    if system::has_apt().await {
        say::step("rustup could not bring it: using Debian's compiler for the frontend");
        debian().await?;
        if has_target(Path::new(DEBIAN_RUSTC)).await {
            return Ok(Toolchain::Debian);
        }
    }
    bail!("there is no Rust compiler for {TARGET}: install one with `rustup target add {TARGET}`")
}

fn rustc() -> PathBuf {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()).into()
}

/// Whether the compiler has a standard library for the target.
async fn has_target(rustc: &Path) -> bool {
    let mut query = command(rustc);
    query.args(["--print", "target-libdir", "--target", TARGET]);
    let Some(dir) = process::output(query).await else {
        return false;
    };
    let Ok(entries) = fs::read_dir(dir) else { return false };
    entries
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}

/// Debian ships the compiler and the standard library's source, but not the library: it is built here.
async fn debian() -> Result<()> {
    // The last has the linker, as a link into a package of LLVM's that it doesn't ask for.
    system::apt_install(&["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm"]).await?;
    let mut version = command(DEBIAN_RUSTC);
    version.arg("-vV");
    let version = process::output(version).await.unwrap_or_default();
    if let Some(llvm) = version.lines().find_map(|line| line.strip_prefix("LLVM version: ")) {
        let major = llvm.split('.').next().unwrap_or_default();
        system::apt_install(&[&format!("lld-{major}")]).await?;
    }

    say::note("building the standard library for the browser (a minute)");
    let project = paths::target("tools/wasm-std");
    fs::create_dir_all(project.join("src"))?;
    fs::write(project.join("src/lib.rs"), "#![no_std]\n")?;
    fs::write(
        project.join("Cargo.toml"),
        "[package]\nname = \"nothing\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n",
    )?;
    let mut build = command(DEBIAN_CARGO);
    build
        .current_dir(&project)
        .args(["build", "--release", "--target", TARGET]);
    build
        .args(["-Zbuild-std=std,panic_abort,test", "--target-dir"])
        .arg(project.join("target"));
    build
        .env("RUSTC", DEBIAN_RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Cembed-bitcode=yes");
    process::run(build).await?;

    let libraries: Vec<PathBuf> = fs::read_dir(project.join(format!("target/{TARGET}/release/deps")))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rlib"))
        .filter(|path| {
            !path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("libnothing-"))
        })
        .collect();
    let into = format!("/usr/lib/rustlib/{TARGET}/lib");
    let mut install = if system::is_root() {
        command("install")
    } else {
        with_arguments("sudo", &["--non-interactive", "install"])
    };
    install
        .args(["-D", "--mode=644", "--target-directory", &into])
        .args(libraries);
    process::run(install).await
}
