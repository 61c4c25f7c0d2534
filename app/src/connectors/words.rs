//! What is told when something happened to a connector, and when it didn't.

use crate::ui::{Kind, Words, things};
use patchbay_domain::{
    changes::{ChangeKind, DefinitionChange, DeletedConnector, Impact, Synced},
    connector::{ChangesState, ConnectorMode, ConnectorSummary},
};

pub(super) const ACCEPTED: &str = "All changes accepted. They are in force now.";
pub(super) const REFUSED: &str =
    "Changes refused. What is in force stays. When its service changes again, you are asked again.";

pub(super) fn registered(name: &str) -> String {
    format!("Connector '{name}' registered successfully!")
}

pub(super) fn not_registered() -> Words {
    Words::from("Failed to register connector")
        .instead(
            Kind::Conflict,
            "A connector with this name already exists. Please choose a different name.",
        )
        .instead(Kind::Denied, "You need superuser permissions to register connectors.")
}

pub(super) fn activated(connector: &ConnectorSummary) -> String {
    let ConnectorSummary {
        tools_count,
        templates_count,
        ..
    } = connector;
    format!("Connector activated! Found {tools_count} tools and {templates_count} templates.")
}

pub(super) fn not_activated() -> Words {
    Words::from("Failed to activate connector")
        .instead(
            Kind::BadConnector,
            "Cannot reach connector server. Make sure it's running and the URL is correct.",
        )
        .instead(Kind::NotFound, "Connector not found. It may have been deleted.")
}

/// Nothing was decided: what is on the screen is not what would be decided on.
pub(super) fn not_decided(number: i64) -> Words {
    Words::from("Nothing was decided").with_way(
        Kind::Conflict,
        "Show the changes as they are now",
        format!("/connectors/{number}/changes"),
    )
}

/// Servers are in the way, also such as were made while the question was on the screen.
pub(super) fn not_deleted(number: i64) -> Words {
    Words::from("The connector was not deleted")
        .instead(
            Kind::Conflict,
            "The connector was not deleted: MCP servers use it. Those that are made from it go along once you have typed its name.",
        )
        .with_way(
            Kind::Conflict,
            "See what goes along",
            format!("/connectors/{number}?delete=1"),
        )
}

pub(super) fn accepted_some(left: usize) -> String {
    let waits = if left == 1 { "goes on waiting" } else { "go on waiting" };
    format!(
        "What you selected is in force now. {} {waits}.",
        things(left as u64, "change")
    )
}

pub(super) fn has_mode(connector: &ConnectorSummary) -> String {
    let name = &connector.name;
    match connector.mode {
        ConnectorMode::Deactive => format!("Connector '{name}' is switched off."),
        ConnectorMode::Sync => format!("Connector '{name}' follows its service now."),
        ConnectorMode::Active => format!("Connector '{name}' is active. Its definitions are pinned."),
    }
}

pub(super) fn synced(synced: &Synced) -> String {
    let found = differences(&synced.changes);
    match (synced.adopted, synced.connector.changes) {
        (true, _) => format!("Its definitions are as its service says now. {found}"),
        (false, Some(ChangesState::Waiting)) => format!("Its service says something else now. {found}"),
        (false, Some(ChangesState::Refused)) => "Its service says what was refused.".to_owned(),
        (false, None) => "Its service says what is in force.".to_owned(),
    }
}

/// "3 differences: 1 added, 2 changed."
pub(super) fn differences(changes: &[DefinitionChange]) -> String {
    if changes.is_empty() {
        return "Only its version is another.".to_owned();
    }
    let of = |kind: ChangeKind, word: &str| {
        let number = changes.iter().filter(|change| change.kind == kind).count();
        (number > 0).then(|| format!("{number} {word}"))
    };
    let kinds = [
        of(ChangeKind::Added, "added"),
        of(ChangeKind::Removed, "removed"),
        of(ChangeKind::Changed, "changed"),
    ];
    let kinds: Vec<_> = kinds.into_iter().flatten().collect();
    format!("{}: {}.", things(changes.len() as u64, "difference"), kinds.join(", "))
}

