//! The MCP server: which tools there are and how a call finds its own.
//!
//! The tools themselves are in `tools.rs`, the templates in `templates.rs`. A template is called like any tool, but
//! listed in the manifest only: on its own it is too general to be offered to a model.

use std::sync::Arc;

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    handler::server::tool::{ToolCallContext, ToolRouter},
    model::{CallToolRequestParams, CallToolResponse, Implementation, ServerCapabilities, ServerConfig, Tool},
    service::RequestContext,
    tool_handler,
};

use crate::{error::ToolError, notes::Notes};

/// This connector's name, in the manifest and to MCP clients.
pub(crate) const NAME: &str = "notes";
/// Its version, likewise.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

const INSTRUCTIONS: &str = "Keeps short notes in a notebook. Search before you add, so that no note is made twice. \
     Lists and searches give excerpts; get_note gives the whole text.";

/// The tools over one file of notes.
#[derive(Debug)]
pub(crate) struct Connector {
    notes: Arc<Notes>,
    tools: ToolRouter<Self>,
    templates: ToolRouter<Self>,
}

impl Connector {
    pub(crate) fn new(notes: Notes) -> Self {
        Self {
            notes: Arc::new(notes),
            tools: Self::tool_router(),
            templates: Self::template_router(),
        }
    }

    /// What tools/list gives, and the manifest's `tools`.
    pub(crate) fn tools(&self) -> Vec<Tool> {
        self.tools.list_all()
    }

    /// The manifest's `templates`.
    pub(crate) fn templates(&self) -> Vec<Tool> {
        self.templates.list_all()
    }

    /// Works with the notes on a thread that may block.
    pub(crate) async fn with_notes<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Notes) -> Result<T, ToolError> + Send + 'static,
    ) -> Result<T, ToolError> {
        let notes = Arc::clone(&self.notes);
        tokio::task::spawn_blocking(move || work(&notes))
            .await
            .map_err(ToolError::Interrupted)?
    }

    fn router_of(&self, name: &str) -> &ToolRouter<Self> {
        if self.templates.has_route(name) {
            &self.templates
        } else {
            &self.tools
        }
    }
}

#[tool_handler(router = self.tools)]
impl ServerHandler for Connector {
    fn get_info(&self) -> ServerConfig {
        let mut server = Implementation::new(NAME, VERSION);
        server.title = Some("Notes".to_owned());
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(server)
            .with_instructions(INSTRUCTIONS)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let router = self.router_of(&request.name);
        router.call(ToolCallContext::new(self, request, context)).await
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.router_of(name).get(name).cloned()
    }
}
