use super::*;
use crate::templates::schema::inputs;
use serde_json::json;
use std::collections::BTreeMap;

fn arguments(args: &Value, schema: Option<&Value>) -> Arguments {
    Arguments::of(args.as_object().unwrap(), schema)
}

fn fill(args: &Value, schema: Option<&Value>, given: &str) -> Result<String, ArgumentError> {
    arguments(args, schema).fill(Some(&RawValue::from_string(given.into()).unwrap()))
}

#[test]
fn values_go_where_their_placeholders_are_and_all_else_stays() {
    let args =
        json!({"tag": "recipe", "query": "{a} and {b}", "deep": [{"x": ["{a}", 1.5, null, true]}], "{a}": "{ }"});
    assert_eq!(
        fill(&args, None, r#"{"b":"salt","a":"pepper"}"#).unwrap(),
        r#"{"tag":"recipe","query":"pepper and salt","deep":[{"x":["pepper",1.5,null,true]}],"{a}":"{ }"}"#
    );
    assert_eq!(fill(&json!({}), None, "{}").unwrap(), "{}");
    assert_eq!(arguments(&json!({"a": 1}), None).fill(None).unwrap(), r#"{"a":1}"#);
    assert_eq!(fill(&json!({"a": 1}), None, "null").unwrap(), r#"{"a":1}"#);
}

#[test]
fn what_takes_a_whole_place_keeps_its_type_and_its_digits() {
    let schema = json!({"properties": {"n": {"type": "number"}, "o": {"type": "object"}, "f": {}}});
    let args = json!({"n": "{n}", "o": "{o}", "f": "{f}"});
    assert_eq!(
        fill(
            &args,
            Some(&schema),
            r#"{"n":12345678901234567890.10,"o":{ "a" : 1e2 },"f":null}"#
        )
        .unwrap(),
        r#"{"n":12345678901234567890.10,"o":{ "a" : 1e2 },"f":null}"#
    );
}

#[test]
fn values_are_filled_in_once() {
    let args = json!({"q": "{a}{b}", "r": "{a}"});
    assert_eq!(
        fill(&args, None, r#"{"a":"{b}","b":"\",\"tag\":\"{a}\\"}"#).unwrap(),
        r#"{"q":"{b}\",\"tag\":\"{a}\\","r":"{b}"}"#
    );
}

#[test]
fn arguments_are_the_placeholders_no_more_and_no_less() {
    let args = json!({"q": "{a} {b}", "fixed": "x"});
    for (given, error) in [
        (r#"{"a":"1"}"#, ArgumentError::Missing("b".into())),
        ("{}", ArgumentError::Missing("a".into())),
        ("null", ArgumentError::Missing("a".into())),
        (
            r#"{"a":"1","b":"2","fixed":"y"}"#,
            ArgumentError::Unknown("fixed".into()),
        ),
        (r#"{"a":"1","b":"2","\u0061":"3"}"#, ArgumentError::Twice("a".into())),
        (r#"{"a":1,"b":"2"}"#, ArgumentError::NoText("a".into())),
        (r#"{"a":"1","b":null}"#, ArgumentError::NoText("b".into())),
        ("[]", ArgumentError::NoObject),
        ("\"a\"", ArgumentError::NoObject),
    ] {
        assert_eq!(fill(&args, None, given), Err(error), "{given}");
    }
    let long = format!(r#"{{"{}":1}}"#, "ü".repeat(1000));
    assert!(fill(&args, None, &long).unwrap_err().to_string().chars().count() < 100);
}

#[test]
fn a_value_in_many_places_can_not_grow_without_end() {
    let args = json!({"q": "{a}".repeat(20_000)});
    let given = format!(r#"{{"a":"{}"}}"#, "x".repeat(1000));
    assert_eq!(fill(&args, None, &given), Err(ArgumentError::TooLarge));
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn text(&mut self) -> String {
        let pieces = [
            "{", "}", "{a}", "{b}", "{cc}", "\"", "\\", "\n", "é", "😀", " x", "{1}", "\u{0}", "\\u0061",
        ];
        let length = self.roll(5);
        (0..length)
            .map(|_| pieces[usize::try_from(self.roll(pieces.len() as u64)).unwrap()])
            .collect()
    }

    fn value(&mut self, depth: u32) -> Value {
        match self.roll(if depth == 0 { 4 } else { 6 }) {
            0 => self.text().into(),
            1 => format!("{{{}}}", ["a", "b", "cc"][usize::try_from(self.roll(3)).unwrap()]).into(),
            2 => self.roll(1000).into(),
            3 => Value::Null,
            4 => (0..self.roll(4)).map(|_| self.value(depth - 1)).collect(),
            _ => (0..self.roll(4))
                .map(|_| (self.text(), self.value(depth - 1)))
                .collect(),
        }
    }
}

/// Filling in as it is explained, on values instead of text.
fn explained(value: &Value, values: &BTreeMap<String, Value>) -> Value {
    match value {
        Value::String(text) => match *parts(text) {
            [Part::Placeholder(name)] => values[name].clone(),
            ref parts => parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => *text,
                    Part::Placeholder(name) => values[*name].as_str().unwrap(),
                })
                .collect::<String>()
                .into(),
        },
        Value::Array(items) => items.iter().map(|item| explained(item, values)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), explained(value, values)))
            .collect(),
        other => other.clone(),
    }
}

#[test]
fn whatever_is_filled_in_the_result_is_what_was_explained() {
    let mut dice = Dice(2026);
    for round in 0..5000 {
        let args: Map<_, _> = (0..dice.roll(4)).map(|_| (dice.text(), dice.value(3))).collect();
        // Every other time places take any value, so that whole placeholders are more than texts.
        let schema = json!({"additionalProperties": round % 2 == 0});
        let inputs = inputs(&args, Some(&schema), &mut Budget::new(usize::MAX)).unwrap();
        let values: BTreeMap<_, _> = inputs
            .iter()
            .map(|input| {
                let value = if input.text { dice.text().into() } else { dice.value(2) };
                (input.name.clone(), value)
            })
            .collect();
        let given = to_raw_value(&values).unwrap();
        let filled = Arguments::new(&args, &inputs).fill(Some(&given)).unwrap();
        let filled: Value = serde_json::from_str(&filled).unwrap();
        let args = Value::Object(args);
        assert_eq!(filled, explained(&args, &values), "{args} with {given}");
    }
}
