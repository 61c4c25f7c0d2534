//! Of MCP servers, their tools and their tokens.

use super::{END, Example, LATER, SERVER, SOURCE, THEN, TOKEN, USER, with};
use patchbay_domain::{
    server::{
        CreateServer, CreatedServer, CreatedServerToken, ServerConnector, ServerOfUser, ServerTokenView, ServerView,
        UpdateServer,
    },
    tool::{CreateTool, ServerTemplate, ServerTool, TemplateView, ToolOrder, ToolView, UpdateTool},
};
use serde_json::{Value, json};

impl Example for CreateServer {
    fn example() -> Value {
        json!({ "name": "My notes", "source_ids": [SOURCE] })
    }
}

impl Example for UpdateServer {
    fn example() -> Value {
        json!({ "name": "Notes of all kinds", "source_ids": [SOURCE] })
    }
}

impl Example for ServerView {
    fn example() -> Value {
        json!({
            "id": SERVER, "name": "My notes", "endpoint": "https://mcp-1.patchbay.example",
            "connector": null, "configuration": {},
            "source_ids": [SOURCE],
            "bindings": [{
                "source_id": SOURCE, "type": "notes", "name": "At home", "prefix": "",
                "state": "ready", "notice": null, "connector": ServerConnector::example(),
            }],
            "usage": { "calls": 118, "errors": 2, "mean_ms": 37 },
            "created_at": THEN, "updated_at": LATER, "deleted_at": null,
        })
    }
}

impl Example for CreatedServer {
    fn example() -> Value {
        with(ServerView::example(), json!({ "token": "…" }))
    }
}

impl Example for ServerOfUser {
    fn example() -> Value {
        json!({
            "id": SERVER, "name": "My notes", "endpoint": "https://mcp-1.patchbay.example",
            "user_id": USER, "owner": "ada@example.org", "connector": null, "sources_count": 1,
            "usage": { "calls": 118, "errors": 2, "mean_ms": 37 },
            "created_at": THEN, "updated_at": LATER, "deleted_at": null,
        })
    }
}

impl Example for ServerTokenView {
    fn example() -> Value {
        json!({
            "id": TOKEN, "name": "Laptop", "prefix": "…",
            "created_at": THEN, "last_used_at": LATER, "expires_at": END,
        })
    }
}

impl Example for CreatedServerToken {
    fn example() -> Value {
        with(
            ServerTokenView::example(),
            json!({ "last_used_at": null, "token": "…" }),
        )
    }
}

impl Example for ToolView {
    fn example() -> Value {
        json!({
            "name": "find_note", "title": "Find a note", "description": "Finds notes by a word",
            "input_schema": { "type": "object", "properties": { "word": { "type": "string" } }, "required": ["word"] },
            "read_only": true, "dynamic": false,
        })
    }
}

impl Example for ServerTool {
    fn example() -> Value {
        with(
            ToolView::example(),
            json!({
                "source_id": SOURCE, "upstream_name": "find",
                "default_name": "find", "default_description": "Finds notes",
                "enabled": true, "status": "offered", "notice": null,
            }),
        )
    }
}

impl Example for UpdateTool {
    fn example() -> Value {
        json!({ "name": "find_note", "description": "Finds notes by a word" })
    }
}

impl Example for ToolOrder {
    fn example() -> Value {
        json!({ "names": ["find_note", "add_note"] })
    }
}

impl Example for ServerTemplate {
    fn example() -> Value {
        with(TemplateView::example(), json!({ "source_id": SOURCE }))
    }
}

impl Example for CreateTool {
    fn example() -> Value {
        json!({
            "name": "find_cheese", "description": "Finds notes about cheese", "template": "find",
            "source_id": SOURCE, "template_args": { "query": "cheese {kind}", "limit": 5 },
        })
    }
}
