//! The API's own description, as OpenAPI 3.1: made from the list of endpoints and from the types that go over the wire,
//! so that it can't say what isn't so.
//!
//! [`doc`] is what an endpoint says of itself, [`examples`] what its types look like, [`operation`] makes one endpoint's
//! part of the document, and what all of them share is in [`shared`].

mod doc;
mod examples;
mod operation;
mod paths;
mod schemas;
mod shared;

use super::{Endpoint, Error};
use crate::etag;
use axum::{
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use schemas::Schemas;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
};

pub(super) use doc::Doc;
pub(super) use examples::{CONNECTOR, Example, SERVER, with};

/// A text that nobody else should read.
pub(super) struct Secret;

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "password", "writeOnly": true })
    }
}

/// Where the document is.
pub(crate) const PATH: &str = "/api/openapi.json";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::new(Method::GET, PATH, get(show)).doc("describe_api", |doc| {
        doc.summary("Describe the API")
            .about(
                "This document: OpenAPI 3.1. It is the same for everybody, and as long as the program is. \
                    `patchbay openapi` prints it, too.",
            )
            .anybody()
            .answer::<examples::Description>(200, "The document")
    })]
}

/// The document, made once.
pub(crate) fn document() -> Arc<Value> {
    static DOCUMENT: LazyLock<Arc<Value>> = LazyLock::new(|| Arc::new(describe(&super::endpoints())));
    Arc::clone(&DOCUMENT)
}

/// It always is what it is: whoever has it needn't get it again, as long as the program is the same.
const CACHING: HeaderValue = HeaderValue::from_static("public, no-cache");

async fn show(headers: HeaderMap) -> Result<Response, Error> {
    static WRITTEN: LazyLock<(Bytes, Option<HeaderValue>)> = LazyLock::new(|| {
        let text = document().to_string();
        let tag = etag::of_hash(&hex::encode(Sha256::digest(&text)));
        (text.into(), tag)
    });
    let (text, tag) = &*WRITTEN;
    let mut response = match tag {
        Some(tag) if etag::is_known(&headers, tag) => StatusCode::NOT_MODIFIED.into_response(),
        _ => ([(header::CONTENT_TYPE, "application/json")], text.clone()).into_response(),
    };
    let answer = response.headers_mut();
    if let Some(tag) = tag {
        answer.insert(header::ETAG, tag.clone());
    }
    answer.insert(header::CACHE_CONTROL, CACHING);
    Ok(response)
}

/// All of it.
fn describe(endpoints: &[Endpoint]) -> Value {
    let mut schemas = Schemas::new();
    let error = schemas.given(shared::error_schema());
    let mut paths = Map::new();
    let mut used = Vec::new();
    for endpoint in endpoints {
        let Some((id, doc)) = endpoint.documentation() else {
            continue;
        };
        let tag = paths::tag(endpoint.path);
        used.push(tag);
        let operation = operation::describe(endpoint, id, tag, &doc, &mut schemas);
        let methods = paths.entry(endpoint.path).or_insert_with(|| Value::Object(Map::new()));
        methods[endpoint.method.as_str().to_ascii_lowercase()] = operation;
    }
    let tags: Vec<Value> = paths::TAGS
        .iter()
        .filter(|tag| used.contains(&tag.name))
        .map(|tag| json!({ "name": tag.name, "description": tag.about }))
        .collect();
    let mut document = json!({
        "openapi": "3.1.1",
        "info": shared::info(),
        "servers": [{ "url": "/", "description": "This Patchbay" }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas.into_components(),
            "responses": shared::responses(&error),
            "headers": shared::headers(),
            "securitySchemes": shared::security_schemes(),
        },
    });
    for part in ["paths", "components"] {
        speak_plainly(&mut document[part]);
    }
    document
}

/// What stands in the sources for those who read them isn't for those who read the API's description: links between
/// items, line breaks within a paragraph, and the default that nothing is.
fn speak_plainly(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("default") == Some(&Value::Null) {
                members.remove("default");
            }
            for (name, value) in members.iter_mut() {
                match value {
                    // An example is somebody else's words.
                    _ if name == "example" => {}
                    Value::String(words) if matches!(name.as_str(), "description" | "summary") => {
                        *words = words
                            .replace("\n\n", "\0")
                            .replace('\n', " ")
                            .replace('\0', "\n\n")
                            .replace("[`", "`")
                            .replace("`]", "`");
                    }
                    value => speak_plainly(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(speak_plainly),
        _ => {}
    }
}
