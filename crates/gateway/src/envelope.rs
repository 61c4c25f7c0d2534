//! A client's JSON-RPC message, borrowed: what the gateway decides on is a slice of the body, the rest is only
//! checked to be JSON. One pass over the text; nothing is copied or converted.

use crate::json::{self, Members, ObjectSeed, Shape, once, twice};
use serde::de::{Error, MapAccess};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Why a body is no message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// Not JSON.
    Syntax,
    /// JSON, but no JSON-RPC 2.0 message; why, for the client.
    Invalid(String),
}

/// What kind of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It wants an answer.
    Request,
    /// It wants none.
    Notification,
    /// It answers a request of the server's.
    Response,
}

/// A message.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    /// The whole text.
    pub(crate) text: &'a str,
    /// What kind of message it is.
    pub(crate) kind: Kind,
    /// The `id` as it stands there, a string or a number; empty for a notification.
    pub(crate) id: &'a str,
    /// The method; empty for a response.
    pub(crate) method: Cow<'a, str>,
    /// What is known of `params`.
    pub(crate) params: Params<'a>,
}

/// The members of `params` that the gateway looks at.
#[derive(Debug, Default)]
pub(crate) struct Params<'a> {
    /// The first member's key, to know where the object is.
    pub(crate) first_key: Option<&'a RawValue>,
    /// `name`, of what is called.
    pub(crate) name: Option<&'a RawValue>,
    /// `arguments` of the call.
    pub(crate) arguments: Option<&'a RawValue>,
    /// `cursor` of a list.
    pub(crate) cursor: Option<&'a RawValue>,
    /// `protocolVersion` of a handshake.
    pub(crate) protocol_version: Option<&'a RawValue>,
    /// `requestState` of a call's next round.
    pub(crate) request_state: Option<&'a RawValue>,
    /// `_meta`.
    pub(crate) meta: Option<&'a RawValue>,
}

impl<'a> Members<'a> for Params<'a> {
    fn member<A: MapAccess<'a>>(&mut self, key: &'a RawValue, map: &mut A) -> Result<(), A::Error> {
        self.first_key.get_or_insert(key);
        match json::string(key).as_deref() {
            Some("name") => once(&mut self.name, "params.name", map),
            Some("arguments") => once(&mut self.arguments, "params.arguments", map),
            Some("cursor") => once(&mut self.cursor, "params.cursor", map),
            Some("protocolVersion") => once(&mut self.protocol_version, "params.protocolVersion", map),
            Some("requestState") => once(&mut self.request_state, "params.requestState", map),
            Some("_meta") => once(&mut self.meta, "params._meta", map),
            _ => map.next_value::<&RawValue>().map(|_| ()),
        }
    }
}

#[derive(Default)]
struct Parts<'a> {
    jsonrpc: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    method: Option<&'a RawValue>,
    result: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
    params: Option<Params<'a>>,
}

impl<'a> Members<'a> for Parts<'a> {
    fn member<A: MapAccess<'a>>(&mut self, key: &'a RawValue, map: &mut A) -> Result<(), A::Error> {
        match json::string(key).as_deref() {
            Some("jsonrpc") => once(&mut self.jsonrpc, "jsonrpc", map),
            Some("id") => once(&mut self.id, "id", map),
            Some("method") => once(&mut self.method, "method", map),
            Some("result") => once(&mut self.result, "result", map),
            Some("error") => once(&mut self.error, "error", map),
            Some("params") => {
                let mut params = Params::default();
                // Some clients write `null` for no parameters.
                if !matches!(
                    map.next_value_seed(ObjectSeed(&mut params))?,
                    Shape::Object | Shape::Null
                ) {
                    return Err(A::Error::custom("'params' is not an object"));
                }
                if self.params.replace(params).is_some() {
                    return Err(twice("params"));
                }
                Ok(())
            }
            _ => map.next_value::<&RawValue>().map(|_| ()),
        }
    }
}

