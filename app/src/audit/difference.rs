//! Before and after, member by member.

use leptos::prelude::*;
use serde_json::Value;

/// The longest text of one member, in bytes. The export has all of it.
const TEXT_MAX: usize = 2000;

/// One member that differs: its path, and its text on each side where it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    path: String,
    before: Option<String>,
    after: Option<String>,
}

/// What differs, as a list of members.
#[component]
pub(super) fn Difference(before: Option<Value>, after: Option<Value>) -> impl IntoView {
    let members = members(before.as_ref(), after.as_ref());
    (!members.is_empty()).then(|| {
        view! {
            <dl class="members">
                {members.into_iter().map(|Member { path, before, after }| {
                    let is_changed = before.is_some() && after.is_some();
                    view! {
                        <div>
                            <dt><code>{path}</code></dt>
                            <dd>
                                {before.map(|text| view! { <del>{text}</del> })}
                                {is_changed.then(|| view! { <span class="members-to">" → "</span> })}
                                {after.map(|text| view! { <ins>{text}</ins> })}
                            </dd>
                        </div>
                    }
                }).collect_view()}
            </dl>
        }
    })
}

fn members(before: Option<&Value>, after: Option<&Value>) -> Vec<Member> {
    let mut found = Vec::new();
    collect("", before, after, &mut found);
    found
}

fn collect(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Member>) {
    if before == after {
        return;
    }
    let inside = |value: Option<&Value>| value.is_none_or(|value| value.as_object().is_some_and(|it| !it.is_empty()));
    if !(inside(before) && inside(after)) {
        found.push(Member {
            path: if path.is_empty() {
                "value".to_owned()
            } else {
                path.to_owned()
            },
            before: before.map(text),
            after: after.map(text),
        });
        return;
    }
    let names = |value: Option<&'_ Value>| -> Vec<String> {
        let object = value.and_then(Value::as_object);
        object.into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let mut all = names(before);
    let new: Vec<_> = names(after).into_iter().filter(|name| !all.contains(name)).collect();
    all.extend(new);
    for name in all {
        let of = |value: Option<&'_ Value>| value.and_then(|value| value.get(&name)).cloned();
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        collect(&path, of(before).as_ref(), of(after).as_ref(), found);
    }
}

/// A value as people read it; a list of words without brackets.
fn text(value: &Value) -> String {
    let mut text = match value {
        Value::String(text) if text.is_empty() => "(empty)".to_owned(),
        Value::String(text) => text.clone(),
        Value::Null => "(nothing)".to_owned(),
        Value::Array(items) if items.is_empty() => "(none)".to_owned(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let words: Vec<_> = items.iter().filter_map(Value::as_str).collect();
            words.join(", ")
        }
        other => other.to_string(),
    };
    if text.len() > TEXT_MAX {
        text.truncate(text.floor_char_boundary(TEXT_MAX));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(before: Value, after: Value) -> Vec<String> {
        let (before, after) = (Some(before), Some(after));
        let there = |value: Option<Value>| value.filter(|value| !value.is_null());
        members(there(before).as_ref(), there(after).as_ref())
            .into_iter()
            .map(|Member { path, before, after }| {
                format!(
                    "{path}: {} → {}",
                    before.as_deref().unwrap_or("–"),
                    after.as_deref().unwrap_or("–")
                )
            })
            .collect()
    }

    #[test]
    fn what_differs_is_told_member_by_member_in_order() {
        assert_eq!(
            told(
                json!({"mode": "sync", "same": 1, "gone": true}),
                json!({"mode": "active", "same": 1, "tools": {"count": 5, "added": ["a", "b"], "removed": []}}),
            ),
            [
                "mode: sync → active",
                "gone: true → –",
                "tools.count: – → 5",
                "tools.added: – → a, b",
                "tools.removed: – → (none)",
            ]
        );
    }

    #[test]
    fn what_is_new_what_is_gone_and_what_is_no_object_is_told_too() {
        assert_eq!(told(Value::Null, json!({"name": ""})), ["name: – → (empty)"]);
        assert_eq!(told(json!({"name": "x"}), Value::Null), ["name: x → –"]);
        assert_eq!(told(json!([1]), json!({"a": null})), ["value: [1] → {\"a\":null}"]);
        assert_eq!(told(json!({"a": 1}), json!({"a": 1})), [""; 0]);
    }

    #[test]
    fn a_text_without_end_has_one_here() {
        let long = told(Value::Null, json!({"text": "é".repeat(5000)}));
        assert!(long[0].len() < TEXT_MAX + 40 && long[0].ends_with('…'));
    }
}
