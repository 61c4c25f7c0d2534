//! Logos: fetched once, recognised by what they are and not by what they claim, and served from here ever after.

use super::{FetchOptions, Upstream};
use crate::connectors::Logo;
use sha2::{Digest, Sha256};
use std::time::Duration;
use url::Url;

const MAX_BYTES: usize = 1024 * 1024;
const DEADLINE: Duration = Duration::from_secs(5);
const REDIRECTS_MAX: u8 = 3;
/// How far into a document its `<svg` is looked for, behind a declaration and comments.
const SVG_HEAD: usize = 1024;

impl Upstream {
    /// Fetches a logo. No secret is sent along: a logo is for everybody to see.
    ///
    /// # Errors
    /// A sentence for the warnings of an activation.
    pub async fn logo(&self, url: &Url) -> Result<Logo, String> {
        let options = FetchOptions {
            accept: "image/*",
            max_bytes: MAX_BYTES,
            deadline: DEADLINE,
            max_redirects: REDIRECTS_MAX,
            authorization: None,
        };
        let fetched = self
            .fetch(url, &options)
            .await
            .map_err(|error| format!("The logo could not be fetched: {error}."))?;
        if fetched.status != 200 {
            return Err(format!("The logo could not be fetched: status {}.", fetched.status));
        }
        Logo::recognise(fetched.body.to_vec())
    }
}

impl Logo {
    /// A logo of these bytes, if they are a picture.
    ///
    /// # Errors
    /// A sentence that says why they are not.
    pub(crate) fn recognise(bytes: Vec<u8>) -> Result<Self, String> {
        if bytes.len() > MAX_BYTES {
            return Err("The logo is larger than 1 MiB.".into());
        }
        let Some(content_type) = recognise(&bytes) else {
            return Err("The logo is not a PNG, JPEG, WebP, GIF or SVG picture.".into());
        };
        Ok(Self {
            content_type: content_type.to_owned(),
            sha256: hex::encode(Sha256::digest(&bytes)),
            bytes,
        })
    }
}

fn recognise(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => is_svg(bytes).then_some("image/svg+xml"),
    }
}

/// XML whose first element is `svg`.
fn is_svg(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let head = text.trim_start_matches('\u{feff}').trim_start();
    let mut rest = head;
    while head.len() - rest.len() < SVG_HEAD {
        let skip = if rest.starts_with("<?") {
            rest.find("?>").map(|at| at + 2)
        } else if rest.starts_with("<!--") {
            rest.find("-->").map(|at| at + 3)
        } else if rest.starts_with("<!DOCTYPE svg") {
            rest.find('>').map(|at| at + 1)
        } else {
            return rest
                .strip_prefix("<svg")
                .is_some_and(|after| after.starts_with([' ', '\n', '\r', '\t', '>', '/']));
        };
        match skip {
            Some(at) => rest = rest[at..].trim_start(),
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_recognised_by_content() {
        assert_eq!(recognise(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(recognise(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(recognise(b"GIF89a..."), Some("image/gif"));
        assert_eq!(recognise(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        let svg = b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- logo --><svg xmlns='x'></svg>";
        assert_eq!(recognise(svg), Some("image/svg+xml"));
    }

    #[test]
    fn what_is_no_picture_is_not_taken_for_one() {
        for bytes in [
            &b""[..],
            b"alert(1)",
            b"<html><svg></svg></html>",
            b"<svgx>",
            b"<?xml",
            b"GIF88a",
            b"<!-- -->",
        ] {
            assert_eq!(recognise(bytes), None, "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}
