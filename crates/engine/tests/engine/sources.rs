//! Making, reading, changing and deleting sources. What is secret in them has a file of its own.

use crate::{active_connector, engine, new_connector, superuser, user};
use patchbay_domain::{
    connector::ConnectorMode,
    field::{FieldError, FieldErrors},
    ids::{ConnectorRef, ServerId, SourceId},
    page::PageRequest,
    server::CreateServer,
    source::{BindingState, CreateSource, SourceView, UpdateSource},
};
use patchbay_engine::{
    Actor, Engine, Error,
    error::{Conflict, NotFound},
    sources::SourceFilter,
};
use serde_json::{Value, json};
use sqlx::PgPool;

pub(crate) fn new_source(kind: &str, source_metadata: Value) -> CreateSource {
    CreateSource {
        kind: kind.into(),
        name: None,
        source_metadata,
    }
}

pub(crate) async fn source(engine: &Engine, actor: &Actor, kind: &str) -> SourceView {
    engine.create_source(actor, new_source(kind, json!({}))).await.unwrap()
}

/// A server that is made from these sources only.
pub(crate) async fn server_of(engine: &Engine, actor: &Actor, sources: &[SourceId]) -> ServerId {
    let new = CreateServer {
        name: "Mine".into(),
        source_ids: sources.iter().map(SourceId::to_string).collect(),
        connector_id: None,
        configuration: json!({}),
    };
    engine.create_server(actor, new).await.unwrap().server.id
}

pub(crate) fn fields(error: Error) -> FieldErrors {
    match error {
        Error::Invalid(fields) => fields,
        other => panic!("no refused fields: {other}"),
    }
}

/// A manifest whose configuration needs a notebook.
fn notes() -> Value {
    json!({"config": {"params": {
        "type": "object", "required": ["notebook"], "properties": {"notebook": {"type": "string"}}
    }}, "tools": [{"name": "add", "inputSchema": {}}]})
}

#[sqlx::test(migrations = false)]
async fn sources_are_listed_newest_first_searched_and_paged(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    for n in 0..5 {
        let new = CreateSource {
            name: Some(format!(" Näme {n} ")),
            ..new_source(if n == 3 { "Box" } else { "Notes" }, json!({"n": n}))
        };
        engine.create_source(&ada, new).await.unwrap();
    }
    let page = |limit, cursor| PageRequest {
        limit: Some(limit),
        cursor,
    };
    let names = |items: &[SourceView]| -> Vec<_> { items.iter().map(|source| source.name.clone().unwrap()).collect() };
    let all = SourceFilter::default();
    let first = engine.sources(&ada, &all, &page(3, None)).await.unwrap();
    assert_eq!(names(&first.items), ["Näme 4", "Näme 3", "Näme 2"]);
    let rest = engine.sources(&ada, &all, &page(3, first.next_cursor)).await.unwrap();
    assert_eq!(names(&rest.items), ["Näme 1", "Näme 0"]);
    assert_eq!((rest.total, rest.next_cursor), (5, None));

    let found = |q: &str, kind: Option<&str>| SourceFilter {
        q: Some(q.into()),
        kind: kind.map(str::to_owned),
    };
    for (filter, expected) in [
        (found(" nÄME 3", None), 1),
        (found("box", None), 1),
        (found("", Some("Notes")), 4),
        (found("näme", Some("notes")), 0),
        (found("100%_", None), 0),
    ] {
        let listed = engine.sources(&ada, &filter, &PageRequest::default()).await.unwrap();
        assert_eq!(
            (listed.total, listed.items.len()),
            (expected, usize::try_from(expected).unwrap()),
            "{filter:?}"
        );
    }
    let nul = engine.sources(&ada, &found("a\0", None), &PageRequest::default()).await;
    assert!(fields(nul.unwrap_err()).get("q").is_some());
    let bad = engine.sources(&ada, &all, &page(3, Some("x".into()))).await;
    assert!(fields(bad.unwrap_err()).get("cursor").is_some());
}

