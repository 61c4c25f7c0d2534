//! `_meta` of a client's request: what it says of the era, and what the gateway replaces in it.

use crate::{
    error::Refusal,
    json::{self, Members, Shape, once},
};
use patchbay_engine::upstream::rpc;
use serde::de::MapAccess;
use serde_json::value::RawValue;

/// Where a binding's configuration travels. Only Patchbay may set it.
pub(crate) const SOURCE: &str = rpc::META_SOURCE;

/// The members of `_meta` that the gateway looks at.
#[derive(Debug, Default)]
pub(crate) struct Meta<'a> {
    pub(crate) version: Option<&'a RawValue>,
    pub(crate) capabilities: Option<&'a RawValue>,
    pub(crate) progress_token: Option<&'a RawValue>,
    client_info: Option<&'a RawValue>,
    log_level: Option<&'a RawValue>,
    /// Whether the client tries to set [`SOURCE`].
    pub(crate) has_source: bool,
}

impl<'a> Meta<'a> {
    /// Reads it, if there is one.
    pub(crate) fn parse(raw: Option<&'a RawValue>) -> Result<Self, Refusal> {
        let mut meta = Self::default();
        if let Some(raw) = raw {
            let shape = json::object(raw.get(), &mut meta).map_err(|error| Refusal::Invalid(error.to_string()))?;
            if shape != Shape::Object {
                return Err(Refusal::BadParams("'_meta' is not an object"));
            }
        }
        Ok(meta)
    }

    /// Whether it holds what only the modern era knows.
    pub(crate) fn has_modern(&self) -> bool {
        self.version.is_some() || self.capabilities.is_some() || self.client_info.is_some() || self.log_level.is_some()
    }
}

impl<'a> Members<'a> for Meta<'a> {
    fn member<A: MapAccess<'a>>(&mut self, key: &'a RawValue, map: &mut A) -> Result<(), A::Error> {
        match json::string(key).as_deref() {
            Some("progressToken") => once(&mut self.progress_token, "progressToken", map),
            Some(rpc::META_VERSION) => once(&mut self.version, rpc::META_VERSION, map),
            Some(rpc::META_CAPABILITIES) => once(&mut self.capabilities, rpc::META_CAPABILITIES, map),
            Some(rpc::META_CLIENT_INFO) => once(&mut self.client_info, rpc::META_CLIENT_INFO, map),
            Some(rpc::META_LOG_LEVEL) => once(&mut self.log_level, rpc::META_LOG_LEVEL, map),
            other => {
                self.has_source |= other == Some(SOURCE);
                map.next_value::<&RawValue>().map(|_| ())
            }
        }
    }
}

/// Whether only the modern era knows this key of a request's `_meta`.
pub(crate) fn is_modern(key: &str) -> bool {
    matches!(
        key,
        rpc::META_VERSION | rpc::META_CAPABILITIES | rpc::META_CLIENT_INFO | rpc::META_LOG_LEVEL
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_decides_may_stand_only_once() {
        for text in [
            r#"{"progressToken":1,"progressToken":2}"#,
            r#"{"io.modelcontextprotocol/protocolVersion":"a","io.modelcontextprotocol\/protocolVersion":"b"}"#,
        ] {
            assert!(
                matches!(Meta::parse(serde_json::from_str(text).ok()), Err(Refusal::Invalid(_))),
                "{text}"
            );
        }
        assert!(matches!(
            Meta::parse(serde_json::from_str("[]").ok()),
            Err(Refusal::BadParams(_))
        ));
    }

    #[test]
    fn a_source_is_seen_however_it_is_written() {
        for text in [r#"{"dev.patchbay/source":{}}"#, r#"{"dev.patchbay\/sourc\u0065":{}}"#] {
            assert!(
                Meta::parse(serde_json::from_str(text).ok()).unwrap().has_source,
                "{text}"
            );
        }
    }
}
