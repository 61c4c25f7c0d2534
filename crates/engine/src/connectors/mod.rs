//! The catalogue: registering a connector, and reading what there is. What happens to one after that has files of its own.

mod activate;
mod check;
mod definition_set;
mod difference;
mod drift;
mod folding;
mod follow;
mod held_back;
mod history;
mod list;
mod modes;
mod removal;
mod update;
pub(crate) mod words;

pub(crate) use definition_set::DefinitionSet;
pub(crate) use difference::{blocked_tools, count as count_definitions, difference};
pub use drift::DriftPolicy;
pub(crate) use follow::Following;
pub(crate) use held_back::HeldBack;
pub use list::ConnectorFilter;
pub(crate) use list::ListPosition;
pub use modes::obstacle as mode_obstacle;

use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject},
    error::NotFound,
    storage::connectors::{NewConnector, StandingConnector},
    upstream::Credential,
};
use patchbay_domain::{
    connector::{
        ConnectorMode, ConnectorName, ConnectorSummary, ConnectorView, Description, RegisterConnector, SecretHeader,
        URL_MAX, check_secret,
    },
    field::{FieldError, FieldErrors},
    ids::{ConnectorId, ConnectorRef},
    tool::{TemplateView, ToolView},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use std::time::Duration;
use url::Url;
use uuid::Uuid;

/// How long a page waits for the service of a connector that follows it.
const PATIENCE: Duration = Duration::from_secs(3);

/// A connector with its definitions as the upstream wrote them.
#[derive(Debug, Clone)]
pub struct ConnectorDefinitions {
    /// What the list shows too.
    pub summary: ConnectorSummary,
    /// A JSON array of MCP tool objects.
    pub tools: Box<RawValue>,
    /// A JSON array or object of templates.
    pub templates: Box<RawValue>,
    /// `{params, ui_schema}`, if servers take a configuration.
    pub config: Option<Box<RawValue>>,
}

/// A connector's logo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// By what it is, not by what was claimed.
    pub content_type: String,
    /// At most 1 MiB.
    pub bytes: Vec<u8>,
    /// Hexadecimal SHA-256 of the bytes.
    pub sha256: String,
}

impl Engine {
    /// Registers a connector: listed from now on, not usable until it is activated.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], refused fields, a name that is taken, or a failing database.
    pub async fn register_connector(&self, actor: &Actor, new: RegisterConnector) -> Result<ConnectorSummary, Error> {
        actor.require_superuser()?;
        let secret = new.secret.filter(|secret| !secret.is_empty()).map(SecretString::from);
        let mut errors = FieldErrors::default();
        let name = errors.check("name", ConnectorName::parse(&new.name));
        let description = errors.check("description", Description::parse(&new.description));
        if let Some(secret) = &secret {
            errors.check("secret", check_secret(secret.expose_secret()));
        }
        let header = new.secret_header.as_deref().unwrap_or_default();
        let header = errors.check("secret_header", SecretHeader::parse(header)).flatten();
        let (Some(name), Some(description), true) = (name, description, errors.is_empty()) else {
            return Err(errors.into());
        };
        let id = ConnectorId(Uuid::new_v4());
        let sealed_secret = secret.map(|secret| {
            self.vault()
                .seal(&secret_purpose(id), secret.expose_secret().as_bytes())
        });
        let row = NewConnector {
            id,
            name: name.as_str(),
            description: description.as_str(),
            sealed_secret,
            secret_header: header.as_ref().map(SecretHeader::as_str),
        };
        let mut tx = self.db().begin_as(actor.user).await?;
        let connector = tx.insert_connector(&row).await?;
        let entry = Entry::new("connector.register", Subject::connector(id, &connector.name)).after(json!({
            "mode": connector.mode,
            "description": connector.description,
            "has_secret": connector.has_secret,
            "secret_header": connector.secret_header,
        }));
        self.commit(tx, &actor.who(), vec![entry]).await?;
        Ok(connector)
    }

    /// A connector with what it offers, for a page.
    ///
    /// # Errors
    /// [`NotFound::Connector`], or a failing database.
    pub async fn connector(&self, actor: &Actor, connector: ConnectorRef) -> Result<ConnectorView, Error> {
        let definitions = self.connector_definitions(actor, connector).await?;
        let mut tx = self.db().begin_as(actor.user).await?;
        Ok(ConnectorView {
            tools: tool_views(&definitions.tools)?,
            templates: template_views(&definitions.templates)?,
            config_params: config_params(definitions.config.as_deref())?,
            config_ui_schema: config_member(definitions.config.as_deref(), "ui_schema")?,
            check: tx.check_view(definitions.summary.id).await?,
            summary: definitions.summary,
        })
    }

