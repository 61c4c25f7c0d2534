//! A server's tools: which are offered, what they are called, in which order; making more from templates; trying them.

use super::{parse, with};
use crate::{
    context::{self, Next, Reply},
    error::AppError,
    outcome::Done,
    paths,
    servers::{
        arrange::{asked, moved},
        create_tool,
        template_form::{ARGUMENTS, AS_JSON, TemplateForm},
        trial::readable,
    },
};
use leptos::prelude::*;
use patchbay_domain::{
    field::{FieldError, FieldErrors},
    ids::{ServerId, SourceId},
    schema_form::SchemaForm,
    tool::{CreateTool as NewTool, ToolName, ToolOrder, ToolTrial, UpdateTool as Update},
};
use patchbay_engine::{Actor, Engine, Error, error::NotFound, tool_caller::ToolCaller};
use std::{collections::BTreeMap, sync::Arc};

/// The name of the form that arranges tools.
pub(in crate::servers) const ARRANGE_TOOLS: &str = "arrange-tools";
/// The name of the form that edits a tool; there is one on a page.
pub(in crate::servers) const UPDATE_TOOL: &str = "update-tool";
/// The name of the form that makes a tool from a template.
pub(in crate::servers) const CREATE_TOOL: &str = "create-tool";
/// The name of the form that deletes a tool.
pub(in crate::servers) const DELETE_TOOL: &str = "delete-tool";

/// The name of the form that tries a tool.
pub(in crate::servers) fn try_form(tool: &str) -> String {
    format!("try-{tool}")
}

/// Switches a tool on or off, moves it a step, or takes all order away: `on:`, `off:`, `up:` or `down:` and its name, or
/// `reset`. `q` is what the page's list is narrowed to.
#[server(prefix = "/fn", endpoint = "servers/tools")]
pub(crate) async fn arrange_tools(
    server_id: String,
    action: String,
    #[server(default)] q: String,
) -> Result<Done, AppError> {
    let page = paths::with_query(&format!("/servers/{server_id}"), &[("tools", &q)]);
    let reply = Reply::new(ARRANGE_TOOLS, format!("{page}#tools"));
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id = parse(&server_id)?;
        let (what, tool) = asked(&action);
        match what {
            "on" | "off" => {
                let update = Update {
                    enabled: Some(what == "on"),
                    ..Update::default()
                };
                engine.update_tool(&actor, id, tool, update).await?;
            }
            "up" | "down" => {
                let tools = engine.server_tools(&actor, id).await?.into_iter();
                let names = moved(tools.map(|it| it.tool.name).collect(), tool, what == "up");
                engine.order_tools(&actor, id, ToolOrder { names }).await?;
            }
            _ => {
                engine.order_tools(&actor, id, ToolOrder::default()).await?;
                return Ok(Next::to(format!("{page}#tools")));
            }
        }
        Ok(Next::to(format!("{page}#tool-{tool}")))
    };
    reply.finish(result.await).await
}

/// Gives a tool another name and other words; where nothing is typed, its own.
#[server(prefix = "/fn", endpoint = "servers/update-tool")]
pub(crate) async fn update_tool(
    server_id: String,
    tool: String,
    #[server(default)] name: String,
    #[server(default)] description: String,
) -> Result<Done, AppError> {
    let page = format!("/servers/{server_id}");
    let back = paths::with_query(&page, &[("edit_tool", &tool)]);
    let reply = Reply::new(UPDATE_TOOL, back)
        .keep("name", &name)
        .keep("description", &description);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let update = Update {
            enabled: None,
            name: Some(Some(name)),
            description: Some(Some(description.replace("\r\n", "\n"))),
        };
        let tool = engine
            .update_tool(&actor, parse(&server_id)?, &tool, update)
            .await?
            .tool;
        Ok(Next::to(format!("{page}#tool-{}", tool.name)).telling(format!("Tool '{}' saved.", tool.name)))
    };
    reply.finish(result.await).await
}

/// Makes a tool from a template of the server's connector, or of a source's.
#[server(prefix = "/fn", endpoint = "servers/create-tool")]
pub(crate) async fn create_tool(
    server_id: String,
    template: String,
    #[server(default)] source_id: String,
    name: String,
    #[server(default)] description: String,
    #[server(default)] template_args: BTreeMap<String, String>,
    #[server(default)] args_as_json: String,
) -> Result<Done, AppError> {
    let mut reply = Reply::new(CREATE_TOOL, create_tool::path(&server_id, &source_id, &template))
        .keep("name", &name)
        .keep("description", &description)
        .keep(AS_JSON, &args_as_json);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id = parse(&server_id)?;
        let source_id = source(&source_id)?;
        let form = template_form(&engine, &actor, id, source_id, &template).await?;
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
            source_id,
            template_args,
        };
        let name = engine.create_tool(&actor, id, new).await?.tool.name;
        Ok(Next::to(format!("/servers/{id}#tools")).telling(format!("Tool '{name}' created.")))
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
        let mut tools = engine.server_tools(&actor, id).await?.into_iter().map(|it| it.tool);
        let found = tools.find(|found| found.name == tool).ok_or(NotFound::Tool)?;
        let fields = SchemaForm::parse(&found.input_schema);
        reply.keep_fields(&fields, "arguments", &arguments);
        let arguments = fields.to_object(&arguments, "arguments")?;
        let caller = expect_context::<Arc<dyn ToolCaller>>();
        caller.call_tool(&actor, id, &tool, arguments).await.map(readable)
    };
    let result = result.await;
    reply.finish_trial(result).await
}

/// The source whose template it is; an empty text means the server's own connector.
fn source(id: &str) -> Result<Option<SourceId>, Error> {
    match id {
        "" => Ok(None),
        id => id.parse().map(Some).map_err(|_| NotFound::Source.into()),
    }
}

/// The form of one of the templates that a server's tools can be made from.
async fn template_form(
    engine: &Engine,
    actor: &Actor,
    id: ServerId,
    source: Option<SourceId>,
    name: &str,
) -> Result<TemplateForm, Error> {
    let templates = engine.server_templates(actor, id).await?;
    let template = templates
        .iter()
        .find(|it| it.source_id == source && it.template.name == name);
    let reason = || "The connector has no such template any more.".to_owned();
    let missing = || FieldErrors::one("template", FieldError::Refused { reason: reason() });
    Ok(TemplateForm::of(&template.ok_or_else(missing)?.template))
}