#[sqlx::test(migrations = false)]
async fn a_source_says_what_its_connector_is_good_for_today(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let id = engine
        .create_source(&ada, new_source("Notes", json!({"book": "main"})))
        .await
        .unwrap()
        .id;
    let state = || async {
        let source = engine.source(&ada, id).await.unwrap();
        assert_eq!(
            source.notice.is_none(),
            source.state == BindingState::Ready,
            "{source:?}"
        );
        (source.state, source.connector.map(|connector| connector.name))
    };
    assert_eq!(state().await, (BindingState::NoConnector, None));
    active_connector(&engine, &root, "notes", notes()).await;
    assert_eq!(
        state().await,
        (BindingState::NoConnector, None),
        "names are compared as they are"
    );

    let name = Some("Notes".to_owned());
    let registered = engine.register_connector(&root, new_connector("Notes")).await.unwrap();
    assert_eq!(state().await, (BindingState::SwitchedOff, name.clone()));
    let connector = ConnectorRef::Id(registered.id);
    let url = crate::manifest(notes()).await;
    engine.activate_connector(&root, connector, &url).await.unwrap();
    assert_eq!(state().await, (BindingState::Misfit, name.clone()));
    let update = UpdateSource {
        source_metadata: Some(json!({"notebook": "main"})),
        ..UpdateSource::default()
    };
    engine.update_source(&ada, id, update, None).await.unwrap();
    assert_eq!(state().await, (BindingState::Ready, name.clone()));
    engine
        .set_connector_mode(&root, connector, ConnectorMode::Deactive)
        .await
        .unwrap();
    assert_eq!(state().await, (BindingState::SwitchedOff, name.clone()));
    engine
        .set_connector_mode(&root, connector, ConnectorMode::Sync)
        .await
        .unwrap();
    assert_eq!(state().await, (BindingState::Ready, name));
}

#[sqlx::test(migrations = false)]
async fn what_an_activated_connector_asks_for_is_asked_for_by_field(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = active_connector(&engine, &root, "notes", notes()).await;
    let refused = engine
        .create_source(&root, new_source("notes", json!({"notebook": 1})))
        .await
        .unwrap_err();
    assert!(fields(refused).get("source_metadata.notebook").is_some());
    let refused = engine
        .create_source(&root, new_source("notes", json!({})))
        .await
        .unwrap_err();
    assert_eq!(
        fields(refused).get("source_metadata.notebook"),
        Some(&FieldError::Required)
    );
    let made = engine
        .create_source(&root, new_source("notes", json!({"notebook": "a"})))
        .await
        .unwrap();
    let to_other_type = UpdateSource {
        kind: Some("free".into()),
        source_metadata: Some(json!({"any": "thing"})),
        ..UpdateSource::default()
    };
    engine.update_source(&root, made.id, to_other_type, None).await.unwrap();
    let back = UpdateSource {
        kind: Some("notes".into()),
        source_metadata: Some(json!({"any": "thing"})),
        ..UpdateSource::default()
    };
    let refused = engine
        .update_source(&root, made.id, back.clone(), None)
        .await
        .unwrap_err();
    assert_eq!(
        fields(refused).get("source_metadata.notebook"),
        Some(&FieldError::Required),
        "it has to fit"
    );
    engine
        .set_connector_mode(&root, connector, ConnectorMode::Deactive)
        .await
        .unwrap();
    let switched = engine.update_source(&root, made.id, back, None).await.unwrap();
    assert_eq!(
        (switched.kind.as_str(), switched.state),
        ("notes", BindingState::SwitchedOff)
    );
}

