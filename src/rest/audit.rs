//! `/api/audit`: who changed what, for superusers: a page at a time, or all of it as JSON Lines.

use super::{
    Endpoint, Error, List,
    extract::{Caller, Query},
};
use crate::state::AppState;
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderName, HeaderValue, Method, header},
    response::IntoResponse,
    routing::get,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use patchbay_domain::{
    audit::{AuditEvent, AuditFilter, Door},
    page::PageRequest,
};
use patchbay_engine::Error as EngineError;
use schemars::JsonSchema;
use serde::Deserialize;
use std::error::Error as _;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/audit", get(list)).doc("list_audit_events", |doc| {
            doc.summary("Read the audit log")
                .about("Everything that the query says must hold.")
                .superuser()
                .query::<ListQuery>()
                .list::<AuditEvent>("events", "Those that match, newest first")
        }),
        Endpoint::new(Method::GET, "/api/audit/export", get(export)).doc("export_audit_log", |doc| {
            doc.summary("Export the audit log")
                .superuser()
                .query::<AuditFilter>()
                .text(
                    &["application/jsonl"],
                    "The events that match, oldest first, one a line",
                    r#"{"seq":17,"action":"connector.mode",…}"#,
                )
        }),
    ]
}

/// As many lines are written at once, when they are there.
const LINES_AT_ONCE: usize = 100;

/// [`AuditFilter`] and [`PageRequest`] in one query. Written out, because what is flattened can't refuse unknown fields.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// By whom: an id, or a part of an email.
    actor: Option<String>,
    /// What was done: an action, or the part of one before its point (`connector`).
    action: Option<String>,
    /// To what kind of thing.
    subject_type: Option<String>,
    /// To which thing: an id, or a part of its name.
    subject: Option<String>,
    /// By which way.
    door: Option<Door>,
    /// Not before this time: RFC 3339, or a day as `2026-11-20`.
    from: Option<String>,
    /// Before this time; a day counts to its end.
    to: Option<String>,
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
) -> Result<axum::Json<List<AuditEvent>>, Error> {
    let filter = AuditFilter {
        actor: query.actor,
        action: query.action,
        subject_type: query.subject_type,
        subject: query.subject,
        door: query.door,
        from: query.from,
        to: query.to,
    };
    let page = PageRequest {
        limit: query.limit,
        cursor: query.cursor,
    };
    let page = state.engine.audit_events(&actor, &filter, &page).await?;
    Ok(axum::Json(List::page("events", page)))
}

/// All that match, oldest first, one a line. It is written as it is read, however much it is.
async fn export(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(filter): Query<AuditFilter>,
) -> Result<impl IntoResponse, Error> {
    let mut events = Box::pin(state.engine.export_audit(&actor, &filter)?);
    // While nothing is sent yet, a failure can still be told in words.
    let first = events.next().await.transpose()?;
    let lines = stream::iter(first.map(Ok)).chain(events).map(|event| {
        event.and_then(|event| {
            let mut line = serde_json::to_vec(&event).map_err(EngineError::internal)?;
            line.push(b'\n');
            Ok(line)
        })
    });
    let body = lines
        .ready_chunks(LINES_AT_ONCE)
        .map(|lines| lines.into_iter().collect::<Result<Vec<_>, _>>())
        .map_ok(|lines| Bytes::from(lines.concat()))
        // Afterwards the answer is cut off, which whoever reads it notices.
        .inspect_err(|error| tracing::error!(error = error.source(), "an export of the audit log was cut off"));
    let name = format!("patchbay-audit-{}.jsonl", state.engine.clock().now().date());
    Ok((headers(&name)?, Body::from_stream(body)))
}

fn headers(file_name: &str) -> Result<[(HeaderName, HeaderValue); 2], Error> {
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{file_name}\""))
        .map_err(|error| Error::from(EngineError::internal(error)))?;
    Ok([
        (header::CONTENT_TYPE, HeaderValue::from_static("application/jsonl")),
        (header::CONTENT_DISPOSITION, disposition),
    ])
}
