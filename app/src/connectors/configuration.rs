//! What servers made from a connector are asked for, for reading.

use leptos::prelude::*;
use patchbay_domain::schema_form::{FieldKind, SchemaField, SchemaForm};
use serde_json::Value;

/// The settings; nothing when there are none.
#[component]
pub(super) fn Configuration(schema: Value) -> impl IntoView {
    let form = SchemaForm::parse(&schema);
    (!form.fields.is_empty()).then(|| {
        view! {
            <section class="section" aria-labelledby="configuration">
                <div class="section-head"><h2 id="configuration">"Configuration"</h2></div>
                <p class="section-about">"What a server made from this connector is asked for."</p>
                <ul class="rows">
                    {form.fields.into_iter().map(|field| view! { <Setting field/> }).collect_view()}
                </ul>
            </section>
        }
    })
}

#[component]
fn Setting(field: SchemaField) -> AnyView {
    let is_secret = field.kind == FieldKind::Password;
    view! {
        <li class="row row-plain">
            <span class="row-words">
                <span class="row-name">{field.label}</span>
                {field.required.then(|| view! { <span class="tag">"required"</span> })}
                {is_secret.then(|| view! { <span class="tag">"secret"</span> })}
                {field.help.map(|help| view! { <span class="row-text">{help}</span> })}
            </span>
            {field.default.map(|default| view! { <span class="row-note">"default " <code>{default}</code></span> })}
        </li>
    }
    .into_any()
}
