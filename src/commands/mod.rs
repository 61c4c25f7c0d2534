//! What the process can do, one file a command.

mod audit;
mod config;
mod doctor;
mod engine;
mod export;
mod import;
mod key;
mod migrate;
mod openapi;
mod serve;
mod user;

use crate::{
    cli::{Cli, Command},
    config::Config,
    telemetry,
};
use std::io::{self, Write as _};

/// Does what the command line says.
///
/// # Errors
/// What went wrong, in words for whoever typed it.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    let variables = cli.variables()?;
    let config = Config::parse(&variables)?;
    let mut log = config.log.clone();
    if !matches!(cli.command, Command::Serve(_)) && variables.get("PATCHBAY_LOG").is_none() {
        // Whoever types a command wants its result, not its story.
        log.filter = "warn".to_owned();
    }
    telemetry::start(&log)?;
    for name in variables.unknown() {
        tracing::warn!("{name} is set, but there is no such variable: is it misspelled?");
    }
    match cli.command {
        Command::Serve(_) => serve::run(config).await,
        Command::User(what) => user::run(&config, what).await,
        Command::Migrate(what) => migrate::run(&config, what).await,
        Command::Key(what) => key::run(&config, &what).await,
        Command::Export(what) => export::run(&config, what).await,
        Command::Import(what) => import::run(&config, &variables, what).await,
        Command::Audit(what) => audit::run(&config, what).await,
        Command::Openapi => openapi::run(),
        Command::Config(what) => config::run(&config, &variables, &what).await,
        Command::Doctor => doctor::run(&config, &variables).await,
    }
}

/// Writes a command's result to the standard output. Whoever closes it early, like `head`, has seen enough.
fn print(text: &str) -> io::Result<()> {
    match writeln!(io::stdout().lock(), "{}", text.trim_end()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
