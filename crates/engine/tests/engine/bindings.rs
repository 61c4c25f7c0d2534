//! What servers are made from: any mix of a connector and sources, and the names that follow from it.

use crate::{
    active_connector, engine, manifest, new_connector,
    sources::{fields, new_source, server_of, source},
    superuser, user,
};
use patchbay_domain::{
    connector::ConnectorMode,
    ids::{ConnectorRef, ServerId, SourceId},
    page::PageRequest,
    server::{CreateServer, ServerView, UpdateServer},
    source::BindingState,
    tool::CreateTool,
};
use patchbay_engine::{Actor, Engine, Error, error::Conflict, error::NotFound, servers::ServerFilter};
use serde_json::json;
use sqlx::PgPool;

fn of_sources(ids: &[SourceId]) -> UpdateServer {
    UpdateServer {
        source_ids: Some(ids.iter().map(SourceId::to_string).collect()),
        ..UpdateServer::default()
    }
}

fn prefixes(server: &ServerView) -> Vec<&str> {
    server.bindings.iter().map(|binding| binding.prefix.as_str()).collect()
}

async fn made_from(
    engine: &Engine,
    actor: &Actor,
    connector_id: Option<ConnectorRef>,
    source_ids: Vec<String>,
) -> Result<ServerId, Error> {
    let new = CreateServer {
        name: "Mine".into(),
        source_ids,
        connector_id,
        configuration: json!({}),
    };
    engine.create_server(actor, new).await.map(|created| created.server.id)
}

#[sqlx::test(migrations = false)]
async fn a_server_is_made_from_any_mix_of_a_connector_and_sources(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = active_connector(&engine, &root, "notes", json!({})).await;
    let (one, two) = (
        source(&engine, &root, "notes").await.id,
        source(&engine, &root, "Box.com").await.id,
    );
    let sources = || vec![two.to_string(), one.to_string()];
    for (connector, sources, expected) in [
        (None, vec![], vec![]),
        (Some(connector), vec![], vec![("notes", "")]),
        (None, sources(), vec![("Box.com", ""), ("notes", "notes")]),
        (
            Some(connector),
            sources(),
            vec![("notes", ""), ("Box.com", "box_com"), ("notes", "notes")],
        ),
    ] {
        let id = made_from(&engine, &root, connector, sources).await.unwrap();
        let server = engine.server(&root, id).await.unwrap();
        let bindings: Vec<_> = server
            .bindings
            .iter()
            .map(|b| (b.kind.as_str(), b.prefix.as_str()))
            .collect();
        assert_eq!(bindings, expected);
        assert_eq!(server.connector.is_some(), connector.is_some());
        let own = server
            .bindings
            .iter()
            .filter(|binding| binding.source_id.is_none())
            .count();
        assert_eq!(own, usize::from(connector.is_some()));
    }
    let listed = engine
        .servers(&root, &ServerFilter::default(), &PageRequest::default())
        .await
        .unwrap();
    for server in listed.items {
        assert_eq!(
            server,
            engine.server(&root, server.id).await.unwrap(),
            "lists say the same"
        );
    }
}

#[sqlx::test(migrations = false)]
async fn what_can_not_be_made_into_a_server_is_refused_and_nothing_is_written(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let (mine, foreign) = (
        source(&engine, &root, "notes").await.id,
        source(&engine, &ada, "notes").await.id,
    );
    for bad in ["", "1", "not an id"] {
        let refused = made_from(&engine, &root, None, vec![mine.to_string(), bad.into()])
            .await
            .unwrap_err();
        assert_eq!(refused.to_string(), "Invalid source ID format");
    }
    let refused = made_from(&engine, &root, None, vec![mine.to_string(), foreign.to_string()])
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::UnknownSource(id) if id == foreign));
    let twice = made_from(
        &engine,
        &root,
        None,
        vec![mine.to_string(), mine.to_string().to_uppercase()],
    )
    .await;
    assert!(fields(twice.unwrap_err()).get("source_ids").is_some());
    let many = (0..33).map(|_| uuid::Uuid::new_v4().to_string()).collect();
    assert!(
        fields(made_from(&engine, &root, None, many).await.unwrap_err())
            .get("source_ids")
            .is_some()
    );
    let new = CreateServer {
        name: "Mine".into(),
        source_ids: vec![mine.to_string()],
        connector_id: None,
        configuration: json!({"a": 1}),
    };
    let refused = engine.create_server(&root, new).await.unwrap_err();
    assert!(fields(refused).get("configuration").is_some());
    let rows: i64 =
        sqlx::query_scalar("SELECT (SELECT count(*) FROM mcp_servers) + (SELECT count(*) FROM mcp_server_bindings)")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(rows, 0);
}