#[sqlx::test(migrations = false)]
async fn fields_that_can_not_be_taken_are_named_all_at_once(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let huge = json!({"a": "b".repeat(65 * 1024)});
    for (kind, name, metadata, expected) in [
        ("mcp", "", json!([]), vec!["source_metadata", "type"]),
        ("system", "a\nb", json!("{}"), vec!["name", "source_metadata", "type"]),
        (" ", "", huge, vec!["source_metadata", "type"]),
        (
            &"t".repeat(101),
            &"n".repeat(256),
            json!({"k": "********"}),
            vec!["name", "source_metadata.k", "type"],
        ),
    ] {
        let new = CreateSource {
            name: Some(name.into()),
            ..new_source(kind, metadata)
        };
        let refused = fields(engine.create_source(&ada, new).await.unwrap_err());
        assert_eq!(refused.0.into_keys().collect::<Vec<_>>(), expected);
    }
    let largest = json!({"a": "b".repeat(64 * 1024 - 8)});
    let made = engine
        .create_source(&ada, new_source("t", largest.clone()))
        .await
        .unwrap();
    assert_eq!(made.source_metadata, largest);
    assert_eq!(
        engine
            .sources(&ada, &SourceFilter::default(), &PageRequest::default())
            .await
            .unwrap()
            .total,
        1
    );
}

#[sqlx::test(migrations = false)]
async fn what_is_not_given_stays_and_nothing_new_is_no_change(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let made = CreateSource {
        name: Some("Mine".into()),
        ..new_source("Notes", json!({"a": 1}))
    };
    let made = engine.create_source(&ada, made).await.unwrap();
    let same = UpdateSource {
        kind: Some("Notes".into()),
        name: Some(Some(" Mine ".into())),
        source_metadata: Some(json!({"a": 1})),
    };
    assert_eq!(engine.update_source(&ada, made.id, same, None).await.unwrap(), made);
    assert_eq!(
        engine
            .update_source(&ada, made.id, UpdateSource::default(), None)
            .await
            .unwrap(),
        made
    );

    let unnamed = UpdateSource {
        name: Some(None),
        ..UpdateSource::default()
    };
    let unnamed = engine.update_source(&ada, made.id, unnamed, None).await.unwrap();
    assert_eq!((unnamed.name, &unnamed.source_metadata), (None, &json!({"a": 1})));
    assert!(unnamed.updated_at > made.updated_at);
    let actions: Vec<String> =
        sqlx::query_scalar("SELECT action FROM audit_events WHERE action LIKE 'source.%' ORDER BY seq")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(actions, ["source.create", "source.update"]);
}

