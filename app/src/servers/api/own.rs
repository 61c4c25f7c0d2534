//! Making servers, editing and copying them, taking them away and bringing them back.

use super::{CONFIGURATION, parse, with};
use crate::{
    configuration::ConfigurationForm,
    connectors::connector_ref,
    context::{self, Next, Reply},
    error::AppError,
    outcome::Done,
    paths,
    sources::seen,
};
use leptos::prelude::*;
use patchbay_domain::{
    ids::ConnectorRef,
    server::{CreateServer as NewServer, CreatedServer, ServerName, UpdateServer as Update},
};
use patchbay_engine::Error;
use serde_json::Value;
use std::collections::BTreeMap;

/// The name of the form that makes a server.
pub(crate) const CREATE_SERVER: &str = "create-server";
/// The name of the form that edits a server.
pub(in crate::servers) const UPDATE_SERVER: &str = "update-server";
/// The name of the form that copies a server.
pub(in crate::servers) const DUPLICATE_SERVER: &str = "duplicate-server";
/// The name of the form that deletes a server.
pub(in crate::servers) const DELETE_SERVER: &str = "delete-server";
/// The name of the form that brings a deleted server back.
pub(in crate::servers) const RESTORE_SERVER: &str = "restore-server";
/// The name of the form that deletes a server for good.
pub(in crate::servers) const ERASE_SERVER: &str = "erase-server";

/// Makes a server from sources, from an active connector, or from both, with its first token. `from` is the form's page.
#[server(prefix = "/fn", endpoint = "servers/create")]
pub(crate) async fn create_server(
    name: String,
    #[server(default)] connector_id: String,
    #[server(default)] source_ids: Vec<String>,
    #[server(default)] configuration: BTreeMap<String, String>,
    #[server(default)] configuration_json: String,
    #[server(default)] from: String,
) -> Result<Done, AppError> {
    let back = paths::local(&from).unwrap_or("/servers/new");
    let mut reply = Reply::new(CREATE_SERVER, back)
        .keep("name", &name)
        .keep("source_ids", &source_ids.join(","));
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let mut new = NewServer {
            name,
            source_ids,
            connector_id: None,
            configuration: Value::Object(serde_json::Map::new()),
        };
        if !connector_id.is_empty() {
            let connector = connector_ref(&connector_id)?;
            let form = ConfigurationForm::of(Some(&engine.connector(&actor, connector).await?));
            form.keep(&mut reply, CONFIGURATION, &configuration, &configuration_json);
            let typed = form.read(CONFIGURATION, &configuration, &configuration_json);
            new.configuration = typed.map_err(|errors| with(errors, "name", ServerName::parse(&new.name)))?;
            new.connector_id = Some(connector);
        }
        created(engine.create_server(&actor, new).await?).await
    };
    let result = result.await;
    reply.finish(result).await
}

/// To a new server's page, which shows its token.
async fn created(created: CreatedServer) -> Result<Next, Error> {
    let CreatedServer { server, token } = created;
    context::keep_token(server.id, token).await?;
    Ok(Next::to(format!("/servers/{}", server.id)).telling(format!("MCP server '{}' created.", server.name)))
}

/// Saves a server's name and its own configuration, if it is still the `version` that the form was filled in for.
#[server(prefix = "/fn", endpoint = "servers/update")]
pub(crate) async fn update_server(
    server_id: String,
    version: String,
    name: String,
    #[server(default)] configuration: BTreeMap<String, String>,
    #[server(default)] configuration_json: String,
) -> Result<Done, AppError> {
    let mut reply = Reply::new(UPDATE_SERVER, format!("/servers/{server_id}/edit")).keep("name", &name);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id = parse(&server_id)?;
        let server = engine.server(&actor, id).await?;
        let mut update = Update {
            name: Some(name.clone()),
            ..Update::default()
        };
        if let Some(connector) = &server.connector {
            let connector = engine.connector(&actor, ConnectorRef::Id(connector.id)).await?;
            let form = ConfigurationForm::of(Some(&connector)).filled(&server.configuration);
            form.keep(&mut reply, CONFIGURATION, &configuration, &configuration_json);
            let typed = form.read(CONFIGURATION, &configuration, &configuration_json);
            let typed = typed.map_err(|errors| with(errors, "name", ServerName::parse(&name)))?;
            // What isn't touched isn't checked again: a name can be changed while the configuration fits no more.
            update.configuration = (typed != server.configuration).then_some(typed);
        }
        let saved = engine.update_server(&actor, id, update, Some(seen(&version)?)).await?;
        Ok(Next::to(format!("/servers/{id}")).telling(format!("MCP server '{}' saved.", saved.name)))
    };
    let result = result.await;
    reply.finish(result).await
}

/// Makes a copy of a server, with an endpoint and a token of its own.
#[server(prefix = "/fn", endpoint = "servers/duplicate")]
pub(crate) async fn duplicate_server(server_id: String, name: String) -> Result<Done, AppError> {
    let back = format!("/servers/{server_id}?duplicate=1");
    let reply = Reply::new(DUPLICATE_SERVER, back).keep("name", &name);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let copy = engine.duplicate_server(&actor, parse(&server_id)?, Some(&name));
        created(copy.await?).await
    };
    reply.finish(result.await).await
}

/// Deletes a server; its endpoint stops answering until it is restored.
#[server(prefix = "/fn", endpoint = "servers/delete")]
pub(crate) async fn delete_server(server_id: String) -> Result<Done, AppError> {
    let reply = Reply::new(DELETE_SERVER, format!("/servers/{server_id}?delete=1"));
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id = parse(&server_id)?;
        let name = engine.server(&actor, id).await?.name;
        engine.delete_server(&actor, id, None).await?;
        Ok(Next::to("/servers").telling(format!("MCP server '{name}' deleted.")))
    };
    reply.finish(result.await).await
}

/// Brings a deleted server back: its owner, or an admin. `from` is the form's page.
#[server(prefix = "/fn", endpoint = "servers/restore")]
pub(crate) async fn restore_server(server_id: String, #[server(default)] from: String) -> Result<Done, AppError> {
    let back = paths::local(&from).unwrap_or("/servers?deleted=1").to_owned();
    let reply = Reply::new(RESTORE_SERVER, back.clone());
    let result = async {
        let (engine, actor) = context::signed_in()?;
        engine.restore_server(&actor, parse(&server_id)?, None).await?;
        Ok(Next::to(back).telling("MCP server restored. Its endpoint answers again."))
    };
    reply.finish(result.await).await
}

/// Deletes anybody's server for good, for an admin. `from` is the list that it stood in.
#[server(prefix = "/fn", endpoint = "servers/erase")]
pub(crate) async fn erase_server(server_id: String, #[server(default)] from: String) -> Result<Done, AppError> {
    let from = paths::local(&from).unwrap_or("/servers/all").to_owned();
    let reply = Reply::new(ERASE_SERVER, paths::with_query(&from, &[("erase", &server_id)]));
    let result = async {
        let (engine, actor) = context::signed_in()?;
        actor.require_admin()?;
        engine.hard_delete_server(&actor, parse(&server_id)?, None).await?;
        Ok(Next::to(from).telling("MCP server deleted for good."))
    };
    reply.finish(result.await).await
}
