//! The servers' server functions.

use crate::{error::AppError, outcome::Done};
use leptos::prelude::*;
use patchbay_domain::tool::ToolTrial;
use std::collections::BTreeMap;
#[cfg(feature = "ssr")]
use {
    super::trial::readable,
    crate::{
        connectors::connector_ref,
        context::{self, Next, Reply},
    },
    patchbay_domain::{
        field::FieldErrors,
        ids::{ServerId, ServerTokenId},
        schema_form::SchemaForm,
        server::{CreateServer as NewServer, ServerName},
    },
    patchbay_engine::{Error, error::NotFound, tool_caller::ToolCaller},
    std::sync::Arc,
};

/// The name of the form that makes a server.
#[cfg(feature = "ssr")]
pub(crate) const CREATE_SERVER: &str = "create-server";
/// The name of the form that makes a token.
#[cfg(feature = "ssr")]
pub(super) const CREATE_TOKEN: &str = "create-token";
/// The name of the form that revokes a token; there is one on a page.
#[cfg(feature = "ssr")]
pub(super) const REVOKE_TOKEN: &str = "revoke-token";
/// The name of the form that deletes a server.
#[cfg(feature = "ssr")]
pub(super) const DELETE_SERVER: &str = "delete-server";

/// The name of the form that tries a tool.
#[cfg(feature = "ssr")]
pub(super) fn try_form(tool: &str) -> String {
    format!("try-{tool}")
}

/// Makes a server from an active connector, with its first token.
#[server(prefix = "/fn", endpoint = "servers/create")]
pub(crate) async fn create_server(
    connector_id: String,
    name: String,
    #[server(default)] configuration: BTreeMap<String, String>,
) -> Result<Done, AppError> {
    let back = format!("/connectors/{connector_id}/create-server");
    let mut reply = Reply::new(CREATE_SERVER, back).keep("name", &name);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let connector = connector_ref(&connector_id)?;
        let schema = engine.connector(&actor, connector).await?.config_params;
        let fields = SchemaForm::parse(&schema.unwrap_or_default());
        reply.keep_fields(&fields, "configuration", &configuration);
        let typed = fields.to_object(&configuration, "configuration");
        let configuration = typed.map_err(|errors| with_name(errors, &name))?;
        let new = NewServer {
            name,
            connector_id: connector,
            configuration,
        };
        let created = engine.create_server(&actor, new).await?;
        context::keep_token(created.server.id, created.token).await?;
        let next = Next::to(format!("/servers/{}", created.server.id));
        Ok(next.telling(format!("MCP server '{}' created.", created.server.name)))
    };
    let result = result.await;
    reply.finish(result).await
}

/// One more token for a server.
#[server(prefix = "/fn", endpoint = "servers/create-token")]
pub(crate) async fn create_token(server_id: String, name: String) -> Result<Done, AppError> {
    let page = format!("/servers/{server_id}");
    let reply = Reply::new(CREATE_TOKEN, format!("{page}#tokens")).keep("name", &name);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id = parse(&server_id)?;
        let created = engine.create_server_token(&actor, id, &name).await?;
        context::keep_token(id, created.token).await?;
        Ok(Next::to(page))
    };
    reply.finish(result.await).await
}

/// Makes a token worthless.
#[server(prefix = "/fn", endpoint = "servers/revoke-token")]
pub(crate) async fn revoke_token(server_id: String, token_id: String) -> Result<Done, AppError> {
    let page = format!("/servers/{server_id}");
    let reply = Reply::new(REVOKE_TOKEN, format!("{page}?revoke={token_id}"));
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let token: ServerTokenId = token_id.parse().map_err(|_| NotFound::Token)?;
        engine.revoke_server_token(&actor, parse(&server_id)?, token).await?;
        Ok(Next::to(page).telling("Token revoked."))
    };
    reply.finish(result.await).await
}

/// Deletes a server; its endpoint stops answering.
#[server(prefix = "/fn", endpoint = "servers/delete")]
pub(crate) async fn delete_server(server_id: String) -> Result<Done, AppError> {
    let reply = Reply::new(DELETE_SERVER, format!("/servers/{server_id}?delete=1"));
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id = parse(&server_id)?;
        let name = engine.server(&actor, id).await?.name;
        engine.delete_server(&actor, id).await?;
        Ok(Next::to("/servers").telling(format!("MCP server '{name}' deleted.")))
    };
    reply.finish(result.await).await
}

/// Calls a tool of a server, on the path that its clients' calls take.
#[server(prefix = "/fn", endpoint = "servers/try-tool")]
pub(crate) async fn try_tool(
    server_id: String,
    tool: String,
    #[server(default)] arguments: BTreeMap<String, String>,
) -> Result<ToolTrial, AppError> {
    let mut reply = Reply::new(try_form(&tool), format!("/servers/{server_id}#tools"));
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id = parse(&server_id)?;
        let mut tools = engine.server_tools(&actor, id).await?.into_iter();
        let schema = tools
            .find(|found| found.name == tool)
            .ok_or(NotFound::Server)?
            .input_schema;
        let fields = SchemaForm::parse(&schema);
        reply.keep_fields(&fields, "arguments", &arguments);
        let arguments = fields.to_object(&arguments, "arguments")?;
        let caller = expect_context::<Arc<dyn ToolCaller>>();
        caller.call_tool(&actor, id, &tool, arguments).await.map(readable)
    };
    let result = result.await;
    reply.finish_trial(result).await
}

/// All that is wrong is told at once, the name too.
#[cfg(feature = "ssr")]
fn with_name(mut errors: FieldErrors, name: &str) -> FieldErrors {
    errors.check("name", ServerName::parse(name));
    errors
}

#[cfg(feature = "ssr")]
pub(super) fn parse(id: &str) -> Result<ServerId, Error> {
    id.parse().map_err(|_| NotFound::Server.into())
}
