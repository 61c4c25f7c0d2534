//! A query's parameters, as a struct. One without a value is still one: a `bool` is true by being there, an `Option` is as good
//! as absent, and what isn't known is refused by its name, whatever it says.

use serde::{
    Deserializer,
    de::{DeserializeOwned, IntoDeserializer, Visitor, value},
    forward_to_deserialize_any,
};
use std::borrow::Cow;

type Error = serde_path_to_error::Error<value::Error>;

/// Reads a query.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    let pairs = url::form_urlencoded::parse(text.as_bytes()).map(|(name, value)| (name, Said(value)));
    serde_path_to_error::deserialize(value::MapDeserializer::new(pairs))
}

/// What stands behind a parameter's `=`, if anything does.
struct Said<'a>(Cow<'a, str>);

impl<'de> IntoDeserializer<'de> for Said<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident => $visit:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                // In the words of a misfit of JSON, which are made into a field's sentence.
                Err(_) => Err(serde::de::Error::custom(", expected a whole number")),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Said<'de> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_empty() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match &*self.0 {
            "" | "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(serde::de::Error::custom(", expected `true` or `false`")),
        }
    }

    parsed! {
        deserialize_u16 => visit_u16,
        deserialize_u32 => visit_u32,
        deserialize_u64 => visit_u64,
        deserialize_i64 => visit_i64,
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        #[serde(default)]
        dry_run: bool,
        limit: Option<u32>,
        q: Option<String>,
    }

    #[test]
    fn a_flag_is_true_by_being_there() {
        for (text, dry_run) in [
            ("", false),
            ("dry_run", true),
            ("dry_run=", true),
            ("&dry_run&", true),
            ("dry_run=true", true),
            ("dry_run=false", false),
        ] {
            assert_eq!(parse::<Asked>(text).unwrap().dry_run, dry_run, "{text}");
        }
        for text in [
            "dry_run=1",
            "dry_run=True",
            "dry_run&dry_run",
            "dryrun",
            "dryrun=",
            "=",
            "=x",
        ] {
            assert!(parse::<Asked>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_filter_without_a_value_says_nothing() {
        let asked = parse::<Asked>("limit=&q").unwrap();
        assert_eq!((asked.limit, asked.q), (None, None));
        let asked = parse::<Asked>("limit=7&q=a+b%26").unwrap();
        assert_eq!((asked.limit, asked.q.as_deref()), (Some(7), Some("a b&")));
    }
}
