//! What handlers take from a request, refused in the API's own shape where it isn't right: who asks, a JSON body, a query.

use super::error::Error;
use crate::{middleware::identity::Identity, state::AppState};
use axum::{
    body::{Body, to_bytes},
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, Uri, header, request::Parts},
};
use patchbay_domain::{
    field::{FieldError, FieldErrors},
    ids::{ConnectorRef, SourceId},
    page::PageRequest,
};
use patchbay_engine::{Actor, Error as EngineError};
use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};

/// What a body must be, but for a document's.
const JSON: &str = "JSON, with `Content-Type: application/json`";

/// Somebody who is signed in.
#[derive(Debug)]
pub(crate) struct Caller(pub(crate) Actor);

impl FromRequestParts<AppState> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Error> {
        let identity = parts.extensions.get::<Identity>().unwrap_or(&Identity::SignedOut);
        Ok(Self(identity.require()?.clone()))
    }
}

/// A JSON body. Unknown fields, missing ones and wrong types are named.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Error> {
        if !is_json(request.headers()) {
            return Err(Error::UnsupportedMediaType { taken: JSON });
        }
        // It was taken in, and limited, before.
        let body = to_bytes(request.into_body(), usize::MAX)
            .await
            .map_err(|_| Error::cut_off())?;
        parse(&body).map(Self)
    }
}

/// A JSON body all of whose fields may be absent: so may be the whole of it.
#[derive(Debug)]
pub(crate) struct OptionalJson<T>(pub(crate) T);

impl<T: DeserializeOwned + Default> FromRequest<AppState> for OptionalJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.map_err(|_| Error::cut_off())?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        let Json(value) = Json::from_request(Request::from_parts(parts, Body::from(body)), state).await?;
        Ok(Self(value))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
        || kind.len() > 5
            && kind
                .get(kind.len() - 5..)
                .is_some_and(|end| end.eq_ignore_ascii_case("+json"))
}

/// Every body is an object. A list would be taken as its fields, one after the other, which nobody means.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
            Ok(_) => FieldErrors::one(
                "body",
                FieldError::Malformed {
                    expected: "a JSON object".to_owned(),
                },
            )
            .into(),
            Err(error) => Error::Malformed { at: error.to_string() },
        });
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        match error.classify() {
            serde_json::error::Category::Data => misfit(&path, &error.to_string()),
            // Where a word of a few is expected, what is no text at all is no JSON to serde.
            _ if is_valid(body) => misfit(&path, ", expected a text"),
            _ => Error::Malformed { at: error.to_string() },
        }
    })?;
    json.end().map_err(|error| Error::Malformed { at: error.to_string() })?;
    Ok(value)
}

fn is_valid(json: &[u8]) -> bool {
    std::str::from_utf8(json).is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
}

/// The words that serde has for what doesn't fit, as the field that they are about.
fn misfit(path: &str, message: &str) -> Error {
    let named = || message.split('`').nth(1).unwrap_or_default();
    let within = |name: &str| match path {
        "." | "?" | "" => name.to_owned(),
        path if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        path => format!("{path}.{name}"),
    };
    let (field, error) = if message.starts_with("missing field") {
        (within(named()), FieldError::Required)
    } else if message.starts_with("unknown field") {
        (
            within(named()),
            FieldError::Refused {
                reason: "There is no such field here.".to_owned(),
            },
        )
    } else if message.starts_with("duplicate field") {
        (
            within(named()),
            FieldError::Refused {
                reason: "This field stands there twice.".to_owned(),
            },
        )
    } else {
        // "invalid type: integer `1`, expected a string at line 1 column 9"
        let expected = message.split(", expected ").nth(1).unwrap_or("what belongs here");
        let expected = expected.rsplit_once(" at line ").map_or(expected, |(words, _)| words);
        (
            path.to_owned(),
            FieldError::Malformed {
                expected: expected.to_owned(),
            },
        )
    };
    FieldErrors::one(&field, error).into()
}

/// Which page of a list is wanted, where nothing else is asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    /// How many, 50 when nobody says; a number above 200 counts as 200.
    #[schemars(range(min = 1))]
    limit: Option<u32>,
    /// Where the page before this one ended: its `next_cursor`.
    cursor: Option<String>,
}

impl From<PageQuery> for PageRequest {
    fn from(PageQuery { limit, cursor }: PageQuery) -> Self {
        Self { limit, cursor }
    }
}

/// The query. Unknown parameters and wrong values are named.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Error> {
        query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Refuses every parameter that there is, by its name.
pub(super) fn no_parameters(uri: &Uri) -> Result<(), Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    query::<Nothing>(uri.query().unwrap_or_default()).map(|Nothing {}| ())
}

fn query<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    super::query::parse(text).map_err(|error| misfit(&error.path().to_string(), &error.inner().to_string()))
}

/// The parts of the path. What isn't text is at no address of ours.
#[derive(Debug)]
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let axum::extract::Path(found) = axum::extract::Path::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::UnknownRoute)?;
        Ok(Self(found))
    }
}

