//! Stopping in good order, and living through a database that is away for a while.

use crate::support::{
    App, eventually,
    mcp::{Endpoint, message},
    upstream::{Upstream, mcp_that_waits, tool},
};
use serde_json::json;

#[tokio::test]
async fn calls_that_are_under_way_end_before_the_server_does() {
    let app = App::start().await;
    let root = app.superuser().await;
    let (routes, gate) = mcp_that_waits(&json!([tool("a")]).to_string());
    let service = Upstream::serve(routes).await;
    let connector = root.active_connector("slow", &service.url("/mcp")).await;
    let endpoint = Endpoint::of(&app, &root.create_server(&connector, json!({})).await);
    let call = tokio::spawn(async move {
        endpoint
            .modern("tools/call", json!({ "name": "a", "arguments": {} }))
            .await
    });
    eventually(async || !service.calls("tools/call").is_empty()).await;
    app.begin_to_stop();
    let url = app.url.clone();
    let stopped = tokio::spawn(app.stop());
    // New ones are not taken any more.
    eventually(async || {
        tokio::net::TcpStream::connect(("127.0.0.1", url.port().unwrap()))
            .await
            .is_err()
    })
    .await;
    gate.add_permits(1);
    let answer = call.await.unwrap();
    assert!(message(&answer).contains("\"content\":[]"), "{}", message(&answer));
    let database = stopped.await.unwrap();
    assert_eq!(database.texts("SELECT calls::text FROM mcp_server_usage").await, ["1"]);
}

#[tokio::test]
async fn a_database_that_is_away_makes_the_server_unready_until_it_is_back() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    app.database.set_reachable(false).await;
    eventually(async || ada.get("/readyz").await.status == 503).await;
    ada.get("/healthz").await.expect(200);
    app.database.set_reachable(true).await;
    eventually(async || ada.get("/readyz").await.status == 200).await;
    ada.get("/api/auth/me").await.expect(200);
}
