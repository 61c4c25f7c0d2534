//! What the browser gets: compiled, bound to JavaScript, bundled, named by content, compressed and put into `target/site`.
//!
//! `assets.json` in there tells the server the names. The directory is replaced as a whole, and only when something of it has
//! changed. Release builds have a directory of their own, which the server takes into itself.

mod bindings;
mod optimize;
pub(crate) mod site;
mod styles;
mod wasm;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::setup::Tools;
use crate::{paths, say};

/// How much work to put into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Built in seconds, megabytes long.
    Dev,
    /// Small: what users get.
    Release,
}

impl Mode {
    /// Where the result is: always here, as the server is compiled to look for it here.
    pub(crate) fn site(self) -> PathBuf {
        paths::at(match self {
            Self::Dev => "target/site",
            Self::Release => "target/site-release",
        })
    }

    /// The file that says what the site consists of. There is none before there is a whole site.
    pub(crate) fn manifest(self) -> PathBuf {
        self.site().join("assets.json")
    }
}

/// Builds the site.
pub(crate) async fn build(mode: Mode, tools: &Tools) -> Result<()> {
    say::step(match mode {
        Mode::Dev => "Building the frontend",
        Mode::Release => "Building the frontend for release",
    });
    let wasm = wasm::compile(mode, &tools.wasm).await?;
    let stamp = stamp(mode, &wasm)?;
    if is_current(mode, &stamp) {
        say::note("nothing has changed");
        return Ok(());
    }
    let started = Instant::now();
    let bound = tokio::task::spawn_blocking(move || bindings::bind(&wasm, mode)).await??;
    if mode == Mode::Release {
        optimize::optimize(&bound.join(bindings::WASM), tools).await?;
    }
    tokio::task::spawn_blocking(move || {
        let css = styles::bundle(&paths::at("style/main.css"))?;
        site::write(&bound, &css, mode)
    })
    .await??;
    let file = stamp_file(mode);
    fs::write(&file, stamp).with_context(|| format!("can't write {}", file.display()))?;
    say::note(format!(
        "{} is ready ({:.1} s after compiling)",
        mode.site().display(),
        started.elapsed().as_secs_f32()
    ));
    Ok(())
}

fn is_current(mode: Mode, stamp: &str) -> bool {
    mode.manifest().exists() && fs::read_to_string(stamp_file(mode)).is_ok_and(|last| last == stamp)
}

fn stamp_file(mode: Mode) -> PathBuf {
    mode.site().with_extension("stamp")
}

/// Stands for everything that the site is made from, this program included.
fn stamp(mode: Mode, wasm: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    let program = fs::metadata(std::env::current_exe()?)?;
    hash.update(format!("{mode:?} {:?} {}", program.modified()?, program.len()));
    let mut files = vec![wasm.to_owned()];
    files.extend(site::files_below(&paths::at("style"))?);
    files.extend(site::files_below(&paths::at("public"))?);
    for file in files {
        hash.update(file.as_os_str().as_encoded_bytes());
        hash.update(fs::read(&file).with_context(|| format!("can't read {}", file.display()))?);
    }
    Ok(hex::encode(hash.finalize()))
}
