//! What a connector offers, and how it says so: a manifest (`connector.json`), a registry's `server.json`, or a plain
//! MCP endpoint that is asked.
//!
//! Tools, templates and configuration stay the text that the upstream wrote. They are checked here, once, so that
//! whatever reads them later can rely on their form.

use super::{FetchError, FetchOptions, Fetched, Target, Upstream, error::CallError};
use http::HeaderValue;
use patchbay_domain::{connector::Description, field::FieldError};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use sha2::{Digest, Sha256};
use std::{collections::HashSet, time::Duration};
use thiserror::Error;
use tokio::time::Instant;
use url::Url;

/// For everything that activation asks of a connector, but for its logo.
const BUDGET: Duration = Duration::from_secs(10);
const MANIFEST_MAX_BYTES: usize = 5 * 1024 * 1024;
const REDIRECTS_MAX: u8 = 3;
const TOOL_NAME_MAX: usize = 256;
const VERSION_MAX: usize = 255;
const DEFAULT_VERSION: &str = "1.0.0";

/// Why no definitions could be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ManifestError {
    /// No answer.
    #[error("Failed to connect to connector URL: {0}")]
    Unreachable(FetchError),
    /// An answer, but not a success.
    #[error("Failed to fetch connector schema from {url}. Status: {status}")]
    Status {
        /// What was asked for.
        url: Url,
        /// The HTTP status.
        status: u16,
    },
    /// A success, but not a manifest.
    #[error("Failed to fetch connector schema from {url}. {reason}")]
    Malformed {
        /// What was asked for.
        url: Url,
        /// What is wrong with it.
        reason: String,
    },
}

impl ManifestError {
    /// The word that programs read.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(FetchError::Egress(_)) => "CONNECTOR_URL_REFUSED",
            Self::Unreachable(_) => "CONNECTOR_UNREACHABLE",
            Self::Status { .. } => "CONNECTOR_STATUS",
            Self::Malformed { .. } => "CONNECTOR_MALFORMED",
        }
    }

    fn malformed(url: &Url, reason: impl Into<String>) -> Self {
        Self::Malformed {
            url: url.clone(),
            reason: reason.into(),
        }
    }
}

/// What a connector offers, checked.
#[derive(Debug, Clone)]
pub struct Definitions {
    /// Where they came from, as it was given.
    pub url: Url,
    /// Where calls go.
    pub mcp_url: Url,
    /// The connector's version, as it says.
    pub version: String,
    /// Its description, if it has one.
    pub description: Option<String>,
    /// Its logo, if it names one.
    pub logo_url: Option<Url>,
    /// A JSON array of MCP tool objects with distinct names.
    pub tools: Box<RawValue>,
    /// How many those are.
    pub tools_count: usize,
    /// A JSON array or object of templates.
    pub templates: Box<RawValue>,
    /// How many those are.
    pub templates_count: usize,
    /// `{params, ui_schema}`, if servers take a configuration.
    pub config: Option<Box<RawValue>>,
    /// What didn't go well but stops nothing.
    pub warnings: Vec<String>,
}

impl Definitions {
    /// Over what clients and forms are made from; equal when nothing that matters has changed.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in [Some(&self.tools), Some(&self.templates), self.config.as_ref()] {
            hash.update(part.map_or("", |json| json.get()));
            hash.update([0]);
        }
        hash.finalize().into()
    }
}

/// The keys of a manifest that matter here; all of them may be missing.
#[derive(Deserialize)]
struct Manifest<'a> {
    name: Option<String>,
    description: Option<String>,
    version: Option<String>,
    logo_url: Option<String>,
    mcp_url: Option<String>,
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
    #[serde(borrow)]
    templates: Option<&'a RawValue>,
    #[serde(borrow)]
    config: Option<&'a RawValue>,
    #[serde(default)]
    remotes: Vec<Remote>,
}

/// Where a server of the MCP registry is reached.
#[derive(Deserialize)]
struct Remote {
    #[serde(rename = "type")]
    transport: String,
    url: String,
}

#[derive(Deserialize)]
struct ToolHead {
    name: String,
    #[serde(rename = "inputSchema")]
    input_schema: Option<Value>,
}

