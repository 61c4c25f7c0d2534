//! `/api/export` and `/api/import`: everything as one document, for superusers.
//!
//! A document may be large, so its body is taken in here, when it is known who sends it.

use super::{
    Endpoint, Error,
    extract::{Caller, Query},
};
use crate::{middleware::whole_body, state::AppState};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    routing::{get, post},
};
use patchbay_engine::{
    Error as EngineError,
    transfer::{Document, Format, Report},
};
use serde::Deserialize;
use std::time::Duration;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/export", get(export)),
        Endpoint::new(Method::POST, whole_body::IMPORT, post(import)),
    ]
}

/// What a document may be written in.
const TAKEN: &str = "JSON or YAML, with `Content-Type: application/json` or `application/yaml`";
/// How long a document may take to arrive.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    #[default]
    Json,
    Yaml,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    #[serde(default)]
    format: Wanted,
}

async fn export(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(query): Query<ExportQuery>,
) -> Result<([(HeaderName, HeaderValue); 2], String), Error> {
    let document = state.engine.export(&actor).await?;
    let (format, kind, disposition) = match query.format {
        Wanted::Json => (
            Format::Json,
            "application/json",
            "attachment; filename=\"patchbay.json\"",
        ),
        Wanted::Yaml => (
            Format::Yaml,
            "application/yaml",
            "attachment; filename=\"patchbay.yaml\"",
        ),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition)),
    ];
    // Writing a large one takes its time, as reading does.
    let text = tokio::task::spawn_blocking(move || document.to_text(format))
        .await
        .map_err(EngineError::internal)?;
    Ok((headers, text))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportQuery {
    #[serde(default)]
    dry_run: bool,
}

async fn import(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(query): Query<ImportQuery>,
    request: Request,
) -> Result<axum::Json<Report>, Error> {
    actor.require_superuser()?;
    let format = format(request.headers()).ok_or(Error::UnsupportedMediaType { taken: TAKEN })?;
    let body = whole_body::read(request.into_body(), Document::MAX_BYTES, PATIENCE).await?;
    // Reading a large one takes its time.
    let document = tokio::task::spawn_blocking(move || Document::parse(&body, Some(format)))
        .await
        .map_err(EngineError::internal)??;
    let report = state.engine.import_as(&actor, &document, query.dry_run).await?;
    Ok(axum::Json(report))
}

fn format(headers: &HeaderMap) -> Option<Format> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next()?.trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/json" => Some(Format::Json),
        "application/yaml" | "application/x-yaml" | "text/yaml" => Some(Format::Yaml),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_what_it_is_written_in() {
        let of = |kind: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            format(&headers)
        };
        assert_eq!(of("application/json; charset=utf-8"), Some(Format::Json));
        assert_eq!(of("Application/YAML"), Some(Format::Yaml));
        assert_eq!(of("text/plain"), None);
        assert_eq!(format(&HeaderMap::new()), None);
    }
}
