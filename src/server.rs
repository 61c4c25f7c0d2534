//! The whole process as one value: built from a configuration, by `serve` and by tests alike, then run until told to stop.

use crate::{
    assets,
    config::{Config, Database as Where},
    database::{Database, describe},
    front::Front,
    keys::Keys,
    limits::Limits,
    listener,
    router::{self, Surroundings},
    state::AppState,
};
use anyhow::Context as _;
use patchbay_app::Assets;
use patchbay_engine::{Clock, Config as EngineConfig, Engine, storage::Db};
use patchbay_gateway::Gateway;
use secrecy::ExposeSecret as _;
use std::{io::Write as _, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use url::Url;

/// Connections to the database at the most.
const CONNECTIONS: u32 = 20;
/// How often what has ended is cleared away. Sessions of nobody are kept for ten minutes, and anybody can make one; an answer
/// that may be asked for again must be gone within as many.
const HOUSEKEEPING: Duration = Duration::from_secs(60);
/// How often it is looked which connectors' services are due to be asked again: so much later than due they are asked.
const WATCH: Duration = Duration::from_secs(30);
/// How often the log tells where the audit log ends, if it has grown.
const AUDIT_HEAD: Duration = Duration::from_secs(60 * 60);

/// A server that listens, but doesn't answer yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    public_url: Url,
    engine: Engine,
    gateway: Gateway,
    front: Front,
    database: Database,
    /// Tells what is inside that the process is about to end.
    stopping: CancellationToken,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Opens everything that serving needs. What was opened is closed again when something is missing.
    ///
    /// # Errors
    /// What is missing, in words for whoever started the process.
    pub async fn build(config: Config) -> anyhow::Result<Self> {
        Self::build_at(config, Clock::system()).await
    }

    /// As [`Self::build`], at a time of one's choice.
    ///
    /// # Errors
    /// What is missing.
    pub async fn build_at(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let keys = Keys::of(&config)?;
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("can't listen at {} (PATCHBAY_LISTEN)", config.listen))?;
        let address = listener.local_addr()?;
        let public_url = config.public_url(address);
        let database = Database::own(&config, CONNECTIONS).await?;
        match open(&config, keys, &public_url, database.db(), clock).await {
            Ok((engine, gateway, front, stopping)) => Ok(Self {
                listener,
                address,
                public_url,
                engine,
                gateway,
                front,
                database,
                stopping,
            }),
            Err(error) => {
                database.close().await;
                Err(error)
            }
        }
    }

    /// The address that was bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How people and clients reach this server.
    #[must_use]
    pub fn public_url(&self) -> &Url {
        &self.public_url
    }

    /// What is behind the doors.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Answers until `shutdown`, then lets calls end, writes down what was counted and closes the database.
    pub async fn run(self, shutdown: CancellationToken) {
        let housekeeping = tokio::spawn(keep_house(self.engine.clone()));
        let watching = tokio::spawn(watch_connectors(self.engine.clone()));
        let served = CancellationToken::new();
        let audit_head = tokio::spawn(tell_audit_head(self.engine.clone(), served.clone()));
        let stopping = self.stopping;
        let stop = shutdown.clone();
        let announce = tokio::spawn(async move {
            stop.cancelled().await;
            stopping.cancel();
        });
        let url = self.public_url.origin().ascii_serialization();
        tracing::info!(address = %self.address, "Patchbay is ready: open {url}");
        listener::serve(self.listener, self.front, shutdown).await;
        housekeeping.abort();
        watching.abort();
        announce.abort();
        self.gateway.shutdown().await;
        served.cancel();
        if let Err(error) = audit_head.await {
            tracing::error!(%error, "the audit log's last row wasn't told");
        }
        drop((self.gateway, self.engine));
        self.database.close().await;
        tracing::info!("stopped");
    }
}

