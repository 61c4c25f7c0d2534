//! Reading the catalogue: the list, one connector with its definitions, its templates, its logo.

use crate::{
    etag,
    rest::{
        Endpoint, Error, List,
        extract::{Caller, Path, Query, connector_ref},
        openapi::{Example, with},
    },
    state::AppState,
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use patchbay_domain::{
    connector::{ChangesState, ConnectorKind, ConnectorMode, ConnectorSort, ConnectorSummary},
    page::PageRequest,
    tool::TemplateView,
};
use patchbay_engine::connectors::ConnectorFilter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/connectors", get(list)).doc("list_connectors", |doc| {
            doc.summary("List connectors")
                .query::<ListQuery>()
                .list::<ConnectorSummary>("connectors", "Those that match, a page of them")
        }),
        Endpoint::new(Method::GET, "/api/connectors/{id}", get(show)).doc("show_connector", |doc| {
            doc.summary("Show a connector").answer::<Shown>(
                200,
                "The connector, with what it offers as its service \
                                                                  wrote it",
            )
        }),
        Endpoint::new(Method::GET, "/api/connectors/{id}/templates", get(templates)).doc(
            "list_connector_templates",
            |doc| {
                doc.summary("List a connector's templates")
                    .list::<TemplateView>("templates", "All of them")
            },
        ),
        Endpoint::new(Method::GET, "/api/connectors/{id}/logo", get(logo)).doc("show_connector_logo", |doc| {
            doc.summary("Show a connector's logo")
                .query::<LogoQuery>()
                .etag()
                .file(&["image/*"], "The picture")
                .fails(404, "LOGO_NOT_FOUND", "The connector has none.")
        }),
    ]
}

/// A logo may be an SVG that somebody else made: shown as a picture it is harmless, and opened as a page it may do nothing.
const LOGO_CSP: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");
const LOGO_CACHING: HeaderValue = HeaderValue::from_static("private, max-age=3600, must-revalidate");

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LogoQuery {
    /// Whatever tells one logo from the next, for caches. It is the logo of today in any case.
    #[serde(rename = "v")]
    _version: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Where they come from.
    kind: Option<ConnectorKind>,
    /// What they are good for.
    mode: Option<ConnectorMode>,
    /// Those whose services say something else than what is pinned.
    changes: Option<ChangesState>,
    /// A part of the name or description.
    q: Option<String>,
    /// In which order: `newest` when nobody says.
    sort: Option<ConnectorSort>,
    /// How many, 50 when nobody says; a number above 200 counts as 200.
    #[schemars(range(min = 1))]
    limit: Option<u32>,
    /// Where the page before this one ended: its `next_cursor`.
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
        changes: query.changes,
        sort: query.sort.unwrap_or_default(),
    };
    let page = PageRequest {
        limit: query.limit,
        cursor: query.cursor,
    };
    let page = state.engine.connectors(&actor, &filter, &page).await?;
    Ok(axum::Json(List::page("connectors", page)))
}

/// A connector with its definitions, which are its service's own text.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConnectorDefinitions")]
struct Shown {
    #[serde(flatten)]
    summary: ConnectorSummary,
    /// Its tools, as MCP has them.
    #[schemars(with = "Vec<Value>")]
    tools: Box<RawValue>,
    /// Its templates, as its manifest has them.
    #[schemars(with = "Vec<Value>")]
    templates: Box<RawValue>,
    /// What a server or source has to tell it, with a JSON Schema in `params`.
    #[schemars(with = "Option<Value>")]
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

async fn templates(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<List<TemplateView>>, Error> {
    let templates = state.engine.connector_templates(&actor, connector_ref(&id)?).await?;
    Ok(axum::Json(List::whole("templates", templates)))
}

async fn logo(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(_): Query<LogoQuery>,
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

impl Example for Shown {
    fn example() -> Value {
        with(
            ConnectorSummary::example(),
            json!({
                "tools": [{ "name": "find", "description": "Finds notes", "inputSchema": { "type": "object" } }],
                "templates": [],
                "config": { "params": { "type": "object", "properties": { "notebook": { "type": "string" } } } },
            }),
        )
    }
}
