//! The words of MCP that both of its sides need: versions, the reserved `_meta` keys, Patchbay's own requests, and
//! just enough of an answer to tell a result from an error.

use super::error::CallError;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The stateless version, without `initialize`.
pub const MODERN: &str = "2026-07-28";
/// The versions with `initialize` and sessions, newest first.
pub const LEGACY: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// What every reserved key of `_meta` begins with.
pub const META_PREFIX: &str = "io.modelcontextprotocol/";
/// The version of a modern request.
pub const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// What the client of a modern request can do.
pub const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
/// Who the client of a modern request is.
pub const META_CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
/// Which log messages the client of a modern request wants.
pub const META_LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
/// Who the server of a modern result is.
pub const META_SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// Where a configuration travels that Patchbay's users gave for a connector. Only Patchbay may set it.
pub const META_SOURCE: &str = "dev.patchbay/source";

/// Patchbay as an `Implementation`, in JSON.
pub const IMPLEMENTATION: &str = concat!(
    "{\"name\":\"patchbay\",\"version\":\"",
    env!("CARGO_PKG_VERSION"),
    "\"}"
);

/// The members that a modern request's `_meta` must have, in JSON, without the braces: Patchbay is the client, and it
/// can do nothing on an upstream's behalf.
pub const MODERN_META_MEMBERS: &str = concat!(
    "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",",
    "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"patchbay\",\"version\":\"",
    env!("CARGO_PKG_VERSION"),
    "\"},\"io.modelcontextprotocol/clientCapabilities\":{}"
);

/// The codes that only a modern server answers with: header mismatch, missing capability, unknown version.
pub const MODERN_CODES: std::ops::RangeInclusive<i64> = -32022..=-32020;
/// A modern server's answer to a version that it doesn't speak.
pub const UNSUPPORTED_VERSION: i64 = -32022;
/// No such method.
pub const METHOD_NOT_FOUND: i64 = -32601;

/// The longest text of an upstream's error that is repeated.
const QUOTED_MAX: usize = 300;

/// An upstream's JSON-RPC message, as far as the control plane looks into it.
#[derive(Debug, Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow, default)]
    pub(super) result: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) error: Option<RpcError>,
    #[serde(borrow, default)]
    pub(super) id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) method: Option<&'a RawValue>,
}

/// An upstream's JSON-RPC error.
#[derive(Debug, Deserialize)]
pub(super) struct RpcError {
    #[serde(default)]
    pub(super) code: i64,
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    pub(super) data: Option<serde_json::Value>,
}

impl<'a> Answer<'a> {
    /// `None` for what is no JSON-RPC message.
    pub(super) fn parse(message: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(message).ok()
    }

    /// Whether this answers a request, rather than being one or a notification.
    pub(super) fn is_final(&self) -> bool {
        self.method.is_none() && (self.result.is_some() || self.error.is_some())
    }
}

impl From<RpcError> for CallError {
    fn from(error: RpcError) -> Self {
        let mut message: String = error
            .message
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(QUOTED_MAX)
            .collect();
        if message.len() < error.message.len() {
            message.push('…');
        }
        Self::Rpc {
            code: error.code,
            message,
        }
    }
}

pub(super) fn initialize() -> String {
    format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{{\"protocolVersion\":\"{}\",\
         \"capabilities\":{{}},\"clientInfo\":{IMPLEMENTATION}}}}}",
        LEGACY[0]
    )
}

pub(super) const INITIALIZED: &str = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";

pub(super) fn discover() -> String {
    format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"server/discover\",\"params\":{{\"_meta\":{{{MODERN_META_MEMBERS}}}}}}}"
    )
}

/// With the [`META_SOURCE`] to ask with, if there is one.
pub(super) fn list_tools(id: u64, cursor: Option<&str>, modern: bool, source: Option<&RawValue>) -> String {
    let mut params = Vec::new();
    if let Some(cursor) = cursor {
        params.push(format!("\"cursor\":{}", serde_json::Value::from(cursor)));
    }
    let mut meta = Vec::new();
    if modern {
        meta.push(MODERN_META_MEMBERS.to_owned());
    }
    if let Some(source) = source {
        meta.push(format!("\"{META_SOURCE}\":{source}"));
    }
    if !meta.is_empty() {
        params.push(format!("\"_meta\":{{{}}}", meta.join(",")));
    }
    format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/list\",\"params\":{{{}}}}}",
        params.join(",")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_messages_are_json() {
        for text in [
            initialize(),
            discover(),
            INITIALIZED.to_owned(),
            IMPLEMENTATION.to_owned(),
            list_tools(1, None, false, None),
            list_tools(2, Some("a\"b\n"), true, None),
        ] {
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
        }
        let list: serde_json::Value = serde_json::from_str(&list_tools(2, Some("a\"b\n"), true, None)).unwrap();
        assert_eq!(list["params"]["cursor"], "a\"b\n");
        assert_eq!(list["params"]["_meta"][META_VERSION], MODERN);
        assert!(list["params"]["_meta"][META_CAPABILITIES].is_object());
        for modern in [false, true] {
            let source = RawValue::from_string(r#"{"id":"s"}"#.into()).unwrap();
            let list: serde_json::Value = serde_json::from_str(&list_tools(3, None, modern, Some(&source))).unwrap();
            assert_eq!(list["params"]["_meta"][META_SOURCE]["id"], "s");
            assert_eq!(list["params"]["_meta"][META_VERSION].is_string(), modern);
        }
    }

    #[test]
    fn an_upstreams_words_are_cut_and_flattened() {
        let error = RpcError {
            code: -1,
            message: format!("a\nb{}", "ü".repeat(400)),
            data: None,
        };
        let CallError::Rpc { message, .. } = error.into() else {
            panic!("another error")
        };
        assert!(message.starts_with("a büü"));
        assert!(message.ends_with("ü…"));
        assert_eq!(message.chars().count(), QUOTED_MAX + 1);
    }
}
