//! Everything the Patchbay server does, knowing no transport.
//!
//! The dashboard, the REST API and the gateway ask the same [`Engine`]; a use-case is one method: permission, rule,
//! one transaction. SQL stands in [`storage`] only, the network in [`upstream`] only.

pub mod actor;
mod api_tokens;
mod aside;
pub mod audit;
pub mod changes;
pub mod clock;
mod configuration;
pub mod connectors;
pub mod endpoint;
pub mod error;
pub mod gateway;
pub mod idempotency;
mod invitations;
mod jwt;
mod overview;
mod paging;
mod passwords;
mod random;
pub mod rotation;
mod second_factor;
pub mod servers;
pub mod sessions;
pub mod sources;
pub mod storage;
pub mod templates;
pub mod tokens;
pub mod tool_caller;
mod tools;
pub mod transfer;
pub mod upstream;
mod usage;
pub mod users;
mod uses;
pub mod vault;

pub use actor::Actor;
pub use clock::Clock;
pub use connectors::DriftPolicy;
pub use error::Error;

use patchbay_domain::user::SignUp;
use secrecy::SecretString;
use std::sync::Arc;
use storage::Db;
use upstream::{Upstream, egress::EgressPolicy};
use url::Url;
use vault::{KeyRing, Vault};

/// What the engine is told at start. Read from the environment by the process, from a literal by tests.
#[derive(Debug)]
pub struct Config {
    /// Where people and clients reach this server: scheme, host, port, perhaps a path.
    pub public_url: Url,
    /// The URLs that MCP servers get as endpoints, in order; empty: `{public_url}/mcp/{n}`.
    pub pool: Vec<Url>,
    /// How many servers there can be at once when the pool is empty.
    pub servers_max: u32,
    /// How many servers a user can have, deleted ones among them.
    pub servers_per_user: u32,
    /// Who may make an account.
    pub sign_up: SignUp,
    /// What seals secrets; the first key encrypts, all of them decrypt.
    pub keys: KeyRing,
    /// Signs access tokens.
    pub jwt_secret: SecretString,
    /// Which addresses may be called.
    pub egress: EgressPolicy,
    /// What becomes of calls to a tool whose schema its service changed, until somebody has decided.
    pub drift: DriftPolicy,
}

/// The one handle to everything: cheap to clone, shared by all doors.
#[derive(Clone, Debug)]
pub struct Engine(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    config: Config,
    clock: Clock,
    vault: Vault,
    upstream: Upstream,
    passwords: passwords::Hasher,
    changes: changes::Changes,
    following: connectors::Following,
}

impl Engine {
    /// Opens the engine on a migrated database and begins to listen for changes that other processes make.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn start(db: Db, config: Config, clock: Clock) -> Result<Self, Error> {
        let changes = changes::Changes::listen(db.clone()).await?;
        Ok(Self(Arc::new(Inner {
            vault: Vault::new(config.keys.clone()),
            upstream: Upstream::new(config.egress.clone()),
            passwords: passwords::Hasher::new(),
            changes,
            following: connectors::Following::default(),
            db,
            config,
            clock,
        })))
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it doesn't.
    pub async fn ping(&self) -> Result<(), Error> {
        self.db().ping().await
    }

    /// What the engine was told at start.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// What time it is.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Seals and opens secrets.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// The way to connectors' services.
    #[must_use]
    pub fn upstream(&self) -> &Upstream {
        &self.0.upstream
    }

    fn db(&self) -> &Db {
        &self.0.db
    }
}
