//! The fields of a configuration, as part of a form.

use super::form::{ConfigurationForm, json_field};
use crate::ui::{Control, Field, Form, SchemaFields};
use leptos::prelude::*;

/// The fields, sent as `{prefix}[{key}]` and, what is typed as JSON, as `{prefix}_json`. Nothing where there are none.
#[component]
pub(crate) fn ConfigurationFields(
    /// The form that they are a part of.
    form: Form,
    /// Which ones.
    configuration: ConfigurationForm,
    /// The name of the map that they are sent in.
    prefix: &'static str,
) -> impl IntoView {
    (!configuration.is_empty()).then(|| {
        let ConfigurationForm { fields, json } = configuration;
        let json = json.map(|json| {
            let (label, help) = if json.is_all {
                (
                    "As a JSON object",
                    "Nobody says yet what belongs there. It is stored encrypted.",
                )
            } else {
                (
                    "Further settings",
                    "The connector doesn't name these. A JSON object; empty it to have them gone.",
                )
            };
            view! {
                <Field form name=json_field(prefix) error_key=prefix label control=Control::Json value=json.text help/>
            }
        });
        view! {
            <fieldset class="fieldset">
                <legend>"Configuration"</legend>
                <SchemaFields form fields prefix/>
                {json}
            </fieldset>
        }
    })
}
