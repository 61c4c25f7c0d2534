//! What a template is called with: its arguments as JSON text with holes, filled for each call.
//!
//! A hole is filled with a slice of the caller's own text, so numbers keep their digits; and since what was filled in is
//! never looked at again, nobody's value can bring a placeholder along.

use super::{
    budget::Budget,
    placeholders::{Part, parts},
    schema::{self, Input},
};
use serde::{
    Deserializer,
    de::{DeserializeSeed, MapAccess, Visitor},
};
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};
use std::fmt;
use thiserror::Error;

/// The most text that a call's arguments become. A value can stand in many places.
const FILLED_MAX: usize = 4 << 20;
/// The longest name that is repeated to whoever sent it, in characters.
const ECHO_MAX: usize = 64;

/// A template's arguments, ready to be filled.
#[derive(Debug, Clone)]
pub struct Arguments {
    pieces: Vec<Piece>,
    inputs: Vec<Slot>,
    /// What the fixed pieces and the names take.
    text: usize,
}

#[derive(Debug, Clone)]
enum Piece {
    /// JSON text that stays.
    Fixed(Box<str>),
    /// All of an argument's value.
    Whole(usize),
    /// An argument's text within a longer one, without its quotes.
    Within(usize),
}

#[derive(Debug, Clone)]
struct Slot {
    name: Box<str>,
    /// Whether only a text will do.
    text: bool,
}

/// Why a call's arguments can't be filled in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ArgumentError {
    /// Not an object.
    #[error("the arguments are not an object")]
    NoObject,
    /// The tool has no such argument.
    #[error("it takes no argument '{0}'")]
    Unknown(String),
    /// All arguments are needed.
    #[error("the argument '{0}' is missing")]
    Missing(String),
    /// Two values for one argument.
    #[error("the argument '{0}' stands there twice")]
    Twice(String),
    /// Only a text fits.
    #[error("the argument '{0}' is not a string")]
    NoText(String),
    /// More than any upstream needs to take.
    #[error("the arguments are too large")]
    TooLarge,
}

impl Arguments {
    /// These arguments, for a template whose own have this JSON Schema.
    #[must_use]
    pub fn of(args: &Map<String, Value>, schema: Option<&Value>) -> Self {
        let inputs = schema::inputs(args, schema, &mut Budget::new(usize::MAX));
        Self::new(args, &inputs.unwrap_or_default())
    }

    pub(super) fn new(args: &Map<String, Value>, inputs: &[Input]) -> Self {
        let mut writer = Writer {
            inputs,
            pieces: Vec::new(),
            text: String::new(),
        };
        writer.object(args);
        writer.end_fixed();
        let fixed = |piece: &Piece| match piece {
            Piece::Fixed(text) => text.len(),
            Piece::Whole(_) | Piece::Within(_) => 0,
        };
        let names: usize = inputs.iter().map(|input| input.name.len()).sum();
        Self {
            text: writer.pieces.iter().map(fixed).sum::<usize>() + names,
            pieces: writer.pieces,
            inputs: inputs
                .iter()
                .map(|input| Slot {
                    name: input.name.as_str().into(),
                    text: input.text,
                })
                .collect(),
        }
    }

    /// The template's arguments for a call with these: an object, or nothing for none.
    ///
    /// # Errors
    /// What is wrong with them, in words for whoever calls.
    pub fn fill(&self, given: Option<&RawValue>) -> Result<String, ArgumentError> {
        let values = self.values(given)?;
        let length = self.pieces.iter().fold(0_usize, |length, piece| {
            length.saturating_add(match piece {
                Piece::Fixed(text) => text.len(),
                Piece::Whole(input) => values[*input].len(),
                Piece::Within(input) => unquoted(values[*input]).len(),
            })
        });
        if length > FILLED_MAX {
            return Err(ArgumentError::TooLarge);
        }
        let mut filled = String::with_capacity(length);
        for piece in &self.pieces {
            filled.push_str(match piece {
                Piece::Fixed(text) => text,
                Piece::Whole(input) => values[*input],
                Piece::Within(input) => unquoted(values[*input]),
            });
        }
        Ok(filled)
    }

