//! The audit log: what stands in it, who may touch it, and what becomes of it when somebody does all the same.

mod reading;
mod tampering;

use super::{
    actor, engine, engine_with, new_connector, password,
    service::{Service, tool, with_tools},
    superuser, user, who,
};
use futures::TryStreamExt as _;
use patchbay_domain::{
    audit::{AuditEvent, AuditFilter, Door},
    connector::RegisterConnector,
    ids::ConnectorRef,
    page::PageRequest,
};
use patchbay_engine::{
    Actor, Engine,
    actor::Origin,
    audit::{AuditHead, Finding, Who},
    error::{Denied, Error, NotFound},
    vault::KeyRing,
};
use secrecy::ExposeSecret as _;
use serde_json::json;
use sqlx::PgPool;
use std::{collections::HashSet, sync::Arc};
use time::Duration;
use tower_sessions::Session;

/// All rows, oldest first.
async fn rows(engine: &Engine) -> Vec<AuditEvent> {
    filtered(engine, AuditFilter::default()).await
}

async fn filtered(engine: &Engine, filter: AuditFilter) -> Vec<AuditEvent> {
    engine.export_whole_audit(&filter).unwrap().try_collect().await.unwrap()
}

async fn findings(engine: &Engine) -> Vec<Finding> {
    engine.verify_audit(None, |_| ()).await.unwrap().findings
}

