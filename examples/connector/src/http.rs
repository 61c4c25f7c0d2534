//! The three routes: the manifest and the logo for everyone, MCP for whoever knows the secret.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio_util::sync::CancellationToken;

use crate::{connector::Connector, manifest::Manifest};

/// The largest message that the limits on notes allow, with every character escaped, and then some.
const BODY_MAX: usize = 256 * 1024;

/// How the routes are served.
#[derive(Debug)]
pub(crate) struct Access {
    /// The address that the manifest names as this connector's own.
    pub(crate) base_url: String,
    /// Host names, besides the loopback ones, that MCP may be asked for by.
    pub(crate) hosts: Vec<String>,
    /// What an MCP request must present.
    pub(crate) secret: Option<SecretString>,
    /// Ends the calls that are still running.
    pub(crate) stop: CancellationToken,
}

pub(crate) fn router(connector: Arc<Connector>, access: Access) -> serde_json::Result<Router> {
    let manifest = Bytes::from(serde_json::to_vec_pretty(&Manifest::new(&connector, &access.base_url))?);
    let mcp = mcp(connector, access.hosts, access.stop);
    let guarded = Router::new()
        .route_service("/mcp", mcp)
        .route_layer(middleware::from_fn_with_state(
            access.secret.map(Arc::new),
            require_secret,
        ));
    Ok(Router::new()
        .route(
            "/connector.json",
            get(async move || ([(header::CONTENT_TYPE, "application/json")], manifest.clone())),
        )
        .route("/logo.png", get(logo))
        .merge(guarded))
}

/// MCP over Streamable HTTP, for clients of both eras: those that `initialize` and those that send all they have to
/// say with each request. Neither gets a session, so nobody notices a restart.
fn mcp(
    connector: Arc<Connector>,
    hosts: Vec<String>,
    stop: CancellationToken,
) -> StreamableHttpService<Arc<Connector>, NeverSessionManager> {
    let hosts = ["localhost", "127.0.0.1", "::1"]
        .into_iter()
        .map(str::to_owned)
        .chain(hosts);
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(BODY_MAX)
        // A web page that somebody visits must not reach a connector on their machine, under whatever name it asks.
        .with_allowed_hosts(hosts)
        .with_allowed_origins(["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"])
        .with_cancellation_token(stop);
    StreamableHttpService::new(
        move || Ok(Arc::clone(&connector)),
        Arc::new(NeverSessionManager::default()),
        config,
    )
}

async fn logo() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "image/png"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
    ];
    (headers, include_bytes!("../assets/logo.png").as_slice())
}

async fn require_secret(State(secret): State<Option<Arc<SecretString>>>, request: Request, next: Next) -> Response {
    let allowed = secret.is_none_or(|secret| presents(request.headers(), &secret));
    if allowed {
        next.run(request).await
    } else {
        unauthorized()
    }
}

/// Takes the same time wherever a wrong secret begins to differ. Only its length could be told.
fn presents(headers: &HeaderMap, secret: &SecretString) -> bool {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().split_at_checked("Bearer ".len()))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"Bearer "))
        .is_some_and(|(_, presented)| presented.ct_eq(secret.expose_secret().as_bytes()).into())
}

