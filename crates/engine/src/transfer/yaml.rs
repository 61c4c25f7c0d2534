//! YAML, as much of it as a document needs: JSON's values in YAML's clothes.
//!
//! Read from the parser's events and not through its numbers, so that `1.0e2` stays `1.0e2`. Anchors, aliases and tags
//! are refused: no document of ours has them, and small files can't unfold into large ones. Written by hand, so that
//! the same data is the same bytes whatever library reads it.

use super::node::{DEPTH_MAX, NODES_MAX, Node, Unreadable, quoted};
use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};
use std::{collections::HashSet, fmt::Write as _};

/// The longest key that YAML takes without a mark in front of it is a little longer.
const KEY_MAX_BYTES: usize = 1000;

/// Reads YAML.
pub(super) fn read(text: &str) -> Result<Node, Unreadable> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        nodes: 0,
    };
    let (mut event, mut span) = reader.next()?;
    while matches!(event, Event::StreamStart | Event::DocumentStart(_)) {
        (event, span) = reader.next()?;
    }
    if event == Event::StreamEnd {
        return Ok(Node::Null);
    }
    let node = reader.value(event, span, 0)?;
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => return Ok(node),
            (Event::DocumentEnd, _) => {}
            (_, span) => return Err(at(span, "there is a second document: put them into files of their own")),
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    nodes: usize,
}

fn at(span: Span, what: &str) -> Unreadable {
    Unreadable(format!(
        "{what} at line {} column {}",
        span.start.line(),
        span.start.col() + 1
    ))
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Unreadable> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(Unreadable(error.to_string())),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn value(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Unreadable> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(Unreadable(format!("It has more than {NODES_MAX} values.")));
        }
        if depth > DEPTH_MAX {
            return Err(at(span, &format!("it nests deeper than {DEPTH_MAX} levels")));
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                plain_only(anchor, tag.is_some(), span)?;
                match style {
                    ScalarStyle::Plain => resolve(&text).map_err(|what| at(span, what)),
                    _ => Ok(Node::Text(text.into_owned())),
                }
            }
            Event::SequenceStart(anchor, tag) => {
                plain_only(anchor, tag.is_some(), span)?;
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => return Ok(Node::List(items)),
                        (event, span) => items.push(self.value(event, span, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(anchor, tag) => {
                plain_only(anchor, tag.is_some(), span)?;
                self.map(depth)
            }
            Event::Alias(_) => Err(at(span, "aliases are not taken: write the value itself,")),
            _ => Err(at(span, "this is not a value")),
        }
    }

    fn map(&mut self, depth: usize) -> Result<Node, Unreadable> {
        let mut entries = Vec::new();
        let mut names = HashSet::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Node::Map(entries)),
                (Event::Scalar(text, _, anchor, tag), span) => {
                    plain_only(anchor, tag.is_some(), span)?;
                    if !names.insert(text.to_string()) {
                        return Err(at(span, &format!("the key {} stands there twice", quoted(&text))));
                    }
                    text.into_owned()
                }
                (_, span) => return Err(at(span, "a key is not a text")),
            };
            let (event, span) = self.next()?;
            entries.push((key, self.value(event, span, depth + 1)?));
        }
    }
}

fn plain_only(anchor: usize, has_tag: bool, span: Span) -> Result<(), Unreadable> {
    match (anchor, has_tag) {
        (0, false) => Ok(()),
        (_, true) => Err(at(span, "tags are not taken: write the value without one,")),
        _ => Err(at(span, "anchors are not taken: write the value each time,")),
    }
}

/// What a word without quotation marks means, by YAML's core schema. Numbers that JSON can't write are refused rather
/// than taken for text.
fn resolve(word: &str) -> Result<Node, &'static str> {
    Ok(match word {
        "" | "~" | "null" | "Null" | "NULL" => Node::Null,
        "true" | "True" | "TRUE" => Node::Bool(true),
        "false" | "False" | "FALSE" => Node::Bool(false),
        number if is_json_number(number) => Node::Number(number.into()),
        number if is_other_number(number) => {
            return Err("this number is not written as in JSON: write it so, or put it into quotation marks,");
        }
        text => Node::Text(text.to_owned()),
    })
}

fn is_json_number(word: &str) -> bool {
    word.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && serde_json::from_str::<&serde_json::value::RawValue>(word).is_ok_and(|raw| raw.get() == word)
}

