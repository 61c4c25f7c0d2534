//! The secrets of a configuration: taken out of it for a document, and put back where a document refers to them.
//!
//! In a configuration a reference is one wherever it stands, for the schema that says what is secret may be another by the
//! time somebody reads the document. So whatever only looks like one is written as a reference, too.

use super::reference::{Holder, Reference, SECRET_PREFIX, Secrets};
use crate::configuration::{MASK, below, is_same_but, marked, masked};
use serde_json::{Map, Value};

/// A configuration with references where its secrets are: those of the schema, and those of the day it was sealed.
pub(super) fn with_references(
    schema: Option<&Value>,
    sealed: &[String],
    configuration: Value,
    holder: Holder<'_>,
) -> Value {
    let shown = masked(schema, sealed, configuration.clone());
    let mut path = Vec::new();
    refer(configuration, &shown, holder, &mut path)
}

fn refer(value: Value, shown: &Value, holder: Holder<'_>, path: &mut Vec<String>) -> Value {
    if is_mask(shown) || !path.is_empty() && Reference::of_value(&value).is_some() {
        let reference = Reference::of_configuration(holder, path, &value).to_node();
        return serde_json::from_str(&reference.to_json()).unwrap_or_default();
    }
    match (value, shown) {
        (Value::Object(fields), Value::Object(shown)) => fields
            .into_iter()
            .map(|(key, field)| {
                path.push(key.clone());
                let field = refer(field, shown.get(&key).unwrap_or(&Value::Null), holder, path);
                path.pop();
                (key, field)
            })
            .collect::<Map<_, _>>()
            .into(),
        (Value::Array(items), Value::Array(shown)) => items
            .into_iter()
            .zip(shown)
            .enumerate()
            .map(|(index, (item, shown))| {
                path.push(index.to_string());
                let item = refer(item, shown, holder, path);
                path.pop();
                item
            })
            .collect(),
        (other, _) => other,
    }
}

fn is_mask(shown: &Value) -> bool {
    shown.as_str() == Some(MASK)
}

/// A configuration whose references were followed.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    /// With secrets in it.
    pub(super) configuration: Value,
    /// Where references were followed, by JSON pointers: that is secret, whatever the schema says.
    pub(super) followed: Vec<String>,
    /// What could not be had, by its path: a field that is left out now.
    pub(super) missing: Vec<(String, Reference)>,
    /// What is wrong, by its path.
    pub(super) problems: Vec<(String, String)>,
}

/// Puts secrets where a document refers to them: from the variable, or else what is `stored` in that place.
/// Paths begin with `field`. Where the schema marks a secret, nothing but a reference is taken.
pub(super) fn resolve(
    schema: Option<&Value>,
    configuration: Value,
    stored: Option<&Value>,
    holder: Holder<'_>,
    field: &str,
    secrets: Secrets<'_>,
) -> Resolved {
    let shown = marked(schema, configuration.clone());
    let mut resolver = Resolver {
        secrets,
        holder,
        keys: Vec::new(),
        in_list: 0,
        resolved: Resolved::default(),
    };
    let configuration = resolver.follow(configuration, &shown, stored, field);
    Resolved {
        configuration: configuration.unwrap_or_default(),
        ..resolver.resolved
    }
}

struct Resolver<'a> {
    secrets: Secrets<'a>,
    holder: Holder<'a>,
    /// What leads to where it is.
    keys: Vec<String>,
    /// How many of those are positions in a list.
    in_list: usize,
    resolved: Resolved,
}