#[sqlx::test(migrations = false)]
async fn a_prefix_stays_with_its_source_and_is_never_another_ones(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(source(&engine, &ada, "Notes").await.id);
    }
    let server = server_of(&engine, &ada, &[]).await;
    let put = |ids: Vec<SourceId>| {
        let (engine, ada) = (&engine, &ada);
        async move { engine.update_server(ada, server, of_sources(&ids), None).await.unwrap() }
    };
    let view = put(vec![ids[0], ids[1], ids[2]]).await;
    assert_eq!(prefixes(&view), ["", "notes", "notes_2"]);
    let view = put(vec![ids[2], ids[1]]).await;
    assert_eq!(
        (view.source_ids.as_slice(), prefixes(&view)),
        ([ids[2], ids[1]].as_slice(), vec!["notes_2", "notes"])
    );
    let view = engine
        .add_source_to_server(&ada, server, &ids[0].to_string(), None)
        .await
        .unwrap();
    assert_eq!(
        prefixes(&view),
        ["notes_2", "notes", ""],
        "who comes back is called as before"
    );

    engine.delete_source(&ada, ids[0], None).await.unwrap();
    engine.delete_source(&ada, ids[1], None).await.unwrap();
    let view = engine
        .add_source_to_server(&ada, server, &ids[3].to_string(), None)
        .await
        .unwrap();
    assert_eq!(prefixes(&view), ["notes_2", "notes_3"], "what was given out stays so");
    let again = engine
        .add_source_to_server(&ada, server, &ids[3].to_string(), None)
        .await
        .unwrap();
    assert_eq!(again, view);
    let view = engine
        .remove_source_from_server(&ada, server, &ids[2].to_string(), None)
        .await
        .unwrap();
    let again = engine
        .remove_source_from_server(&ada, server, &ids[2].to_string(), None)
        .await
        .unwrap();
    assert_eq!((again.source_ids.as_slice(), &again), ([ids[3]].as_slice(), &view));
    let other_name = patchbay_domain::source::UpdateSource {
        name: Some(Some("Box".into())),
        ..Default::default()
    };
    engine.update_source(&ada, ids[3], other_name, None).await.unwrap();
    assert_eq!(prefixes(&engine.server(&ada, server).await.unwrap()), ["notes_3"]);
}

#[sqlx::test(migrations = false)]
async fn a_server_takes_so_many_sources_and_no_more(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let mut ids = Vec::new();
    for _ in 0..34 {
        ids.push(source(&engine, &ada, "Notes").await.id);
    }
    let server = server_of(&engine, &ada, &ids[..31]).await;
    let adding = ids[31..].iter().map(|id| async {
        let id = id.to_string();
        engine.add_source_to_server(&ada, server, &id, None).await
    });
    let added = futures::future::join_all(adding).await;
    assert_eq!(added.iter().filter(|added| added.is_ok()).count(), 1);
    for error in added.into_iter().filter_map(Result::err) {
        assert!(fields(error).get("source_ids").is_some());
    }
    let view = engine.server(&ada, server).await.unwrap();
    let mut given_out = prefixes(&view);
    given_out.sort_unstable();
    given_out.dedup();
    assert_eq!((view.source_ids.len(), given_out.len()), (32, 32));
}

