//! The API's description: whole, valid, and the same by each way to it.

use crate::support::{
    Answer, App,
    described::{Description, validator},
    program::{patchbay, run},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

/// The OpenAPI Initiative's own schema for documents of 3.1, Apache-2.0: <https://spec.openapis.org/oas/3.1/schema/2022-10-07>.
const META_SCHEMA: &str = include_str!("fixtures/openapi-3.1.schema.json");

/// The description as the command prints it, which takes no database and no configuration.
async fn printed() -> Description {
    let directory = tempfile::tempdir().unwrap();
    let ran = run(patchbay(directory.path(), &["openapi"]), "").await;
    assert!(ran.success, "{}", ran.stderr);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "it makes nothing");
    Description::new(serde_json::from_str(&ran.stdout).unwrap())
}

#[tokio::test]
async fn everybody_can_have_it_and_is_told_when_it_is_the_same() {
    let app = App::start().await;
    let nobody = app.anonymous();
    let answer = nobody.get("/api/openapi.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    let tag = answer.header("etag").to_owned();
    assert_eq!(
        answer.expect(200),
        printed().await.document,
        "the command prints the same"
    );
    let again = nobody
        .request(Method::GET, "/api/openapi.json")
        .header("if-none-match", &tag);
    let again = Answer::of(again).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), tag);
}

#[tokio::test]
async fn it_is_a_valid_document_with_valid_schemas() {
    let Description { document, .. } = printed().await;
    let problems: Vec<String> = validator(&serde_json::from_str(META_SCHEMA).unwrap())
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(problems, Vec::<String>::new());
    let components = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in components {
        assert!(
            jsonschema::draft202012::meta::validate(schema).is_ok(),
            "{name} is no schema: {schema}"
        );
    }
    // All that is referred to is there.
    let mut references = BTreeSet::new();
    collect(&document, "$ref", &mut references);
    for reference in references {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference} leads nowhere");
    }
}

/// The texts of all members of this name.
fn collect(value: &Value, name: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (key, inside) in members {
                if let (true, Some(text)) = (key == name, inside.as_str()) {
                    found.insert(text.to_owned());
                }
                collect(inside, name, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, name, found)),
        _ => {}
    }
}

#[tokio::test]
async fn it_describes_each_endpoint_and_nothing_else() {
    let description = printed().await;
    let there: BTreeSet<String> = patchbay::rest::endpoints()
        .iter()
        .map(|endpoint| format!("{} {}", endpoint.method, endpoint.path))
        .collect();
    let described: BTreeSet<String> = description
        .operations()
        .map(|operation| format!("{} {}", operation.method.to_uppercase(), operation.path))
        .collect();
    assert_eq!(there, described);
    let ids: BTreeSet<&str> = description
        .operations()
        .filter_map(|operation| operation.value["operationId"].as_str())
        .collect();
    assert_eq!(ids.len(), described.len(), "each has a name of its own");
    for operation in description.operations() {
        let (method, path, value) = (operation.method, operation.path, operation.value);
        assert_ne!(value["tags"], json!(["Other"]), "{path} belongs to nothing");
        assert!(!value["summary"].as_str().unwrap().is_empty(), "{method} {path}");
        let succeeds = value["responses"]
            .as_object()
            .unwrap()
            .keys()
            .any(|status| status.starts_with('2'));
        assert!(succeeds, "{method} {path} never answers");
        for parameter in value["parameters"].as_array().into_iter().flatten() {
            let about = parameter["description"].as_str().unwrap_or_default();
            assert!(!about.is_empty(), "{method} {path}: {}", parameter["name"]);
        }
        let braces = path.matches('{').count();
        let in_path = value["parameters"].as_array().map_or(0, |all| {
            all.iter().filter(|parameter| parameter["in"] == "path").count()
        });
        assert_eq!(braces, in_path, "{method} {path}");
    }
}

