//! Changing a connector by hand: its mode, its description, its secret.

use super::{history::Origin, modes, secret_purpose};
use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject},
    error::NotFound,
    storage::{Tx, connectors::StandingConnector},
};
use patchbay_domain::{
    changes::VersionOrigin,
    connector::{ConnectorMode, ConnectorSummary, Description, SecretHeader, UpdateConnector, check_secret},
    field::FieldErrors,
    ids::ConnectorRef,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

impl Engine {
    /// Changes what is given, all of it or nothing. An empty secret removes the one from before.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], [`NotFound::Connector`], refused fields,
    /// [`crate::error::Conflict::ModeChange`], or a failing database.
    pub async fn update_connector(
        &self,
        actor: &Actor,
        connector: ConnectorRef,
        update: UpdateConnector,
    ) -> Result<ConnectorSummary, Error> {
        actor.require_superuser()?;
        let secret = update.secret.map(SecretString::from);
        let mut errors = FieldErrors::default();
        let description = update
            .description
            .and_then(|text| errors.check("description", Description::parse(&text)));
        let header = update
            .secret_header
            .and_then(|text| errors.check("secret_header", SecretHeader::parse(&text)));
        if let Some(secret) = &secret {
            errors.check("secret", check_secret(secret.expose_secret()));
        }
        if !errors.is_empty() {
            return Err(errors.into());
        }
        let mut tx = self.db().begin_as(actor.user).await?;
        let standing = tx.require_locked(connector).await?;
        let subject = || Subject::connector(standing.id, &standing.name);
        let mut entries = Vec::new();
        if let Some(mode) = update.mode {
            entries.extend(self.change_mode(actor, &mut tx, &standing, mode).await?);
        }
        if let Some(description) = description
            && description.as_str() != standing.description
        {
            tx.set_connector_description(standing.id, description.as_str()).await?;
            entries.push(
                Entry::new("connector.update", subject())
                    .before(json!({"description": standing.description}))
                    .after(json!({"description": description.as_str()})),
            );
        }
        if let Some(header) = header {
            let header = header.as_ref().map(SecretHeader::as_str);
            if header != standing.secret_header.as_deref() {
                tx.set_connector_secret_header(standing.id, header).await?;
                entries.push(
                    Entry::new("connector.update", subject())
                        .before(json!({"secret_header": standing.secret_header}))
                        .after(json!({"secret_header": header})),
                );
            }
        }
        if let Some(secret) = secret {
            let had = standing.sealed_secret.is_some();
            let sealed = (!secret.expose_secret().is_empty()).then(|| {
                self.vault()
                    .seal(&secret_purpose(standing.id), secret.expose_secret().as_bytes())
            });
            if had || sealed.is_some() {
                tx.set_connector_secret(standing.id, sealed.as_deref()).await?;
                let after = match sealed {
                    Some(_) => json!({"has_secret": true, "secret": "replaced"}),
                    None => json!({"has_secret": false}),
                };
                let entry = Entry::new("connector.secret", subject());
                entries.push(entry.before(json!({"has_secret": had})).after(after));
            }
        }
        let changed = tx.require_connector(connector).await?;
        self.commit(tx, &actor.who(), entries).await?;
        Ok(changed)
    }

    /// Changes a connector's mode; the mode that it has already changes nothing.
    ///
    /// # Errors
    /// As [`Self::update_connector`].
    pub async fn set_connector_mode(
        &self,
        actor: &Actor,
        connector: ConnectorRef,
        mode: ConnectorMode,
    ) -> Result<ConnectorSummary, Error> {
        let update = UpdateConnector {
            mode: Some(mode),
            ..UpdateConnector::default()
        };
        self.update_connector(actor, connector, update).await
    }

    async fn change_mode(
        &self,
        actor: &Actor,
        tx: &mut Tx,
        standing: &StandingConnector,
        mode: ConnectorMode,
    ) -> Result<Option<Entry>, Error> {
        if !modes::change(standing, mode)? {
            return Ok(None);
        }
        let mut after = json!({"mode": mode});
        match mode {
            ConnectorMode::Deactive => {}
            // What waits is adopted when it follows for the first time; until then it waits on, so that nobody loses a
            // decision, or gains a tool, by going there and back.
            ConnectorMode::Sync => tx.make_check_due(standing.id).await?,
            ConnectorMode::Active => {
                let pinned = tx.definition_set(standing.id).await?;
                let origin = Origin {
                    kind: VersionOrigin::Pinned,
                    note: None,
                    by: Some(actor.user),
                };
                let number = self.keep_version(tx, standing, &pinned, &origin).await?;
                tx.set_definitions_version(standing.id, number).await?;
                // Nobody knows whether the service still says what is pinned now.
                tx.make_check_due(standing.id).await?;
                after["number"] = number.into();
            }
        }
        tx.set_connector_mode(standing.id, mode).await?;
        let entry = Entry::new("connector.mode", Subject::connector(standing.id, &standing.name));
        Ok(Some(entry.before(json!({"mode": standing.mode})).after(after)))
    }
}

impl Tx {
    /// [`Self::lock_connector`], where there has to be one.
    pub(crate) async fn require_locked(&mut self, connector: ConnectorRef) -> Result<StandingConnector, Error> {
        let found = self.lock_connector(connector).await?;
        found.ok_or_else(|| NotFound::Connector(connector).into())
    }

    /// [`Self::connector`], where there has to be one.
    pub(crate) async fn require_connector(&mut self, connector: ConnectorRef) -> Result<ConnectorSummary, Error> {
        let found = self.connector(connector).await?;
        found.ok_or_else(|| NotFound::Connector(connector).into())
    }
}
