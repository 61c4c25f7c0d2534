//! Who reads the log, in which order, and by which filters.

use super::*;

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
