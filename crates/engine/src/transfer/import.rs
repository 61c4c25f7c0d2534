//! Reading a document in: the plan, and then all of its steps in one transaction.

use super::{
    document::Document,
    plan::{ConnectorStep, Plan, Source, Stored, UserStep, plan},
    reference::Secrets,
    report::{Counts, Report},
};
use crate::{
    Actor, Engine, Error,
    actor::Origin,
    aside::aside,
    audit::{Entry, Subject, Who},
    connectors::secret_purpose,
    error::{Denied, NotFound},
    random,
    storage::{connector_versions::NewVersion, connectors::NewConnector, worker::Worker},
    users::keep_somebody_in_charge,
};
use patchbay_domain::{changes::VersionOrigin, connector::Activated, ids::ConnectorRef, user::Role};
use secrecy::ExposeSecret;
use serde_json::json;

impl Engine {
    /// Makes everything that a document speaks of as it says there, for whoever runs the server: all of it, or nothing.
    /// What it doesn't speak of stays. A dry run gives the same report and writes nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that stands in the way, by its place in the document; or a failing database.
    pub async fn import(
        &self,
        who: &Who,
        document: &Document,
        dry_run: bool,
        secrets: Secrets<'_>,
    ) -> Result<Report, Error> {
        self.import_by(who, true, document, dry_run, secrets).await
    }

    async fn import_by(
        &self,
        who: &Who,
        may_give_roles: bool,
        document: &Document,
        dry_run: bool,
        secrets: Secrets<'_>,
    ) -> Result<Report, Error> {
        if dry_run {
            let stored = Stored::load(&mut self.db().snapshot().await?, document).await?;
            let mut report = aside(|| plan(self, document, &stored, secrets))?.report;
            report.dry_run = true;
            return Ok(report);
        }
        let mut worker = self.db().worker().await?;
        worker.lock_for_import().await?;
        let stored = Stored::load(worker.tx(), document).await?;
        let plan = aside(|| plan(self, document, &stored, secrets))?;
        if !may_give_roles && plan.users.iter().any(UserStep::gives_roles) {
            return Err(Denied::SessionNeeded.into());
        }
        if plan.report.is_empty() {
            return Ok(plan.report);
        }
        let entries = self.write(&mut worker, who, &plan).await?;
        self.commit_worker(worker, who, entries).await?;
        Ok(plan.report)
    }

    /// The same for a superuser, who isn't given secrets of the server's environment: those that are stored stay.
    ///
    /// # Errors
    /// [`Denied::Superuser`], [`Denied::SessionNeeded`] where roles are given, and as for [`Self::import`].
    pub async fn import_as(&self, actor: &Actor, document: &Document, dry_run: bool) -> Result<Report, Error> {
        actor.require_superuser()?;
        self.import_by(&actor.who(), actor.session.is_some(), document, dry_run, &|_| None)
            .await
    }

    /// A superuser by their address, for whoever runs the server and does something in their name.
    ///
    /// # Errors
    /// [`NotFound::User`], [`Denied::Superuser`], or a failing database.
    pub async fn superuser_named(&self, email: &str) -> Result<Actor, Error> {
        let users = self
            .db()
            .snapshot()
            .await?
            .whole_users(Some(&[email.to_lowercase()]))
            .await?;
        let user = users.into_iter().next().ok_or(NotFound::User)?;
        let actor = Actor {
            user: user.id,
            roles: user.roles,
            session: None,
            origin: Origin::COMMAND_LINE,
        };
        actor.require_superuser()?;
        Ok(actor)
    }

    /// Activates the connectors of an imported document, each by its own URL.
    ///
    /// # Errors
    /// The first one that can't be activated; those before it are.
    pub async fn activate_imported(&self, actor: &Actor, document: &Document) -> Result<Vec<Activated>, Error> {
        let names: Vec<String> = document.connector_names().map(str::to_owned).collect();
        let ids = self.db().snapshot().await?.connector_ids(&names).await?;
        let mut activated = Vec::new();
        for entry in &document.connectors {
            let id = ids.iter().find(|(name, _)| *name == entry.name).map(|(_, id)| *id);
            if let (Some(id), Some(url)) = (id, &entry.url) {
                activated.push(self.activate_connector(actor, ConnectorRef::Id(id), url).await?);
            }
        }
        Ok(activated)
    }

