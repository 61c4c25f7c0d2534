//! A server's tools as its owner sees them: its connector's, and those that the owner made from templates.

use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject},
    connectors::tool_views,
    error::{Conflict, NotFound},
    storage::{
        Tx,
        tools::{NewTool, ServerDefinitions, StoredTool},
    },
    templates::{self, Arguments, DEFINITION_MAX_BYTES, DYNAMIC_TOOLS_MAX, Template},
};
use patchbay_domain::{
    connector::{ConnectorMode, Description},
    field::{FieldError, FieldErrors},
    ids::{ConnectorId, ServerId},
    tool::{CreateTool, TemplateView, ToolName, ToolView},
};
use serde_json::{Map, Value, json, value::RawValue};
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// The longest name of a template that is kept, in characters.
const TEMPLATE_NAME_MAX: u32 = 256;
/// How long a list waits for a service that is to be followed.
const FOLLOW_TIME: Duration = Duration::from_secs(10);

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
    /// The tools of a server: what its clients are offered, and dynamic tools that they aren't offered for now, which
    /// say so in their description.
    ///
    /// # Errors
    /// [`NotFound::Server`], or a failing database.
    pub async fn server_tools(&self, actor: &Actor, id: ServerId) -> Result<Vec<ToolView>, Error> {
        let (definitions, dynamic) = self.followed_definitions(actor, id).await?;
        let listed = definitions.mode != ConnectorMode::Deactive;
        let mut tools = tool_views(&definitions.tools)?;
        let templates = templates::read(&definitions.templates)?;
        let mut made = Vec::with_capacity(dynamic.len());
        for tool in dynamic {
            let shadowed = tools.iter().any(|other| other.name == tool.name);
            let view = match tool.make(&templates)? {
                None => Err(format!(
                    "its connector doesn't offer the template '{}' any more",
                    tool.template
                )),
                Some(_) if !listed => Err("its connector is not activated".to_owned()),
                Some(_) if shadowed => Err("its connector has a tool of the same name now".to_owned()),
                Some(made) => Ok(made.view()?),
            };
            made.push(view.unwrap_or_else(|why| not_offered(tool.name, &why)));
        }
        if !listed {
            tools.clear();
        }
        tools.extend(made);
        Ok(tools)
    }

    /// The templates that a server's tools can be made from.
    ///
    /// # Errors
    /// [`NotFound::Server`], or a failing database.
    pub async fn server_templates(&self, actor: &Actor, id: ServerId) -> Result<Vec<TemplateView>, Error> {
        let (definitions, _) = self.followed_definitions(actor, id).await?;
        let templates = templates::read(&definitions.templates)?;
        Ok(templates.iter().map(Template::view).collect())
    }

    /// Makes a tool from a template of the server's connector.
    ///
    /// # Errors
    /// [`NotFound::Server`], refused fields, [`Conflict::ToolName`], [`Conflict::ToolLimit`], or a failing database.
    pub async fn create_tool(&self, actor: &Actor, id: ServerId, new: CreateTool) -> Result<ToolView, Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        let definitions = tx.server_definitions(id).await?.ok_or(NotFound::Server)?;
        let templates = templates::read(&definitions.templates)?;
        let (tool, view) = check(new, &templates)?;
        if tool_views(&definitions.tools)?
            .iter()
            .any(|other| other.name == tool.name)
        {
            return Err(Conflict::ToolName(tool.name).into());
        }
        if tx.lock_dynamic_tools(id).await? >= DYNAMIC_TOOLS_MAX as u64 {
            return Err(Conflict::ToolLimit(DYNAMIC_TOOLS_MAX).into());
        }
        let row = NewTool {
            id: Uuid::new_v4(),
            server: id,
            user: actor.user,
            name: &tool.name,
            description: tool.description.as_deref(),
            template: &tool.template,
            template_args: &tool.template_args,
        };
        tx.insert_dynamic_tool(&row).await?;
        // Values stay out of the log: they may be anything.
        let after = json!({"server_id": id, "template": tool.template, "inputs": input_names(&view)});
        let entry = Entry::new("tool.create", Subject::tool(row.id, &tool.name)).after(after);
        self.commit(tx, &actor.who(), vec![entry]).await?;
        Ok(view)
    }

    /// Deletes a tool that was made from a template.
    ///
    /// # Errors
    /// [`NotFound::Server`], [`NotFound::Tool`], [`Error::StaticTool`], or a failing database.
    pub async fn delete_tool(&self, actor: &Actor, id: ServerId, name: &str) -> Result<(), Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        let definitions = tx.server_definitions(id).await?.ok_or(NotFound::Server)?;
        // What no made tool can be called is none, and may be nothing that the database takes for a text.
        let deleted = match ToolName::parse(name) {
            Ok(checked) if checked.as_str() == name => tx.delete_dynamic_tool(id, name).await?,
            _ => None,
        };
        let Some((tool, template)) = deleted else {
            return Err(
                if tool_views(&definitions.tools)?.iter().any(|tool| tool.name == name) {
                    Error::StaticTool(name.to_owned())
                } else {
                    NotFound::Tool.into()
                },
            );
        };
        let before = json!({"server_id": id, "template": template});
        let entry = Entry::new("tool.delete", Subject::tool(tool, name)).before(before);
        self.commit(tx, &actor.who(), vec![entry]).await
    }

    /// Follows a connector in sync mode before its tools are listed; whether they changed. A service that doesn't answer
    /// in time is no reason not to list what it said the last time.
    pub async fn follow_for_list(&self, connector: ConnectorId) -> bool {
        match timeout(FOLLOW_TIME, self.follow_connector(connector)).await {
            Ok(Ok(changed)) => changed,
            Ok(Err(error)) => {
                tracing::warn!(%connector, error = &error as &dyn std::error::Error, "a connector can't be followed");
                false
            }
            // What was begun goes on, and the next list has it.
            Err(_) => false,
        }
    }

    /// What a server's tools are made of, after its connector was followed if it is to be.
    async fn followed_definitions(
        &self,
        actor: &Actor,
        id: ServerId,
    ) -> Result<(ServerDefinitions, Vec<StoredTool>), Error> {
        let found = read(self.db().begin_as(actor.user).await?, id).await?;
        // No transaction is open while we wait for somebody else's service.
        if found.0.mode == ConnectorMode::Sync && self.follow_for_list(found.0.connector).await {
            return read(self.db().begin_as(actor.user).await?, id).await;
        }
        Ok(found)
    }
}

