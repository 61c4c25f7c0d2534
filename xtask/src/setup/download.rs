//! Packages from npm's registry, without npm: pinned, checked, unpacked.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha512};

use crate::say;

const REGISTRY: &str = "https://registry.npmjs.org";

/// One version of one package.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// The registry's `dist.integrity`.
    pub(crate) sha512: &'static str,
}

impl Package {
    /// Unpacks what is in the package's root into `dir`, which is replaced.
    pub(crate) async fn unpack(&self, dir: &Path) -> Result<()> {
        let url = format!(
            "{REGISTRY}/{name}/-/{name}-{version}.tgz",
            name = self.name,
            version = self.version
        );
        say::note(format!("fetching {url}"));
        // Fails when it was done before, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .read_timeout(Duration::from_secs(30))
            .build()?;
        let answer = client.get(&url).send().await?.error_for_status()?;
        let archive = answer.bytes().await.with_context(|| format!("can't fetch {url}"))?;
        ensure!(
            STANDARD.encode(Sha512::digest(&archive)) == self.sha512,
            "{url} is not what it should be: not using it"
        );

        let fresh = dir.with_extension("new");
        for dir in [&fresh, dir] {
            if dir.exists() {
                fs::remove_dir_all(dir)?;
            }
        }
        fs::create_dir_all(&fresh)?;
        // Refuses what would lead out of the directory.
        tar::Archive::new(flate2::read::GzDecoder::new(&archive[..])).unpack(&fresh)?;
        fs::rename(fresh.join("package"), dir)?;
        Ok(fs::remove_dir(fresh)?)
    }
}
