//! The modern era's door: stateless requests that say who asks, in headers that agree with the body.

use crate::{
    body::Body,
    envelope::Envelope,
    error::{Refusal, supported_versions},
    headers::{self, METHOD, NAME, PROTOCOL_VERSION, ParamHeader, decode, single},
    json,
    meta::Meta,
    server::Server,
};
use bytes::Bytes;
use http::HeaderMap;
use patchbay_engine::upstream::rpc;
use serde_json::Value;

/// How long clients may take what they read for fresh, in milliseconds: as long as a change may take to be noticed.
const TTL_MS: u32 = 60_000;

/// Checks what every modern request must say, in the order in which clients are told what they got wrong.
pub(crate) fn check(headers: &HeaderMap, envelope: &Envelope<'_>, meta: &Meta<'_>) -> Result<(), Refusal> {
    let version = meta
        .version
        .and_then(json::string)
        .ok_or(Refusal::MissingMeta(rpc::META_VERSION))?;
    let header = single(headers, &PROTOCOL_VERSION).map_err(Refusal::HeaderMismatch)?;
    match header {
        None => {
            return Err(Refusal::HeaderMismatch(
                "the MCP-Protocol-Version header is missing".into(),
            ));
        }
        Some(header) if header.as_bytes() != version.as_bytes() => {
            return Err(Refusal::HeaderMismatch(
                "MCP-Protocol-Version differs from the version in '_meta'".into(),
            ));
        }
        Some(_) => {}
    }
    if version != rpc::MODERN {
        return Err(Refusal::Version {
            requested: version.into_owned(),
        });
    }
    if !meta
        .capabilities
        .is_some_and(|capabilities| capabilities.get().starts_with('{'))
    {
        return Err(Refusal::MissingMeta(rpc::META_CAPABILITIES));
    }
    match single(headers, &METHOD).map_err(Refusal::HeaderMismatch)? {
        None => Err(Refusal::HeaderMismatch("the Mcp-Method header is missing".into())),
        Some(method) if method.as_bytes() != envelope.method.as_bytes() => {
            Err(Refusal::HeaderMismatch("Mcp-Method differs from the method".into()))
        }
        Some(_) => Ok(()),
    }
}

/// Checks the header that repeats what is called.
pub(crate) fn check_name(headers: &HeaderMap, name: &str) -> Result<(), Refusal> {
    match single(headers, &NAME).map_err(Refusal::HeaderMismatch)? {
        None => Err(Refusal::HeaderMismatch("the Mcp-Name header is missing".into())),
        Some(header) if decode(header).as_deref() == Some(name) => Ok(()),
        Some(_) => Err(Refusal::HeaderMismatch("Mcp-Name differs from the name".into())),
    }
}

/// Checks the headers that repeat arguments.
pub(crate) fn check_params(headers: &HeaderMap, params: &[ParamHeader], arguments: &Value) -> Result<(), Refusal> {
    params
        .iter()
        .try_for_each(|param| param.check(headers, arguments))
        .map_err(Refusal::HeaderMismatch)
}

/// Whether a message without a version in its `_meta` claims to be modern nevertheless.
pub(crate) fn claims(headers: &HeaderMap, envelope: &Envelope<'_>) -> bool {
    envelope.method == "server/discover"
        || headers
            .get(&headers::PROTOCOL_VERSION)
            .is_some_and(|version| version == rpc::MODERN)
}

/// The answer to `server/discover`.
pub(crate) fn discover(id: &str, server: &Server) -> Body {
    format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{{},\"supportedVersions\":{},\
         \"capabilities\":{{\"tools\":{{}}}}}}}}",
        complete(server),
        supported_versions()
    )
    .into()
}

/// The answer to `tools/list`: what changes in front, what all answers share behind.
pub(crate) fn tools(id: &str, server: &Server) -> Body {
    let head = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{{},\"tools\":",
        complete(server)
    );
    Body::Ready(Bytes::from(head), server.tools_tail.clone())
}

/// The members of every result of ours that may be cached, by its client only.
fn complete(server: &Server) -> String {
    format!(
        "\"resultType\":\"complete\",\"ttlMs\":{TTL_MS},\"cacheScope\":\"private\",\"_meta\":{{\"{}\":{}}}",
        rpc::META_SERVER_INFO,
        server.info
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::tests::{binding, pinned, server};
    use http_body_util::BodyExt;
    use patchbay_domain::connector::ConnectorMode;

    const META: &str =
        r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

    fn checked(headers: &[(&'static str, &'static str)], meta: &str) -> Result<(), Refusal> {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"_meta":{meta}}}}}"#);
        let envelope = Envelope::parse(body.as_bytes()).unwrap();
        let meta = Meta::parse(envelope.params.meta).unwrap();
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        check(&headers, &envelope, &meta)
    }

    #[test]
    fn headers_and_body_must_agree() {
        let version = ("mcp-protocol-version", "2026-07-28");
        let method = ("mcp-method", "tools/list");
        assert_eq!(checked(&[version, method], META), Ok(()));
        for (headers, meta, code) in [
            (&[method][..], META, "HeaderMismatch"),
            (
                &[("mcp-protocol-version", "2025-11-25"), method],
                META,
                "HeaderMismatch",
            ),
            (&[version, version, method], META, "HeaderMismatch"),
            (&[version], META, "HeaderMismatch"),
            (&[version, ("mcp-method", "tools/call")], META, "HeaderMismatch"),
            (&[version, method, method], META, "HeaderMismatch"),
            (&[version, method], "{}", "MissingMeta"),
            (
                &[version, method],
                r#"{"io.modelcontextprotocol/protocolVersion":7}"#,
                "MissingMeta",
            ),
            (
                &[version, method],
                r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#,
                "MissingMeta",
            ),
            (
                &[("mcp-protocol-version", "2031-01-01")],
                r#"{"io.modelcontextprotocol/protocolVersion":"2031-01-01"}"#,
                "Version",
            ),
        ] {
            let refusal = checked(headers, meta).unwrap_err();
            assert!(
                format!("{refusal:?}").starts_with(code),
                "{headers:?} {meta}: {refusal:?}"
            );
        }
    }

    #[test]
    fn a_name_in_a_header_may_be_encoded() {
        let headers = |value: &str| [(NAME, value.parse().unwrap())].into_iter().collect::<HeaderMap>();
        assert_eq!(check_name(&headers("add"), "add"), Ok(()));
        assert_eq!(check_name(&headers("=?base64?w6R0?="), "ät"), Ok(()));
        for bad in ["sub", "=?base64?!?="] {
            assert!(
                matches!(check_name(&headers(bad), "add"), Err(Refusal::HeaderMismatch(_))),
                "{bad}"
            );
        }
        assert!(matches!(
            check_name(&HeaderMap::new(), "add"),
            Err(Refusal::HeaderMismatch(_))
        ));
    }

    #[tokio::test]
    async fn lists_are_complete_private_and_say_who_answers() {
        let offered = vec![pinned("a", "a", r#"{"name":"a"}"#)];
        let server = server(vec![(binding(ConnectorMode::Active), offered)]);
        for body in [tools("\"x\"", &server), discover("\"x\"", &server)] {
            let text = body.collect().await.unwrap().to_bytes();
            let message: serde_json::Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(message["id"], "x");
            assert_eq!(message["result"]["resultType"], "complete");
            assert_eq!(message["result"]["cacheScope"], "private");
            assert!(message["result"]["ttlMs"].is_u64());
            assert_eq!(message["result"]["_meta"][rpc::META_SERVER_INFO]["version"], "1.2.0");
        }
    }
}