    async fn write(&self, worker: &mut Worker, who: &Who, plan: &Plan) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        for step in &plan.connectors {
            entries.push(self.write_connector(worker, who, step).await?);
        }
        self.write_users(worker, &plan.users, &mut entries).await?;
        self.write_sources(worker, &plan.sources, &mut entries).await?;
        self.write_servers(worker, &plan.servers, &mut entries).await?;
        let counts = |counts: &Counts| json!({"added": counts.added, "changed": counts.changed});
        let report = &plan.report;
        entries.push(Entry::new("data.import", Subject::database()).after(json!({
            "connectors": counts(&report.connectors),
            "users": counts(&report.users),
            "sources": counts(&report.sources),
            "servers": counts(&report.servers),
        })));
        Ok(entries)
    }

    async fn write_connector(&self, worker: &mut Worker, who: &Who, step: &ConnectorStep) -> Result<Entry, Error> {
        let tx = worker.tx();
        let id = step.id;
        let sealed = step.secret.as_ref().map(|secret| {
            self.vault()
                .seal(&secret_purpose(id), secret.expose_secret().as_bytes())
        });
        let header = step.secret_header.as_deref();
        let header = header.map(|header| Some(header).filter(|header| !header.is_empty()));
        if step.is_new {
            tx.insert_connector(&NewConnector {
                id,
                name: &step.name,
                description: step.description.as_deref().unwrap_or_default(),
                sealed_secret: sealed,
                secret_header: header.flatten(),
            })
            .await?;
        } else {
            if let Some(description) = &step.description {
                tx.set_connector_description(id, description).await?;
            }
            if let Some(sealed) = sealed {
                tx.set_connector_secret(id, Some(&sealed)).await?;
            }
            if let Some(header) = header {
                tx.set_connector_secret_header(id, header).await?;
            }
        }
        match &step.source {
            Some(Source::Definitions(set)) => {
                let standing = tx.lock_connector(ConnectorRef::Id(id)).await?;
                let standing = standing.ok_or_else(|| Error::internal("a connector is gone that was held"))?;
                let now = self.clock().now();
                let version = NewVersion {
                    number: standing.definitions_version + 1,
                    origin: VersionOrigin::Imported,
                    set,
                    note: None,
                    created_by: who.user,
                    created_at: now,
                };
                tx.insert_version(id, &version).await?;
                tx.put_definitions(id, set, version.number, now).await?;
            }
            Some(Source::Bare(set)) => {
                tx.put_connector_source(id, &set.url, set.mcp_url.as_deref(), &set.version)
                    .await?;
            }
            None => {}
        }
        if let Some(mode) = step.mode {
            tx.set_connector_mode(id, mode).await?;
        }
        if !step.is_new && (step.source.is_some() || step.mode.is_some()) {
            // What was held back, was so in comparison with what was in force: the next check, at once, compares anew.
            tx.set_connector_changes(id, None).await?;
            tx.clear_found(id).await?;
            tx.make_check_due(id).await?;
        }
        if step.logo.is_some() {
            tx.put_logo(id, step.logo.as_ref()).await?;
        }
        let entry = Entry::new("connector.import", Subject::connector(id, &step.name)).after(step.after.clone());
        Ok(if step.is_new {
            entry
        } else {
            entry.before(step.before.clone())
        })
    }

    async fn write_users(
        &self,
        worker: &mut Worker,
        steps: &[UserStep],
        entries: &mut Vec<Entry>,
    ) -> Result<(), Error> {
        let words = |roles: &[Role]| json!({"roles": roles.iter().map(|role| role.as_str()).collect::<Vec<_>>()});
        // Nobody knows it, and it isn't kept: whoever is new here gets in once somebody has set a password.
        let mut unknown_password = None;
        let mut demoted = Vec::new();
        for step in steps {
            let id = if let Some(id) = step.id {
                id
            } else {
                let hash = match &unknown_password {
                    Some(hash) => hash,
                    None => unknown_password.insert(self.0.passwords.hash(&random::token("")).await?),
                };
                worker.create_user(&step.email, hash, &[]).await?.id
            };
            let before = worker.get_user_by_id(id).await?;
            demoted.extend(before.filter(|before| before.is_superuser() && !step.roles.contains(&Role::Superuser)));
            worker.tx().put_roles(id, &step.roles).await?;
            let entry = Entry::new("user.import", Subject::user(id, &step.email)).after(words(&step.roles));
            entries.push(match &step.before {
                Some(before) => entry.before(words(before)),
                None => entry,
            });
        }
        for before in demoted {
            let after = worker.get_user_by_id(before.id).await?;
            entries.extend(keep_somebody_in_charge(worker, &before, after.as_ref()).await?);
        }
        Ok(())
    }
}
