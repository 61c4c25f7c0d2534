//! Connectors as servers and sources use them: whether what is configured fits, whether it contributes tools, and what of
//! it may be shown.

use crate::{
    Error,
    configuration::{self, Checker},
    connectors::config_params,
    storage::Tx,
};
use patchbay_domain::{
    connector::ConnectorMode,
    field::{FieldError, FieldErrors},
    server::ServerConnector,
    source::BindingState,
};
use serde_json::Value;
use std::sync::OnceLock;
use uuid::Uuid;

/// A connector that something is, or should be, a use of.
pub(crate) struct Use {
    pub(crate) connector: ServerConnector,
    /// The schema of its configuration, if it takes one and was ever activated.
    pub(crate) schema: Option<Value>,
    /// Made ready once for all that is on a page, if anything is.
    checker: OnceLock<Checker>,
}

/// The connectors of all that is on a page.
#[derive(Default)]
pub(crate) struct Uses(Vec<Use>);

impl Uses {
    pub(crate) async fn load(tx: &mut Tx, ids: &[Uuid], names: &[String]) -> Result<Self, Error> {
        if ids.is_empty() && names.is_empty() {
            return Ok(Self::default());
        }
        let used = tx.used_connectors(ids, names).await?.into_iter().map(|used| {
            Ok(Use {
                schema: config_params(used.config.as_deref())?,
                connector: used.view,
                checker: OnceLock::new(),
            })
        });
        used.collect::<Result<_, Error>>().map(Self)
    }

    pub(crate) fn by_id(&self, id: Uuid) -> Option<&Use> {
        self.0.iter().find(|used| used.connector.id.0 == id)
    }

    /// The connector that sources of this type are uses of.
    pub(crate) fn by_name(&self, name: &str) -> Option<&Use> {
        self.0.iter().find(|used| used.connector.name == name)
    }
}

impl Use {
    /// Whether a configuration is what the connector asks for. One that asks for nothing takes anything, which goes nowhere.
    pub(crate) fn check(&self, field: &str, configuration: &Value) -> Result<(), FieldErrors> {
        if self.schema.is_none() {
            return Ok(());
        }
        let checker = self.checker.get_or_init(|| Checker::of(self.schema.as_ref()));
        checker.check(field, configuration)
    }

    pub(crate) fn is_switched_off(&self) -> bool {
        self.connector.mode == ConnectorMode::Deactive
    }
}

/// Whether something that uses a connector contributes tools, and why not. A configuration that can't be opened is none.
pub(crate) fn state(
    kind: &str,
    used: Option<&Use>,
    field: &str,
    configuration: Option<&Value>,
) -> (BindingState, Option<String>) {
    let Some(used) = used else {
        let notice = format!("There is no connector named '{kind}' (yet), so this contributes no tools.");
        return (BindingState::NoConnector, Some(notice));
    };
    let name = &used.connector.name;
    if used.is_switched_off() {
        let notice = format!("Connector '{name}' is not activated, so this contributes no tools for now.");
        return (BindingState::SwitchedOff, Some(notice));
    }
    let Some(configuration) = configuration else {
        let notice = "This configuration can't be opened any more: enter it again.".to_owned();
        return (BindingState::Misfit, Some(notice));
    };
    match used.check(field, configuration) {
        Ok(()) => (BindingState::Ready, None),
        Err(errors) => (BindingState::Misfit, Some(misfit(name, &errors))),
    }
}

fn misfit(name: &str, errors: &FieldErrors) -> String {
    let first = errors.0.first_key_value();
    let (field, error) = first.map_or(("", &FieldError::Required), |(field, error)| (field.as_str(), error));
    format!("Connector '{name}' asks for another configuration than this one. {field}: {error}")
}

/// What a source's owner sees of what they typed. What a schema marks, or doesn't know, is masked, and so is what was
/// secret when it was sealed; where there is no schema, nobody said that anything else is.
pub(crate) fn shown(used: Option<&Use>, places: &[String], metadata: Value) -> Value {
    match used.and_then(|used| used.schema.as_ref()) {
        Some(schema) => configuration::masked(Some(schema), places, metadata),
        None => configuration::masked_at(places, metadata),
    }
}