#[sqlx::test(migrations = false)]
async fn a_binding_follows_a_connector_that_appears_changes_and_goes(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let id = engine
        .create_source(&root, new_source("notes", json!({"book": "b"})))
        .await
        .unwrap()
        .id;
    let server = server_of(&engine, &root, &[id]).await;
    let state = || async { engine.server(&root, server).await.unwrap().bindings[0].state };
    assert_eq!(state().await, BindingState::NoConnector);
    let connector = ConnectorRef::Id(
        engine
            .register_connector(&root, new_connector("notes"))
            .await
            .unwrap()
            .id,
    );
    assert_eq!(state().await, BindingState::SwitchedOff);
    let asking = |name: &str| json!({"config": {"params": {"type": "object", "required": [name]}}});
    engine
        .activate_connector(&root, connector, &manifest(asking("book")).await)
        .await
        .unwrap();
    assert_eq!(state().await, BindingState::Ready);
    engine
        .activate_connector(&root, connector, &manifest(asking("shelf")).await)
        .await
        .unwrap();
    assert_eq!(state().await, BindingState::Misfit);
    let notice = engine.server(&root, server).await.unwrap().bindings[0]
        .notice
        .clone()
        .unwrap();
    assert!(notice.contains("source_metadata.shelf"), "{notice}");
    engine
        .activate_connector(&root, connector, &manifest(json!({})).await)
        .await
        .unwrap();
    assert_eq!(
        state().await,
        BindingState::Ready,
        "one that asks for nothing is told nothing"
    );
}

#[sqlx::test(migrations = false)]
async fn of_two_changes_of_a_server_made_for_the_same_version_one_is_taken(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let (one, two) = (source(&engine, &ada, "a").await.id, source(&engine, &ada, "b").await.id);
    let (less, more) = (one.to_string(), two.to_string());
    let server = server_of(&engine, &ada, &[one]).await;
    let seen = Some(engine.server(&ada, server).await.unwrap().updated_at);
    let results = tokio::join!(
        engine.update_server(&ada, server, of_sources(&[two, one]), seen),
        engine.update_server(&ada, server, of_sources(&[]), seen),
        engine.delete_server(&ada, server, seen),
        engine.add_source_to_server(&ada, server, &more, seen),
        engine.remove_source_from_server(&ada, server, &less, seen),
    );
    let errors = [
        results.0.err(),
        results.1.err(),
        results.2.err(),
        results.3.err(),
        results.4.err(),
    ];
    assert_eq!(errors.iter().flatten().count(), 4);
    for error in errors.into_iter().flatten() {
        assert!(
            matches!(error, Error::Edited | Error::NotFound(NotFound::Server)),
            "{error}"
        );
    }
}

