//! Whether two values are the same in what matters.

use serde_json::Value;

/// Whether two values are the same but for what `is_let_pass`.
pub(crate) fn is_same_but(one: &Value, other: &Value, is_let_pass: &impl Fn(&Value, &Value) -> bool) -> bool {
    if is_let_pass(one, other) {
        return true;
    }
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, one)| other.get(key).is_some_and(|other| is_same_but(one, other, is_let_pass)))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| is_same_but(one, other, is_let_pass))
        }
        (one, other) => one == other,
    }
}
