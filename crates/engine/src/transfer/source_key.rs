//! What says which source of its owner is meant, in this installation and in any other.
//!
//! A source has no name that is its own: it may have none, and two may have the same one. So it is its type and its name
//! that say which it is, and, among those that look alike, its number: they are counted in the order in which they were
//! made, which an import keeps.

use super::{document::object, fields::Fields, node::Node, problems::Problems};
use patchbay_domain::source::{SourceName, SourceType};
use std::{collections::HashMap, fmt};

/// More than anybody may have.
const NUMBER_MAX: u32 = 1_000_000;

/// A source among those of its owner.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SourceKey {
    pub(super) kind: String,
    pub(super) name: Option<String>,
    /// From 1.
    pub(super) number: u32,
}

impl SourceKey {
    /// The fields that a source is named with.
    pub(super) const FIELDS: [&'static str; 3] = ["type", "name", "number"];

    /// The first one of this type and name.
    pub(super) fn first(kind: &str, name: Option<&str>) -> Self {
        Self {
            kind: kind.to_owned(),
            name: name.map(str::to_owned),
            number: 1,
        }
    }

    pub(super) fn entries(&self) -> [(&'static str, Option<Node>); 3] {
        let number = (self.number > 1).then(|| Node::Number(self.number.to_string().into()));
        [
            ("type", Some(Node::text(&self.kind))),
            ("name", self.name.as_ref().map(Node::text)),
            ("number", number),
        ]
    }

    pub(super) fn to_node(&self) -> Node {
        object(self.entries())
    }

    /// Reads the three fields out of an object that may have more.
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let kind = fields.needed("type", |text| {
            SourceType::parse(text).map(|kind| kind.as_str().to_owned())
        });
        let name = fields.optional("name", |text| {
            if text.trim().is_empty() {
                return Ok(None);
            }
            SourceName::parse(text).map(|name| Some(name.as_str().to_owned()))
        });
        let number = fields.whole_number("number", 1, NUMBER_MAX);
        Some(Self {
            kind: kind?,
            name: name.flatten(),
            number: number.unwrap_or(1),
        })
    }

    /// Reads an object that has these fields and no others.
    pub(super) fn of_node(node: Node, at: &str, problems: &mut Problems) -> Option<Self> {
        Self::read(&mut Fields::open(node, at, problems, &Self::FIELDS)?)
    }
}

impl fmt::Display for SourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if let Some(name) = &self.name {
            write!(f, " '{name}'")?;
        }
        if self.number > 1 {
            write!(f, " ({})", self.number)?;
        }
        Ok(())
    }
}

/// Counts sources that look alike, in the order in which it is told of them.
#[derive(Debug, Default)]
pub(super) struct Numbers(HashMap<(String, String, Option<String>), u32>);

impl Numbers {
    /// The key of this owner's next source of that type and name.
    pub(super) fn next(&mut self, owner: &str, kind: &str, name: Option<&str>) -> SourceKey {
        let alike = (owner.to_lowercase(), kind.to_owned(), name.map(str::to_owned));
        let number = self.0.entry(alike).or_insert(0);
        *number += 1;
        SourceKey {
            number: *number,
            ..SourceKey::first(kind, name)
        }
    }
}