    /// A connector with its definitions untouched, for programs. One that follows its service is asked again first.
    ///
    /// # Errors
    /// [`NotFound::Connector`], or a failing database.
    pub async fn connector_definitions(
        &self,
        actor: &Actor,
        connector: ConnectorRef,
    ) -> Result<ConnectorDefinitions, Error> {
        let standing = {
            let mut tx = self.db().begin_as(actor.user).await?;
            tx.require_connector(connector).await?
        };
        if standing.mode == ConnectorMode::Sync {
            // It goes on without us; what it finds is there the next time.
            if let Ok(followed) = tokio::time::timeout(PATIENCE, self.follow_connector(standing.id)).await {
                followed?;
            }
        }
        let found = self
            .db()
            .begin_as(actor.user)
            .await?
            .connector_definitions(connector)
            .await?;
        found.ok_or_else(|| NotFound::Connector(connector).into())
    }

    /// The templates that tools can be made from.
    ///
    /// # Errors
    /// As [`Self::connector_definitions`].
    pub async fn connector_templates(
        &self,
        actor: &Actor,
        connector: ConnectorRef,
    ) -> Result<Vec<TemplateView>, Error> {
        let definitions = self.connector_definitions(actor, connector).await?;
        template_views(&definitions.templates)
    }

    /// A connector's logo.
    ///
    /// # Errors
    /// [`NotFound::Connector`], [`NotFound::Logo`], or a failing database.
    pub async fn connector_logo(&self, actor: &Actor, connector: ConnectorRef) -> Result<Logo, Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        let found = tx.connector(connector).await?.ok_or(NotFound::Connector(connector))?;
        Ok(tx.logo(found.id).await?.ok_or(NotFound::Logo)?)
    }

    /// What shows this connector its secret.
    pub(crate) fn credential(&self, connector: &StandingConnector) -> Result<Option<Credential>, Error> {
        self.authorization(
            connector.id,
            connector.sealed_secret.as_deref(),
            connector.secret_header.as_deref(),
        )
    }

    /// What shows a connector its secret, in the header of that name or else as `Authorization: Bearer`.
    pub(crate) fn authorization(
        &self,
        id: ConnectorId,
        sealed: Option<&[u8]>,
        header: Option<&str>,
    ) -> Result<Option<Credential>, Error> {
        let Some(sealed) = sealed else { return Ok(None) };
        let secret = self
            .vault()
            .open(&secret_purpose(id), sealed)
            .map_err(Error::internal)?;
        let credential = match header {
            Some(name) => Credential::header(name.parse().map_err(Error::internal)?, secret.expose_secret()),
            None => Credential::bearer(secret.expose_secret()),
        };
        let unfit = || Error::internal("a connector's secret doesn't fit a header");
        credential.map(Some).ok_or_else(unfit)
    }
}

pub(crate) fn secret_purpose(id: ConnectorId) -> String {
    format!("mcp_connectors.secret:{id}")
}

/// An http(s) URL without credentials; which addresses it may lead to is the egress policy's to say.
pub(crate) fn parse_url(text: &str) -> Result<Url, FieldError> {
    let malformed = || FieldError::Malformed {
        expected: "an http or https URL".into(),
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(FieldError::Required);
    }
    if text.chars().count() > URL_MAX as usize {
        return Err(FieldError::TooLong { max: URL_MAX });
    }
    let url = Url::parse(text).map_err(|_| malformed())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(malformed());
    }
    if !url.username().is_empty() || url.password().is_some() {
        let reason = "Credentials don't belong into the URL: give them as the connector's secret.".into();
        return Err(FieldError::Refused { reason });
    }
    Ok(url)
}

