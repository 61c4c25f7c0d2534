//! Tools that a server's owner makes from templates of its connector, or of a source's: making and deleting them, and what
//! becomes of a stored one today.

use super::views;
use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject},
    error::{Conflict, NotFound},
    storage::{
        Tx,
        dynamic_tools::{NewTool, StoredTool},
    },
    templates::{self, Arguments, DEFINITION_MAX_BYTES, DYNAMIC_TOOLS_MAX, Template},
};
use patchbay_domain::{
    connector::Description,
    field::{FieldError, FieldErrors},
    ids::{ServerId, SourceId},
    tool::{CreateTool, ServerTool, ToolName},
};
use serde_json::{Map, Value, json, value::RawValue};
use uuid::Uuid;

/// The longest name of a template that is kept, in characters.
const TEMPLATE_NAME_MAX: u32 = 256;

/// A dynamic tool, made anew from what its connector offers today.
#[derive(Debug)]
pub(crate) struct Made<'t> {
    pub(crate) template: &'t Template,
    pub(crate) definition: Box<RawValue>,
    pub(crate) arguments: Arguments,
}

impl StoredTool {
    /// The tool as its template makes it now; nothing when that is gone, or makes something too large for a list.
    pub(crate) fn make<'t>(&self, templates: &'t [Template]) -> Result<Option<Made<'t>>, Error> {
        let Some(template) = templates.iter().find(|template| template.name == self.template) else {
            return Ok(None);
        };
        let args: Map<String, Value> = serde_json::from_str(&self.template_args).map_err(Error::internal)?;
        let Some(made) = template.make(&self.name, self.description.as_deref(), &args) else {
            return Ok(None);
        };
        let definition = serde_json::value::to_raw_value(&made.definition).map_err(Error::internal)?;
        Ok((definition.get().len() <= DEFINITION_MAX_BYTES).then_some(Made {
            template,
            definition,
            arguments: made.arguments,
        }))
    }
}

impl Engine {
    /// Makes a tool from a template of the server's connector, or of a source's.
    ///
    /// # Errors
    /// [`NotFound::Server`], refused fields, [`Conflict::ToolName`], [`Conflict::ToolLimit`], or a failing database.
    pub async fn create_tool(&self, actor: &Actor, id: ServerId, new: CreateTool) -> Result<ServerTool, Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        tx.lock_server_tools(id).await?.ok_or(NotFound::Server)?;
        let templates = templates_of(&mut tx, id, new.source_id).await?;
        let tool = check(new, templates)?;
        // Also what nobody is offered: a name doesn't come to mean something else because a tool is off.
        let others = self.assemble(&mut tx, id).await?;
        if others.iter().any(|other| other.name == tool.name) {
            return Err(Conflict::ToolName(tool.name).into());
        }
        if tx.count_dynamic_tools(id).await? >= DYNAMIC_TOOLS_MAX as u64 {
            return Err(Conflict::ToolLimit(DYNAMIC_TOOLS_MAX).into());
        }
        tx.free_tool_name(id, &tool.name).await?;
        let row = NewTool {
            server: id,
            user: actor.user,
            tool: &tool,
        };
        tx.insert_dynamic_tool(&row).await?;
        let tools = self.assemble(&mut tx, id).await?;
        let made = tools.iter().position(|other| other.made == Some(tool.id));
        let made = made.ok_or_else(|| Error::internal("a tool is gone right after being made"))?;
        let view = views(&tools[made..=made])?.pop().ok_or(NotFound::Tool)?;
        // Values stay out of the log: they may be anything.
        let after = json!({
            "server_id": id, "source_id": tool.source, "template": tool.template, "inputs": input_names(&view),
        });
        let entry = Entry::new("tool.create", Subject::tool(tool.id, &tool.name)).after(after);
        self.commit(tx, &actor.who(), vec![entry]).await?;
        Ok(view)
    }

    /// Deletes a tool that was made from a template, named as it is called now.
    ///
    /// # Errors
    /// [`NotFound::Server`], [`NotFound::Tool`], [`Error::StaticTool`], or a failing database.
    pub async fn delete_tool(&self, actor: &Actor, id: ServerId, name: &str) -> Result<(), Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        tx.lock_server_tools(id).await?.ok_or(NotFound::Server)?;
        let tools = self.assemble(&mut tx, id).await?;
        let tool = tools.iter().find(|tool| tool.name == name).ok_or(NotFound::Tool)?;
        let row = tool.made.ok_or_else(|| Error::StaticTool(name.to_owned()))?;
        tx.delete_dynamic_tool(id, row, &tool.key).await?;
        let before = json!({"server_id": id, "source_id": tool.key.source, "template": tool.upstream_name});
        let entry = Entry::new("tool.delete", Subject::tool(row, name)).before(before);
        self.commit(tx, &actor.who(), vec![entry]).await
    }
}

