//! The audit log: what stands in it, who may touch it, and what becomes of it when somebody does all the same.

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
    let ada = engine.sign_up(&who(), "ada@example.org", &password()).await.unwrap();
    let session = Session::new(None, Arc::new(engine.session_store()), None);
    let id = engine.begin_session(&who(), &session, &ada, "a browser").await.unwrap();
    let mut signed_in = actor(&ada);
    signed_in.session = Some(id);
    engine.end_session(Some(&signed_in), &session).await.unwrap();
    engine.end_session(Some(&signed_in), &session).await.unwrap();
    engine
        .set_password(&who(), "ada@example.org", &password())
        .await
        .unwrap();
    engine
        .sign_in("ada@example.org", &"wrong password".into())
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
        .sign_up(&who(), "ADA@example.org", &password())
        .await
        .unwrap_err();
    engine
        .register_connector(&ada, new_connector("notes"))
        .await
        .unwrap_err();
    assert_eq!(rows(&engine).await.len(), 1);
}

#[sqlx::test(migrations = false)]
async fn no_role_of_ours_can_change_the_log(pool: PgPool) {
    let engine = engine_with_rows(&pool, 1).await;
    for statement in [
        "UPDATE audit_events SET note = 'x'",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events CASCADE",
    ] {
        for role in ["patchbay_app", "patchbay_worker"] {
            let mut tx = pool.begin().await.unwrap();
            sqlx::query(&format!("SET LOCAL ROLE {role}"))
                .execute(&mut *tx)
                .await
                .unwrap();
            let refused = sqlx::query(statement).execute(&mut *tx).await.unwrap_err();
            assert!(
                refused.to_string().contains("permission denied"),
                "{role}: {statement}: {refused}"
            );
        }
        // Whoever owns the tables, or may do everything.
        let refused = sqlx::query(statement).execute(&pool).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{statement}: {refused}");
    }
    let mut tx = pool.begin().await.unwrap();
    sqlx::query("SET LOCAL ROLE patchbay_app")
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::query("SELECT FROM audit_events")
        .execute(&mut *tx)
        .await
        .unwrap_err();
    assert_eq!(findings(&engine).await, []);
}

#[sqlx::test(migrations = false)]
async fn a_changed_row_is_found_whatever_was_changed(pool: PgPool) {
    let engine = engine_with_rows(&pool, 4).await;
    remember(&pool).await;
    for change in [
        "at = at + interval '1 microsecond'",
        "actor_id = gen_random_uuid()",
        "door = 'api'",
        "request_id = 'x'",
        "action = 'user.delete'",
        "subject_type = 'server'",
        "subject_id = gen_random_uuid()",
        "subject_name = 'x'",
        "before = 'null'",
        "after = '{\"roles\": []}'",
        "note = 'x'",
        "mac = sha256('x')",
    ] {
        for seq in [1, 2, 4] {
            tamper(&pool, &[&format!("UPDATE audit_events SET {change} WHERE seq = {seq}")]).await;
            assert_eq!(findings(&engine).await, [Finding::Changed { seq }], "{change}");
            restore(&pool).await;
        }
    }
    assert_eq!(findings(&engine).await, []);
}

#[sqlx::test(migrations = false)]
async fn missing_rows_are_found(pool: PgPool) {
    let engine = engine_with_rows(&pool, 6).await;
    remember(&pool).await;
    for (condition, first, last) in [("seq = 3", 3, 3), ("seq IN (2, 3, 4)", 2, 4), ("seq = 1", 1, 1)] {
        tamper(&pool, &[&format!("DELETE FROM audit_events WHERE {condition}")]).await;
        assert_eq!(
            findings(&engine).await,
            [Finding::Missing { first, last }],
            "{condition}"
        );
        restore(&pool).await;
    }
    // With the gap closed.
    tamper(
        &pool,
        &[
            "DELETE FROM audit_events WHERE seq IN (2, 3)",
            "UPDATE audit_events SET seq = seq - 2 WHERE seq = 4",
            "UPDATE audit_events SET seq = seq - 2 WHERE seq = 5",
            "UPDATE audit_events SET seq = seq - 2 WHERE seq = 6",
        ],
    )
    .await;
    assert_eq!(findings(&engine).await, [Finding::Closed { seq: 2, missing: 2 }]);
}

