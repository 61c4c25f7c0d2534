//! One endpoint's part of the document.

use super::{
    doc::{Access, Answer, Content, Doc},
    paths,
    schemas::{Schemas, parameter},
    shared::{failure, refers_to},
};
use crate::{middleware::rate_limit::is_limited, rest::Endpoint};
use axum::http::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Describes an endpoint.
pub(super) fn describe(endpoint: &Endpoint, id: &str, tag: &str, doc: &Doc, schemas: &mut Schemas) -> Value {
    let mut operation = json!({
        "operationId": id,
        "tags": [tag],
        "summary": doc.summary,
        "security": security(doc),
        "x-who": doc.access.as_str(),
    });
    if let Some(about) = doc.about {
        operation["description"] = about.into();
    }
    if doc.deprecated {
        operation["deprecated"] = true.into();
    }
    let facts = Facts::of(endpoint, doc);
    let parameters = parameters(endpoint, doc, &facts, schemas);
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = &doc.body {
        let content: Map<_, _> = body
            .media
            .iter()
            .map(|media| {
                (
                    (*media).to_owned(),
                    content(&body.content, schemas.of_body(&body.content.shape)),
                )
            })
            .collect();
        operation["requestBody"] = json!({ "required": body.required, "content": content });
    }
    operation["responses"] = responses(doc, &facts, schemas).into();
    operation
}

/// What follows from the rest.
struct Facts {
    /// What its path may name in vain.
    missing: Vec<(&'static str, &'static str)>,
    /// Whether it is limited how often somebody may.
    limited: bool,
    /// Whether it takes an `Idempotency-Key`.
    is_once: bool,
    /// Whether it gives what may be known already.
    may_be_known: bool,
}

impl Facts {
    fn of(endpoint: &Endpoint, doc: &Doc) -> Self {
        Self {
            missing: paths::missing(endpoint.path),
            limited: is_limited(&endpoint.method, endpoint.path),
            is_once: endpoint.is_once,
            may_be_known: doc.has_etag && endpoint.method == Method::GET,
        }
    }
}

fn security(doc: &Doc) -> Value {
    match (doc.access, doc.session_only) {
        (Access::Anybody, _) => json!([]),
        (_, true) => json!([{ "cookie": [] }, { "accessToken": [] }]),
        (_, false) => json!([{ "cookie": [] }, { "accessToken": [] }, { "apiToken": [] }]),
    }
}

fn parameters(endpoint: &Endpoint, doc: &Doc, facts: &Facts, schemas: &mut Schemas) -> Vec<Value> {
    let mut parameters = paths::parameters(endpoint.path);
    if let Some(query) = doc.query {
        parameters.extend(schemas.query(query));
    }
    if facts.is_once {
        parameters.push(asked(
            "Idempotency-Key",
            "A text of your own for this request. Sent again with the same request, it is answered as it was the first \
             time, and nothing happens twice.",
        ));
    }
    if facts.may_be_known {
        parameters.push(asked(
            "If-None-Match",
            "An `ETag` from before: 304 when nothing changed.",
        ));
    }
    if doc.takes_if_match {
        parameters.push(asked(
            "If-Match",
            "The `ETag` of what the change was made for: 412 when it has changed since.",
        ));
    }
    parameters
}

/// A header that may be there.
fn asked(name: &str, about: &str) -> Value {
    parameter(name, "header", false, json!({ "type": "string", "description": about }))
}

fn content(content: &Content, schema: Option<Value>) -> Value {
    let mut media = Map::new();
    if let Some(schema) = schema {
        media.insert("schema".to_owned(), schema);
    }
    if let Some(example) = &content.example {
        media.insert("example".to_owned(), example.clone());
    }
    media.into()
}

/// In the order of their statuses.
fn responses(doc: &Doc, facts: &Facts, schemas: &mut Schemas) -> Map<String, Value> {
    let mut found: Vec<(u16, Value)> = doc
        .answers
        .iter()
        .map(|answer| (answer.status, response(answer, doc, facts, schemas)))
        .collect();
    if facts.may_be_known {
        found.push((304, refers_to("NotModified")));
    }
    let own = doc
        .failures
        .iter()
        .map(|failure| (failure.status, failure.code, failure.when));
    let has_role = matches!(doc.access, Access::Admin | Access::Superuser);
    let session = (doc.session_only && has_role).then_some((403, "SESSION_REQUIRED", "Not with an API token."));
    let own: Vec<_> = facts
        .missing
        .iter()
        .map(|&(code, when)| (404, code, when))
        .chain(session)
        .chain(own)
        .collect();
    let common = common(doc, facts);
    for &(status, name) in &common {
        if own.iter().all(|(of, ..)| *of != status) {
            found.push((status, refers_to(name)));
        }
    }
    let statuses: BTreeSet<u16> = own.iter().map(|(status, ..)| *status).collect();
    for status in statuses {
        let in_common = common.iter().find(|(of, _)| *of == status).map(|(_, name)| *name);
        let own = own.iter().filter(|(of, ..)| *of == status);
        let own: Vec<_> = own.map(|&(_, code, when)| (code, when)).collect();
        found.push((status, failure(status, in_common, &own)));
    }
    found.sort_by_key(|(status, _)| *status);
    found
        .into_iter()
        .map(|(status, response)| (status.to_string(), response))
        .chain([("default".to_owned(), refers_to("Otherwise"))])
        .collect()
}

/// What goes wrong everywhere, where it can.
fn common(doc: &Doc, facts: &Facts) -> Vec<(u16, &'static str)> {
    let mut common = Vec::new();
    if doc.access != Access::Anybody {
        common.push((401, "SignedOut"));
    }
    match (doc.access, doc.session_only) {
        (Access::Admin, _) => common.push((403, "AdminsOnly")),
        (Access::Superuser, _) => common.push((403, "SuperusersOnly")),
        (_, true) => common.push((403, "SessionsOnly")),
        _ => {}
    }
    if facts.is_once {
        common.push((409, "NotAgain"));
    }
    if doc.takes_if_match {
        common.push((412, "EditedMeanwhile"));
    }
    if doc.body.is_some() {
        common.extend([(413, "TooLarge"), (415, "NotJson")]);
    }
    common.push((422, if facts.is_once { "InvalidOrAnother" } else { "Invalid" }));
    if facts.limited {
        common.push((429, "TooOften"));
    }
    common
}

fn response(answer: &Answer, doc: &Doc, facts: &Facts, schemas: &mut Schemas) -> Value {
    let mut response = json!({ "description": answer.about });
    let mut headers = Map::new();
    if doc.has_etag && answer.content.is_some() {
        headers.insert("ETag".to_owned(), header("ETag"));
    }
    if facts.is_once {
        headers.insert("Idempotent-Replayed".to_owned(), header("Idempotent-Replayed"));
    }
    if doc.deprecated {
        headers.insert("Deprecation".to_owned(), header("Deprecation"));
        headers.insert("Link".to_owned(), header("Link"));
    }
    if !headers.is_empty() {
        response["headers"] = headers.into();
    }
    if let Some((media, inside)) = &answer.content {
        let content: Map<_, _> = media
            .iter()
            .map(|media| ((*media).to_owned(), content(inside, schemas.of_answer(&inside.shape))))
            .collect();
        response["content"] = content.into();
    }
    response
}

fn header(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}
