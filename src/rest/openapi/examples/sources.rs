//! Of sources.

use super::{CONNECTOR, Example, LATER, SERVER, SOURCE, THEN};
use patchbay_domain::{
    server::ServerConnector,
    source::{CreateSource, SourceTest, SourceView, UpdateSource},
    tool::ToolView,
};
use serde_json::{Value, json};

impl Example for CreateSource {
    fn example() -> Value {
        json!({ "type": "notes", "name": "At home", "source_metadata": { "notebook": "recipes" } })
    }
}

impl Example for UpdateSource {
    fn example() -> Value {
        json!({ "name": "In the kitchen" })
    }
}

impl Example for ServerConnector {
    fn example() -> Value {
        json!({
            "id": CONNECTOR, "connector_id": 1, "name": "notes", "mode": "active",
            "logo_url": "/api/connectors/1/logo", "tools_count": 5,
        })
    }
}

impl Example for SourceView {
    fn example() -> Value {
        json!({
            "id": SOURCE, "type": "notes", "name": "At home",
            "source_metadata": { "notebook": "recipes", "password": "********" },
            "state": "ready", "notice": null, "connector": ServerConnector::example(),
            "mcp_servers": [{ "id": SERVER, "name": "My notes" }],
            "created_at": THEN, "updated_at": LATER,
        })
    }
}

impl Example for SourceTest {
    fn example() -> Value {
        json!({
            "success": true, "error_code": null, "error_message": null,
            "tools": [ToolView::example()], "took_ms": 42,
        })
    }
}