#[sqlx::test(migrations = false)]
async fn inserted_rows_are_found(pool: PgPool) {
    let engine = engine_with_rows(&pool, 4).await;
    remember(&pool).await;
    let forge = |seq: i64| {
        format!(
            "INSERT INTO audit_events
             SELECT {seq}, at, actor_id, door, request_id, 'user.forged', subject_type, subject_id, subject_name,
                    before, after, note, key_id, sha256('x')
             FROM as_it_was WHERE seq = 1"
        )
    };
    tamper(&pool, &[&forge(0)]).await;
    assert_eq!(findings(&engine).await, [Finding::Inserted { seq: 0 }]);
    restore(&pool).await;

    let room = [
        "UPDATE audit_events SET seq = 5 WHERE seq = 4",
        "UPDATE audit_events SET seq = 4 WHERE seq = 3",
    ];
    tamper(&pool, &[room[0], room[1], &forge(3)]).await;
    assert_eq!(findings(&engine).await, [Finding::Inserted { seq: 3 }]);
    restore(&pool).await;

    // At the end there is no row behind it to tell a new one from a changed one.
    tamper(&pool, &[&forge(5)]).await;
    assert_eq!(findings(&engine).await, [Finding::Changed { seq: 5 }]);
}

#[sqlx::test(migrations = false)]
async fn a_copied_row_fits_nowhere_else(pool: PgPool) {
    let engine = engine_with_rows(&pool, 3).await;
    remember(&pool).await;
    tamper(
        &pool,
        &[
            "UPDATE audit_events SET seq = 100 WHERE seq = 2",
            "UPDATE audit_events SET seq = 2 WHERE seq = 3",
            "UPDATE audit_events SET seq = 3 WHERE seq = 100",
        ],
    )
    .await;
    assert!(!findings(&engine).await.is_empty());
}

#[sqlx::test(migrations = false)]
async fn a_cut_tail_and_a_chain_written_anew_show_by_a_head_from_before(pool: PgPool) {
    let engine = engine_with_rows(&pool, 4).await;
    let head = engine.audit_head().await.unwrap().unwrap();
    assert_eq!(head.seq, 4);
    assert!(engine.verify_audit(Some(head), |_| ()).await.unwrap().is_whole());

    let both = [
        "DELETE FROM audit_events WHERE seq > 2",
        "DELETE FROM audit_identities WHERE seq > 2",
    ];
    tamper(&pool, &both).await;
    let report = engine.verify_audit(None, |_| ()).await.unwrap();
    assert!(report.is_whole(), "by itself, the rest is whole");
    let report = engine.verify_audit(Some(head), |_| ()).await.unwrap();
    assert_eq!(report.findings, [Finding::Cut { ends: 2, expected: 4 }]);

    for n in 0..3 {
        user(&engine, &format!("later{n}@example.org")).await;
    }
    let report = engine.verify_audit(Some(head), |_| ()).await.unwrap();
    assert_eq!(report.findings, [Finding::Rewritten { seq: 4 }]);
    let text = AuditHead { seq: 9, ..head }.to_string();
    let report = engine.verify_audit(Some(text.parse().unwrap()), |_| ()).await.unwrap();
    assert_eq!(report.findings, [Finding::Cut { ends: 5, expected: 9 }]);
}