impl Upstream {
    /// Asks a connector for its definitions. A URL that ends in `.json` is a manifest and nothing else; for any other
    /// the manifest may be there, at `connector.json` below it, or be made from what MCP answers there. When all of
    /// that fails, the first failure is the one that is told.
    ///
    /// # Errors
    /// [`ManifestError`], within ten seconds.
    pub async fn definitions(
        &self,
        url: &Url,
        authorization: Option<HeaderValue>,
    ) -> Result<Definitions, ManifestError> {
        let asking = Asking {
            upstream: self,
            authorization,
            until: Instant::now() + BUDGET,
        };
        if url.path().ends_with(".json") {
            let fetched = asking.get(url).await?;
            return asking.read(url, &fetched).await;
        }
        let first = match asking.get(url).await {
            Ok(fetched) => match asking.read(url, &fetched).await {
                Ok(definitions) => return Ok(definitions),
                Err(error) => error,
            },
            // What listens to nobody has no manifest and no MCP either.
            Err(error @ ManifestError::Unreachable(_)) => return Err(error),
            Err(error) => error,
        };
        if let Ok(fetched) = asking.get(&below(url, "connector.json")).await
            && let Ok(definitions) = asking.read(url, &fetched).await
        {
            return Ok(definitions);
        }
        asking.discover(url, url.clone()).await.map_err(|_| first)
    }
}

/// One activation's questions, which share a deadline.
struct Asking<'a> {
    upstream: &'a Upstream,
    authorization: Option<HeaderValue>,
    until: Instant,
}

impl Asking<'_> {
    fn remaining(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    async fn get(&self, url: &Url) -> Result<Fetched, ManifestError> {
        let options = FetchOptions {
            accept: "application/json",
            max_bytes: MANIFEST_MAX_BYTES,
            deadline: self.remaining(),
            max_redirects: REDIRECTS_MAX,
            authorization: self.authorization.clone(),
        };
        let fetched = self
            .upstream
            .fetch(url, &options)
            .await
            .map_err(ManifestError::Unreachable)?;
        match fetched.status {
            200 => Ok(fetched),
            status => Err(ManifestError::Status {
                url: url.clone(),
                status,
            }),
        }
    }

    /// Reads a manifest, and asks the MCP endpoint that it names whether it is there.
    async fn read(&self, given: &Url, fetched: &Fetched) -> Result<Definitions, ManifestError> {
        let refuse = |reason: String| ManifestError::malformed(&fetched.url, reason);
        let manifest: Manifest<'_> =
            serde_json::from_slice(&fetched.body).map_err(|error| refuse(not_json(fetched, &error)))?;
        if !given.path().ends_with(".json") && !manifest.is_recognisable() {
            return Err(refuse("It is JSON, but not a connector's manifest.".into()));
        }
        if let Some(remote) = manifest
            .remotes
            .iter()
            .find(|remote| matches!(remote.transport.as_str(), "streamable-http" | "sse"))
        {
            let url = Url::parse(&remote.url)
                .map_err(|_| refuse(format!("Its remote URL '{}' is not a URL.", remote.url)))?;
            let mut definitions = self.discover(given, url).await?;
            definitions.description = manifest.description.filter(|text| Description::parse(text).is_ok());
            definitions.version = check_version(manifest.version).map_err(refuse)?;
            return Ok(definitions);
        }
        let mut definitions = manifest.check(given, &fetched.url).map_err(refuse)?;
        self.upstream
            .policy()
            .check_url(&definitions.mcp_url)
            .map_err(|error| refuse(format!("Its mcp_url can't be used: {error}.")))?;
        if let Err(error) = self.ask_mcp(&definitions.mcp_url).await {
            definitions.warnings.push(format!(
                "The MCP endpoint {} doesn't answer yet: {error}.",
                definitions.mcp_url
            ));
        }
        Ok(definitions)
    }

    async fn ask_mcp(&self, mcp_url: &Url) -> Result<super::Discovered, CallError> {
        let target = Target {
            url: mcp_url.clone(),
            authorization: self.authorization.clone(),
        };
        self.upstream.discover(&target, self.remaining()).await
    }

    /// Makes definitions from what an MCP endpoint answers.
    async fn discover(&self, given: &Url, mcp_url: Url) -> Result<Definitions, ManifestError> {
        let found = self.ask_mcp(&mcp_url).await.map_err(|error| match error {
            CallError::Transport(error) => ManifestError::Unreachable(error),
            error => ManifestError::malformed(&mcp_url, format!("{error}.")),
        })?;
        let tools = serde_json::value::to_raw_value(&found.tools)
            .map_err(|error| ManifestError::malformed(&mcp_url, error.to_string()))?;
        let tools_count = check_tools(&tools).map_err(|reason| ManifestError::malformed(&mcp_url, reason))?;
        Ok(Definitions {
            url: given.clone(),
            mcp_url,
            version: check_version(found.version).unwrap_or_else(|_| DEFAULT_VERSION.to_owned()),
            description: None,
            logo_url: None,
            tools,
            tools_count,
            templates: empty_list(),
            templates_count: 0,
            config: None,
            warnings: Vec::new(),
        })
    }
}

