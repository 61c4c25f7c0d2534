//! The members of a definition as text that shows all of itself.

use serde_json::Value;

/// Members that say the most, first.
const FIRST: [&str; 5] = ["title", "description", "inputSchema", "outputSchema", "annotations"];

/// A member as text: words as they are, everything else as indented JSON.
pub(super) fn text(member: &Value) -> String {
    match member {
        Value::String(words) => visible(words),
        other => visible(&serde_json::to_string_pretty(other).unwrap_or_default()),
    }
}

/// Which members a definition has, the most telling first; its name stands above them anyway.
pub(super) fn members(definition: &Value) -> Vec<String> {
    let Some(object) = definition.as_object() else {
        return Vec::new();
    };
    let first = FIRST.into_iter().filter(|name| object.contains_key(*name));
    let rest = object.keys().map(String::as_str);
    first
        .chain(rest.filter(|name| *name != "name" && !FIRST.contains(name)))
        .map(str::to_owned)
        .collect()
}

/// The same value with its keys in the order in which `like` has them: which order they come in means nothing, and should
/// look like nothing.
pub(super) fn in_order_of(like: &Value, value: &Value) -> Value {
    match (like, value) {
        (Value::Object(like), Value::Object(object)) => {
            let known = like
                .iter()
                .filter_map(|(key, like)| Some((key.clone(), in_order_of(like, object.get(key)?))));
            let new = object.iter().filter(|(key, _)| !like.contains_key(*key));
            Value::Object(
                known
                    .chain(new.map(|(key, value)| (key.clone(), value.clone())))
                    .collect(),
            )
        }
        (Value::Array(like), Value::Array(items)) => {
            let null = Value::Null;
            let pairs = items.iter().enumerate();
            Value::Array(
                pairs
                    .map(|(index, item)| in_order_of(like.get(index).unwrap_or(&null), item))
                    .collect(),
            )
        }
        (_, other) => other.clone(),
    }
}

/// Characters that a person doesn't see but a model reads are named, so that nothing is approved unseen.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_unseen(letter) {
            shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(letter)));
        } else {
            shown.push(letter);
        }
    }
    shown
}

fn is_unseen(letter: char) -> bool {
    let is_layout = matches!(letter, '\n' | '\t');
    (letter.is_control() && !is_layout)
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_nobody_sees_is_named() {
        assert_eq!(
            text(&json!("safe\u{200b}\u{e0041}\r\n\tok")),
            "safe⟨U+200B⟩⟨U+E0041⟩⟨U+000D⟩\n\tok"
        );
        assert_eq!(text(&json!({"a": "\u{202e}b"})), "{\n  \"a\": \"⟨U+202E⟩b\"\n}");
        assert_eq!(text(&json!("Grüße, 日本 🙂")), "Grüße, 日本 🙂");
    }

    #[test]
    fn the_order_of_keys_looks_like_nothing() {
        let before = json!({"type": "object", "properties": {"a": {"type": "string", "title": "A"}}});
        let after = json!({"properties": {"b": 1, "a": {"title": "A", "type": "string"}}, "type": "object"});
        assert_eq!(
            in_order_of(&before, &after).to_string(),
            r#"{"type":"object","properties":{"a":{"type":"string","title":"A"},"b":1}}"#
        );
        assert_eq!(
            in_order_of(&json!([{"x": 1, "y": 2}]), &json!([{"y": 2, "x": 1}, {"z": 3}])).to_string(),
            r#"[{"x":1,"y":2},{"z":3}]"#
        );
    }

    #[test]
    fn the_telling_members_come_first() {
        let tool = json!({"name": "t", "_meta": {}, "inputSchema": {}, "icons": [], "description": "d"});
        assert_eq!(members(&tool), ["description", "inputSchema", "_meta", "icons"]);
        assert!(members(&json!("text")).is_empty());
    }
}
