//! `/api/export` and `/api/import`: everything as one document, for superusers.
//!
//! A document may be large, so its body is taken in here, when it is known who sends it.

use super::{
    Endpoint, Error,
    extract::{Caller, Query},
    openapi::Example,
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
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{borrow::Cow, time::Duration};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/export", get(export)).doc("export", |doc| {
            doc.summary("Export everything")
                .about("Connectors, users, sources and MCP servers, without secrets.")
                .superuser()
                .query::<ExportQuery>()
                .answer_in::<Portable>(
                    &["application/json", "application/yaml"],
                    200,
                    "The document, as a file",
                )
        }),
        Endpoint::new(Method::POST, whole_body::IMPORT, post(import)).doc("import", |doc| {
            doc.summary("Import a document")
                .about(
                    "All of it is done, or nothing when anything in it can't be. What the document doesn't speak \
                        of stays. At most 64 MiB.",
                )
                .superuser()
                .query::<ImportQuery>()
                .body_in::<Portable>(&["application/json", "application/yaml"], true)
                .answer::<Report>(200, "What it changed or, as a dry run, would change")
                .fails(403, "SESSION_REQUIRED", "An API token gives nobody roles.")
        }),
    ]
}

/// What a document may be written in.
const TAKEN: &str = "JSON or YAML, with `Content-Type: application/json` or `application/yaml`";
/// How long a document may take to arrive.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[schemars(rename = "DocumentFormat")]
#[serde(rename_all = "snake_case")]
enum Wanted {
    #[default]
    Json,
    Yaml,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    /// What to write it in.
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

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ImportQuery {
    /// Change nothing, and tell what would change.
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

/// A document, as far as the API's description goes into it.
struct Portable;

impl JsonSchema for Portable {
    fn schema_name() -> Cow<'static, str> {
        "Document".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let list = |about: &str| json!({ "type": "array", "items": { "type": "object" }, "description": about });
        json_schema!({
            "type": "object",
            "description": "What an export wrote. Instead of one, a registry's `server.json` can be imported, too.",
            "properties": {
                "patchbay": { "type": "integer", "const": 1, "description": "The form of the document." },
                "connectors": list("Entries of the catalogue."),
                "users": list("Accounts, without passwords."),
                "sources": list("Sources, without secrets."),
                "servers": list("MCP servers, without tokens."),
            },
        })
    }
}

impl Example for Portable {
    fn example() -> Value {
        json!({ "patchbay": 1, "connectors": [], "users": [], "sources": [], "servers": [] })
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
