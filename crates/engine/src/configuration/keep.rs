//! Secrets that their owner sends back as they were shown: masked, and so to be kept as they are.
//!
//! A mask stands for what is stored at the same place. In a list a position alone says little, because items come, go and
//! move: there it stands for what is stored in the item that is the same in everything else that was shown. Where that
//! isn't clear, the secret has to be typed again, rather than be another one's. What decides is only what was shown: a
//! guess at a secret must not be told from a wrong one.

use super::{below, check::ERRORS_MAX, check_form, same::is_same_but};
use patchbay_domain::{
    field::{FieldError, FieldErrors},
    schema_form::MASK,
};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The longest list in which an item is looked for that has moved.
const SEARCHED_MAX: usize = 1000;
/// How much room the places of what was kept may take.
const PLACES_BYTES_MAX: usize = 256 * 1024;

/// What is stored, and what its owner was shown of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stored<'a> {
    pub(crate) configuration: &'a Value,
    pub(crate) shown: &'a Value,
}

impl<'a> Stored<'a> {
    /// What stands under a key. Of what is hidden as a whole nothing was shown, not even that it has parts.
    fn field(self, key: &str) -> Option<Self> {
        Some(Self {
            configuration: self.configuration.get(key)?,
            shown: self.shown.get(key)?,
        })
    }

    fn items(self) -> impl Iterator<Item = Self> {
        let of = |list: &'a Value| list.as_array().map(Vec::as_slice).unwrap_or_default();
        let both = of(self.configuration).iter().zip(of(self.shown));
        both.map(|(configuration, shown)| Self { configuration, shown })
    }
}

/// A configuration in which no mask is left.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) configuration: Value,
    /// JSON pointers to what was kept: that is secret, whatever the schema says by now.
    pub(crate) places: Vec<String>,
}

/// Puts what is stored where masks are, and checks the form of what comes of it. Errors are named `<field>.<path>`.
pub(crate) fn keep_secrets(field: &str, configuration: Value, stored: Option<Stored<'_>>) -> Result<Kept, FieldErrors> {
    check_form(field, &configuration)?;
    let mut keeper = Keeper::default();
    let configuration = keeper.keep(configuration, stored, field, "");
    if !keeper.errors.is_empty() {
        return Err(keeper.errors);
    }
    check_form(field, &configuration)?;
    Ok(Kept {
        configuration,
        places: keeper.places,
    })
}

#[derive(Default)]
struct Keeper {
    places: Vec<String>,
    places_bytes: usize,
    errors: FieldErrors,
}

impl Keeper {
    fn keep(&mut self, value: Value, stored: Option<Stored<'_>>, path: &str, pointer: &str) -> Value {
        match value {
            // What has no mask in it is as it is to be.
            value if self.errors.0.len() >= ERRORS_MAX || !has_mask(&value) => value,
            Value::Object(fields) => fields
                .into_iter()
                .map(|(key, field)| {
                    let stored = stored.and_then(|stored| stored.field(&key));
                    let field = self.keep(field, stored, &format!("{path}.{key}"), &below(pointer, &key));
                    (key, field)
                })
                .collect::<Map<_, _>>()
                .into(),
            Value::Array(items) => {
                let stored: Vec<Stored<'_>> = stored.into_iter().flat_map(Stored::items).collect();
                let partners = partners(&items, &stored);
                let both = items.into_iter().zip(partners).enumerate();
                both.map(|(index, (item, partner))| {
                    let index = index.to_string();
                    let stored = partner.map(|partner| stored[partner]);
                    self.keep(item, stored, &format!("{path}.{index}"), &below(pointer, &index))
                })
                .collect()
            }
            mask => self.kept(stored, path, pointer).unwrap_or(mask),
        }
    }

