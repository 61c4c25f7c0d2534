//! Sealing everything again with another key, while others read and write it.

use super::{active_connector, engine_with, new_connector, password, superuser, who};
use patchbay_domain::{
    connector::RegisterConnector,
    ids::{ConnectorId, ServerId, SourceId},
    server::CreateServer,
    source::CreateSource,
};
use patchbay_engine::{
    Actor, Engine,
    vault::{KeyRing, VaultError},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sqlx::PgPool;
use std::sync::Arc;
use time::OffsetDateTime;
use tower_sessions::{Session, session::Id};

async fn engine_with_keys(pool: &PgPool, keys: &[&SecretString]) -> Engine {
    let text: Vec<_> = keys.iter().map(|key| key.expose_secret()).collect();
    engine_with(pool, |config| config.keys = KeyRing::parse(&text.join(",")).unwrap()).await
}

fn key() -> SecretString {
    KeyRing::generate_key()
}

/// One of everything that is sealed.
struct Things {
    root: Actor,
    connector: ConnectorId,
    server: ServerId,
    source: SourceId,
    cookie: Id,
}

const SHARED: &[u8] = b"shared with an authenticator";

async fn things(pool: &PgPool, engine: &Engine) -> Things {
    let root = superuser(engine).await;
    let connector = registered(engine, &root, "sealed").await;
    let manifest = json!({
        "name": "n", "description": "d", "version": "1", "tools": [], "mcp_url": "http://127.0.0.1:1/mcp",
        "config": { "params": { "type": "object", "properties": { "notebook": { "type": "string" } } } },
    });
    let active = active_connector(engine, &root, "active", manifest).await;
    let new = CreateServer {
        name: "mine".into(),
        source_ids: Vec::new(),
        connector_id: Some(active),
        configuration: json!({ "notebook": "blue" }),
    };
    let server = engine.create_server(&root, new).await.unwrap().server.id;
    let new = CreateSource {
        kind: "active".into(),
        name: None,
        source_metadata: json!({ "notebook": "red" }),
    };
    let source = engine.create_source(&root, new).await.unwrap().id;
    sqlx::query("INSERT INTO second_factors (user_id, secret) VALUES ($1, $2)")
        .bind(root.user.0)
        .bind(engine.vault().seal(&factor_purpose(&root), SHARED))
        .execute(pool)
        .await
        .unwrap();
    let session = Session::new(None, Arc::new(engine.session_store()), None);
    let proven = engine.authenticate_user("root@example.org", &password()).await.unwrap();
    engine
        .begin_session(&who(), &session, &proven, "a browser")
        .await
        .unwrap();
    let cookie = session.id().unwrap();
    Things {
        root,
        connector,
        server,
        source,
        cookie,
    }
}

async fn registered(engine: &Engine, root: &Actor, name: &str) -> ConnectorId {
    let new = RegisterConnector {
        secret: Some("hunter2".into()),
        ..new_connector(name)
    };
    engine.register_connector(root, new).await.unwrap().id
}

fn factor_purpose(user: &Actor) -> String {
    format!("second_factors.secret:{}", user.user)
}

/// Whether all of it can be read.
async fn check(pool: &PgPool, engine: &Engine, things: &Things) {
    let server = engine.server(&things.root, things.server).await.unwrap();
    assert_eq!(server.configuration, json!({ "notebook": "blue" }));
    let source = engine.source(&things.root, things.source).await.unwrap();
    assert_eq!(source.source_metadata, json!({ "notebook": "red" }));
    let factor: Vec<u8> = sqlx::query_scalar("SELECT secret FROM second_factors")
        .fetch_one(pool)
        .await
        .unwrap();
    let factor = engine.vault().open(&factor_purpose(&things.root), &factor).unwrap();
    assert_eq!(factor.expose_secret(), SHARED);
    let session = Session::new(Some(things.cookie), Arc::new(engine.session_store()), None);
    assert!(engine.actor_of_session(&session).await.unwrap().is_some());
}

async fn sealed_secret(pool: &PgPool, id: ConnectorId) -> (Vec<u8>, OffsetDateTime) {
    let select = "SELECT secret, updated_at FROM mcp_connectors WHERE id = $1";
    sqlx::query_as(select).bind(id.0).fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrations = false)]
