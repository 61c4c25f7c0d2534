//! The servers' server functions.

use super::{
    create_tool,
    template_form::{ARGUMENTS, AS_JSON, TemplateForm},
    trial::readable,
};
use crate::{
    connectors::connector_ref,
    context::{self, Next, Reply},
    error::AppError,
    outcome::Done,
    paths,
};
use leptos::prelude::*;
use patchbay_domain::{
    field::{FieldError, FieldErrors},
    ids::{ServerId, ServerTokenId},
    schema_form::SchemaForm,
    server::{CreateServer as NewServer, ServerName},
    tool::{CreateTool as NewTool, ToolName, ToolTrial},
};
use patchbay_engine::{Actor, Engine, Error, error::NotFound, tool_caller::ToolCaller};
use std::{collections::BTreeMap, sync::Arc};

/// The name of the form that makes a server.
pub(crate) const CREATE_SERVER: &str = "create-server";
/// The name of the form that makes a token.
pub(super) const CREATE_TOKEN: &str = "create-token";
/// The name of the form that revokes a token; there is one on a page.
pub(super) const REVOKE_TOKEN: &str = "revoke-token";
/// The name of the form that deletes a server.
pub(super) const DELETE_SERVER: &str = "delete-server";

/// The name of the form that makes a tool from a template.
pub(super) const CREATE_TOOL: &str = "create-tool";
/// The name of the form that deletes a tool.
pub(super) const DELETE_TOOL: &str = "delete-tool";

/// The name of the form that tries a tool.
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
        let configuration = typed.map_err(|errors| with(errors, "name", ServerName::parse(&name)))?;
        let new = NewServer {
            name,
            source_ids: Vec::new(),
            connector_id: Some(connector),
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

/// Makes a tool from a template of the server's connector.
#[server(prefix = "/fn", endpoint = "servers/create-tool")]
pub(crate) async fn create_tool(
    server_id: String,
    template: String,
    name: String,
    #[server(default)] description: String,
    #[server(default)] template_args: BTreeMap<String, String>,
    #[server(default)] args_as_json: String,
) -> Result<Done, AppError> {
    let mut reply = Reply::new(CREATE_TOOL, create_tool::path(&server_id, &template))
        .keep("name", &name)
        .keep("description", &description)
        .keep(AS_JSON, &args_as_json);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id = parse(&server_id)?;
        let form = template_form(&engine, &actor, id, &template).await?;
        if let TemplateForm::Fields(fields) = &form {
            reply.keep_fields(fields, ARGUMENTS, &template_args);
        }
        let typed = form.read(&template_args, &args_as_json);
        let template_args = typed.map_err(|errors| with(errors, "name", ToolName::parse(&name)))?;
        let description = Some(description);
        let new = NewTool {
            name,
            description,
            template,
            source_id: None,
            template_args,
        };
        let tool = engine.create_tool(&actor, id, new).await?;
        Ok(Next::to(format!("/servers/{id}#tools")).telling(format!("Tool '{}' created.", tool.name)))
    };
    let result = result.await;
    reply.finish(result).await
}

/// Deletes a tool that was made from a template.
#[server(prefix = "/fn", endpoint = "servers/delete-tool")]
pub(crate) async fn delete_tool(server_id: String, tool: String) -> Result<Done, AppError> {
    let page = format!("/servers/{server_id}");
    let reply = Reply::new(DELETE_TOOL, paths::with_query(&page, &[("delete_tool", &tool)]));
    let result = async {
        let (engine, actor) = context::signed_in()?;
        engine.delete_tool(&actor, parse(&server_id)?, &tool).await?;
        Ok(Next::to(page + "#tools").telling(format!("Tool '{tool}' deleted.")))
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
            .ok_or(NotFound::Tool)?
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

/// All that is wrong is told at once, what was checked apart from the rest too.
fn with<T>(mut errors: FieldErrors, field: &str, checked: Result<T, FieldError>) -> FieldErrors {
    errors.check(field, checked);
    errors
}

/// The form of one of the templates that a server's tools can be made from.
async fn template_form(engine: &Engine, actor: &Actor, id: ServerId, name: &str) -> Result<TemplateForm, Error> {
    let templates = engine.server_templates(actor, id).await?;
    let template = templates.iter().find(|template| template.name == name);
    let reason = || "The connector has no such template any more.".to_owned();
    let missing = || FieldErrors::one("template", FieldError::Refused { reason: reason() });
    Ok(TemplateForm::of(template.ok_or_else(missing)?))
}

pub(super) fn parse(id: &str) -> Result<ServerId, Error> {
    id.parse().map_err(|_| NotFound::Server.into())
}
