//! The API's description, taken apart for the pages: once, when the process starts.

use super::{
    curl::{self, Call},
    fields::{Field, fields, kind},
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The API's documentation, ready to be shown.
#[derive(Debug, Clone)]
pub struct ApiDocs(pub(super) Arc<Api>);

/// All of it.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) version: String,
    pub(super) about: String,
    pub(super) sign_in: Vec<SignIn>,
    pub(super) sections: Vec<Section>,
}

/// A way to sign in.
#[derive(Debug)]
pub(super) struct SignIn {
    pub(super) name: &'static str,
    pub(super) about: String,
}

/// All about one kind of thing.
#[derive(Debug)]
pub(super) struct Section {
    /// The end of its page's path.
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) about: String,
    pub(super) operations: Vec<Operation>,
}

/// One method of one path.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) about: Option<String>,
    pub(super) deprecated: bool,
    pub(super) who: &'static str,
    /// Not with an API token.
    pub(super) session_only: bool,
    /// Of the path, the query and the headers, in this order.
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    pub(super) answers: Vec<Answer>,
    /// The same call from a command line, but for where this Patchbay is.
    pub(super) call: Call,
}

/// Something beside the body.
#[derive(Debug)]
pub(super) struct Parameter {
    /// Where it stands: in the path, in the query, or as a header.
    pub(super) place: String,
    pub(super) field: Field,
}

/// What a request brings.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) required: bool,
    pub(super) content: Content,
}

/// What comes back.
#[derive(Debug)]
pub(super) struct Answer {
    /// Its status; `default` for whatever isn't said.
    pub(super) status: String,
    pub(super) about: String,
    pub(super) headers: Vec<String>,
    pub(super) content: Option<Content>,
    /// What went wrong is told in one shape, which isn't shown again and again.
    pub(super) is_error: bool,
}

/// What is in a body.
#[derive(Debug)]
pub(super) struct Content {
    /// In which media types.
    pub(super) media: Vec<String>,
    pub(super) fields: Vec<Field>,
    pub(super) example: Option<String>,
}

impl ApiDocs {
    /// Reads an OpenAPI document of ours.
    #[must_use]
    pub fn read(document: &Value) -> Self {
        let reader = Reader { document };
        Self(Arc::new(reader.api()))
    }
}

impl Api {
    /// The section with this end of its page's path.
    pub(super) fn section(&self, slug: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.slug == slug)
    }
}

struct Reader<'a> {
    document: &'a Value,
}

impl Reader<'_> {
    fn api(&self) -> Api {
        let schemes = &self.document["components"]["securitySchemes"];
        Api {
            version: text(&self.document["info"]["version"]),
            about: text(&self.document["info"]["description"]),
            sign_in: [
                ("cookie", "A cookie"),
                ("accessToken", "An access token"),
                ("apiToken", "An API token"),
            ]
            .map(|(key, name)| SignIn {
                name,
                about: text(&schemes[key]["description"]),
            })
            .into(),
            sections: list(&self.document["tags"])
                .iter()
                .map(|tag| self.section(tag))
                .collect(),
        }
    }

    fn section(&self, tag: &Value) -> Section {
        let name = text(&tag["name"]);
        let operations = object(&self.document["paths"]).flat_map(|(path, methods)| {
            object(methods)
                .filter(|(_, operation)| operation["tags"][0] == name.as_str())
                .map(move |(method, operation)| self.operation(path, method, operation))
        });
        Section {
            slug: name.to_lowercase().replace(' ', "-"),
            about: text(&tag["description"]),
            operations: operations.collect(),
            name,
        }
    }

    fn operation(&self, path: &str, method: &str, operation: &Value) -> Operation {
        let methods = list(&operation["security"]);
        let body = &operation["requestBody"];
        Operation {
            id: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]),
            about: operation["description"].as_str().map(str::to_owned),
            deprecated: operation["deprecated"] == true,
            who: who(operation["x-who"].as_str().unwrap_or_default()),
            session_only: !methods.is_empty() && methods.iter().all(|method| method.get("apiToken").is_none()),
            parameters: list(&operation["parameters"])
                .iter()
                .map(|parameter| self.parameter(parameter))
                .collect(),
            body: (!body.is_null()).then(|| Body {
                required: body["required"] == true,
                content: self.content(&body["content"]),
            }),
            answers: object(&operation["responses"])
                .map(|(status, answer)| self.answer(status, answer))
                .collect(),
            call: curl::call(path, method, operation),
        }
    }

    fn parameter(&self, parameter: &Value) -> Parameter {
        Parameter {
            place: text(&parameter["in"]),
            field: Field {
                name: text(&parameter["name"]),
                kind: kind(self.document, &parameter["schema"]),
                required: parameter["required"] == true,
                about: text(&parameter["description"]),
            },
        }
    }

    fn answer(&self, status: &str, answer: &Value) -> Answer {
        let answer = self.resolved(answer);
        let is_error = status == "default" || status.starts_with(['4', '5']);
        let content = answer.get("content").filter(|_| !is_error);
        Answer {
            status: status.to_owned(),
            about: text(&answer["description"]),
            headers: object(&answer["headers"]).map(|(name, _)| name.clone()).collect(),
            content: content.map(|content| self.content(content)),
            is_error,
        }
    }

    /// All media types hold the same.
    fn content(&self, content: &Value) -> Content {
        let inside = object(content).next().map_or(&Value::Null, |(_, inside)| inside);
        Content {
            media: object(content).map(|(media, _)| media.clone()).collect(),
            fields: fields(self.document, &inside["schema"]),
            example: match &inside["example"] {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                json => Some(format!("{json:#}")),
            },
        }
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        referred(self.document, value)
    }
}

/// What a `$ref` of the document points to, or the value itself.
pub(super) fn referred<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"]
        .as_str()
        .and_then(|path| document.pointer(path.strip_prefix('#')?));
    target.unwrap_or(value)
}

fn who(word: &str) -> &'static str {
    match word {
        "anybody" => "Anybody",
        "owner" => "Its owner",
        "admin" => "Admins",
        "superuser" => "Superusers",
        _ => "Whoever is signed in",
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}
