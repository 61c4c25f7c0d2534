//! MCP's own headers: names, the encoding of values that don't fit into a header, and `Mcp-Param-*`, which carry
//! arguments that a tool's input schema marks with `x-mcp-header`.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use std::borrow::Cow;

pub(crate) use patchbay_engine::upstream::link::{METHOD, NAME, PROTOCOL_VERSION, SESSION_ID};

const PARAM_PREFIX: &str = "mcp-param-";

const BASE64_BEGIN: &str = "=?base64?";
const BASE64_END: &str = "?=";

/// A text as a header's value: as it is if it fits, else in base64.
pub(crate) fn encode(text: &str) -> HeaderValue {
    let padded = text.starts_with([' ', '\t']) || text.ends_with([' ', '\t']);
    let looks_encoded = text.starts_with(BASE64_BEGIN) && text.ends_with(BASE64_END);
    let visible = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let fits = visible && !padded && !looks_encoded;
    let encoded = if fits {
        HeaderValue::from_str(text)
    } else {
        HeaderValue::from_str(&format!("{BASE64_BEGIN}{}{BASE64_END}", STANDARD.encode(text)))
    };
    encoded.unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The text that a header's value stands for; `None` if it is no valid encoding.
pub(crate) fn decode(value: &HeaderValue) -> Option<Cow<'_, str>> {
    let text = value.to_str().ok()?;
    let Some(inner) = text
        .strip_prefix(BASE64_BEGIN)
        .and_then(|rest| rest.strip_suffix(BASE64_END))
    else {
        return Some(Cow::Borrowed(text));
    };
    String::from_utf8(STANDARD.decode(inner).ok()?).ok().map(Cow::Owned)
}

/// The one value of a header: `Ok(None)` without, an error for several.
pub(crate) fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h HeaderValue>, String> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(format!("{name} stands there twice")),
    }
}

/// An argument that travels in a header, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParamHeader {
    header: HeaderName,
    /// Property names from the arguments down.
    path: Box<[String]>,
}

impl ParamHeader {
    /// All that a tool's definition asks for. Annotations that can't be followed are left out.
    pub(crate) fn of_tool(definition: &Value) -> Vec<Self> {
        let mut found = Vec::new();
        collect(
            definition.pointer("/inputSchema/properties"),
            &mut Vec::new(),
            &mut found,
        );
        found
    }

    fn value(&self, arguments: &Value) -> Option<String> {
        match self.path.iter().try_fold(arguments, |value, key| value.get(key))? {
            Value::String(text) => Some(text.clone()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Says what is wrong if a client's headers and its arguments differ.
    pub(crate) fn check(&self, headers: &HeaderMap, arguments: &Value) -> Result<(), String> {
        let sent = single(headers, &self.header)?;
        match (sent, self.value(arguments)) {
            (None, None) => Ok(()),
            (Some(sent), Some(value)) if decode(sent).as_deref() == Some(&*value) => Ok(()),
            (None, Some(_)) => Err(format!("{} is missing", self.header)),
            (Some(_), None) => Err(format!("{} stands for an argument that is not given", self.header)),
            (Some(_), Some(_)) => Err(format!("{} differs from the argument", self.header)),
        }
    }

    /// The header for these arguments.
    pub(crate) fn make(&self, arguments: &Value) -> Option<(HeaderName, HeaderValue)> {
        self.value(arguments).map(|value| (self.header.clone(), encode(&value)))
    }

    pub(crate) fn is(&self, name: &HeaderName) -> bool {
        self.header == name
    }
}

/// Whether a header is one of `Mcp-Param-*`.
pub(crate) fn is_param(name: &HeaderName) -> bool {
    name.as_str().starts_with(PARAM_PREFIX)
}

fn collect<'a>(properties: Option<&'a Value>, path: &mut Vec<&'a str>, found: &mut Vec<ParamHeader>) {
    let Some(Value::Object(properties)) = properties else {
        return;
    };
    for (name, schema) in properties {
        path.push(name);
        let header = schema
            .get("x-mcp-header")
            .and_then(Value::as_str)
            .filter(|header| !header.is_empty())
            .and_then(|header| {
                format!("{PARAM_PREFIX}{}", header.to_ascii_lowercase())
                    .parse::<HeaderName>()
                    .ok()
            });
        if let Some(header) = header
            && !found.iter().any(|other| other.header == header)
        {
            found.push(ParamHeader {
                header,
                path: path.iter().map(|&key| key.to_owned()).collect(),
            });
        }
        collect(schema.get("properties"), path, found);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_that_do_not_fit_are_wrapped_and_come_back() {
        for plain in ["us-west1", "a b c", "", "=?base64?x"] {
            assert_eq!(encode(plain), plain);
        }
        for text in ["café", " padded", "padded\t", "two\nlines", "=?base64?eA==?=", "日本"] {
            let encoded = encode(text);
            assert!(encoded.to_str().unwrap().starts_with(BASE64_BEGIN), "{text:?}");
            assert_eq!(decode(&encoded).as_deref(), Some(text));
        }
        assert_eq!(decode(&HeaderValue::from_static("=?base64?!?=")), None);
        assert_eq!(decode(&HeaderValue::from_static("=?base64?/w==?=")), None, "not UTF-8");
    }

    #[test]
    fn annotated_arguments_travel_in_headers() {
        let definition = json!({"name": "t", "inputSchema": {"properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "inner": {"type": "object", "properties": {"n": {"type": "integer", "x-mcp-header": "N"}}},
            "odd": {"type": "string", "x-mcp-header": "not a token"},
            "again": {"type": "string", "x-mcp-header": "REGION"},
        }}});
        let params = ParamHeader::of_tool(&definition);
        let arguments = json!({"region": "käse", "inner": {"n": 7}});
        let made: Vec<_> = params.iter().filter_map(|param| param.make(&arguments)).collect();
        assert_eq!(made.len(), 2);
        let headers: HeaderMap = made.into_iter().collect();
        assert_eq!(headers["mcp-param-n"], "7");
        for param in &params {
            assert_eq!(param.check(&headers, &arguments), Ok(()));
        }
        let region = params.iter().find(|param| param.header == "mcp-param-region").unwrap();
        assert!(
            region
                .check(&headers, &json!({"region": "brot"}))
                .unwrap_err()
                .contains("differs")
        );
        assert!(
            region
                .check(&headers, &json!({"region": null}))
                .unwrap_err()
                .contains("not given")
        );
        assert!(
            region
                .check(&HeaderMap::new(), &arguments)
                .unwrap_err()
                .contains("missing")
        );
        let mut twice = headers.clone();
        twice.append("mcp-param-region", HeaderValue::from_static("x"));
        assert!(region.check(&twice, &arguments).unwrap_err().contains("twice"));
    }
}