async fn read(mut tx: Tx, id: ServerId) -> Result<(ServerDefinitions, Vec<StoredTool>), Error> {
    let definitions = tx.server_definitions(id).await?.ok_or(NotFound::Server)?;
    Ok((definitions, tx.dynamic_tools(id).await?))
}

impl Made<'_> {
    fn view(&self) -> Result<ToolView, Error> {
        let list = RawValue::from_string(format!("[{}]", self.definition.get())).map_err(Error::internal)?;
        let mut view = tool_views(&list)?
            .pop()
            .ok_or_else(|| Error::internal("a list of one tool is empty"))?;
        view.dynamic = true;
        Ok(view)
    }
}

/// A dynamic tool that clients aren't offered, so that its owner sees it and can delete it.
fn not_offered(name: String, why: &str) -> ToolView {
    ToolView {
        name,
        title: None,
        description: Some(format!("Not offered to clients: {why}.")),
        input_schema: Value::Null,
        read_only: false,
        dynamic: true,
    }
}

/// The checked tool, and how it will look.
fn check(new: CreateTool, templates: &[Template]) -> Result<(StoredTool, ToolView), Error> {
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
    let template = errors.check("template", find(templates, &new.template));
    if let (Some(template), Some(args)) = (template, &args) {
        template.check(args, &mut errors);
    }
    let (Some(name), Some(args), true) = (name, args, errors.is_empty()) else {
        return Err(errors.into());
    };
    let tool = StoredTool {
        name: name.as_str().to_owned(),
        description: description.map(|text| text.as_str().to_owned()),
        template: new.template,
        template_args: Value::Object(args).to_string(),
    };
    match tool.make(templates)? {
        Some(made) => {
            let view = made.view()?;
            Ok((tool, view))
        }
        None => {
            let reason = "The tool's definition would be too large.".into();
            Err(FieldErrors::one("template", FieldError::Refused { reason }).into())
        }
    }
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

fn input_names(view: &ToolView) -> Vec<&str> {
    let properties = view.input_schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flat_map(Map::keys).map(String::as_str).collect()
}
