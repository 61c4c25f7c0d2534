//! One function a kind of value: text in, value or a sentence about what is wrong with it out.

use super::{Config, ConfigErrors, LogFormat, TrustedProxies, Variables};
use patchbay_domain::user::SignUp;
use patchbay_engine::{DriftPolicy, upstream::egress::EgressPolicy, vault::KeyRing};
use secrecy::SecretString;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};
use url::Url;

/// The fewest characters of a signing key: as many bits as the signature has.
const JWT_SECRET_MIN: usize = 32;

/// Collects what is wrong, so that a person hears of everything at once.
pub(super) struct Parser<'a> {
    variables: &'a Variables,
    errors: Vec<(String, String)>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(variables: &'a Variables) -> Self {
        Self {
            variables,
            errors: Vec::new(),
        }
    }

    /// The value of a variable, if it is set and can be used.
    pub(super) fn get<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        parse(self.variables.get(name)?)
            .map_err(|problem| self.errors.push((name.to_owned(), problem)))
            .ok()
    }

    pub(super) fn finish(self, config: Config) -> Result<Config, ConfigErrors> {
        if self.errors.is_empty() {
            Ok(config)
        } else {
            Err(ConfigErrors(self.errors))
        }
    }
}

/// Takes the forms that other software writes, too: `postgres://` and `postgresql+asyncpg://`.
pub(super) fn database_url(text: &str) -> Result<SecretString, String> {
    // The text holds a password, so no message repeats it.
    let (scheme, rest) = text
        .split_once("://")
        .ok_or("this is not a URL like postgresql://user:password@host/database")?;
    let rest = match scheme {
        "postgresql" | "postgres" => rest.to_owned(),
        // That driver calls `sslmode` by another name.
        "postgresql+asyncpg" | "postgres+asyncpg" => {
            rest.replacen("?ssl=", "?sslmode=", 1).replacen("&ssl=", "&sslmode=", 1)
        }
        other => {
            return Err(format!(
                "`{other}` is not PostgreSQL: the URL begins with postgresql://"
            ));
        }
    };
    let url = format!("postgresql://{rest}");
    Url::parse(&url).map_err(|error| format!("this is not a URL: {error}"))?;
    Ok(url.into())
}

pub(super) fn token_encryption_key(text: &str) -> Result<SecretString, String> {
    KeyRing::parse(text).map_err(|error| format!("{error}. `patchbay key generate` makes one"))?;
    Ok(text.into())
}

pub(super) fn jwt_secret_key(text: &str) -> Result<SecretString, String> {
    if text.len() < JWT_SECRET_MIN {
        return Err(format!(
            "needs at least {JWT_SECRET_MIN} characters. `patchbay key generate` makes a good one"
        ));
    }
    Ok(text.into())
}

pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    // The one name that means an address wherever it is looked up.
    if let Some(port) = text.strip_prefix("localhost:").and_then(|port| port.parse().ok()) {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    text.parse()
        .map_err(|_| format!("`{text}` is not an address with a port, like 127.0.0.1:9000 or [::]:9000"))
}

pub(super) fn public_url(text: &str) -> Result<Url, String> {
    let url = http_url(text)?;
    if url.path() != "/" || url.query().is_some() {
        return Err(format!(
            "`{text}` has a path: Patchbay is served at the root of its host"
        ));
    }
    Ok(url)
}

pub(super) fn directory(text: &str) -> Result<PathBuf, String> {
    std::path::absolute(text).map_err(|error| format!("`{text}` is not a directory: {error}"))
}

pub(super) fn sign_up(text: &str) -> Result<SignUp, String> {
    match text {
        "open" => Ok(SignUp::Open),
        "invite" => Ok(SignUp::Invite),
        "closed" => Ok(SignUp::Closed),
        other => Err(format!("`{other}` is none of open, invite, closed")),
    }
}

pub(super) fn egress(text: &str) -> Result<EgressPolicy, String> {
    EgressPolicy::parse(text).map_err(|error| error.to_string())
}

/// What a local run allows: services on the same machine.
pub(super) fn local_egress() -> EgressPolicy {
    EgressPolicy::parse("loopback").expect("`loopback` is a word of the policy")
}

pub(super) fn drift(text: &str) -> Result<DriftPolicy, String> {
    DriftPolicy::parse(text).ok_or_else(|| format!("`{text}` is none of block, pin"))
}

pub(super) fn count(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|&count| count > 0)
        .ok_or_else(|| format!("`{text}` is not a whole number above 0"))
}

pub(super) fn proxies(text: &str) -> Result<TrustedProxies, String> {
    list(text)
        .map(|entry| {
            let address = entry.parse::<IpAddr>().map(ipnet::IpNet::from);
            entry
                .parse()
                .or(address)
                .map_err(|_| format!("`{entry}` is not an address or a network like 10.0.0.0/8"))
        })
        .collect::<Result<_, _>>()
        .map(TrustedProxies)
}

pub(super) fn log_filter(text: &str) -> Result<String, String> {
    tracing_subscriber::EnvFilter::builder()
        .parse(text)
        .map_err(|error| format!("{error} (it looks like `info` or `patchbay=debug,info`)"))?;
    Ok(text.to_owned())
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "pretty" => Ok(LogFormat::Pretty),
        "json" => Ok(LogFormat::Json),
        other => Err(format!("`{other}` is none of pretty, json")),
    }
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

fn http_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("`{text}` is not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(format!("`{text}` is not an http or https URL"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user name or password can't be a part of this URL".to_owned());
    }
    if url.fragment().is_some() {
        return Err(format!("`{text}` has a fragment, which never reaches a server"));
    }
    Ok(url)
}
