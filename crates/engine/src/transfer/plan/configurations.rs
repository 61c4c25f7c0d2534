//! What becomes of configurations, servers' and sources': their secrets put in, checked by the connector's schema, compared.

use super::{Member, Planner};
use crate::{
    Error,
    configuration::{self, Checker, check_form},
    connectors::config_params,
    servers::keys,
    transfer::{
        hidden::{Resolved, resolve},
        node::Node,
        reference::Holder,
    },
};
use patchbay_domain::{
    connector::ConnectorMode,
    field::{FieldError, FieldErrors},
};
use serde_json::{Map, Value, value::RawValue};
use std::{cell::OnceCell, collections::BTreeSet, rc::Rc};

/// Where in the document a configuration stands, and whose it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The entry, as in `servers[0]`.
    pub(super) path: &'a str,
    pub(super) field: &'static str,
    pub(super) holder: Holder<'a>,
}

/// A configuration that may be stored, and how it differs from the one that is.
pub(super) struct Configured {
    pub(super) value: Value,
    pub(super) secret_places: Vec<String>,
    pub(super) members: Vec<Member>,
}

/// A configuration that is stored.
pub(super) struct Standing<'a> {
    pub(super) value: Value,
    /// The definitions of its connector that have its schema.
    pub(super) config: Option<&'a RawValue>,
    /// What was secret in it when it was sealed.
    pub(super) secret_places: &'a [String],
}

/// What a connector's servers and sources are configured by. Compiled once for all of them, if any of them needs it.
#[derive(Default)]
pub(super) struct Schema {
    value: Option<Value>,
    /// Whether sources are held to it: not while their connector is switched off.
    in_use: bool,
    checker: OnceCell<Checker>,
}

impl Schema {
    pub(super) fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }

    fn check(&self, configuration: &Value, place: Place<'_>) -> FieldErrors {
        // A source is kept, too, where nobody says what belongs into it.
        let is_free = matches!(place.holder, Holder::Source { .. }) && !(self.in_use && self.value.is_some());
        let checked = if is_free {
            check_form(place.field, configuration)
        } else {
            let checker = self.checker.get_or_init(|| Checker::of(self.value.as_ref()));
            checker.check(place.field, configuration)
        };
        checked.err().unwrap_or_default()
    }
}

impl Planner<'_> {
    /// What a connector's servers and sources are configured by, as it will be; nothing when there is no such connector.
    pub(super) fn schema(&mut self, connector: &str) -> Result<Option<Rc<Schema>>, Error> {
        if let Some(known) = self.schemas.get(connector) {
            return Ok(known.clone());
        }
        let entry = self.connectors.get(connector);
        let stored = self.stored.connectors.get(connector);
        let config: Option<&RawValue> = match entry.and_then(|entry| entry.definitions.as_ref()) {
            Some(definitions) => definitions.config.as_deref(),
            None => stored.and_then(|stored| stored.set.config.as_deref()),
        };
        let mode = entry.and_then(|entry| entry.mode).or(stored.map(|stored| stored.mode));
        let schema = if entry.is_some() || stored.is_some() {
            Some(Rc::new(Schema {
                value: config_params(config)?,
                in_use: mode.is_some_and(|mode| mode != ConnectorMode::Deactive),
                checker: OnceCell::new(),
            }))
        } else {
            None
        };
        self.schemas.insert(connector.to_owned(), schema.clone());
        Ok(schema)
    }

    /// The configuration with its secrets, if it can be used.
    pub(super) fn configuration(
        &mut self,
        given: &Node,
        place: Place<'_>,
        schema: &Schema,
        before: Option<&Standing<'_>>,
    ) -> Result<Option<Configured>, Error> {
        let path = place.path;
        let given: Value = serde_json::from_str(&given.to_json()).map_err(Error::internal)?;
        let Resolved {
            configuration: value,
            followed,
            missing,
            problems,
        } = resolve(
            schema.value.as_ref(),
            given,
            before.map(|before| &before.value),
            place.holder,
            place.field,
            self.secrets,
        );
        let mut is_usable = problems.is_empty();
        for (field, message) in problems {
            self.problems.add(&format!("{path}.{field}"), message);
        }
        let is_same = before.is_some_and(|before| before.value == value);
        // What is stored was checked when it came, by the schema of that day.
        let errors = if is_same {
            FieldErrors::default()
        } else {
            schema.check(&value, place)
        };
        for (field, reference) in missing {
            let name = reference.from_env;
            if errors.get(&field) == Some(&FieldError::Required) || field.ends_with(']') {
                let message = format!("{name} is not set, nothing is stored here, and the connector needs this.");
                self.problems.add(&format!("{path}.{field}"), message);
                is_usable = false;
            } else {
                self.warn(
                    format!("{path}.{field}"),
                    format!("{name} is not set: it has no such secret."),
                );
            }
        }
        is_usable &= errors.is_empty();
        for (field, error) in errors.0 {
            // The first thing that was said of a field stands.
            self.problems.error(&format!("{path}.{field}"), error);
        }
        if !is_usable {
            return Ok(None);
        }
        let schema = schema.value.as_ref();
        let members = if is_same {
            Vec::new()
        } else {
            differences(place.field, schema, before, &value, &followed)?
        };
        let mut secret_places = match (schema, place.holder) {
            // Nobody says what in it is secret, so its owner sees what they typed.
            (None, Holder::Source { .. }) => Vec::new(),
            _ => configuration::secret_places(schema, &value),
        };
        secret_places.extend(followed);
        secret_places.sort();
        secret_places.dedup();
        Ok(Some(Configured {
            value,
            secret_places,
            members,
        }))
    }
}

/// Which entries of a configuration are others than before. What was secret, by the day it was sealed, by the connector as
/// it is or as the document has it, is masked, and so is what the document puts there from a reference.
fn differences(
    field: &str,
    schema: Option<&Value>,
    before: Option<&Standing<'_>>,
    after: &Value,
    followed: &[String],
) -> Result<Vec<Member>, Error> {
    let nothing = Value::Object(Map::new());
    let old = before.map_or(&nothing, |before| &before.value);
    let old_shown = match before {
        Some(Standing {
            value,
            config,
            secret_places,
        }) => {
            let stored = config_params(*config)?;
            let shown = configuration::masked(stored.as_ref(), secret_places, value.clone());
            configuration::masked(schema, &[], shown)
        }
        None => Value::Null,
    };
    let new_shown = configuration::masked(schema, followed, after.clone());
    let names: BTreeSet<&str> = keys(old).into_iter().chain(keys(after)).collect();
    let members = names
        .into_iter()
        .filter(|key| old.get(key) != after.get(key))
        .map(|key| {
            let text = |shown: &Value| shown.get(key).map(Value::to_string);
            let (before, after) = (text(&old_shown), text(&new_shown));
            Member::new(format!("{field}.{key}"), before.as_deref(), after.as_deref())
        });
    Ok(members.collect())
}
