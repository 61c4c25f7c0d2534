//! What is one user's is nobody else's: by row-level security, asked straight in SQL and so without any rule of the engine's
//! in between; and by the engine.
//!
//! Which tables belong to users is read from the catalogue, so that a new one can't be forgotten.

mod deletion;
mod foreign;
mod opened;
mod scene;
mod statements;

use crate::{active_connector, engine, superuser, user};
use patchbay_engine::Engine;
use scene::{Person, offer};
use serde_json::Value;
use sqlx::{PgPool, Postgres, Transaction};
use uuid::Uuid;

/// Two people with one of everything each.
struct Scene {
    engine: Engine,
    root: patchbay_engine::Actor,
    ada: Person,
    eve: Person,
}

impl Scene {
    async fn set(pool: &PgPool) -> Self {
        let engine = engine(pool).await;
        let root = superuser(&engine).await;
        let connector = active_connector(&engine, &root, "notes", offer()).await;
        let ada = Person::move_in(pool, &engine, connector, "ada@example.org").await;
        let eve = Person::move_in(pool, &engine, connector, "eve@example.org").await;
        Self { engine, root, ada, eve }
    }
}

/// A table with rows of users, and the column that says whose.
#[derive(Debug)]
struct Owned {
    table: String,
    owner: &'static str,
}

/// Every table that has a `user_id`, or whose rows go with a user's, and the users themselves.
async fn owned_tables(pool: &PgPool) -> Vec<Owned> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT c.relname::text FROM pg_class c
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id' AND NOT a.attisdropped
         LEFT JOIN pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f'
              AND f.confrelid = 'users'::regclass AND f.confdeltype = 'c'
         WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
           AND (a.attname IS NOT NULL OR f.oid IS NOT NULL OR c.oid = 'users'::regclass)
         ORDER BY 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let owned = tables.into_iter().map(|table| Owned {
        owner: if table == "users" { "id" } else { "user_id" },
        table,
    });
    owned.collect()
}

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

/// A number from a statement that this user's request runs; nothing where it may not run it at all.
async fn asked_as(pool: &PgPool, user: &str, statement: &str) -> Option<i64> {
    let mut tx = begin(pool, "patchbay_app", user).await;
    match sqlx::query_scalar(statement).fetch_one(&mut *tx).await {
        Ok(number) => Some(number),
        Err(error) if is_refused(&error) => None,
        Err(error) => panic!("{statement}: {error}"),
    }
}

fn is_refused(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.as_deref() == Some("42501")
}

#[sqlx::test(migrations = false)]
async fn every_table_of_users_forces_row_level_security_and_has_a_policy(pool: PgPool) {
    engine(&pool).await;
    let owned = owned_tables(&pool).await;
    assert!(owned.len() >= 14, "{owned:?}");
    for Owned { table, .. } in &owned {
        let (forced, policies): (bool, i64) = sqlx::query_as(
            "SELECT relrowsecurity AND relforcerowsecurity,
                    (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid)
             FROM pg_class c WHERE oid = $1::regclass",
        )
        .bind(table)
        .fetch_one(&pool)
        .await
        .unwrap();
        assert!(forced && policies > 0, "{table} isn't guarded");
    }
    // What hangs on such a table says whose it is, too: a policy can't follow references.
    let hanging: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT c.relname::text FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
         JOIN pg_class t ON t.oid = f.confrelid
         WHERE f.contype = 'f' AND t.relname = ANY($1) AND t.relname <> 'users' AND c.relname <> ALL($1)",
    )
    .bind(owned.iter().map(|owned| owned.table.clone()).collect::<Vec<_>>())
    .fetch_all(&pool)
    .await
    .unwrap();
    assert!(hanging.is_empty(), "without a user_id: {hanging:?}");
    // A view would look with its owner's eyes.
    let views: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace
         AND NOT COALESCE(reloptions @> '{security_invoker=true}', false)",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(views, 0);
}

