//! Looking into JSON texts without taking them apart: members as slices of the text that they stand in, and edits of
//! that text. What isn't edited stays as it is, to the byte.

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, ops::Range};

/// Where `part`, a slice of `text`, stands in it.
pub(crate) fn position(text: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    debug_assert!(
        start <= text.len() && start + part.len() <= text.len(),
        "a part of another text"
    );
    start..start + part.len()
}

/// The text of a JSON string; `None` for any other value.
pub(crate) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str::<String>(raw.get()).ok().map(Cow::Owned)
}

/// Some text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The members of a JSON object, one after the other.
pub(crate) trait Members<'a> {
    /// Takes the next member. Its value is only looked into if this asks for it.
    fn member<A: MapAccess<'a>>(&mut self, key: &'a RawValue, map: &mut A) -> Result<(), A::Error>;
}

/// What a value turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Object,
    Array,
    Null,
    Scalar,
}

/// Reads a value into `members` if it is an object; tells what it was.
pub(crate) struct ObjectSeed<'m, M>(pub(crate) &'m mut M);

impl<'a, M: Members<'a>> DeserializeSeed<'a> for ObjectSeed<'_, M> {
    type Value = Shape;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Shape, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a, M: Members<'a>> Visitor<'a> for ObjectSeed<'_, M> {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Shape, A::Error> {
        while let Some(key) = map.next_key::<&'a RawValue>()? {
            self.0.member(key, &mut map)?;
        }
        Ok(Shape::Object)
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<Shape, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Shape::Array)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_unit<E: Error>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }
}

/// Reads `text`, a whole JSON value, into `members`; tells what it is.
pub(crate) fn object<'a, M: Members<'a>>(text: &'a str, members: &mut M) -> Result<Shape, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let shape = ObjectSeed(members).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(shape)
}

/// Takes a value that may stand only once.
pub(crate) fn once<'a, A: MapAccess<'a>>(
    slot: &mut Option<&'a RawValue>,
    name: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    if slot.replace(map.next_value()?).is_some() {
        return Err(twice(name));
    }
    Ok(())
}

/// The error for a member that stands twice: readers disagree on which one counts, so it is refused.
pub(crate) fn twice<E: Error>(name: &'static str) -> E {
    E::custom(format_args!("the member '{name}' stands there twice"))
}

/// All members of an object as slices.
#[derive(Default)]
pub(crate) struct AllMembers<'a>(pub(crate) Vec<(&'a RawValue, &'a RawValue)>);

impl<'a> Members<'a> for AllMembers<'a> {
    fn member<A: MapAccess<'a>>(&mut self, key: &'a RawValue, map: &mut A) -> Result<(), A::Error> {
        self.0.push((key, map.next_value()?));
        Ok(())
    }
}

/// Edits of a text that don't overlap.
#[derive(Default)]
pub(crate) struct Edits<'e>(Vec<(Range<usize>, Cow<'e, str>)>);

impl<'e> Edits<'e> {
    pub(crate) fn replace(&mut self, range: Range<usize>, with: impl Into<Cow<'e, str>>) {
        self.0.push((range, with.into()));
    }

    pub(crate) fn insert(&mut self, at: usize, text: impl Into<Cow<'e, str>>) {
        self.replace(at..at, text);
    }

