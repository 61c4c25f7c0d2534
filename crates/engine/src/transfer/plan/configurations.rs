//! What becomes of servers' configurations: their secrets put in, checked by the connector's schema, compared.

use super::{Member, Planner};
use crate::{
    Error,
    configuration::{self, Checker},
    connectors::config_params,
    servers::{CONFIGURATION_MAX_BYTES, keys},
    storage::transfer::WholeServer,
    transfer::{
        document::ServerEntry,
        hidden::{Resolved, resolve},
        node::Node,
    },
};
use patchbay_domain::field::{FieldError, FieldErrors};
use serde_json::{Map, Value, value::RawValue};
use std::{cell::OnceCell, collections::BTreeSet, rc::Rc};

/// A configuration that may be stored, and how it differs from the one that is.
pub(super) struct Configured {
    pub(super) value: Value,
    pub(super) secret_places: Vec<String>,
    pub(super) members: Vec<Member>,
}

/// A configuration that is stored.
pub(super) struct Standing<'a> {
    pub(super) value: Value,
    pub(super) server: &'a WholeServer,
}

/// What a connector's servers are configured by. Compiled once for all of them, if any of them needs it.
pub(super) struct Schema {
    value: Option<Value>,
    checker: OnceCell<Checker>,
}

impl Schema {
    fn check(&self, configuration: &Value) -> FieldErrors {
        if configuration.to_string().len() > CONFIGURATION_MAX_BYTES {
            let reason = "At most 64 KiB as JSON.".into();
            return FieldErrors::one("configuration", FieldError::Refused { reason });
        }
        let checker = self.checker.get_or_init(|| Checker::of(self.value.as_ref()));
        checker.check(configuration).err().unwrap_or_default()
    }
}

impl Planner<'_> {
    /// The schema of the configuration of a connector's servers, as it will be; nothing when there is no such connector.
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
        let schema = if entry.is_some() || stored.is_some() {
            Some(Rc::new(Schema {
                value: config_params(config)?,
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
        entry: &ServerEntry,
        schema: &Schema,
        before: Option<&Standing<'_>>,
        path: &str,
    ) -> Result<Option<Configured>, Error> {
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
            &entry.endpoint,
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
            schema.check(&value)
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
                    format!("{name} is not set: the server has no such secret."),
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
            differences(schema, before, &value, &followed)?
        };
        let mut secret_places = configuration::secret_places(schema, &value);
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
    schema: Option<&Value>,
    before: Option<&Standing<'_>>,
    after: &Value,
    followed: &[String],
) -> Result<Vec<Member>, Error> {
    let nothing = Value::Object(Map::new());
    let old = before.map_or(&nothing, |before| &before.value);
    let old_shown = match before {
        Some(Standing { value, server }) => {
            let stored = config_params(server.connector_config.as_deref())?;
            let shown = configuration::masked(stored.as_ref(), &server.secret_places, value.clone());
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
            Member::new(format!("configuration.{key}"), before.as_deref(), after.as_deref())
        });
    Ok(members.collect())
}
