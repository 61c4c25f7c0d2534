//! Of connectors, their definitions and what becomes of them.

use super::{CONNECTOR, Example, LATER, SERVER, THEN, with};
use patchbay_domain::{
    changes::{ChangesView, Decision, DefinitionChange, DeletedConnector, Impact, Synced, VersionDetail, VersionView},
    connector::{ConnectorSummary, RegisterConnector, UpdateConnector},
    tool::TemplateView,
};
use serde_json::{Value, json};

impl Example for RegisterConnector {
    fn example() -> Value {
        json!({ "name": "notes", "description": "Notes in a file", "secret": "a-secret-of-your-own" })
    }
}

impl Example for UpdateConnector {
    fn example() -> Value {
        json!({ "description": "Notes of all teams", "secret": "a-secret-of-your-own" })
    }
}

impl Example for ConnectorSummary {
    fn example() -> Value {
        json!({
            "id": CONNECTOR, "connector_id": 1, "kind": "catalog",
            "name": "notes", "description": "Notes in a file",
            "url": "http://localhost:8025/connector.json", "version": "0.1.0", "mode": "active",
            "has_secret": true, "secret_header": null, "logo_url": "/api/connectors/1/logo",
            "tools_count": 5, "templates_count": 3, "definitions_version": 4, "changes": null,
            "created_at": THEN, "updated_at": LATER,
        })
    }
}

impl Example for TemplateView {
    fn example() -> Value {
        json!({
            "name": "find", "description": "Finds notes",
            "input_schema": { "type": "object", "properties": { "query": { "type": "string" } } },
        })
    }
}

impl Example for DefinitionChange {
    fn example() -> Value {
        json!({
            "key": "tool:add_note", "part": "tool", "name": "add_note", "kind": "changed",
            "fields": ["inputSchema"], "blocked": true,
            "before": { "name": "add_note", "inputSchema": { "type": "object" } },
            "after": { "name": "add_note", "inputSchema": { "type": "object", "required": ["title"] } },
        })
    }
}

impl Example for ChangesView {
    fn example() -> Value {
        json!({
            "state": "waiting", "revision": "9f2c…",
            "found_at": LATER, "checked_at": LATER, "error": null, "note": null,
            "version": ["0.1.0", "0.2.0"],
            "changes": [DefinitionChange::example()],
        })
    }
}

impl Example for Decision {
    fn example() -> Value {
        json!({ "revision": "9f2c…", "accept": ["tool:add_note"], "note": "A title may be given now" })
    }
}

impl Example for Synced {
    fn example() -> Value {
        json!({
            "connector": with(ConnectorSummary::example(), json!({ "changes": "waiting" })),
            "adopted": false,
            "changes": [DefinitionChange::example()],
        })
    }
}

impl Example for VersionView {
    fn example() -> Value {
        json!({
            "number": 3, "origin": "accepted", "version": "0.1.0", "url": "http://localhost:8025/connector.json",
            "tools_count": 5, "templates_count": 3, "note": "A title may be given now",
            "created_by": "root@example.org", "created_at": THEN, "current": false,
        })
    }
}

impl Example for VersionDetail {
    fn example() -> Value {
        with(
            VersionView::example(),
            json!({ "changes": [DefinitionChange::example()] }),
        )
    }
}

impl Example for Impact {
    fn example() -> Value {
        json!({
            "servers": { "total": 1, "items": [{ "id": SERVER, "name": "My notes", "owner": "ada@example.org" }] },
            "servers_with_sources": { "total": 0, "items": [] },
            "users": { "total": 1, "items": ["ada@example.org"] },
            "sources": 3, "deleted_servers": 0, "dynamic_tools": 2, "calls_today": 118,
        })
    }
}

impl Example for DeletedConnector {
    fn example() -> Value {
        json!({
            "name": "notes", "mode": "active", "took_along": Impact::example(), "sources_left": 3, "servers_left": 0,
        })
    }
}