impl Manifest<'_> {
    fn is_recognisable(&self) -> bool {
        self.name.is_some() || self.tools.is_some() || self.mcp_url.is_some() || !self.remotes.is_empty()
    }

    fn check(self, given: &Url, fetched: &Url) -> Result<Definitions, String> {
        let tools = self.tools.map_or_else(empty_list, ToOwned::to_owned);
        let templates = self
            .templates
            .filter(|json| json.get() != "null")
            .map_or_else(empty_list, ToOwned::to_owned);
        let config = self.config.filter(|json| json.get() != "null").map(ToOwned::to_owned);
        if let Some(config) = &config {
            check_config(config)?;
        }
        let mut warnings = Vec::new();
        let description = match self.description.as_deref().map(Description::parse) {
            Some(Ok(description)) => Some(description.as_str().to_owned()),
            None | Some(Err(FieldError::Required)) => None,
            Some(Err(error)) => {
                warnings.push(format!("Its description was not taken: {error}"));
                None
            }
        };
        let link = |key: &str, link: &str| {
            fetched
                .join(link)
                .map_err(|_| format!("Its {key} '{link}' is not a URL."))
        };
        Ok(Definitions {
            url: given.clone(),
            mcp_url: match &self.mcp_url {
                Some(url) => link("mcp_url", url)?,
                None => default_mcp_url(fetched),
            },
            version: check_version(self.version)?,
            description,
            logo_url: self
                .logo_url
                .filter(|text| !text.is_empty())
                .map(|url| link("logo_url", &url))
                .transpose()?,
            tools_count: check_tools(&tools)?,
            tools,
            templates_count: check_templates(&templates)?,
            templates,
            config,
            warnings,
        })
    }
}

fn not_json(fetched: &Fetched, error: &serde_json::Error) -> String {
    let html = fetched
        .content_type
        .as_deref()
        .is_some_and(|kind| kind.starts_with("text/html"))
        || fetched.body.trim_ascii_start().first() == Some(&b'<');
    if html {
        "It answered with a web page, not with JSON.".into()
    } else if error.is_data() {
        format!("A part of the manifest has the wrong type: {error}.")
    } else {
        "It didn't answer with JSON.".into()
    }
}

fn empty_list() -> Box<RawValue> {
    RawValue::from_string("[]".to_owned()).unwrap_or_default()
}

/// `https://h/a/connector.json` has its endpoint at `https://h/a/mcp`, and so has `https://h/a`.
fn default_mcp_url(manifest: &Url) -> Url {
    let mut base = manifest.clone();
    if manifest.path().ends_with(".json")
        && let Ok(mut segments) = base.path_segments_mut()
    {
        segments.pop();
    }
    below(&base, "mcp")
}

fn below(url: &Url, name: &str) -> Url {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push(name);
    }
    url
}

fn check_version(version: Option<String>) -> Result<String, String> {
    let version = version
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| DEFAULT_VERSION.to_owned());
    if version.chars().count() > VERSION_MAX || version.chars().any(char::is_control) {
        return Err(format!(
            "Its version is not a line of at most {VERSION_MAX} characters."
        ));
    }
    Ok(version)
}

/// How many tools there are, when each has a name of its own and a schema that is one.
fn check_tools(tools: &RawValue) -> Result<usize, String> {
    let tools: Vec<ToolHead> = serde_json::from_str(tools.get())
        .map_err(|error| format!("Its tools are not a list of MCP tools: {error}."))?;
    let mut names = HashSet::new();
    for tool in &tools {
        let name = &tool.name;
        if name.is_empty() || name.chars().count() > TOOL_NAME_MAX || name.chars().any(char::is_control) {
            return Err(format!(
                "A tool's name is not a line of 1 to {TOOL_NAME_MAX} characters."
            ));
        }
        if !names.insert(name) {
            return Err(format!("There are two tools with the name '{name}'."));
        }
        let is_schema = tool
            .input_schema
            .as_ref()
            .is_some_and(|schema| schema.is_object() && jsonschema::meta::is_valid(schema));
        if !is_schema {
            return Err(format!(
                "The inputSchema of the tool '{name}' is not a JSON Schema object."
            ));
        }
    }
    Ok(tools.len())
}