async fn after_a_rotation_the_old_key_can_go(pool: PgPool) {
    let (old, new) = (key(), key());
    let before = engine_with_keys(&pool, &[&old]).await;
    let things = things(&pool, &before).await;
    let (_, changed_at) = sealed_secret(&pool, things.connector).await;

    let between = engine_with_keys(&pool, &[&new, &old]).await;
    check(&pool, &between, &things).await;
    let mut told = Vec::new();
    let rotation = between
        .rotate_keys(&who(), |progress| told.push(progress))
        .await
        .unwrap();
    assert!(rotation.is_whole(), "{rotation:?}");
    assert_eq!(
        rotation.done,
        [
            ("audit_keys.sealed", 1),
            ("mcp_connectors.secret", 1),
            ("mcp_servers.configuration", 1),
            ("sources.sealed_metadata", 1),
            ("second_factors.secret", 1),
            ("sessions.data", 1),
        ]
    );
    assert!(
        told.iter().all(|progress| (progress.done, progress.total) == (1, 1)),
        "{told:?}"
    );

    let after = engine_with_keys(&pool, &[&new]).await;
    check(&pool, &after, &things).await;
    let (secret, sealed_at) = sealed_secret(&pool, things.connector).await;
    let purpose = format!("mcp_connectors.secret:{}", things.connector);
    assert_eq!(
        after.vault().open(&purpose, &secret).unwrap().expose_secret(),
        b"hunter2"
    );
    assert_eq!(sealed_at, changed_at, "it means what it did");
    assert!(after.verify_audit(None, |_| ()).await.unwrap().is_whole());

    let again = between.rotate_keys(&who(), |_| ()).await.unwrap();
    assert_eq!(
        (again.total(), again.is_whole()),
        (0, true),
        "there is nothing left to do"
    );
}

#[sqlx::test(migrations = false)]
async fn two_rotations_later_the_first_rows_can_still_be_checked(pool: PgPool) {
    let keys = [key(), key(), key()];
    let first = engine_with_keys(&pool, &[&keys[0]]).await;
    let things = things(&pool, &first).await;
    for step in keys.windows(2) {
        let engine = engine_with_keys(&pool, &[&step[1], &step[0]]).await;
        assert!(engine.rotate_keys(&who(), |_| ()).await.unwrap().is_whole());
    }
    let last = engine_with_keys(&pool, &[&keys[2]]).await;
    check(&pool, &last, &things).await;
    let report = last.verify_audit(None, |_| ()).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!(report.keys.len(), 3);
}

#[sqlx::test(migrations = false)]
async fn many_rows_change_while_they_are_sealed_again_and_none_is_lost(pool: PgPool) {
    let (old, new) = (key(), key());
    let before = engine_with_keys(&pool, &[&old]).await;
    let root = superuser(&before).await;
    registered(&before, &root, "first").await;
    // More than two batches, which all were sealed by a process with the old key.
    for n in 0..450 {
        let id = uuid::Uuid::new_v4();
        let sealed = before.vault().seal(&format!("mcp_connectors.secret:{id}"), b"hunter2");
        sqlx::query("INSERT INTO mcp_connectors (id, name, description, secret) VALUES ($1, $2, 'x', $3)")
            .bind(id)
            .bind(format!("c{n:03}"))
            .bind(sealed)
            .execute(&pool)
            .await
            .unwrap();
    }
    let between = engine_with_keys(&pool, &[&new, &old]).await;
    let writing = tokio::spawn({
        let pool = pool.clone();
        let vault = between.vault().clone();
        async move {
            for n in (0..450).rev().step_by(3) {
                let name = format!("c{n:03}");
                let (id,): (uuid::Uuid,) = sqlx::query_as("SELECT id FROM mcp_connectors WHERE name = $1")
                    .bind(&name)
                    .fetch_one(&pool)
                    .await
                    .unwrap();
                let sealed = vault.seal(&format!("mcp_connectors.secret:{id}"), b"changed");
                sqlx::query("UPDATE mcp_connectors SET secret = $2 WHERE id = $1")
                    .bind(id)
                    .bind(sealed)
                    .execute(&pool)
                    .await
                    .unwrap();
            }
        }
    });
    let rotation = between.rotate_keys(&who(), |_| ()).await.unwrap();
    writing.await.unwrap();
    assert!(rotation.is_whole(), "{rotation:?}");

    let after = engine_with_keys(&pool, &[&new]).await;
    let rows: Vec<(uuid::Uuid, String, Vec<u8>)> = sqlx::query_as("SELECT id, name, secret FROM mcp_connectors")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(rows.len(), 451);
    for (id, name, secret) in rows {
        let plain = after
            .vault()
            .open(&format!("mcp_connectors.secret:{id}"), &secret)
            .unwrap();
        let changed = name != "first" && name[1..].parse::<u32>().unwrap() % 3 == 449 % 3;
        let expected: &[u8] = if changed { b"changed" } else { b"hunter2" };
        assert_eq!(plain.expose_secret(), expected, "{name}");
    }
}

