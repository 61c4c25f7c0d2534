//! JSON Schemas that can't be derived: what a type is written as isn't what it holds.

use crate::ids::ConnectorRef;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

impl JsonSchema for ConnectorRef {
    fn schema_name() -> Cow<'static, str> {
        "ConnectorRef".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A connector's number, also written as a text, or its UUID.",
            "anyOf": [
                { "type": "integer", "format": "int64", "minimum": 0 },
                { "type": "string", "pattern": "^[0-9]+$" },
                { "type": "string", "format": "uuid" },
            ],
        })
    }
}
