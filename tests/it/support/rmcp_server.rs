//! A connector made with rmcp: real, of either era, and with tools that say who called them and how.

use super::upstream::Upstream;
use axum::Router;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, DiscoverResult, ErrorCode,
        ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
    },
    service::{MaybeSendFuture, RequestContext},
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use serde_json::json;
use std::sync::Arc;

/// Which clients it understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// `initialize` and sessions only.
    Legacy,
    /// What is current, too.
    Both,
}

#[derive(Clone)]
struct Echo(Speaks);

/// Serves it at `/mcp`.
pub(crate) async fn serve(speaks: Speaks) -> Upstream {
    let config = StreamableHttpServerConfig::default().with_legacy_session_mode(speaks == Speaks::Legacy);
    let service = StreamableHttpService::new(move || Ok(Echo(speaks)), Arc::<LocalSessionManager>::default(), config);
    Upstream::serve(Router::new().route_service("/mcp", service)).await
}

impl ServerHandler for Echo {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    fn discover(
        &self,
        _: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<DiscoverResult, ErrorData>> + MaybeSendFuture + '_ {
        let versions = self.supported_protocol_versions().into_owned();
        std::future::ready(match self.0 {
            Speaks::Both => Ok(DiscoverResult::new(versions, self.get_info().capabilities)),
            Speaks::Legacy => Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "Method not found", None)),
        })
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = json!({ "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"] });
        let schema = Arc::new(schema.as_object().cloned().unwrap_or_default());
        let tools = ["zebra", "echo", "fail"].map(|name| Tool::new(name, format!("Does {name}"), Arc::clone(&schema)));
        Ok(ListToolsResult::with_all_items(tools.to_vec()))
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let text = call
            .arguments
            .as_ref()
            .and_then(|arguments| arguments.get("text")?.as_str())
            .unwrap_or_default();
        let said = vec![ContentBlock::text(format!("{}: {text}", call.name))];
        Ok(match &*call.name {
            "fail" => CallToolResult::error(said),
            _ => CallToolResult::success(said),
        }
        .into())
    }
}