/// How a path names a connector.
pub(crate) fn connector_ref(text: &str) -> Result<ConnectorRef, Error> {
    text.parse().map_err(|_| Error::NoSuchThing {
        code: "CONNECTOR_NOT_FOUND",
        message: format!("Connector with ID {text} not found"),
    })
}

/// How a path names something with a UUID. What can't be an id is the id of nothing: the same answer as for one that is.
pub(crate) fn id<T: std::str::FromStr>(text: &str, missing: patchbay_engine::error::NotFound) -> Result<T, Error> {
    text.parse().map_err(|_| EngineError::NotFound(missing).into())
}

/// How a path names a source. What can't be an id is told so, here as in a body.
pub(crate) fn source_id(text: &str) -> Result<SourceId, Error> {
    text.parse().map_err(|_| EngineError::InvalidSourceId.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchbay_domain::connector::{ConnectorMode, RegisterConnector};
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "read by the test's `Debug`")]
    struct List {
        limit: Option<u32>,
        mode: Option<ConnectorMode>,
        q: Option<String>,
        force: Option<bool>,
        #[serde(default)]
        dry_run: bool,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only its shape matters")]
    struct Word {
        mode: ConnectorMode,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only its shape matters")]
    struct Nested {
        inner: RegisterConnector,
    }

    /// The one refused field and its sentence, or that the body is no JSON.
    fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
        match result.unwrap_err() {
            Error::Engine(EngineError::Invalid(fields)) => fields.to_string(),
            Error::Malformed { at } => format!("malformed: {at}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (body, expected) in [
            (r#"{"name":"a"}"#, "description: This is needed."),
            (
                r#"{"name":"a","description":"b","colour":1}"#,
                "colour: There is no such field here.",
            ),
            (r#"{"name":1,"description":"b"}"#, "name: This is not a string."),
            (r#"{"name":null,"description":"b"}"#, "name: This is not a string."),
            (
                r#"{"name":"a","name":"b","description":"b"}"#,
                "name: This field stands there twice.",
            ),
            (r#"["a","b"]"#, "body: This is not a JSON object."),
            ("7", "body: This is not a JSON object."),
        ] {
            assert_eq!(refused(parse::<RegisterConnector>(body.as_bytes())), expected, "{body}");
        }
        let nested = parse::<Nested>(br#"{"inner":{"name":"a","description":"b","colour":1}}"#);
        assert_eq!(refused(nested), "inner.colour: There is no such field here.");
    }

    #[test]
    fn what_is_no_word_is_a_misfit_and_not_broken_json() {
        for body in [
            r#"{"mode":1}"#,
            r#"{"mode":null}"#,
            r#"{"mode":[]}"#,
            r#"{"mode":true}"#,
        ] {
            let refusal = refused(parse::<Word>(body.as_bytes()));
            assert!(refusal.starts_with("mode: This is not "), "{body}: {refusal}");
        }
    }

    #[test]
    fn what_is_no_json_is_said_to_be_none() {
        for body in [
            "",
            "{",
            r#"{"name":"a","description":"b"} x"#,
            "{'name':1}",
            "\u{feff}{}",
        ] {
            assert!(
                refused(parse::<RegisterConnector>(body.as_bytes())).starts_with("malformed: "),
                "{body}"
            );
        }
        assert!(parse::<RegisterConnector>(b"{\"name\":\"\xff\"}").is_err());
    }

    #[test]
    fn queries_are_checked_like_bodies() {
        let fine: List = query("limit=5&mode=active&q=a%20b").unwrap();
        assert_eq!(
            (fine.limit, fine.mode, fine.q.as_deref()),
            (Some(5), Some(ConnectorMode::Active), Some("a b"))
        );
        let empty: List = query("limit=&mode=&q").unwrap();
        assert_eq!((empty.limit, empty.mode, empty.q), (None, None, None));
        let bare: List = query("force&dry_run").unwrap();
        assert_eq!((bare.force, bare.dry_run), (None, true));
        for (text, expected) in [
            ("limit=x", "limit: This is not a whole number."),
            ("limit=-1", "limit: This is not a whole number."),
            ("limit=99999999999", "limit: This is not a whole number."),
            ("mode=on", "mode: This is not one of `deactive`, `sync`, `active`."),
            ("page=2", "page: There is no such field here."),
            ("page", "page: There is no such field here."),
            ("limit=1&limit=2", "limit: This field stands there twice."),
            ("force=yes", "force: This is not `true` or `false`."),
        ] {
            assert_eq!(refused(query::<List>(text)), expected, "{text}");
        }
    }

    #[test]
    fn json_is_announced_in_several_ways() {
        let with = |kind: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
            is_json(&headers)
        };
        assert!(
            with("application/json") && with("Application/JSON; charset=utf-8") && with("application/merge-patch+json")
        );
        assert!(!with("text/plain") && !with("application/x-www-form-urlencoded") && !is_json(&HeaderMap::new()));
    }
}
