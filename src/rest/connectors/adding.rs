//! The ways into the catalogue: registering and activating, and the single step from before there were two.

use crate::{
    rest::{
        Endpoint, Error,
        extract::{Caller, Json},
        openapi::{CONNECTOR, Example},
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
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::{Value, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::POST, "/api/connectors/register", post(register))
            .once()
            .doc("register_connector", |doc| {
                doc.summary("Register a connector")
                    .about("The first of two steps: it gets its entry in the catalogue.")
                    .superuser()
                    .body::<RegisterConnector>()
                    .answer::<Registered>(201, "The connector, and the next step")
                    .fails(409, "CONNECTOR_NAME_TAKEN", "There is one of that name.")
            }),
        Endpoint::new(Method::POST, "/api/connectors/activate", post(activate)).doc("activate_connector", |doc| {
            doc.summary("Activate a connector")
                .about(
                    "The second of two steps: its service is asked what it offers, which is pinned. The URL is \
                        that of a manifest (`….json`), of a service that has one at `connector.json`, or of a plain \
                        MCP endpoint.",
                )
                .superuser()
                .body::<Activate>()
                .answer::<ActivatedBody>(200, "The connector")
                .fails(400, "CONNECTOR_UNREACHABLE", super::UNUSABLE)
                .fails(404, "CONNECTOR_NOT_FOUND", "There is no such connector.")
        }),
        Endpoint::new(Method::POST, "/api/connectors", post(add))
            .once()
            .doc("add_connector", |doc| {
                doc.summary("Register a connector and read what it offers in one step")
                    .about(
                        "For programs from before there were two. When its service can't be read, nothing is \
                            registered.",
                    )
                    .superuser()
                    .deprecated()
                    .body::<Add>()
                    .answer::<ActivatedBody>(201, "The connector")
                    .fails(400, "CONNECTOR_UNREACHABLE", super::UNUSABLE)
                    .fails(409, "CONNECTOR_NAME_TAKEN", "There is one of that name.")
            }),
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

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RegisteredConnector")]
struct Registered {
    /// `registered`.
    status: &'static str,
    /// The same for people.
    message: String,
    /// Its identifier.
    id: ConnectorId,
    /// Its number.
    connector_id: i64,
    /// Its name.
    name: String,
    /// `deactive`, until it is activated.
    mode: ConnectorMode,
    /// What it is for.
    description: String,
    /// When it was registered.
    created_at: Timestamp,
    /// What to do next.
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

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ActivateConnector")]
#[serde(deny_unknown_fields)]
struct Activate {
    /// Which.
    connector_id: ConnectorRef,
    /// Where its manifest or MCP endpoint is.
    connector_url: String,
}

/// A connector whose definitions were just read.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ActivatedConnector")]
struct ActivatedBody {
    /// `activated`, or `created` by the single step.
    status: &'static str,
    /// The same for people.
    message: String,
    /// Its identifier.
    id: ConnectorId,
    /// Its number.
    connector_id: i64,
    /// Its name.
    name: String,
    /// Where what it offers was read.
    url: String,
    /// What it is good for now.
    mode: ConnectorMode,
    /// Its version, as its service says.
    version: String,
    /// How many tools it offers.
    tools_count: u32,
    /// How many templates it offers.
    templates_count: u32,
    /// When it was registered.
    created_at: Timestamp,
    /// When it last changed.
    updated_at: Timestamp,
    /// What didn't go well but didn't stop it.
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
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "AddConnector")]
#[serde(deny_unknown_fields)]
struct Add {
    /// Where its manifest or MCP endpoint is.
    #[schemars(required)]
    connector_url: Option<String>,
    /// Means a connector of one's own, which is another thing.
    #[schemars(skip)]
    server_url: Option<IgnoredAny>,
    /// One line that no other connector has; the manifest's name when nobody says.
    name: Option<String>,
    /// `sync` when nobody says.
    mode: Option<ConnectorMode>,
    /// Sent to the connector with every call; empty means none.
    secret: Option<String>,
    /// The header that carries the secret; empty means `Authorization: Bearer`.
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

impl Example for Registered {
    fn example() -> Value {
        json!({
            "status": "registered", "message": "Connector 'notes' registered successfully",
            "id": CONNECTOR, "connector_id": 1,
            "name": "notes", "mode": "deactive", "description": "Notes in a file",
            "created_at": "2026-11-20T06:30:00Z", "next_step": NEXT_STEP,
        })
    }
}

impl Example for Activate {
    fn example() -> Value {
        json!({ "connector_id": 1, "connector_url": "http://localhost:8025/connector.json" })
    }
}

impl Example for ActivatedBody {
    fn example() -> Value {
        json!({
            "status": "activated", "message": "Connector 'notes' activated successfully",
            "id": CONNECTOR, "connector_id": 1,
            "name": "notes", "url": "http://localhost:8025/connector.json",
            "mode": "active", "version": "0.1.0", "tools_count": 5, "templates_count": 3,
            "created_at": "2026-11-20T06:30:00Z", "updated_at": "2026-11-20T09:15:42.318Z", "warnings": [],
        })
    }
}

impl Example for Add {
    fn example() -> Value {
        json!({ "connector_url": "http://localhost:8025/connector.json", "mode": "active" })
    }
}