fn is_other_number(word: &str) -> bool {
    let unsigned = word.strip_prefix(['-', '+']).unwrap_or(word);
    let in_base = |prefix: &str, base: u32| {
        word.strip_prefix(prefix)
            .is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_digit(base)))
    };
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    matches!(unsigned, ".inf" | ".Inf" | ".INF")
        || matches!(word, ".nan" | ".NaN" | ".NAN")
        || in_base("0x", 16)
        || in_base("0o", 8)
        || mantissa.contains(|c: char| c.is_ascii_digit())
            && mantissa.matches('.').count() <= 1
            && digits(&mantissa.replace('.', ""))
            && !exponent.is_empty()
            && digits(exponent)
}

/// Writes YAML; nothing when there is something in it that YAML can't carry, such as a key that stands there twice.
pub(super) fn write(node: &Node) -> Option<String> {
    can_carry(node, 0).then(|| {
        let mut out = String::new();
        write_value(&mut out, node, 0, false);
        out
    })
}

/// Whether a value can be written as YAML that reads back the same.
pub(super) fn can_carry(node: &Node, depth: usize) -> bool {
    match node {
        Node::List(items) => depth < DEPTH_MAX && items.iter().all(|item| can_carry(item, depth + 1)),
        Node::Map(entries) => {
            let mut names = HashSet::new();
            depth < DEPTH_MAX
                && entries
                    .iter()
                    .all(|(key, value)| key.len() <= KEY_MAX_BYTES && names.insert(key) && can_carry(value, depth + 1))
        }
        _ => true,
    }
}

/// Writes a value and the line's end. `inside` says that something stands on the line already: a key or a list's mark.
fn write_value(out: &mut String, node: &Node, indent: usize, in_list: bool) {
    match node {
        Node::Map(entries) if !entries.is_empty() => {
            for (index, (key, value)) in entries.iter().enumerate() {
                // The first entry of an object in a list stands behind the list's mark.
                if index > 0 || !in_list {
                    pad(out, indent);
                }
                out.push_str(&scalar(key));
                out.push(':');
                write_entry(out, value, indent + 1);
            }
        }
        Node::List(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 || !in_list {
                    pad(out, indent);
                }
                out.push('-');
                match item {
                    Node::Map(_) | Node::List(_) if !is_empty(item) => {
                        out.push(' ');
                        write_value(out, item, indent + 1, true);
                    }
                    item => write_entry(out, item, indent + 1),
                }
            }
        }
        inline => {
            write_inline(out, inline);
            out.push('\n');
        }
    }
}

/// Writes what stands behind a key or a list's mark.
fn write_entry(out: &mut String, value: &Node, indent: usize) {
    match value {
        Node::Map(_) | Node::List(_) if !is_empty(value) => {
            out.push('\n');
            write_value(out, value, indent, false);
        }
        Node::Text(text) if is_block(text) => write_block(out, text, indent),
        value => {
            out.push(' ');
            write_inline(out, value);
            out.push('\n');
        }
    }
}

fn is_empty(node: &Node) -> bool {
    match node {
        Node::Map(entries) => entries.is_empty(),
        Node::List(items) => items.is_empty(),
        _ => false,
    }
}

fn write_inline(out: &mut String, node: &Node) {
    match node {
        Node::Map(_) => out.push_str("{}"),
        Node::List(_) => out.push_str("[]"),
        Node::Text(text) => out.push_str(&scalar(text)),
        other => out.push_str(&other.to_json()),
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n("  ", indent));
}

/// Text of several lines that can stand as it is, below its key.
fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    text.contains('\n')
        && !body.is_empty()
        && !text.starts_with([' ', '\t', '\n'])
        && text.chars().all(|c| c == '\n' || is_printable(c))
        && body
            .split('\n')
            .all(|line| line.is_empty() || !line.trim_matches([' ', '\t']).is_empty())
        && !body.ends_with('\n')
}

