//! Counted calls over time, and the overview.

use super::{active_connector, engine, superuser, user};
use patchbay_domain::{
    account::CreateToken,
    field::FieldErrors,
    ids::{ServerId, ServerTokenId},
    overview::Attention,
    server::CreateServer,
    source::{BindingState, CreateSource},
    usage::{UsageQuery, UsageStep},
};
use patchbay_engine::{Actor, Engine, Error, error::NotFound, gateway::UsageRecord};
use serde_json::json;
use sqlx::PgPool;
use time::Duration;

/// A server of nothing.
async fn server(engine: &Engine, actor: &Actor, name: &str) -> ServerId {
    let new = CreateServer {
        name: name.into(),
        source_ids: Vec::new(),
        connector_id: None,
        configuration: json!({}),
    };
    engine.create_server(actor, new).await.unwrap().server.id
}

/// Calls so long ago, two milliseconds each.
fn calls(engine: &Engine, server: ServerId, tool: &str, ago: Duration, calls: u64, errors: u64) -> UsageRecord {
    UsageRecord {
        server,
        token: None::<ServerTokenId>,
        tool: tool.into(),
        minute: engine.clock().now() - ago,
        calls,
        errors,
        total_micros: calls * 2000,
        bytes: calls * 10,
    }
}

fn refused(error: Error) -> FieldErrors {
    match error {
        Error::Invalid(fields) => fields,
        other => panic!("{other:?}"),
    }
}

#[sqlx::test(migrations = false)]
async fn calls_are_told_apart_by_what_is_asked(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let (one, two) = (server(&engine, &ada, "One").await, server(&engine, &ada, "Two").await);
    engine
        .record_usage(&[
            calls(&engine, one, "add", Duration::minutes(10), 3, 1),
            calls(&engine, one, "add", Duration::minutes(20), 2, 0),
            calls(&engine, one, "list", Duration::minutes(20), 1, 0),
            calls(&engine, two, "add", Duration::minutes(20), 5, 5),
            calls(&engine, two, "add", Duration::hours(30), 7, 0),
        ])
        .await
        .unwrap();
    let ask = |query: UsageQuery| {
        let (engine, ada) = (&engine, &ada);
        async move {
            let points = engine.usage(ada, &query).await.unwrap();
            let told = points.iter().map(|point| {
                let server = point.mcp_server_id.map(|id| if id == one { 1 } else { 2 });
                (
                    server,
                    point.tool.clone(),
                    point.usage.calls,
                    point.usage.errors,
                    point.bytes,
                )
            });
            told.collect::<Vec<_>>()
        }
    };
    // The last 24 hours, by the hour: it is noon, so all of it falls into the hour before.
    assert_eq!(ask(UsageQuery::default()).await, [(None, None, 11, 6, 110)]);
    let by_minute = UsageQuery {
        step: UsageStep::Minute,
        mcp_server_id: Some(one),
        by_tool: true,
        ..UsageQuery::default()
    };
    assert_eq!(
        ask(by_minute).await,
        [
            (None, Some("add".into()), 2, 0, 20),
            (None, Some("list".into()), 1, 0, 10),
            (None, Some("add".into()), 3, 1, 30),
        ]
    );
    let by_server = UsageQuery {
        step: UsageStep::Day,
        from: Some((engine.clock().now() - Duration::days(3)).into()),
        tool: Some("add".into()),
        by_server: true,
        ..UsageQuery::default()
    };
    let told = ask(by_server).await;
    assert_eq!(told[0], (Some(2), None, 7, 0, 70));
    assert_eq!(told.len(), 3);
}

#[sqlx::test(migrations = false)]
async fn usage_is_its_servers_owners_and_wrong_questions_are_refused(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let eve = user(&engine, "eve@example.org").await;
    let one = server(&engine, &ada, "One").await;
    let records = [calls(&engine, one, "add", Duration::minutes(10), 3, 1)];
    engine.record_usage(&records).await.unwrap();

    assert!(engine.usage(&eve, &UsageQuery::default()).await.unwrap().is_empty());
    let of_one = UsageQuery {
        mcp_server_id: Some(one),
        ..UsageQuery::default()
    };
    let answer = engine.usage(&eve, &of_one).await.unwrap_err();
    assert!(matches!(answer, Error::NotFound(NotFound::Server)), "{answer}");

    let now = engine.clock().now();
    let backwards = UsageQuery {
        from: Some(now.into()),
        to: Some((now - Duration::HOUR).into()),
        ..UsageQuery::default()
    };
    let too_fine = UsageQuery {
        step: UsageStep::Minute,
        from: Some((now - Duration::days(30)).into()),
        ..UsageQuery::default()
    };
    let unspeakable = UsageQuery {
        tool: Some("a\0b".into()),
        ..UsageQuery::default()
    };
    for (query, field) in [(backwards, "from"), (too_fine, "from"), (unspeakable, "tool")] {
        let fields = refused(engine.usage(&ada, &query).await.unwrap_err());
        assert!(fields.get(field).is_some(), "{fields}");
    }
}

#[sqlx::test(migrations = false)]
async fn the_overview_names_what_somebody_should_look_at(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let fresh = engine.overview(&ada).await.unwrap();
    assert_eq!((fresh.mcp_servers, fresh.sources, fresh.attention), (0, 0, vec![]));

    active_connector(&engine, &root, "notes", json!({"name": "notes"})).await;
    let source = |kind: &str| CreateSource {
        kind: kind.into(),
        name: None,
        source_metadata: json!({}),
    };
    let notes = engine.create_source(&ada, source("notes")).await.unwrap();
    let nothing = engine.create_source(&ada, source("snowflake")).await.unwrap();
    let new = CreateServer {
        name: "Notes".into(),
        source_ids: vec![notes.id.to_string()],
        connector_id: None,
        configuration: json!({}),
    };
    let busy = engine.create_server(&ada, new).await.unwrap().server.id;
    let idle = server(&engine, &ada, "Idle").await;
    let records = [calls(&engine, busy, "add", Duration::minutes(10), 4, 1)];
    engine.record_usage(&records).await.unwrap();
    let ends = |days| (engine.clock().now() + Duration::days(days)).into();
    let token = |name: &str, days| CreateToken {
        name: name.into(),
        expires_at: Some(ends(days)),
    };
    engine.create_server_token(&ada, busy, token("soon", 3)).await.unwrap();
    engine
        .create_server_token(&ada, busy, token("later", 90))
        .await
        .unwrap();

    let seen = engine.overview(&ada).await.unwrap();
    assert_eq!((seen.mcp_servers, seen.sources, seen.connectors_active), (2, 2, 1));
    assert_eq!((seen.usage.calls, seen.usage.errors), (4, 1));
    let [
        Attention::ServerFailing {
            mcp_server_id: failing, ..
        },
        Attention::ServerWithoutTools {
            mcp_server_id: without, ..
        },
        Attention::Source { source_id, state, .. },
        Attention::ServerToken { name, .. },
    ] = &seen.attention[..]
    else {
        panic!("{:?}", seen.attention);
    };
    assert_eq!((*failing, *without, *source_id), (busy, idle, nothing.id));
    assert_eq!((*state, name.as_str()), (BindingState::NoConnector, "soon"));
    assert!(engine.overview(&root).await.unwrap().attention.is_empty());
}
