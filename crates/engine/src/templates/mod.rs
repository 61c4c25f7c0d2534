//! Templates: tools of a connector's from which the owners of servers make tools of their own. Some of a template's
//! arguments are fixed, and `{placeholders}` in the others become the new tool's arguments.
//!
//! All of it is pure. Who may make tools, and where they are kept, is the business of `tools`.

mod arguments;
mod budget;
mod check;
mod placeholders;
mod schema;

pub use arguments::{ArgumentError, Arguments};

use crate::Error;
use budget::Budget;
use patchbay_domain::{
    field::{FieldError, FieldErrors},
    tool::TemplateView,
};
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};
use std::collections::HashSet;

/// The largest definition of a tool that is made from a template. A server's list has room for all that it can have.
pub const DEFINITION_MAX_BYTES: usize = 32 << 10;
/// The most tools that one server's owner can make from templates.
pub const DYNAMIC_TOOLS_MAX: usize = 100;
/// The most memory that one such tool's [`Arguments`] take, beside what counts for any tool.
pub const ARGUMENTS_WEIGHT_MAX: usize = 96 << 10;
/// The largest arguments of a template, as JSON text.
const ARGS_MAX_BYTES: usize = 64 << 10;
/// The most placeholders in one template's arguments, each occurrence counted.
const PLACEHOLDERS_MAX: usize = 256;

/// A template, as its connector describes it.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) name: String,
    definition: Map<String, Value>,
}

/// A tool that a template became.
#[derive(Debug)]
pub(crate) struct Made {
    /// The tool object, as clients get it.
    pub(crate) definition: Value,
    /// What its calls become.
    pub(crate) arguments: Arguments,
}

/// Reads a connector's templates: a list of them, or an object with their names as keys. What has no name is no template,
/// and of two with one name the first counts.
pub(crate) fn read(templates: &RawValue) -> Result<Vec<Template>, Error> {
    let mut found: Vec<Template> = Vec::new();
    let mut names = HashSet::new();
    let mut add = |name: Option<String>, template: Value| {
        if let (Some(name), Value::Object(definition)) = (name.filter(|name| !name.is_empty()), template)
            && names.insert(name.clone())
        {
            found.push(Template { name, definition });
        }
    };
    match serde_json::from_str(templates.get()).map_err(Error::internal)? {
        Value::Array(list) => {
            for template in list {
                let name = template.get("name").and_then(Value::as_str).map(str::to_owned);
                add(name, template);
            }
        }
        Value::Object(object) => {
            for (name, template) in object {
                add(Some(name), template);
            }
        }
        _ => {}
    }
    Ok(found)
}

impl Template {
    pub(crate) fn input_schema(&self) -> Option<&Value> {
        self.definition.get("inputSchema").filter(|schema| schema.is_object())
    }

    fn description(&self) -> Option<&str> {
        self.definition.get("description").and_then(Value::as_str)
    }

    /// The template as a page shows it.
    pub(crate) fn view(&self) -> TemplateView {
        TemplateView {
            name: self.name.clone(),
            description: self.description().map(str::to_owned),
            input_schema: self.input_schema().cloned(),
        }
    }

    /// The tool object as the connector wrote it, under the template's name.
    pub(crate) fn definition(&self) -> Result<Box<RawValue>, Error> {
        to_raw_value(&self.definition).map_err(Error::internal)
    }

    /// Checks arguments that a tool is to be made with. Field errors are named `template_args.<path>`.
    pub(crate) fn check(&self, args: &Map<String, Value>, errors: &mut FieldErrors) {
        // Whatever would become too large isn't made either, which is said there.
        if let Some(schema) = self.input_schema()
            && let Some(inputs) = schema::inputs(args, Some(schema), &mut Budget::new(DEFINITION_MAX_BYTES))
        {
            check::check(args, &inputs, schema, errors);
        }
    }

    /// The tool that this template becomes; nothing when that is too large, which is noticed before it is made. What the
    /// template says of its results, hints and more, holds for the tool too; its title doesn't, since the tool has a name
    /// of its own.
    pub(crate) fn make(&self, name: &str, description: Option<&str>, args: &Map<String, Value>) -> Option<Made> {
        let template = self.input_schema();
        let mut budget = Budget::new(DEFINITION_MAX_BYTES);
        let inputs = schema::inputs(args, template, &mut budget)?;
        let mut definition = Map::new();
        definition.insert("name".into(), name.into());
        if let Some(description) = description.or(self.description()) {
            budget.take(description)?;
            definition.insert("description".into(), description.into());
        }
        definition.insert("inputSchema".into(), schema::of_object(&inputs, template, &mut budget)?);
        for (key, value) in &self.definition {
            if matches!(key.as_str(), "name" | "title" | "description" | "inputSchema") {
                continue;
            }
            budget.take(key)?;
            budget.take(value)?;
            let mut value = value.clone();
            if let ("annotations", Value::Object(annotations)) = (key.as_str(), &mut value) {
                annotations.remove("title");
            }
            definition.insert(key.clone(), value);
        }
        Some(Made {
            definition: definition.into(),
            arguments: Arguments::new(args, &inputs),
        })
    }
}

