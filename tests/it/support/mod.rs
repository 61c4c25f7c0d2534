//! What tests start with: a server, people who use it, services to connect.

pub(crate) mod app;
pub(crate) mod client;
pub(crate) mod database;
pub(crate) mod described;
pub(crate) mod foreign;
pub(crate) mod mcp;
pub(crate) mod program;
pub(crate) mod rmcp_server;
pub(crate) mod totp;
pub(crate) mod upstream;

pub(crate) use app::App;
pub(crate) use client::{Anonymous, Answer, Superuser, User};

use std::time::Duration;

/// Waits for what another task or process brings about; that takes a moment, but not more.
pub(crate) async fn eventually<F: Future<Output = bool>>(mut is_so: impl FnMut() -> F) {
    let patience = tokio::time::timeout(Duration::from_secs(15), async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    patience.await.expect("it becomes so");
}
