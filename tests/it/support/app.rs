//! A running server.

use super::{Anonymous, Superuser, User, database::TestDatabase};
use patchbay::{
    config::{Config, Source, Variables},
    server::Server,
};
use patchbay_engine::{Clock, Engine, audit::Who, vault::KeyRing};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::{Arc, LazyLock};
use tokio::{runtime::Runtime, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use url::Url;

/// What everybody's password is.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Where servers run. The pages' framework keeps to the first runtime that it sees, which mustn't end with the first test.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime can be made"));

/// The real server on a free port of loopback, with a database of its own. The clock stands still until it is advanced.
pub(crate) struct App {
    pub(crate) url: Url,
    pub(crate) engine: Engine,
    pub(crate) clock: Clock,
    pub(crate) database: Arc<TestDatabase>,
    shutdown: CancellationToken,
    running: JoinHandle<()>,
}

impl App {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With some variables set differently.
    pub(crate) async fn with(changes: &[(&str, &str)]) -> Self {
        Self::on(Arc::new(TestDatabase::create().await), changes).await
    }

    /// On a database that holds something already.
    pub(crate) async fn on(database: Arc<TestDatabase>, changes: &[(&str, &str)]) -> Self {
        let clock = Clock::fixed(Clock::system().now());
        let server = Server::build_at(config(database.url(), changes), clock.clone());
        let server = RUNTIME
            .spawn(server)
            .await
            .expect("starting doesn't panic")
            .expect("the server starts");
        let url = format!("http://{}", server.address())
            .parse()
            .expect("an address makes a URL");
        let engine = server.engine().clone();
        let shutdown = CancellationToken::new();
        let running = RUNTIME.spawn(server.run(shutdown.clone()));
        Self {
            url,
            engine,
            clock,
            database,
            shutdown,
            running,
        }
    }

    /// A second process on the same database. It must be told the same keys to understand what the first one sealed.
    pub(crate) async fn replica(&self, changes: &[(&str, &str)]) -> Self {
        Self::on(Arc::clone(&self.database), changes).await
    }

    /// Begins to stop the server: what is under way may end.
    pub(crate) fn begin_to_stop(&self) {
        self.shutdown.cancel();
    }

    /// Stops the server in good order and gives its database back.
    pub(crate) async fn stop(self) -> Arc<TestDatabase> {
        self.begin_to_stop();
        self.running.await.expect("the server doesn't panic");
        self.database
    }

    /// Nobody in particular.
    pub(crate) fn anonymous(&self) -> Anonymous {
        Anonymous::new(self.url.clone())
    }

    /// Somebody with an account and nothing more, signed in.
    pub(crate) async fn user(&self, email: &str) -> User {
        let view = self
            .engine
            .create_user(&Who::command_line(), email, &password(), false)
            .await
            .expect("the account is new");
        User::sign_in(self.url.clone(), view).await
    }

    /// Somebody who keeps the catalogue, signed in.
    pub(crate) async fn superuser(&self) -> Superuser {
        let view = self
            .engine
            .create_user(&Who::command_line(), "root@example.org", &password(), true)
            .await
            .expect("the account is new");
        Superuser(User::sign_in(self.url.clone(), view).await)
    }
}

fn config(database_url: &str, changes: &[(&str, &str)]) -> Config {
    let mut variables = Variables::default();
    let key = KeyRing::generate_key();
    let defaults = [
        ("DATABASE_URL", database_url),
        ("TOKEN_ENCRYPTION_KEY", key.expose_secret()),
        ("JWT_SECRET_KEY", "only tests are signed with this one"),
        ("PATCHBAY_LISTEN", "127.0.0.1:0"),
        ("PATCHBAY_SIGNUP", "open"),
        ("PATCHBAY_EGRESS_ALLOW", "loopback"),
    ];
    for (name, value) in defaults.iter().chain(changes) {
        variables.set(name, *value, Source::Environment);
    }
    Config::parse(&variables).expect("the configuration is right")
}

pub(crate) fn password() -> SecretString {
    PASSWORD.into()
}
