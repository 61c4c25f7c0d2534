//! `cargo xtask size`: what a browser downloads, and what a machine needs room for.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::frontend::{Mode, site};
use crate::{paths, say};

/// What the first visit of a page may cost, compressed with brotli.
const BUDGET_KB: f64 = 220.0;

pub(crate) fn run() -> Result<()> {
    say::step("Sizes");
    let built = if Mode::Release.manifest().exists() {
        Mode::Release
    } else {
        Mode::Dev
    };
    let site = built.site();
    let mut files: Vec<_> = site::files_below(&site)?;
    files.retain(|file| !matches!(extension(file), "br" | "gz") && !file.ends_with("assets.json"));
    anyhow::ensure!(
        !files.is_empty(),
        "nothing has been built yet: run `cargo xtask build --release`"
    );

    println!("    {:<44}{:>12}{:>12}", "", "raw", "brotli");
    let mut first_visit = 0.0;
    for file in &files {
        let raw = fs::read(file)?;
        let compressed = compressed_length(file, &raw)?;
        if file.starts_with(site.join("pkg")) {
            first_visit += compressed;
        }
        let name = file.strip_prefix(&site).unwrap_or(file).display().to_string();
        println!("    {name:<44}{:>9.1} KB{compressed:>9.1} KB", kilobytes(raw.len()));
    }
    println!("    {:<44}{:>12}{first_visit:>9.1} KB", "first visit", "");
    let binary = paths::target("release/patchbay");
    if binary.exists() {
        let length = fs::metadata(&binary).context("can't read the binary's size")?.len();
        println!("    {:<44}{:>9.1} MB", "target/release/patchbay", length as f64 / 1e6);
    }
    if files.iter().all(|file| !with_br(file).exists()) {
        say::note("a development build: the release build is a fraction of this");
    } else if first_visit > BUDGET_KB {
        say::warning(format!(
            "a first visit costs {first_visit:.1} KB; the budget is {BUDGET_KB} KB"
        ));
    }
    Ok(())
}

fn compressed_length(file: &Path, raw: &[u8]) -> Result<f64> {
    let compressed = with_br(file);
    if compressed.exists() {
        return Ok(kilobytes(usize::try_from(fs::metadata(compressed)?.len())?));
    }
    // Megabytes of a development build would take minutes at brotli's best.
    let length = if raw.len() < 1 << 20 {
        site::brotli(raw)?.len().min(raw.len())
    } else {
        raw.len()
    };
    Ok(kilobytes(length))
}

fn with_br(file: &Path) -> std::path::PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".br");
    name.into()
}

fn extension(file: &Path) -> &str {
    file.extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
}

fn kilobytes(length: usize) -> f64 {
    length as f64 / 1000.0
}
