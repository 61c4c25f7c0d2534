//! What stands in a document in a secret's place: the name of the variable to take it from.
//!
//! Names are made from what the secret belongs to, so that two exports name it alike; where a name can't be spelled
//! out in capitals without loss, a hash of it makes the difference. Only variables with [`SECRET_PREFIX`] are ever
//! asked for: a document can't fetch whatever else the environment holds.

use super::{node::Node, source_key::SourceKey};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What the names of variables with secrets begin with.
pub const SECRET_PREFIX: &str = "PATCHBAY_SECRET_";

/// What the names begin with that an export gives to secrets of configurations.
const CONFIGURED_PREFIXES: [&str; 2] = ["PATCHBAY_SECRET_SERVER_", "PATCHBAY_SECRET_SOURCE_"];

/// The most characters of a name that are spelled out.
const SPELLED_MAX: usize = 60;

/// Where secrets come from that a document refers to.
pub type Secrets<'a> = &'a (dyn Fn(&str) -> Option<SecretString> + Send + Sync);

/// Whose configuration a secret stands in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holder<'a> {
    /// The server at this endpoint.
    Server(&'a str),
    /// A source of the user with this address.
    Source {
        /// The address.
        owner: &'a str,
        /// Which of their sources.
        key: &'a SourceKey,
    },
}

/// The variable that a secret is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) from_env: String,
    /// The variable holds JSON: the secret is no text.
    pub(super) json: bool,
}

impl Reference {
    pub(super) fn of_connector(name: &str) -> Self {
        Self::named(&format!("CONNECTOR_{}", spell(name, None)))
    }

    /// A secret of a configuration, by what is configured and the keys that lead to it.
    pub(super) fn of_configuration(holder: Holder<'_>, path: &[String], value: &Value) -> Self {
        let keys = path.join(" ");
        let (kind, whole, spelled) = match holder {
            Holder::Server(endpoint) => (
                "SERVER",
                serde_json::json!([endpoint, path]),
                format!("{endpoint} {keys}"),
            ),
            // Whose it is would leave no room for the rest.
            Holder::Source { owner, key } => {
                let SourceKey { kind, name, number } = key;
                let spelled = format!("{kind} {} {keys}", name.as_deref().unwrap_or_default());
                let whole = serde_json::json!([owner.to_lowercase(), kind, name, number, path]);
                ("SOURCE", whole, spelled)
            }
        };
        // Which of the parts is which is not to be seen in what is spelled out, so the hash is always needed.
        Self {
            json: !value.is_string(),
            ..Self::named(&format!("{kind}_{}", spell(&spelled, Some(&whole.to_string()))))
        }
    }

    /// Whether its name is one that an export gave to a secret of a configuration.
    pub(super) fn is_of_configuration(&self) -> bool {
        CONFIGURED_PREFIXES
            .iter()
            .any(|prefix| self.from_env.starts_with(prefix))
    }

    fn named(rest: &str) -> Self {
        Self {
            from_env: format!("{SECRET_PREFIX}{rest}"),
            json: false,
        }
    }

    pub(super) fn to_node(&self) -> Node {
        let mut entries = vec![("from_env".to_owned(), Node::text(&self.from_env))];
        if self.json {
            entries.push(("json".to_owned(), Node::Bool(true)));
        }
        Node::Map(entries)
    }

    /// The reference that this value is, if it is one.
    pub(super) fn of_value(value: &Value) -> Option<Result<Self, String>> {
        let object = value.as_object()?;
        let name = object.get("from_env")?.as_str()?;
        let json = object.get("json").is_some_and(|json| json == true);
        let known = object
            .iter()
            .all(|(key, value)| key == "from_env" || key == "json" && value.is_boolean());
        known.then(|| Self::parse(name, json))
    }

