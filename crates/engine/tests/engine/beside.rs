//! What happens to the same rows at once: everybody waits for their turn, and nobody in a circle.

use crate::{
    engine_with, new_connector,
    service::{Service, tool, with_tools},
    superuser, who,
};
use patchbay_domain::{
    connector::UpdateConnector,
    ids::{ConnectorId, ConnectorRef, ServerId, ServerTokenId},
    server::CreateServer,
};
use patchbay_engine::{Actor, Engine, gateway::UsageRecord, transfer::Document};
use serde_json::json;
use sqlx::PgPool;

/// How often everything is tried.
const TIMES: usize = 40;

/// An engine with room for many servers of one user, and its superuser.
async fn roomy(pool: &PgPool) -> (Engine, Actor) {
    let engine = engine_with(pool, |config| config.servers_per_user = 10_000).await;
    let root = superuser(&engine).await;
    (engine, root)
}

async fn activated(engine: &Engine, root: &Actor, service: &Service, name: &str) -> ConnectorId {
    let id = engine.register_connector(root, new_connector(name)).await.unwrap().id;
    engine
        .activate_connector(root, ConnectorRef::Id(id), &service.url())
        .await
        .unwrap();
    id
}

async fn create(engine: &Engine, root: &Actor, connector: ConnectorId) -> (ServerId, ServerTokenId) {
    let new = CreateServer {
        name: "Mine".into(),
        source_ids: Vec::new(),
        connector_id: Some(ConnectorRef::Id(connector)),
        configuration: json!({}),
    };
    let server = engine.create_server(root, new).await.unwrap().server.id;
    let token = engine.server_tokens(root, server).await.unwrap()[0].id;
    (server, token)
}

#[sqlx::test(migrations = false)]
async fn an_import_goes_with_checks_changes_and_new_servers_of_its_connectors(pool: PgPool) {
    let (engine, root) = roomy(&pool).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let connector = activated(&engine, &root, &service, "notes").await;
    let connector_ref = ConnectorRef::Id(connector);
    create(&engine, &root, connector).await;
    let exported = engine
        .export_all()
        .await
        .unwrap()
        .to_text(patchbay_engine::transfer::Format::Yaml);

    let imports = async {
        for n in 0..TIMES {
            let text = exported.replace("Keeps notes", &format!("Keeps {n} notes"));
            assert_ne!(text, exported);
            let document = Document::parse(text.as_bytes(), None).unwrap();
            engine.import(&who(), &document, false, &|_| None).await.unwrap();
        }
    };
    let checks = async {
        for n in 0..TIMES {
            service.says(with_tools(&[tool("add", &format!("Adds {n} times"))]));
            engine.clock().advance(time::Duration::minutes(6));
            engine.check_due_connectors().await.unwrap();
            engine.sync_connector(&root, connector_ref).await.unwrap();
        }
    };
    let changes = async {
        for n in 0..TIMES {
            let update = UpdateConnector {
                description: Some(format!("Changed {n} times")),
                ..UpdateConnector::default()
            };
            engine.update_connector(&root, connector_ref, update).await.unwrap();
        }
    };
    let servers = async {
        for _ in 0..TIMES {
            create(&engine, &root, connector).await;
        }
    };
    tokio::join!(imports, checks, changes, servers);
}

#[sqlx::test(migrations = false)]
async fn a_connector_is_deleted_beside_the_calls_of_its_servers(pool: PgPool) {
    let (engine, root) = roomy(&pool).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let minute = engine.clock().now();
    for n in 0..TIMES {
        let connector = activated(&engine, &root, &service, &format!("notes {n}")).await;
        let mut records = Vec::new();
        for _ in 0..6 {
            let (server, token) = create(&engine, &root, connector).await;
            records.push(UsageRecord {
                server,
                token: Some(token),
                tool: "add".into(),
                minute,
                calls: 1,
                errors: 0,
                total_micros: 1,
                bytes: 1,
            });
        }
        // The minute is counted already: what is added now changes rows and makes none.
        engine.record_usage(&records).await.unwrap();
        let usage = async {
            for _ in 0..6 {
                engine.record_usage(&records).await.unwrap();
            }
        };
        let deleted = engine.delete_connector(&root, ConnectorRef::Id(connector), true);
        let ((), deleted) = tokio::join!(usage, deleted);
        deleted.unwrap();
    }
}
