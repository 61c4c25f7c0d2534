//! The engine's own answer to somebody who names what is another's: it isn't there.

use super::{Scene, scene::token};
use patchbay_domain::{
    ids::{ServerId, SourceId},
    page::PageRequest,
    server::{CreateServer, UpdateServer},
    source::UpdateSource,
    tool::{CreateTool, ToolOrder, UpdateTool},
    usage::UsageQuery,
};
use patchbay_engine::{
    Error,
    error::{Denied, NotFound},
    servers::ServerFilter,
    sources::SourceFilter,
};
use serde_json::json;
use sqlx::PgPool;
use std::fmt::Debug;

#[track_caller]
fn gone<T: Debug>(answer: Result<T, Error>, what: &NotFound) {
    match answer {
        Err(Error::NotFound(found)) => assert_eq!(found, *what),
        other => panic!("{other:?} instead of {what:?}"),
    }
}

#[sqlx::test(migrations = false)]
async fn what_is_anothers_is_not_there(pool: PgPool) {
    nothing_is_there(&Scene::set(&pool).await).await;
}

/// Whatever Eve names of Ada's by its id.
pub(super) async fn nothing_is_there(scene: &Scene) {
    let Scene { engine, ada, eve, .. } = scene;
    let eve = &eve.actor;
    for server in [ada.server, ada.deleted_server, ServerId(uuid::Uuid::new_v4())] {
        let none = &NotFound::Server;
        gone(engine.server(eve, server).await, none);
        gone(
            engine.update_server(eve, server, UpdateServer::default(), None).await,
            none,
        );
        gone(engine.delete_server(eve, server, None).await, none);
        gone(engine.restore_server(eve, server, None).await, none);
        gone(engine.duplicate_server(eve, server, None).await, none);
        gone(engine.server_tools(eve, server).await, none);
        gone(engine.server_templates(eve, server).await, none);
        gone(
            engine.update_tool(eve, server, "add", UpdateTool::default()).await,
            none,
        );
        gone(engine.order_tools(eve, server, ToolOrder::default()).await, none);
        gone(engine.delete_tool(eve, server, "find_all").await, none);
        gone(engine.server_tokens(eve, server).await, none);
        gone(engine.create_server_token(eve, server, token("mine")).await, none);
        let calls = UsageQuery {
            mcp_server_id: Some(server),
            ..UsageQuery::default()
        };
        gone(engine.usage(eve, &calls).await, none);
        let made = CreateTool {
            name: "find".into(),
            description: None,
            template: "find".into(),
            source_id: None,
            template_args: json!({}),
        };
        gone(engine.create_tool(eve, server, made).await, none);
        let own = scene.eve.source.to_string();
        gone(engine.add_source_to_server(eve, server, &own, None).await, none);
        gone(engine.remove_source_from_server(eve, server, &own, None).await, none);
        let token = ada.server_token;
        gone(engine.revoke_server_token(eve, server, token).await, none);
    }
    for source in [ada.source, SourceId(uuid::Uuid::new_v4())] {
        let none = &NotFound::Source;
        gone(engine.source(eve, source).await, none);
        gone(
            engine.update_source(eve, source, UpdateSource::default(), None).await,
            none,
        );
        gone(engine.delete_source(eve, source, None).await, none);
        gone(engine.test_source(eve, source).await, none);
    }
    gone(engine.revoke_session(eve, ada.session).await, &NotFound::Session);
    gone(engine.revoke_api_token(eve, ada.api_token).await, &NotFound::Token);
    gone(engine.belongings(eve, ada.actor.user).await, &NotFound::User);
    let kept = engine.server_tokens(&ada.actor, ada.server).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].id, ada.server_token);
    assert!(engine.source(&ada.actor, ada.source).await.is_ok());
}

#[sqlx::test(migrations = false)]
async fn anothers_source_comes_to_no_server_and_anothers_token_is_not_revoked(pool: PgPool) {
    nothing_of_it_is_taken(&Scene::set(&pool).await).await;
}

