//! A document as a tree that keeps what JSON's usual trees lose: the order of keys, and the text of numbers.

use serde_json::value::RawValue;
use std::fmt;

/// How deep a document may nest.
pub(super) const DEPTH_MAX: usize = 128;
/// How many values a document may have, so that a small text can't become a large tree.
pub(super) const NODES_MAX: usize = 4_000_000;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    /// As JSON writes it.
    Number(Box<str>),
    Text(String),
    List(Vec<Node>),
    /// In the order of the document; a key may stand there twice.
    Map(Vec<(String, Node)>),
}

/// Why a text is no tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable(pub(super) String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Node {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Reads JSON.
    pub(super) fn from_json(text: &str) -> Result<Self, Unreadable> {
        // Checks all of the syntax, and nothing else: what follows can take it for granted.
        let _: &RawValue = serde_json::from_str(text).map_err(|error| Unreadable(format!("{error}")))?;
        Reader { rest: text, nodes: 0 }.value(0)
    }

    /// What kind of value it is, for whoever expected another.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
        }
    }

    /// The value of the first key of that name.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// JSON without white space.
    pub(super) fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, None);
        out
    }

    /// JSON with each entry on a line of its own.
    pub(super) fn to_pretty_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, Some(0));
        out
    }

    fn write(&self, out: &mut String, indent: Option<usize>) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => out.push_str(&quoted(text)),
            Self::List(items) => write_all(out, ['[', ']'], items, indent, |out, item, indent| {
                item.write(out, indent);
            }),
            Self::Map(entries) => write_all(out, ['{', '}'], entries, indent, |out, (key, value), indent| {
                out.push_str(&quoted(key));
                out.push_str(if indent.is_some() { ": " } else { ":" });
                value.write(out, indent);
            }),
        }
    }
}

fn write_all<T>(
    out: &mut String,
    [open, close]: [char; 2],
    items: &[T],
    indent: Option<usize>,
    write: impl Fn(&mut String, &T, Option<usize>),
) {
    let new_line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        if let Some(depth) = indent {
            new_line(out, depth + 1);
        }
        write(out, item, indent.map(|depth| depth + 1));
    }
    if let Some(depth) = indent
        && !items.is_empty()
    {
        new_line(out, depth);
    }
    out.push(close);
}

/// A JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The same JSON without white space and with every text written in one way, so that equal definitions are equal texts.
/// What can't be a tree (a text with half a character in it, say) stays as it is.
pub(super) fn canonical(json: &RawValue) -> Box<RawValue> {
    Node::from_json(json.get())
        .ok()
        .and_then(|node| RawValue::from_string(node.to_json()).ok())
        .unwrap_or_else(|| json.to_owned())
}

/// Reads a text that is known to be JSON.
struct Reader<'a> {
    rest: &'a str,
    nodes: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, Unreadable> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(Unreadable(format!("It has more than {NODES_MAX} values.")));
        }
        if depth > DEPTH_MAX {
            return Err(Unreadable(format!("It nests deeper than {DEPTH_MAX} levels.")));
        }
        self.skip_space();
        match self.rest.as_bytes().first() {
            Some(b'{') => {
                let mut entries = Vec::new();
                while let Some(()) = self.next_item('}') {
                    let key = self.string()?;
                    self.skip_space();
                    self.take(1);
                    entries.push((key, self.value(depth + 1)?));
                }
                Ok(Node::Map(entries))
            }
            Some(b'[') => {
                let mut items = Vec::new();
                while let Some(()) = self.next_item(']') {
                    items.push(self.value(depth + 1)?);
                }
                Ok(Node::List(items))
            }
            Some(b'"') => self.string().map(Node::Text),
            _ => Ok(match self.word() {
                "null" => Node::Null,
                "true" => Node::Bool(true),
                "false" => Node::Bool(false),
                number => Node::Number(number.into()),
            }),
        }
    }

    /// Steps over the opening bracket or the comma; nothing when the closing bracket is there, which is stepped over, too.
    fn next_item(&mut self, close: char) -> Option<()> {
        self.skip_space();
        if !self.rest.starts_with(close) {
            self.take(1);
            self.skip_space();
        }
        if self.rest.starts_with(close) {
            self.take(1);
            return None;
        }
        Some(())
    }

    fn string(&mut self) -> Result<String, Unreadable> {
        let bytes = self.rest.as_bytes();
        let mut end = 1;
        while end < bytes.len() && bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let token = self.take(end + 1);
        serde_json::from_str(token).map_err(|_| Unreadable("A text in it is not Unicode.".into()))
    }

    fn word(&mut self) -> &str {
        let end = self.rest.find([',', ']', '}', ' ', '\t', '\n', '\r']);
        self.take(end.unwrap_or(self.rest.len()))
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, count: usize) -> &str {
        let (taken, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Node {
        Node::from_json(json).unwrap()
    }

    #[test]
    fn order_and_numbers_stay_as_they_were_written() {
        let json = r#"{"b":1.0e2,"a":[-0,12345678901234567890123,true,null,{}],"é\"\\":"\u00e9\n","b":[]}"#;
        let expected = r#"{"b":1.0e2,"a":[-0,12345678901234567890123,true,null,{}],"é\"\\":"é\n","b":[]}"#;
        assert_eq!(read(json).to_json(), expected);
        let spread = "\t{ \"a\" :\n[ 1 , { \"b\" : \"x, ]\" } ] } ";
        assert_eq!(read(spread).to_json(), r#"{"a":[1,{"b":"x, ]"}]}"#);
    }

    #[test]
    fn pretty_json_is_what_everybody_writes() {
        let json = r#"{"a":[1,{}],"b":[]}"#;
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(
            read(json).to_pretty_json(),
            serde_json::to_string_pretty(&value).unwrap()
        );
    }

    #[test]
    fn what_is_no_json_or_too_deep_is_refused() {
        for bad in ["", "{", "[1,]", "{'a':1}", "nul", "1 2", r#""\ud800""#] {
            assert!(Node::from_json(bad).is_err(), "{bad}");
        }
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Node::from_json(&nested(DEPTH_MAX)).is_ok());
        assert!(Node::from_json(&nested(DEPTH_MAX + 1)).is_err());
        assert!(Node::from_json(&nested(1_000_000)).is_err());
    }

    #[test]
    fn equal_json_has_one_canonical_form() {
        let form = |json: &str| {
            canonical(&RawValue::from_string(json.to_owned()).unwrap())
                .get()
                .to_owned()
        };
        assert_eq!(form("[ 1.50, \"\\u0041\\/\" ]"), r#"[1.50,"A/"]"#);
        assert_eq!(form(r#"[ "\ud800" ]"#), r#"[ "\ud800" ]"#);
    }
}
