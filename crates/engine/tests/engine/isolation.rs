//! Row-level security, asked straight in SQL and so without any rule of the engine's in between.

use crate::{active_connector, engine, superuser, user};
use patchbay_domain::server::CreateServer;
use serde_json::json;
use sqlx::{PgPool, Postgres, Transaction};

async fn begin(pool: &PgPool, role: &str, user: &str) -> Transaction<'static, Postgres> {
    let mut tx = pool.begin().await.unwrap();
    sqlx::query("SELECT set_config('role', $1, true), set_config('patchbay.user_id', $2, true)")
        .bind(role)
        .bind(user)
        .execute(&mut *tx)
        .await
        .unwrap();
    tx
}

async fn count(pool: &PgPool, role: &str, user: &str, table: &str) -> i64 {
    let mut tx = begin(pool, role, user).await;
    sqlx::query_scalar(&format!("SELECT count(*) FROM {table}"))
        .fetch_one(&mut *tx)
        .await
        .unwrap()
}

#[sqlx::test(migrations = false)]
async fn one_user_finds_nothing_of_another_in_any_table(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector_id = active_connector(&engine, &root, "notes", json!({})).await;
    let ada = user(&engine, "ada@example.org").await;
    let eve = user(&engine, "eve@example.org").await;
    let new = CreateServer {
        name: "Ada's".into(),
        source_ids: Vec::new(),
        connector_id: Some(connector_id),
        configuration: json!({}),
    };
    engine.create_server(&ada, new).await.unwrap();
    let (ada, eve) = (ada.user.to_string(), eve.user.to_string());

    for table in ["mcp_servers", "mcp_server_tokens", "users"] {
        assert_eq!(count(&pool, "patchbay_app", &ada, table).await, 1, "{table}");
    }
    for table in ["mcp_servers", "mcp_server_tokens", "mcp_server_usage", "sessions"] {
        assert_eq!(count(&pool, "patchbay_app", &eve, table).await, 0, "{table}");
        assert_eq!(
            count(&pool, "patchbay_app", "", table).await,
            0,
            "{table} without a user"
        );
    }
    assert_eq!(count(&pool, "patchbay_app", &eve, "users").await, 1);
    assert_eq!(count(&pool, "patchbay_worker", "", "mcp_servers").await, 1);

    for statement in [
        "UPDATE mcp_servers SET name = 'stolen'",
        "DELETE FROM mcp_servers",
        "UPDATE mcp_server_tokens SET revoked_at = now()",
    ] {
        let mut tx = begin(&pool, "patchbay_app", &eve).await;
        assert_eq!(
            sqlx::query(statement).execute(&mut *tx).await.unwrap().rows_affected(),
            0,
            "{statement}"
        );
    }
}

#[sqlx::test(migrations = false)]
async fn a_row_cannot_be_put_under_another_users_name(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector_id = active_connector(&engine, &root, "notes", json!({})).await;
    let ada = user(&engine, "ada@example.org").await;
    let new = CreateServer {
        name: "Ada's".into(),
        source_ids: Vec::new(),
        connector_id: Some(connector_id),
        configuration: json!({}),
    };
    engine.create_server(&ada, new).await.unwrap();
    let mut tx = begin(&pool, "patchbay_app", &ada.user.to_string()).await;
    let given_away = sqlx::query("UPDATE mcp_servers SET user_id = $1")
        .bind(root.user.0)
        .execute(&mut *tx)
        .await;
    assert!(given_away.unwrap_err().to_string().contains("row-level security"));
}

#[sqlx::test(migrations = false)]
async fn a_token_cannot_be_made_for_another_users_server(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector_id = active_connector(&engine, &root, "notes", json!({})).await;
    let new = CreateServer {
        name: "Root's".into(),
        source_ids: Vec::new(),
        connector_id: Some(connector_id),
        configuration: json!({}),
    };
    let server = engine.create_server(&root, new).await.unwrap().server.id;
    let eve = user(&engine, "eve@example.org").await;
    let mut tx = begin(&pool, "patchbay_app", &eve.user.to_string()).await;
    let inserted = sqlx::query(
        "INSERT INTO mcp_server_tokens (server_id, user_id, name, prefix, token_hash) VALUES ($1, $2, 'n', 'p', 'h')",
    )
    .bind(server.0)
    .bind(eve.user.0)
    .execute(&mut *tx)
    .await;
    assert!(
        inserted
            .unwrap_err()
            .to_string()
            .contains("mcp_server_tokens_server_fkey")
    );
}

#[sqlx::test(migrations = false)]
async fn every_table_with_a_user_forces_row_level_security(pool: PgPool) {
    engine(&pool).await;
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id' AND NOT a.attisdropped
         WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
           AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert!(open.is_empty(), "not forced on {open:?}");
}

#[sqlx::test(migrations = false)]
async fn the_application_cannot_make_itself_a_superuser(pool: PgPool) {
    let engine = engine(&pool).await;
    let eve = user(&engine, "eve@example.org").await;
    let mut tx = begin(&pool, "patchbay_app", &eve.user.to_string()).await;
    let promoted = sqlx::query("INSERT INTO user_roles (user_id, role) VALUES ($1, 'superuser')")
        .bind(eve.user.0)
        .execute(&mut *tx)
        .await;
    assert!(promoted.unwrap_err().to_string().contains("permission denied"));
}