#[sqlx::test(migrations = false)]
async fn whom_a_row_names_can_be_forgotten_but_not_exchanged(pool: PgPool) {
    let engine = engine(&pool).await;
    let mut root = superuser(&engine).await;
    root.origin.address = Some("192.0.2.7".parse().unwrap());
    engine.register_connector(&root, new_connector("notes")).await.unwrap();
    let eve = user(&engine, "eve@example.org").await;
    let session = Session::new(None, Arc::new(engine.session_store()), None);
    let view = engine.me(&eve).await.unwrap();
    engine
        .begin_session(&who(), &session, &view, "a browser")
        .await
        .unwrap();
    let copy = "CREATE TABLE people AS SELECT * FROM audit_identities";
    sqlx::query(copy).execute(&pool).await.unwrap();
    for (change, seq) in [
        ("UPDATE audit_identities SET email = 'eve@example.org' WHERE seq = 2", 2),
        ("UPDATE audit_identities SET email = NULL WHERE seq = 1", 1),
        ("UPDATE audit_identities SET address = '192.0.2.8' WHERE seq = 2", 2),
        ("UPDATE audit_identities SET device = 'another' WHERE seq = 4", 4),
        ("UPDATE audit_identities SET part = 'subject' WHERE seq = 2", 2),
        (
            "UPDATE audit_identities SET user_id = gen_random_uuid() WHERE seq = 3",
            3,
        ),
        ("UPDATE audit_identities SET mac = sha256('x') WHERE seq = 4", 4),
        // A whole row, as it stands beside another.
        (
            "UPDATE audit_identities i SET (user_id, email, mac) = (SELECT user_id, email, mac FROM people WHERE seq = 3) WHERE seq = 1",
            1,
        ),
        (
            "INSERT INTO audit_identities (seq, part, user_id, email, mac) SELECT 3, 'actor', user_id, email, mac FROM people WHERE seq = 1",
            3,
        ),
    ] {
        tamper(&pool, &[change]).await;
        assert_eq!(findings(&engine).await, [Finding::Misnamed { seq }], "{change}");
        let as_it_was = [
            "DELETE FROM audit_identities",
            "INSERT INTO audit_identities SELECT * FROM people",
        ];
        tamper(&pool, &as_it_was).await;
    }
    tamper(&pool, &["DELETE FROM audit_identities WHERE seq IN (1, 4)"]).await;
    assert_eq!(findings(&engine).await, []);
}

#[sqlx::test(migrations = false)]
async fn a_head_that_was_noted_is_missed_when_it_is_gone(pool: PgPool) {
    let engine = engine_with_rows(&pool, 3).await;
    remember(&pool).await;
    let noted = engine.log_audit_head(None).await.unwrap();
    assert_eq!(engine.log_audit_head(Some(noted)).await, Some(noted));
    user(&engine, "later@example.org").await;
    assert!(
        engine.has_audit_head(noted).await.unwrap(),
        "there may be more behind it"
    );
    for statement in [
        "DELETE FROM audit_events",
        "DELETE FROM audit_events WHERE seq = 3",
        "UPDATE audit_events SET mac = sha256('x') WHERE seq = 3",
    ] {
        tamper(&pool, &[statement]).await;
        assert!(!engine.has_audit_head(noted).await.unwrap(), "{statement}");
        restore(&pool).await;
        assert!(engine.has_audit_head(noted).await.unwrap());
    }
    tamper(&pool, &["DELETE FROM audit_events"]).await;
    assert_eq!(engine.log_audit_head(Some(noted)).await, None, "there is none to note");
}

#[sqlx::test(migrations = false)]
async fn a_row_of_a_key_that_nobody_has_is_told_apart(pool: PgPool) {
    let engine = engine_with_rows(&pool, 2).await;
    let stranger = engine_with(&pool, |_| ()).await;
    user(&stranger, "eve@example.org").await;
    let found = findings(&engine).await;
    assert!(matches!(found[..], [Finding::UnknownKey { seq: 3, .. }]), "{found:?}");
    assert_eq!(engine.verify_audit(None, |_| ()).await.unwrap().keys.len(), 2);
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
async fn only_superusers_read_the_log(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let page = PageRequest::default();
    let refused = engine
        .audit_events(&ada, &AuditFilter::default(), &page)
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Denied(Denied::Superuser)));
    assert!(engine.export_audit(&ada, &AuditFilter::default()).is_err());
}

#[sqlx::test(migrations = false)]
async fn the_list_is_newest_first_a_page_at_a_time_and_an_export_oldest_first(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    for n in 0..6 {
        user(&engine, &format!("user{n}@example.org")).await;
    }
    let mut page = PageRequest {
        limit: Some(3),
        cursor: None,
    };
    let mut seen = Vec::new();
    loop {
        let answer = engine
            .audit_events(&root, &AuditFilter::default(), &page)
            .await
            .unwrap();
        assert_eq!(answer.total, 7);
        seen.extend(answer.items.iter().map(|row| row.seq));
        page.cursor = answer.next_cursor;
        if page.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
    seen.reverse();
    let exported: Vec<_> = rows(&engine).await.iter().map(|row| row.seq).collect();
    assert_eq!(exported, seen);
    page.cursor = Some("x".into());
    let refused = engine
        .audit_events(&root, &AuditFilter::default(), &page)
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Invalid(_)));
}

