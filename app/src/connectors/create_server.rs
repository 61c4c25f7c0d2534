//! Making an MCP server from an active connector.

use super::read::{connector, id_in_path};
use crate::{
    context,
    layout::here,
    servers::NewServer,
    ui::{PageHeader, page},
};
use leptos::prelude::*;

/// A name, what the connector's configuration asks for, and the sources that are to be beside it.
#[component]
pub(crate) fn CreateServerPage() -> impl IntoView {
    let (id, from) = (id_in_path(), here());
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let connector = connector(&id).await?;
        let sources = engine.source_names(&actor).await?;
        let view = view! {
            <PageHeader title="Create MCP server" parent=("Connectors", "/connectors")
                about="It gets an endpoint and a token of its own, with this connector's tools behind it."/>
            <NewServer connector=Some(connector) sources from/>
        };
        Ok(view.into_any())
    })
}