#[sqlx::test(migrations = false)]
async fn no_policy_lets_the_application_see_more_than_one_users_rows(pool: PgPool) {
    engine(&pool).await;
    let policies: Vec<(String, String, Option<String>, Option<String>)> = sqlx::query_as(
        "SELECT tablename::text, policyname::text, qual, with_check FROM pg_policies
         WHERE roles && ARRAY['patchbay_app', 'public']::name[]",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert!(!policies.is_empty());
    let own = ["(user_id = current_user_id())", "(id = current_user_id())"];
    for (table, policy, using, check) in policies {
        for rule in [using, check].into_iter().flatten() {
            assert!(own.contains(&rule.as_str()), "{policy} of {table}: {rule}");
        }
    }
}

#[sqlx::test(migrations = false)]
async fn one_user_reads_changes_and_deletes_nothing_of_another_in_any_table(pool: PgPool) {
    let Scene { ada, eve, .. } = Scene::set(&pool).await;
    let (ada, eve) = (ada.actor.user.to_string(), eve.actor.user.to_string());
    let mut readable = 0;
    for Owned { table, owner } in owned_tables(&pool).await {
        let theirs: i64 = sqlx::query_scalar(&format!("SELECT count(*) FROM {table} WHERE {owner} = $1::uuid"))
            .bind(&eve)
            .fetch_one(&pool)
            .await
            .unwrap();
        assert!(theirs > 0, "nothing in {table} that could be found: the scene lacks it");
        let count = |of: &str| format!("SELECT count(*) FROM {table} WHERE {owner} = '{of}'");
        if let Some(own) = asked_as(&pool, &eve, &count(&eve)).await {
            assert_eq!(own, theirs, "{table} hides one's own");
            readable += 1;
        }
        let all = format!("SELECT count(*) FROM {table}");
        assert!(
            matches!(asked_as(&pool, "", &all).await, None | Some(0)),
            "{table} without a user"
        );
        for statement in [
            count(&eve),
            format!(
                "WITH w AS (UPDATE {table} SET {owner} = {owner} WHERE {owner} = '{eve}' RETURNING 1) SELECT count(*) FROM w"
            ),
            format!("WITH w AS (DELETE FROM {table} WHERE {owner} = '{eve}' RETURNING 1) SELECT count(*) FROM w"),
        ] {
            let found = asked_as(&pool, &ada, &statement).await;
            assert!(matches!(found, None | Some(0)), "{statement}: {found:?}");
        }
    }
    assert!(readable >= 10, "only {readable} tables could be asked at all");
}

#[sqlx::test(migrations = false)]
async fn nobody_puts_a_row_under_another_users_name_in_any_table(pool: PgPool) {
    let Scene { ada, eve, .. } = Scene::set(&pool).await;
    let (ada, eve) = (ada.actor.user.to_string(), eve.actor.user.to_string());
    for Owned { table, owner } in owned_tables(&pool).await {
        // A row exactly like one of theirs, under an id of its own where it has one.
        let mut row: Value = sqlx::query_scalar(&format!(
            "SELECT to_jsonb(t) FROM {table} t WHERE {owner} = $1::uuid LIMIT 1"
        ))
        .bind(&eve)
        .fetch_one(&pool)
        .await
        .unwrap();
        if owner != "id" && row.get("id").is_some() {
            row["id"] = Uuid::new_v4().to_string().into();
        }
        let copy = format!("INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, $1)");
        let mut tx = begin(&pool, "patchbay_app", &ada).await;
        let inserted = sqlx::query(&copy).bind(&row).execute(&mut *tx).await;
        assert!(is_refused(&inserted.unwrap_err()), "{table} took a row of another's");
        let give = format!("UPDATE {table} SET {owner} = '{eve}' WHERE {owner} = '{ada}'");
        let mut tx = begin(&pool, "patchbay_app", &ada).await;
        let given = sqlx::query(&give).execute(&mut *tx).await;
        assert!(is_refused(&given.unwrap_err()), "{table} was given away");
    }
}

#[sqlx::test(migrations = false)]
async fn nothing_of_ones_own_hangs_on_what_is_anothers(pool: PgPool) {
    let Scene { ada, eve, .. } = Scene::set(&pool).await;
    let user = eve.actor.user;
    for (statement, guard) in [
        (
            "INSERT INTO mcp_server_tokens (server_id, user_id, name, prefix, token_hash) VALUES ($1, $2, 'n', 'p', 'h')",
            "mcp_server_tokens_server_fkey",
        ),
        (
            "INSERT INTO mcp_server_bindings (server_id, user_id, prefix) VALUES ($1, $2, 'p')",
            "mcp_server_bindings_server_fkey",
        ),
        (
            "INSERT INTO mcp_server_tool_settings (server_id, user_id, tool) VALUES ($1, $2, 't')",
            "mcp_server_tool_settings_server_fkey",
        ),
        (
            "INSERT INTO mcp_server_tools (server_id, user_id, name, template, template_args) VALUES ($1, $2, 'n', 't', '{}')",
            "mcp_server_tools_server_fkey",
        ),
    ] {
        let mut tx = begin(&pool, "patchbay_app", &user.to_string()).await;
        let inserted = sqlx::query(statement).bind(ada.server.0).bind(user.0).execute(&mut *tx);
        let error = inserted.await.unwrap_err().to_string();
        assert!(error.contains(guard), "{statement}: {error}");
    }
    let mut tx = begin(&pool, "patchbay_app", &user.to_string()).await;
    let bound =
        sqlx::query("INSERT INTO mcp_server_bindings (server_id, user_id, source_id, prefix) VALUES ($1, $2, $3, 'p')")
            .bind(eve.server.0)
            .bind(user.0)
            .bind(ada.source.0)
            .execute(&mut *tx)
            .await;
    assert!(
        bound
            .unwrap_err()
            .to_string()
            .contains("mcp_server_bindings_source_fkey")
    );
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
    assert!(is_refused(&promoted.unwrap_err()));
}
