//! How the REST API says that something didn't work: one shape for every status, one place that makes it.
//!
//! `{status, error, message, detail, request_id}`, and `fields` where fields were refused. `error` is for programs, `message`
//! for people; `detail` says the same as `message`, under the name by which older clients look for it.

use crate::middleware::{error_page::Told, request_info::current_request_id};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use patchbay_domain::field::{FieldError, FieldErrors};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a handler, an extractor or a middleware refuses a request with.
#[derive(Debug)]
pub(crate) enum Error {
    /// The engine's own.
    Engine(patchbay_engine::Error),
    /// The body is no JSON. `at` says where it stops being that.
    Malformed { at: String },
    /// Not what this route takes: that is `taken`.
    UnsupportedMediaType { taken: &'static str },
    /// More than this route takes.
    TooLarge { max_bytes: usize },
    /// The body never came to its end.
    Timeout,
    /// No such route.
    UnknownRoute,
    /// A route, but not with this method.
    MethodNotAllowed,
    /// Nothing of ours has such an id. The sentence is the one for an id that could be.
    NoSuchThing { code: &'static str, message: String },
    /// An `Idempotency-Key` came with another request before.
    KeyReused,
    /// The request of that key is being carried out at this moment.
    UnderWay,
    /// It was carried out, and its answer is forgotten.
    AnswerForgotten,
    /// A page of another site sent it.
    CrossOrigin,
    /// It was meant for a server of another name.
    UnknownHost,
}

impl From<patchbay_engine::Error> for Error {
    fn from(error: patchbay_engine::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<FieldErrors> for Error {
    fn from(errors: FieldErrors) -> Self {
        Self::Engine(errors.into())
    }
}

/// How anything that didn't work is told.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(super) struct Body<'a> {
    /// The status of the answer.
    status: u16,
    /// What went wrong, for programs.
    error: &'a str,
    /// The same for people.
    message: &'a str,
    /// The same again.
    detail: &'a str,
    /// By which whoever runs this Patchbay finds the request in the log.
    request_id: &'a str,
    /// The fields that were refused, by name, a nested one by its path; only where there are such.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schemars(with = "BTreeMap<String, Field<'a>>")]
    fields: Map<String, Value>,
}

/// Why a field was refused.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RefusedField")]
struct Field<'a> {
    #[serde(flatten)]
    error: &'a FieldError,
    /// The same for people.
    message: String,
}

impl Error {
    /// For a body whose sender went away.
    pub(crate) fn cut_off() -> Self {
        Self::Malformed {
            at: "it was cut off".to_owned(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Engine(error) => error.status(),
            Self::CrossOrigin => 403,
            Self::UnknownRoute | Self::NoSuchThing { .. } => 404,
            Self::MethodNotAllowed => 405,
            Self::Timeout => 408,
            Self::UnderWay | Self::AnswerForgotten => 409,
            Self::TooLarge { .. } => 413,
            Self::UnsupportedMediaType { .. } => 415,
            Self::UnknownHost => 421,
            Self::Malformed { .. } | Self::KeyReused => 422,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Engine(error) => error.code(),
            Self::Malformed { .. } => "MALFORMED_JSON",
            Self::UnsupportedMediaType { .. } => "UNSUPPORTED_MEDIA_TYPE",
            Self::TooLarge { .. } => "TOO_LARGE",
            Self::Timeout => "TIMEOUT",
            Self::UnknownRoute => "UNKNOWN_ROUTE",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::NoSuchThing { code, .. } => code,
            Self::KeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::UnderWay => "REQUEST_UNDER_WAY",
            Self::AnswerForgotten => "ANSWER_FORGOTTEN",
            Self::CrossOrigin => "CROSS_ORIGIN",
            Self::UnknownHost => "UNKNOWN_HOST",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Engine(error) => error.to_string(),
            Self::Malformed { at } => format!("The body is not valid JSON: {at}."),
            Self::UnsupportedMediaType { taken } => format!("The body must be {taken}."),
            Self::TooLarge { max_bytes } => format!("The body is larger than {} MiB.", max_bytes >> 20),
            Self::Timeout => "The body did not arrive in time.".to_owned(),
            Self::UnknownRoute => "There is nothing at this address.".to_owned(),
            Self::MethodNotAllowed => "This address doesn't take this method.".to_owned(),
            Self::NoSuchThing { message, .. } => message.clone(),
            Self::KeyReused => "This Idempotency-Key came with another request before: use a new one.".to_owned(),
            Self::UnderWay => {
                "A request with this Idempotency-Key is being carried out. Try again in a moment.".to_owned()
            }
            Self::AnswerForgotten => {
                "The request with this Idempotency-Key was carried out already, and its answer is not \
                                      kept any more. Look what came of it."
                    .to_owned()
            }
            Self::CrossOrigin => "Refused, because it comes from another site. If this address is right, \
                                  PATCHBAY_PUBLIC_URL must be set to it."
                .to_owned(),
            Self::UnknownHost => "This Patchbay isn't known by that name. If this address is right, \
                                  PATCHBAY_PUBLIC_URL must be set to it."
                .to_owned(),
        }
    }

    fn fields(&self) -> Map<String, Value> {
        match self {
            Self::Engine(patchbay_engine::Error::Invalid(errors)) => errors
                .0
                .iter()
                .map(|(name, error)| (name.clone(), field(error)))
                .collect(),
            _ => Map::new(),
        }
    }
}

/// `{code, message, …}`.
fn field(error: &FieldError) -> Value {
    let message = error.to_string();
    serde_json::to_value(Field { error, message }).unwrap_or_default()
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if let Self::Engine(patchbay_engine::Error::Internal(source)) = &self {
            tracing::error!(error = source.as_ref(), "a request failed");
        }
        let message = self.message();
        let body = Body {
            status: self.status(),
            error: self.code(),
            message: &message,
            detail: &message,
            request_id: &current_request_id(),
            fields: self.fields(),
        };
        let status = StatusCode::from_u16(body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(body)).into_response();
        response.extensions_mut().insert(Told(message.clone()));
        let headers = response.headers_mut();
        match &self {
            Self::Engine(patchbay_engine::Error::Unauthenticated(_)) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Engine(patchbay_engine::Error::RateLimited { retry_after }) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds(*retry_after)));
            }
            Self::UnderWay => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(1_u64));
            }
            _ => {}
        }
        response
    }
}

