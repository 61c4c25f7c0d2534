use super::*;
use serde_json::json;

fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).unwrap()
}

fn set(tools: &Value, templates: &Value) -> DefinitionSet {
    let len = |value: &Value| u32::try_from(value.as_array().map_or(0, Vec::len)).unwrap();
    DefinitionSet {
        url: "http://h/connector.json".into(),
        mcp_url: Some("http://h/mcp".into()),
        version: "1".into(),
        tools: raw(tools),
        tools_count: len(tools),
        templates: raw(templates),
        templates_count: len(templates),
        config: None,
    }
}

fn tools(tools: &Value) -> DefinitionSet {
    set(tools, &json!([]))
}

fn told(before: &DefinitionSet, after: &DefinitionSet) -> Vec<String> {
    difference(before, after)
        .iter()
        .map(|change| {
            let blocked = if change.blocked { " blocked" } else { "" };
            format!("{} {:?} {}{blocked}", change.key, change.kind, change.fields.join(","))
        })
        .collect()
}

#[test]
fn what_is_new_changed_and_gone_is_told_by_name_in_the_services_order() {
    let before = tools(&json!([
        {"name": "gone", "inputSchema": {}},
        {"name": "words", "description": "a", "inputSchema": {}},
        {"name": "schema", "inputSchema": {"type": "object"}},
        {"name": "same", "inputSchema": {}},
    ]));
    let after = tools(&json!([
        {"name": "new", "inputSchema": {}},
        {"name": "schema", "inputSchema": {"type": "object", "required": ["x"]}, "outputSchema": {}},
        {"name": "same", "inputSchema": {}},
        {"name": "words", "description": "b", "inputSchema": {}, "annotations": {"readOnlyHint": true}},
    ]));
    assert_eq!(
        told(&before, &after),
        [
            "tool:new Added ",
            "tool:schema Changed inputSchema,outputSchema blocked",
            "tool:words Changed description,annotations",
            "tool:gone Removed ",
        ]
    );
    assert_eq!(
        blocked_tools(&before.tools, &after.tools),
        HashSet::from(["schema".to_owned()])
    );
}

#[test]
fn another_order_of_keys_or_of_tools_is_no_difference() {
    let before = tools(&json!([{"name": "a", "inputSchema": {"x": 1, "y": 2}}, {"name": "b", "inputSchema": {}}]));
    let after = tools(&json!([{"inputSchema": {}, "name": "b"}, {"inputSchema": {"y": 2, "x": 1}, "name": "a"}]));
    assert_eq!(told(&before, &after), [""; 0]);
    assert_eq!(revision(&before, &after, &difference(&before, &after)), None);
    assert!(blocked_tools(&before.tools, &after.tools).is_empty());
}

#[test]
fn an_order_in_a_list_is_a_difference() {
    let before = tools(&json!([{"name": "a", "inputSchema": {"required": ["x", "y"]}}]));
    let after = tools(&json!([{"name": "a", "inputSchema": {"required": ["y", "x"]}}]));
    assert_eq!(told(&before, &after), ["tool:a Changed inputSchema blocked"]);
}

#[test]
fn templates_may_be_a_list_or_an_object_and_need_no_names() {
    let before = set(&json!([]), &json!([{"name": "a"}, {"x": 1}, {"x": 2}]));
    let after = set(&json!([]), &json!([{"name": "a"}, {"x": 1}, {"x": 3}]));
    assert_eq!(told(&before, &after), ["template:#2 Changed x"]);
    let object = set(&json!([]), &json!({"a": {"inputSchema": {"type": "object"}}}));
    let other = set(&json!([]), &json!({"a": {"inputSchema": {}}, "b": {}}));
    assert_eq!(
        told(&object, &other),
        ["template:a Changed inputSchema blocked", "template:b Added "]
    );
    assert_eq!(
        blocked_tools(&object.templates, &other.templates),
        HashSet::from(["a".to_owned()])
    );
}