#[sqlx::test(migrations = false)]
async fn what_cannot_be_opened_is_told_by_its_place_and_stops_nothing(pool: PgPool) {
    let (lost, old, new) = (key(), key(), key());
    let once = engine_with_keys(&pool, &[&lost]).await;
    let root = superuser(&once).await;
    let unreadable = registered(&once, &root, "unreadable").await;
    let before = engine_with_keys(&pool, &[&old]).await;
    let readable = registered(&before, &root, "readable").await;
    let copied = registered(&before, &root, "copied").await;
    sqlx::query("UPDATE mcp_connectors SET secret = (SELECT secret FROM mcp_connectors WHERE id = $1) WHERE id = $2")
        .bind(readable.0)
        .bind(copied.0)
        .execute(&pool)
        .await
        .unwrap();

    let between = engine_with_keys(&pool, &[&new, &old]).await;
    let rotation = between.rotate_keys(&who(), |_| ()).await.unwrap();
    assert!(!rotation.is_whole());
    assert_eq!(rotation.left, 0);
    let mut told: Vec<_> = rotation
        .failures
        .iter()
        .map(|f| (f.column, f.id.clone(), f.reason))
        .collect();
    let mut expected = vec![
        ("mcp_connectors.secret", unreadable.to_string(), VaultError::UnknownKey),
        ("mcp_connectors.secret", copied.to_string(), VaultError::Forged),
    ];
    told.sort_by(|a, b| a.1.cmp(&b.1));
    expected.sort_by(|a, b| a.1.cmp(&b.1));
    assert_eq!(told, expected);
    let (secret, _) = sealed_secret(&pool, readable).await;
    let after = engine_with_keys(&pool, &[&new]).await;
    assert!(
        after
            .vault()
            .open(&format!("mcp_connectors.secret:{readable}"), &secret)
            .is_ok()
    );
}

#[sqlx::test(migrations = false)]
async fn a_rotation_that_was_cut_short_goes_on_where_it_was(pool: PgPool) {
    let (old, new) = (key(), key());
    let before = engine_with_keys(&pool, &[&old]).await;
    let things = things(&pool, &before).await;
    registered(&before, &things.root, "second").await;
    // As it is left behind by a run that did one row of two.
    let between = engine_with_keys(&pool, &[&new, &old]).await;
    let resealed = between
        .vault()
        .seal(&format!("mcp_connectors.secret:{}", things.connector), b"hunter2");
    sqlx::query("UPDATE mcp_connectors SET secret = $2 WHERE id = $1")
        .bind(things.connector.0)
        .bind(&resealed)
        .execute(&pool)
        .await
        .unwrap();
    let rotation = between.rotate_keys(&who(), |_| ()).await.unwrap();
    assert!(rotation.done.contains(&("mcp_connectors.secret", 1)), "{rotation:?}");
    assert_eq!(
        sealed_secret(&pool, things.connector).await.0,
        resealed,
        "what was done stays"
    );
    check(&pool, &engine_with_keys(&pool, &[&new]).await, &things).await;
}

#[sqlx::test(migrations = false)]
async fn a_rotation_that_breaks_off_has_said_that_it_began(pool: PgPool) {
    let (old, new) = (key(), key());
    let before = engine_with_keys(&pool, &[&old]).await;
    things(&pool, &before).await;
    let between = engine_with_keys(&pool, &[&new, &old]).await;
    let said = async || -> Vec<String> {
        sqlx::query_scalar("SELECT after::text FROM audit_events WHERE action = 'key.rotate' ORDER BY seq")
            .fetch_all(&pool)
            .await
            .unwrap()
    };
    let broken = "ALTER TABLE mcp_servers RENAME COLUMN configuration TO away";
    sqlx::query(broken).execute(&pool).await.unwrap();
    between.rotate_keys(&who(), |_| ()).await.unwrap_err();
    let key_id = between.vault().key_id();
    let begun = format!(r#"{{"key_id":"{key_id}","begun":true}}"#);
    assert_eq!(said().await, std::slice::from_ref(&begun));

    let whole = "ALTER TABLE mcp_servers RENAME COLUMN away TO configuration";
    sqlx::query(whole).execute(&pool).await.unwrap();
    assert!(between.rotate_keys(&who(), |_| ()).await.unwrap().is_whole());
    let rows = said().await;
    assert_eq!((rows.len(), &rows[1]), (3, &begun));
    assert!(rows[2].contains(r#""mcp_servers.configuration":1"#), "{}", rows[2]);
    between.rotate_keys(&who(), |_| ()).await.unwrap();
    assert_eq!(said().await.len(), 3, "there was nothing to do");
}
