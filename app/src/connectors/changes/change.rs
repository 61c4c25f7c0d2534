//! One thing that differs: what it is, what happened to it, and its members before and after.

use super::{
    lines::{Line, Row, rows},
    text::{in_order_of, members, text},
};
use crate::ui::{Icon, IconView, things};
use leptos::prelude::*;
use patchbay_domain::changes::{ChangeKind, ChangedPart, DefinitionChange};
use serde_json::Value;

/// What the two sides of a difference are called.
#[derive(Debug, Clone)]
pub(in crate::connectors) struct Sides {
    /// What is in force.
    pub(in crate::connectors) before: &'static str,
    /// What could be.
    pub(in crate::connectors) after: String,
}

/// A difference, thing by thing.
#[component]
pub(in crate::connectors) fn ChangeList(
    changes: Vec<DefinitionChange>,
    sides: Sides,
    /// Which of them are ticked, where some can be accepted; nothing where the list is only read.
    #[prop(optional, into)]
    ticked: Option<Vec<String>>,
) -> AnyView {
    view! {
        <ul class="changes">
            {changes.into_iter().enumerate().map(|(index, change)| {
                let tick = ticked.as_ref().map(|ticked| ticked.contains(&change.key));
                view! { <Change change index sides=sides.clone() tick/> }
            }).collect_view()}
        </ul>
    }
    .into_any()
}

#[component]
fn Change(change: DefinitionChange, index: usize, sides: Sides, tick: Option<bool>) -> AnyView {
    let id = format!("change-{index}");
    let (icon, what) = match change.part {
        ChangedPart::Tool => (Icon::Tool, "Tool"),
        ChangedPart::Template => (Icon::Template, "Template"),
        ChangedPart::Config => (Icon::Server, "Configuration of servers"),
        ChangedPart::McpUrl => (Icon::Connector, "Address that calls go to"),
    };
    let title = if change.name.is_empty() {
        what.into_any()
    } else {
        view! { <span class="change-what">{what}</span> " " <code>{change.name.clone()}</code> }.into_any()
    };
    let fields = (change.kind == ChangeKind::Changed && !change.fields.is_empty()).then(|| change.fields.join(", "));
    let tick = tick.map(|is_ticked| view! { <Tick id=id.clone() key=change.key.clone() is_ticked/> });
    let (kind, is_blocked, heading) = (change.kind, change.blocked, id.clone());
    view! {
        <li class="change panel" aria-labelledby=id>
            <div class="change-head">
                <IconView icon/>
                <h2 id=heading class="change-title">{title}</h2>
                <KindBadge kind/>
                {is_blocked.then(|| view! { <span class="badge badge-waiting">"Blocked"</span> })}
                {tick}
                {fields.map(|fields| view! { <p class="change-fields">"Different: " {fields}</p> })}
            </div>
            <Members change sides/>
        </li>
    }
    .into_any()
}

#[component]
fn Tick(
    /// Of what it accepts.
    id: String,
    key: String,
    is_ticked: bool,
) -> impl IntoView {
    let control = format!("{id}-accept");
    view! {
        <span class="change-tick">
            <input class="tick" type="checkbox" name="accept[]" id=control.clone() value=key checked=is_ticked aria-describedby=id/>
            <label for=control>"Accept"</label>
        </span>
    }
}

/// What happened to it.
#[component]
fn KindBadge(kind: ChangeKind) -> impl IntoView {
    let (class, word) = match kind {
        ChangeKind::Added => ("badge badge-good", "Added"),
        ChangeKind::Removed => ("badge badge-bad", "Removed"),
        ChangeKind::Changed => ("badge badge-info", "Changed"),
    };
    view! { <span class=class>{word}</span> }
}

