//! Placeholders in a text: `{name}`, the name a letter or underscore and then letters, digits and underscores. All
//! other braces are text.

use serde_json::Value;

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// What stays.
    Text(&'a str),
    /// What is filled in, by its name.
    Placeholder(&'a str),
}

/// The pieces of a text, in order. Put together again they are the text.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut done, mut from) = (0, 0);
    while let Some(open) = text[from..].find('{').map(|at| from + at) {
        from = open + 1;
        let Some(name) = name_before_brace(&text[from..]) else {
            continue;
        };
        if done < open {
            parts.push(Part::Text(&text[done..open]));
        }
        parts.push(Part::Placeholder(name));
        from += name.len() + 1;
        done = from;
    }
    if done < text.len() {
        parts.push(Part::Text(&text[done..]));
    }
    parts
}

/// How many placeholders there are in all texts of a value.
pub(super) fn count(value: &Value) -> usize {
    match value {
        Value::String(text) => {
            let parts = parts(text);
            parts.iter().filter(|part| matches!(part, Part::Placeholder(_))).count()
        }
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// The name that the text begins with, if it is one and a closing brace follows.
fn name_before_brace(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    let name = &text[..end];
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (begins && text[end..].starts_with('}')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{
        Part::{Placeholder, Text},
        *,
    };

    #[test]
    fn only_braces_around_a_name_are_placeholders() {
        for (text, expected) in [
            ("", &[][..]),
            ("plain", &[Text("plain")]),
            ("{x}", &[Placeholder("x")]),
            ("{_a1}{B}", &[Placeholder("_a1"), Placeholder("B")]),
            ("- {item}!", &[Text("- "), Placeholder("item"), Text("!")]),
            ("{{x}}", &[Text("{"), Placeholder("x"), Text("}")]),
            ("{a{b}c}", &[Text("{a"), Placeholder("b"), Text("c}")]),
            ("{größe}", &[Placeholder("größe")]),
            ("{}", &[Text("{}")]),
            ("{1a}", &[Text("{1a}")]),
            ("{a b} {a-b} {é}", &[Text("{a b} {a-b} {é}")]),
            ("open {x", &[Text("open {x")]),
            ("{x}{", &[Placeholder("x"), Text("{")]),
            ("ü{x}ü", &[Text("ü"), Placeholder("x"), Text("ü")]),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn the_pieces_are_the_text() {
        // All texts of six characters over an alphabet in which everything special occurs.
        let alphabet = ['{', '}', 'a', '1', 'é', ' '];
        for number in 0..alphabet.len().pow(6) {
            let text: String = (0..6)
                .scan(number, |left, _| {
                    let character = alphabet[*left % alphabet.len()];
                    *left /= alphabet.len();
                    Some(character)
                })
                .collect();
            let together: String = parts(&text)
                .into_iter()
                .map(|part| match part {
                    Text(text) => text.to_owned(),
                    Placeholder(name) => format!("{{{name}}}"),
                })
                .collect();
            assert_eq!(together, text);
        }
    }
}
