//! The ways into the catalogue: registering and activating, and the single step from before there were two.

use crate::{
    rest::{
        Endpoint, Error,
        extract::{Caller, Json},
    },
    state::AppState,
};
use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use patchbay_domain::{
    Timestamp,
    connector::{Activated, AddConnector, ConnectorMode, RegisterConnector},
    field::{FieldError, FieldErrors},
    ids::{ConnectorId, ConnectorRef},
};
use serde::{Deserialize, Serialize, de::IgnoredAny};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::POST, "/api/connectors/register", post(register)),
        Endpoint::new(Method::POST, "/api/connectors/activate", post(activate)),
        Endpoint::new(Method::POST, "/api/connectors", post(add)),
    ]
}

const NEXT_STEP: &str = "Activate the connector by providing the connector URL via POST /api/connectors/activate";

/// Since when the single step is deprecated (RFC 9745: seconds since 1970; this is 2025-10-13), and what to use instead.
const DEPRECATED: [(HeaderName, HeaderValue); 2] = [
    (
        HeaderName::from_static("deprecation"),
        HeaderValue::from_static("@1760313600"),
    ),
    (
        header::LINK,
        HeaderValue::from_static("</api/connectors/register>; rel=\"successor-version\""),
    ),
];

#[derive(Serialize)]
struct Registered {
    status: &'static str,
    message: String,
    id: ConnectorId,
    connector_id: i64,
    name: String,
    mode: ConnectorMode,
    description: String,
    created_at: Timestamp,
    next_step: &'static str,
}

async fn register(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Json(new): Json<RegisterConnector>,
) -> Result<(StatusCode, axum::Json<Registered>), Error> {
    let connector = state.engine.register_connector(&actor, new).await?;
    let registered = Registered {
        status: "registered",
        message: format!("Connector '{}' registered successfully", connector.name),
        id: connector.id,
        connector_id: connector.connector_id,
        name: connector.name,
        mode: connector.mode,
        description: connector.description,
        created_at: connector.created_at,
        next_step: NEXT_STEP,
    };
    Ok((StatusCode::CREATED, axum::Json(registered)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Activate {
    connector_id: ConnectorRef,
    connector_url: String,
}

/// A connector whose definitions were just read.
#[derive(Serialize)]
struct ActivatedBody {
    status: &'static str,
    message: String,
    id: ConnectorId,
    connector_id: i64,
    name: String,
    url: String,
    mode: ConnectorMode,
    version: String,
    tools_count: u32,
    templates_count: u32,
    created_at: Timestamp,
    updated_at: Timestamp,
    warnings: Vec<String>,
}

impl ActivatedBody {
    fn new(status: &'static str, Activated { connector, warnings }: Activated) -> Self {
        Self {
            status,
            message: format!("Connector '{}' {status} successfully", connector.name),
            id: connector.id,
            connector_id: connector.connector_id,
            name: connector.name,
            url: connector.url,
            mode: connector.mode,
            version: connector.version,
            tools_count: connector.tools_count,
            templates_count: connector.templates_count,
            created_at: connector.created_at,
            updated_at: connector.updated_at,
            warnings,
        }
    }
}

async fn activate(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Json(Activate {
        connector_id,
        connector_url,
    }): Json<Activate>,
) -> Result<axum::Json<ActivatedBody>, Error> {
    let activated = state
        .engine
        .activate_connector(&actor, connector_id, &connector_url)
        .await?;
    Ok(axum::Json(ActivatedBody::new("activated", activated)))
}

/// What the single step takes. `server_url` means a connector of one's own, which is another thing with other fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    connector_url: Option<String>,
    server_url: Option<IgnoredAny>,
    name: Option<String>,
    mode: Option<ConnectorMode>,
    secret: Option<String>,
    secret_header: Option<String>,
}

impl Add {
    fn into_request(self) -> Result<AddConnector, FieldErrors> {
        let refused = |reason: &str| FieldError::Refused {
            reason: reason.to_owned(),
        };
        match (self.connector_url, self.server_url) {
            (Some(connector_url), None) => Ok(AddConnector {
                connector_url,
                name: self.name,
                mode: self.mode,
                secret: self.secret,
                secret_header: self.secret_header,
            }),
            (None, None) => Err(FieldErrors::one("connector_url", FieldError::Required)),
            (Some(_), Some(_)) => Err(FieldErrors::one(
                "server_url",
                refused("Give a connector_url or a server_url, not both."),
            )),
            (None, Some(_)) => Err(FieldErrors::one(
                "server_url",
                refused("Personal connectors can't be made yet. For one in the catalogue, give its connector_url."),
            )),
        }
    }
}

/// Whoever still uses it hears that it is deprecated, whatever comes of it.
async fn add(State(state): State<AppState>, Caller(actor): Caller, body: Result<Json<Add>, Error>) -> Response {
    let answer = async {
        let new = body?.0.into_request()?;
        let added = state.engine.add_connector(&actor, new).await?;
        Ok::<_, Error>((StatusCode::CREATED, axum::Json(ActivatedBody::new("created", added))))
    };
    (DEPRECATED, answer.await.into_response()).into_response()
}
