//! Activation: asking a connector's service what it offers, and pinning the answer.

use super::{DefinitionSet, Logo, difference, history::Origin, parse_url, secret_purpose, words};
use crate::{
    Actor, Engine, Error,
    audit::Entry,
    error::NotFound,
    storage::{
        Tx,
        connectors::{NewConnector, StandingConnector},
    },
    upstream::{Credential, manifest::Definitions},
};
use patchbay_domain::{
    changes::VersionOrigin,
    connector::{Activated, AddConnector, ConnectorMode, ConnectorName, SecretHeader, check_secret},
    field::FieldErrors,
    ids::{ConnectorId, ConnectorRef},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;
use uuid::Uuid;

/// What a connector's service answered.
struct Found {
    definitions: Definitions,
    logo: Option<Logo>,
    warnings: Vec<String>,
}

impl Engine {
    /// Activates a connector, or activates it again: fetches its definitions from its running service and pins them.
    /// Whatever of them was held back is decided by it.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], [`crate::error::NotFound::Connector`], a refused URL,
    /// [`Error::BadConnector`], or a failing database. The connector stays as it was.
    pub async fn activate_connector(
        &self,
        actor: &Actor,
        connector: ConnectorRef,
        connector_url: &str,
    ) -> Result<Activated, Error> {
        actor.require_superuser()?;
        let asked = {
            let mut tx = self.db().begin_as(actor.user).await?;
            let found = tx.standing_connector(connector).await?;
            found.ok_or(NotFound::Connector(connector))?
        };
        let url = parse_url(connector_url).map_err(|error| FieldErrors::one("connector_url", error))?;
        let authorization = self.credential(&asked)?;
        // No transaction is open while we wait for somebody else's service.
        let calls_go = asked.mcp_url.as_deref().and_then(|url| Url::parse(url).ok());
        let found = self.ask(&url, authorization, calls_go.as_ref()).await?;

        let mut tx = self.db().begin_as(actor.user).await?;
        let standing = tx.require_locked(connector).await?;
        let before = tx.definition_set(standing.id).await?;
        let pinned = self.pin(actor, &mut tx, &standing, &found).await?;
        tx.set_connector_mode(standing.id, ConnectorMode::Active).await?;
        let connector = tx.require_connector(connector).await?;
        let changes = words::changes(&difference(&before, &pinned));
        let mut before = json!({"mode": standing.mode, "definitions": words::definitions(&before)});
        let mut after = json!({
            "mode": connector.mode,
            "number": connector.definitions_version,
            "definitions": words::definitions(&pinned),
            "changes": changes,
        });
        // The service's own words replace those that it was registered with.
        if connector.description != standing.description {
            before["description"] = standing.description.as_str().into();
            after["description"] = connector.description.as_str().into();
        }
        let entry = Entry::new("connector.activate", words::subject(&standing));
        self.commit(tx, &actor.who(), vec![entry.before(before).after(after)])
            .await?;
        Ok(Activated {
            connector,
            warnings: found.warnings,
        })
    }

    /// Registers a connector and reads its definitions in one step, as programs did before there were two.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], refused fields, [`Error::BadConnector`], a name that is taken, or a failing
    /// database. Nothing is written then.
    pub async fn add_connector(&self, actor: &Actor, new: AddConnector) -> Result<Activated, Error> {
        actor.require_superuser()?;
        let secret = new.secret.filter(|secret| !secret.is_empty()).map(SecretString::from);
        let mut errors = FieldErrors::default();
        let url = errors.check("connector_url", parse_url(&new.connector_url));
        let name = new.name.filter(|name| !name.trim().is_empty());
        let name = name.and_then(|name| errors.check("name", ConnectorName::parse(&name)));
        if let Some(secret) = &secret {
            errors.check("secret", check_secret(secret.expose_secret()));
        }
        let header = new.secret_header.as_deref().unwrap_or_default();
        let header = errors.check("secret_header", SecretHeader::parse(header)).flatten();
        let header = header.as_ref().map(SecretHeader::as_str);
        let (Some(url), true) = (url, errors.is_empty()) else {
            return Err(errors.into());
        };
        let id = ConnectorId(Uuid::new_v4());
        let sealed_secret = secret.map(|secret| {
            self.vault()
                .seal(&secret_purpose(id), secret.expose_secret().as_bytes())
        });
        let authorization = self.authorization(id, sealed_secret.as_deref(), header)?;
        let found = self.ask(&url, authorization, None).await?;
        let name = match name {
            Some(name) => name,
            None => ConnectorName::parse(found.definitions.name.as_deref().unwrap_or_default())
                .map_err(|error| FieldErrors::one("name", error))?,
        };
        let row = NewConnector {
            id,
            name: name.as_str(),
            description: found.definitions.description.as_deref().unwrap_or(name.as_str()),
            sealed_secret,
            secret_header: header,
        };

        let connector = ConnectorRef::Id(id);
        let mut tx = self.db().begin_as(actor.user).await?;
        tx.insert_connector(&row).await?;
        let standing = tx.require_locked(connector).await?;
        let pinned = self.pin(actor, &mut tx, &standing, &found).await?;
        tx.set_connector_mode(id, new.mode.unwrap_or(ConnectorMode::Sync))
            .await?;
        let connector = tx.require_connector(connector).await?;
        let entry = Entry::new("connector.add", words::subject(&standing)).after(json!({
            "mode": connector.mode,
            "description": connector.description,
            "has_secret": connector.has_secret,
            "secret_header": connector.secret_header,
            "number": connector.definitions_version,
            "definitions": words::definitions(&pinned),
        }));
        self.commit(tx, &actor.who(), vec![entry]).await?;
        Ok(Activated {
            connector,
            warnings: found.warnings,
        })
    }

    /// Asks a service for everything, because a superuser named it.
    async fn ask(&self, url: &Url, authorization: Option<Credential>, calls_go: Option<&Url>) -> Result<Found, Error> {
        let definitions = self.upstream().definitions(url, authorization, calls_go).await?;
        let mut warnings = definitions.warnings.clone();
        let logo = match &definitions.logo_url {
            Some(url) => self
                .upstream()
                .logo(url)
                .await
                .map_err(|warning| warnings.push(warning))
                .ok(),
            None => None,
        };
        Ok(Found {
            definitions,
            logo,
            warnings,
        })
    }

    /// Puts in force what was found, and what belongs to it.
    async fn pin(
        &self,
        actor: &Actor,
        tx: &mut Tx,
        standing: &StandingConnector,
        found: &Found,
    ) -> Result<DefinitionSet, Error> {
        let id = standing.id;
        let pinned = DefinitionSet::from(&found.definitions);
        let origin = Origin {
            kind: VersionOrigin::Activated,
            note: None,
            by: Some(actor.user),
        };
        self.put_in_force(tx, standing, &pinned, &origin).await?;
        if let Some(description) = &found.definitions.description {
            tx.set_connector_description(id, description).await?;
        }
        // A logo that can't be had today is no reason to lose the one from before.
        if found.logo.is_some() || found.definitions.logo_url.is_none() {
            tx.put_logo(id, found.logo.as_ref()).await?;
        }
        tx.set_connector_changes(id, None).await?;
        let check = tx.begin_check(id, self.clock().now()).await?;
        tx.end_check(id, check, None).await?;
        tx.clear_found(id).await?;
        Ok(pinned)
    }
}
