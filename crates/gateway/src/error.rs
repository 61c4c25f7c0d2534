//! Everything that the gateway itself refuses, in one table: the HTTP status, the JSON-RPC code and the words.
//!
//! An upstream that fails a tools/call is not here: clients get that as the tool's own error result (`relay.rs`),
//! because a model can read it.

use crate::{body::Body, json::quoted};
use http::{
    HeaderValue, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use patchbay_engine::upstream::{Era, rpc};

/// What clients without a valid token are told. The place for `resource_metadata`, once endpoints are OAuth resources.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"patchbay\"");
const CHALLENGE_INVALID: HeaderValue = HeaderValue::from_static("Bearer realm=\"patchbay\", error=\"invalid_token\"");

/// The longest piece of a client's own text that is repeated to it.
const ECHO_MAX: usize = 128;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    NoToken,
    BadToken,
    ForeignOrigin,
    NoEndpoint,
    MethodNotAllowed,
    NotAcceptable,
    MediaType,
    BodyTooLarge(usize),
    BodyBroken,
    Syntax,
    Invalid(String),
    NoSession,
    HeaderMismatch(String),
    MissingMeta(&'static str),
    Version { requested: String },
    UnknownHeaderVersion(String),
    UnknownMethod(String),
    UnknownTool(String),
    BadParams(&'static str),
    TooManyCalls,
    Busy,
    Internal,
}

/// One row of the table.
#[derive(Debug)]
struct Row {
    status: u16,
    code: i32,
    text: String,
    data: Option<String>,
}

impl Refusal {
    /// The table. In the legacy era an answer to a well-formed request is a 200, whatever it says.
    fn row(&self, era: Era) -> Row {
        let in_band = |modern| if era == Era::Modern { modern } else { 200 };
        let row = |status, code, text: &str| Row {
            status,
            code,
            text: text.to_owned(),
            data: None,
        };
        match self {
            Self::NoToken => row(
                401,
                -32000,
                "This endpoint needs a token: send it as 'Authorization: Bearer'.",
            ),
            Self::BadToken => row(401, -32000, "The token is not valid for this endpoint."),
            Self::ForeignOrigin => row(403, -32000, "Pages of this origin may not call this endpoint."),
            Self::NoEndpoint => row(404, -32000, "There is no MCP server at this address."),
            Self::MethodNotAllowed => row(405, -32000, "Only POST is served here."),
            Self::NotAcceptable => row(
                406,
                -32000,
                "The client must accept application/json or text/event-stream.",
            ),
            Self::MediaType => row(415, -32000, "The body must be application/json."),
            Self::BodyTooLarge(limit) => row(413, -32600, &format!("The message is larger than {limit} bytes.")),
            Self::BodyBroken => row(400, -32700, "The body ended early."),
            Self::Syntax => row(400, -32700, "Parse error: the body is not JSON."),
            Self::Invalid(why) => row(400, -32600, &format!("Invalid request: {why}.")),
            Self::NoSession => row(404, -32001, "Session not found: it ended, or belongs to another token."),
            Self::HeaderMismatch(why) => row(400, -32020, &format!("Header mismatch: {why}.")),
            Self::MissingMeta(key) => row(400, -32602, &format!("Invalid params: '_meta' lacks '{key}'.")),
            Self::Version { requested } => Row {
                status: 400,
                code: -32022,
                text: "Unsupported protocol version.".into(),
                data: Some(format!(
                    "{{\"supported\":{},\"requested\":{}}}",
                    supported_versions(),
                    quoted(&echo(requested))
                )),
            },
            Self::UnknownHeaderVersion(version) => row(
                400,
                -32600,
                &format!(
                    "Invalid request: MCP-Protocol-Version '{}' is not supported.",
                    echo(version)
                ),
            ),
            Self::UnknownMethod(method) => row(in_band(404), -32601, &format!("Method not found: {}.", echo(method))),
            Self::UnknownTool(name) => row(200, -32602, &format!("Unknown tool: {}.", echo(name))),
            Self::BadParams(why) => row(200, -32602, &format!("Invalid params: {why}.")),
            Self::TooManyCalls => row(
                429,
                -32000,
                "Too many calls of this MCP server are running. Try again when one is done.",
            ),
            Self::Busy => row(503, -32000, "There is too much to do right now. Try again in a moment."),
            Self::Internal => row(503, -32603, "Something went wrong on our side. Try again in a moment."),
        }
    }

    /// The refusal as an answer to the request with this id; an empty one means that it isn't known.
    pub(crate) fn response(&self, id: &str, era: Era) -> Response<Body> {
        let row = self.row(era);
        let id = if id.is_empty() { "null" } else { id };
        let data = row.data.map(|data| format!(",\"data\":{data}")).unwrap_or_default();
        let text = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{{\"code\":{},\"message\":{}{data}}}}}",
            row.code,
            quoted(&row.text)
        );
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = StatusCode::from_u16(row.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self {
            Self::NoToken => drop(headers.insert(WWW_AUTHENTICATE, CHALLENGE)),
            Self::BadToken => drop(headers.insert(WWW_AUTHENTICATE, CHALLENGE_INVALID)),
            Self::MethodNotAllowed => drop(headers.insert(ALLOW, HeaderValue::from_static("POST"))),
            Self::TooManyCalls | Self::Busy => drop(headers.insert(RETRY_AFTER, HeaderValue::from_static("1"))),
            _ => {}
        }
        response
    }
}

/// All versions that the gateway speaks, newest first, as a JSON array.
pub(crate) fn supported_versions() -> String {
    let versions: Vec<String> = [rpc::MODERN]
        .iter()
        .chain(&rpc::LEGACY)
        .map(|version| quoted(version))
        .collect();
    format!("[{}]", versions.join(","))
}

fn echo(text: &str) -> String {
    match text.char_indices().nth(ECHO_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;
    use std::fmt::Write;

    #[tokio::test]
    async fn the_table_is_what_clients_see() {
        let mut table = String::new();
        for refusal in [
            Refusal::NoToken,
            Refusal::BadToken,
            Refusal::ForeignOrigin,
            Refusal::NoEndpoint,
            Refusal::MethodNotAllowed,
            Refusal::NotAcceptable,
            Refusal::MediaType,
            Refusal::BodyTooLarge(4),
            Refusal::BodyBroken,
            Refusal::Syntax,
            Refusal::Invalid("why".into()),
            Refusal::NoSession,
            Refusal::HeaderMismatch("why".into()),
            Refusal::MissingMeta("key"),
            Refusal::Version { requested: "1".into() },
            Refusal::UnknownHeaderVersion("1".into()),
            Refusal::UnknownMethod("x/y".into()),
            Refusal::UnknownTool("t\"".into()),
            Refusal::BadParams("why"),
            Refusal::TooManyCalls,
            Refusal::Busy,
            Refusal::Internal,
        ] {
            for era in [Era::Legacy, Era::Modern] {
                let response = refusal.response("7", era);
                let status = response.status().as_u16();
                let challenge = response.headers().get(WWW_AUTHENTICATE).cloned();
                let body = response.into_body().collect().await.unwrap().to_bytes();
                let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(body["id"], 7);
                assert_eq!(challenge.is_some(), status == 401);
                let error = &body["error"];
                let text = error["message"].as_str().unwrap();
                writeln!(table, "{era:?} {status} {} {text} {}", error["code"], error["data"]).unwrap();
            }
        }
        insta::assert_snapshot!(table);
    }

    #[tokio::test]
    async fn an_unknown_id_is_null_and_long_texts_are_not_repeated() {
        let response = Refusal::UnknownTool("ü".repeat(1000)).response("", Era::Legacy);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert!(body["id"].is_null());
        assert!(body["error"]["message"].as_str().unwrap().chars().count() < 160);
    }
}
