//! What an import changes or has changed, for people and for programs. Secrets are never in it.

use super::problems::Remark;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// The most characters of a value that are shown.
const SHOWN_MAX: usize = 60;

/// What an import changed, or, as a dry run, would change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ImportReport")]
pub struct Report {
    /// Nothing was written.
    pub dry_run: bool,
    /// What is new or changed, in the document's order.
    pub changes: Vec<Change>,
    /// How many connectors.
    pub connectors: Counts,
    /// How many users.
    pub users: Counts,
    /// How many sources.
    pub sources: Counts,
    /// How many MCP servers.
    pub servers: Counts,
    /// What was done otherwise than the document says, and why.
    pub warnings: Vec<Remark>,
}

/// How many things of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ImportCounts")]
pub struct Counts {
    /// New ones.
    pub added: u64,
    /// Changed ones.
    pub changed: u64,
    /// Those that were as the document has them.
    pub unchanged: u64,
    /// Those that the document says nothing of, and that stay.
    pub untouched: u64,
}

/// A kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ImportKind")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A connector.
    Connector,
    /// An account.
    User,
    /// A source.
    Source,
    /// An MCP server.
    Server,
}

/// One thing that is new or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ImportChange")]
pub struct Change {
    /// What kind of thing.
    pub kind: Kind,
    /// A connector's name, a user's address, a source's type, name and owner, a server's endpoint and owner.
    pub name: String,
    /// Whether it wasn't there before.
    pub added: bool,
    /// What is another than before; for a new thing, what it has.
    pub members: Vec<Member>,
}

/// One part of a thing that is another than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ImportMember")]
pub struct Member {
    /// Which, as in `mode` or `configuration.notebook`.
    pub name: String,
    /// Shortened; nothing for what wasn't there.
    pub before: Option<String>,
    /// Shortened.
    pub after: Option<String>,
}

impl Report {
    /// Whether everything was as the document has it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl Member {
    pub(super) fn new(name: impl Into<String>, before: Option<&str>, after: Option<&str>) -> Self {
        Self {
            name: name.into(),
            before: before.map(short),
            after: after.map(short),
        }
    }
}

/// A text on one short line.
fn short(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= SHOWN_MAX {
        return line;
    }
    let cut: String = line.chars().take(SHOWN_MAX - 1).collect();
    format!("{}…", cut.trim_end())
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connector => "connector",
            Self::User => "user",
            Self::Source => "source",
            Self::Server => "server",
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            let mark = if change.added { '+' } else { '~' };
            writeln!(f, "{mark} {} {}", change.kind, change.name)?;
            for member in &change.members {
                let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "(none)".to_owned());
                if change.added {
                    writeln!(f, "    {}: {}", member.name, or_none(&member.after))?;
                } else {
                    let (before, after) = (or_none(&member.before), or_none(&member.after));
                    writeln!(f, "    {}: {before} → {after}", member.name)?;
                }
            }
        }
        for warning in &self.warnings {
            writeln!(f, "! {warning}")?;
        }
        for (name, counts) in [
            ("connectors", self.connectors),
            ("users", self.users),
            ("sources", self.sources),
            ("servers", self.servers),
        ] {
            let Counts {
                added,
                changed,
                unchanged,
                untouched,
            } = counts;
            writeln!(
                f,
                "{name}: {added} added, {changed} changed, {unchanged} unchanged, {untouched} not in the document"
            )?;
        }
        f.write_str(match (self.is_empty(), self.dry_run) {
            (true, _) => "There was nothing to change.",
            (false, true) => "Nothing was written: this was a dry run.",
            (false, false) => "All of it was written.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_what_changes_in_lines() {
        let report = Report {
            dry_run: true,
            changes: vec![
                Change {
                    kind: Kind::Connector,
                    name: "notes".into(),
                    added: false,
                    members: vec![
                        Member::new("mode", Some("sync"), Some("active")),
                        Member::new("url", None, Some(&"x".repeat(100))),
                    ],
                },
                Change {
                    kind: Kind::User,
                    name: "ada@example.org".into(),
                    added: true,
                    members: vec![Member::new("roles", None, Some("admin"))],
                },
            ],
            warnings: vec![Remark {
                path: "connectors[0].secret".into(),
                message: "It is missing.".into(),
            }],
            ..Report::default()
        };
        let text = report.to_string();
        let expected = "~ connector notes\n    mode: sync → active\n    url: (none) → xxx";
        assert!(text.starts_with(expected), "{text}");
        assert!(
            text.contains("xx…\n+ user ada@example.org\n    roles: admin\n! connectors[0].secret: It is missing.\n"),
            "{text}"
        );
        assert!(text.ends_with("this was a dry run."), "{text}");
    }
}
