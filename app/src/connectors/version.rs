//! One version of a connector's definitions: how it differs from what is in force, and going back to it.

use super::{
    api::{RESTORE, Restore},
    changes::{ChangeList, Sides},
    impact::ImpactList,
    read::{Past, id_in_path, in_path, past},
    versions::{by, came},
    words,
};
use crate::ui::{
    Control, EmptyState, Field, Hidden, Icon, InPlaceForm, PageHeader, Submit, TimeAgo, form, page, things,
};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{
    changes::{Impact, VersionDetail, VersionView},
    connector::{ConnectorMode, ConnectorSummary},
};

/// A version.
#[component]
pub(crate) fn VersionPage() -> impl IntoView {
    let (id, number) = (id_in_path(), in_path("number"));
    page(async move {
        let past = past(&id, &number).await?;
        Ok(view! { <Page past/> }.into_any())
    })
}

#[component]
fn Page(past: Past) -> AnyView {
    let Past {
        connector,
        version: VersionDetail { version, changes },
        impact,
    } = past;
    let (title, is_current) = (format!("Version {}", version.number), version.current);
    let sides = Sides {
        before: "In force",
        after: title.clone(),
    };
    let number = version.number;
    let summary = words::differences(&changes);
    let is_same = changes.is_empty();
    let versions = format!("/connectors/{}/versions", connector.connector_id);
    view! {
        <PageHeader title=title parent=(format!("Versions of {}", connector.name), versions)/>
        <Facts version/>
        <section class="section" aria-labelledby="differences">
            <div class="section-head"><h2 id="differences">"Difference to what is in force"</h2></div>
            {if is_same {
                view! {
                    <EmptyState icon=Icon::Check title="No difference">
                        <p>{if is_current { "This is the version in force." } else { "What is in force says the same." }}</p>
                    </EmptyState>
                }
                .into_any()
            } else {
                view! { <p class="section-about">{summary}</p><ChangeList changes sides/> }.into_any()
            }}
        </section>
        {(!is_current).then(|| view! { <GoBack connector number impact/> })}
    }
    .into_any()
}

#[component]
fn Facts(version: VersionView) -> AnyView {
    let offers = format!(
        "{}, {}",
        things(version.tools_count, "tool"),
        things(version.templates_count, "template")
    );
    view! {
        <section class="panel" aria-label="About">
            <dl class="pairs">
                {version.current.then(|| view! { <div><dt>"State"</dt><dd><span class="badge badge-good">"In force"</span></dd></div> })}
                <div><dt>"How it came"</dt><dd>{came(version.origin)}</dd></div>
                <div><dt>"By"</dt><dd>{by(version.created_by)}</dd></div>
                <div><dt>"When"</dt><dd><TimeAgo at=version.created_at/></dd></div>
                <div><dt>"Its service's version"</dt><dd>{version.version}</dd></div>
                <div><dt>"Offers"</dt><dd>{offers}</dd></div>
                <div class="pair-wide"><dt>"Read from"</dt><dd><code>{version.url}</code></dd></div>
            </dl>
            {version.note.map(|note| view! { <blockquote class="note"><p>{note}</p></blockquote> })}
        </section>
    }
    .into_any()
}

#[component]
fn GoBack(connector: ConnectorSummary, number: u32, impact: Option<Impact>) -> AnyView {
    let form = form(RESTORE);
    let reason = match connector.mode {
        ConnectorMode::Active | ConnectorMode::Deactive => None,
        ConnectorMode::Sync => {
            Some("It follows its service, so an earlier version would not stay. Pin and activate it first.")
        }
    };
    view! {
        <section class="panel decision-panel" id="restore" aria-labelledby="restore-title">
            <h2 id="restore-title">"Go back to it"</h2>
            {match reason {
                Some(reason) => view! { <p class="panel-about">{reason}</p> }.into_any(),
                None => view! {
                    <p class="panel-about">
                        "It comes into force again, as a new version. What its service says otherwise counts as refused, until it changes again."
                    </p>
                    {impact.map(|impact| view! {
                        <div class="affected">
                            <p>"Something goes away or means something else. That affects:"</p>
                            <ImpactList impact/>
                        </div>
                    })}
                    <InPlaceForm form action=Restore::url() words="It did not come into force">
                        <Hidden name="connector_id" value=connector.connector_id.to_string()/>
                        <Hidden name="number" value=number.to_string()/>
                        <Field form name="note" label="Note" control=Control::Lines mark_optional=true help="Why, for the history."/>
                        <Submit label="Go back to this version" slow="Putting it into force…"/>
                    </InPlaceForm>
                }
                .into_any(),
            }}
        </section>
    }
    .into_any()
}