fn unauthorized() -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"notes\"")];
    (
        StatusCode::UNAUTHORIZED,
        challenge,
        "Send this connector's secret: Authorization: Bearer <secret>\n",
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        http::{Method, request},
    };
    use http_body_util::BodyExt;
    use serde_json::{Value, json};
    use tempfile::TempDir;
    use tower::ServiceExt;

    use super::*;
    use crate::{clock, notes::Notes};

    async fn answer(secret: Option<&str>, request: Request) -> Response {
        let dir = TempDir::new().unwrap();
        let connector = Connector::new(Notes::open(dir.path().join("notes.json"), clock::system).unwrap());
        let access = Access {
            base_url: "http://127.0.0.1:8025".to_owned(),
            hosts: vec!["notes.example".to_owned()],
            secret: secret.map(SecretString::from),
            stop: CancellationToken::new(),
        };
        router(Arc::new(connector), access)
            .unwrap()
            .oneshot(request)
            .await
            .unwrap()
    }

    fn get(path: &str) -> Request {
        Request::get(path)
            .header(header::HOST, "127.0.0.1:8025")
            .body(Body::empty())
            .unwrap()
    }

    /// An MCP request as it should be, but for what `change` does to it.
    fn mcp(change: impl FnOnce(request::Builder) -> request::Builder) -> Request {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
        let request = Request::builder()
            .method(Method::POST)
            .uri("/mcp")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json, text/event-stream");
        change(request).body(Body::from(message.to_string())).unwrap()
    }

    fn authorized(value: &'static str) -> Request {
        mcp(|request| {
            request
                .header(header::HOST, "localhost:1")
                .header(header::AUTHORIZATION, value)
        })
    }

    async fn body(response: Response) -> Vec<u8> {
        response.into_body().collect().await.unwrap().to_bytes().to_vec()
    }

    #[tokio::test]
    async fn the_manifest_and_the_logo_are_open_even_with_a_secret() {
        let manifest = answer(Some("s3cret"), get("/connector.json")).await;
        assert_eq!(manifest.status(), StatusCode::OK);
        assert_eq!(manifest.headers()[header::CONTENT_TYPE], "application/json");
        let manifest: Value = serde_json::from_slice(&body(manifest).await).unwrap();
        assert_eq!(manifest["url"], "http://127.0.0.1:8025");
        assert_eq!(manifest["logo_url"], "/logo.png");

        let logo = answer(Some("s3cret"), get("/logo.png")).await;
        assert_eq!(logo.headers()[header::CONTENT_TYPE], "image/png");
        assert!(body(logo).await.starts_with(b"\x89PNG\r\n\x1a\n"));
    }

    #[tokio::test]
    async fn mcp_wants_exactly_the_secret() {
        for wrong in [
            "Bearer s3cre",
            "Bearer s3cret ",
            "Bearer S3CRET",
            "Basic s3cret",
            "s3cret",
            "Bearer ",
        ] {
            let response = answer(Some("s3cret"), authorized(wrong)).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{wrong}");
            assert!(response.headers().contains_key(header::WWW_AUTHENTICATE), "{wrong}");
        }
        for right in ["Bearer s3cret", "bearer s3cret"] {
            assert_eq!(
                answer(Some("s3cret"), authorized(right)).await.status(),
                StatusCode::OK,
                "{right}"
            );
        }
    }

    #[tokio::test]
    async fn without_a_secret_mcp_is_open_and_a_needless_one_does_no_harm() {
        let open = mcp(|request| request.header(header::HOST, "127.0.0.1:49152"));
        assert_eq!(answer(None, open).await.status(), StatusCode::OK);
        assert_eq!(answer(None, authorized("Bearer s3cret")).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn only_known_hosts_and_local_pages_may_ask() {
        let asked = async |host: &'static str, origin: Option<&'static str>| {
            let request = mcp(|request| match origin {
                Some(origin) => request.header(header::HOST, host).header(header::ORIGIN, origin),
                None => request.header(header::HOST, host),
            });
            answer(None, request).await.status()
        };
        for host in [
            "127.0.0.1:1",
            "localhost:65535",
            "[::1]:8025",
            "localhost",
            "notes.example",
        ] {
            assert_eq!(asked(host, None).await, StatusCode::OK, "{host}");
        }
        assert_eq!(asked("rebound.example:8025", None).await, StatusCode::FORBIDDEN);
        assert_eq!(
            asked("localhost:8025", Some("http://localhost:6274")).await,
            StatusCode::OK
        );
        assert_eq!(
            asked("localhost:8025", Some("https://elsewhere.example")).await,
            StatusCode::FORBIDDEN
        );
    }

    #[tokio::test]
    async fn there_is_no_stream_to_open_and_no_session_to_end() {
        assert_eq!(answer(None, get("/mcp")).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
