//! The connector as a running process: open the notes, listen, serve, stop.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use axum::{Router, http::Uri};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    clock,
    connector::Connector,
    file::FileError,
    http::{self, Access},
    notes::Notes,
};

/// How long calls that are running at shutdown may take to end.
const DRAIN: Duration = Duration::from_secs(5);

/// How to run the connector.
#[derive(Debug)]
pub struct Options {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// What every MCP request must present as its bearer token, if anything.
    pub secret: Option<SecretString>,
    /// The file that keeps the notes. No other process may use it.
    pub notes_file: PathBuf,
    /// The address others reach the connector by, when it isn't the one it listens on.
    pub public_url: Option<Uri>,
}

/// Why the connector can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The notes can't be kept where they should be.
    #[error(transparent)]
    Notes(#[from] FileError),
    /// The address is taken or isn't ours.
    #[error("can't listen on {address}")]
    Listen {
        /// Where it should have listened.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Others could reach the connector without a secret, or wouldn't know by which address.
    #[error("listening on {0}, beyond this machine, needs a secret and a public URL")]
    Exposed(SocketAddr),
    /// The public URL can't be the beginning of other URLs.
    #[error("the public URL {0} must begin with http:// or https://, name a host and have no query")]
    PublicUrl(Uri),
    /// The tools can't be described as JSON.
    #[error("the manifest can't be written")]
    Manifest(#[from] serde_json::Error),
}

/// A connector that listens, and serves once it is [`run`](Self::run).
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    router: Router,
    base_url: String,
    stop: CancellationToken,
}

impl Server {
    /// Opens the notes and begins to listen.
    pub async fn bind(options: Options) -> Result<Self, StartError> {
        let Options {
            listen,
            secret,
            notes_file,
            public_url,
        } = options;
        if !listen.ip().is_loopback() && (secret.is_none() || public_url.is_none()) {
            return Err(StartError::Exposed(listen));
        }
        let public = public_url.map(public).transpose()?;
        // Reading a file once, before there is anybody to wait for it.
        let connector = Arc::new(Connector::new(Notes::open(notes_file, clock::system)?));

        let refused = |source| StartError::Listen {
            address: listen,
            source,
        };
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let (base_url, hosts) = public.map_or_else(
            || (format!("http://{address}"), Vec::new()),
            |(url, host)| (url, vec![host]),
        );

        let stop = CancellationToken::new();
        let access = Access {
            base_url: base_url.clone(),
            hosts,
            secret,
            stop: stop.clone(),
        };
        Ok(Self {
            listener,
            router: http::router(connector, access)?,
            base_url,
            stop,
        })
    }

    /// The address that others reach the connector by.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The address of the manifest: what a connector is activated with.
    pub fn manifest_url(&self) -> String {
        format!("{}/connector.json", self.base_url)
    }

    /// Serves until `shutdown` is ready and the calls that run then have ended, or had their time to.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let draining = CancellationToken::new();
        let begin = draining.clone();
        let serving = axum::serve(self.listener, self.router).with_graceful_shutdown(async move {
            shutdown.await;
            begin.cancel();
        });
        let too_long = async {
            draining.cancelled().await;
            tokio::time::sleep(DRAIN).await;
        };
        let ended = tokio::select! {
            ended = serving => ended,
            () = too_long => Ok(()),
        };
        self.stop.cancel();
        ended
    }
}

/// The URL without a slash at its end, and the host in it.
fn public(url: Uri) -> Result<(String, String), StartError> {
    let plain = matches!(url.scheme_str(), Some("http" | "https")) && url.query().is_none();
    match url.host().map(str::to_owned) {
        Some(host) if plain && !host.is_empty() => Ok((url.to_string().trim_end_matches('/').to_owned(), host)),
        _ => Err(StartError::PublicUrl(url)),
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn options(dir: &TempDir, listen: &str) -> Options {
        Options {
            listen: listen.parse().unwrap(),
            secret: None,
            notes_file: dir.path().join("notes.json"),
            public_url: None,
        }
    }

    #[tokio::test]
    async fn it_is_not_exposed_without_a_secret_and_a_public_url() {
        let dir = TempDir::new().unwrap();
        let bare = options(&dir, "0.0.0.0:0");
        assert!(matches!(Server::bind(bare).await, Err(StartError::Exposed(_))));
        let secret_only = Options {
            secret: Some("s3cret".into()),
            ..options(&dir, "0.0.0.0:0")
        };
        assert!(matches!(Server::bind(secret_only).await, Err(StartError::Exposed(_))));
    }

    #[tokio::test]
    async fn a_public_url_is_what_the_manifest_is_under() {
        let dir = TempDir::new().unwrap();
        let public = Options {
            public_url: Some(Uri::from_static("https://notes.example:8443/here/")),
            ..options(&dir, "127.0.0.1:0")
        };
        let server = Server::bind(public).await.unwrap();
        assert_eq!(server.manifest_url(), "https://notes.example:8443/here/connector.json");
        assert!(matches!(public_of("notes.example"), Err(StartError::PublicUrl(_))));
        assert!(matches!(
            public_of("ftp://notes.example"),
            Err(StartError::PublicUrl(_))
        ));
        assert!(matches!(
            public_of("http://notes.example/?a=b"),
            Err(StartError::PublicUrl(_))
        ));
    }

    fn public_of(url: &'static str) -> Result<(String, String), StartError> {
        public(Uri::from_static(url))
    }

    #[tokio::test]
    async fn a_taken_address_is_named() {
        let dir = TempDir::new().unwrap();
        let first = Server::bind(options(&dir, "127.0.0.1:0")).await.unwrap();
        let taken = first.base_url().trim_start_matches("http://").to_owned();
        let error = Server::bind(options(&dir, &taken)).await.unwrap_err();
        assert_eq!(error.to_string(), format!("can't listen on {taken}"));
    }
}
