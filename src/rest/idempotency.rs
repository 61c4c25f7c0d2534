//! `Idempotency-Key`: a request that is sent again, because its answer was lost on the way, makes nothing twice and gets the
//! same answer.
//!
//! Which endpoints take one, they say themselves ([`super::Endpoint::once`]). Keys belong to whoever is signed in; nobody else
//! can have one.

use super::Error;
use crate::middleware::{identity::Identity, request_info::belonging};
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use patchbay_domain::field::{FieldError, FieldErrors};
use patchbay_engine::{
    Actor, Engine, Error as EngineError,
    idempotency::{Answer, Attempt, Begun, Key},
};

/// The header, also as the name of what is refused in it.
const KEY: &str = "Idempotency-Key";
/// Says of an answer that it was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Carries a request with a key out once.
pub(super) async fn once(State(engine): State<Engine>, request: Request, next: Next) -> Response {
    let key = match key(request.headers()) {
        Ok(Some(key)) => key,
        Ok(None) => return next.run(request).await,
        Err(error) => return Error::from(FieldErrors::one(KEY, error)).into_response(),
    };
    let identity = request.extensions().get::<Identity>();
    let Some(actor) = identity.and_then(Identity::actor).cloned() else {
        // The handler says that somebody has to sign in.
        return next.run(request).await;
    };
    match carry_out(engine, actor, key, request, next).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

/// The request's key, if it has one.
fn key(headers: &HeaderMap) -> Result<Option<Key>, FieldError> {
    let mut given = headers.get_all(KEY).iter();
    let Some(key) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err(FieldError::Refused {
            reason: "One key, please.".to_owned(),
        });
    }
    // What isn't ASCII isn't printable ASCII either.
    Key::parse(&String::from_utf8_lossy(key.as_bytes())).map(Some)
}

async fn carry_out(engine: Engine, actor: Actor, key: Key, request: Request, next: Next) -> Result<Response, Error> {
    let (parts, body) = request.into_parts();
    // It was taken in, and limited, before.
    let body = to_bytes(body, usize::MAX).await.map_err(|_| Error::cut_off())?;
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let what = [parts.method.as_str().as_bytes(), target.as_bytes(), &body];
    let attempt = match engine.begin_request(&actor, &key, &what).await? {
        Begun::Now(attempt) => attempt,
        Begun::Before(answer) => return Ok(again(answer)),
        Begun::Forgotten => return Err(Error::AnswerForgotten),
        Begun::UnderWay => return Err(Error::UnderWay),
        Begun::OtherRequest => return Err(Error::KeyReused),
    };
    let mut request = Request::from_parts(parts, Body::from(body));
    if let Some(Identity::Token(actor) | Identity::Cookie(actor)) = request.extensions_mut().get_mut::<Identity>() {
        actor.origin.attempt = Some(attempt);
    }
    // It goes on when whoever asked goes away, so that there is an answer when they come back.
    let work = tokio::spawn(belonging(async move {
        let response = next.run(request).await;
        keep(&engine, &actor, attempt, response).await
    }));
    match work.await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(EngineError::internal(error).into()),
        },
    }
}

/// Keeps an answer that made something, and gives the key back where nothing came of it.
async fn keep(engine: &Engine, actor: &Actor, attempt: Attempt, response: Response) -> Result<Response, Error> {
    if !response.status().is_success() {
        engine.give_up_attempt(actor, attempt).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(EngineError::internal)?;
    let text = |value: &HeaderValue| value.to_str().map(str::to_owned);
    let answer = Answer {
        status: parts.status.as_u16(),
        headers: parts
            .headers
            .iter()
            .filter(|(name, _)| *name != header::CONTENT_LENGTH)
            .filter_map(|(name, value)| Some((name.to_string(), text(value).ok()?)))
            .collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    if let Err(error) = engine.keep_answer(actor, attempt, &answer).await {
        // It is done, and told. Whoever asks again is told that it was done.
        tracing::warn!(
            error = std::error::Error::source(&error),
            "an answer can't be kept for its Idempotency-Key"
        );
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// An answer that was given before.
fn again(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_one_key_or_none() {
        let of = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(KEY, HeaderValue::from_bytes(value).unwrap());
            }
            key(&headers)
        };
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&[b"abc"]), Ok(Some(Key::parse("abc").unwrap())));
        assert_eq!(of(&[b""]), Err(FieldError::Required));
        assert!(of(&[b"abc", b"abc"]).is_err() && of(&[b"\xff"]).is_err());
    }

    #[tokio::test]
    async fn an_answer_is_given_again_as_it_was() {
        let response = again(Answer {
            status: 201,
            headers: vec![
                ("content-type".into(), "application/json".into()),
                ("etag".into(), "\"x\"".into()),
            ],
            body: "{}".into(),
        });
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["etag"], "\"x\"");
        assert_eq!(response.headers()[&REPLAYED], "true");
        assert_eq!(&to_bytes(response.into_body(), 9).await.unwrap()[..], b"{}");
    }
}
