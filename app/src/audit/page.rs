//! The audit log.

use super::{
    event::{Connectors, Events},
    filters::Filters,
    query::AuditQuery,
};
use crate::{
    context,
    ui::{EmptyState, Icon, IconView, PageHeader, page, things},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use patchbay_domain::{audit::AuditEvent, field::FieldErrors, ids::ConnectorId, page::Page};
use patchbay_engine::{Actor, Engine, Error};

/// The log, as far as the address asks for it.
#[component]
pub(crate) fn AuditPage() -> impl IntoView {
    let query = use_query_map().with_untracked(|query| AuditQuery::from(query));
    page(async move {
        let (engine, actor) = context::signed_in()?;
        actor.require_superuser()?;
        let found = match query.filter() {
            Ok(filter) => engine.audit_events(&actor, &filter, &query.request()).await,
            Err(errors) => Err(errors.into()),
        };
        let view = match found {
            Ok(found) => {
                let connectors = connectors(&engine, &actor, &found.items).await?;
                view! { <Content query found connectors/> }.into_any()
            }
            // Only an address that was typed asks for such a thing.
            Err(Error::Invalid(errors)) => {
                context::set_status(422);
                view! { <Refused query errors/> }.into_any()
            }
            Err(error) => return Err(error),
        };
        Ok(view)
    })
}

/// Which of the connectors that the rows name still exist.
async fn connectors(engine: &Engine, actor: &Actor, events: &[AuditEvent]) -> Result<Connectors, Error> {
    let named = events.iter().filter(|event| event.subject_type == "connector");
    let mut ids: Vec<_> = named.filter_map(|event| event.subject_id.map(ConnectorId)).collect();
    ids.sort_unstable();
    ids.dedup();
    let found = engine.connectors_by_id(actor, &ids).await?.into_iter();
    Ok(found.map(|connector| (connector.id, connector.connector_id)).collect())
}

#[component]
fn Head(export: String) -> impl IntoView {
    view! {
        <PageHeader title="Audit log" about="Every change: who made it, what it was, when, and from where.">
            <a class="button" href=export download="">"Export as JSON Lines"</a>
        </PageHeader>
    }
}

#[component]
fn Content(query: AuditQuery, found: Page<AuditEvent>, connectors: Connectors) -> AnyView {
    let is_empty = found.items.is_empty();
    let is_filtered = query.is_filtered();
    let summary = match (is_empty, is_filtered) {
        (true, _) => String::new(),
        (false, true) => format!("{} found", things(found.total, "row")),
        (false, false) => things(found.total, "row"),
    };
    let pager = pager(&query, found.next_cursor.as_deref());
    view! {
        <Head export=query.export()/>
        <Filters query=query.clone() errors=FieldErrors::default()/>
        {if is_empty {
            view! { <Nothing is_filtered is_older=query.is_older() newest=query.newest()/> }.into_any()
        } else {
            view! {
                <p class="list-count" role="status">{summary}</p>
                <Events events=found.items connectors/>
            }
            .into_any()
        }}
        {pager}
        <p class="list-foot">
            "Rows are only ever added. Each one vouches for the one before it, so " <code>"patchbay audit verify"</code>
            " on the server finds any that was changed, taken out or slipped in. Calls of tools aren't changes: they are counted on the overview."
        </p>
    }
    .into_any()
}

fn pager(query: &AuditQuery, next: Option<&str>) -> Option<AnyView> {
    let older = next.map(|next| query.older(next));
    let newer = query.newer();
    (older.is_some() || newer.is_some()).then(|| {
        view! {
            <nav class="pager pager-steps" aria-label="Pages">
                {query.is_older().then(|| view! { <a class="button button-quiet" href=query.newest()>"Newest"</a> })}
                {newer.map(|href| view! { <a class="button" href=href rel="prev">"Newer"</a> })}
                {older.map(|href| view! { <a class="button" href=href rel="next">"Older" <IconView icon=Icon::Arrow/></a> })}
            </nav>
        }
        .into_any()
    })
}

#[component]
fn Nothing(is_filtered: bool, is_older: bool, newest: String) -> impl IntoView {
    match (is_older, is_filtered) {
        (true, _) => view! {
            <EmptyState icon=Icon::Audit title="No older rows">
                <p>"The log begins with the rows before these."</p>
                <p class="actions"><a class="button" href=newest>"Show the newest"</a></p>
            </EmptyState>
        }
        .into_any(),
        (false, true) => view! {
            <EmptyState icon=Icon::Search title="Nothing found">
                <p>"No row of the log has all of this. Days are in UTC, and a name is the one it had then."</p>
                <p class="actions"><a class="button" href="/audit">"Clear all filters"</a></p>
            </EmptyState>
        }
        .into_any(),
        (false, false) => view! {
            <EmptyState icon=Icon::Audit title="Nothing yet">
                <p>"What anybody changes from now on is written down here: connectors, servers, tokens, users, keys."</p>
            </EmptyState>
        }
        .into_any(),
    }
}

#[component]
fn Refused(query: AuditQuery, errors: FieldErrors) -> AnyView {
    let named = errors.get("cursor").is_some();
    view! {
        <Head export=query.export()/>
        <Filters query errors/>
        <div class="notice notice-bad" role="alert">
            <p class="notice-text">
                {if named { "There is no such page of the log." } else { "Some filters need another look." }}
            </p>
        </div>
    }
    .into_any()
}
