//! Entity tags: whether a client has already what it asks for.

use axum::http::{HeaderMap, HeaderValue, header};

/// The tag of content with this hash, as its header has it.
pub(crate) fn of_hash(hash: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("\"{hash}\"")).ok()
}

/// Whether a request's `If-None-Match` names this tag. Weakly is enough: proxies that compress make tags weak.
pub(crate) fn is_known(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == tag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_alone_in_a_list_and_when_it_was_made_weak() {
        let tag = of_hash("abc").unwrap();
        let asked = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(value));
            }
            is_known(&headers, &tag)
        };
        assert!(asked(&["\"abc\""]) && asked(&["W/\"abc\""]) && asked(&["*"]));
        assert!(asked(&["\"x\", W/\"abc\""]) && asked(&["\"x\"", "\"abc\""]));
        assert!(!asked(&[]) && !asked(&["\"abcd\""]) && !asked(&["abc"]));
    }
}
