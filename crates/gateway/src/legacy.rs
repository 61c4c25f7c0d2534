//! The legacy era's door: `initialize`, with the version that both sides know, and what follows in its session.

use crate::{
    body::Body,
    envelope::Envelope,
    error::Refusal,
    headers::{PROTOCOL_VERSION, single},
    json,
    server::Server,
};
use bytes::Bytes;
use http::HeaderMap;
use patchbay_engine::upstream::rpc;

/// Checks the version header, which later requests of a session may carry.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(version) = single(headers, &PROTOCOL_VERSION).map_err(Refusal::Invalid)? else {
        return Ok(());
    };
    if rpc::LEGACY.iter().any(|known| version == known) {
        return Ok(());
    }
    Err(Refusal::UnknownHeaderVersion(
        String::from_utf8_lossy(version.as_bytes()).into_owned(),
    ))
}

/// The answer to `initialize`.
pub(crate) fn initialize(envelope: &Envelope<'_>, server: &Server) -> Result<Body, Refusal> {
    let wanted = envelope
        .params
        .protocol_version
        .and_then(json::string)
        .ok_or(Refusal::BadParams("'protocolVersion' is missing"))?;
    Ok(format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":{{\"protocolVersion\":\"{}\",\"capabilities\":{{\"tools\":{{}}}},\
         \"serverInfo\":{}}}}}",
        envelope.id,
        negotiate(&wanted),
        server.info
    )
    .into())
}

/// The client's version if it is one of ours, else our newest: then the client decides whether it can go on.
fn negotiate(wanted: &str) -> &'static str {
    rpc::LEGACY
        .into_iter()
        .find(|known| *known == wanted)
        .unwrap_or(rpc::LEGACY[0])
}

/// The answer to `ping`.
pub(crate) fn pong(id: &str) -> Body {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{}}}}").into()
}

/// The answer to `tools/list`.
pub(crate) fn tools(id: &str, server: &Server) -> Body {
    let head = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"tools\":");
    Body::Ready(Bytes::from(head), server.tools_tail.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::tests::{binding, pinned, server};
    use http_body_util::BodyExt;
    use patchbay_domain::connector::ConnectorMode;

    async fn json(body: Body) -> serde_json::Value {
        serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap()
    }

    #[tokio::test]
    async fn a_known_version_is_taken_and_any_other_gets_our_newest() {
        let server = server(vec![]);
        for (wanted, given) in [
            ("2024-11-05", "2024-11-05"),
            ("2025-03-26", "2025-03-26"),
            ("2025-06-18", "2025-06-18"),
            ("2025-11-25", "2025-11-25"),
            ("2026-07-28", "2025-11-25"),
            ("1999-01-01", "2025-11-25"),
            ("", "2025-11-25"),
        ] {
            let text = format!(
                r#"{{"jsonrpc":"2.0","id":"i","method":"initialize","params":{{"protocolVersion":"{wanted}","capabilities":{{}}}}}}"#
            );
            let answer = json(initialize(&Envelope::parse(text.as_bytes()).unwrap(), &server).unwrap()).await;
            assert_eq!(answer["id"], "i");
            assert_eq!(answer["result"]["protocolVersion"], given, "{wanted}");
            assert_eq!(answer["result"]["serverInfo"]["name"], "My \"server\"");
        }
        let text = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#;
        assert!(initialize(&Envelope::parse(text.as_bytes()).unwrap(), &server).is_err());
    }

    #[tokio::test]
    async fn a_list_is_the_definitions_and_nothing_else() {
        let offered = vec![pinned("a", "a", r#"{"name":"a"}"#)];
        let server = server(vec![(binding(ConnectorMode::Active), offered)]);
        let body = tools("7", &server).collect().await.unwrap().to_bytes();
        assert_eq!(body, r#"{"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"a"}]}}"#);
    }

    #[test]
    fn a_version_header_names_a_known_version() {
        let headers = |version: &str| {
            [(PROTOCOL_VERSION, version.parse().unwrap())]
                .into_iter()
                .collect::<HeaderMap>()
        };
        assert_eq!(check(&HeaderMap::new()), Ok(()));
        assert_eq!(check(&headers("2025-03-26")), Ok(()));
        assert!(matches!(
            check(&headers("2020-01-01")),
            Err(Refusal::UnknownHeaderVersion(_))
        ));
    }
}
