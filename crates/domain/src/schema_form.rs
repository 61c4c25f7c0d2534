//! Forms made from a JSON Schema: a connector's configuration, a tool's arguments.
//!
//! A form has flat text fields, because that is what a browser sends with and without scripts. [`SchemaForm::parse`]
//! says which fields there are and [`SchemaForm::to_object`] turns what was typed back into typed JSON. What a flat
//! field can't express (a nested object, a list) is typed as JSON. Whether the result fits the schema in every respect
//! is for a real validator to say, on the server.

mod edit;
mod layout;
mod read;
mod template;
mod write;

pub use edit::MASK;

/// The fields of one form, in the schema's order.
#[derive(Debug, Clone, PartialEq)]
pub struct SchemaForm {
    /// The fields.
    pub fields: Vec<SchemaField>,
}

/// One field of a form.
#[derive(Debug, Clone, PartialEq)]
pub struct SchemaField {
    /// The property's name in the schema.
    pub name: String,
    /// The name that the form sends: the property's, or a spelling of it that survives the trip.
    pub key: String,
    /// What people read.
    pub label: String,
    /// What it is for.
    pub help: Option<String>,
    /// An example.
    pub placeholder: Option<String>,
    /// Whether it has to be filled in.
    pub required: bool,
    /// What stands in it at first; `true` for a ticked checkbox.
    pub default: Option<String>,
    /// What can be typed.
    pub kind: FieldKind,
}

/// What can be typed into a field.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldKind {
    /// One line.
    Text,
    /// One line that nobody else should read.
    Password,
    /// Some lines.
    TextArea,
    /// A number with a fraction.
    Number(Bounds),
    /// A whole number.
    Integer(Bounds),
    /// Yes or no.
    Checkbox,
    /// One of some values.
    Select(Vec<Choice>),
    /// JSON: what can't be had flat.
    Json,
    /// That, or a `{placeholder}`.
    Open(Box<FieldKind>),
    /// That, or the [`MASK`] of a secret that is no text.
    Masked(Box<FieldKind>),
}

/// The smallest and the largest number, as the schema writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The smallest.
    pub min: Option<String>,
    /// The largest.
    pub max: Option<String>,
}

/// One of the values of a select.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// What the form sends, and the value's text.
    pub text: String,
    /// What people read.
    pub label: String,
    /// What it stands for.
    value: serde_json::Value,
}

impl SchemaForm {
    /// Whether a field hides what is typed: such values are not kept for a second try.
    #[must_use]
    pub fn is_secret(&self, key: &str) -> bool {
        let hides = |kind: &FieldKind| matches!(kind, FieldKind::Password | FieldKind::Masked(_));
        self.fields.iter().any(|field| field.key == key && hides(&field.kind))
    }
}

/// A property's name as a form sends it. Brackets mean nesting there and a leading digit a position in a list, so
/// names with anything unusual travel as hexadecimal.
fn key(name: &str) -> String {
    let plain = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if plain {
        name.to_owned()
    } else {
        name.bytes()
            .fold("x~".to_owned(), |key, byte| format!("{key}{byte:02x}"))
    }
}
