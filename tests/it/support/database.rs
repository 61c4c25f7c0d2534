//! A database for each test: in the PostgreSQL of `DATABASE_URL`, or in one that this process starts for its tests and stops
//! after the last of them.

use patchbay::config::{Source, Variables};
use patchbay_postgres::{Options, Postgres};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Connection as _, PgConnection, PgPool, Row as _};
use std::{
    sync::{Arc, Mutex, PoisonError, Weak, mpsc},
    thread::JoinHandle,
};
use tokio::sync::oneshot;
use uuid::Uuid;

/// An empty database, which is dropped at the end.
pub(crate) struct TestDatabase {
    server: Arc<TestServer>,
    name: String,
    url: String,
}

impl TestDatabase {
    pub(crate) async fn create() -> Self {
        let server = TestServer::shared();
        let name = format!("patchbay_it_{}", Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(&server.url)
            .await
            .expect("the test server answers");
        sqlx::query(&format!("CREATE DATABASE {name}"))
            .execute(&mut admin)
            .await
            .expect("a database can be made");
        let url = with_database(&server.url, &name);
        Self { server, name, url }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Makes the database refuse connections, as if it were down, or take them again.
    pub(crate) async fn set_reachable(&self, reachable: bool) {
        let mut admin = PgConnection::connect(&self.server.url)
            .await
            .expect("the test server answers");
        for statement in [
            format!("ALTER DATABASE {} ALLOW_CONNECTIONS {reachable}", self.name),
            format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND NOT {reachable}",
                self.name
            ),
        ] {
            sqlx::query(&statement)
                .execute(&mut admin)
                .await
                .expect("the statement is right");
        }
    }

    /// Connections past the engine, for looking at rows.
    pub(crate) async fn pool(&self) -> PgPool {
        PgPool::connect(&self.url).await.expect("the test database answers")
    }

    /// The first column of every row, as text.
    pub(crate) async fn texts(&self, query: &str) -> Vec<String> {
        let mut connection = PgConnection::connect(&self.url)
            .await
            .expect("the test database answers");
        let rows = sqlx::query(query)
            .fetch_all(&mut connection)
            .await
            .expect("the query is right");
        rows.iter().map(|row| row.get(0)).collect()
    }

    pub(crate) async fn execute(&self, statement: &str) {
        let mut connection = PgConnection::connect(&self.url)
            .await
            .expect("the test database answers");
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .expect("the statement is right");
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (url, drop) = (
            self.server.url.clone(),
            format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
        );
        // The test's own runtime may be about to end. What isn't dropped here goes with its server.
        let dropping = std::thread::spawn(move || {
            block_on(async {
                if let Ok(mut admin) = PgConnection::connect(&url).await {
                    let _ = sqlx::query(&drop).execute(&mut admin).await;
                }
            });
        });
        let _ = dropping.join();
    }
}

/// A PostgreSQL server that all tests of this process share.
struct TestServer {
    url: String,
    /// Dropping it ends the thread that keeps the server.
    keep: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<TestServer>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::open());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    fn open() -> Self {
        let variables = Variables::read().expect("the environment can be read");
        match variables.get("DATABASE_URL") {
            Some(url) if variables.source("DATABASE_URL") == Source::Environment => Self {
                url: url.to_owned(),
                keep: None,
                thread: None,
            },
            _ => Self::start(),
        }
    }

    /// On a thread of its own, because a test's runtime ends with the test.
    fn start() -> Self {
        let (url, started) = mpsc::channel::<SecretString>();
        let (keep, end) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            block_on(async {
                let directory = tempfile::tempdir().expect("a temporary directory can be made");
                let mut options = Options::new(directory.path());
                options.fetched_dir = Some(concat!(env!("CARGO_MANIFEST_DIR"), "/target/tmp/postgres").into());
                options.fast_unsafe_for_tests = true;
                let postgres = Postgres::start(options).await.expect("a PostgreSQL can be started");
                let _ = url.send(postgres.connection().url());
                let _ = end.await;
                let _ = postgres.stop_and_delete().await;
            });
        });
        let url = started
            .recv()
            .expect("the test server starts")
            .expose_secret()
            .to_owned();
        Self {
            url,
            keep: Some(keep),
            thread: Some(thread),
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.keep.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn block_on(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made")
        .block_on(future);
}

/// The URL with another database's name: what follows the last `/`, before any query.
fn with_database(url: &str, name: &str) -> String {
    let (base, query) = url
        .split_once('?')
        .map_or((url, String::new()), |(base, query)| (base, format!("?{query}")));
    let (server, _) = base
        .rsplit_once('/')
        .expect("a database URL ends with the database's name");
    format!("{server}/{name}{query}")
}
