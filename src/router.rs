//! What answers where, and what every request passes on its way there.
//!
//! Outside to inside: the request's id and log line (everything below has them), security headers (on failures too), panics
//! (whatever fails below still answers), static files (which need nothing of what follows), then for the dashboard and the API
//! the page that a browser gets for errors, the name it is asked under, the same-origin rule, the script's build, the body (all
//! before anything is looked up), the session, who asks, how often, and the route.

use crate::{
    assets,
    config::TrustedProxies,
    health,
    middleware::{
        catch_panic::catch_panic,
        error_page::error_page,
        identity::identify,
        known_host::{OwnHost, known_host},
        rate_limit::rate_limit,
        request_info,
        same_build::same_build,
        same_origin::{OwnOrigin, same_origin},
        security_headers::{Https, security_headers},
        whole_body::whole_body,
    },
    rest,
    state::AppState,
};
use axum::{
    Router,
    extract::{FromRef, Request},
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    response::Response,
};
use leptos::{config::LeptosOptions, prelude::provide_context};
use leptos_axum::{LeptosRoutes as _, generate_route_list, render_app_async_with_context};
use patchbay_app::{ApiDocs, App, Assets, shell};
use patchbay_engine::sessions::SESSION_LIFETIME;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite};
use url::Url;

/// The name that clients know the session's cookie by.
const COOKIE: &str = "auth_cookie";

/// What the router needs to know beyond the handlers' state.
#[derive(Debug)]
pub(crate) struct Surroundings {
    pub(crate) public_url: Url,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) assets: Assets,
    pub(crate) stopping: CancellationToken,
}

/// Everything but the gateway.
pub(crate) fn dashboard(state: AppState, surroundings: Surroundings) -> Router {
    let Surroundings {
        public_url,
        trusted_proxies,
        assets,
        stopping,
    } = surroundings;
    let is_https = public_url.scheme() == "https";
    let own_origin = OwnOrigin(public_url.origin().ascii_serialization().into());
    let own_host = OwnHost(public_url.host_str().unwrap_or_default().into());
    let sessions = SessionManagerLayer::new(state.engine.session_store())
        .with_name(COOKIE)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(is_https)
        .with_expiry(Expiry::OnInactivity(SESSION_LIFETIME));
    let inside = ServiceBuilder::new()
        .layer(from_fn_with_state(assets.clone(), error_page))
        .layer(from_fn_with_state(own_host, known_host))
        .layer(from_fn_with_state(own_origin, same_origin))
        .layer(from_fn_with_state(assets.clone(), same_build))
        .layer(from_fn(whole_body))
        .layer(sessions)
        .layer(from_fn_with_state(state.engine.clone(), identify))
        .layer(from_fn_with_state(state.clone(), rate_limit));
    let engine = state.engine.clone();
    let inner = rest::router(&engine)
        .merge(pages(&state, assets))
        .with_state(state)
        .layer(inside)
        .merge(health::router(engine, stopping));
    around(inner, trusted_proxies, Https(is_https))
}

/// What holds for every answer.
fn around(inner: Router, trusted_proxies: TrustedProxies, https: Https) -> Router {
    inner.layer(
        ServiceBuilder::new()
            .layer(from_fn_with_state(Arc::new(trusted_proxies), request_info::attach))
            .layer(from_fn_with_state(https, security_headers))
            .layer(from_fn(catch_panic))
            .layer(from_fn(assets::serve)),
    )
}

/// The framework asks for these of every state. Where its own file server finds files is none of its business here.
impl FromRef<AppState> for LeptosOptions {
    fn from_ref(_: &AppState) -> Self {
        Self::builder().output_name("patchbay").build()
    }
}

/// The pages and their server functions.
fn pages(state: &AppState, assets: Assets) -> Router<AppState> {
    let context = {
        let (engine, tool_caller, assets) = (state.engine.clone(), Arc::clone(&state.tool_caller), assets.clone());
        let api_docs = ApiDocs::read(&rest::openapi::document());
        move || {
            provide_context(engine.clone());
            provide_context(Arc::clone(&tool_caller));
            provide_context(assets.clone());
            provide_context(api_docs.clone());
        }
    };
    let page = {
        let options = LeptosOptions::from_ref(state);
        move || shell(options.clone(), assets.clone())
    };
    let not_found = render_app_async_with_context(context.clone(), page.clone());
    Router::new()
        .leptos_routes_with_context(state, generate_route_list(App), context, page)
        .fallback(move |request: Request| {
            let page = not_found(request);
            async move { missing(page.await) }
        })
}

/// The app draws the page for what isn't there, and here it gets the status that belongs to it.
fn missing(mut page: Response) -> Response {
    if page.status() == StatusCode::OK {
        *page.status_mut() = StatusCode::NOT_FOUND;
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, http::header, routing::get};
    use tower::ServiceExt as _;

    #[tokio::test]
    async fn an_answer_after_a_panic_has_its_id_and_tells_browsers_to_be_careful() {
        async fn fails() -> &'static str {
            panic!("as if something were wrong")
        }
        let router = around(
            Router::new().route("/", get(fails)),
            TrustedProxies::default(),
            Https(true),
        );
        let answer = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        for name in [
            header::X_CONTENT_TYPE_OPTIONS,
            header::CONTENT_SECURITY_POLICY,
            header::CACHE_CONTROL,
        ] {
            assert!(answer.headers().contains_key(&name), "{name}");
        }
        assert!(answer.headers().contains_key("x-request-id"));
        assert_eq!(answer.headers()[header::STRICT_TRANSPORT_SECURITY], "max-age=63072000");
    }
}
