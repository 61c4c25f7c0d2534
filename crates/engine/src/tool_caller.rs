//! Trying a tool from the dashboard: the seam between the pages, which know the engine, and the gateway, which the
//! engine doesn't know.

use crate::{Actor, Error};
use futures::future::BoxFuture;
use patchbay_domain::{ids::ServerId, tool::ToolTrial};
use serde_json::Value;

/// Calls a tool as a client of the server would. The gateway implements it, on the path that its own calls take.
pub trait ToolCaller: Send + Sync + 'static {
    /// Calls `tool` with `arguments`, a JSON object. A tool that fails, or can't be reached, is a trial that failed;
    /// an error is for a server that isn't the actor's.
    fn call_tool<'a>(
        &'a self,
        actor: &'a Actor,
        server: ServerId,
        tool: &'a str,
        arguments: Value,
    ) -> BoxFuture<'a, Result<ToolTrial, Error>>;
}
