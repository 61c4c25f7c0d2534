//! The engine on a real PostgreSQL: a database for each test.
//!
//! What a transport adds (statuses, bodies, cookies) is tested where the transports are.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod accounts;
mod audit;
mod beside;
mod bindings;
mod catalogue;
mod catalogue_list;
mod drift;
mod following;
mod idempotency;
mod isolation;
mod migrations;
mod modes;
mod overview;
mod pool;
mod prefixes;
mod removal;
mod rotation;
mod server_tools;
mod servers;
mod service;
mod serving;
mod source_types;
mod sources;
mod sources_secrets;
mod sources_test;
mod tools;
mod tools_at_once;
mod transfer;
mod usage;

use axum::{Json, Router, routing::get};
use patchbay_domain::{
    connector::RegisterConnector,
    ids::ConnectorRef,
    user::{SignUp, UserView},
};
use patchbay_engine::{
    Actor, Clock, Config, DriftPolicy, Engine, audit::Who, storage::Db, upstream::egress::EgressPolicy, vault::KeyRing,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sqlx::PgPool;
use time::macros::datetime;

/// An engine on a fresh, migrated database, at noon.
async fn engine(pool: &PgPool) -> Engine {
    engine_with(pool, |_| ()).await
}

async fn engine_with(pool: &PgPool, change: impl FnOnce(&mut Config)) -> Engine {
    let db = Db::from(pool.clone());
    db.migrate().await.unwrap();
    let mut config = Config {
        public_url: "http://localhost:9000".parse().unwrap(),
        pool: Vec::new(),
        servers_max: 10_000,
        servers_per_user: 32,
        sign_up: SignUp::Open,
        keys: KeyRing::parse(KeyRing::generate_key().expose_secret()).unwrap(),
        jwt_secret: "not much of a secret".into(),
        egress: EgressPolicy::parse("loopback").unwrap(),
        drift: DriftPolicy::Block,
    };
    change(&mut config);
    Engine::start(db, config, Clock::fixed(datetime!(2026-01-01 12:00 UTC)))
        .await
        .unwrap()
}

fn password() -> SecretString {
    "correct horse battery".into()
}

/// Somebody at the command line.
fn who() -> Who {
    Who::command_line()
}

fn actor(user: &UserView) -> Actor {
    Actor {
        user: user.id,
        roles: user.roles.clone(),
        session: None,
        origin: patchbay_engine::actor::Origin::SYSTEM,
    }
}

async fn user(engine: &Engine, email: &str) -> Actor {
    actor(&engine.create_user(&who(), email, &password(), false).await.unwrap())
}

async fn superuser(engine: &Engine) -> Actor {
    actor(
        &engine
            .create_user(&who(), "root@example.org", &password(), true)
            .await
            .unwrap(),
    )
}

fn new_connector(name: &str) -> RegisterConnector {
    RegisterConnector {
        name: name.into(),
        description: "Keeps notes".into(),
        secret: None,
        secret_header: None,
    }
}

/// Serves a manifest on loopback for as long as the test runs; gives its URL.
async fn manifest(body: Value) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/connector.json", listener.local_addr().unwrap());
    let app = Router::new().route("/connector.json", get(|| async { Json(body) }));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    url
}

/// An active connector made from this manifest.
async fn active_connector(engine: &Engine, root: &Actor, name: &str, body: Value) -> ConnectorRef {
    let registered = engine.register_connector(root, new_connector(name)).await.unwrap();
    let connector = ConnectorRef::Id(registered.id);
    engine
        .activate_connector(root, connector, &manifest(body).await)
        .await
        .unwrap();
    connector
}