fn write_block(out: &mut String, text: &str, indent: usize) {
    let (mark, body) = match text.strip_suffix('\n') {
        Some(body) => (" |\n", body),
        None => (" |-\n", text),
    };
    out.push_str(mark);
    for line in body.split('\n') {
        if !line.is_empty() {
            pad(out, indent);
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// A text on one line: without quotation marks where nobody could take it for something else.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let json = quoted(text);
    if json.chars().all(is_printable) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_printable(c) {
            out.push(c);
        } else {
            // Writing to a string doesn't fail; all that isn't printable is in the first plane.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
    }
    out
}

fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 10] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan"];
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '.' | '/' | '@' | '+' | '-' | '=' | ':'))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

fn is_printable(c: char) -> bool {
    matches!(c, '\t' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}'
        | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let json = r##"{"patchbay":1,"list":[[],{},[1,[2,{"a":"b","c":[]}]],null,true,-0.5e+3,{"x":{"y":"z"}}],
            "null":"null","":"","1":"1","- a":"- a","a: b":"a: b","#":"a #b","yes":"no","t":"a:","u":"http://h:1/x?y#z",
            "lines":"a\n  b\n\nc","end":"a\n","ends":"a\n\n","space":" a\nb","blank":"a\n \nb","tab":"\ta","cr":"a\r\nb",
            "odd":"\u0000\u007f\u0085\u2028\ufeff\uffff\ud83d\ude00é\u00a0","quote":"\"\\'","---":"---","...":"...",
            "0x1f":"0x1f","tilde":"~","star":"*a","bang":"!a","amp":"&a","pipe":"|","at":"@a","tick":"`","percent":"%a",
            "nested":[{"block":"one\ntwo","after":1}],"in list":["one\ntwo\n","three"]}"##;
        let node = Node::from_json(json).unwrap();
        let yaml = write(&node).unwrap();
        assert_eq!(read(&yaml), Ok(node), "{yaml}");
    }

    #[test]
    fn every_short_text_is_read_back() {
        let alphabet = [
            'a', '1', ' ', ':', '-', '#', '\n', '"', '\'', '{', '.', '\t', '~', '\u{85}', 'é',
        ];
        let mut texts = vec![String::new()];
        for _ in 0..4 {
            let longer: Vec<String> = texts
                .iter()
                .flat_map(|text| alphabet.iter().map(move |c| format!("{text}{c}")))
                .collect();
            let node = Node::Map(vec![
                (
                    "keys".into(),
                    Node::Map(longer.iter().map(|text| (text.clone(), Node::text(text))).collect()),
                ),
                ("items".into(), Node::List(longer.iter().map(Node::text).collect())),
            ]);
            assert_eq!(read(&write(&node).unwrap()), Ok(node));
            texts = longer;
        }
    }

    #[test]
    fn words_mean_what_yaml_says() {
        assert_eq!(
            read("a: ~\nb: True\nc: yes\nd: 1.50\ne: 'x'\nf: 2026-11-20\ng: [1, {h: i}]")
                .unwrap()
                .to_json(),
            r#"{"a":null,"b":true,"c":"yes","d":1.50,"e":"x","f":"2026-11-20","g":[1,{"h":"i"}]}"#
        );
        assert_eq!(read(""), Ok(Node::Null));
    }

    #[test]
    fn what_no_document_needs_is_refused() {
        for (yaml, part) in [
            ("a: &x [1]\nb: *x", "anchors"),
            ("b: *x", "unknown anchor"),
            ("a: !!str 1", "tags"),
            ("a: !ruby/object 1", "tags"),
            ("a: 0x1F", "number"),
            ("a: +1", "number"),
            ("a: 010", "number"),
            ("a: .5", "number"),
            ("a: -.inf", "number"),
            ("a: 1\na: 2", "twice"),
            ("? [a]\n: b", "key"),
            ("a: 1\n---\nb: 2", "second"),
            ("a: [1", "line"),
            ("a: \"\\ud800\"", "line"),
        ] {
            let error = read(yaml).unwrap_err().to_string();
            assert!(error.contains(part), "{yaml}: {error}");
        }
        let laughs = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]";
        assert!(read(laughs).is_err());
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read(&format!("{}1", "- ".repeat(100_000))).is_err());
    }

    #[test]
    fn what_yaml_cannot_carry_is_not_written() {
        assert_eq!(write(&Node::from_json(r#"{"a":1,"a":2}"#).unwrap()), None);
        let long = Node::Map(vec![("k".repeat(KEY_MAX_BYTES + 1), Node::Null)]);
        assert_eq!(write(&long), None);
    }
}