    /// About how much memory they take.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.text + self.pieces.len() * size_of::<Piece>() + self.inputs.len() * size_of::<Slot>()
    }

    /// The values as they are written, in the order of the inputs.
    fn values<'a>(&self, given: Option<&'a RawValue>) -> Result<Vec<&'a str>, ArgumentError> {
        let mut found = Found {
            slots: &self.inputs,
            values: vec![None; self.inputs.len()],
            refused: None,
        };
        if let Some(given) = given.filter(|given| given.get() != "null") {
            let mut deserializer = serde_json::Deserializer::from_str(given.get());
            let read = (&mut found).deserialize(&mut deserializer);
            if let Some(refused) = found.refused {
                return Err(refused);
            }
            read.map_err(|_| ArgumentError::NoObject)?;
        }
        self.inputs
            .iter()
            .zip(found.values)
            .map(|(slot, value)| {
                let value = value.ok_or_else(|| ArgumentError::Missing(echo(&slot.name)))?;
                if slot.text && !value.starts_with('"') {
                    return Err(ArgumentError::NoText(echo(&slot.name)));
                }
                Ok(value)
            })
            .collect()
    }
}

/// A JSON string's inside, escapes and all.
fn unquoted(text: &str) -> &str {
    text.strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text)
}

fn echo(name: &str) -> String {
    match name.char_indices().nth(ECHO_MAX) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// A caller's arguments, as slices.
struct Found<'s, 'a> {
    slots: &'s [Slot],
    values: Vec<Option<&'a str>>,
    /// Why they were not read to the end, if it isn't their syntax.
    refused: Option<ArgumentError>,
}

impl<'a> DeserializeSeed<'a> for &mut Found<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for &mut Found<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value::<&'a RawValue>()?;
            let refused = match self.slots.iter().position(|slot| *slot.name == key) {
                None => ArgumentError::Unknown(echo(&key)),
                Some(slot) => match self.values[slot].replace(value.get()) {
                    None => continue,
                    Some(_) => ArgumentError::Twice(echo(&key)),
                },
            };
            self.refused = Some(refused);
            return Err(serde::de::Error::custom("refused"));
        }
        Ok(())
    }
}

/// Writes arguments as JSON text, with holes.
struct Writer<'i> {
    inputs: &'i [Input],
    pieces: Vec<Piece>,
    /// What stays, since the last hole.
    text: String,
}

impl Writer<'_> {
    fn end_fixed(&mut self) {
        if !self.text.is_empty() {
            self.pieces
                .push(Piece::Fixed(std::mem::take(&mut self.text).into_boxed_str()));
        }
    }

    fn hole(&mut self, name: &str, piece: fn(usize) -> Piece) {
        if let Some(input) = self.inputs.iter().position(|input| input.name == name) {
            self.end_fixed();
            self.pieces.push(piece(input));
        }
    }

    fn object(&mut self, object: &Map<String, Value>) {
        self.text.push('{');
        for (index, (key, value)) in object.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.text.push_str(&quoted(key));
            self.text.push(':');
            self.value(value);
        }
        self.text.push('}');
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Object(object) => self.object(object),
            Value::Array(items) => {
                self.text.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.text.push(',');
                    }
                    self.value(item);
                }
                self.text.push(']');
            }
            Value::String(text) => match *parts(text) {
                [Part::Placeholder(name)] => self.hole(name, Piece::Whole),
                ref parts => {
                    self.text.push('"');
                    for part in parts {
                        match part {
                            Part::Text(text) => self.text.push_str(unquoted(&quoted(text))),
                            Part::Placeholder(name) => self.hole(name, Piece::Within),
                        }
                    }
                    self.text.push('"');
                }
            },
            other => self.text.push_str(&other.to_string()),
        }
    }
}

fn quoted(text: &str) -> String {
    to_raw_value(text).map_or_else(|_| "\"\"".to_owned(), |raw| raw.get().to_owned())
}

#[cfg(test)]
mod tests;
