//! One TLS configuration for all outgoing connections: rustls on ring, so nothing needs a C compiler's OpenSSL. It
//! trusts what the machine trusts, and Mozilla's list where the machine has no list (a bare container).

use hyper_rustls::ConfigBuilderExt;
use rustls::{ClientConfig, crypto::ring};
use std::sync::Arc;

pub(super) fn client_config() -> ClientConfig {
    let builder = || {
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has cipher suites for TLS 1.2 and 1.3")
    };
    builder()
        .with_native_roots()
        .unwrap_or_else(|_| builder().with_webpki_roots())
        .with_no_client_auth()
}
