//! The HTML document around the app, and the policy that says what it may load.

use crate::App;
use axum::http::{HeaderValue, header};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use leptos_meta::MetaTags;
use serde::Deserialize;

/// The addresses of the built frontend's files. Empty ones aren't there, and pages do without.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Assets {
    /// The script that starts the module.
    pub boot: String,
    /// The module's JavaScript side.
    pub js: String,
    /// The module.
    pub wasm: String,
    /// The styles.
    pub css: String,
}

/// The document.
pub fn shell(options: LeptosOptions, assets: Assets) -> impl IntoView {
    set_policy();
    if let Some(shared) = Owner::current_shared_context() {
        // Nothing outside of islands is taken over by scripts, so its data isn't sent along.
        shared.set_is_hydrating(false);
    }
    let Assets { boot, js, wasm, css } = assets;
    let there = |url: &String| !url.is_empty();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="description" content="Connectors, servers and tokens for the Model Context Protocol"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                {Some(css).filter(there).map(|url| view! { <link rel="stylesheet" href=url/> })}
                {Some(js).filter(there).map(|url| view! { <link rel="modulepreload" href=url/> })}
                {Some(wasm).filter(there).map(|url| view! {
                    <link rel="preload" href=url r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
                })}
                {Some(boot).filter(there).map(|url| view! { <script type="module" src=url></script> })}
                <AutoReload options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Only what this server sends, no inline styles, and of inline scripts only those of this very response: leptos
/// hands data over in them.
fn set_policy() {
    let Some(response) = use_context::<ResponseOptions>() else {
        return;
    };
    let nonce = use_nonce().map(|nonce| format!(" 'nonce-{nonce}'")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'{nonce} 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}
