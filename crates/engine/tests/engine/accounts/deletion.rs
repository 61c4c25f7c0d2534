//! An account that is deleted, and what is left of it: nothing but rows of the audit log that name nobody.

use super::{fields, sign_in, superuser_here};
use crate::{active_connector, engine, password, user, who};
use patchbay_domain::{account::CreateToken, server::CreateServer, user::SignUp};
use patchbay_engine::{
    Actor, Engine, Error,
    error::{Denied, Unauthenticated},
};
use serde_json::json;
use sqlx::PgPool;

/// Gives Ada one of everything, and signs her in.
async fn ada_with_everything(engine: &Engine, root: &Actor) -> Actor {
    let connector_id = active_connector(engine, root, "notes", json!({})).await;
    user(engine, "ada@example.org").await;
    let (ada, _) = sign_in(engine, "ada@example.org").await;
    let new = serde_json::from_value::<CreateServer>(json!({ "name": "Ada's", "connector_id": connector_id })).unwrap();
    engine.create_server(&ada, new).await.unwrap();
    let new = CreateToken {
        name: "CI".into(),
        expires_at: None,
    };
    engine.create_api_token(&ada, new).await.unwrap();
    engine.offer_second_factor(&ada, &password()).await.unwrap();
    engine.create_reset_link(root, ada.user).await.unwrap();
    ada
}

/// Every table that has a column of users, with how many rows are this user's.
async fn left(pool: &PgPool, user: uuid::Uuid) -> Vec<String> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT c.relname::text, a.attname::text FROM pg_class c
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.atttypid = 'uuid'::regtype AND NOT a.attisdropped
         WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'audit_events'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut left = Vec::new();
    for (table, column) in columns {
        let count = format!("SELECT count(*) FROM {table} WHERE {column} = $1");
        let count: i64 = sqlx::query_scalar(&count).bind(user).fetch_one(pool).await.unwrap();
        if count > 0 {
            left.push(format!("{table}.{column}: {count}"));
        }
    }
    left
}

#[sqlx::test(migrations = false)]
async fn a_deleted_user_leaves_no_row_and_no_name(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    let ada = ada_with_everything(&engine, &root).await;
    assert!(!left(&pool, ada.user.0).await.is_empty());
    let owned = engine.belongings(&ada, ada.user).await.unwrap();
    assert_eq!((owned.mcp_servers, owned.mcp_server_tokens), (1, 1));
    assert_eq!((owned.sources, owned.api_tokens, owned.sessions), (0, 1, 1));

    assert_eq!(engine.delete_user(&root, ada.user).await.unwrap(), owned);
    assert!(
        left(&pool, ada.user.0).await.is_empty(),
        "{:?}",
        left(&pool, ada.user.0).await
    );
    let named: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_identities WHERE email = 'ada@example.org'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(named, 0);
    assert!(engine.verify_audit(None, |_| ()).await.unwrap().is_whole());
    let gone = engine.me(&ada).await;
    assert!(matches!(gone, Err(Error::Unauthenticated(Unauthenticated::SignedOut))));
}

#[sqlx::test(migrations = false)]
async fn somebody_deletes_their_own_account_with_their_password_and_leaves_no_address(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    let mut ada = ada_with_everything(&engine, &root).await;
    ada.origin.address = Some("192.0.2.7".parse().unwrap());
    let refused = fields(engine.delete_account(&ada, &"guess".into()).await);
    assert!(refused.get("password").is_some());
    let by_token = Actor {
        session: None,
        ..ada.clone()
    };
    let refused = engine.delete_account(&by_token, &password()).await;
    assert!(matches!(refused, Err(Error::Denied(Denied::SessionNeeded))));

    engine.delete_account(&ada, &password()).await.unwrap();
    assert!(
        left(&pool, ada.user.0).await.is_empty(),
        "{:?}",
        left(&pool, ada.user.0).await
    );
    let traces: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_identities WHERE email = 'ada@example.org' OR address = '192.0.2.7'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(traces, 0);
    assert!(engine.verify_audit(None, |_| ()).await.unwrap().is_whole());
    // The address is free again, for whoever comes.
    assert_eq!(engine.config().sign_up, SignUp::Open);
    let again = engine
        .sign_up(&who(), "ada@example.org", &password(), None)
        .await
        .unwrap();
    assert_ne!(again.user.id, ada.user);
}

#[sqlx::test(migrations = false)]
async fn a_user_is_deleted_once_also_by_two_at_once(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    let ada = ada_with_everything(&engine, &root).await;
    let (one, two) = tokio::join!(engine.delete_user(&root, ada.user), engine.delete_user(&root, ada.user));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
}