/// The templates of that source's connector; none where it has none.
async fn templates_of(
    tx: &mut Tx,
    server: ServerId,
    source: Option<SourceId>,
) -> Result<Result<Vec<Template>, FieldError>, Error> {
    let bindings = tx.server_bindings(server).await?;
    let Some(binding) = bindings.into_iter().find(|binding| binding.source == source) else {
        return Ok(Err(match source {
            None => FieldError::Required,
            Some(_) => FieldError::Refused {
                reason: "The server doesn't have this source.".into(),
            },
        }));
    };
    let offer = match binding.connector {
        Some(connector) => tx.connector_offer(connector, true, false).await?,
        None => None,
    };
    let templates = offer.and_then(|offer| offer.templates);
    templates.map_or_else(|| Ok(Ok(Vec::new())), |raw| templates::read(&raw).map(Ok))
}

/// The checked tool.
fn check(new: CreateTool, templates: Result<Vec<Template>, FieldError>) -> Result<StoredTool, Error> {
    let mut errors = FieldErrors::default();
    let name = errors.check("name", ToolName::parse(&new.name));
    let description = new.description.filter(|text| !text.trim().is_empty());
    let description = match &description {
        Some(text) => errors.check("description", Description::parse(text)),
        None => None,
    };
    let args = match templates::parse_args(new.template_args) {
        Ok(args) => Some(args),
        Err(refused) => {
            errors.0.extend(refused.0);
            None
        }
    };
    let templates = errors.check("source_id", templates);
    let template = templates
        .as_deref()
        .and_then(|templates| errors.check("template", find(templates, &new.template)));
    if let (Some(template), Some(args)) = (template, &args) {
        template.check(args, &mut errors);
    }
    let (Some(name), Some(args), Some(templates), true) = (name, args, &templates, errors.is_empty()) else {
        return Err(errors.into());
    };
    let tool = StoredTool {
        id: Uuid::new_v4(),
        source: new.source_id,
        name: name.as_str().to_owned(),
        description: description.map(|text| text.as_str().to_owned()),
        template: new.template,
        template_args: Value::Object(args).to_string(),
    };
    if tool.make(templates)?.is_none() {
        let reason = "The tool's definition would be too large.".into();
        return Err(FieldErrors::one("template", FieldError::Refused { reason }).into());
    }
    Ok(tool)
}

fn find<'t>(templates: &'t [Template], name: &str) -> Result<&'t Template, FieldError> {
    if name.is_empty() {
        return Err(FieldError::Required);
    }
    if name.chars().count() > TEMPLATE_NAME_MAX as usize {
        return Err(FieldError::TooLong { max: TEMPLATE_NAME_MAX });
    }
    templates
        .iter()
        .find(|template| template.name == name)
        .filter(|_| !name.contains('\0'))
        .ok_or_else(|| FieldError::Refused {
            reason: "The connector has no such template.".into(),
        })
}

fn input_names(view: &ServerTool) -> Vec<&str> {
    let properties = view.tool.input_schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flat_map(Map::keys).map(String::as_str).collect()
}