#[test]
fn what_is_nested_too_deeply_to_be_looked_into_hides_no_change() {
    let deep = |words: &str| {
        let nested = "[".repeat(500) + &"]".repeat(500);
        let tool = format!(r#"[{{"name":"a","description":"{words}","inputSchema":{{}},"_meta":{nested}}}]"#);
        DefinitionSet {
            tools: RawValue::from_string(tool).unwrap(),
            ..tools(&json!([]))
        }
    };
    let (before, after) = (deep("x"), deep("y"));
    assert_eq!(told(&before, &after), ["tool:a Changed  blocked"]);
    assert_eq!(
        blocked_tools(&before.tools, &after.tools),
        HashSet::from(["a".to_owned()])
    );
    assert_eq!(told(&before, &before), [""; 0]);
}

#[test]
fn configuration_and_where_calls_go_are_parts_too() {
    let before = tools(&json!([]));
    let after = DefinitionSet {
        mcp_url: Some("https://elsewhere/mcp".into()),
        config: Some(raw(&json!({"params": {"type": "object"}}))),
        ..before.clone()
    };
    assert_eq!(told(&before, &after), ["config Added ", "mcp_url Changed "]);
    let later = DefinitionSet {
        config: Some(raw(&json!({"params": {}, "ui_schema": {}}))),
        ..after.clone()
    };
    assert_eq!(told(&after, &later), ["config Changed params,ui_schema"]);
}

#[test]
fn a_revision_names_the_difference_and_not_how_it_was_written() {
    let before = tools(&json!([]));
    let revision = |after: &DefinitionSet| revision(&before, after, &difference(&before, after));
    let one = tools(&json!([{"name": "a", "inputSchema": {"x": 1, "y": 2}}, {"name": "b"}]));
    let same = tools(&json!([{"name": "b"}, {"inputSchema": {"y": 2, "x": 1}, "name": "a"}]));
    let other = tools(&json!([{"name": "b"}, {"inputSchema": {"y": 2, "x": 2}, "name": "a"}]));
    assert_eq!(revision(&one), revision(&same));
    assert_ne!(revision(&one), revision(&other));
    let version = DefinitionSet {
        version: "2".into(),
        ..before.clone()
    };
    assert!(
        revision(&version).is_some(),
        "a new version alone is something to look at"
    );
    assert_eq!(revision(&before), None);
}

#[test]
fn accepting_some_makes_those_changes_and_no_others() {
    let before = tools(&json!([{"name": "a", "v": 1}, {"name": "gone"}, {"name": "kept"}, {"name": "b", "v": 1}]));
    let after = DefinitionSet {
        version: "2".into(),
        config: Some(raw(&json!({}))),
        ..tools(&json!([{"name": "new"}, {"name": "b", "v": 2}, {"name": "a", "v": 2}, {"name": "newer"}]))
    };
    let merged = merge(&before, &after, &HashSet::from(["tool:a", "tool:gone", "tool:newer"]));
    assert_eq!(
        merged.tools.get(),
        r#"[{"name":"a","v":2},{"name":"kept"},{"name":"b","v":1},{"name":"newer"}]"#
    );
    assert_eq!(
        (merged.tools_count, merged.version.as_str(), merged.config.is_none()),
        (4, "1", true)
    );
    assert_eq!(
        told(&merged, &after),
        [
            "tool:new Added ",
            "tool:b Changed v",
            "tool:kept Removed ",
            "config Added "
        ]
    );
}

#[test]
fn accepting_every_key_leaves_nothing_whatever_the_form() {
    let before = set(
        &json!([{"name": "a"}, {"name": "b"}]),
        &json!([{"name": "t", "x": 1}, {"name": "t", "x": 2}]),
    );
    let after = DefinitionSet {
        mcp_url: None,
        config: Some(raw(&json!({"params": null}))),
        ..set(&json!([{"name": "c"}]), &json!({"t": {"name": "t", "x": 3}, "u": {}}))
    };
    let changes = difference(&before, &after);
    let keys = changes.iter().map(|change| change.key.as_str()).collect();
    let merged = merge(&before, &after, &keys);
    assert_eq!(told(&merged, &after), [""; 0]);
    assert_eq!((merged.tools_count, merged.templates_count), (1, 2));
}

#[test]
fn ten_thousand_tools_are_compared_one_with_one() {
    let many = |changed: usize| {
        let tool = |n| json!({"name": format!("tool_{n}"), "description": "x".repeat(400), "v": n < changed});
        tools(&Value::Array((0..10_000).map(tool).collect()))
    };
    assert_eq!(difference(&many(0), &many(5_000)).len(), 5_000);
}
