//! What is told when a connector is registered or activated, and when it isn't.

use crate::error::AppError;
#[cfg(feature = "ssr")]
use patchbay_domain::connector::ConnectorSummary;

#[cfg(feature = "ssr")]
pub(super) fn registered(name: &str) -> String {
    format!("Connector '{name}' registered successfully!")
}

pub(super) fn not_registered(error: &AppError) -> String {
    match error {
        AppError::Conflict { .. } => {
            "A connector with this name already exists. Please choose a different name.".to_owned()
        }
        AppError::Denied { .. } => "You need superuser permissions to register connectors.".to_owned(),
        other => format!("Failed to register connector: {other}"),
    }
}

#[cfg(feature = "ssr")]
pub(super) fn activated(connector: &ConnectorSummary) -> String {
    let ConnectorSummary {
        tools_count,
        templates_count,
        ..
    } = connector;
    format!("Connector activated! Found {tools_count} tools and {templates_count} templates.")
}

pub(super) fn not_activated(error: &AppError) -> String {
    match error {
        AppError::BadConnector { .. } => {
            "Cannot reach connector server. Make sure it's running and the URL is correct.".to_owned()
        }
        AppError::NotFound { .. } => "Connector not found. It may have been deleted.".to_owned(),
        other => format!("Failed to activate connector: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_fail_has_its_words() {
        let taken = AppError::Conflict {
            field: None,
            message: "Connector with name 'x' already exists".into(),
        };
        assert_eq!(
            not_registered(&taken),
            "A connector with this name already exists. Please choose a different name."
        );
        let denied = AppError::Denied {
            message: "Access denied. Superuser role required.".into(),
        };
        assert_eq!(
            not_registered(&denied),
            "You need superuser permissions to register connectors."
        );
        let ours = AppError::Internal { request_id: "r".into() };
        assert_eq!(
            not_registered(&ours),
            "Failed to register connector: Something went wrong on our side."
        );

        let dead = AppError::BadConnector {
            message: "Failed to connect to connector URL: Connection refused".into(),
        };
        assert_eq!(
            not_activated(&dead),
            "Cannot reach connector server. Make sure it's running and the URL is correct."
        );
        let gone = AppError::NotFound {
            message: "Connector with ID 9 not found".into(),
        };
        assert_eq!(not_activated(&gone), "Connector not found. It may have been deleted.");
        assert_eq!(
            not_activated(&denied),
            "Failed to activate connector: Access denied. Superuser role required."
        );
    }
}
