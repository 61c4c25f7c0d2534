//! Row-level security, asked straight in SQL after the server wrote its rows: what a forgotten `WHERE` would show.

use crate::support::{
    App,
    upstream::{Upstream, manifest, tool},
};
use serde_json::json;
use sqlx::{Postgres, Transaction};

async fn as_user(app: &App, user: &str) -> Transaction<'static, Postgres> {
    let mut tx = app.database.pool().await.begin().await.unwrap();
    sqlx::query("SELECT set_config('role', 'patchbay_app', true), set_config('patchbay.user_id', $1, true)")
        .bind(user)
        .execute(&mut *tx)
        .await
        .unwrap();
    tx
}

async fn count(app: &App, user: &str, table: &str) -> i64 {
    let mut tx = as_user(app, user).await;
    sqlx::query_scalar(&format!("SELECT count(*) FROM {table}"))
        .fetch_one(&mut *tx)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_database_itself_keeps_users_apart() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("a")]))).await;
    let connector = root.active_connector("notes", &service.manifest_url()).await;
    let ada = app.user("ada@example.org").await;
    ada.create_server(&connector, json!({})).await;
    let (ada, eve) = (
        ada.view.id.to_string(),
        app.user("eve@example.org").await.view.id.to_string(),
    );

    for table in ["users", "sessions", "mcp_servers", "mcp_server_tokens"] {
        assert_eq!(count(&app, &ada, table).await, 1, "{table}");
        assert_eq!(count(&app, "", table).await, 0, "{table} without a user");
    }
    for (table, rows) in [
        ("users", 1),
        ("sessions", 1),
        ("mcp_servers", 0),
        ("mcp_server_tokens", 0),
        ("user_roles", 0),
    ] {
        assert_eq!(count(&app, &eve, table).await, rows, "{table}");
    }
    for statement in [
        "UPDATE mcp_servers SET name = 'stolen'",
        "DELETE FROM mcp_servers",
        "DELETE FROM mcp_server_tokens",
    ] {
        let mut tx = as_user(&app, &eve).await;
        assert_eq!(
            sqlx::query(statement).execute(&mut *tx).await.unwrap().rows_affected(),
            0,
            "{statement}"
        );
    }
}

#[tokio::test]
async fn a_user_of_the_database_with_no_identity_can_not_write_one() {
    let app = App::start().await;
    let eve = app.user("eve@example.org").await.view.id;
    let mut tx = as_user(&app, &eve.to_string()).await;
    let promoted = sqlx::query("INSERT INTO user_roles (user_id, role) VALUES ($1, 'superuser')").bind(eve.0);
    assert!(promoted.execute(&mut *tx).await.is_err());
}