fn check_templates(templates: &RawValue) -> Result<usize, String> {
    match serde_json::from_str(templates.get()) {
        Ok(Value::Array(list)) if list.iter().all(Value::is_object) => Ok(list.len()),
        Ok(Value::Object(object)) if object.values().all(Value::is_object) => Ok(object.len()),
        _ => Err("Its templates are neither a list of objects nor an object of objects.".into()),
    }
}

fn check_config(config: &RawValue) -> Result<(), String> {
    let config: Value = serde_json::from_str(config.get()).map_err(|error| error.to_string())?;
    let Some(config) = config.as_object() else {
        return Err("Its config is not an object.".into());
    };
    match config.get("params") {
        None | Some(Value::Null) => Ok(()),
        Some(params) if params.is_object() && jsonschema::validator_for(params).is_ok() => Ok(()),
        Some(_) => Err("Its config.params is not a JSON Schema object.".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn check(json: &str) -> Result<Definitions, String> {
        let at = url("http://h/a/connector.json");
        serde_json::from_str::<Manifest<'_>>(json)
            .map_err(|error| error.to_string())?
            .check(&at, &at)
    }

    #[test]
    fn missing_keys_have_defaults() {
        let definitions = check("{}").unwrap();
        assert_eq!(definitions.version, "1.0.0");
        assert_eq!((definitions.tools_count, definitions.templates_count), (0, 0));
        assert_eq!(definitions.mcp_url, url("http://h/a/mcp"));
        assert!(definitions.logo_url.is_none() && definitions.config.is_none());
    }

    #[test]
    fn relative_links_are_resolved_against_the_manifest() {
        let definitions = check(r#"{"logo_url":"/logo.png","mcp_url":"v2/mcp"}"#).unwrap();
        assert_eq!(definitions.logo_url, Some(url("http://h/logo.png")));
        assert_eq!(definitions.mcp_url, url("http://h/a/v2/mcp"));
    }

    #[test]
    fn tools_stay_the_text_that_they_were() {
        let tools = r#"[ {"name":"b","inputSchema":{"type":"object"},"x-new":1.0e2},{"name":"a","inputSchema":{}} ]"#;
        let definitions = check(&format!(r#"{{"tools":{tools},"templates":{{"t":{{}}}}}}"#)).unwrap();
        assert_eq!(definitions.tools.get(), tools);
        assert_eq!((definitions.tools_count, definitions.templates_count), (2, 1));
    }

    #[test]
    fn a_description_that_cannot_be_shown_is_left_out_with_a_warning() {
        let definitions = check(r#"{"description":"a\u0000b"}"#).unwrap();
        assert_eq!((definitions.description, definitions.warnings.len()), (None, 1));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (json, part) in [
            (r#"{"tools":{}}"#, "not a list"),
            (
                r#"{"tools":[{"name":"a","inputSchema":{}},{"name":"a","inputSchema":{}}]}"#,
                "two tools with the name 'a'",
            ),
            (r#"{"tools":[{"name":"","inputSchema":{}}]}"#, "name"),
            (r#"{"tools":[{"name":"a"}]}"#, "inputSchema"),
            (
                r#"{"tools":[{"name":"a","inputSchema":{"type":"wrong"}}]}"#,
                "inputSchema",
            ),
            (r#"{"templates":[1]}"#, "templates"),
            (r#"{"config":[]}"#, "config"),
            (r#"{"config":{"params":{"type":"wrong"}}}"#, "config.params"),
            (r#"{"mcp_url":"http://["}"#, "mcp_url"),
        ] {
            let error = check(json).unwrap_err();
            assert!(error.contains(part), "{json}: {error}");
        }
    }

    #[test]
    fn the_manifest_and_the_endpoint_are_looked_for_below_the_url() {
        assert_eq!(
            below(&url("http://h/mcp/?q#f"), "connector.json"),
            url("http://h/mcp/connector.json")
        );
        assert_eq!(
            below(&url("http://h"), "connector.json"),
            url("http://h/connector.json")
        );
        assert_eq!(default_mcp_url(&url("http://h/connector.json")), url("http://h/mcp"));
        assert_eq!(default_mcp_url(&url("http://h/notes")), url("http://h/notes/mcp"));
    }
}