#[sqlx::test(migrations = false)]
async fn an_export_of_more_than_a_batch_is_complete(pool: PgPool) {
    let engine = engine_with_rows(&pool, 1).await;
    let rows: Vec<AuditEvent> = {
        // Rows as the engine would write them, but for the mac, which an export doesn't look at.
        let more = "INSERT INTO audit_events
                    SELECT seq + n, at, actor_id, door, request_id, action, subject_type, subject_id, subject_name,
                           before, after, note, key_id, mac
                    FROM audit_events, generate_series(1, 1200) AS n";
        sqlx::query(more).execute(&pool).await.unwrap();
        rows(&engine).await
    };
    assert!(rows.iter().map(|row| row.seq).eq(1..=1201));
}

#[sqlx::test(migrations = false)]
async fn filters_hold_together(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada_l@example.org").await;
    engine.clock().advance(Duration::days(1));
    let api = Actor {
        origin: Origin {
            door: Door::Api,
            ..Origin::SYSTEM
        },
        ..root.clone()
    };
    let notes = engine
        .register_connector(&api, new_connector("100% notes"))
        .await
        .unwrap();
    engine.register_connector(&root, new_connector("mail")).await.unwrap();

    let found = async |change: fn(&mut AuditFilter, &str), value: &str| -> Vec<u64> {
        let mut filter = AuditFilter::default();
        change(&mut filter, value);
        filtered(&engine, filter).await.iter().map(|row| row.seq).collect()
    };
    let actor = |filter: &mut AuditFilter, value: &str| filter.actor = Some(value.into());
    assert_eq!(found(actor, "ROOT@").await, [3, 4]);
    assert_eq!(found(actor, &root.user.to_string()).await, [3, 4]);
    assert_eq!(found(actor, "%").await, [0; 0]);
    let action = |filter: &mut AuditFilter, value: &str| filter.action = Some(value.into());
    assert_eq!(found(action, "user").await, [1, 2]);
    assert_eq!(found(action, "connector.register").await, [3, 4]);
    assert_eq!(found(action, "conn").await, [0; 0], "only whole parts");
    let kind = |filter: &mut AuditFilter, value: &str| filter.subject_type = Some(value.into());
    assert_eq!(found(kind, "connector").await, [3, 4]);
    let subject = |filter: &mut AuditFilter, value: &str| filter.subject = Some(value.into());
    assert_eq!(found(subject, "100%").await, [3]);
    assert_eq!(found(subject, "a_L").await, [2], "people by their email");
    assert_eq!(found(subject, &ada.user.to_string()).await, [2]);
    assert_eq!(found(subject, &notes.id.to_string()).await, [3]);
    let from = |filter: &mut AuditFilter, value: &str| filter.from = Some(value.into());
    assert_eq!(found(from, "2026-01-02").await, [3, 4]);
    assert_eq!(found(from, "2026-01-01T12:00:00.001Z").await, [3, 4]);
    let to = |filter: &mut AuditFilter, value: &str| filter.to = Some(value.into());
    assert_eq!(found(to, "2026-01-01").await, [1, 2]);
    let door = |filter: &mut AuditFilter, value: &str| {
        filter.door = Some(Door::Api);
        filter.action = Some(value.into());
    };
    assert_eq!(found(door, "connector").await, [3]);
    assert_eq!(found(door, "user").await, [0; 0]);
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
    let view = engine.me(&root).await.unwrap();
    engine
        .begin_session(&who(), &session, &view, "a browser")
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
async fn rows_of_a_key_that_was_dropped_can_still_be_checked(pool: PgPool) {
    let (old, new) = (KeyRing::generate_key(), KeyRing::generate_key());
    let ring = |keys: &[&str]| KeyRing::parse(&keys.join(",")).unwrap();
    let (old, new) = (old.expose_secret(), new.expose_secret());
    let before = engine_with(&pool, |config| config.keys = ring(&[old])).await;
    user(&before, "one@example.org").await;
    let between = engine_with(&pool, |config| config.keys = ring(&[new, old])).await;
    between.rotate_keys(&Who::command_line(), |_| ()).await.unwrap();
    let after = engine_with(&pool, |config| config.keys = ring(&[new])).await;
    user(&after, "two@example.org").await;
    let report = after.verify_audit(None, |_| ()).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
    let ranges: Vec<_> = report.keys.iter().map(|range| (range.first, range.last)).collect();
    assert_eq!(ranges, [(1, 1), (2, 4)]);
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