/// A template's arguments from a request: an object, or nothing for none.
pub(crate) fn parse_args(args: Value) -> Result<Map<String, Value>, FieldErrors> {
    let refused = |reason: &str| {
        let reason = reason.into();
        Err(FieldErrors::one("template_args", FieldError::Refused { reason }))
    };
    if args.to_string().len() > ARGS_MAX_BYTES {
        return refused("At most 64 KiB as JSON.");
    }
    if placeholders::count(&args) > PLACEHOLDERS_MAX {
        return refused("At most 256 placeholders.");
    }
    match args {
        Value::Null => Ok(Map::new()),
        Value::Object(args) => Ok(args),
        _ => Err(FieldErrors::one(
            "template_args",
            FieldError::Malformed {
                expected: "a JSON object".into(),
            },
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn templates(text: &str) -> Vec<Template> {
        read(&RawValue::from_string(text.into()).unwrap()).unwrap()
    }

    #[test]
    fn templates_are_a_list_or_named_by_their_keys() {
        let list = templates(r#"[{"name":"a","x":1},{"description":"nameless"},{"name":"a","x":2},{"name":"b"}]"#);
        let names: Vec<_> = list.iter().map(|template| template.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(list[0].definition["x"], 1);
        let object = templates(r#"{"z":{"description":"d"},"a":{}}"#);
        assert_eq!(object[0].view().name, "z");
        assert_eq!(object[0].view().description.as_deref(), Some("d"));
        assert!(templates("[]").is_empty());
    }

    #[test]
    fn a_tool_keeps_what_its_template_says_but_for_its_names() {
        let template = templates(
            r#"[{"name":"t","title":"T","description":"Words","inputSchema":{"properties":{"q":{"type":"integer"}}},
                "outputSchema":{"type":"object"},"annotations":{"title":"T","readOnlyHint":true},"x-new":[1]}]"#,
        )
        .remove(0);
        let args = json!({"q": "{n}"});
        let made = template.make("mine", None, args.as_object().unwrap()).unwrap();
        assert_eq!(
            made.definition,
            json!({
                "name": "mine",
                "description": "Words",
                "inputSchema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": false},
                "outputSchema": {"type": "object"},
                "annotations": {"readOnlyHint": true},
                "x-new": [1],
            })
        );
        let described = template
            .make("mine", Some("My words"), args.as_object().unwrap())
            .unwrap();
        assert_eq!(described.definition["description"], "My words");
    }

    #[test]
    fn what_would_be_too_large_is_not_made() {
        let large = "x".repeat(DEFINITION_MAX_BYTES);
        let half = "x".repeat(DEFINITION_MAX_BYTES / 2);
        let is_made = |template: Value, args: Value| {
            let templates = templates(&json!([template]).to_string());
            templates[0].make("mine", None, args.as_object().unwrap()).is_some()
        };
        let of = |schema: Value| json!({"name": "t", "inputSchema": schema});
        let described = |text: &str| json!({"type": "integer", "description": text});
        let one = json!({"a": "{n}"});
        let both = json!({"a": "{n}", "b": "{m}"});
        assert!(is_made(of(json!({"properties": {"a": described(&half)}})), one.clone()));
        for (template, args) in [
            (json!({"name": "t", "description": large}), json!({})),
            (json!({"name": "t", "x-more": large}), json!({})),
            (of(json!({"properties": {"a": described(&large)}})), one.clone()),
            (
                of(json!({"properties": {"a": described(&large)}})),
                json!({"a": "No. {n}"}),
            ),
            (
                of(json!({"properties": {"a": described(&half), "b": described(&half)}})),
                both,
            ),
            (
                of(json!({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {}, "B": large}})),
                one.clone(),
            ),
            (of(json!({"additionalProperties": {"enum": ["x".repeat(1 << 20)]}})), {
                let all = (0..PLACEHOLDERS_MAX).map(|n| (n.to_string(), format!("{{p{n}}}").into()));
                Value::Object(all.collect())
            }),
        ] {
            assert!(!is_made(template.clone(), args), "{}", &template.to_string()[..80]);
        }
        let unused = of(json!({"properties": {"a": {}, "b": described(&large)}}));
        assert!(is_made(unused, one), "what the tool doesn't take doesn't count");
    }

    #[test]
    fn of_many_templates_with_one_name_the_first_counts_and_they_are_read_at_once() {
        let many: Vec<_> = (0..100_000)
            .map(|n| json!({"name": format!("t{}", n % 50_000), "n": n}))
            .collect();
        let found = templates(&Value::from(many).to_string());
        assert_eq!((found.len(), &found[49_999].definition["n"]), (50_000, &json!(49_999)));
    }

    #[test]
    fn arguments_are_an_object_of_some_size() {
        assert!(parse_args(Value::Null).unwrap().is_empty());
        assert!(parse_args(json!({"a": "x".repeat(ARGS_MAX_BYTES - 8)})).is_ok());
        assert!(parse_args(json!({"a": "{x}".repeat(PLACEHOLDERS_MAX)})).is_ok());
        for bad in [
            json!([]),
            json!("x"),
            json!({"a": "x".repeat(ARGS_MAX_BYTES)}),
            json!({"a": ["{x}"], "b": "{y}".repeat(PLACEHOLDERS_MAX)}),
        ] {
            assert!(parse_args(bad).unwrap_err().get("template_args").is_some());
        }
    }

    #[test]
    fn the_heaviest_arguments_weigh_what_the_gateway_reckons_with() {
        let names = (0..PLACEHOLDERS_MAX).map(|number| format!(" {{{}{number:03}}}", "n".repeat(240)));
        let args = parse_args(json!({"a": names.collect::<String>()})).unwrap();
        let weight = Arguments::of(&args, None).weight();
        assert!(
            (ARGUMENTS_WEIGHT_MAX / 10 * 8..ARGUMENTS_WEIGHT_MAX).contains(&weight),
            "{weight}"
        );
    }
}
