//! Packages from npm's registry, which has more than JavaScript, without npm: pinned to one version, and checked against its
//! digest before anything is done with them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha512};
use tracing::{info, warn};

/// The registry that everybody uses.
pub const REGISTRY: &str = "https://registry.npmjs.org";
const TRIES: u32 = 3;

/// One version of one package.
#[derive(Debug, Clone, Copy)]
pub struct Package {
    /// Its name, with the scope if it has one.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The registry's `dist.integrity`, without the name of the algorithm.
    pub sha512: &'static str,
}

/// Why there is no package.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// No or no good answer.
    #[error("fetching {url} failed")]
    Failed {
        /// What was fetched.
        url: String,
        /// Why it failed.
        #[source]
        source: reqwest::Error,
    },
    /// Another answer than when the version was pinned.
    #[error("what {url} answered is not the package that was expected (its SHA-512 differs): not using it")]
    Integrity {
        /// What was fetched.
        url: String,
    },
}

impl Package {
    /// Fetches the package: a tar archive, compressed with gzip.
    ///
    /// # Errors
    /// When it can't be had after some tries, or is not what was pinned.
    pub async fn download(&self, registry: &str) -> Result<Vec<u8>, DownloadError> {
        let url = self.url(registry);
        info!("fetching {url}");
        let mut attempt = 1;
        let archive = loop {
            match try_download(&url).await {
                Ok(archive) => break archive,
                Err(error) if attempt < TRIES => warn!(%error, "fetching failed: trying again"),
                Err(source) => return Err(DownloadError::Failed { url, source }),
            }
            tokio::time::sleep(Duration::from_secs(1) * attempt).await;
            attempt += 1;
        };
        if self.is(&archive) {
            Ok(archive)
        } else {
            Err(DownloadError::Integrity { url })
        }
    }

    fn url(&self, registry: &str) -> String {
        let Self { name, version, .. } = self;
        let file = name.rsplit('/').next().unwrap_or(name);
        format!("{}/{name}/-/{file}-{version}.tgz", registry.trim_end_matches('/'))
    }

    fn is(&self, archive: &[u8]) -> bool {
        STANDARD.encode(Sha512::digest(archive)) == self.sha512
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
                info!("fetched {} % of it", quarter * 25);
            }
        }
    }
    Ok(archive)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const PACKAGE: Package = Package {
        name: "@scope/name",
        version: "1.2.3",
        // Of nothing.
        sha512: "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
    };

    #[test]
    fn an_archive_with_another_digest_is_none() {
        assert!(PACKAGE.is(b""));
        assert!(!PACKAGE.is(b"wrong"));
    }

    #[test]
    fn a_scope_is_in_the_directory_and_not_in_the_files_name() {
        assert_eq!(
            PACKAGE.url("https://registry.example/"),
            "https://registry.example/@scope/name/-/name-1.2.3.tgz"
        );
    }

    /// A registry that has one thing, whatever is asked for.
    async fn registry(contents: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await.unwrap();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{contents}",
                contents.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        url
    }

    #[tokio::test]
    async fn what_was_pinned_is_fetched_and_anything_else_is_refused() {
        assert_eq!(PACKAGE.download(&registry("").await).await.unwrap(), b"");
        let error = PACKAGE.download(&registry("other").await).await.unwrap_err();
        assert!(matches!(error, DownloadError::Integrity { .. }), "{error}");
    }
}
