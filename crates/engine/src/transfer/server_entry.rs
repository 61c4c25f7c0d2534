//! What a document says of people's sources and servers.

use super::{
    document::{json, list, object, text},
    node::Node,
    source_key::SourceKey,
};
use serde_json::value::RawValue;

/// A source, under its owner.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SourceEntry {
    pub(super) owner: String,
    pub(super) key: SourceKey,
    /// An object, with references where its secrets were.
    pub(super) source_metadata: Option<Node>,
}

/// An MCP server, without its tokens.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ServerEntry {
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) endpoint: String,
    /// Its own connector, for one that has one.
    pub(super) connector: Option<String>,
    /// An object, with references where its secrets were; only beside a connector.
    pub(super) configuration: Option<Node>,
    /// All of its sources, in order.
    pub(super) sources: Option<Vec<BindingEntry>>,
    /// Those that it isn't made from any more, and whose prefixes aren't given out again.
    pub(super) former_sources: Vec<FormerEntry>,
    pub(super) deleted: Option<bool>,
    pub(super) tools: Vec<ToolEntry>,
    pub(super) tool_settings: Vec<SettingEntry>,
}

/// A source that a server is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BindingEntry {
    pub(super) source: SourceKey,
    /// What stands before the names of its tools; the one that it has or gets anyway where nobody says.
    pub(super) prefix: Option<String>,
}

/// A prefix that was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FormerEntry {
    /// Nothing for a source that was deleted.
    pub(super) source: Option<SourceKey>,
    pub(super) prefix: String,
}

/// A tool that was made from a template.
#[derive(Debug, Clone)]
pub(super) struct ToolEntry {
    pub(super) name: String,
    pub(super) description: Option<String>,
    /// Whose connector has the template; nothing for the server's own.
    pub(super) source: Option<SourceKey>,
    pub(super) template: String,
    /// An object, in its canonical form.
    pub(super) template_args: Box<RawValue>,
}

/// How a tool is wanted on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SettingEntry {
    /// Whose tool it is; nothing for the server's own connector's.
    pub(super) source: Option<SourceKey>,
    /// What its upstream calls it, or the name that it was made with.
    pub(super) tool: String,
    /// Whether it was made from a template.
    pub(super) made: bool,
    pub(super) enabled: bool,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) position: Option<u32>,
}

impl SettingEntry {
    /// The same tool, as it comes.
    pub(super) fn untouched(&self) -> Self {
        Self {
            source: self.source.clone(),
            tool: self.tool.clone(),
            made: self.made,
            enabled: true,
            name: None,
            description: None,
            position: None,
        }
    }

    /// Whether it says nothing.
    pub(super) fn is_untouched(&self) -> bool {
        *self == self.untouched()
    }
}

impl PartialEq for ToolEntry {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.description == other.description
            && self.source == other.source
            && self.template == other.template
            && self.template_args.get() == other.template_args.get()
    }
}

impl SourceEntry {
    pub(super) fn to_node(&self) -> Node {
        let [kind, name, number] = self.key.entries();
        object([
            ("owner", text(&self.owner)),
            kind,
            name,
            number,
            ("source_metadata", self.source_metadata.clone()),
        ])
    }
}

impl ServerEntry {
    pub(super) fn to_node(&self) -> Node {
        object([
            ("owner", text(&self.owner)),
            ("name", text(&self.name)),
            ("endpoint", text(&self.endpoint)),
            ("connector", self.connector.as_deref().and_then(text)),
            ("configuration", self.configuration.clone()),
            (
                "sources",
                self.sources
                    .as_ref()
                    .map(|sources| list(sources, BindingEntry::to_node)),
            ),
            ("former_sources", some(&self.former_sources, FormerEntry::to_node)),
            ("deleted", self.deleted.map(Node::Bool)),
            ("tools", some(&self.tools, ToolEntry::to_node)),
            ("tool_settings", some(&self.tool_settings, SettingEntry::to_node)),
        ])
    }
}

impl BindingEntry {
    fn to_node(&self) -> Node {
        let [kind, name, number] = self.source.entries();
        object([kind, name, number, ("prefix", self.prefix.as_deref().and_then(text))])
    }
}

impl FormerEntry {
    fn to_node(&self) -> Node {
        let prefix = ("prefix", text(&self.prefix));
        match &self.source {
            Some(source) => {
                let [kind, name, number] = source.entries();
                object([kind, name, number, prefix])
            }
            None => object([prefix]),
        }
    }
}

impl ToolEntry {
    fn to_node(&self) -> Node {
        object([
            ("name", text(&self.name)),
            ("description", self.description.as_deref().and_then(text)),
            ("source", self.source.as_ref().map(SourceKey::to_node)),
            ("template", text(&self.template)),
            ("template_args", Some(json(&self.template_args))),
        ])
    }
}

impl SettingEntry {
    fn to_node(&self) -> Node {
        object([
            ("tool", text(&self.tool)),
            ("source", self.source.as_ref().map(SourceKey::to_node)),
            ("made", self.made.then_some(Node::Bool(true))),
            ("enabled", (!self.enabled).then_some(Node::Bool(false))),
            ("name", self.name.as_deref().and_then(text)),
            ("description", self.description.as_deref().and_then(text)),
            (
                "position",
                self.position.map(|position| Node::Number(position.to_string().into())),
            ),
        ])
    }
}

/// A list that isn't empty.
fn some<T>(items: &[T], node: impl Fn(&T) -> Node) -> Option<Node> {
    (!items.is_empty()).then(|| list(items, node))
}
