//! The filters above the log: a form with GET, so that all of it stands in the address.

use super::{
    query::AuditQuery,
    words::{DOORS, GROUPS, KINDS},
};
use crate::ui::element_id;
use leptos::prelude::*;
use patchbay_domain::field::FieldErrors;

/// The filters, with what the address asks for and what is wrong with it.
#[component]
pub(super) fn Filters(query: AuditQuery, errors: FieldErrors) -> AnyView {
    let is_filtered = query.is_filtered();
    let error = |name: &str| errors.get(name).map(ToString::to_string);
    view! {
        <search class="search" aria-label="Audit log">
            <form class="filters" method="get" action="/audit">
                <Text name="actor" label="Who" value=query.actor placeholder="Email or id" error=error("actor")/>
                <What value=query.action/>
                <OneOf name="subject_type" label="Kind" any="Any kind" value=query.subject_type choices=KINDS.to_vec()
                    error=error("subject_type")/>
                <Text name="subject" label="Which" value=query.subject placeholder="Name or id" error=error("subject")/>
                <OneOf name="door" label="Way" any="Any way" value=query.door
                    choices=DOORS.iter().map(|(door, label)| (door.as_str(), *label)).collect() error=error("door")/>
                <Day name="from" label="From day" value=query.from error=error("from")/>
                <Day name="to" label="To day" value=query.to error=error("to")/>
                <div class="filters-actions">
                    <button class="button" type="submit">"Show"</button>
                    {is_filtered.then(|| view! { <a class="button button-quiet" href="/audit">"Clear all"</a> })}
                </div>
            </form>
        </search>
    }
    .into_any()
}

#[component]
fn Text(
    name: &'static str,
    label: &'static str,
    value: String,
    placeholder: &'static str,
    error: Option<String>,
) -> AnyView {
    one(name, label, error, |id, described_by| {
        view! {
            <input class="input" type="text" id=id name=name value=value placeholder=placeholder autocomplete="off"
                aria-describedby=described_by.clone() aria-invalid=described_by.map(|_| "true")/>
        }
        .into_any()
    })
}

#[component]
fn Day(name: &'static str, label: &'static str, value: String, error: Option<String>) -> AnyView {
    // An address may ask for a time, which a field for days doesn't show.
    let kind = if value.is_empty() || is_day(&value) {
        "date"
    } else {
        "text"
    };
    one(name, label, error, |id, described_by| {
        view! {
            <input class="input" type=kind id=id name=name value=value title="Days begin and end in UTC."
                aria-describedby=described_by.clone() aria-invalid=described_by.map(|_| "true")/>
        }
        .into_any()
    })
}

fn is_day(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// A part of the list, or one action. What the address asks for is offered even if nobody knows it.
#[component]
fn What(value: String) -> AnyView {
    let is_known = GROUPS
        .iter()
        .any(|group| group.name == value || group.actions.iter().any(|(action, _)| *action == value));
    let unknown = Some(value.clone()).filter(|value| !value.is_empty() && !is_known);
    one("action", "What", None, |id, _| {
        view! {
            <select class="input" id=id name="action">
                <option value="">"Anything"</option>
                {unknown.map(|action| view! { <option value=action.clone() selected=true>{action.clone()}</option> })}
                {GROUPS.iter().map(|group| view! {
                    <optgroup label=group.all>
                        {(group.actions.len() > 1).then(|| {
                            view! { <option value=group.name selected=value == group.name>{format!("{}: anything", group.all)}</option> }
                        })}
                        {group.actions.iter().map(|(action, words)| {
                            let selected = value == *action || (group.actions.len() == 1 && value == group.name);
                            view! { <option value=*action selected=selected>{*words}</option> }
                        }).collect_view()}
                    </optgroup>
                }).collect_view()}
            </select>
        }
        .into_any()
    })
}

#[component]
fn OneOf(
    name: &'static str,
    label: &'static str,
    any: &'static str,
    value: String,
    choices: Vec<(&'static str, &'static str)>,
    error: Option<String>,
) -> AnyView {
    let unknown = choices
        .iter()
        .all(|(choice, _)| *choice != value)
        .then(|| value.clone());
    let unknown = unknown.filter(|value| !value.is_empty());
    one(name, label, error, |id, described_by| {
        view! {
            <select class="input" id=id name=name
                aria-describedby=described_by.clone() aria-invalid=described_by.map(|_| "true")>
                <option value="">{any}</option>
                {unknown.map(|choice| view! { <option value=choice.clone() selected=true>{choice.clone()}</option> })}
                {choices.into_iter().map(|(choice, label)| {
                    view! { <option value=choice selected=value == choice>{label}</option> }
                }).collect_view()}
            </select>
        }
        .into_any()
    })
}

fn one(
    name: &'static str,
    label: &'static str,
    error: Option<String>,
    control: impl FnOnce(String, Option<String>) -> AnyView,
) -> AnyView {
    let id = element_id("audit", name);
    let error_id = error.as_ref().map(|_| format!("{id}-error"));
    view! {
        <div class=format!("filter filter-{name}")>
            <label class="filter-label" for=id.clone()>{label}</label>
            {control(id, error_id.clone())}
            {error.map(|error| view! { <div class="field-error" id=error_id><p>{error}</p></div> })}
        </div>
    }
    .into_any()
}
