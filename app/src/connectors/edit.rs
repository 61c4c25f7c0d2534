//! The dialog that edits a connector: its description, and its secret, which is never shown.

use super::api::{UPDATE, Update};
use crate::ui::{Control, Dialog, Field, Form, Hidden, InPlaceForm, Submit, form};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::connector::ConnectorSummary;

/// Another description, and another secret or none.
#[component]
pub(super) fn EditDialog(
    connector: ConnectorSummary,
    /// The page without the dialog.
    #[prop(into)]
    close: String,
) -> AnyView {
    let form = form(UPDATE);
    view! {
        <Dialog title=format!("Edit {}", connector.name) close=close.clone()>
            <InPlaceForm form action=Update::url() words="The connector was not saved">
                <Hidden name="connector_id" value=connector.connector_id.to_string()/>
                <Field form name="description" label="Description" control=Control::Lines value=connector.description
                    required=true/>
                <Secret form has_secret=connector.has_secret header=connector.secret_header/>
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Cancel"</a>
                    <Submit label="Save"/>
                </div>
            </InPlaceForm>
        </Dialog>
    }
    .into_any()
}

/// What becomes of the secret. Without one there is nothing to keep but having none.
#[component]
fn Secret(form: Form, has_secret: bool, header: Option<String>) -> AnyView {
    let chosen = form.typed("secret_change").unwrap_or_else(|| "keep".to_owned());
    let choice = |value: &'static str, label: &'static str| {
        let id = form.element(&format!("secret-{value}"));
        let is_chosen = chosen == value;
        view! {
            <div class="field-tick">
                <input class="tick" type="radio" name="secret_change" id=id.clone() value=value checked=is_chosen/>
                <label for=id>{label}</label>
            </div>
        }
    };
    let (keep, replace) = if has_secret {
        ("Keep the one that is stored", "Replace it")
    } else {
        ("None is stored; leave it so", "Store one")
    };
    view! {
        <fieldset class="fieldset secret-choice">
            <legend>"Secret"</legend>
            {choice("keep", keep)}
            {choice("replace", replace)}
            <Field form name="secret" label="New secret" control=Control::Line("password") autocomplete="new-password"
                help="Sent to the connector with every call. Stored encrypted, never shown again."/>
            {has_secret.then(|| choice("remove", "Remove it"))}
            <Field form name="secret_header" label="Header" value=header.unwrap_or_default() placeholder="Authorization: Bearer"
                mark_optional=true help="The header that carries it, such as X-API-Key, if its service wants one of its own."/>
        </fieldset>
    }
    .into_any()
}
