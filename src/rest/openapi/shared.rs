//! What all endpoints share: how to sign in, how errors look, what headers mean.

use super::doc::SchemaOf;
use crate::rest::error::Body;
use schemars::SchemaGenerator;
use serde_json::{Value, json};

const ABOUT: &str =
    "JSON in, JSON out. Times are RFC 3339 in UTC. A field or parameter that there isn't is refused by \
its name.

A list is `{<what it lists>: […], total, next_cursor}`. Pass `next_cursor` on as `cursor`, with the same filters, for \
the next page; on the last one it is `null`.

An error is `{status, error, message, detail, request_id}`, with `fields` where fields were refused: `error` is for \
programs, `message` for people. What isn't yours is 404, as if it weren't there.

A request with an `Idempotency-Key` happens once, however often it is sent. `If-Match` with an `ETag` keeps a change \
from undoing what somebody else changed meanwhile.";

/// The one shape of errors.
pub(super) fn error_schema() -> SchemaOf {
    SchemaGenerator::subschema_for::<Body<'static>>
}

pub(super) fn info() -> Value {
    json!({
        "title": "Patchbay",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": env!("CARGO_PKG_DESCRIPTION"),
        "description": ABOUT,
        "license": { "name": "MIT OR Apache-2.0", "identifier": env!("CARGO_PKG_LICENSE") },
    })
}

pub(super) fn security_schemes() -> Value {
    json!({
        "cookie": {
            "type": "apiKey", "in": "cookie", "name": "auth_cookie",
            "description": "The session's cookie, which `POST /api/auth/login` sets. For browsers and scripts.",
        },
        "accessToken": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "The `access_token` that `POST /api/auth/login` answers, good for an hour and no longer than its \
                            session.",
        },
        "apiToken": {
            "type": "http", "scheme": "bearer", "bearerFormat": "pb_…",
            "description": "A token from `POST /api/tokens`, for programs. It can't make further ones, and changes \
                            neither the password nor the second factor nor whether there is an account.",
        },
    })
}

pub(super) fn headers() -> Value {
    let header = |about: &str, kind: &str, example: Value| {
        let schema = json!({ "type": kind });
        json!({ "description": about, "schema": schema, "example": example })
    };
    json!({
        "ETag": header(
            "The version of what is answered, for `If-Match` and `If-None-Match`.",
            "string",
            "\"2026-11-20T06:30:00Z/9f86d081884c7d65\"".into(),
        ),
        "Idempotent-Replayed": header(
            "`true` where the answer is that of an earlier request with this `Idempotency-Key`.",
            "string",
            "true".into(),
        ),
        "Deprecation": header("Since when there is something better (RFC 9745).", "string", "@1760313600".into()),
        "Link": header(
            "What is better.",
            "string",
            "</api/connectors/register>; rel=\"successor-version\"".into(),
        ),
        "Retry-After": header("In how many seconds it can be tried again.", "integer", 30.into()),
    })
}

/// A response that several endpoints have: its name, its status, when it is given, and the words that programs read.
struct Common {
    name: &'static str,
    status: u16,
    when: &'static str,
    codes: &'static [&'static str],
}

