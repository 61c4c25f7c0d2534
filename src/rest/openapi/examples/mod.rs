//! What the types of the API look like, for people who read about it. Whatever is secret is only hinted at.
//!
//! Types that one file of the API has for itself have their examples there.

mod account;
mod catalogue;
mod servers;
mod sources;
mod watching;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use std::borrow::Cow;

/// A type that can show itself. A test sees to it that what it shows fits its schema.
pub(in crate::rest) trait Example: JsonSchema {
    /// What it looks like on the wire.
    fn example() -> Value;
}

/// When most things happened.
const THEN: &str = "2026-11-20T06:30:00Z";
/// And what came after.
const LATER: &str = "2026-11-20T09:15:42.318Z";
/// When things end.
const END: &str = "2027-02-01T00:00:00Z";

pub(in crate::rest) const CONNECTOR: &str = "5d1f3c28-0b6e-4a97-8c41-e2f5a6b7c8d9";
pub(in crate::rest) const SERVER: &str = "3b0c41a6-9c25-4d0e-8f3a-52a1c6f0d7e2";
pub(in crate::rest) const SOURCE: &str = "8a4e0d53-1f7b-4b6c-9d2e-6c1f0a3b5e77";
pub(in crate::rest) const USER: &str = "5f0e2a1c-7b3d-4c9e-a8f6-1d2b3c4e5f60";
pub(in crate::rest) const TOKEN: &str = "c2f9b7d4-60a1-4e8b-b5c3-7d9e1f2a4b68";
pub(in crate::rest) const SESSION: &str = "e7d6c5b4-a392-4180-9f7e-6d5c4b3a2918";
pub(in crate::rest) const INVITATION: &str = "19b8a7c6-d5e4-4f32-8a1b-0c9d8e7f6a5b";

/// An object with more in it.
pub(in crate::rest) fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}

/// The document that describes the API, as far as one of its own schemas needs to say.
pub(super) struct Description;

impl JsonSchema for Description {
    fn schema_name() -> Cow<'static, str> {
        "Description".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "See https://spec.openapis.org/oas/v3.1.1.html.",
            "required": ["openapi", "info", "paths"],
        })
    }
}

impl Example for Description {
    fn example() -> Value {
        let info = json!({ "title": "Patchbay", "version": env!("CARGO_PKG_VERSION") });
        json!({ "openapi": "3.1.1", "info": info, "paths": {} })
    }
}