/// Whole seconds, rounded up, so that whoever waits for them has waited long enough.
pub(crate) fn seconds(duration: std::time::Duration) -> u64 {
    duration
        .as_millis()
        .div_ceil(1000)
        .try_into()
        .unwrap_or(u64::MAX)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchbay_domain::{
        connector::ConnectorMode,
        ids::{ConnectorRef, SourceId},
    };
    use patchbay_engine::{
        Error as EngineError,
        error::{Conflict, Denied, NotFound, Unauthenticated},
    };
    use std::time::Duration;

    #[test]
    fn every_error_has_its_status_code_and_sentence() {
        let engine = |error: EngineError| Error::Engine(error);
        let in_use = |servers| Conflict::ConnectorInUse {
            name: "notes".into(),
            servers,
        };
        let errors = [
            engine(FieldErrors::one("name", FieldError::Required).into()),
            engine(Unauthenticated::BadCredentials.into()),
            engine(Unauthenticated::SignedOut.into()),
            engine(Unauthenticated::BadToken.into()),
            engine(Denied::Superuser.into()),
            engine(Denied::SignUpClosed.into()),
            engine(Unauthenticated::SecondFactorRequired.into()),
            engine(Unauthenticated::BadCode.into()),
            engine(Denied::Admin.into()),
            engine(Denied::SessionNeeded.into()),
            engine(Denied::BadInvitation.into()),
            engine(Denied::BadResetLink.into()),
            engine(NotFound::User.into()),
            engine(NotFound::Source.into()),
            engine(NotFound::Session.into()),
            engine(NotFound::Invitation.into()),
            engine(Conflict::LastSuperuser.into()),
            engine(Conflict::OwnAccount.into()),
            engine(Conflict::SecondFactorOn.into()),
            engine(Conflict::NoSecondFactor.into()),
            engine(Conflict::TakenOver.into()),
            engine(EngineError::InvalidSourceId),
            engine(EngineError::UnknownSource(SourceId(uuid::Uuid::nil()))),
            engine(EngineError::Edited),
            engine(NotFound::Connector(ConnectorRef::Number(99)).into()),
            engine(NotFound::Server.into()),
            engine(Conflict::ConnectorName("my_connector".into()).into()),
            engine(Conflict::ServerLimit(32).into()),
            engine(
                Conflict::ModeChange {
                    name: "notes".into(),
                    from: ConnectorMode::Deactive,
                    to: ConnectorMode::Active,
                    reason: "activate it with its URL instead",
                }
                .into(),
            ),
            engine(Conflict::ConnectorDeactive { name: "notes".into() }.into()),
            engine(Conflict::ConnectorFollows { name: "notes".into() }.into()),
            engine(in_use(1).into()),
            engine(in_use(3).into()),
            engine(Conflict::ChangesMoved.into()),
            engine(Conflict::NoChanges.into()),
            engine(NotFound::Version.into()),
            engine(NotFound::Tool.into()),
            engine(Conflict::ToolName("find".into()).into()),
            engine(EngineError::StaticTool("find".into())),
            engine(EngineError::RateLimited {
                retry_after: Duration::from_secs(3),
            }),
            engine(EngineError::PoolExhausted),
            engine(EngineError::internal("password authentication failed for user ada")),
            Error::Malformed {
                at: "EOF while parsing at line 1 column 1".into(),
            },
            Error::UnsupportedMediaType {
                taken: "JSON, with `Content-Type: application/json`",
            },
            Error::TooLarge { max_bytes: 1 << 20 },
            Error::Timeout,
            Error::UnknownRoute,
            Error::MethodNotAllowed,
            Error::NoSuchThing {
                code: "CONNECTOR_NOT_FOUND",
                message: "Connector with ID x not found".into(),
            },
            Error::KeyReused,
            Error::UnderWay,
            Error::AnswerForgotten,
            Error::CrossOrigin,
            Error::UnknownHost,
        ];
        let table: Vec<String> = errors
            .iter()
            .map(|error| format!("{} {} {}", error.status(), error.code(), error.message()))
            .collect();
        insta::assert_snapshot!("errors", table.join("\n"));
    }

    #[test]
    fn refused_fields_are_told_with_code_and_sentence() {
        let error = Error::from(FieldErrors::one("name", FieldError::TooLong { max: 255 }));
        let fields = serde_json::to_string(&error.fields()).unwrap();
        assert_eq!(
            fields,
            r#"{"name":{"code":"too_long","max":255,"message":"At most 255 characters."}}"#
        );
    }

    #[test]
    fn waiting_times_are_rounded_up() {
        assert_eq!(seconds(Duration::ZERO), 1);
        assert_eq!(seconds(Duration::from_millis(2001)), 3);
    }
}
