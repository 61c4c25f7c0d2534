//! What a connector is.

use crate::{
    paths,
    ui::{CopyLine, Logo, ModeBadge, TimeAgo, count},
};
use leptos::prelude::*;
use patchbay_domain::connector::{ConnectorMode, ConnectorSummary};

/// Its description, mode, address and dates.
#[component]
pub(super) fn Facts(
    summary: ConnectorSummary,
    /// How many sources of it whoever looks has.
    sources: u64,
    is_superuser: bool,
) -> AnyView {
    let sources = (sources > 0).then(|| {
        let href = paths::with_query("/sources", &[("type", &summary.name)]);
        view! { <div><dt>"Your sources"</dt><dd><a href=href>{count(sources)}</a></dd></div> }
    });
    let has_url = !summary.url.is_empty();
    let secret = secret(&summary);
    let hint = match summary.mode {
        ConnectorMode::Deactive if is_superuser => Some(
            "Start the connector's service, then activate it with its URL. Servers can be made from it after that.",
        ),
        ConnectorMode::Deactive => Some("A superuser has to activate it before servers can be made from it."),
        ConnectorMode::Sync => {
            Some("It follows its service. Servers that exist keep running; new ones can't be made in this mode.")
        }
        ConnectorMode::Active => None,
    };
    view! {
        <section class="panel" aria-label="About">
            <div class="identity">
                <Logo url=summary.logo_url name=summary.name/>
                <div class="identity-words">
                    <p class="identity-text">{summary.description}</p>
                    {hint.map(|hint| view! { <p class="panel-about">{hint}</p> })}
                </div>
                <ModeBadge mode=summary.mode/>
            </div>
            <dl class="pairs">
                <div><dt>"Number"</dt><dd>{summary.connector_id}</dd></div>
                <div><dt>"Version"</dt><dd>{summary.version}</dd></div>
                <div><dt>"Secret"</dt><dd>{secret}</dd></div>
                {sources}
                <div><dt>"Registered"</dt><dd><TimeAgo at=summary.created_at/></dd></div>
                <div><dt>"Last change"</dt><dd><TimeAgo at=summary.updated_at/></dd></div>
            </dl>
            {has_url.then(|| view! { <CopyLine id="connector-url" what="URL" text=summary.url/> })}
        </section>
    }
    .into_any()
}

/// Whether there is a secret, and which header carries it where that isn't the usual one.
fn secret(summary: &ConnectorSummary) -> String {
    match (summary.has_secret, &summary.secret_header) {
        (true, Some(header)) => format!("Stored, encrypted; sent as {header}"),
        (true, None) => "Stored, encrypted".to_owned(),
        (false, _) => "None".to_owned(),
    }
}
