//! Secrets that their owner sends back as they were shown: masked, and so to be kept as they are.
//!
//! A mask stands for what is stored at the same place. In a list a position alone says little, because items come, go and
//! move: there it stands for what is stored in the item that is the same in everything else. Where that isn't clear, the
//! secret has to be typed again, rather than be another one's.

use super::{MASK, below};
use patchbay_domain::field::{FieldError, FieldErrors};
use serde_json::{Map, Value};

/// The longest list in which an item is looked for that has moved.
const SEARCHED_MAX: usize = 1000;

/// A configuration in which no mask is left.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) configuration: Value,
    /// JSON pointers to what was kept: that is secret, whatever the schema says by now.
    pub(crate) places: Vec<String>,
}

/// Puts what is stored where masks are. Errors are named `<field>.<path>`.
pub(crate) fn keep_secrets(field: &str, configuration: Value, stored: Option<&Value>) -> Result<Kept, FieldErrors> {
    let mut keeper = Keeper::default();
    let configuration = keeper.keep(configuration, stored, field, "");
    if keeper.errors.is_empty() {
        Ok(Kept {
            configuration,
            places: keeper.places,
        })
    } else {
        Err(keeper.errors)
    }
}

#[derive(Default)]
struct Keeper {
    places: Vec<String>,
    errors: FieldErrors,
}

impl Keeper {
    fn keep(&mut self, value: Value, stored: Option<&Value>, path: &str, pointer: &str) -> Value {
        match value {
            Value::Object(fields) => fields
                .into_iter()
                .map(|(key, field)| {
                    let stored = stored.and_then(|stored| stored.get(&key));
                    let field = self.keep(field, stored, &format!("{path}.{key}"), &below(pointer, &key));
                    (key, field)
                })
                .collect::<Map<_, _>>()
                .into(),
            Value::Array(items) => {
                let stored = stored.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                let length = items.len();
                items
                    .into_iter()
                    .enumerate()
                    .map(|(index, item)| {
                        let stored = if has_mask(&item) {
                            partner(&item, index, length, stored)
                        } else {
                            None
                        };
                        let index = index.to_string();
                        self.keep(item, stored, &format!("{path}.{index}"), &below(pointer, &index))
                    })
                    .collect()
            }
            value if !is_mask(&value) => value,
            mask => {
                if let Some(stored) = stored {
                    self.places.push(pointer.to_owned());
                    return stored.clone();
                }
                let reason = format!("'{MASK}' stands for a secret that is kept, and there is none here: type it.");
                self.errors.add(path, FieldError::Refused { reason });
                mask
            }
        }
    }
}

/// The stored item that an item with masks is, if there is no doubt.
fn partner<'a>(item: &Value, index: usize, length: usize, stored: &'a [Value]) -> Option<&'a Value> {
    let here = stored.get(index).filter(|here| is_same_but_for_masks(item, here));
    if here.is_some() && length == stored.len() {
        return here;
    }
    if stored.len() > SEARCHED_MAX {
        return None;
    }
    let mut same = stored.iter().filter(|stored| is_same_but_for_masks(item, stored));
    let found = same.next();
    found.filter(|_| same.next().is_none())
}

fn is_same_but_for_masks(value: &Value, stored: &Value) -> bool {
    match (value, stored) {
        (value, _) if is_mask(value) => true,
        (Value::Object(fields), Value::Object(stored)) => {
            fields.len() == stored.len()
                && fields.iter().all(|(key, field)| {
                    stored
                        .get(key)
                        .is_some_and(|stored| is_same_but_for_masks(field, stored))
                })
        }
        (Value::Array(items), Value::Array(stored)) => {
            items.len() == stored.len()
                && items
                    .iter()
                    .zip(stored)
                    .all(|(item, stored)| is_same_but_for_masks(item, stored))
        }
        (value, stored) => value == stored,
    }
}

fn has_mask(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.values().any(has_mask),
        Value::Array(items) => items.iter().any(has_mask),
        value => is_mask(value),
    }
}

fn is_mask(value: &Value) -> bool {
    value.as_str() == Some(MASK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kept(configuration: Value, stored: &Value) -> Result<Value, Vec<String>> {
        keep_secrets("c", configuration, Some(stored))
            .map(|kept| kept.configuration)
            .map_err(|errors| errors.0.into_keys().collect())
    }

    #[test]
    fn a_mask_keeps_what_stands_at_its_place_and_says_where_that_is() {
        let stored = json!({"key": "s1", "deep": {"a/b": {"pin": 42}}, "name": "n"});
        let sent = json!({"key": MASK, "deep": {"a/b": MASK}, "name": "other"});
        let kept = keep_secrets("c", sent, Some(&stored)).unwrap();
        assert_eq!(
            kept.configuration,
            json!({"key": "s1", "deep": {"a/b": {"pin": 42}}, "name": "other"})
        );
        assert_eq!(kept.places, ["/key", "/deep/a~1b"]);
    }

    #[test]
    fn a_mask_without_anything_behind_it_is_refused_by_its_path() {
        let sent = json!({"key": MASK, "deep": {"list": ["a", MASK]}});
        assert_eq!(kept(sent.clone(), &json!({})).unwrap_err(), ["c.deep.list.1", "c.key"]);
        assert!(keep_secrets("c", sent, None).is_err());
    }

    #[test]
    fn in_a_list_a_mask_keeps_what_belongs_to_the_same_item() {
        let stored = json!({"l": [{"user": "ada", "key": "s1"}, {"user": "bob", "key": "s2"}]});
        let (ada, bob) = (json!({"user": "ada", "key": MASK}), json!({"user": "bob", "key": MASK}));
        assert_eq!(kept(json!({"l": [ada, bob]}), &stored).unwrap(), stored);
        assert_eq!(
            kept(json!({"l": [bob, {"user": "new", "key": "s3"}, ada]}), &stored).unwrap(),
            json!({"l": [{"user": "bob", "key": "s2"}, {"user": "new", "key": "s3"}, {"user": "ada", "key": "s1"}]})
        );
        assert_eq!(
            kept(json!({"l": [bob]}), &stored).unwrap(),
            json!({"l": [{"user": "bob", "key": "s2"}]})
        );
        let eve = json!({"user": "eve", "key": MASK});
        assert_eq!(kept(json!({"l": [eve]}), &stored).unwrap_err(), ["c.l.0.key"]);
    }

    #[test]
    fn a_list_of_nothing_but_secrets_keeps_them_while_it_is_as_long_as_it_was() {
        let stored = json!(["s1", "s2"]);
        assert_eq!(kept(json!([MASK, MASK]), &stored).unwrap(), stored);
        assert_eq!(kept(json!(["new", MASK]), &stored).unwrap(), json!(["new", "s2"]));
        assert!(kept(json!([MASK]), &stored).is_err(), "which of them?");
        assert!(kept(json!([MASK, MASK, "s3"]), &stored).is_err());
    }
}
