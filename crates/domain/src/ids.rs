//! Identifiers. Each thing has a type of its own, so that one can't be passed for another.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// The text is not an identifier of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a valid id")
    }
}

impl std::error::Error for InvalidId {}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text).map(Self).map_err(|_| InvalidId)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    };
}

uuid_id! {
    /// A person with an account.
    UserId
}
uuid_id! {
    /// An entry of the catalogue.
    ConnectorId
}
uuid_id! {
    /// A virtual MCP server that a user made.
    ServerId
}
uuid_id! {
    /// A token that opens one MCP server's endpoint. Not the token itself.
    ServerTokenId
}
uuid_id! {
    /// A user's configured use of a connector.
    SourceId
}
uuid_id! {
    /// A token that programs sign in with, in a user's name. Not the token itself.
    ApiTokenId
}
uuid_id! {
    /// An invitation to make an account. Not its link.
    InvitationId
}
uuid_id! {
    /// A signed-in session's row. Not the cookie's value.
    SessionId
}

/// How a request names a catalogue connector: by its number (also written as a string) or by its UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectorRef {
    /// The short number that people read and type.
    Number(i64),
    /// The UUID that rows refer to.
    Id(ConnectorId),
}

impl fmt::Display for ConnectorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => fmt::Display::fmt(number, f),
            Self::Id(id) => fmt::Display::fmt(id, f),
        }
    }
}

impl FromStr for ConnectorRef {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            text.parse().map(Self::Number).map_err(|_| InvalidId)
        } else {
            text.parse().map(Self::Id)
        }
    }
}

impl Serialize for ConnectorRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::Id(id) => id.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ConnectorRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = ConnectorRef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a connector's number or UUID")
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<ConnectorRef, E> {
                Ok(ConnectorRef::Number(number))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<ConnectorRef, E> {
                i64::try_from(number).map(ConnectorRef::Number).map_err(E::custom)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ConnectorRef, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connector_is_named_by_number_string_or_uuid() {
        let uuid = Uuid::from_u128(7);
        for (json, expected) in [
            ("15", ConnectorRef::Number(15)),
            ("\"15\"", ConnectorRef::Number(15)),
            (
                "\"00000000-0000-0000-0000-000000000007\"",
                ConnectorRef::Id(uuid.into()),
            ),
        ] {
            assert_eq!(serde_json::from_str::<ConnectorRef>(json).unwrap(), expected);
        }
        for json in [
            "\"\"",
            "\"-1\"",
            "\"1 \"",
            "1.5",
            "null",
            "\"99999999999999999999\"",
            "true",
        ] {
            assert!(serde_json::from_str::<ConnectorRef>(json).is_err(), "{json} was taken");
        }
    }
}
