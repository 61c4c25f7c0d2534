//! What a connector offers, as it says itself: a manifest (`connector.json`) or a registry's `server.json`.
//!
//! Tools, templates and configuration stay the text that the upstream wrote. They are checked once, in [`check`], so that
//! whatever reads them later can rely on their form. Getting them is [`super::definitions`]'s matter.

mod check;

pub(crate) use check::{check_config, check_templates, check_tools};

use super::FetchError;
use patchbay_domain::{connector::Description, field::FieldError};
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;
use url::Url;

const VERSION_MAX: usize = 255;
pub(super) const DEFAULT_VERSION: &str = "1.0.0";

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

    /// Whether asking for something else at the same place is in vain.
    pub(super) fn is_final(&self) -> bool {
        use FetchError::{Dns, Egress, Refused, Tls};
        matches!(self, Self::Unreachable(Refused | Dns | Tls | Egress(_)))
    }

    pub(super) fn malformed(url: &Url, reason: impl Into<String>) -> Self {
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
    /// What the connector calls itself, as it says.
    pub name: Option<String>,
    /// Its version, as it says.
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

/// The keys of a manifest that matter here; all of them may be missing.
#[derive(Deserialize)]
pub(super) struct Manifest<'a> {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) version: Option<String>,
    logo_url: Option<String>,
    mcp_url: Option<String>,
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
    #[serde(borrow)]
    templates: Option<&'a RawValue>,
    #[serde(borrow)]
    config: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) remotes: Vec<Remote>,
}

/// Where a server of the MCP registry is reached.
#[derive(Deserialize)]
pub(super) struct Remote {
    #[serde(rename = "type")]
    pub(super) transport: String,
    pub(super) url: String,
}

impl Manifest<'_> {
    pub(super) fn is_recognisable(&self) -> bool {
        self.name.is_some() || self.tools.is_some() || self.mcp_url.is_some() || !self.remotes.is_empty()
    }

    pub(super) fn check(self, given: &Url, fetched: &Url) -> Result<Definitions, String> {
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
            name: self.name,
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

pub(crate) fn empty_list() -> Box<RawValue> {
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

pub(super) fn below(url: &Url, name: &str) -> Url {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push(name);
    }
    url
}

pub(crate) fn check_version(version: Option<String>) -> Result<String, String> {
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

#[cfg(test)]
mod tests {
    use super::{check::TEMPLATES_MAX, *};
    use crate::upstream::discover::TOOLS_MAX;

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
    fn tools_that_nobody_could_read_are_refused() {
        let nested = |levels: usize| {
            let value = "[".repeat(levels) + r#""]]\"]""# + &"]".repeat(levels);
            format!(r#"{{"tools":[{{"name":"a","inputSchema":{{}},"_meta":{value}}}]}}"#)
        };
        assert!(check(&nested(98)).is_ok());
        assert_eq!(
            check(&nested(99)).unwrap_err(),
            "Its tools are nested more than 100 levels deep."
        );
        assert!(check(&nested(100_000)).is_err());
    }

    #[test]
    fn tools_that_a_page_could_not_show_are_refused_wherever_the_fault_is() {
        for (bad, member) in [
            (r#""\ud800""#, "description"),
            ("1e999", "_meta"),
            (r#"{"a":["\udfff"]}"#, "annotations"),
        ] {
            let error = check(&format!(
                r#"{{"tools":[{{"name":"a","inputSchema":{{}},"{member}":{bad}}}]}}"#
            ));
            let error = error.unwrap_err();
            assert!(error.contains("The tool 'a' can't be read"), "{bad}: {error}");
            for part in [
                format!(r#"{{"templates":[{{"x":{bad}}}]}}"#),
                format!(r#"{{"config":{{"x":{bad}}}}}"#),
            ] {
                assert!(check(&part).is_err(), "{part} was taken");
            }
        }
    }

    #[test]
    fn there_are_limits_to_how_many_there_can_be() {
        let list = |count: usize, more: &str| {
            let items: Vec<_> = (0..count).map(|n| format!(r#"{{"name":"n{n}"{more}}}"#)).collect();
            items.join(",")
        };
        let tools = |count| format!(r#"{{"tools":[{}]}}"#, list(count, r#","inputSchema":{}"#));
        assert_eq!(check(&tools(TOOLS_MAX)).unwrap().tools_count, TOOLS_MAX);
        assert_eq!(
            check(&tools(TOOLS_MAX + 1)).unwrap_err(),
            "It has more than 10000 tools."
        );
        let templates = |count| format!(r#"{{"templates":[{}]}}"#, list(count, ""));
        assert_eq!(check(&templates(TEMPLATES_MAX)).unwrap().templates_count, TEMPLATES_MAX);
        let refused = check(&templates(TEMPLATES_MAX + 1)).unwrap_err();
        assert_eq!(refused, "It has more than 1000 templates.");
    }

    #[test]
    fn tools_stay_the_text_that_they_were() {
        let tools = r#"[ {"name":"b","inputSchema":{"type":"object"},"x-new":1.0e2},{"name":"a","inputSchema":{}} ]"#;
        let definitions = check(&format!(r#"{{"tools":{tools},"templates":{{"t":{{}}}}}}"#)).unwrap();
        assert_eq!(definitions.tools.get(), tools);
        assert_eq!((definitions.tools_count, definitions.templates_count), (2, 1));
    }

    #[test]
    fn a_schema_in_a_dialect_of_its_own_is_taken() {
        let tools = r#"[{"name":"a","inputSchema":{"$schema":"https://x.example/y","type":"object"}}]"#;
        assert_eq!(check(&format!(r#"{{"tools":{tools}}}"#)).unwrap().tools_count, 1);
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
