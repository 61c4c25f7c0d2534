//! What the process is told to be: the only place that reads the environment, the `.env` file beside it, and nothing else.
//!
//! Reading ([`Variables::read`]) and understanding ([`Config::parse`]) are two steps, so that the second is a pure function.
//! Keys that a local run makes for itself are not configuration: see [`crate::keys`].

mod parse;
mod report;
mod variables;

use parse::Parser;
use patchbay_domain::user::SignUp;
use patchbay_engine::{DriftPolicy, endpoint::parse_pool, upstream::egress::EgressPolicy};
use secrecy::SecretString;
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};
use url::Url;

pub use report::Report;
pub use variables::{Source, Unreadable, Variables};

/// Every variable that is understood, in the order in which people are told of them.
pub const NAMES: [&str; 15] = [
    "DATABASE_URL",
    "TOKEN_ENCRYPTION_KEY",
    "JWT_SECRET_KEY",
    "MCP_GATEWAY_URL_POOLS",
    "PATCHBAY_LISTEN",
    "PATCHBAY_PUBLIC_URL",
    "PATCHBAY_DATA_DIR",
    "PATCHBAY_SIGNUP",
    "PATCHBAY_EGRESS_ALLOW",
    "PATCHBAY_DRIFT",
    "PATCHBAY_SERVERS_MAX",
    "PATCHBAY_SERVERS_PER_USER",
    "PATCHBAY_TRUSTED_PROXIES",
    "PATCHBAY_LOG",
    "PATCHBAY_LOG_FORMAT",
];

/// What is in force, defaults filled in.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the database is.
    pub database: Database,
    /// `TOKEN_ENCRYPTION_KEY`, one key or several with commas between them.
    pub token_encryption_key: Option<SecretString>,
    /// `JWT_SECRET_KEY`.
    pub jwt_secret_key: Option<SecretString>,
    /// The endpoints that servers get, in this order; none means numbered paths of the public URL.
    pub pool: Vec<Url>,
    /// Where to listen; port 0 means any free one.
    pub listen: SocketAddr,
    /// How people and clients reach this process; without it `http://localhost` and the port.
    pub public_url: Option<Url>,
    /// Where an embedded database and keys of our own are kept.
    pub data_dir: PathBuf,
    /// Who may make an account.
    pub sign_up: SignUp,
    /// Which addresses upstreams may have.
    pub egress: EgressPolicy,
    /// Whether `egress` lets loopback in only because this is a local run.
    pub egress_is_local_default: bool,
    /// What becomes of calls to a tool whose schema its service changed, until somebody has decided.
    pub drift: DriftPolicy,
    /// How many servers the default pool has room for.
    pub servers_max: u32,
    /// How many servers one person may have.
    pub servers_per_user: u32,
    /// Whose forwarded address counts.
    pub trusted_proxies: TrustedProxies,
    /// What is logged.
    pub log: LogConfig,
}

/// Where the database is.
#[derive(Debug, Clone)]
pub enum Database {
    /// A PostgreSQL of our own under the data directory.
    Embedded,
    /// The PostgreSQL of this URL.
    Url(SecretString),
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// Directives as `tracing-subscriber` reads them: `info`, `patchbay=debug,info`, …
    pub filter: String,
    /// For people or for machines.
    pub format: LogFormat,
}

/// For whom log lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One line for people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// The networks of the reverse proxies in front of this process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<ipnet::IpNet>);

impl TrustedProxies {
    /// Whether this address is one of theirs.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Everything that is wrong with the variables, at once.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigErrors(Vec<(String, String)>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration can't be used:")?;
        for (name, problem) in &self.0 {
            write!(f, "\n  {name}: {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

impl Config {
    /// Understands the variables, or says what is wrong with each.
    ///
    /// # Errors
    /// When at least one value can't be used.
    pub fn parse(variables: &Variables) -> Result<Self, ConfigErrors> {
        let mut parser = Parser::new(variables);
        let database = parser.get("DATABASE_URL", parse::database_url);
        let listen = parser
            .get("PATCHBAY_LISTEN", parse::listen)
            .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 9000)));
        // Whoever reaches a local run sits at this machine, and tries things out on it.
        let is_local = database.is_none() && listen.ip().is_loopback();
        let egress = parser.get("PATCHBAY_EGRESS_ALLOW", parse::egress);
        let public_url = parser.get("PATCHBAY_PUBLIC_URL", parse::public_url);
        let pool = parser.get("MCP_GATEWAY_URL_POOLS", |text| {
            let public_url = public_url.clone().unwrap_or_else(|| local_url(listen));
            parse_pool(text, &public_url).map_err(|error| error.to_string())
        });
        let config = Self {
            database: database.map_or(Database::Embedded, Database::Url),
            token_encryption_key: parser.get("TOKEN_ENCRYPTION_KEY", parse::token_encryption_key),
            jwt_secret_key: parser.get("JWT_SECRET_KEY", parse::jwt_secret_key),
            pool: pool.unwrap_or_default(),
            listen,
            public_url,
            data_dir: parser
                .get("PATCHBAY_DATA_DIR", parse::directory)
                .unwrap_or_else(|| PathBuf::from(".patchbay")),
            sign_up: parser.get("PATCHBAY_SIGNUP", parse::sign_up).unwrap_or(if is_local {
                SignUp::Open
            } else {
                SignUp::Invite
            }),
            egress_is_local_default: egress.is_none() && is_local,
            egress: egress.unwrap_or_else(|| {
                if is_local {
                    parse::local_egress()
                } else {
                    EgressPolicy::default()
                }
            }),
            drift: parser.get("PATCHBAY_DRIFT", parse::drift).unwrap_or_default(),
            servers_max: parser.get("PATCHBAY_SERVERS_MAX", parse::count).unwrap_or(10_000),
            servers_per_user: parser.get("PATCHBAY_SERVERS_PER_USER", parse::count).unwrap_or(32),
            trusted_proxies: parser
                .get("PATCHBAY_TRUSTED_PROXIES", parse::proxies)
                .unwrap_or_default(),
            log: LogConfig {
                filter: parser
                    .get("PATCHBAY_LOG", parse::log_filter)
                    .unwrap_or_else(|| "info".to_owned()),
                format: parser
                    .get("PATCHBAY_LOG_FORMAT", parse::log_format)
                    .unwrap_or(LogFormat::Pretty),
            },
        };
        parser.finish(config)
    }

    /// The public URL, given the address that was really bound.
    #[must_use]
    pub fn public_url(&self, bound: SocketAddr) -> Url {
        self.public_url.clone().unwrap_or_else(|| local_url(bound))
    }
}

fn local_url(bound: SocketAddr) -> Url {
    Url::parse(&format!("http://localhost:{}", bound.port())).expect("a host and a port make a URL")
}

#[cfg(test)]
mod tests;