    /// What a mask stands for, if it stands for something.
    fn kept(&mut self, stored: Option<Stored<'_>>, path: &str, pointer: &str) -> Option<Value> {
        let reason = match stored {
            Some(stored) if self.places_bytes + pointer.len() <= PLACES_BYTES_MAX => {
                self.places_bytes += pointer.len();
                self.places.push(pointer.to_owned());
                return Some(stored.configuration.clone());
            }
            Some(_) => "There are too many secrets to keep here: type them again.".to_owned(),
            None => format!("'{MASK}' stands for a secret that is kept, and there is none here: type it."),
        };
        self.errors.add(path, FieldError::Refused { reason });
        None
    }
}

/// For each item with masks the stored item that it is, if there is no doubt. No two are the same one.
fn partners(items: &[Value], stored: &[Stored<'_>]) -> Vec<Option<usize>> {
    let masked = |item: &Value| has_mask(item);
    if items.len() == stored.len()
        && items
            .iter()
            .zip(stored)
            .all(|(item, stored)| is_unmoved(item, stored.shown))
    {
        return (0..items.len()).map(Some).collect();
    }
    let mut used = HashSet::new();
    let mut partner = |item: &Value| {
        if stored.len() > SEARCHED_MAX {
            return None;
        }
        let mut same = (0..stored.len()).filter(|index| is_same_but_for_masks(item, stored[*index].shown));
        let found = same.next().filter(|_| same.next().is_none());
        found.filter(|found| used.insert(*found))
    };
    items
        .iter()
        .map(|item| masked(item).then(|| partner(item)).flatten())
        .collect()
}

/// Whether an item is the one that stands at its place, given that none of its list is new. One without a mask may be new
/// unless it is all that was shown.
fn is_unmoved(item: &Value, shown: &Value) -> bool {
    if has_mask(item) {
        is_same_but_for_masks(item, shown)
    } else {
        item == shown
    }
}

/// Whether a value is the stored one, as far as that was shown. What is typed where a secret is makes no difference.
fn is_same_but_for_masks(value: &Value, shown: &Value) -> bool {
    is_same_but(value, shown, &|value, shown| {
        is_mask(value) || is_mask(shown) && !has_mask(value)
    })
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

    /// Of what is stored in full, with all that begins with an `s` hidden.
    fn kept(configuration: Value, stored: &Value) -> Result<Value, Vec<String>> {
        fn shown(stored: &Value) -> Value {
            match stored {
                Value::Object(fields) => fields.iter().map(|(key, field)| (key.clone(), shown(field))).collect(),
                Value::Array(items) => items.iter().map(shown).collect(),
                Value::String(text) if text.starts_with('s') => MASK.into(),
                other => other.clone(),
            }
        }
        kept_of(configuration, stored, &shown(stored))
    }

    fn kept_of(configuration: Value, stored: &Value, shown: &Value) -> Result<Value, Vec<String>> {
        let stored = Stored {
            configuration: stored,
            shown,
        };
        keep_secrets("c", configuration, Some(stored))
            .map(|kept| kept.configuration)
            .map_err(|errors| errors.0.into_keys().collect())
    }

    #[test]
    fn a_mask_keeps_what_stands_at_its_place_and_says_where_that_is() {
        let stored = json!({"key": "s1", "deep": {"a/b": {"pin": 42}}, "name": "n"});
        let shown = json!({"key": MASK, "deep": {"a/b": MASK}, "name": "n"});
        let sent = json!({"key": MASK, "deep": {"a/b": MASK}, "name": "other"});
        let stored = Stored {
            configuration: &stored,
            shown: &shown,
        };
        let kept = keep_secrets("c", sent, Some(stored)).unwrap();
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
    fn of_what_is_hidden_as_a_whole_no_part_is_kept() {
        let (stored, shown) = (
            json!({"account": {"user": "ada", "key": "s1"}}),
            json!({"account": MASK}),
        );
        let sent = json!({"account": {"user": "eve", "key": MASK}});
        assert_eq!(kept_of(sent, &stored, &shown).unwrap_err(), ["c.account.key"]);
        assert_eq!(kept_of(shown.clone(), &stored, &shown).unwrap(), stored);
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
    fn items_that_differ_in_their_secrets_only_keep_them_while_none_comes_or_goes() {
        let stored = json!({"l": ["s1", "s2"]});
        let kept = |list: Value| kept(json!({ "l": list }), &stored).map(|kept| kept["l"].clone());
        assert_eq!(kept(json!([MASK, MASK])).unwrap(), stored["l"]);
        for doubtful in [
            json!([MASK]),
            json!([MASK, MASK, "s3"]),
            json!([MASK, "new"]),
            json!(["s1", MASK]),
        ] {
            assert!(kept(doubtful.clone()).is_err(), "{doubtful}: which of them?");
        }
        let stored = json!({"l": [{"u": "ada", "k": "s1"}, {"u": "ada", "k": "s2"}, {"u": "bob", "k": "s3"}]});
        let kept = |list: Value| super::tests::kept(json!({ "l": list }), &stored);
        let (ada, bob) = (json!({"u": "ada", "k": MASK}), json!({"u": "bob", "k": MASK}));
        assert_eq!(kept(json!([ada, ada, bob])).unwrap(), stored);
        let typed = json!({"u": "ada", "k": "new"});
        assert_eq!(kept(json!([ada, typed, bob])).unwrap_err(), ["c.l.0.k"]);
        assert_eq!(
            kept(json!([typed, bob])).unwrap(),
            json!({"l": [typed, {"u": "bob", "k": "s3"}]}),
            "whose item is clear keeps its secret"
        );
    }

    #[test]
    fn an_item_is_kept_once() {
        assert_eq!(
            kept(json!({"l": [MASK, MASK, MASK]}), &json!({"l": ["s1"]})).unwrap_err(),
            ["c.l.1", "c.l.2"]
        );
        let ada = json!({"u": "ada", "k": MASK});
        assert_eq!(
            kept(json!({"l": [ada, ada]}), &json!({"l": [{"u": "ada", "k": "s1"}]})).unwrap_err(),
            ["c.l.1.k"]
        );
    }

    #[test]
    fn a_guess_at_a_secret_is_neither_right_nor_wrong() {
        let stored = json!({"l": [{"user": "ada", "pin": "s1", "key": "s2"}, {"user": "bob", "pin": "s1"}]});
        let guess = |user: &str, pin: &str| json!({"l": [{"user": user, "pin": pin, "key": MASK}]});
        for pin in ["s1", "other"] {
            let kept = kept(guess("ada", pin), &stored).unwrap();
            assert_eq!(kept["l"][0], json!({"user": "ada", "pin": pin, "key": "s2"}));
        }
        let stored = json!({"l": [{"user": "sada", "pin": "s1"}, {"user": "sbob", "pin": "s2"}]});
        for pin in ["s1", "other"] {
            let sent = json!({"l": [{"user": MASK, "pin": pin}, {"user": MASK, "pin": "more"}]});
            let both = kept(sent, &stored).unwrap();
            assert_eq!(both["l"][0], json!({"user": "sada", "pin": pin}));
            let one = json!({"l": [{"user": MASK, "pin": pin}]});
            assert_eq!(kept(one, &stored).unwrap_err(), ["c.l.0.user"]);
        }
    }

    #[test]
    fn what_comes_of_masks_is_bounded_in_all_directions() {
        let long = "k".repeat(30_000);
        let stored = json!({ long.clone(): vec![1; 2_000] });
        assert!(
            kept(json!({ long.clone(): vec![MASK; 2_000] }), &stored).is_err(),
            "its places"
        );
        let none = json!({});
        let refused = kept(json!({ long: vec![MASK; 2_000] }), &none).unwrap_err();
        assert!(refused.len() <= ERRORS_MAX, "its errors: {}", refused.len());
        let stored = json!({"l": ["s".repeat(40_000)]});
        assert_eq!(
            kept(json!({"l": [MASK], "m": "m".repeat(40_000)}), &stored).unwrap_err(),
            ["c"],
            "its size"
        );
    }
}
