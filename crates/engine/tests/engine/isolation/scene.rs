//! People who have one of everything that people have.

use crate::{actor, password, who};
use patchbay_domain::{
    account::CreateToken,
    ids::{ApiTokenId, ConnectorRef, ServerId, ServerTokenId, SessionId, SourceId},
    server::CreateServer,
    source::CreateSource,
    tool::{CreateTool, UpdateTool},
};
use patchbay_engine::{
    Actor, Engine,
    gateway::UsageRecord,
    idempotency::{Begun, Key},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::Arc;
use tower_sessions::Session;

/// What the connector offers that everybody uses.
pub(super) fn offer() -> Value {
    json!({
        "tools": [{"name": "add", "inputSchema": {"type": "object"}}],
        "templates": {"find": {"description": "Finds", "inputSchema": {"type": "object", "properties": {"q": {"type": "string"}}}}},
        "config": {"params": {"type": "object", "properties": {"notebook": {"type": "string"}}}}
    })
}

/// Somebody, with all that is theirs.
pub(super) struct Person {
    pub(super) actor: Actor,
    pub(super) source: SourceId,
    pub(super) server: ServerId,
    pub(super) deleted_server: ServerId,
    pub(super) server_token: ServerTokenId,
    pub(super) api_token: ApiTokenId,
    pub(super) session: SessionId,
}

impl Person {
    /// Fills every table that belongs to people.
    pub(super) async fn move_in(pool: &PgPool, engine: &Engine, connector: ConnectorRef, email: &str) -> Self {
        let view = engine.create_user(&who(), email, &password(), false).await.unwrap();
        let mut actor = actor(&view);
        let session = Session::new(None, Arc::new(engine.session_store()), None);
        let proven = engine.sign_in(email, &password(), None).await.unwrap();
        engine
            .begin_session(&who(), &session, &proven, "a browser")
            .await
            .unwrap();
        actor.session = engine.actor_of_session(&session).await.unwrap().unwrap().session;
        let sources = [actor_source(engine, &actor).await, actor_source(engine, &actor).await];
        let server = server(engine, &actor, connector, &sources).await;
        let deleted_server = server_only_of(engine, &actor, &sources[..1]).await;
        engine.delete_server(&actor, deleted_server, None).await.unwrap();
        let made = CreateTool {
            name: "find_all".into(),
            description: None,
            template: "find".into(),
            source_id: Some(sources[0]),
            template_args: json!({"q": "{what}"}),
        };
        engine.create_tool(&actor, server, made).await.unwrap();
        let off = UpdateTool {
            enabled: Some(false),
            ..UpdateTool::default()
        };
        engine.update_tool(&actor, server, "add", off).await.unwrap();
        let api_token = engine.create_api_token(&actor, token("mine")).await.unwrap().view.id;
        let key = Key::parse("once").unwrap();
        assert!(matches!(
            engine.begin_request(&actor, &key, &[b"a request"]).await.unwrap(),
            Begun::Now(_)
        ));
        engine.create_reset_link_for(&who(), email).await.unwrap();
        let record = UsageRecord {
            server,
            token: None,
            tool: "add".into(),
            minute: engine.clock().now(),
            calls: 1,
            errors: 0,
            total_micros: 1,
            bytes: 1,
        };
        engine.record_usage(&[record]).await.unwrap();
        for statement in [
            "INSERT INTO user_roles (user_id, role) VALUES ($1, 'admin')",
            "INSERT INTO second_factors (user_id, secret) VALUES ($1, 'sealed')",
            "INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, 'hash')",
        ] {
            sqlx::query(statement).bind(actor.user.0).execute(pool).await.unwrap();
        }
        let server_token = engine.server_tokens(&actor, server).await.unwrap()[0].id;
        Self {
            session: actor.session.unwrap(),
            source: sources[0],
            server,
            deleted_server,
            server_token,
            api_token,
            actor,
        }
    }
}

pub(super) fn token(name: &str) -> CreateToken {
    CreateToken {
        name: name.into(),
        expires_at: None,
    }
}

async fn actor_source(engine: &Engine, actor: &Actor) -> SourceId {
    let new = CreateSource {
        kind: "notes".into(),
        name: None,
        source_metadata: json!({"notebook": "mine"}),
    };
    engine.create_source(actor, new).await.unwrap().id
}

async fn server(engine: &Engine, actor: &Actor, connector: ConnectorRef, sources: &[SourceId]) -> ServerId {
    let new = CreateServer {
        name: "Mine".into(),
        source_ids: sources.iter().map(SourceId::to_string).collect(),
        connector_id: Some(connector),
        configuration: json!({}),
    };
    engine.create_server(actor, new).await.unwrap().server.id
}

async fn server_only_of(engine: &Engine, actor: &Actor, sources: &[SourceId]) -> ServerId {
    let new = CreateServer {
        name: "Gone".into(),
        source_ids: sources.iter().map(SourceId::to_string).collect(),
        connector_id: None,
        configuration: json!({}),
    };
    engine.create_server(actor, new).await.unwrap().server.id
}
