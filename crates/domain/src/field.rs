//! What is wrong with the fields of a request: codes on the wire, and the words that people read for each.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// Why one field was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum FieldError {
    /// Nothing was given where something is needed.
    Required,
    /// Longer than `max` characters.
    TooLong { max: u32 },
    /// Shorter than `min` characters.
    TooShort { min: u32 },
    /// Holds characters that can't be shown or stored, such as control characters.
    BadCharacters,
    /// Not of the form that the field takes. `expected` names the form, as in "an email address".
    Malformed { expected: String },
    /// Somebody else has this already.
    Taken,
    /// Breaks a rule that the thing itself states (a connector's JSON Schema, say). `reason` is safe to show.
    Refused { reason: String },
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required => f.write_str("This is needed."),
            Self::TooLong { max } => write!(f, "At most {max} characters."),
            Self::TooShort { min } => write!(f, "At least {min} characters."),
            Self::BadCharacters => f.write_str("Control characters can't be used here."),
            Self::Malformed { expected } => write!(f, "This is not {expected}."),
            Self::Taken => f.write_str("This is taken already."),
            Self::Refused { reason } => f.write_str(reason),
        }
    }
}

/// The refused fields of one request, by name. A nested field is named by its path: `configuration.notebook`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldErrors(pub BTreeMap<String, FieldError>);

impl FieldErrors {
    /// One refused field.
    #[must_use]
    pub fn one(field: &str, error: FieldError) -> Self {
        Self(BTreeMap::from([(field.to_owned(), error)]))
    }

    /// Adds a field; the first error of a field is the one that stays.
    pub fn add(&mut self, field: &str, error: FieldError) {
        self.0.entry(field.to_owned()).or_insert(error);
    }

    /// Keeps the value, or notes the error and gives nothing: so that a person hears of all fields at once.
    pub fn check<T>(&mut self, field: &str, result: Result<T, FieldError>) -> Option<T> {
        result.map_err(|error| self.add(field, error)).ok()
    }

    /// The error of a field, if it has one.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&FieldError> {
        self.0.get(field)
    }

    /// Whether no field was refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (field, error)) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{field}: {error}")?;
        }
        Ok(())
    }
}

/// Text of 1 to `max` characters without control characters, trimmed at both ends.
pub(crate) fn line(text: &str, max: u32) -> Result<String, FieldError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(FieldError::Required);
    }
    if text.chars().any(char::is_control) {
        return Err(FieldError::BadCharacters);
    }
    within(text, max)?;
    Ok(text.to_owned())
}

/// Text of 1 to `max` characters that may have several lines, trimmed at both ends.
pub(crate) fn lines(text: &str, max: u32) -> Result<String, FieldError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(FieldError::Required);
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(FieldError::BadCharacters);
    }
    within(text, max)?;
    Ok(text.to_owned())
}

fn within(text: &str, max: u32) -> Result<(), FieldError> {
    if text.chars().count() > max as usize {
        Err(FieldError::TooLong { max })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_bounded_in_characters_not_bytes() {
        assert_eq!(line("  é  ", 1), Ok("é".to_owned()));
        assert_eq!(line("éé", 1), Err(FieldError::TooLong { max: 1 }));
        assert_eq!(line(" \t ", 9), Err(FieldError::Required));
        assert_eq!(line("a\u{0}b", 9), Err(FieldError::BadCharacters));
        assert_eq!(line("a\nb", 9), Err(FieldError::BadCharacters));
        assert_eq!(lines("a\nb", 9), Ok("a\nb".to_owned()));
    }

    #[test]
    fn the_first_error_of_a_field_stays() {
        let mut errors = FieldErrors::default();
        errors.add("name", FieldError::Required);
        errors.add("name", FieldError::Taken);
        assert_eq!(errors.get("name"), Some(&FieldError::Required));
        assert_eq!(
            serde_json::to_string(&errors).unwrap(),
            r#"{"name":{"code":"required"}}"#
        );
    }
}
