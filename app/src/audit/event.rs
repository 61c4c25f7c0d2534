//! Rows of the log: a table, whose rows open; cards in a narrow window.

use super::{difference::Difference, query::AuditQuery, words};
use crate::ui::{CopyLine, TimeAgo, count};
use leptos::prelude::*;
use patchbay_domain::{
    audit::{AuditEvent, Door},
    ids::ConnectorId,
};
use std::collections::BTreeMap;

/// The numbers of those connectors that the rows name and that still exist.
pub(super) type Connectors = BTreeMap<ConnectorId, i64>;

/// The rows. Each is a table body of its own: what happened, and beneath it what else there is to know.
#[component]
pub(super) fn Events(events: Vec<AuditEvent>, connectors: Connectors) -> AnyView {
    view! {
        <table class="table events">
            <thead>
                <tr>
                    <th scope="col">"When"</th>
                    <th scope="col">"Who"</th>
                    <th scope="col">"What"</th>
                    <th scope="col">"Which"</th>
                    <th scope="col">"From where"</th>
                    <th scope="col"><span class="visually-hidden">"Details"</span></th>
                </tr>
            </thead>
            {events.into_iter().map(|event| {
                let number = event.subject_id.and_then(|id| connectors.get(&ConnectorId(id)).copied());
                view! { <Event event number/> }
            }).collect_view()}
        </table>
    }
    .into_any()
}

#[component]
fn Event(
    event: AuditEvent,
    /// The number of the connector that it is about, if that still exists.
    number: Option<i64>,
) -> AnyView {
    let (what, which) = (words::done(&event.action).to_owned(), which(&event, number));
    view! {
        <tbody class="event">
            <tr>
                <td data-label="When" class="date"><TimeAgo at=event.at/></td>
                <td data-label="Who">{who(&event)}</td>
                <th scope="row">{what}</th>
                <td data-label="Which">{which}</td>
                <td data-label="From where">{from_where(&event)}</td>
                <td class="event-toggle">
                    <details>
                        <summary>"Details"<span class="visually-hidden">{format!(" of row {}", event.seq)}</span></summary>
                    </details>
                </td>
            </tr>
            <tr class="event-more"><td colspan="6"><More event/></td></tr>
        </tbody>
    }
    .into_any()
}

fn who(event: &AuditEvent) -> AnyView {
    match (&event.actor, event.actor_id, event.door) {
        (Some(email), ..) => view! { <span class="event-name">{email.clone()}</span> }.into_any(),
        (None, Some(_), _) => view! { <span class="tag">"erased"</span> }.into_any(),
        (None, None, Door::System) => "The server".into_any(),
        (None, None, Door::CommandLine) => "Command line".into_any(),
        (None, None, Door::Dashboard | Door::Api) => "Nobody signed in".into_any(),
    }
}

fn which(event: &AuditEvent, number: Option<i64>) -> AnyView {
    let kind = words::kind(&event.subject_type).to_owned();
    match (event.subject.clone(), number) {
        (Some(name), Some(number)) if event.subject_type == "connector" => {
            view! { <a class="event-name" href=format!("/connectors/{number}")>{name}</a> }.into_any()
        }
        // Who is gone has no name here any more.
        (Some(email), _) if event.subject_type == "user" => {
            let page = event.subject_id.map(|id| format!("/users/{id}"));
            view! { <a class="event-name" href=page>{email}</a> }.into_any()
        }
        (Some(name), _) => view! { <span class="event-name">{name}</span> }.into_any(),
        (None, _) if event.subject_type == "user" => view! { <span class="tag">"erased"</span> }.into_any(),
        (None, _) => view! { <span class="event-kind">{kind}</span> }.into_any(),
    }
}

fn from_where(event: &AuditEvent) -> AnyView {
    view! {
        <span class="event-from">
            <span>{words::way(event.door)}</span>
            {event.address.clone().map(|address| view! { <code>{address}</code> })}
            {event.device.clone().map(|device| view! { <span>{device}</span> })}
        </span>
    }
    .into_any()
}

#[component]
fn More(event: AuditEvent) -> AnyView {
    let seq = event.seq;
    let about = AuditQuery::about(&event);
    let by = AuditQuery::by(&event);
    let has_links = about.is_some() || by.is_some();
    let kind = words::kind(&event.subject_type).to_owned();
    view! {
        <div class="event-body">
            {event.note.map(|note| view! { <blockquote class="event-note">{note}</blockquote> })}
            <Difference before=event.before after=event.after/>
            <dl class="pairs event-facts">
                <div><dt>"Row"</dt><dd>{count(seq)}</dd></div>
                <div><dt>"Action"</dt><dd><code>{event.action}</code></dd></div>
                <div><dt>"Kind"</dt><dd>{kind}</dd></div>
            </dl>
            <dl class="pairs event-facts">
                {event.subject_id.map(|id| view! {
                    <div><dt>"Its id"</dt><dd><CopyLine id=format!("subject-{seq}") what="id" text=id.to_string()/></dd></div>
                })}
                {event.request_id.map(|id| view! {
                    <div><dt>"Request"</dt><dd><CopyLine id=format!("request-{seq}") what="request id" text=id/></dd></div>
                })}
            </dl>
            {has_links.then(|| view! {
                <p class="event-links">
                    {about.map(|query| view! { <a href=query.newest()>"All that happened to it"</a> })}
                    {by.map(|query| view! { <a href=query.newest()>"All that they did"</a> })}
                </p>
            })}
        </div>
    }
    .into_any()
}