    /// Edits an object within the text: takes members out and puts others in at its beginning.
    pub(crate) fn object(
        &mut self,
        text: &str,
        object: &RawValue,
        members: &AllMembers<'_>,
        mut remove: impl FnMut(&str) -> bool,
        add: &[Cow<'_, str>],
    ) {
        let start = |key: &RawValue| position(text, key.get()).start;
        let end = |value: &RawValue| position(text, value.get()).end;
        let mut kept = None;
        let mut any_kept = false;
        for (index, (key, value)) in members.0.iter().enumerate() {
            if !remove(string(key).as_deref().unwrap_or_default()) {
                kept = Some(end(value));
                any_kept = true;
                continue;
            }
            match members.0.get(index + 1) {
                Some((next, _)) => self.replace(start(key)..start(next), ""),
                // The last one takes the comma before it along, which the last one that stays has no use for.
                None => self.replace(kept.unwrap_or_else(|| start(key))..end(value), ""),
            }
        }
        if !add.is_empty() {
            let comma = if any_kept { "," } else { "" };
            self.insert(
                position(text, object.get()).start + 1,
                format!("{}{comma}", add.join(",")),
            );
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The edited text.
    pub(crate) fn apply(mut self, text: &str) -> Vec<u8> {
        self.0.sort_by_key(|(range, _)| range.start);
        let added: usize = self.0.iter().map(|(_, with)| with.len()).sum();
        let mut edited = Vec::with_capacity(text.len() + added);
        let mut done = 0;
        for (range, with) in &self.0 {
            // Of members removed side by side, the last one's range reaches back over the others'.
            let start = range.start.max(done);
            edited.extend_from_slice(&text.as_bytes()[done..start]);
            edited.extend_from_slice(with.as_bytes());
            done = range.end.max(start);
        }
        edited.extend_from_slice(&text.as_bytes()[done..]);
        edited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str, remove: &[&str], add: &[&str]) -> String {
        let mut all = AllMembers::default();
        assert_eq!(object(text, &mut all).unwrap(), Shape::Object);
        let mut edits = Edits::default();
        let add: Vec<Cow<'_, str>> = add.iter().map(|&member| member.into()).collect();
        let raw: &RawValue = serde_json::from_str(text).unwrap();
        edits.object(text, raw, &all, |key| remove.contains(&key), &add);
        String::from_utf8(edits.apply(text)).unwrap()
    }

    #[test]
    fn what_is_not_edited_stays_to_the_byte() {
        for (text, remove, add, expected) in [
            (r#"{"a":1,"b":2,"c":3}"#, &["a"][..], &[][..], r#"{"b":2,"c":3}"#),
            (r#"{"a":1,"b":2,"c":3}"#, &["b"], &[], r#"{"a":1,"c":3}"#),
            (r#"{"a":1,"b":2,"c":3}"#, &["c"], &[], r#"{"a":1,"b":2}"#),
            (r#"{"a":1,"b":2,"c":3}"#, &["b", "c"], &["\"x\":0"], r#"{"x":0,"a":1}"#),
            (r#"{"a":1}"#, &["a"], &["\"x\":0", "\"y\":0"], r#"{"x":0,"y":0}"#),
            ("{}", &[], &["\"x\":0"], r#"{"x":0}"#),
            (r#"{ "a" : 1e400 , "b" : 2 }"#, &["b"], &[], r#"{ "a" : 1e400 }"#),
            (r#"{ "a" : 1 , "b" : 2.50 }"#, &["a"], &[], r#"{ "b" : 2.50 }"#),
        ] {
            assert_eq!(edited(text, remove, add), expected, "{text} without {remove:?}");
        }
    }

    #[test]
    fn whatever_is_removed_and_added_the_rest_stays() {
        let names = ["a", "b", "c", "d"];
        for text in [
            r#"{"a":1,"b":[{}],"c":"x,","d":{"a":1}}"#,
            "{\n\"a\": 1 ,\n\"b\" : 2\n,\"c\":3,\t\"d\":4 }",
        ] {
            for choice in 0..32_u32 {
                let remove: Vec<&str> = names
                    .iter()
                    .enumerate()
                    .filter(|(bit, _)| choice & (1 << bit) != 0)
                    .map(|(_, name)| *name)
                    .collect();
                let add: &[&str] = if choice & 16 == 0 { &[] } else { &["\"new\":[0]"] };
                let mut expected: serde_json::Value = serde_json::from_str(text).unwrap();
                let members = expected.as_object_mut().unwrap();
                members.retain(|name, _| !remove.contains(&name.as_str()));
                if !add.is_empty() {
                    members.insert("new".into(), serde_json::json!([0]));
                }
                let edited = edited(text, &remove, add);
                assert_eq!(
                    serde_json::from_str::<serde_json::Value>(&edited).unwrap(),
                    expected,
                    "{edited}"
                );
            }
        }
    }

    #[test]
    fn a_value_that_is_no_object_is_told_apart() {
        for (text, shape) in [
            ("[1,{}]", Shape::Array),
            ("1", Shape::Scalar),
            ("-1", Shape::Scalar),
            ("1.5", Shape::Scalar),
            ("\"x\"", Shape::Scalar),
            ("true", Shape::Scalar),
            ("null", Shape::Null),
        ] {
            assert_eq!(object(text, &mut AllMembers::default()).unwrap(), shape, "{text}");
        }
        assert!(object("{} x", &mut AllMembers::default()).is_err());
    }

    #[test]
    fn strings_are_read_escaped_or_not() {
        let read = |text: &str| string(serde_json::from_str::<&RawValue>(text).unwrap()).map(Cow::into_owned);
        assert_eq!(read("\"plain\"").as_deref(), Some("plain"));
        assert_eq!(read(r#""n\u0061me""#).as_deref(), Some("name"));
        assert_eq!(read("1"), None);
    }
}
