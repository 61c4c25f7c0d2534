//! What tools are called on a server that has several sources of them: whose tools get a prefix, which one, and the
//! name that comes of it. Prefixes are given out once and kept; see `storage::bindings`.

use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// The longest name that clients get for a tool with a prefix, in characters.
const PUBLIC_NAME_MAX: usize = 64;
/// How much of the hash stands behind a name that was cut.
const HASH_DIGITS: usize = 6;
/// The longest part of a type that becomes a prefix.
const SLUG_MAX: usize = 30;
/// The longest prefix: a slug with a number. Of a name that is cut, it stays whole, with its underscores.
pub(crate) const PREFIX_MAX: usize = 40;

/// The name that clients call a tool by. One without a prefix keeps the name that its upstream gave it.
pub(crate) fn public_name(prefix: &str, tool: &str) -> String {
    if prefix.is_empty() {
        return tool.to_owned();
    }
    let whole = format!("{prefix}__{tool}");
    if whole.chars().count() <= PUBLIC_NAME_MAX {
        return whole;
    }
    let mut name: String = whole.chars().take(PUBLIC_NAME_MAX - HASH_DIGITS).collect();
    name.push_str(&hex::encode(Sha256::digest(&whole))[..HASH_DIGITS]);
    name
}

/// What a name begins with before each double underscore in it, the shortest first: the prefixes that it could have.
pub(crate) fn beginnings(name: &str) -> impl Iterator<Item = &str> {
    let pairs = name.as_bytes().windows(2).enumerate();
    pairs
        .filter(|(_, pair)| *pair == b"__")
        .filter_map(|(at, _)| name.get(..at))
}

/// What a type's prefix is made from: letters, digits and underscores.
pub(crate) fn slug(kind: &str) -> String {
    let spelled: String = kind
        .chars()
        .map(|c| c.to_ascii_lowercase())
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let trimmed = spelled.trim_matches('_');
    let slug = trimmed[..trimmed.len().min(SLUG_MAX)].trim_end_matches('_');
    if slug.is_empty() { "source" } else { slug }.to_owned()
}

/// The prefix of a source that comes to a server for the first time: none for the first source of a server without a
/// connector of its own, else one that was never given out there, and that no name there begins with.
pub(crate) fn next_prefix(kind: &str, is_first: bool, taken: &TakenPrefixes) -> String {
    if is_first {
        return String::new();
    }
    let slug = slug(kind);
    let mut prefix = slug.clone();
    let mut number = 1;
    while taken.0.contains(&prefix) {
        number += 1;
        prefix = format!("{slug}_{number}");
    }
    prefix
}

/// The prefixes that a server can't give to one more source.
#[derive(Debug, Default)]
pub(crate) struct TakenPrefixes(HashSet<String>);

impl TakenPrefixes {
    /// Notes one that was given out.
    pub(crate) fn give(&mut self, prefix: &str) {
        self.0.insert(prefix.to_owned());
    }

    /// Notes a name that clients may know a tool by: with what it begins, it would become another source's.
    pub(crate) fn name(&mut self, name: &str) {
        for beginning in beginnings(name).filter(|beginning| beginning.len() <= PREFIX_MAX) {
            if !self.0.contains(beginning) {
                self.0.insert(beginning.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_stands_before_a_name_unless_it_is_empty() {
        assert_eq!(public_name("", "add"), "add");
        assert_eq!(public_name("", &"long".repeat(30)), "long".repeat(30));
        assert_eq!(public_name("notes", "add"), "notes__add");
        assert_eq!(public_name("notes_2", "a__b"), "notes_2__a__b");
    }

    #[test]
    fn a_name_that_is_too_long_is_cut_and_told_apart_by_a_hash_of_all_of_it() {
        let just = "t".repeat(64 - "notes__".len());
        assert_eq!(public_name("notes", &just).len(), 64);
        assert!(public_name("notes", &just).ends_with("tttttt"));
        let (a, b) = (format!("{just}a"), format!("{just}b"));
        let (a, b) = (public_name("notes", &a), public_name("notes", &b));
        assert_eq!((a.chars().count(), b.chars().count()), (64, 64));
        assert_ne!(a, b);
        assert_eq!(public_name("notes", &"é".repeat(100)).chars().count(), 64);
    }

    #[test]
    fn a_slug_has_letters_digits_and_underscores_only() {
        for (kind, expected) in [
            ("Notes", "notes"),
            ("Box.com (EU)", "box_com__eu"),
            ("日本", "source"),
            ("__", "source"),
            ("été", "t"),
            (&"x".repeat(100), &"x".repeat(30)),
            (&format!("{} y", "x".repeat(29)), &"x".repeat(29)),
        ] {
            assert_eq!(slug(kind), expected, "{kind}");
        }
    }

    #[test]
    fn a_prefix_is_never_given_out_twice() {
        let mut taken = TakenPrefixes::default();
        let expected = ["", "notes", "notes_2", "notes_3", "notes_2_2"];
        for (index, (kind, expected)) in ["Notes", "notes", "Notes", "NOTES", "notes_2"]
            .iter()
            .zip(expected)
            .enumerate()
        {
            let prefix = next_prefix(kind, index == 0, &taken);
            assert_eq!(prefix, expected);
            taken.give(&prefix);
        }
    }

    #[test]
    fn no_prefix_takes_a_name_from_a_tool_that_is_there() {
        for (name, expected) in [
            ("notes__list", "notes_2"),
            ("notes_2__list", "notes"),
            ("mail__notes__list", "notes"),
            ("notes_list", "notes"),
            ("notes", "notes"),
            ("notes___", "notes_2"),
        ] {
            let mut taken = TakenPrefixes::default();
            taken.name(name);
            assert_eq!(next_prefix("Notes", false, &taken), expected, "{name}");
        }
        let mut taken = TakenPrefixes::default();
        taken.name("box_com__eu__list");
        assert_eq!(next_prefix("Box.com (EU)", false, &taken), "box_com__eu_2");
        assert_eq!(next_prefix("Box.com", false, &taken), "box_com_2");
        let long = "x".repeat(100);
        taken.give(&next_prefix(&long, false, &taken));
        assert!(next_prefix(&long, false, &taken).len() <= PREFIX_MAX);
    }
}
