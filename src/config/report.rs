//! `patchbay config`: what is in force and why, with secrets masked.

use super::{Config, Database, LogFormat, NAMES, Source, Variables};
use patchbay_domain::user::SignUp;
use std::fmt;

/// Shown in place of a secret.
const MASK: &str = "********";

/// The configuration as lines of `NAME=value  # where from`, fit for a `.env` file but for the masked ones.
#[derive(Debug)]
pub struct Report(Vec<(&'static str, String, Source)>);

impl Report {
    /// Reports `config`, which was made from `variables`.
    #[must_use]
    pub fn new(config: &Config, variables: &Variables) -> Self {
        Self(
            NAMES
                .iter()
                .map(|&name| (name, shown(name, config, variables), variables.source(name)))
                .collect(),
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value, source) in &self.0 {
            writeln!(f, "{:<60} # {}", format!("{name}={value}"), source.as_str())?;
        }
        Ok(())
    }
}

fn shown(name: &str, config: &Config, variables: &Variables) -> String {
    let secret = |is_set: bool| if is_set { MASK.to_owned() } else { String::new() };
    match name {
        "DATABASE_URL" => match &config.database {
            Database::Embedded => String::new(),
            Database::Url(url) => mask_password(url),
        },
        "TOKEN_ENCRYPTION_KEY" => secret(config.token_encryption_key.is_some()),
        "JWT_SECRET_KEY" => secret(config.jwt_secret_key.is_some()),
        "PATCHBAY_LISTEN" => config.listen.to_string(),
        "PATCHBAY_PUBLIC_URL" => config.public_url(config.listen).origin().ascii_serialization(),
        "PATCHBAY_DATA_DIR" => config.data_dir.display().to_string(),
        "PATCHBAY_SIGNUP" => match config.sign_up {
            SignUp::Open => "open",
            SignUp::Invite => "invite",
            SignUp::Closed => "closed",
        }
        .to_owned(),
        "PATCHBAY_EGRESS_ALLOW" if config.egress_is_local_default => "loopback".to_owned(),
        "PATCHBAY_DRIFT" => config.drift.as_str().to_owned(),
        "PATCHBAY_SERVERS_MAX" => config.servers_max.to_string(),
        "PATCHBAY_SERVERS_PER_USER" => config.servers_per_user.to_string(),
        "PATCHBAY_LOG" => config.log.filter.clone(),
        "PATCHBAY_LOG_FORMAT" => match config.log.format {
            LogFormat::Pretty => "pretty",
            LogFormat::Json => "json",
        }
        .to_owned(),
        as_given => variables.get(as_given).unwrap_or_default().to_owned(),
    }
}

/// A database URL without its password, which may also stand in the query.
fn mask_password(url: &secrecy::SecretString) -> String {
    use secrecy::ExposeSecret as _;

    let Ok(mut url) = url::Url::parse(url.expose_secret()) else {
        return MASK.to_owned();
    };
    if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
        return MASK.to_owned();
    }
    if url.query().is_some_and(|query| query.contains("password")) {
        url.set_query(Some(MASK));
    }
    url.to_string()
}
