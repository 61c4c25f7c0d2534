//! What the log's words mean to people.

use patchbay_domain::audit::Door;

/// Actions that have to do with one kind of thing.
pub(super) struct Group {
    /// The part of its actions before the point.
    pub(super) name: &'static str,
    /// All of them.
    pub(super) all: &'static str,
    /// Each, and what it says was done.
    pub(super) actions: &'static [(&'static str, &'static str)],
}

/// All actions, in the order in which the filter offers them.
pub(super) const GROUPS: &[Group] = &[
    Group {
        name: "connector",
        all: "Connectors",
        actions: &[
            ("connector.register", "Registered connector"),
            ("connector.activate", "Activated connector"),
            ("connector.add", "Added connector in one step"),
            ("connector.update", "Edited connector"),
            ("connector.mode", "Changed connector's mode"),
            ("connector.secret", "Changed connector's secret"),
            ("connector.sync", "Adopted what connector offers now"),
            ("connector.accept", "Accepted connector's changes"),
            ("connector.refuse", "Refused connector's changes"),
            ("connector.restore", "Went back to connector's earlier version"),
            ("connector.delete", "Deleted connector"),
            ("connector.import", "Imported connector"),
        ],
    },
    Group {
        name: "server",
        all: "MCP servers",
        actions: &[
            ("server.create", "Created MCP server"),
            ("server.update", "Changed MCP server"),
            ("server.delete", "Deleted MCP server"),
            ("server.restore", "Brought MCP server back"),
            ("server.hard_delete", "Deleted MCP server for good"),
            ("server.import", "Imported MCP server"),
        ],
    },
    Group {
        name: "source",
        all: "Sources",
        actions: &[
            ("source.create", "Created source"),
            ("source.update", "Changed source"),
            ("source.delete", "Deleted source"),
            ("source.import", "Imported source"),
        ],
    },
    Group {
        name: "token",
        all: "Tokens",
        actions: &[("token.create", "Created token"), ("token.revoke", "Revoked token")],
    },
    Group {
        name: "tool",
        all: "Tools",
        actions: &[
            ("tool.create", "Made tool from template"),
            ("tool.update", "Changed tool"),
            ("tool.order", "Changed order of tools"),
            ("tool.delete", "Deleted tool"),
        ],
    },
    Group {
        name: "user",
        all: "Users",
        actions: &[
            ("user.set_up", "Set up Patchbay"),
            ("user.sign_up", "Signed up"),
            ("user.create", "Created user"),
            ("user.update", "Changed user's roles"),
            ("user.disable", "Disabled user"),
            ("user.enable", "Enabled user"),
            ("user.password", "Changed password"),
            ("user.reset_link", "Made link for lost password"),
            ("user.reset_password", "Set lost password anew"),
            ("user.delete", "Deleted user"),
            ("user.import", "Imported user"),
        ],
    },
    Group {
        name: "invitation",
        all: "Invitations",
        actions: &[
            ("invitation.create", "Invited somebody"),
            ("invitation.revoke", "Revoked invitation"),
        ],
    },
    Group {
        name: "second_factor",
        all: "Second factors",
        actions: &[
            ("second_factor.enable", "Turned on second factor"),
            ("second_factor.disable", "Turned off second factor"),
            ("second_factor.reset", "Removed somebody's second factor"),
            ("second_factor.recovery_codes", "Made new recovery codes"),
        ],
    },
    Group {
        name: "api_token",
        all: "API tokens",
        actions: &[
            ("api_token.create", "Created API token"),
            ("api_token.revoke", "Revoked API token"),
        ],
    },
    Group {
        name: "session",
        all: "Sessions",
        actions: &[("session.create", "Signed in"), ("session.end", "Signed out")],
    },
    Group {
        name: "key",
        all: "Keys",
        actions: &[("key.rotate", "Rotated encryption key")],
    },
    Group {
        name: "audit",
        all: "Audit log",
        actions: &[("audit.erase", "Erased who somebody was")],
    },
    Group {
        name: "data",
        all: "Data",
        actions: &[("data.import", "Imported data")],
    },
];

/// The kinds of things that the log is about, and what they are called.
pub(super) const KINDS: &[(&str, &str)] = &[
    ("connector", "Connector"),
    ("server", "MCP server"),
    ("source", "Source"),
    ("server_token", "Token"),
    ("tool", "Tool"),
    ("user", "User"),
    ("session", "Session"),
    ("api_token", "API token"),
    ("invitation", "Invitation"),
    ("vault", "Encryption keys"),
    ("database", "Database"),
];

/// The ways in, and what they are called.
pub(super) const DOORS: [(Door, &str); 4] = [
    (Door::Dashboard, "Dashboard"),
    (Door::Api, "API"),
    (Door::CommandLine, "Command line"),
    (Door::System, "The server itself"),
];

/// What was done, in words; one that has none speaks for itself.
pub(super) fn done(action: &str) -> &str {
    let known = GROUPS
        .iter()
        .flat_map(|group| group.actions)
        .find(|(name, _)| *name == action);
    known.map_or(action, |(_, words)| words)
}

/// What a kind of thing is called.
pub(super) fn kind(subject_type: &str) -> &str {
    let known = KINDS.iter().find(|(name, _)| *name == subject_type);
    known.map_or(subject_type, |(_, words)| words)
}

/// What a way in is called.
pub(super) fn way(door: Door) -> &'static str {
    let known = DOORS.iter().find(|(known, _)| *known == door);
    known.map_or("", |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path};

    #[test]
    fn every_action_that_the_engine_logs_has_words() {
        let mut logged = Vec::new();
        collect(
            Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/engine/src")),
            &mut logged,
        );
        assert!(logged.len() > 10, "only {logged:?}");
        let silent: Vec<_> = logged.iter().filter(|action| done(action) == *action).collect();
        assert!(silent.is_empty(), "{silent:?}");
    }

    fn collect(dir: &Path, logged: &mut Vec<String>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, logged);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let entries = code.split("Entry::new(").skip(1);
            let names = entries.filter_map(|entry| entry.trim_start().strip_prefix('"')?.split('"').next());
            logged.extend(names.map(ToOwned::to_owned));
        }
    }
}
