//! `/api/connectors`: the catalogue. Superusers register and activate; every user reads.

use super::{
    Endpoint, Error, List,
    extract::{Caller, Json, Query, connector_ref},
};
use crate::{etag, state::AppState};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use patchbay_domain::{
    Timestamp,
    connector::{Activated, ConnectorKind, ConnectorMode, ConnectorSummary, RegisterConnector},
    ids::{ConnectorId, ConnectorRef},
    page::PageRequest,
};
use patchbay_engine::connectors::ConnectorFilter;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::POST, "/api/connectors/register", post(register)),
        Endpoint::new(Method::POST, "/api/connectors/activate", post(activate)),
        Endpoint::new(Method::GET, "/api/connectors", get(list)),
        Endpoint::new(Method::GET, "/api/connectors/{id}", get(show)),
        Endpoint::new(Method::GET, "/api/connectors/{id}/logo", get(logo)),
    ]
}

const NEXT_STEP: &str = "Activate the connector by providing the connector URL via POST /api/connectors/activate";
/// A logo may be an SVG that somebody else made: shown as a picture it is harmless, and opened as a page it may do nothing.
const LOGO_CSP: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");
const LOGO_CACHING: HeaderValue = HeaderValue::from_static("private, max-age=3600, must-revalidate");

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

async fn activate(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Json(Activate {
        connector_id,
        connector_url,
    }): Json<Activate>,
) -> Result<axum::Json<ActivatedBody>, Error> {
    let Activated { connector, warnings } = state
        .engine
        .activate_connector(&actor, connector_id, &connector_url)
        .await?;
    Ok(axum::Json(ActivatedBody {
        status: "activated",
        message: format!("Connector '{}' activated successfully", connector.name),
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
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    kind: Option<ConnectorKind>,
    mode: Option<ConnectorMode>,
    q: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<List<ConnectorSummary>>, Error> {
    let filter = ConnectorFilter {
        q: query.q,
        mode: query.mode,
        kind: query.kind,
        ..ConnectorFilter::default()
    };
    let page = PageRequest {
        limit: query.limit,
        cursor: query.cursor,
    };
    let page = state.engine.connectors(&actor, &filter, &page).await?;
    Ok(axum::Json(List::page("connectors", page)))
}

/// A connector with its definitions, which are its service's own text.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    summary: ConnectorSummary,
    tools: Box<RawValue>,
    templates: Box<RawValue>,
    config: Option<Box<RawValue>>,
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<Shown>, Error> {
    let found = state.engine.connector_definitions(&actor, connector_ref(&id)?).await?;
    Ok(axum::Json(Shown {
        summary: found.summary,
        tools: found.tools,
        templates: found.templates,
        config: found.config,
    }))
}

async fn logo(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let logo = state.engine.connector_logo(&actor, connector_ref(&id)?).await?;
    let tag = etag::of_hash(&logo.sha256);
    let mut response = if tag.as_ref().is_some_and(|tag| etag::is_known(&headers, tag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, logo.content_type)], logo.bytes).into_response()
    };
    let answer = response.headers_mut();
    if let Some(tag) = tag {
        answer.insert(header::ETAG, tag);
    }
    answer.insert(header::CONTENT_SECURITY_POLICY, LOGO_CSP);
    answer.insert(header::CACHE_CONTROL, LOGO_CACHING);
    Ok(response)
}
