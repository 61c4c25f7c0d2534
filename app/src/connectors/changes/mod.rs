//! What a connector's service says now, beside what is in force, and the decision on it.

mod change;
mod lines;
mod text;

pub(super) use change::{ChangeList, Sides};

use super::{
    api::{DECIDE, Decide},
    check::{CheckFacts, SyncForm},
    impact::ImpactList,
    read::{Held, held, id_in_path},
    words,
};
use crate::ui::{
    Control, EmptyState, Field, FieldError, Form, Hidden, Icon, InPlaceForm, PageHeader, Submit, TimeAgo, form, page,
};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{
    changes::{ChangesView, Impact},
    connector::{ChangesState, CheckView, ConnectorMode, ConnectorSummary},
};

/// What is held back, and what a superuser makes of it.
#[component]
pub(crate) fn ChangesPage() -> impl IntoView {
    let id = id_in_path();
    page(async move {
        let held = held(&id).await?;
        Ok(view! { <Page held/> }.into_any())
    })
}

#[component]
fn Page(held: Held) -> AnyView {
    let Held {
        connector,
        changes,
        impact,
    } = held;
    let number = connector.connector_id;
    let (is_same, name) = (changes.state.is_none(), connector.name.clone());
    view! {
        <PageHeader title="Changes" parent=(name, format!("/connectors/{number}"))
            about="What its service says now, beside what is in force. Clients see what is in force until you decide."/>
        <State connector changes=changes.clone()/>
        {if is_same {
            view! {
                <EmptyState icon=Icon::Check title="Nothing to decide">
                    <p>"Its service says what is in force."</p>
                </EmptyState>
            }
            .into_any()
        } else {
            view! { <Decision number changes impact/> }.into_any()
        }}
    }
    .into_any()
}

/// What is known about it, and asking the service anew.
#[component]
fn State(connector: ConnectorSummary, changes: ChangesView) -> AnyView {
    let (before, after) = changes.version;
    let is_other_version = before != after;
    let check = changes.checked_at.map(|checked_at| CheckView {
        checked_at,
        error: changes.error,
    });
    let can_ask = connector.mode != ConnectorMode::Deactive;
    let note = changes.note.filter(|_| changes.state == Some(ChangesState::Refused));
    view! {
        <section class="panel changes-state" aria-label="State">
            <dl class="pairs">
                {changes.state.map(|state| view! { <div><dt>"State"</dt><dd><StateBadge state/></dd></div> })}
                {changes.found_at.map(|at| view! { <div><dt>"First seen"</dt><dd><TimeAgo at/></dd></div> })}
                {is_other_version.then(|| view! {
                    <div><dt>"Its version"</dt><dd>{before} " " <span aria-hidden="true">"→"</span><span class="visually-hidden">"becomes"</span> " " {after}</dd></div>
                })}
                <CheckFacts check=check.clone()/>
            </dl>
            {note.map(|note| view! { <blockquote class="note"><p>{note}</p></blockquote> })}
            {can_ask.then(|| view! { <SyncForm number=connector.connector_id label="Ask its service again"/> })}
        </section>
    }
    .into_any()
}

/// What became of a difference.
#[component]
pub(super) fn StateBadge(state: ChangesState) -> impl IntoView {
    let class = match state {
        ChangesState::Waiting => "badge badge-waiting",
        ChangesState::Refused => "badge",
    };
    view! { <span class=class>{state.label()}</span> }
}

#[component]
fn Decision(number: i64, changes: ChangesView, impact: Option<Impact>) -> AnyView {
    let form = form(DECIDE);
    let ticked = form.typed("accept").unwrap_or_default();
    let ticked: Vec<_> = ticked.lines().map(str::to_owned).collect();
    let summary = words::differences(&changes.changes);
    let has_blocked = changes.changes.iter().any(|change| change.blocked);
    let sides = Sides {
        before: "In force",
        after: "What its service says".to_owned(),
    };
    let is_refused = changes.state == Some(ChangesState::Refused);
    let has_parts = !changes.changes.is_empty();
    view! {
        <InPlaceForm form action=Decide::url() words=words::not_decided(number) class="decision">
            <Hidden name="connector_id" value=number.to_string()/>
            <Hidden name="revision" value=changes.revision/>
            <div class="decision-about">
                <p>{summary}</p>
                {has_blocked.then(|| view! {
                    <p class="panel-about">
                        "Blocked: its schema is another and it may mean something else now, so calls are refused until that is accepted."
                    </p>
                })}
            </div>
            {has_parts.then(|| view! { <ChangeList changes=changes.changes sides ticked/> })}
            <section class="panel decision-panel" id="decision" aria-labelledby="decision-title">
                <h2 id="decision-title">"Decision"</h2>
                {impact.map(|impact| view! {
                    <div class="affected">
                        <p>"Something goes away or means something else. Accepting it affects:"</p>
                        <ImpactList impact/>
                    </div>
                })}
                <Choice form is_refused has_parts/>
            </section>
        </InPlaceForm>
    }
    .into_any()
}

#[component]
fn Choice(
    form: Form,
    is_refused: bool,
    /// Whether there is anything to select.
    has_parts: bool,
) -> impl IntoView {
    let control = form.element("accept");
    let error = form.error_of("accept").unwrap_or_default();
    view! {
        <Field form name="note" label="Note" control=Control::Lines mark_optional=true
            help="Why, for the history and for whoever looks at this next."/>
        <div class="decision-actions" id=control.clone() tabindex="-1">
            {has_parts.then(|| view! {
                <Submit label="Accept selected" sends=("decision", "some") slow="Putting it into force…" secondary=true/>
            })}
            <Submit label="Accept all" sends=("decision", "all") slow="Putting it into force…"/>
            {(!is_refused).then(|| view! { <Submit label="Refuse" sends=("decision", "refuse") slow="Writing it down…" secondary=true/> })}
        </div>
        <FieldError control key="accept".to_owned() before=error/>
        <p class="field-help">
            "Refusing keeps what is in force; when its service changes again, you are asked again. What you don't select goes on waiting."
        </p>
    }
}
