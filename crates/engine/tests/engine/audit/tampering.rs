//! What is done to the log is found, and what is noted of it elsewhere is missed.

use super::*;

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
    user(&engine, "eve@example.org").await;
    let session = Session::new(None, Arc::new(engine.session_store()), None);
    let proven = engine.sign_in("eve@example.org", &password(), None).await.unwrap();
    engine
        .begin_session(&who(), &session, &proven, "a browser")
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