#[sqlx::test(migrations = false)]
async fn of_two_changes_made_for_the_same_version_one_is_taken(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let made = source(&engine, &ada, "Notes").await;
    let seen = Some(made.updated_at);
    let change = |n: usize| {
        let update = UpdateSource {
            name: Some(Some(format!("Name {n}"))),
            ..UpdateSource::default()
        };
        engine.update_source(&ada, made.id, update, seen)
    };
    let results = futures::future::join_all((0..5).map(change)).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for error in results.into_iter().filter_map(Result::err) {
        assert!(matches!(error, Error::Edited), "{error}");
    }
    let late = engine.delete_source(&ada, made.id, seen).await.unwrap_err();
    assert!(matches!(late, Error::Edited));
    let now = engine.source(&ada, made.id).await.unwrap().updated_at;
    engine.delete_source(&ada, made.id, Some(now)).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn another_users_source_is_not_there(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let id = source(&engine, &ada, "Notes").await.id;
    let server = server_of(&engine, &root, &[]).await;
    for id in [id, SourceId(uuid::Uuid::nil())] {
        for answer in [
            engine.source(&root, id).await.unwrap_err(),
            engine
                .update_source(&root, id, UpdateSource::default(), None)
                .await
                .unwrap_err(),
            engine.delete_source(&root, id, None).await.unwrap_err(),
            engine.test_source(&root, id).await.unwrap_err(),
        ] {
            assert!(matches!(answer, Error::NotFound(NotFound::Source)), "{answer}");
        }
        for answer in [
            engine
                .add_source_to_server(&root, server, &id.to_string(), None)
                .await
                .unwrap_err(),
            engine
                .remove_source_from_server(&root, server, &id.to_string(), None)
                .await
                .unwrap_err(),
        ] {
            assert_eq!(
                answer.to_string(),
                format!("Source ID {id} not found or does not belong to user")
            );
        }
    }
    assert_eq!(
        engine
            .sources(&root, &SourceFilter::default(), &PageRequest::default())
            .await
            .unwrap()
            .total,
        0
    );
    engine.source(&ada, id).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn a_user_has_so_many_sources_and_no_more(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    sqlx::query("INSERT INTO sources (user_id, type, sealed_metadata) SELECT $1, 'n', '' FROM generate_series(1, 997)")
        .bind(ada.user.0)
        .execute(&pool)
        .await
        .unwrap();
    let made =
        futures::future::join_all((0..8).map(|_| engine.create_source(&ada, new_source("Notes", json!({}))))).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 3);
    for error in made.into_iter().filter_map(Result::err) {
        assert!(matches!(error, Error::Conflict(Conflict::SourceLimit(1000))), "{error}");
    }
    // What can't be opened takes nobody's list along.
    let listed = engine
        .sources(&ada, &SourceFilter::default(), &PageRequest::default())
        .await
        .unwrap();
    assert_eq!((listed.total, listed.items.len()), (1000, 50));
}

#[sqlx::test(migrations = false)]
async fn deleting_a_source_takes_it_out_of_every_server_and_tells_which(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let (one, two) = (
        source(&engine, &ada, "Notes").await.id,
        source(&engine, &ada, "Box").await.id,
    );
    let both = server_of(&engine, &ada, &[two, one]).await;
    let only = server_of(&engine, &ada, &[one]).await;
    let other = server_of(&engine, &ada, &[two]).await;
    let deleted = server_of(&engine, &ada, &[one]).await;
    engine.delete_server(&ada, deleted, None).await.unwrap();
    let users: Vec<_> = engine.source(&ada, one).await.unwrap().mcp_servers;
    let before = engine.server(&ada, both).await.unwrap();

    let left = engine.delete_source(&ada, one, None).await.unwrap();
    assert_eq!(left, users);
    let mut ids: Vec<_> = left.iter().map(|server| server.id).collect();
    ids.sort_unstable();
    let mut expected = [both, only];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    let after = engine.server(&ada, both).await.unwrap();
    assert_eq!(after.source_ids, [two]);
    assert!(
        after.updated_at > before.updated_at,
        "it is another version of the server"
    );
    assert!(engine.server(&ada, only).await.unwrap().bindings.is_empty());
    assert_eq!(engine.server(&ada, other).await.unwrap().source_ids, [two]);
    engine.restore_server(&ada, deleted, None).await.unwrap();
    assert!(engine.server(&ada, deleted).await.unwrap().source_ids.is_empty());
}

#[sqlx::test(migrations = false)]
async fn a_source_that_is_deleted_while_it_is_added_is_on_no_server(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let servers = [server_of(&engine, &ada, &[]).await, server_of(&engine, &ada, &[]).await];
    for round in 0..8 {
        let (one, two) = (
            source(&engine, &ada, "Notes").await.id,
            source(&engine, &ada, "Box").await.id,
        );
        let ids = [one.to_string(), two.to_string()];
        let add = |server: usize, source: usize| engine.add_source_to_server(&ada, servers[server], &ids[source], None);
        let whole = patchbay_domain::server::UpdateServer {
            source_ids: Some(vec![ids[1].clone(), ids[0].clone()]),
            ..Default::default()
        };
        let (a, b, c, d, e, f) = tokio::join!(
            add(0, 0),
            engine.delete_source(&ada, one, None),
            add(1, 0),
            engine.delete_source(&ada, two, None),
            engine.update_server(&ada, servers[1], whole, None),
            add(0, 1),
        );
        b.unwrap();
        d.unwrap();
        for error in [a.err(), c.err(), e.err(), f.err()].into_iter().flatten() {
            assert!(matches!(error, Error::UnknownSource(_)), "round {round}: {error}");
        }
        for server in servers {
            assert!(
                engine.server(&ada, server).await.unwrap().source_ids.is_empty(),
                "round {round}"
            );
        }
    }
}
