//! An engine for commands, beside a server that may be running.

use crate::{
    config::Config,
    database::{Database, describe},
    keys::Keys,
    server,
};
use anyhow::{Context as _, bail};
use patchbay_engine::{Clock, Engine};

/// Connections that a command needs at the most.
const CONNECTIONS: u32 = 4;

/// What a command needs of the database's schema.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Schema {
    /// It is brought up to date.
    Updated,
    /// Who only looks changes nothing: where it isn't up to date, that is said.
    AsItIs,
}

/// Does something with an engine on a database that is up to date, and lets go of the database afterwards.
pub(super) async fn with_engine<T>(
    config: &Config,
    schema: Schema,
    act: impl AsyncFnOnce(&Engine) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let keys = Keys::of(config)?;
    let database = Database::share(config, CONNECTIONS).await?;
    let result = match open(config, keys, &database, schema).await {
        Ok(engine) => act(&engine).await,
        Err(error) => Err(error),
    };
    database.close().await;
    result
}

async fn open(config: &Config, keys: Keys, database: &Database, schema: Schema) -> anyhow::Result<Engine> {
    match schema {
        Schema::Updated => database
            .db()
            .migrate()
            .await
            .map_err(describe)
            .context("the database can't be brought up to date")?,
        Schema::AsItIs => up_to_date(database).await?,
    }
    let settings = server::engine_config(config, keys, config.public_url(config.listen));
    Engine::start(database.db().clone(), settings, Clock::system())
        .await
        .map_err(describe)
}

async fn up_to_date(database: &Database) -> anyhow::Result<()> {
    let migrations = database.db().migrations().await.map_err(describe)?;
    match migrations
        .iter()
        .filter(|migration| migration.applied_at.is_none())
        .count()
    {
        0 => Ok(()),
        missing => bail!(
            "the database is older than this program, by {missing} {}, and this command changes nothing: \
             run `patchbay migrate up` first",
            if missing == 1 { "migration" } else { "migrations" }
        ),
    }
}