#[sqlx::test(migrations = false)]
async fn a_copy_has_all_of_a_server_but_its_endpoint_and_token(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = active_connector(
        &engine,
        &root,
        "notes",
        json!({
            "config": {"params": {"type": "object", "properties": {"book": {}, "key": {"writeOnly": true}}}},
            "templates": [{"name": "find", "inputSchema": {"type": "object", "properties": {"q": {"type": "string"}}}}]
        }),
    )
    .await;
    let (gone, left, stays) = (
        source(&engine, &root, "notes").await.id,
        source(&engine, &root, "notes").await.id,
        source(&engine, &root, "notes").await.id,
    );
    let new = CreateServer {
        name: "Mine".into(),
        source_ids: [gone, left, stays].iter().map(SourceId::to_string).collect(),
        connector_id: Some(connector),
        configuration: json!({"book": "b", "key": "hunter2"}),
    };
    let original = engine.create_server(&root, new).await.unwrap();
    let id = original.server.id;
    engine
        .remove_source_from_server(&root, id, &left.to_string(), None)
        .await
        .unwrap();
    engine.delete_source(&root, gone, None).await.unwrap();
    let tool = CreateTool {
        name: "find_all".into(),
        description: None,
        template: "find".into(),
        source_id: None,
        template_args: json!({"q": "{what}"}),
    };
    engine.create_tool(&root, id, tool).await.unwrap();
    sqlx::query(
        "INSERT INTO mcp_server_tool_settings (server_id, user_id, source_id, tool, enabled, name)
         VALUES ($1, $2, $3, 'add', false, 'plus')",
    )
    .bind(id.0)
    .bind(root.user.0)
    .bind(stays.0)
    .execute(&pool)
    .await
    .unwrap();

    let copy = engine.duplicate_server(&root, id, None).await.unwrap();
    let original = engine.server(&root, id).await.unwrap();
    assert_eq!(copy.server.name, "Mine (copy)");
    assert_ne!(copy.server.endpoint, original.endpoint);
    assert_eq!(copy.server.bindings, original.bindings);
    assert_eq!(
        (copy.server.configuration, copy.server.source_ids),
        (original.configuration, original.source_ids)
    );
    assert_eq!(engine.server_tokens(&root, copy.server.id).await.unwrap().len(), 1);
    let of = |server: ServerId| {
        let pool = &pool;
        async move {
            let rows: Vec<String> = sqlx::query_scalar(
                "SELECT concat_ws(' ', source_id, tool, enabled, name) FROM mcp_server_tool_settings WHERE server_id = $1
                 UNION ALL SELECT concat_ws(' ', name, template, template_args) FROM mcp_server_tools WHERE server_id = $1
                 UNION ALL SELECT concat_ws(' ', source_id, prefix) FROM mcp_server_bindings
                           WHERE server_id = $1 AND source_id IS NOT NULL
                 ORDER BY 1",
            )
            .bind(server.0)
            .fetch_all(pool)
            .await
            .unwrap();
            rows
        }
    };
    assert_eq!(of(copy.server.id).await, of(id).await);
    let key = patchbay_engine::gateway::RouteKey::Server(copy.server.id);
    let route = engine.load_route(&key).await.unwrap().unwrap();
    assert!(
        route.bindings[0]
            .source_meta
            .as_ref()
            .unwrap()
            .get()
            .contains("hunter2")
    );

    let named = engine.duplicate_server(&root, id, Some(" Other ")).await.unwrap();
    assert_eq!(named.server.name, "Other");
    let refused = engine.duplicate_server(&root, id, Some("a\nb")).await.unwrap_err();
    assert!(fields(refused).get("name").is_some());
    let eve = user(&engine, "eve@example.org").await;
    let foreign = engine.duplicate_server(&eve, id, None).await.unwrap_err();
    assert!(matches!(foreign, Error::NotFound(NotFound::Server)));
    engine
        .set_connector_mode(&root, connector, ConnectorMode::Sync)
        .await
        .unwrap();
    let refused = engine.duplicate_server(&root, id, None).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict(Conflict::ConnectorNotActive { .. })));
}

#[sqlx::test(migrations = false)]
async fn an_account_can_go_while_its_servers_change(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    for round in 0..6 {
        let ada = user(&engine, &format!("ada{round}@example.org")).await;
        let mut ids = Vec::new();
        for kind in ["a", "b", "c"] {
            ids.push(source(&engine, &ada, kind).await.id);
        }
        let servers = [
            server_of(&engine, &ada, &ids[..1]).await,
            server_of(&engine, &ada, &ids).await,
        ];
        let (first, last) = (ids[0].to_string(), ids[2].to_string());
        let (a, b, c, d, e, f) = tokio::join!(
            engine.add_source_to_server(&ada, servers[0], &last, None),
            engine.update_server(&ada, servers[1], of_sources(&ids[1..]), None),
            engine.delete_user(&root, ada.user),
            engine.delete_source(&ada, ids[1], None),
            engine.remove_source_from_server(&ada, servers[0], &first, None),
            engine.create_source(&ada, new_source("d", json!({}))),
        );
        c.unwrap();
        for error in [a.err(), b.err(), d.err(), e.err(), f.err()].into_iter().flatten() {
            assert!(
                matches!(error, Error::UnknownSource(_) | Error::NotFound(_)),
                "round {round}: {error:?}"
            );
        }
    }
    let left: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM sources) + (SELECT count(*) FROM mcp_servers) + (SELECT count(*) FROM mcp_server_bindings)",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(left, 0);
}
