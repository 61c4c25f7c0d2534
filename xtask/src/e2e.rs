//! `cargo xtask e2e`: the browser's view, on a server with an empty database and a real connector beside it.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::frontend::{self, Mode};
use crate::service::{Service, free_address};
use crate::setup::{self, Browser};
use crate::{database, paths, process, say};

/// For nobody's eyes: both ends of it live as long as the tests.
const CONNECTOR_SECRET: &str = "end-to-end-secret";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Arguments for `playwright test`, after `--`: `cargo xtask e2e -- --grep connectors --headed`
    #[arg(last = true)]
    playwright: Vec<String>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    frontend::build(Mode::Dev, &setup::for_building().await?).await?;
    build_binaries().await?;
    test(&setup::browser().await?, &arguments.playwright).await
}

/// The server and the example connector.
pub(crate) async fn build_binaries() -> Result<()> {
    say::step("Building the server and the example connector");
    process::run(process::cargo(&[
        "build",
        "--package",
        "patchbay",
        "--package",
        "patchbay-example-connector",
    ]))
    .await
}

/// Runs the tests against what has been built.
pub(crate) async fn test(browser: &Browser, arguments: &[String]) -> Result<()> {
    let dir = paths::target("e2e");
    let data = dir.join("data");
    // Of the last run, whose log and pictures were kept, and whose database too if it was killed.
    patchbay_postgres::delete(&data).await?;
    if dir.exists() {
        fs::remove_dir_all(&dir).with_context(|| format!("can't remove {}", dir.display()))?;
    }
    fs::create_dir_all(&dir)?;

    say::step("Starting a server and the example connector for the end-to-end tests");
    let log = dir.join("server.log");
    let server_address = free_address().await?;
    // Away from the repository's root, where somebody's `.env` may be.
    let mut command = process::command(paths::target("debug/patchbay"));
    command
        .current_dir(&dir)
        .args(["serve", "--listen", &server_address.to_string()]);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PATCHBAY_") {
            command.env_remove(name);
        }
    }
    for name in [
        "DATABASE_URL",
        "JWT_SECRET_KEY",
        "MCP_GATEWAY_URL_POOLS",
        "TOKEN_ENCRYPTION_KEY",
    ] {
        command.env_remove(name);
    }
    command.env("PATCHBAY_DATA_DIR", &data);
    // What was fetched once needs not be fetched for every run.
    database::add_to_path(&mut command).await?;
    Service::log_to(&mut command, &log)?;
    let mut server = Service::start("the server", command)?;

    let connector_address = free_address().await?;
    let mut command = process::command(paths::target("debug/patchbay-example-connector"));
    command
        .current_dir(&dir)
        .args(["--listen", &connector_address.to_string(), "--secret", CONNECTOR_SECRET]);
    command.arg("--notes-file").arg(dir.join("notes.json"));
    Service::log_to(&mut command, &dir.join("connector.log"))?;
    let mut connector = Service::start("the example connector", command)?;

    let result = async {
        server
            .ready(server_address, Some("/readyz"), Duration::from_secs(120))
            .await
            .with_context(|| fs::read_to_string(&log).unwrap_or_default())?;
        connector
            .ready(connector_address, None, Duration::from_secs(30))
            .await?;

        let mut command = browser.node.npx();
        command
            .current_dir(paths::at("end2end"))
            .args(["playwright", "test"])
            .args(arguments);
        command
            .env(
                "PATCHBAY_E2E_URL",
                format!("http://localhost:{}", server_address.port()),
            )
            .env("PATCHBAY_E2E_LOG", &log)
            .env("PATCHBAY_E2E_CONNECTOR", format!("http://{connector_address}"))
            .env("PATCHBAY_E2E_CONNECTOR_SECRET", CONNECTOR_SECRET)
            .env("PATCHBAY_E2E_OUTPUT", dir.join("results"));
        if let Some(chromium) = &browser.chromium {
            command.env("PATCHBAY_CHROMIUM", chromium);
        }
        process::run(command).await
    }
    .await;
    connector.stop().await?;
    server.stop().await?;
    patchbay_postgres::delete(&data).await?;
    if result.is_err() {
        say::note(format!("the server's log is in {}", log.display()));
    }
    result
}