impl Resolver<'_> {
    /// Nothing when a secret can't be had.
    fn follow(&mut self, value: Value, shown: &Value, stored: Option<&Value>, path: &str) -> Option<Value> {
        if !self.keys.is_empty()
            && let Some(reference) = Reference::of_value(&value)
        {
            return match reference {
                Ok(reference) => self.secret(&reference, stored, path),
                Err(problem) => self.problem(path, problem),
            };
        }
        if is_mask(shown) {
            let problem = format!(
                "This is a secret, and doesn't belong into a document: write {{from_env: {SECRET_PREFIX}…}} and set that variable."
            );
            return self.problem(path, problem);
        }
        Some(match (value, shown) {
            (Value::Object(fields), Value::Object(shown)) => {
                let mut followed = Map::new();
                for (key, field) in fields {
                    let of_key = shown.get(&key).unwrap_or(&Value::Null);
                    let stored = stored.and_then(|stored| stored.get(&key));
                    let path = format!("{path}.{key}");
                    self.keys.push(key.clone());
                    if let Some(field) = self.follow(field, of_key, stored, &path) {
                        followed.insert(key, field);
                    }
                    self.keys.pop();
                }
                followed.into()
            }
            (Value::Array(items), Value::Array(shown)) => {
                self.in_list += 1;
                let mut followed = Vec::new();
                for (index, (item, shown)) in items.into_iter().zip(shown).enumerate() {
                    // Items come, go and move: a position alone doesn't say that this is the one that is stored there.
                    let stored = stored
                        .and_then(|stored| stored.get(index))
                        .filter(|stored| is_same_but_for_references(&item, stored));
                    self.keys.push(index.to_string());
                    let item = self.follow(item, shown, stored, &format!("{path}[{index}]"));
                    self.keys.pop();
                    followed.push(item.unwrap_or_default());
                }
                self.in_list -= 1;
                followed.into()
            }
            (other, _) => other,
        })
    }

    fn problem(&mut self, path: &str, problem: String) -> Option<Value> {
        self.resolved.problems.push((path.to_owned(), problem));
        None
    }

    fn secret(&mut self, reference: &Reference, stored: Option<&Value>, path: &str) -> Option<Value> {
        let value = match reference.value(self.secrets) {
            Some(Ok(value)) => value,
            Some(Err(problem)) => return self.problem(path, problem),
            None => {
                let Some(stored) = stored.filter(|_| !self.is_from_elsewhere(reference)) else {
                    self.resolved.missing.push((path.to_owned(), reference.clone()));
                    return None;
                };
                stored.clone()
            }
        };
        let place = self.keys.iter().fold(String::new(), |place, key| below(&place, key));
        self.resolved.followed.push(place);
        Some(value)
    }

    /// Whether an export gave this name to another place than the one in a list where it stands by now.
    fn is_from_elsewhere(&self, reference: &Reference) -> bool {
        let of_here = || Reference::of_configuration(self.holder, &self.keys, &Value::Null);
        self.in_list > 0 && reference.is_of_configuration() && reference.from_env != of_here().from_env
    }
}