async fn open(
    config: &Config,
    keys: Keys,
    public_url: &Url,
    db: &Db,
    clock: Clock,
) -> anyhow::Result<(Engine, Gateway, Front, CancellationToken)> {
    db.migrate()
        .await
        .map_err(describe)
        .context("the database can't be brought up to date")?;
    let settings = engine_config(config, keys, public_url.clone());
    let engine = Engine::start(db.clone(), settings, clock).await.map_err(describe)?;
    let gateway = Gateway::start(engine.clone()).await.map_err(describe)?;
    let stopping = CancellationToken::new();
    let state = AppState {
        engine: engine.clone(),
        tool_caller: Arc::new(gateway.clone()),
        limits: Arc::new(Limits::default()),
    };
    let surroundings = Surroundings {
        public_url: public_url.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        assets: built_assets()?,
        stopping: stopping.clone(),
    };
    let dashboard = router::dashboard(state, surroundings);
    say_what_is_special(config, &engine, public_url).await?;
    let front = Front {
        gateway: gateway.clone(),
        dashboard,
    };
    Ok((engine, gateway, front, stopping))
}

/// What the engine is told, of all that was configured.
pub(crate) fn engine_config(config: &Config, keys: Keys, public_url: Url) -> EngineConfig {
    EngineConfig {
        public_url,
        pool: config.pool.clone(),
        servers_max: config.servers_max,
        servers_per_user: config.servers_per_user,
        sign_up: config.sign_up,
        keys: keys.ring,
        jwt_secret: keys.jwt_secret,
        egress: config.egress.clone(),
        drift: config.drift,
    }
}

fn built_assets() -> anyhow::Result<Assets> {
    Ok(assets::manifest()?.unwrap_or_else(|| {
        tracing::warn!(
            "the frontend is not built: pages have no styles and no scripts. Build it with `cargo xtask build`"
        );
        Assets::default()
    }))
}

/// What whoever reads the log at start should know.
async fn say_what_is_special(config: &Config, engine: &Engine, public_url: &Url) -> anyhow::Result<()> {
    if let Where::Embedded = config.database {
        tracing::info!(directory = %config.data_dir.display(), "no DATABASE_URL: data and keys are kept here");
    }
    if config.egress_is_local_default {
        tracing::info!("a local run: connectors may run on this machine (PATCHBAY_EGRESS_ALLOW=loopback)");
    }
    if !config.listen.ip().is_loopback() && config.public_url.is_none() {
        tracing::warn!("PATCHBAY_PUBLIC_URL is not set: links and forms work at {public_url} only");
    }
    if let Some(token) = engine.issue_set_up_token().await.map_err(describe)? {
        // Meant for whoever reads this log, once, within an hour. In the fragment, it reaches no other log.
        let invitation = format!(
            "there is no superuser yet. Open this link within an hour to make one: {public_url}set-up#token={}",
            token.expose_secret()
        );
        if tracing::enabled!(tracing::Level::WARN) {
            tracing::warn!("{invitation}");
        } else {
            // However little is logged: without it nobody gets in.
            writeln!(std::io::stderr(), "{invitation}")?;
        }
    }
    Ok(())
}

/// Logs where the audit log ends, at the start, now and then, and when all is `served`.
async fn tell_audit_head(engine: Engine, served: CancellationToken) {
    let mut every = tokio::time::interval(AUDIT_HEAD);
    let mut told = None;
    loop {
        let is_last = tokio::select! {
            _ = every.tick() => false,
            () = served.cancelled() => true,
        };
        told = engine.log_audit_head(told).await;
        if is_last {
            break;
        }
    }
}

async fn keep_house(engine: Engine) {
    let mut every = tokio::time::interval(HOUSEKEEPING);
    loop {
        every.tick().await;
        match engine.delete_expired_sessions().await {
            Ok(deleted) => tracing::debug!(deleted, "cleared sessions that have ended"),
            Err(error) => tracing::warn!(error = std::error::Error::source(&error), "can't clear ended sessions"),
        }
        match engine.forget_answers().await {
            Ok(forgotten) => tracing::debug!(forgotten, "forgot answers that were kept long enough"),
            Err(error) => tracing::warn!(error = std::error::Error::source(&error), "can't forget kept answers"),
        }
    }
}

/// Asks active connectors' services again from time to time, so that nobody has to find out by a failing call that one has
/// changed.
async fn watch_connectors(engine: Engine) {
    let mut every = tokio::time::interval(WATCH);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        every.tick().await;
        match engine.check_due_connectors().await {
            Ok(checked) => {
                failing = false;
                tracing::debug!(checked, "asked connectors' services again");
            }
            // Said once, not every time until it works again.
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(error = std::error::Error::source(&error), "can't check connectors");
            }
            Err(_) => {}
        }
    }
}
