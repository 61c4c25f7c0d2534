//! What a server's owner makes of its tools: switched on or off, under another name, in other words, in another order.

use super::views;
use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject},
    error::{Conflict, NotFound},
    storage::{
        Tx,
        tool_settings::{ToolKey, ToolSetting},
    },
};
use patchbay_domain::{
    connector::Description,
    field::{FieldError, FieldErrors},
    ids::ServerId,
    tool::{ServerTool, ToolName, ToolOrder, UpdateTool},
};
use serde_json::{Value, json};
use std::collections::HashMap;

/// How many bytes the descriptions may take that a server's owner gives to its tools, all together.
pub const DESCRIPTIONS_MAX_BYTES: usize = 512 << 10;
/// How much of a name is repeated to whoever sent it, in characters.
const ECHO_MAX: usize = 64;

impl Engine {
    /// Changes how a tool is offered. It is named as it is called now, whether or not clients see it.
    ///
    /// # Errors
    /// [`NotFound::Server`], [`NotFound::Tool`], refused fields, [`Conflict::ToolName`], or a failing database.
    pub async fn update_tool(
        &self,
        actor: &Actor,
        id: ServerId,
        name: &str,
        update: UpdateTool,
    ) -> Result<ServerTool, Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        tx.lock_server_tools(id).await?.ok_or(NotFound::Server)?;
        let tools = self.assemble(&mut tx, id).await?;
        let index = tools.iter().position(|tool| tool.name == name).ok_or(NotFound::Tool)?;
        let key = tools[index].key.clone();
        let shown = views(&tools[index..=index])?.pop();
        let shown = shown.ok_or_else(|| Error::internal("a tool is gone while it is held"))?;
        let before = setting(&mut tx, id, &key).await?;
        let after = changed(&before, &shown, update)?;
        if after == before {
            return Ok(shown);
        }
        if let Some(wanted) = after.name.as_deref().filter(|_| after.name != before.name) {
            if tools.iter().any(|tool| tool.name == wanted && tool.key != key) {
                return Err(Conflict::ToolName(wanted.to_owned()).into());
            }
            tx.free_tool_name(id, wanted).await?;
        }
        tx.save_tool_setting(id, actor.user, &after).await?;
        if tx.tool_descriptions_bytes(id).await? > DESCRIPTIONS_MAX_BYTES as u64 {
            let reason = "The server's own descriptions of its tools would take more than 512 KiB.".into();
            return Err(FieldErrors::one("description", FieldError::Refused { reason }).into());
        }
        let tools = self.assemble(&mut tx, id).await?;
        let index = tools.iter().position(|tool| tool.key == key).ok_or(NotFound::Tool)?;
        // One that is to have its own name back may find that another has it.
        if after.name.is_none() && before.name.is_some() && tools[index].name != tools[index].default_name {
            return Err(Conflict::ToolName(tools[index].default_name.clone()).into());
        }
        let tool = views(&tools[index..=index])?.pop().ok_or(NotFound::Tool)?;
        let entry = Entry::new("tool.update", Subject::tool(after.id, &tool.tool.name))
            .before(parts(id, &before))
            .after(parts(id, &after));
        self.commit(tx, &actor.who(), vec![entry]).await?;
        Ok(tool)
    }

    /// Puts a server's tools in order, named as they are called now.
    ///
    /// # Errors
    /// [`NotFound::Server`], refused `names`, or a failing database.
    pub async fn order_tools(&self, actor: &Actor, id: ServerId, order: ToolOrder) -> Result<Vec<ServerTool>, Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        let server = tx.lock_server_tools(id).await?.ok_or(NotFound::Server)?;
        let tools = self.assemble(&mut tx, id).await?;
        let mut keys: HashMap<&str, &ToolKey> = tools.iter().map(|tool| (tool.name.as_str(), &tool.key)).collect();
        let mut placed = Vec::with_capacity(order.names.len().min(tools.len()));
        for name in &order.names {
            let refused = || refused_name(name, tools.iter().any(|tool| tool.name == *name));
            placed.push(keys.remove(name.as_str()).ok_or_else(refused)?);
        }
        tx.order_tools(id, actor.user, &placed).await?;
        let tools = self.assemble(&mut tx, id).await?;
        let after = json!({"placed": placed.len(), "tools": tools.len()});
        let entry = Entry::new("tool.order", Subject::server(id, &server)).after(after);
        self.commit(tx, &actor.who(), vec![entry]).await?;
        views(&tools)
    }
}

/// How a tool is wanted until now.
async fn setting(tx: &mut Tx, server: ServerId, key: &ToolKey) -> Result<ToolSetting, Error> {
    let known = tx
        .tool_settings(server)
        .await?
        .into_iter()
        .find(|setting| setting.key == *key);
    Ok(known.unwrap_or_else(|| ToolSetting::plain(key.clone())))
}

/// How it is wanted from now on. A form sends everything back as it was shown: that is no change.
fn changed(before: &ToolSetting, shown: &ServerTool, update: UpdateTool) -> Result<ToolSetting, Error> {
    let mut errors = FieldErrors::default();
    let mut after = before.clone();
    if let Some(enabled) = update.enabled {
        after.enabled = enabled;
    }
    match update.name.map(|name| name.filter(|name| !name.trim().is_empty())) {
        None => {}
        Some(None) => after.name = None,
        Some(Some(name)) if name.trim() == shown.tool.name => {}
        Some(Some(name)) => {
            let name = errors.check("name", ToolName::parse(&name));
            after.name = name.map(|name| name.as_str().to_owned());
        }
    }
    let given = update.description.map(|text| {
        let text = text.map(|text| text.replace("\r\n", "\n"));
        text.filter(|text| !text.trim().is_empty())
    });
    match given {
        None => {}
        Some(None) => after.description = None,
        Some(Some(text)) if is_same(&text, shown.tool.description.as_deref()) => {}
        Some(Some(text)) if is_same(&text, shown.default_description.as_deref()) => after.description = None,
        Some(Some(text)) => {
            let text = errors.check("description", Description::parse(&text));
            after.description = text.map(|text| text.as_str().to_owned());
        }
    }
    if errors.is_empty() {
        Ok(after)
    } else {
        Err(errors.into())
    }
}

/// Whether a form that showed the one would send back the other.
fn is_same(text: &str, shown: Option<&str>) -> bool {
    shown.is_some_and(|shown| shown.replace("\r\n", "\n").trim() == text.trim())
}

fn refused_name(name: &str, known: bool) -> FieldErrors {
    let name: String = name.chars().take(ECHO_MAX).collect();
    let reason = if known {
        format!("'{name}' stands there twice.")
    } else {
        format!("The server has no tool '{name}'.")
    };
    FieldErrors::one("names", FieldError::Refused { reason })
}

/// What the log tells of a setting. The words of a description may be anything.
fn parts(server: ServerId, setting: &ToolSetting) -> Value {
    json!({
        "server_id": server,
        "source_id": setting.key.source,
        "tool": setting.key.tool,
        "enabled": setting.enabled,
        "name": setting.name,
        "described": setting.description.is_some(),
    })
}
