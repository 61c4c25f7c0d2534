//! What is known from an endpoint's path: the resource that it belongs to, and what may stand in its braces.

use super::{
    examples::{INVITATION, SERVER, SESSION, SOURCE, TOKEN, USER},
    schemas::parameter,
};
use serde_json::{Value, json};

/// A resource, and the first part of its paths.
pub(super) struct Tag {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    parts: &'static [&'static str],
}

/// All resources, in the order in which people meet them.
pub(super) const TAGS: [Tag; 12] = [
    Tag {
        name: "Account",
        about: "Signing up, in and out; passwords, sessions and the second factor.",
        parts: &["auth"],
    },
    Tag {
        name: "API tokens",
        about: "Tokens that programs sign in with, in a user's name.",
        parts: &["tokens"],
    },
    Tag {
        name: "Connectors",
        about: "The catalogue. Superusers keep it; every user reads.",
        parts: &["connectors"],
    },
    Tag {
        name: "Sources",
        about: "A user's configured uses of connectors, which servers are made from.",
        parts: &["sources"],
    },
    Tag {
        name: "MCP servers",
        about: "A user's own MCP servers, with their tools and their tokens.",
        parts: &["mcp-servers"],
    },
    Tag {
        name: "Activity",
        about: "How much is being called, and what wants attention.",
        parts: &["usage", "overview"],
    },
    Tag {
        name: "Users",
        about: "Everybody's accounts, for superusers.",
        parts: &["users"],
    },
    Tag {
        name: "Invitations",
        about: "Links that let somebody make an account, for superusers.",
        parts: &["invitations"],
    },
    Tag {
        name: "Audit log",
        about: "Who changed what, for superusers.",
        parts: &["audit"],
    },
    Tag {
        name: "Export and import",
        about: "Everything as one document, for superusers.",
        parts: &["export", "import"],
    },
    Tag {
        name: "Description",
        about: "What you are reading, for programs.",
        parts: &["openapi.json"],
    },
    OTHER,
];

/// For a path that isn't in the list above, of which a test complains.
pub(super) const OTHER: Tag = Tag {
    name: "Other",
    about: "Everything else.",
    parts: &[],
};

/// The resource of a path.
pub(super) fn tag(path: &str) -> &'static str {
    let part = path.split('/').nth(2).unwrap_or_default();
    TAGS.iter()
        .find(|tag| tag.parts.contains(&part))
        .map_or(OTHER.name, |tag| tag.name)
}

/// The parameters of a path, one for each pair of braces.
pub(super) fn parameters(path: &str) -> Vec<Value> {
    let parts: Vec<&str> = path.split('/').collect();
    let named = parts.windows(2).filter_map(|pair| {
        let name = pair[1].strip_prefix('{')?.strip_suffix('}')?;
        Some((pair[0], name))
    });
    named
        .map(|(before, name)| parameter(name, "path", true, part(before, name)))
        .map(|mut parameter| {
            // An example of a parameter stands beside its schema.
            let example = parameter["schema"]
                .as_object_mut()
                .and_then(|schema| schema.remove("example"));
            parameter["example"] = example.unwrap_or_default();
            parameter
        })
        .collect()
}

/// The words for what a path may name in vain, and when they are said.
pub(super) fn missing(path: &str) -> Vec<(&'static str, &'static str)> {
    let parts: Vec<&str> = path.split('/').collect();
    let named = parts.windows(2).filter(|pair| pair[1].starts_with('{'));
    named
        .filter_map(|pair| match pair[0] {
            "connectors" => Some(("CONNECTOR_NOT_FOUND", "There is no such connector.")),
            "versions" => Some(("VERSION_NOT_FOUND", "The connector has no such version.")),
            "mcp-servers" => Some(("MCP_SERVER_NOT_FOUND", "There is no such server, or it isn't yours.")),
            "tools" => Some(("TOOL_NOT_FOUND", "The server has no such tool.")),
            "sources" if parts[2] == "sources" => {
                Some(("SOURCE_NOT_FOUND", "There is no such source, or it isn't yours."))
            }
            "tokens" => Some(("TOKEN_NOT_FOUND", "There is no such token.")),
            "users" => Some(("USER_NOT_FOUND", "There is no such user.")),
            "sessions" => Some(("SESSION_NOT_FOUND", "There is no such session.")),
            "invitations" => Some(("INVITATION_NOT_FOUND", "There is no such invitation.")),
            _ => None,
        })
        .collect()
}

/// What a part of a path is, by the part before it.
fn part(before: &str, name: &str) -> Value {
    let uuid = |about: &str, example: &str| {
        let mut schema = json!({ "type": "string", "format": "uuid", "description": about });
        schema["example"] = example.into();
        schema
    };
    match (before, name) {
        ("connectors", _) => json!({
            "type": "string",
            "description": "The connector's number or its UUID.",
            "example": "1",
        }),
        ("versions", _) => json!({
            "type": "integer", "minimum": 1,
            "description": "The version's number.",
            "example": 3,
        }),
        ("tools", _) => json!({
            "type": "string",
            "description": "The name that the tool has now.",
            "example": "find_note",
        }),
        ("mcp-servers", _) => uuid("The server's identifier.", SERVER),
        ("sources", _) => uuid("The source's identifier.", SOURCE),
        ("tokens", _) => uuid("The token's identifier, which isn't the token.", TOKEN),
        ("users", _) => uuid("The user's identifier.", USER),
        ("sessions", _) => uuid("The session's identifier.", SESSION),
        ("invitations", _) => uuid("The invitation's identifier.", INVITATION),
        _ => json!({ "type": "string", "description": "", "example": name }),
    }
}