/// What Eve would bring together with her own.
pub(super) async fn nothing_of_it_is_taken(scene: &Scene) {
    let Scene { engine, ada, eve, .. } = scene;
    let theirs = ada.source.to_string();
    let unknown = |answer: Result<_, Error>| match answer {
        Err(Error::UnknownSource(id)) => assert_eq!(id, ada.source),
        other => panic!("{other:?}"),
    };
    unknown(engine.add_source_to_server(&eve.actor, eve.server, &theirs, None).await);
    unknown(
        engine
            .remove_source_from_server(&eve.actor, eve.server, &theirs, None)
            .await,
    );
    let update = UpdateServer {
        source_ids: Some(vec![theirs.clone()]),
        ..UpdateServer::default()
    };
    unknown(engine.update_server(&eve.actor, eve.server, update, None).await);
    let new = CreateServer {
        name: "Mine".into(),
        source_ids: vec![theirs.clone()],
        connector_id: None,
        configuration: json!({}),
    };
    unknown(
        engine
            .create_server(&eve.actor, new)
            .await
            .map(|created| created.server),
    );
    let made = CreateTool {
        name: "find".into(),
        description: None,
        template: "find".into(),
        source_id: Some(ada.source),
        template_args: json!({}),
    };
    assert!(engine.create_tool(&eve.actor, eve.server, made).await.is_err());
    // With one's own server in the path, too.
    gone(
        engine
            .revoke_server_token(&eve.actor, eve.server, ada.server_token)
            .await,
        &NotFound::Token,
    );
}

#[sqlx::test(migrations = false)]
async fn lists_and_numbers_are_ones_own(pool: PgPool) {
    lists_are_ones_own(&Scene::set(&pool).await).await;
}

/// What Eve finds without naming anything.
pub(super) async fn lists_are_ones_own(scene: &Scene) {
    let Scene { engine, ada, eve, .. } = scene;
    let page = PageRequest::default();
    for deleted in [false, true] {
        let filter = ServerFilter {
            deleted,
            ..ServerFilter::default()
        };
        let servers = engine.servers(&eve.actor, &filter, &page).await.unwrap();
        assert_eq!(servers.total, 1);
        let own = if deleted { eve.deleted_server } else { eve.server };
        assert_eq!(servers.items[0].id, own);
    }
    let sources = engine
        .sources(&eve.actor, &SourceFilter::default(), &page)
        .await
        .unwrap();
    assert_eq!((sources.total, sources.items.len()), (2, 2));
    assert!(sources.items.iter().all(|source| source.id != ada.source));
    for source in sources.items {
        assert!(source.mcp_servers.iter().all(|server| server.id != ada.server));
    }
    let tokens = engine.api_tokens(&eve.actor).await.unwrap();
    assert_eq!(tokens.iter().map(|token| token.id).collect::<Vec<_>>(), [eve.api_token]);
    let sessions = engine.sessions(&eve.actor, &page).await.unwrap().items;
    assert_eq!(
        sessions.iter().map(|session| session.id).collect::<Vec<_>>(),
        [eve.session]
    );
}

#[sqlx::test(migrations = false)]
async fn what_takes_a_role_is_refused_before_anything_is_looked_up(pool: PgPool) {
    let Scene { engine, ada, eve, .. } = Scene::set(&pool).await;
    let nobody = patchbay_engine::Actor {
        roles: Vec::new(),
        ..eve.actor.clone()
    };
    for server in [ada.server, ServerId(uuid::Uuid::new_v4())] {
        let refused = engine.hard_delete_server(&nobody, server, None).await;
        assert!(matches!(refused, Err(Error::Denied(Denied::Admin))), "{refused:?}");
    }
    let page = PageRequest::default();
    let all = engine.servers_of_all(&nobody, &ServerFilter::default(), &page).await;
    assert!(matches!(all, Err(Error::Denied(Denied::Admin))), "{all:?}");
    assert!(matches!(
        engine.delete_user(&nobody, ada.actor.user).await,
        Err(Error::Denied(Denied::Superuser))
    ));
    assert!(engine.export(&nobody).await.is_err());
}