#[tokio::test]
async fn each_path_that_it_names_is_served() {
    let app = App::start().await;
    let nobody = app.anonymous();
    for operation in printed().await.operations() {
        let path = operation.path.replace(['{', '}'], "");
        let method: Method = operation.method.to_uppercase().parse().unwrap();
        let answer = Answer::of(nobody.request(method, &path)).await;
        let is_there = match answer.status {
            405 => false,
            404 => answer.json()["error"] != "UNKNOWN_ROUTE",
            _ => true,
        };
        assert!(is_there, "{} {}: {}", operation.method, operation.path, answer.status);
    }
}

#[tokio::test]
async fn its_examples_are_what_their_schemas_say() {
    let description = printed().await;
    let mut checked = 0;
    for operation in description.operations() {
        let bodies = operation.value.get("requestBody").into_iter();
        let answers = operation.value["responses"].as_object().unwrap().values();
        for part in bodies.chain(answers) {
            let contents = description.resolved(part)["content"].as_object();
            for (media, content) in contents.into_iter().flatten() {
                let Some(schema) = content.get("schema") else {
                    assert!(!media.starts_with("application/"), "{} has no schema", operation.path);
                    continue;
                };
                let problems = description.problems(schema, &content["example"]);
                assert_eq!(
                    problems,
                    Vec::<String>::new(),
                    "{} {}: {}",
                    operation.method,
                    operation.path,
                    content["example"]
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 300, "only {checked} examples");
}

#[tokio::test]
async fn it_speaks_to_those_who_read_the_description_and_not_the_sources() {
    let text = printed().await.document.to_string();
    assert!(!text.contains("[`"), "links between items");
    let Description { document, .. } = printed().await;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (property, inside) in schema["properties"].as_object().into_iter().flatten() {
            assert!(
                inside["description"].is_string() || inside["$ref"].is_string(),
                "{name}.{property} isn't described"
            );
        }
    }
}

#[tokio::test]
async fn no_example_holds_what_looks_like_a_secret() {
    let Description { document, .. } = printed().await;
    let secret = ["token", "access_token", "secret", "link", "invitation", "uri"];
    for name in secret {
        let mut found = BTreeSet::new();
        examples(&document, &mut |example| collect(example, name, &mut found));
        for text in found {
            assert!(text.contains('…') || text.ends_with("-of-your-own"), "`{name}`: {text}");
        }
    }
    // Random characters in a row: ids and hashes of requests are known by their form.
    examples(&document, &mut |example| {
        for word in example
            .to_string()
            .split(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c))
        {
            let is_known = uuid::Uuid::parse_str(word).is_ok() || word.bytes().all(|byte| byte.is_ascii_lowercase());
            let has_digits = word.bytes().any(|byte| byte.is_ascii_digit());
            assert!(word.len() < 24 || is_known || !has_digits, "{word}");
        }
    });
}

/// Everything that stands there as an example.
fn examples(value: &Value, seen: &mut dyn FnMut(&Value)) {
    match value {
        Value::Object(members) => {
            for (name, inside) in members {
                match name.as_str() {
                    "example" => seen(inside),
                    _ => examples(inside, seen),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| examples(item, seen)),
        _ => {}
    }
}

#[tokio::test]
async fn the_words_for_programs_are_those_that_the_sources_have() {
    let Description { document, .. } = printed().await;
    let mut words = BTreeSet::new();
    collect(&document, "error", &mut words);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = [
        "src/rest/error.rs",
        "crates/engine/src/error.rs",
        "crates/engine/src/upstream/manifest.rs",
    ]
    .map(|file| fs::read_to_string(root.join(file)).unwrap())
    .concat();
    for word in words {
        assert!(sources.contains(&format!("\"{word}\"")), "{word} is no error's");
    }
}

#[tokio::test]
async fn who_may_is_what_is_enforced() {
    let description = printed().await;
    for (method, path, access) in crate::authz_coverage::rest_access() {
        let operation = description.operation(method, path);
        assert_eq!(operation["x-who"], access, "{method} {path}");
        assert_eq!(
            operation["security"].as_array().unwrap().is_empty(),
            access == "anybody",
            "{method} {path}"
        );
    }
}