/// What went with a connector, and what lost its tools.
pub(super) fn took_along(deleted: &DeletedConnector) -> Vec<String> {
    let Impact {
        servers,
        deleted_servers,
        dynamic_tools,
        ..
    } = &deleted.took_along;
    let went = [
        (servers.total, "MCP server", ""),
        (*deleted_servers, "deleted MCP server", ""),
        (*dynamic_tools, "tool", " made from templates"),
    ];
    let there = went.into_iter().filter(|(number, ..)| *number > 0);
    let went = there.map(|(number, one, rest)| format!("{}{rest} went with it.", things(number, one)));
    let left = [
        (deleted.sources_left, "source", " of its type"),
        (deleted.servers_left, "MCP server", " with such sources"),
    ];
    let left = left.into_iter().filter(|(number, ..)| *number > 0);
    went.chain(left.map(|(number, one, rest)| {
        let offer = if number == 1 { "offers" } else { "offer" };
        format!(
            "{}{rest} stayed, and {offer} nothing of it any more.",
            things(number, one)
        )
    }))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::AppError;
    use patchbay_domain::changes::ChangedPart;

    #[test]
    fn each_way_to_fail_has_its_words() {
        let taken = AppError::Conflict {
            field: None,
            message: "Connector with name 'x' already exists".into(),
        };
        assert_eq!(
            not_registered().of(&taken),
            "A connector with this name already exists. Please choose a different name."
        );
        let denied = AppError::Denied {
            message: "Access denied. Superuser role required.".into(),
        };
        assert_eq!(
            not_registered().of(&denied),
            "You need superuser permissions to register connectors."
        );
        let ours = AppError::Internal { request_id: "r".into() };
        assert_eq!(
            not_registered().of(&ours),
            "Failed to register connector: Something went wrong on our side."
        );

        let dead = AppError::BadConnector {
            message: "Failed to connect to connector URL: Connection refused".into(),
        };
        assert_eq!(
            not_activated().of(&dead),
            "Cannot reach connector server. Make sure it's running and the URL is correct."
        );
        let gone = AppError::NotFound {
            message: "Connector with ID 9 not found".into(),
        };
        assert_eq!(
            not_activated().of(&gone),
            "Connector not found. It may have been deleted."
        );
        assert_eq!(
            not_activated().of(&denied),
            "Failed to activate connector: Access denied. Superuser role required."
        );
    }

    fn change(kind: ChangeKind) -> DefinitionChange {
        DefinitionChange {
            key: "tool:a".into(),
            part: ChangedPart::Tool,
            name: "a".into(),
            kind,
            fields: Vec::new(),
            blocked: false,
            before: None,
            after: None,
        }
    }

    #[test]
    fn differences_are_counted_by_what_happened() {
        use ChangeKind::{Added, Changed, Removed};
        assert_eq!(differences(&[change(Removed)]), "1 difference: 1 removed.");
        assert_eq!(
            differences(&[change(Changed), change(Added), change(Changed)]),
            "3 differences: 1 added, 2 changed."
        );
        assert_eq!(differences(&[]), "Only its version is another.");
        assert!(accepted_some(1).ends_with("1 change goes on waiting."));
        assert!(accepted_some(2).ends_with("2 changes go on waiting."));
    }

    #[test]
    fn what_went_along_is_told_and_what_did_not_is_not() {
        let mut deleted = DeletedConnector {
            name: "notes".into(),
            mode: ConnectorMode::Active,
            took_along: Impact::default(),
            sources_left: 0,
            servers_left: 0,
        };
        assert!(took_along(&deleted).is_empty());
        deleted.took_along.servers.total = 1;
        deleted.took_along.dynamic_tools = 2;
        deleted.sources_left = 3;
        deleted.servers_left = 1;
        assert_eq!(
            took_along(&deleted),
            [
                "1 MCP server went with it.",
                "2 tools made from templates went with it.",
                "3 sources of its type stayed, and offer nothing of it any more.",
                "1 MCP server with such sources stayed, and offers nothing of it any more."
            ]
        );
    }
}
