//! Writing users' sources and servers as the plan has them.

use super::plan::{ServerStep, SourceStep};
use crate::{
    Engine, Error,
    audit::{Entry, Subject},
    servers::NewServer,
    sources::NewSource,
    storage::{
        dynamic_tools::{NewTool, StoredTool},
        worker::Worker,
    },
};
use patchbay_domain::ids::{ConnectorId, UserId};
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

impl Engine {
    pub(super) async fn write_sources(
        &self,
        worker: &mut Worker,
        steps: &[SourceStep],
        entries: &mut Vec<Entry>,
    ) -> Result<(), Error> {
        let owners = owners(worker, steps.iter().map(|step| step.owner.clone())).await?;
        for step in steps {
            let user = *owners.get(&step.owner).ok_or_else(gone)?;
            let (kind, name) = (step.key.kind.as_str(), step.key.name.as_deref());
            let tx = worker.tx();
            let entry = Entry::new("source.import", Subject::source(step.id, name.unwrap_or(kind)));
            let entry = entry.after(step.after.clone());
            entries.push(if step.is_new {
                tx.create_source(&NewSource {
                    id: step.id,
                    user,
                    kind,
                    name,
                    metadata: &step.metadata,
                })
                .await?;
                tx.put_source_last(step.id).await?;
                entry
            } else {
                tx.update_source(step.id, kind, name, Some(&step.metadata)).await?;
                entry.before(step.before.clone())
            });
        }
        Ok(())
    }

    pub(super) async fn write_servers(
        &self,
        worker: &mut Worker,
        steps: &[ServerStep],
        entries: &mut Vec<Entry>,
    ) -> Result<(), Error> {
        let owners = owners(worker, steps.iter().map(|step| step.owner.clone())).await?;
        let names: Vec<String> = steps.iter().filter_map(|step| step.connector.clone()).collect();
        let connectors: HashMap<String, ConnectorId> = worker.tx().connector_ids(&names).await?.into_iter().collect();
        for step in steps {
            let user = *owners.get(&step.owner).ok_or_else(gone)?;
            let connector = match &step.connector {
                Some(name) => Some(*connectors.get(name).ok_or_else(gone)?),
                None => None,
            };
            self.write_server(worker, step, user, connector).await?;
            let entry = Entry::new("server.import", Subject::server(step.id, &step.name));
            entries.push(if step.is_new {
                let mut after = step.after.clone();
                after["endpoint"] = json!(step.endpoint);
                after["connector_id"] = json!(connector);
                entry.after(after)
            } else {
                entry.before(step.before.clone()).after(step.after.clone())
            });
        }
        Ok(())
    }

    async fn write_server(
        &self,
        worker: &mut Worker,
        step: &ServerStep,
        user: UserId,
        connector: Option<ConnectorId>,
    ) -> Result<(), Error> {
        let seal = |value: &Value| self.seal_configuration(step.id, value, &step.secret_places);
        let sealed = step.configuration.as_ref().map(seal);
        let deleted_at = step.is_deleted.then(|| self.clock().now());
        let sources = step.bindings.sources.as_deref();
        if step.is_new {
            worker
                .create_mcp_server(&NewServer {
                    id: step.id,
                    user,
                    name: &step.name,
                    endpoint: &step.endpoint,
                    connector,
                    configuration: sealed.as_ref(),
                    source_ids: sources.unwrap_or_default(),
                })
                .await?;
        }
        let tx = worker.tx();
        if !step.is_new || step.is_deleted {
            tx.put_server(step.id, &step.name, sealed.as_ref(), sources, deleted_at)
                .await?;
        }
        if !step.bindings.given_out.is_empty() {
            tx.put_prefixes(step.id, user, &step.bindings.given_out).await?;
        }
        for made in &step.tools {
            let tool = &made.tool;
            let args = tool.template_args.get();
            if made.before.is_none() {
                let tool = StoredTool {
                    id: Uuid::new_v4(),
                    source: made.source,
                    name: tool.name.clone(),
                    description: tool.description.clone(),
                    template: tool.template.clone(),
                    template_args: args.to_owned(),
                };
                tx.insert_dynamic_tool(&NewTool {
                    server: step.id,
                    user,
                    tool: &tool,
                })
                .await?;
            } else {
                let description = tool.description.as_deref();
                tx.put_dynamic_tool(step.id, &tool.name, description, made.source, &tool.template, args)
                    .await?;
                if let Some(old) = made.moved() {
                    tx.move_tool_setting(step.id, &old, made.source).await?;
                }
            }
        }
        for name in &step.settings.freed {
            tx.free_tool_name(step.id, name).await?;
        }
        for setting in &step.settings.settings {
            tx.save_tool_setting(step.id, user, setting).await?;
        }
        Ok(())
    }
}

/// Users by their addresses, in lower case.
async fn owners(worker: &mut Worker, emails: impl Iterator<Item = String>) -> Result<HashMap<String, UserId>, Error> {
    let users = worker.tx().whole_users(Some(&emails.collect::<Vec<_>>())).await?;
    let by_email = users.into_iter().map(|user| (user.email.to_lowercase(), user.id));
    Ok(by_email.collect())
}

fn gone() -> Error {
    Error::internal("the owner or connector of what is imported is gone, that was held")
}
