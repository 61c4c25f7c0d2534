//! An engine for commands, beside a server that may be running.

use crate::{
    config::Config,
    database::{Database, describe},
    keys::Keys,
    server,
};
use anyhow::Context as _;
use patchbay_engine::{Clock, Engine};

/// Connections that a command needs at the most.
const CONNECTIONS: u32 = 4;

/// Does something with an engine on a database that is up to date, and lets go of the database afterwards.
pub(super) async fn with_engine<T>(
    config: &Config,
    act: impl AsyncFnOnce(&Engine) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let keys = Keys::of(config)?;
    let database = Database::share(config, CONNECTIONS).await?;
    let result = match open(config, keys, &database).await {
        Ok(engine) => act(&engine).await,
        Err(error) => Err(error),
    };
    database.close().await;
    result
}

async fn open(config: &Config, keys: Keys, database: &Database) -> anyhow::Result<Engine> {
    database
        .db()
        .migrate()
        .await
        .map_err(describe)
        .context("the database can't be brought up to date")?;
    let settings = server::engine_config(config, keys, config.public_url(config.listen));
    Engine::start(database.db().clone(), settings, Clock::system())
        .await
        .map_err(describe)
}
