//! What a browser shows of an error that no page was drawn for: the database is away, a form came from another site, too
//! many attempts. Programs get the same as JSON; people get a small page of their own.

use super::request_info::current_request_id;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{Html, IntoResponse as _, Response},
};
use patchbay_app::Assets;

/// The page's own style sheet and nothing else.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// An answer's extension: the sentence that its JSON holds.
#[derive(Debug, Clone)]
pub(crate) struct Told(pub(crate) String);

/// Draws the page where somebody looks at it.
pub(crate) async fn error_page(State(assets): State<Assets>, request: Request, next: Next) -> Response {
    let is_looked_at = is_looked_at(request.uri().path(), request.headers());
    let response = next.run(request).await;
    match response.extensions().get::<Told>() {
        Some(Told(message)) if is_looked_at => {
            let page = page(response.status().as_u16(), message, &assets.css);
            let (parts, _) = response.into_parts();
            let mut drawn = (parts.status, Html(page)).into_response();
            for (name, value) in &parts.headers {
                if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
                    drawn.headers_mut().insert(name, value.clone());
                }
            }
            drawn.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
            drawn
        }
        _ => response,
    }
}

/// Whether a person will see the answer. The API's answers are for programs, whoever opens them.
fn is_looked_at(path: &str, headers: &HeaderMap) -> bool {
    let is_api = path == "/api" || path.starts_with("/api/");
    let wants_page = |value: &HeaderValue| value.to_str().is_ok_and(|kinds| kinds.contains("text/html"));
    !is_api && headers.get(header::ACCEPT).is_some_and(wants_page)
}

fn page(status: u16, message: &str, css: &str) -> String {
    let (title, hint) = match status {
        403 | 421 => ("Refused", "Nothing was changed."),
        404 => ("Not found", "The address may have a typing error."),
        429 => ("Too much at once", "Wait a moment, then try again."),
        500.. => (
            "Something went wrong",
            "Reload the page; if it happens again, tell whoever runs this Patchbay.",
        ),
        _ => ("That didn't work", "Go back and try again. Nothing was changed."),
    };
    let message = escaped(message);
    let styles = if css.is_empty() {
        String::new()
    } else {
        format!("<link rel=\"stylesheet\" href=\"{}\">", escaped(css))
    };
    let request = escaped(&current_request_id());
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} · Patchbay</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">{styles}</head>\
         <body><main class=\"problem problem-alone\" role=\"alert\"><p class=\"problem-code\">{status}</p><h1>{title}</h1>\
         <p>{message}</p><p class=\"problem-hint\">{hint}</p><p class=\"problem-hint\">Request <code>{request}</code></p>\
         <p class=\"actions\"><a class=\"button button-primary\" href=\"/\">Go to the overview</a></p></main></body></html>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest;
    use axum::{Router, body::Body, http::StatusCode, middleware::from_fn_with_state, routing::any};
    use tower::ServiceExt as _;

    async fn answer(path: &str, accept: &str) -> (StatusCode, HeaderMap, String) {
        async fn fails() -> rest::Error {
            rest::Error::from(patchbay_engine::Error::internal("the database is away"))
        }
        let assets = Assets {
            css: "/assets/style.css".to_owned(),
            ..Assets::default()
        };
        let router = Router::new()
            .route("/{*path}", any(fails))
            .layer(from_fn_with_state(assets, error_page));
        let request = Request::builder().uri(path).header(header::ACCEPT, accept);
        let (parts, body) = router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap()
            .into_parts();
        let body = axum::body::to_bytes(body, 1 << 16).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_person_sees_a_page_and_a_program_gets_json() {
        let (status, headers, body) = answer("/connectors", "text/html,*/*").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(
            body.contains("Something went wrong on our side.") && body.contains("/assets/style.css"),
            "{body}"
        );
        assert_eq!(headers[header::CONTENT_SECURITY_POLICY], POLICY);
        assert!(headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
        assert!(
            !body.contains("the database is away"),
            "what went wrong inside is not for everybody"
        );
        for (path, accept) in [
            ("/api/connectors", "text/html"),
            ("/fn/connectors/register", "application/json"),
        ] {
            let (_, headers, body) = answer(path, accept).await;
            assert_eq!(headers[header::CONTENT_TYPE], "application/json", "{path}");
            assert!(body.starts_with('{'), "{body}");
        }
    }

    #[test]
    fn what_the_message_says_is_text() {
        assert!(page(404, "<script>", "").contains("&lt;script&gt;"));
    }
}
