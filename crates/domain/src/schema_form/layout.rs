//! What a `ui_schema` says about a form: the order of its fields, how they look, other words for them.

use super::{FieldKind, SchemaField, SchemaForm};
use serde_json::Value;

impl SchemaForm {
    /// As [`SchemaForm::parse`], laid out as the `ui_schema` beside the schema says. What isn't known here changes nothing.
    #[must_use]
    pub fn parse_with(schema: &Value, ui_schema: Option<&Value>) -> Self {
        let mut form = Self::parse(schema);
        if let Some(ui) = ui_schema {
            for field in &mut form.fields {
                let ui = ui.get(&field.name).unwrap_or(&Value::Null);
                lay_out(field, ui);
            }
            form.fields = in_order(form.fields, ui);
        }
        form
    }
}

/// A word about a field: beside it, or among its options.
fn word<'a>(ui: &'a Value, name: &str) -> Option<&'a str> {
    let beside = ui.get(format!("ui:{name}"));
    beside.or_else(|| ui.get("ui:options")?.get(name))?.as_str()
}

fn lay_out(field: &mut SchemaField, ui: &Value) {
    // A widget can't make a text of what is none.
    if matches!(field.kind, FieldKind::Text | FieldKind::TextArea | FieldKind::Password) {
        match word(ui, "widget") {
            Some("textarea") if field.kind == FieldKind::Text => field.kind = FieldKind::TextArea,
            Some("text") if field.kind == FieldKind::TextArea => field.kind = FieldKind::Text,
            Some("password") => field.kind = FieldKind::Password,
            _ => {}
        }
    }
    if let Some(title) = word(ui, "title") {
        title.clone_into(&mut field.label);
    }
    if let Some(placeholder) = word(ui, "placeholder") {
        field.placeholder = Some(placeholder.to_owned());
    }
    if let Some(help) = word(ui, "help").or_else(|| word(ui, "description")) {
        field.help = Some(help.to_owned());
    }
}

/// Those that the order names, by it; the others stand where it has a `*`, or at the end.
fn in_order(mut fields: Vec<SchemaField>, ui: &Value) -> Vec<SchemaField> {
    let names: Vec<&str> = ui["ui:order"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let rest = names.iter().position(|name| *name == "*").unwrap_or(names.len());
    let place = |field: &SchemaField| names.iter().position(|name| *name == field.name).unwrap_or(rest);
    fields.sort_by_key(place);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn form(ui: &Value) -> SchemaForm {
        let schema = json!({"properties": {
            "a": {"type": "string", "description": "Old help"},
            "b": {"type": "string", "format": "password"},
            "c": {"type": "integer"},
            "d": {"type": "string", "maxLength": 4000},
        }});
        SchemaForm::parse_with(&schema, Some(ui))
    }

    #[test]
    fn fields_stand_in_the_order_that_is_asked_for_and_none_is_lost() {
        for (order, expected) in [
            (json!(["c", "a"]), "cabd"),
            (json!(["d", "*", "a"]), "dbca"),
            (json!(["nowhere", 3]), "abcd"),
            (json!("a"), "abcd"),
        ] {
            let form = form(&json!({ "ui:order": order }));
            let names: String = form.fields.iter().map(|field| field.name.as_str()).collect();
            assert_eq!(names, expected, "{order}");
        }
    }

    #[test]
    fn a_field_gets_its_widget_and_its_words() {
        let form = form(&json!({
            "a": {"ui:widget": "textarea", "ui:placeholder": "an a", "ui:help": "New help", "ui:title": "The A"},
            "b": {"ui:widget": "text"},
            "c": {"ui:widget": "password"},
            "d": {"ui:options": {"widget": "text", "placeholder": "short"}},
        }));
        let [a, b, c, d] = form.fields.as_slice() else {
            panic!("four fields")
        };
        assert_eq!(
            (a.label.as_str(), a.help.as_deref(), a.placeholder.as_deref()),
            ("The A", Some("New help"), Some("an a"))
        );
        assert_eq!(a.kind, FieldKind::TextArea);
        assert_eq!(b.kind, FieldKind::Password, "what the schema hides stays hidden");
        assert!(matches!(c.kind, FieldKind::Integer(_)));
        assert_eq!((&d.kind, d.placeholder.as_deref()), (&FieldKind::Text, Some("short")));
    }
}
