//! The servers' server functions.

#[cfg(feature = "ssr")]
use crate::{
    connectors::connector_ref,
    context::{self, Reply},
    outcome::Notice,
};
use crate::{error::AppError, outcome::Done};
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use patchbay_domain::{
    field::FieldErrors,
    ids::{ServerId, ServerTokenId},
    page::PageRequest,
    schema_form::SchemaForm,
    server::ServerName,
};
use patchbay_domain::{
    page::Page,
    server::{ServerTokenView, ServerView},
    tool::{ToolTrial, ToolView},
};
#[cfg(feature = "ssr")]
use patchbay_engine::{Error, error::NotFound, tool_caller::ToolCaller};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name of the form that makes a server.
pub(crate) const CREATE_SERVER: &str = "create-server";
/// The name of the form that makes a token.
pub(super) const CREATE_TOKEN: &str = "create-token";
/// The name of the form that revokes a token; there is one on a page.
pub(super) const REVOKE_TOKEN: &str = "revoke-token";
/// The name of the form that deletes a server.
pub(super) const DELETE_SERVER: &str = "delete-server";

/// The name of the form that tries a tool.
pub(super) fn try_form(tool: &str) -> String {
    format!("try-{tool}")
}

/// What a server's page shows.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ServerData {
    /// The server.
    pub(crate) server: ServerView,
    /// Its tools.
    pub(crate) tools: Vec<ToolView>,
    /// Its tokens.
    pub(crate) tokens: Vec<ServerTokenView>,
    /// A token that was just made: this is its only sight.
    pub(crate) new_token: Option<String>,
}

/// A page of the person's servers.
#[server(prefix = "/fn", endpoint = "servers/list")]
pub(crate) async fn list_servers(cursor: String) -> Result<Page<ServerView>, AppError> {
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let cursor = Some(cursor).filter(|cursor| !cursor.is_empty());
        engine
            .servers(
                &actor,
                &PageRequest {
                    limit: Some(25),
                    cursor,
                },
            )
            .await
    };
    context::answer(result.await)
}

/// A server's page. Takes a new token that waits in the session away, so it is no GET.
#[server(prefix = "/fn", endpoint = "servers/get")]
pub(crate) async fn get_server(id: String) -> Result<ServerData, AppError> {
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id = server_id(&id)?;
        Ok(ServerData {
            server: engine.server(&actor, id).await?,
            tools: engine.server_tools(&actor, id).await?,
            tokens: engine.server_tokens(&actor, id).await?,
            new_token: context::take_token(id).await?,
        })
    };
    context::answer(result.await)
}

/// Makes a server from an active connector, with its first token.
#[server(prefix = "/fn", endpoint = "servers/create")]
pub(crate) async fn create_server(
    connector_id: String,
    name: String,
    #[server(default)] configuration: BTreeMap<String, String>,
) -> Result<Done, AppError> {
    let mut reply = Reply::new(CREATE_SERVER, format!("/connectors/{connector_id}/create-server")).keep("name", &name);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let connector = connector_ref(&connector_id)?;
        let schema = engine.connector(&actor, connector).await?.config_params;
        let fields = SchemaForm::parse(&schema.unwrap_or_default());
        reply.keep_fields(&fields, "configuration", &configuration);
        let configuration = fields
            .to_object(&configuration, "configuration")
            .map_err(|errors| with_name(errors, &name))?;
        let new = patchbay_domain::server::CreateServer {
            name,
            connector_id: connector,
            configuration,
        };
        let created = engine.create_server(&actor, new).await?;
        context::keep_token(created.server.id, created.token).await?;
        let notice = Notice::new(format!("MCP server '{}' created.", created.server.name));
        Ok(Done {
            notice: Some(notice),
            to: format!("/servers/{}", created.server.id),
        })
    }
    .await;
    reply.finish(result).await
}

/// One more token for a server.
#[server(prefix = "/fn", endpoint = "servers/create-token")]
pub(crate) async fn create_token(server_id: String, name: String) -> Result<Done, AppError> {
    let page = format!("/servers/{server_id}");
    let reply = Reply::new(CREATE_TOKEN, format!("{page}#tokens")).keep("name", &name);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id = self::server_id(&server_id)?;
        let created = engine.create_server_token(&actor, id, &name).await?;
        context::keep_token(id, created.token).await?;
        Ok(Done { notice: None, to: page })
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
        engine
            .revoke_server_token(&actor, self::server_id(&server_id)?, token)
            .await?;
        Ok(Done {
            notice: Some(Notice::new("Token revoked.")),
            to: page,
        })
    };
    reply.finish(result.await).await
}

/// Deletes a server; its endpoint stops answering.
#[server(prefix = "/fn", endpoint = "servers/delete")]
pub(crate) async fn delete_server(server_id: String) -> Result<Done, AppError> {
    let reply = Reply::new(DELETE_SERVER, format!("/servers/{server_id}?delete=1"));
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id = self::server_id(&server_id)?;
        let name = engine.server(&actor, id).await?.name;
        engine.delete_server(&actor, id).await?;
        Ok(Done {
            notice: Some(Notice::new(format!("MCP server '{name}' deleted."))),
            to: "/servers".into(),
        })
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
        let id = self::server_id(&server_id)?;
        let tools = engine.server_tools(&actor, id).await?;
        let schema = tools
            .into_iter()
            .find(|found| found.name == tool)
            .map(|found| found.input_schema);
        let fields = SchemaForm::parse(&schema.ok_or(NotFound::Server)?);
        reply.keep_fields(&fields, "arguments", &arguments);
        let arguments = fields.to_object(&arguments, "arguments")?;
        expect_context::<std::sync::Arc<dyn ToolCaller>>()
            .call_tool(&actor, id, &tool, arguments)
            .await
    }
    .await;
    reply.finish_trial(result).await
}

/// All that is wrong is told at once, the name too.
#[cfg(feature = "ssr")]
fn with_name(mut errors: FieldErrors, name: &str) -> FieldErrors {
    errors.check("name", ServerName::parse(name));
    errors
}

#[cfg(feature = "ssr")]
fn server_id(id: &str) -> Result<ServerId, Error> {
    id.parse().map_err(|_| NotFound::Server.into())
}
