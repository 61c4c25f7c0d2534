//! How common MCP clients are told of a server, in their own words.

use serde_json::{Value, json};

/// What stands for the token where it isn't known any more.
const UNKNOWN_TOKEN: &str = "YOUR_TOKEN";
/// What a client that speaks MCP without sessions says of itself.
const PROTOCOL_VERSION: &str = "2026-07-28";

/// One client's configuration.
pub(super) struct Client {
    /// The client.
    pub(super) name: &'static str,
    /// Part of element ids.
    pub(super) id: &'static str,
    /// Where the snippet goes.
    pub(super) place: &'static str,
    /// What to copy.
    pub(super) snippet: String,
}

/// The clients' configurations for a server.
pub(super) fn clients(name: &str, endpoint: &str, token: Option<&str>) -> Vec<Client> {
    let name = slug(name);
    let bearer = format!("Bearer {}", token.unwrap_or(UNKNOWN_TOKEN));
    vec![
        Client {
            name: "Claude Code",
            id: "claude-code",
            place: "Run this in a terminal:",
            snippet: format!(
                "claude mcp add --transport http {name} {endpoint} \\\n  --header \"Authorization: {bearer}\""
            ),
        },
        Client {
            name: "Claude Desktop",
            id: "claude-desktop",
            place: "Add this to claude_desktop_config.json (Settings, Developer, Edit Config), and restart it. It needs Node.js: \
                    its own form for remote servers takes none that asks for a token.",
            snippet: pretty(&json!({"mcpServers": {name.clone(): desktop(endpoint, &bearer)}})),
        },
        Client {
            name: "Cursor",
            id: "cursor",
            place: "Add this to ~/.cursor/mcp.json, or to .cursor/mcp.json in a project:",
            snippet: pretty(
                &json!({"mcpServers": {name.clone(): {"url": endpoint, "headers": {"Authorization": bearer}}}}),
            ),
        },
        Client {
            name: "VS Code",
            id: "vs-code",
            place: "Add this to .vscode/mcp.json in a project, or to your own (the command \"MCP: Open User Configuration\"):",
            snippet: pretty(&json!({
                "servers": {name: {"type": "http", "url": endpoint, "headers": {"Authorization": bearer}}}
            })),
        },
        Client {
            name: "curl",
            id: "curl",
            place: "List the tools from a terminal:",
            snippet: curl(endpoint, &bearer),
        },
    ]
}

/// Claude Desktop starts programs only: one from npm speaks HTTP for it. The header's value stands in the environment,
/// because arguments with spaces are broken up on some systems.
fn desktop(endpoint: &str, bearer: &str) -> Value {
    let mut args = vec![
        "-y",
        "mcp-remote",
        endpoint,
        "--header",
        "Authorization:${AUTHORIZATION}",
    ];
    if endpoint.starts_with("http://") {
        args.push("--allow-http");
    }
    json!({"command": "npx", "args": args, "env": {"AUTHORIZATION": bearer}})
}

fn curl(endpoint: &str, bearer: &str) -> String {
    let body = json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/list",
        "params": {"_meta": {
            "io.modelcontextprotocol/protocolVersion": PROTOCOL_VERSION,
            "io.modelcontextprotocol/clientCapabilities": {},
        }},
    });
    format!(
        "curl -s {endpoint} \\\n  -H \"Authorization: {bearer}\" \\\n  -H \"Content-Type: application/json\" \\\n  \
         -H \"Accept: application/json, text/event-stream\" \\\n  -H \"MCP-Protocol-Version: {PROTOCOL_VERSION}\" \\\n  \
         -H \"Mcp-Method: tools/list\" \\\n  -d '{body}'"
    )
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A name that every client takes: lower-case letters, digits and single dashes.
fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        "patchbay".to_owned()
    } else {
        slug.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: &str = "http://localhost:9000/mcp/1";

    #[test]
    fn names_become_what_every_client_takes() {
        for (name, expected) in [
            ("My Notes (work)", "my-notes-work"),
            ("a__b", "a-b"),
            ("日本", "patchbay"),
            ("", "patchbay"),
        ] {
            assert_eq!(slug(name), expected);
        }
    }

    #[test]
    fn every_client_gets_the_endpoint_and_the_token() {
        for client in clients("notes", ENDPOINT, Some("mcp_token_x")) {
            assert!(client.snippet.contains(ENDPOINT), "{}", client.name);
            assert!(client.snippet.contains("Bearer mcp_token_x"), "{}", client.name);
        }
        for client in clients("notes", ENDPOINT, None) {
            assert!(client.snippet.contains("Bearer YOUR_TOKEN"), "{}", client.name);
        }
    }

    #[test]
    fn what_is_to_be_json_is_json() {
        for client in clients("a \"quoted\" name", ENDPOINT, None) {
            if client.snippet.starts_with('{') {
                assert!(
                    serde_json::from_str::<Value>(&client.snippet).is_ok(),
                    "{}",
                    client.name
                );
            }
        }
    }
}
