//! Of what happened: calls, changes, imports.

use super::{CONNECTOR, Example, LATER, SERVER, SOURCE, THEN, USER};
use patchbay_domain::{audit::AuditEvent, overview::Overview, usage::UsagePoint};
use patchbay_engine::transfer::Report;
use serde_json::{Value, json};

impl Example for AuditEvent {
    fn example() -> Value {
        json!({
            "seq": 17, "at": LATER,
            "actor_id": USER, "actor": "root@example.org", "address": "192.0.2.7", "device": null,
            "door": "api", "request_id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "action": "connector.mode", "subject_type": "connector", "subject_id": CONNECTOR, "subject": "notes",
            "before": { "mode": "active" }, "after": { "mode": "deactive" }, "note": null,
        })
    }
}

impl Example for UsagePoint {
    fn example() -> Value {
        json!({
            "at": THEN, "mcp_server_id": SERVER, "tool": null,
            "calls": 118, "errors": 2, "mean_ms": 37, "bytes": 48_213,
        })
    }
}

impl Example for Overview {
    fn example() -> Value {
        json!({
            "mcp_servers": 2, "sources": 3, "connectors_active": 4, "connectors_waiting": 0,
            "usage": { "calls": 118, "errors": 2, "mean_ms": 37 },
            "attention": [{ "kind": "source", "source_id": SOURCE, "name": "At home", "state": "switched_off" }],
        })
    }
}

impl Example for Report {
    fn example() -> Value {
        json!({
            "dry_run": true,
            "changes": [{
                "kind": "connector", "name": "notes", "added": false,
                "members": [{ "name": "mode", "before": "deactive", "after": "active" }],
            }],
            "connectors": { "added": 0, "changed": 1, "unchanged": 3, "untouched": 0 },
            "users": { "added": 0, "changed": 0, "unchanged": 2, "untouched": 1 },
            "sources": { "added": 0, "changed": 0, "unchanged": 7, "untouched": 0 },
            "servers": { "added": 0, "changed": 0, "unchanged": 5, "untouched": 0 },
            "warnings": [],
        })
    }
}