impl<'a> Envelope<'a> {
    /// Reads a body: one JSON-RPC 2.0 message. Batches are none.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(body).map_err(|_| Malformed::Syntax)?;
        let mut parts = Parts::default();
        let shape = json::object(text, &mut parts).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => Malformed::Invalid(error.to_string()),
            _ => Malformed::Syntax,
        })?;
        let invalid = |why: &str| Err(Malformed::Invalid(why.to_owned()));
        match shape {
            Shape::Object => {}
            Shape::Array => return invalid("batches are not supported"),
            Shape::Null | Shape::Scalar => return invalid("a message is an object"),
        }
        if parts.jsonrpc.is_none_or(|version| version.get() != "\"2.0\"") {
            return invalid("'jsonrpc' is not \"2.0\"");
        }
        let id = parts.id.map_or("", RawValue::get);
        if parts.id.is_some() && !id.starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
            return invalid("'id' is neither a string nor a number");
        }
        let answers = parts.result.is_some() || parts.error.is_some();
        let (kind, method) = match (parts.method, answers) {
            (Some(_), true) => return invalid("both 'method' and an answer"),
            (None, false) => return invalid("'method' is missing"),
            (None, true) if id.is_empty() => return invalid("'id' is missing"),
            (None, true) => (Kind::Response, Cow::Borrowed("")),
            (Some(method), false) => {
                let Some(method) = json::string(method) else {
                    return invalid("'method' is not a string");
                };
                (
                    if id.is_empty() {
                        Kind::Notification
                    } else {
                        Kind::Request
                    },
                    method,
                )
            }
        };
        Ok(Self {
            text,
            kind,
            id,
            method,
            params: parts.params.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Envelope<'_>, Malformed> {
        Envelope::parse(text.as_bytes())
    }

    #[test]
    fn a_request_is_borrowed_from_its_text() {
        let text = r#"{"jsonrpc":"2.0","id":"a\"b","method":"tools/call","params":{"x":[1e400],"name":"add","arguments":{"a":1},"_meta":{"k":null}},"more":{}}"#;
        let envelope = parse(text).unwrap();
        assert_eq!(envelope.kind, Kind::Request);
        assert_eq!(envelope.id, r#""a\"b""#);
        assert_eq!(envelope.method, "tools/call");
        assert_eq!(envelope.params.first_key.unwrap().get(), "\"x\"");
        assert_eq!(envelope.params.name.unwrap().get(), "\"add\"");
        assert_eq!(envelope.params.arguments.unwrap().get(), r#"{"a":1}"#);
        assert_eq!(envelope.params.meta.unwrap().get(), r#"{"k":null}"#);
        assert!(text.as_bytes().as_ptr_range().contains(&envelope.id.as_ptr()));
    }

    #[test]
    fn ids_stay_as_they_are_written() {
        for id in [
            "0",
            "-7",
            "1.50",
            "1e3",
            "123456789012345678901234567890",
            "\"\"",
            "\"\\u0061\"",
            "\"7\"",
        ] {
            let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
            assert_eq!(parse(&text).unwrap().id, id);
        }
    }

    #[test]
    fn messages_are_told_apart() {
        for (text, kind) in [
            (r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, Kind::Request),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":null}"#,
                Kind::Request,
            ),
            (
                r#" { "method" : "ping" , "jsonrpc" : "2.0" , "id" : 1 } "#,
                Kind::Request,
            ),
            (
                r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
                Kind::Notification,
            ),
            (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, Kind::Response),
            (
                r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}"#,
                Kind::Response,
            ),
        ] {
            assert_eq!(parse(text).unwrap().kind, kind, "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_a_syntax_error() {
        for text in [
            "",
            "{",
            "{}x",
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"}{}"#,
            "{'a':1}",
            "{\"a\":\"\u{1}\"}",
            "nul",
        ] {
            assert_eq!(parse(text).unwrap_err(), Malformed::Syntax, "{text}");
        }
        assert_eq!(Envelope::parse(b"{\"a\":\"\xff\"}").unwrap_err(), Malformed::Syntax);
    }

    #[test]
    fn json_that_is_no_message_is_invalid_and_says_why() {
        for (text, why) in [
            ("[]", "batches"),
            (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, "batches"),
            ("1", "object"),
            ("null", "object"),
            ("{}", "jsonrpc"),
            (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, "jsonrpc"),
            (r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, "jsonrpc"),
            (r#"{"jsonrpc":"2.0","id":1}"#, "method"),
            (r#"{"jsonrpc":"2.0","id":1,"method":1}"#, "method"),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, "id"),
            (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, "id"),
            (r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, "id"),
            (r#"{"jsonrpc":"2.0","result":{}}"#, "id"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"a","result":{}}"#, "both"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"a","params":[]}"#, "params"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"a","params":"x"}"#, "params"),
            (
                r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"a"}"#,
                "'id' stands there twice",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"i\u0064":2,"method":"a"}"#,
                "'id' stands there twice",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}"#,
                "'method' stands there twice",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"a","params":{},"params":{}}"#,
                "'params' stands there twice",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"name":"a","name":"b"}}"#,
                "'params.name' stands",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{},"_met\u0061":{}}}"#,
                "'params._meta' stands",
            ),
        ] {
            match parse(text) {
                Err(Malformed::Invalid(reason)) => assert!(reason.contains(why), "{text}: {reason}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn deep_nesting_does_not_overflow_the_stack() {
        let deep = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"a","params":{{"x":{}{}}}}}"#,
            "[".repeat(200_000),
            "]".repeat(200_000)
        );
        assert!(parse(&deep).is_ok());
    }
}