/// Whether a value of a document is the stored one, as far as can be seen without the secrets.
fn is_same_but_for_references(value: &Value, stored: &Value) -> bool {
    is_same_but(value, stored, &|value, _| Reference::of_value(value).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;
    use serde_json::json;

    const HERE: Holder<'_> = Holder::Server("/mcp/1");

    fn none(_: &str) -> Option<SecretString> {
        None
    }

    fn some(name: &str) -> Option<SecretString> {
        Some(format!("value of {name}").into())
    }

    fn resolve_in(schema: &Value, configuration: Value, stored: Option<&Value>, secrets: Secrets<'_>) -> Resolved {
        resolve(Some(schema), configuration, stored, HERE, "configuration", secrets)
    }

    #[test]
    fn what_is_referred_to_comes_back() {
        let schema = json!({"properties": {
            "token": {"writeOnly": true}, "deep": {"properties": {"pin": {"format": "password"}, "x": {}}},
            "list": {"items": {"writeOnly": true}}, "name": {"type": "string"}
        }});
        let configuration = json!({"token": "s1", "deep": {"pin": 424_242, "x": 1}, "list": ["s2", "s3"], "name": "n"});
        let written = with_references(Some(&schema), &[], configuration.clone(), HERE);
        let text = written.to_string();
        assert!(
            !text.contains("s1") && !text.contains("s2") && !text.contains("424242"),
            "{text}"
        );
        assert_eq!((&written["name"], &written["deep"]["x"]), (&json!("n"), &json!(1)));
        let resolved = resolve_in(&schema, written.clone(), Some(&configuration), &none);
        assert_eq!(resolved.configuration, configuration);
        assert!(resolved.missing.is_empty() && resolved.problems.is_empty());
        assert_eq!(resolved.followed, ["/token", "/deep/pin", "/list/0", "/list/1"]);

        let resolved = resolve_in(&schema, written.clone(), None, &none);
        assert_eq!(resolved.missing.len(), 4);
        assert!(
            resolved
                .missing
                .iter()
                .any(|(path, _)| path == "configuration.deep.pin")
        );

        let resolved = resolve_in(&schema, written, None, &some);
        assert!(
            resolved.configuration["token"]
                .as_str()
                .unwrap()
                .starts_with("value of PATCHBAY_SECRET_SERVER_MCP_1_TOKEN__")
        );
        assert_eq!(
            resolved.problems.len(),
            1,
            "the pin is no text, and what its variable holds is no JSON"
        );
        assert!(!resolved.problems[0].1.contains("value of"), "{:?}", resolved.problems);
    }

    #[test]
    fn a_schema_that_forgets_its_secrets_uncovers_none() {
        let configuration = json!({"token": "s1", "old": {"key": "s2"}, "name": "n"});
        let sealed = ["/token".to_owned()];
        for schema in [
            json!({}),
            json!({"properties": {"token": {"type": "string"}, "name": {}}}),
        ] {
            let written = with_references(Some(&schema), &sealed, configuration.clone(), HERE);
            let text = written.to_string();
            assert!(!text.contains("s1") && !text.contains("s2"), "{text}");
            let resolved = resolve_in(&schema, written, Some(&configuration), &none);
            assert_eq!(resolved.configuration, configuration);
            assert!(resolved.followed.contains(&"/token".to_owned()));
        }
    }

    #[test]
    fn a_secret_itself_is_refused_where_one_belongs() {
        let schema = json!({"properties": {"token": {"writeOnly": true}}});
        let refused = resolve_in(&schema, json!({"token": "hunter2"}), None, &some);
        assert_eq!(refused.problems.len(), 1);
        assert!(!refused.problems[0].1.contains("hunter2"));

        let open = json!({"headers": {"Accept": "text/plain"}});
        let taken = resolve_in(&schema, open.clone(), None, &some);
        assert_eq!((taken.configuration, taken.problems.len()), (open, 0));
    }

    #[test]
    fn what_looks_like_a_reference_is_written_as_one() {
        let schema = json!({"properties": {"name": {"properties": {"from_env": {}}}, "from_env": {"type": "string"}}});
        let sly = json!({"name": {"from_env": "PATCHBAY_SECRET_CONNECTOR_NOTES"}, "from_env": "HOME"});
        let written = with_references(Some(&schema), &[], sly.clone(), HERE);
        assert!(!written.to_string().contains("CONNECTOR_NOTES"), "{written}");
        assert_eq!(written["from_env"], "HOME");
        let resolved = resolve_in(&schema, written.clone(), Some(&sly), &none);
        assert_eq!((resolved.configuration, resolved.problems.len()), (sly, 0));

        let other = json!({"name": {"from_env": "HOME"}});
        assert_eq!(resolve_in(&schema, other, None, &some).problems.len(), 1);
    }

    #[test]
    fn in_a_list_stored_secrets_stay_with_their_items() {
        let schema = json!({"properties": {
            "accounts": {"items": {"properties": {"user": {}, "key": {"writeOnly": true}}}},
            "keys": {"items": {"writeOnly": true}}
        }});
        let configuration = json!({
            "accounts": [{"user": "ada", "key": "s1"}, {"user": "bob", "key": "s2"}], "keys": ["s3", "s4"]
        });
        let mut written = with_references(Some(&schema), &[], configuration.clone(), HERE);
        let again = resolve_in(&schema, written.clone(), Some(&configuration), &none);
        assert_eq!(again.configuration, configuration);

        for name in ["accounts", "keys"] {
            written[name].as_array_mut().unwrap().reverse();
        }
        let moved = resolve_in(&schema, written.clone(), Some(&configuration), &none);
        let missing: Vec<_> = moved.missing.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            missing,
            [
                "configuration.accounts[0].key",
                "configuration.accounts[1].key",
                "configuration.keys[0]",
                "configuration.keys[1]"
            ]
        );
        assert!(moved.followed.is_empty(), "{moved:?}");

        // Names of somebody's own say nothing of places: the rest of the item does.
        let own = |user: &str| json!({"user": user, "key": {"from_env": "PATCHBAY_SECRET_MINE"}});
        let mixed = json!({"accounts": [own("ada"), own("eve")]});
        let resolved = resolve_in(&schema, mixed, Some(&configuration), &none);
        assert_eq!(
            resolved.configuration["accounts"],
            json!([{"user": "ada", "key": "s1"}, {"user": "eve"}])
        );
    }

    #[test]
    fn where_everything_is_masked_everything_is_referred_to() {
        let schema = json!({"patternProperties": {"^key": {"writeOnly": true}}});
        let configuration = json!({"key": "s", "odd": {"from_env": "PATCHBAY_SECRET_CONNECTOR_NOTES"}, "none": null});
        let written = with_references(Some(&schema), &[], configuration.clone(), HERE);
        assert!(!written.to_string().contains("CONNECTOR_NOTES"), "{written}");
        let resolved = resolve_in(&schema, written, Some(&configuration), &none);
        assert_eq!(resolved.configuration, configuration);
        assert!(resolved.problems.is_empty() && resolved.missing.is_empty());
    }
}
