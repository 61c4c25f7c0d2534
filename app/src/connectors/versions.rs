//! The versions of a connector's definitions that were in force.

use super::read::{History, history, id_in_path};
use crate::ui::{EmptyState, Icon, NoSuchPage, PageHeader, Pager, TimeAgo, page, things};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use patchbay_domain::{
    changes::{VersionOrigin, VersionView},
    page::Page,
};

/// The history.
#[component]
pub(crate) fn VersionsPage() -> impl IntoView {
    let id = id_in_path();
    let cursor = use_query_map()
        .with_untracked(|query| query.get("cursor"))
        .unwrap_or_default();
    page(async move {
        let History { connector, versions } = history(&id, &cursor).await?;
        let number = connector.connector_id;
        let path = format!("/connectors/{number}");
        let view = view! {
            <PageHeader title="Versions" parent=(connector.name, path)
                about="Every version of its definitions that was in force, the newest first. Open one to see how it differs, or to go back to it."/>
            <List number versions is_first=cursor.is_empty()/>
        };
        Ok(view.into_any())
    })
}

#[component]
fn List(number: i64, versions: Option<Page<VersionView>>, is_first: bool) -> AnyView {
    let path = format!("/connectors/{number}/versions");
    let Some(Page {
        items,
        total,
        next_cursor,
    }) = versions
    else {
        return view! { <NoSuchPage first=path/> }.into_any();
    };
    if items.is_empty() {
        return view! {
            <EmptyState icon=Icon::Template title="No versions yet">
                <p>"The first one comes into force when the connector is activated."</p>
                <p class="actions"><a class="button" href=format!("/connectors/{number}")>"Back to the connector"</a></p>
            </EmptyState>
        }
        .into_any();
    }
    let first = (!is_first).then(|| path.clone());
    let next = next_cursor.map(|cursor| crate::paths::with_query(&path, &[("cursor", &cursor)]));
    view! {
        <table class="table versions">
            <thead>
                <tr>
                    <th scope="col">"Version"</th>
                    <th scope="col">"How it came"</th>
                    <th scope="col">"Offers"</th>
                    <th scope="col">"By"</th>
                    <th scope="col">"When"</th>
                </tr>
            </thead>
            <tbody>{items.into_iter().map(|version| view! { <Row number version/> }).collect_view()}</tbody>
        </table>
        <Pager total first next/>
    }
    .into_any()
}

#[component]
fn Row(number: i64, version: VersionView) -> AnyView {
    let href = format!("/connectors/{number}/versions/{}", version.number);
    let offers = format!(
        "{}, {}",
        things(version.tools_count, "tool"),
        things(version.templates_count, "template")
    );
    view! {
        <tr>
            <th scope="row">
                <a href=href>{format!("Version {}", version.number)}</a>
                {version.current.then(|| view! { " " <span class="badge badge-good">"In force"</span> })}
                <span class="versions-own">{format!("v{}", version.version)}</span>
            </th>
            <td data-label="How it came">
                {came(version.origin)}
                {version.note.map(|note| view! { <span class="versions-note">{note}</span> })}
            </td>
            <td data-label="Offers">{offers}</td>
            <td data-label="By" class="versions-by">{by(version.created_by)}</td>
            <td data-label="When" class="date"><TimeAgo at=version.created_at/></td>
        </tr>
    }
    .into_any()
}

/// How a version came into force, in words.
pub(super) fn came(origin: VersionOrigin) -> &'static str {
    match origin {
        VersionOrigin::Activated => "Activated",
        VersionOrigin::Accepted => "Changes accepted",
        VersionOrigin::Synced => "Followed its service",
        VersionOrigin::Pinned => "Pinned",
        VersionOrigin::Restored => "Went back",
        VersionOrigin::Imported => "Imported",
    }
}

/// Who made it.
pub(super) fn by(email: Option<String>) -> String {
    email.unwrap_or_else(|| "Patchbay".to_owned())
}
