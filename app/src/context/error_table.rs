//! The one table from the engine's errors to what the browser is told.

use crate::error::AppError;
use patchbay_domain::field::{FieldError, FieldErrors};
use patchbay_engine::{
    Error,
    error::{Conflict, Unauthenticated},
};

pub(super) fn public(error: &Error, request_id: String) -> AppError {
    let message = error.to_string();
    match error {
        Error::Invalid(fields) => AppError::Invalid { fields: fields.clone() },
        Error::Unauthenticated(Unauthenticated::BadCredentials) => AppError::BadCredentials,
        Error::Unauthenticated(Unauthenticated::SecondFactorRequired) => AppError::NeedsCode,
        Error::Unauthenticated(Unauthenticated::BadCode) => AppError::Invalid {
            fields: FieldErrors::one("code", FieldError::Refused { reason: message }),
        },
        Error::Unauthenticated(Unauthenticated::SignedOut | Unauthenticated::BadToken) => AppError::SignedOut,
        Error::Denied(_) => AppError::Denied { message },
        Error::NotFound(_) => AppError::NotFound { message },
        Error::Conflict(conflict) => AppError::Conflict {
            field: field(conflict),
            message,
        },
        Error::RateLimited { retry_after } => AppError::RateLimited {
            seconds: retry_after.as_secs().max(1),
        },
        Error::BadConnector(_) => AppError::BadConnector { message },
        // No page has a button for these.
        Error::StaticTool(_) | Error::InvalidSourceId | Error::UnknownSource(_) => AppError::Malformed,
        Error::Edited => AppError::Edited { message },
        Error::PoolExhausted => AppError::Exhausted { message },
        Error::Internal(_) => AppError::Internal { request_id },
    }
}

/// The field whose value stands in the way, by its name in the form.
fn field(conflict: &Conflict) -> Option<String> {
    match conflict {
        Conflict::ConnectorName(_) | Conflict::ToolName(_) => Some("name".into()),
        Conflict::Email => Some("email".into()),
        Conflict::ConnectorNotActive { .. }
        | Conflict::ModeChange { .. }
        | Conflict::ConnectorDeactive { .. }
        | Conflict::ConnectorFollows { .. }
        | Conflict::ConnectorInUse { .. }
        | Conflict::ChangesMoved
        | Conflict::NoChanges
        | Conflict::ServerLimit(_)
        | Conflict::TokenLimit(_)
        | Conflict::ToolLimit(_)
        | Conflict::ApiTokenLimit(_)
        | Conflict::SourceLimit(_)
        | Conflict::InvitationLimit(_)
        | Conflict::LastSuperuser
        | Conflict::OwnAccount
        | Conflict::SecondFactorOn
        | Conflict::NoSecondFactor
        | Conflict::TakenOver => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchbay_domain::ids::ConnectorRef;
    use patchbay_engine::error::{Denied, NotFound};
    use std::time::Duration;

    #[test]
    fn every_error_keeps_its_status_and_its_public_sentence() {
        let errors = [
            Error::Invalid(FieldErrors::one("name", FieldError::Required)),
            Unauthenticated::BadCredentials.into(),
            Unauthenticated::SignedOut.into(),
            Unauthenticated::BadToken.into(),
            Denied::Superuser.into(),
            Denied::SignUpClosed.into(),
            NotFound::Connector(ConnectorRef::Number(99)).into(),
            Conflict::ConnectorName("notes".into()).into(),
            Conflict::ServerLimit(32).into(),
            Error::RateLimited {
                retry_after: Duration::from_secs(7),
            },
            Error::PoolExhausted,
            Error::internal("password authentication failed for user ada"),
        ];
        let told: Vec<_> = errors
            .iter()
            .map(|error| {
                let told = public(error, "r-1".into());
                assert_eq!(told.status(), error.status(), "{error:?}");
                format!("{} {told}", told.status())
            })
            .collect();
        assert_eq!(
            told,
            [
                "422 Some fields need another look.",
                "401 Email or password is wrong.",
                "401 Your session has ended. Sign in again.",
                "401 Your session has ended. Sign in again.",
                "403 Access denied. Superuser role required.",
                "403 Sign-up is closed. Ask whoever runs this Patchbay for an account.",
                "404 Connector with ID 99 not found",
                "409 Connector with name 'notes' already exists",
                "409 Maximum 32 MCP servers allowed, deleted ones included",
                "429 Too many attempts. Try again in 7 seconds.",
                "503 No available domains in MCP_GATEWAY_URL_POOLS",
                "500 Something went wrong on our side.",
            ]
        );
    }

    #[test]
    fn a_fault_of_ours_tells_the_request_id_and_nothing_else() {
        let told = public(&Error::internal("SELECT secret FROM mcp_connectors"), "r-1".into());
        assert_eq!(
            serde_json::to_string(&told).unwrap(),
            r#"{"kind":"internal","request_id":"r-1"}"#
        );
    }
}