/// Does something to the log that takes owning its table, and meaning it.
async fn tamper(pool: &PgPool, statements: &[&str]) {
    let mut tx = pool.begin().await.unwrap();
    let off = "ALTER TABLE audit_events DISABLE TRIGGER audit_events_append_only";
    let loose = "ALTER TABLE audit_identities DROP CONSTRAINT IF EXISTS audit_identities_event_fkey";
    let on = "ALTER TABLE audit_events ENABLE TRIGGER audit_events_append_only";
    for statement in [off, loose].iter().chain(statements).chain([&on]) {
        sqlx::query(statement).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Remembers the log as it is.
async fn remember(pool: &PgPool) {
    let statement = "CREATE TABLE as_it_was AS SELECT * FROM audit_events";
    sqlx::query(statement).execute(pool).await.unwrap();
}

/// Makes the log what it was when it was remembered.
async fn restore(pool: &PgPool) {
    let statements = [
        "DELETE FROM audit_events",
        "INSERT INTO audit_events SELECT * FROM as_it_was",
    ];
    tamper(pool, &statements).await;
}

/// An engine whose log has this many rows, of one account each.
async fn engine_with_rows(pool: &PgPool, rows: u32) -> Engine {
    let engine = engine(pool).await;
    for n in 0..rows {
        user(&engine, &format!("user{n}@example.org")).await;
    }
    engine
}

#[sqlx::test(migrations = false)]
async fn a_row_says_who_did_what_to_what_from_where_and_when(pool: PgPool) {
    let engine = engine(&pool).await;
    let mut root = superuser(&engine).await;
    root.origin = Origin {
        door: Door::Api,
        request_id: Some("request-1".into()),
        address: Some("192.0.2.7".parse().unwrap()),
        ..Origin::SYSTEM
    };
    engine.clock().advance(Duration::minutes(5));
    let connector = engine.register_connector(&root, new_connector("notes")).await.unwrap();

    let row = rows(&engine).await.pop().unwrap();
    assert_eq!(row.seq, 2);
    assert_eq!(row.at.to_string(), "2026-01-01T12:05:00Z");
    assert_eq!(row.actor_id, Some(root.user));
    assert_eq!(row.actor.as_deref(), Some("root@example.org"));
    assert_eq!(row.address.as_deref(), Some("192.0.2.7"));
    assert_eq!(row.door, Door::Api);
    assert_eq!(row.request_id.as_deref(), Some("request-1"));
    assert_eq!(row.action, "connector.register");
    assert_eq!(row.subject_type, "connector");
    assert_eq!(row.subject_id, Some(connector.id.0));
    assert_eq!(row.subject.as_deref(), Some("notes"));
}

#[sqlx::test(migrations = false)]
async fn accounts_and_sessions_leave_their_rows(pool: PgPool) {
    let engine = engine(&pool).await;
    let token = engine.issue_set_up_token().await.unwrap().unwrap();
    engine
        .set_up(&who(), &token, "root@example.org", &password())
        .await
        .unwrap();
    let ada = engine
        .sign_up(&who(), "ada@example.org", &password(), None)
        .await
        .unwrap();
    let session = Session::new(None, Arc::new(engine.session_store()), None);
    let id = engine.begin_session(&who(), &session, &ada, "a browser").await.unwrap();
    let mut signed_in = actor(&ada.user);
    signed_in.session = Some(id);
    engine.end_session(Some(&signed_in), &session).await.unwrap();
    engine.end_session(Some(&signed_in), &session).await.unwrap();
    engine
        .set_password(&who(), "ada@example.org", &password())
        .await
        .unwrap();
    engine
        .sign_in("ada@example.org", &"wrong password".into(), None)
        .await
        .unwrap_err();

    let rows = rows(&engine).await;
    let said: Vec<_> = rows
        .iter()
        .map(|row| (row.action.as_str(), row.actor.as_deref(), row.subject.as_deref()))
        .collect();
    let (root, ada) = (Some("root@example.org"), Some("ada@example.org"));
    assert_eq!(
        said,
        [
            ("user.set_up", root, root),
            ("user.sign_up", ada, ada),
            ("session.create", ada, None),
            ("session.end", ada, None),
            ("user.password", None, ada),
        ],
        "a failed sign-in and a second sign-out change nothing"
    );
    assert_eq!(rows[0].after, Some(json!({ "roles": ["superuser"] })));
    assert_eq!(rows[2].subject_id, Some(id.0));
    assert_eq!((rows[2].device.as_deref(), &rows[2].after), (Some("a browser"), &None));
    let ada = signed_in.user;
    engine.erase_identities(&who(), ada).await.unwrap();
    let erased = filtered(&engine, AuditFilter::default()).await;
    assert!(
        erased.iter().all(|row| row.device.is_none()),
        "a browser is forgotten with its owner"
    );
}

#[sqlx::test(migrations = false)]
async fn what_is_refused_leaves_no_row(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    engine
        .sign_up(&who(), "ADA@example.org", &password(), None)
        .await
        .unwrap_err();
    engine
        .register_connector(&ada, new_connector("notes"))
        .await
        .unwrap_err();
    assert_eq!(rows(&engine).await.len(), 1);
}

#[sqlx::test(migrations = false)]
async fn twenty_changes_at_once_make_one_chain_without_gaps(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let changes = (0..20).map(|n| {
        let (engine, root) = (engine.clone(), root.clone());
        tokio::spawn(async move {
            let new = new_connector(&format!("notes {n}"));
            engine.register_connector(&root, new).await.unwrap();
        })
    });
    futures::future::join_all(changes)
        .await
        .into_iter()
        .for_each(|done| done.unwrap());
    let report = engine.verify_audit(None, |_| ()).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!((report.rows, report.head.unwrap().seq), (21, 21));
    let names: HashSet<_> = rows(&engine).await.into_iter().filter_map(|row| row.subject).collect();
    assert_eq!(names.len(), 21);
}

#[sqlx::test(migrations = false)]
async fn time_never_goes_backwards(pool: PgPool) {
    let engine = engine_with_rows(&pool, 1).await;
    engine.clock().advance(-Duration::hours(1));
    user(&engine, "late@example.org").await;
    let rows = rows(&engine).await;
    assert_eq!(rows[0].at, rows[1].at);
}

#[sqlx::test(migrations = false)]
async fn erasing_a_person_leaves_the_chain_whole_and_nobody_named(pool: PgPool) {
    let engine = engine(&pool).await;
    let mut ada = superuser(&engine).await;
    ada.origin.address = Some("192.0.2.7".parse().unwrap());
    engine.register_connector(&ada, new_connector("notes")).await.unwrap();
    assert_eq!(engine.find_person(" ROOT@example.org ").await.unwrap(), ada.user);

    assert_eq!(engine.erase_identities(&who(), ada.user).await.unwrap(), 2);
    let rows = rows(&engine).await;
    assert!(rows.iter().all(|row| row.actor.is_none() && row.address.is_none()));
    assert_eq!(rows[0].subject, None);
    assert_eq!(rows[1].actor_id, Some(ada.user), "the account's id stays");
    assert_eq!(rows[2].action, "audit.erase");
    assert_eq!(findings(&engine).await, []);
    assert_eq!(
        engine.erase_identities(&who(), ada.user).await.unwrap(),
        0,
        "there is nothing left"
    );

    let unknown = engine.find_person("nobody@example.org").await.unwrap_err();
    assert!(matches!(unknown, Error::NotFound(NotFound::User)));
}

#[sqlx::test(migrations = false)]
async fn no_secret_stands_in_a_row(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    engine
        .set_password(&who(), "root@example.org", &"Hunter2Password".into())
        .await
        .unwrap();
    let new = RegisterConnector {
        secret: Some("Hunter2Secret".into()),
        ..new_connector("notes")
    };
    engine.register_connector(&root, new).await.unwrap();
    let session = Session::new(None, Arc::new(engine.session_store()), None);
    let proven = engine
        .sign_in("root@example.org", &"Hunter2Password".into(), None)
        .await
        .unwrap();
    engine
        .begin_session(&who(), &session, &proven, "a browser")
        .await
        .unwrap();
    let cookie = session.id().unwrap().to_string();

    let written = serde_json::to_string(&rows(&engine).await).unwrap();
    assert!(!written.contains("Hunter2") && !written.contains(&cookie), "{written}");
    assert!(
        !written.contains(password().expose_secret()) && !written.contains("$argon2"),
        "{written}"
    );
}

#[sqlx::test(migrations = false)]
async fn a_service_that_never_stops_changing_does_not_fill_the_log(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let id = engine
        .register_connector(&root, new_connector("notes"))
        .await
        .unwrap()
        .id;
    let connector = ConnectorRef::Id(id);
    engine
        .activate_connector(&root, connector, &service.url())
        .await
        .unwrap();
    let check = async |says: &str| {
        service.says(with_tools(&[tool("add", says)]));
        engine.clock().advance(Duration::minutes(6));
        assert_eq!(engine.check_due_connectors().await.unwrap(), 1);
    };
    let told = async || -> (u64, u64) {
        let filter = AuditFilter {
            action: Some("connector.sync".into()),
            ..AuditFilter::default()
        };
        let rows = filtered(&engine, filter).await;
        let folded = rows.iter().filter_map(|row| row.after.as_ref()?["folded"].as_u64());
        (rows.len() as u64, folded.sum())
    };
    for n in 0..6 {
        check(&format!("Adds {n} times")).await;
    }
    assert_eq!(told().await, (6, 0), "the first ones have rows of their own");
    for n in 6..40 {
        check(&format!("Adds {n} times")).await;
    }
    let (rows, folded) = told().await;
    assert!(rows <= 6 * 4 && folded > 0, "{rows} rows in four hours");
    // It comes to rest: in the end every change has been told.
    for _ in 0..12 {
        check("Adds 39 times").await;
    }
    let (rows, folded) = told().await;
    let last = filtered(&engine, AuditFilter::default()).await.pop().unwrap();
    assert_eq!(last.after.as_ref().unwrap()["changes"], "waiting");
    // The last row stands for changes only that have none of their own.
    assert_eq!(rows - 1 + folded, 40);
    check("Adds 39 times").await;
    assert_eq!(told().await, (rows, folded));
    // Somebody who asks is told each time.
    service.says(with_tools(&[tool("add", "Adds")]));
    engine.sync_connector(&root, connector).await.unwrap();
    assert_eq!(told().await.0, rows + 1);
}
