//! The fields of one object of a document, each asked for once; what is wrong is noted under its path, and reading goes on.

use super::{node::Node, problems::Problems, read::raw_json};
use patchbay_domain::field::FieldError;
use serde_json::value::RawValue;
use std::collections::HashSet;

/// An object, and where it stands.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    entries: Vec<(String, Option<Node>)>,
    at: String,
    pub(super) problems: &'a mut Problems,
}

impl<'a> Fields<'a> {
    /// Nothing when it isn't an object. A field that isn't `known`, or stands there twice, is named.
    pub(super) fn open(node: Node, at: &str, problems: &'a mut Problems, known: &[&str]) -> Option<Self> {
        let Node::Map(entries) = node else {
            let path = if at.is_empty() { "document" } else { at };
            problems.error(path, malformed("an object", &node));
            return None;
        };
        let mut names = HashSet::new();
        for (name, _) in &entries {
            if !known.contains(&name.as_str()) {
                let known = known.join(", ");
                problems.add(
                    &join(at, name),
                    format!("There is no such field here; there are {known}."),
                );
            }
            if !names.insert(name.as_str()) {
                problems.add(&join(at, name), "This field stands there twice.");
            }
        }
        let entries = entries.into_iter().map(|(name, node)| (name, Some(node))).collect();
        Some(Self {
            entries,
            at: at.to_owned(),
            problems,
        })
    }

    pub(super) fn path(&self, name: &str) -> String {
        join(&self.at, name)
    }

    pub(super) fn problem(&mut self, name: &str, message: impl Into<String>) {
        self.problems.add(&join(&self.at, name), message);
    }

    pub(super) fn malformed(&mut self, name: &str, expected: &str, found: &Node) {
        self.problems.error(&join(&self.at, name), malformed(expected, found));
    }

    pub(super) fn check<T>(&mut self, name: &str, result: Result<T, FieldError>) -> Option<T> {
        self.problems.check(&join(&self.at, name), result)
    }

    /// A field's value; nothing and null are the same.
    pub(super) fn take(&mut self, name: &str) -> Option<Node> {
        let (_, node) = self.entries.iter_mut().find(|(key, _)| key == name)?;
        node.take().filter(|node| *node != Node::Null)
    }

    /// A text that may be absent.
    pub(super) fn optional<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, FieldError>) -> Option<T> {
        match self.take(name)? {
            Node::Text(text) => self.check(name, parse(&text)),
            other => {
                self.malformed(name, "a text", &other);
                None
            }
        }
    }

    /// A text that may not be absent or empty.
    pub(super) fn needed<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, FieldError>) -> Option<T> {
        if self
            .entries
            .iter()
            .all(|(key, node)| key != name || matches!(node, None | Some(Node::Null)))
        {
            return self.check(name, Err(FieldError::Required));
        }
        self.optional(name, |text| {
            if text.is_empty() {
                Err(FieldError::Required)
            } else {
                parse(text)
            }
        })
    }

    /// A whole number that may be absent.
    pub(super) fn whole_number(&mut self, name: &str, least: u32, most: u32) -> Option<u32> {
        let node = self.take(name)?;
        let number = match &node {
            Node::Number(text) => text.parse().ok().filter(|number| (least..=most).contains(number)),
            _ => None,
        };
        let expected = format!("a whole number from {least} to {most}");
        self.check(name, number.ok_or(FieldError::Malformed { expected }))
    }

    /// True or false, or nothing.
    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        match self.take(name)? {
            Node::Bool(flag) => Some(flag),
            other => {
                self.malformed(name, "true or false", &other);
                None
            }
        }
    }

    /// An object that may be absent; `Err` when it is something else.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Node>, ()> {
        match self.take(name) {
            None => Ok(None),
            Some(object @ Node::Map(_)) => Ok(Some(object)),
            Some(other) => {
                self.malformed(name, "an object", &other);
                Err(())
            }
        }
    }

    /// A list that may be absent.
    pub(super) fn list(&mut self, name: &str) -> Option<Vec<Node>> {
        match self.take(name)? {
            Node::List(items) => Some(items),
            other => {
                self.malformed(name, "a list", &other);
                None
            }
        }
    }

    /// A value of any form, as JSON.
    pub(super) fn json(&mut self, name: &str, node: &Node) -> Option<Box<RawValue>> {
        self.check(name, raw_json(node))
    }

    /// A value of any form, or else the given one.
    pub(super) fn json_or(&mut self, name: &str, default: impl FnOnce() -> Node) -> Option<Box<RawValue>> {
        let node = self.take(name).unwrap_or_else(default);
        self.json(name, &node)
    }
}

/// Reads each item of a list, under its own path.
pub(super) fn items<T>(
    nodes: Option<Vec<Node>>,
    at: &str,
    problems: &mut Problems,
    read: impl Fn(Node, &str, &mut Problems) -> Option<T>,
) -> Vec<T> {
    nodes
        .unwrap_or_default()
        .into_iter()
        .enumerate()
        .filter_map(|(index, node)| read(node, &format!("{at}[{index}]"), problems))
        .collect()
}

fn malformed(expected: &str, found: &Node) -> FieldError {
    FieldError::Refused {
        reason: format!("This is {}, and should be {expected}.", found.kind()),
    }
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}