#[component]
fn Members(change: DefinitionChange, sides: Sides) -> AnyView {
    let DefinitionChange {
        part,
        kind,
        fields,
        before,
        after,
        ..
    } = change;
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    let after = in_order_of(&before, &after);
    // An address and a schema have no members of a name: they are shown as a whole.
    let is_whole =
        matches!(part, ChangedPart::McpUrl | ChangedPart::Config) || !(before.is_object() || after.is_object());
    let names = match kind {
        _ if is_whole => Vec::new(),
        ChangeKind::Added => members(&after),
        ChangeKind::Removed => members(&before),
        ChangeKind::Changed => fields,
    };
    let whole = is_whole.then(
        || view! { <Difference name=None before=Some(before.clone()) after=Some(after.clone()) sides=sides.clone()/> },
    );
    view! {
        {whole}
        {names.into_iter().map(|name| {
            let (before, after) = (before.get(&name).cloned(), after.get(&name).cloned());
            view! { <Difference name=Some(name) before after sides=sides.clone()/> }
        }).collect_view()}
    }
    .into_any()
}

/// One member, before and after; or only one of both, when there is only one.
#[component]
fn Difference(
    /// The member's name.
    name: Option<String>,
    before: Option<Value>,
    after: Option<Value>,
    sides: Sides,
) -> AnyView {
    let there = |value: Option<Value>| value.filter(|value| !value.is_null());
    let (before, after) = (there(before), there(after));
    let class = if before.is_some() && after.is_some() {
        "diff"
    } else {
        "diff diff-one"
    };
    let (has_before, has_after) = (before.is_some(), after.is_some());
    let text = |value: &Option<Value>| value.as_ref().map(text).unwrap_or_default();
    let rows = rows(&text(&before), &text(&after));
    let only_ends = has_before && has_after && rows.iter().all(|row| matches!(row, Row::Same(_)));
    view! {
        <div class="difference">
            {name.map(|name| view! { <h3 class="diff-name"><code>{name}</code></h3> })}
            <div class=class>
                {has_before.then(|| view! { <p class="diff-side">{sides.before}</p> })}
                {has_after.then(|| view! { <p class="diff-side diff-after">{sides.after}</p> })}
                {rows.into_iter().map(|row| row_view(row, has_before, has_after)).collect_view()}
            </div>
            {only_ends.then(|| view! { <p class="field-help">"Only the line ends differ."</p> })}
        </div>
    }
    .into_any()
}

/// Unchanged lines stand on both sides for the eye, and once for screen readers.
fn row_view(row: Row, has_before: bool, has_after: bool) -> AnyView {
    let is_double = has_before && has_after;
    match row {
        Row::Same(text) => view! {
            <span class="diff-line">{text.clone()}</span>
            {is_double.then(|| view! { <span class="diff-line diff-after" aria-hidden="true">{text}</span> })}
        }
        .into_any(),
        Row::Skipped(lines) => {
            let words = format!("{} the same", things(lines as u64, "line"));
            view! {
                <span class="diff-line diff-skipped">{words.clone()}</span>
                {is_double.then(|| view! { <span class="diff-line diff-skipped diff-after" aria-hidden="true">{words}</span> })}
            }
            .into_any()
        }
        Row::Differs { before, after } => {
            let before = match before {
                Some(line) => Some(
                    view! { <del class="diff-line"><span class="visually-hidden">"Before: "</span>{part(line)}</del> }
                        .into_any(),
                ),
                None => is_double
                    .then(|| view! { <span class="diff-line diff-nothing" aria-hidden="true"></span> }.into_any()),
            };
            let after = match after {
                Some(line) => Some(view! { <ins class="diff-line diff-after"><span class="visually-hidden">"After: "</span>{part(line)}</ins> }.into_any()),
                None => is_double.then(|| view! { <span class="diff-line diff-nothing diff-after" aria-hidden="true"></span> }.into_any()),
            };
            view! { {before} {after} }.into_any()
        }
    }
}

fn part(line: Line) -> AnyView {
    let Line { text, part } = line;
    if part.is_empty() {
        return text.into_any();
    }
    let (head, rest) = text.split_at(part.start);
    let (middle, tail) = rest.split_at(part.len());
    let (head, middle, tail) = (head.to_owned(), middle.to_owned(), tail.to_owned());
    view! { {head}<strong class="diff-part">{middle}</strong>{tail} }.into_any()
}