const COMMON: [Common; 11] = [
    Common {
        name: "SignedOut",
        status: 401,
        when: "Nobody is signed in, or with a token that is none.",
        codes: &["SIGNED_OUT", "BAD_TOKEN"],
    },
    Common {
        name: "AdminsOnly",
        status: 403,
        when: "Only for admins.",
        codes: &["ADMIN_REQUIRED"],
    },
    Common {
        name: "SuperusersOnly",
        status: 403,
        when: "Only for superusers.",
        codes: &["SUPERUSER_REQUIRED"],
    },
    Common {
        name: "SessionsOnly",
        status: 403,
        when: "Not with an API token: sign in with email and password.",
        codes: &["SESSION_REQUIRED"],
    },
    Common {
        name: "NotAgain",
        status: 409,
        when: "The request with this `Idempotency-Key` is being carried out, or was and its answer is forgotten, or was \
               carried out by another one meanwhile.",
        codes: &["REQUEST_UNDER_WAY", "ANSWER_FORGOTTEN", "IDEMPOTENCY_KEY_TAKEN_OVER"],
    },
    Common {
        name: "EditedMeanwhile",
        status: 412,
        when: "It was changed since the version that `If-Match` names.",
        codes: &["EDITED_MEANWHILE"],
    },
    Common {
        name: "TooLarge",
        status: 413,
        when: "The body is larger than is taken.",
        codes: &["TOO_LARGE"],
    },
    Common {
        name: "NotJson",
        status: 415,
        when: "The body is not announced as what is taken.",
        codes: &["UNSUPPORTED_MEDIA_TYPE"],
    },
    Common {
        name: "Invalid",
        status: 422,
        when: "Fields or parameters are missing, unknown or refused: `fields` says which and why.",
        codes: &["INVALID_FIELDS", "MALFORMED_JSON"],
    },
    Common {
        name: "InvalidOrAnother",
        status: 422,
        when: "Fields or parameters are missing, unknown or refused: `fields` says which and why. Or the \
               `Idempotency-Key` came with another request before.",
        codes: &["INVALID_FIELDS", "MALFORMED_JSON", "IDEMPOTENCY_KEY_REUSED"],
    },
    Common {
        name: "TooOften",
        status: 429,
        when: "Asked too often: `Retry-After` says when again.",
        codes: &["RATE_LIMITED"],
    },
];

fn common(name: &str) -> Option<&'static Common> {
    COMMON.iter().find(|common| common.name == name)
}

/// A reference to a response that several endpoints have.
pub(super) fn refers_to(name: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{name}") })
}

pub(super) fn responses(error: &Value) -> Value {
    let mut responses = serde_json::Map::new();
    for common in &COMMON {
        responses.insert(
            common.name.to_owned(),
            described(
                common.status,
                &told(common.codes, common.when),
                common.codes[0],
                common.when,
                error,
            ),
        );
    }
    responses["TooOften"]["headers"] = json!({ "Retry-After": { "$ref": "#/components/headers/Retry-After" } });
    responses.insert(
        "NotModified".to_owned(),
        json!({
            "description": "It is what `If-None-Match` says.",
            "headers": { "ETag": { "$ref": "#/components/headers/ETag" } },
        }),
    );
    responses.insert(
        "Otherwise".to_owned(),
        described(
            500,
            "Whatever else goes wrong.",
            "INTERNAL",
            "Something went wrong on our side.",
            error,
        ),
    );
    responses.into()
}

/// A response of one endpoint's own: what it has in common with others, if there is such a thing, and what only it has.
pub(super) fn failure(status: u16, in_common: Option<&str>, own: &[(&str, &str)]) -> Value {
    let in_common = in_common.and_then(common);
    let description = own
        .iter()
        .map(|(code, when)| told(&[code], when))
        .chain(in_common.map(|common| told(common.codes, common.when)))
        .collect::<Vec<_>>()
        .join("\n\n");
    let (code, when) = own.first().copied().unwrap_or_default();
    let error = json!({ "$ref": "#/components/schemas/Error" });
    described(status, &description, code, when, &error)
}

fn told(codes: &[&str], when: &str) -> String {
    let codes: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
    format!("{}: {when}", codes.join(", "))
}

fn described(status: u16, description: &str, code: &str, message: &str, error: &Value) -> Value {
    let mut example = json!({
        "status": status,
        "error": code,
        "message": message,
        "detail": message,
        "request_id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    });
    if code == "INVALID_FIELDS" {
        example["fields"] = json!({ "name": { "code": "too_long", "max": 255, "message": "At most 255 characters." } });
    }
    json!({
        "description": description,
        "content": { "application/json": { "schema": error, "example": example } },
    })
}
