//! Paths of this site that come from outside: where to go on after signing in, which page a form stood on.

/// The path if it is one of this site, else nothing: never another site, however it is spelled.
#[must_use]
pub(crate) fn local(path: &str) -> Option<&str> {
    let inside = path.starts_with('/') && !path[1..].starts_with(['/', '\\']);
    (inside && path.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\')).then_some(path)
}

/// The path without its query.
#[must_use]
pub(crate) fn without_query(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or(path)
}

/// The path without these parameters of its query.
#[must_use]
pub(crate) fn without(path: &str, parameters: &[&str]) -> String {
    let Some((page, query)) = path.split_once('?') else {
        return path.to_owned();
    };
    let is_kept = |parameter: &&str| {
        let name = parameter.split('=').next().unwrap_or_default();
        !name.is_empty() && !parameters.contains(&name)
    };
    let kept: Vec<&str> = query.split('&').filter(is_kept).collect();
    if kept.is_empty() {
        page.to_owned()
    } else {
        format!("{page}?{}", kept.join("&"))
    }
}

/// Text as it stands in a query.
#[must_use]
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => encoded.push(byte.into()),
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                encoded.push('%');
                encoded.push(HEX[usize::from(byte >> 4)].into());
                encoded.push(HEX[usize::from(byte & 15)].into());
            }
        }
    }
    encoded
}

/// A path with those of the parameters that aren't empty.
#[must_use]
pub(crate) fn with_query(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut url = path.to_owned();
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(name);
        url.push('=');
        url.push_str(&encode(value));
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_local() {
        for good in ["/", "/connectors", "/connectors?activate=3", "/servers/x#tools"] {
            assert_eq!(local(good), Some(good));
        }
        for bad in [
            "",
            "connectors",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nb: c",
            "/a\\b",
            "/é",
        ] {
            assert_eq!(local(bad), None, "{bad:?} was taken");
        }
    }

    #[test]
    fn queries_hold_what_is_given_and_nothing_empty() {
        assert_eq!(
            with_query("/connectors", &[("q", "a b&c"), ("mode", ""), ("cursor", "é")]),
            "/connectors?q=a%20b%26c&cursor=%C3%A9"
        );
        assert_eq!(with_query("/servers", &[("cursor", "")]), "/servers");
        assert_eq!(without_query("/servers?a=1#b"), "/servers");
        for (path, left) in [
            ("/connectors", "/connectors"),
            ("/connectors?activate=1", "/connectors"),
            (
                "/connectors?q=a%26b&activate=1&sort=name",
                "/connectors?q=a%26b&sort=name",
            ),
            (
                "/connectors?q=activate&activated=1",
                "/connectors?q=activate&activated=1",
            ),
        ] {
            assert_eq!(without(path, &["activate"]), left);
        }
    }
}
