//! The command line: arguments in, a running connector out. All else is in the library.

use std::{
    io::{self, IsTerminal, Write},
    net::SocketAddr,
    path::PathBuf,
};

use anyhow::Context;
use axum::http::Uri;
use clap::Parser;
use patchbay_example_connector::{Options, Server};
use secrecy::SecretString;
use tracing_subscriber::EnvFilter;

/// An MCP connector to try Patchbay with: notes in notebooks, kept in a JSON file.
///
/// It serves its manifest at /connector.json, its logo at /logo.png and MCP (Streamable HTTP) at /mcp. When it is
/// ready it prints the manifest's URL: the one to activate the connector with. Ctrl-C stops it.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 takes any free one.
    ///
    /// Other than loopback addresses need --secret and --public-url.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8025")]
    listen: SocketAddr,

    /// Require `Authorization: Bearer SECRET` on every MCP request.
    ///
    /// Prefer the environment variable: other users of this machine can see a program's arguments.
    #[arg(long, value_name = "SECRET", env = "CONNECTOR_SECRET", hide_env_values = true, value_parser = secret)]
    secret: Option<SecretString>,

    /// The file that keeps the notes; made when it isn't there.
    ///
    /// It is read once, at the start, and replaced as a whole at each change, so only one process may use it at a time.
    #[arg(long, value_name = "FILE", default_value = "./notes.json")]
    notes_file: PathBuf,

    /// The URL others reach this connector by, when it is behind a proxy or in a container.
    #[arg(long, value_name = "URL")]
    public_url: Option<Uri>,
}

/// An empty secret is a mistake, such as a variable that was never filled in, and must not leave the door open.
fn secret(value: &str) -> Result<SecretString, &'static str> {
    if value.is_empty() {
        Err("must not be empty; leave it out to run without one")
    } else {
        Ok(value.into())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments {
        listen,
        secret,
        notes_file,
        public_url,
    } = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn")))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    let shutdown = shutdown().context("can't listen for signals")?;
    let server = Server::bind(Options {
        listen,
        secret,
        notes_file,
        public_url,
    })
    .await?;
    // Scripts wait for this line, and take the port from it when it was chosen freely.
    writeln!(
        io::stdout(),
        "Notes connector is listening. Manifest: {}",
        server.manifest_url()
    )?;
    io::stdout().flush()?;
    server.run(shutdown).await.context("the server failed")
}

/// Ready at Ctrl-C or when the system asks to stop. Signals count from this call on, not from the first wait.
#[cfg(unix)]
fn shutdown() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn shutdown() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "can't wait for Ctrl-C; it won't stop the connector");
            std::future::pending::<()>().await;
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn an_empty_secret_is_refused() {
        assert!(Arguments::try_parse_from(["connector", "--secret", ""]).is_err());
    }
}