    /// Checks that the variable is one that a document may ask for.
    pub(super) fn parse(name: &str, json: bool) -> Result<Self, String> {
        let rest = name.strip_prefix(SECRET_PREFIX).unwrap_or_default();
        if rest.is_empty() || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(format!(
                "'{name}' can't be a secret's variable: those are {SECRET_PREFIX} with letters, digits and '_' behind it."
            ));
        }
        Ok(Self {
            from_env: name.to_owned(),
            json,
        })
    }

    /// What the variable holds, if it is set.
    pub(super) fn value(&self, secrets: Secrets<'_>) -> Option<Result<Value, String>> {
        let secret = secrets(&self.from_env)?;
        let text = secret.expose_secret();
        Some(if self.json {
            // What exactly is wrong with it would tell of it.
            serde_json::from_str(text).map_err(|_| format!("{} holds no JSON.", self.from_env))
        } else {
            Ok(text.into())
        })
    }
}

/// Capitals, digits and single underscores: the text itself where that loses nothing, else with a hash behind two
/// underscores, which no text that loses nothing has.
fn spell(text: &str, hashed: Option<&str>) -> String {
    let mut spelled = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            spelled.push(c.to_ascii_uppercase());
        } else if !spelled.is_empty() && !spelled.ends_with('_') {
            spelled.push('_');
        }
        if spelled.len() == SPELLED_MAX {
            break;
        }
    }
    let spelled = spelled.trim_end_matches('_');
    if hashed.is_none() && spelled.to_ascii_lowercase() == text {
        return spelled.to_owned();
    }
    let hash = hex::encode_upper(Sha256::digest(hashed.unwrap_or(text)));
    format!("{spelled}__{}", &hash[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_out_where_that_loses_nothing() {
        let name = |text: &str| Reference::of_connector(text).from_env;
        assert_eq!(name("notes"), "PATCHBAY_SECRET_CONNECTOR_NOTES");
        assert_eq!(name("my_notes_2"), "PATCHBAY_SECRET_CONNECTOR_MY_NOTES_2");
        let alike = [
            "my-notes",
            "my notes",
            "My_Notes",
            "my__notes",
            "_my_notes",
            "my_notes_",
            "é",
            "ü",
            "日本",
        ];
        let names: std::collections::HashSet<_> = alike.iter().map(|text| name(text)).collect();
        assert_eq!(names.len(), alike.len(), "{names:?}");
        for name in names.iter().map(String::as_str).chain([&*name(&"x".repeat(255))]) {
            assert!(Reference::parse(name, false).is_ok() && name.len() < 120, "{name}");
            assert!(name.contains("__"), "{name}");
        }
    }

    #[test]
    fn sources_that_look_alike_have_secrets_of_their_own() {
        let key = |kind: &str, name: Option<&str>, number| SourceKey {
            number,
            ..SourceKey::first(kind, name)
        };
        let name = |owner: &str, key: &SourceKey, path: &str| {
            let path = [path.to_owned()];
            Reference::of_configuration(Holder::Source { owner, key }, &path, &Value::from("s")).from_env
        };
        let notes = name("ada@example.org", &key("notes", Some("Main"), 1), "key");
        assert!(notes.starts_with("PATCHBAY_SECRET_SOURCE_NOTES_MAIN_KEY__"), "{notes}");
        assert_eq!(notes, name("Ada@Example.org", &key("notes", Some("Main"), 1), "key"));
        let others = [
            name("bob@example.org", &key("notes", Some("Main"), 1), "key"),
            name("ada@example.org", &key("notes", Some("Main"), 2), "key"),
            name("ada@example.org", &key("notes Main", None, 1), "key"),
            name("ada@example.org", &key("notes", None, 1), "Main key"),
        ];
        for other in others {
            assert_ne!(notes, other);
        }
    }

    #[test]
    fn a_document_asks_for_secrets_only() {
        for name in [
            "",
            "TOKEN_ENCRYPTION_KEY",
            "PATCHBAY_SECRET_",
            "PATCHBAY_SECRET_A B",
            "patchbay_secret_a",
        ] {
            assert!(Reference::parse(name, false).is_err(), "{name}");
        }
    }
}