/// Tools as a page shows them. Activation checked names and schemas only, so whatever else is odd is left out; and in
/// earlier versions it let through what can't be read, of which the name is left.
pub(crate) fn tool_views(tools: &RawValue) -> Result<Vec<ToolView>, Error> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let name_only = |tool: &RawValue| match serde_json::from_str(tool.get()) {
        Ok(Named { name }) => json!({"name": name}),
        Err(_) => Value::Null,
    };
    let tools: Vec<&RawValue> = serde_json::from_str(tools.get()).map_err(Error::internal)?;
    Ok(tools
        .into_iter()
        .map(|tool| {
            let tool: Value = serde_json::from_str(tool.get()).unwrap_or_else(|_| name_only(tool));
            let annotation = |key: &str| tool.get("annotations").and_then(|annotations| annotations.get(key));
            ToolView {
                name: text(tool.get("name")).unwrap_or_default(),
                title: text(tool.get("title")).or_else(|| text(annotation("title"))),
                description: text(tool.get("description")),
                read_only: annotation("readOnlyHint") == Some(&Value::Bool(true)),
                input_schema: tool.get("inputSchema").cloned().unwrap_or_default(),
                dynamic: false,
            }
        })
        .collect())
}

fn template_views(templates: &RawValue) -> Result<Vec<TemplateView>, Error> {
    let text = |template: &Value, key: &str| template.get(key).and_then(Value::as_str).map(str::to_owned);
    Ok(match serde_json::from_str(templates.get()).map_err(Error::internal)? {
        Value::Array(list) => list
            .iter()
            .map(|template| TemplateView {
                name: text(template, "name").unwrap_or_default(),
                description: text(template, "description"),
                input_schema: template.get("inputSchema").cloned(),
            })
            .collect(),
        Value::Object(object) => object
            .iter()
            .map(|(name, template)| TemplateView {
                name: name.clone(),
                description: text(template, "description"),
                input_schema: template.get("inputSchema").cloned(),
            })
            .collect(),
        _ => Vec::new(),
    })
}

/// The JSON Schema of a server's configuration, if the connector takes one.
pub(crate) fn config_params(config: Option<&RawValue>) -> Result<Option<Value>, Error> {
    config_member(config, "params")
}

fn config_member(config: Option<&RawValue>, name: &str) -> Result<Option<Value>, Error> {
    let Some(config) = config else { return Ok(None) };
    let mut config: Value = serde_json::from_str(config.get()).map_err(Error::internal)?;
    Ok(config.get_mut(name).map(Value::take).filter(|member| !member.is_null()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_http_with_a_host_and_no_credentials() {
        assert!(parse_url(" http://localhost:8025/connector.json ").is_ok());
        for bad in [
            "",
            "localhost:8025",
            "file:///etc/passwd",
            "ftp://h",
            "http://",
            "http://u:p@h",
            "javascript:alert(1)",
        ] {
            assert!(parse_url(bad).is_err(), "{bad} was taken");
        }
        assert_eq!(
            parse_url(&format!("http://h/{}", "a".repeat(2048))),
            Err(FieldError::TooLong { max: URL_MAX })
        );
    }

    #[test]
    fn a_tool_with_odd_parts_is_shown_without_them() {
        let tools = r#"[{"name":"a","title":5,"description":"d","description":"e","annotations":7,"inputSchema":{}}]"#;
        let views = tool_views(&RawValue::from_string(tools.into()).unwrap()).unwrap();
        assert_eq!(
            (
                views[0].name.as_str(),
                views[0].title.as_deref(),
                views[0].description.as_deref()
            ),
            ("a", None, Some("e"))
        );
    }

    #[test]
    fn a_tool_that_cannot_be_read_is_shown_by_its_name_and_takes_no_other_along() {
        let tools =
            r#"[{"name":"a","description":"\ud800"},{"name":"b","_meta":1e999},{"name":"c","description":"d"}]"#;
        let views = tool_views(&RawValue::from_string(tools.into()).unwrap()).unwrap();
        let shown: Vec<_> = views
            .iter()
            .map(|view| (view.name.as_str(), view.description.as_deref()))
            .collect();
        assert_eq!(shown, [("a", None), ("b", None), ("c", Some("d"))]);
    }

    #[test]
    fn templates_are_named_by_key_or_by_name() {
        let views = |json: &str| template_views(&RawValue::from_string(json.into()).unwrap()).unwrap();
        assert_eq!(views(r#"[{"name":"a"}]"#)[0].name, "a");
        assert_eq!(
            views(r#"{"a":{"description":"d"}}"#)[0].description.as_deref(),
            Some("d")
        );
    }
}
