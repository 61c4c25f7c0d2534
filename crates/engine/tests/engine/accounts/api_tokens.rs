//! Tokens that programs sign in with.

use super::{fields, rows, sign_in};
use crate::{engine, password, user, who};
use patchbay_domain::{
    account::{CreateToken, CreatedApiToken},
    page::PageRequest,
};
use patchbay_engine::{
    Actor, Engine, Error,
    error::{Conflict, Denied, NotFound, Unauthenticated},
};
use sqlx::PgPool;
use time::Duration;

async fn create(engine: &Engine, actor: &Actor, lifetime: Option<Duration>) -> CreatedApiToken {
    let new = CreateToken {
        name: " CI ".into(),
        expires_at: lifetime.map(|lifetime| (engine.clock().now() + lifetime).into()),
    };
    engine.create_api_token(actor, new).await.unwrap()
}

async fn is_refused(engine: &Engine, token: &str) -> bool {
    matches!(
        engine.actor_of_bearer(token).await,
        Err(Error::Unauthenticated(Unauthenticated::BadToken))
    )
}

#[sqlx::test(migrations = false)]
async fn a_token_speaks_for_its_owner_until_it_is_revoked(pool: PgPool) {
    let engine = engine(&pool).await;
    user(&engine, "ada@example.org").await;
    let (ada, _) = sign_in(&engine, "ada@example.org").await;
    let created = create(&engine, &ada, None).await;
    assert!(created.token.starts_with("pb_") && created.token.starts_with(&created.view.prefix));
    assert_eq!(created.view.name, "CI");
    assert_eq!(
        engine.api_tokens(&ada).await.unwrap(),
        std::slice::from_ref(&created.view)
    );

    let program = engine.actor_of_bearer(&created.token).await.unwrap();
    assert_eq!((program.user, program.session), (ada.user, None));
    let mut other = created.token.clone();
    other.pop();
    for bad in [other.as_str(), "pb_", "pb_x", &created.token[3..]] {
        assert!(is_refused(&engine, bad).await, "{bad}");
    }

    engine.revoke_api_token(&ada, created.view.id).await.unwrap();
    assert!(is_refused(&engine, &created.token).await);
    assert!(engine.api_tokens(&ada).await.unwrap().is_empty());
    let again = engine.revoke_api_token(&ada, created.view.id).await;
    assert!(matches!(again, Err(Error::NotFound(NotFound::Token))));
    assert_eq!(rows(&engine, "api_token.revoke").await.len(), 1);
}

#[sqlx::test(migrations = false)]
async fn a_token_ends_when_its_time_has_come(pool: PgPool) {
    let engine = engine(&pool).await;
    user(&engine, "ada@example.org").await;
    let (ada, _) = sign_in(&engine, "ada@example.org").await;
    let created = create(&engine, &ada, Some(Duration::hours(1))).await;
    engine.clock().advance(Duration::minutes(59));
    assert!(engine.actor_of_bearer(&created.token).await.is_ok());
    engine.clock().advance(Duration::minutes(1));
    assert!(is_refused(&engine, &created.token).await);

    let bad = CreateToken {
        name: " ".into(),
        expires_at: Some(engine.clock().now().into()),
    };
    let fields = fields(engine.create_api_token(&ada, bad).await);
    assert!(fields.get("name").is_some() && fields.get("expires_at").is_some());
}

#[sqlx::test(migrations = false)]
async fn when_a_token_was_used_is_written_down_every_minute(pool: PgPool) {
    let engine = engine(&pool).await;
    user(&engine, "ada@example.org").await;
    let (ada, _) = sign_in(&engine, "ada@example.org").await;
    let token = create(&engine, &ada, None).await.token;
    let first = engine.clock().now();
    for (after, noted) in [(0, 0), (30, 0), (60, 60), (119, 60)] {
        engine
            .clock()
            .advance(first + Duration::seconds(after) - engine.clock().now());
        engine.actor_of_bearer(&token).await.unwrap();
        let used = engine.api_tokens(&ada).await.unwrap().remove(0).last_used_at.unwrap();
        assert_eq!(used.0, first + Duration::seconds(noted), "after {after} seconds");
    }
}

#[sqlx::test(migrations = false)]
async fn a_token_cannot_make_itself_at_home(pool: PgPool) {
    let engine = engine(&pool).await;
    engine
        .create_user(&who(), "root@example.org", &password(), true)
        .await
        .unwrap();
    let (root, _) = sign_in(&engine, "root@example.org").await;
    let token = create(&engine, &root, None).await.token;
    let program = engine.actor_of_bearer(&token).await.unwrap();
    let (right, new) = (password(), "another password".into());
    let roles = vec![patchbay_domain::user::Role::Superuser];
    let invitation = patchbay_domain::account::CreateInvitation {
        email: None,
        roles: roles.clone(),
    };
    let promotion = patchbay_domain::user::UpdateUser {
        roles: Some(roles),
        disabled: None,
    };
    let another = CreateToken {
        name: "another".into(),
        expires_at: None,
    };
    let before = engine.passwords_hashed();
    let refused = [
        engine.create_api_token(&program, another).await.map(drop),
        engine.change_password(&program, &right, &new).await.map(drop),
        engine.offer_second_factor(&program, &right).await.map(drop),
        engine.confirm_second_factor(&program, &"123456".into()).await.map(drop),
        engine.renew_recovery_codes(&program, &right).await.map(drop),
        engine.remove_second_factor(&program, &right).await,
        engine.reset_second_factor(&program, root.user).await,
        engine.create_reset_link(&program, root.user).await.map(drop),
        engine.create_invitation(&program, invitation).await.map(drop),
        engine.update_user(&program, root.user, promotion).await.map(drop),
        engine.delete_account(&program, &right).await.map(drop),
    ];
    for (index, result) in refused.into_iter().enumerate() {
        assert!(
            matches!(result, Err(Error::Denied(Denied::SessionNeeded))),
            "{index}: {result:?}"
        );
    }
    assert_eq!(engine.passwords_hashed(), before, "nor does it find out the password");
    assert_eq!(
        engine
            .sessions(&program, &PageRequest::default())
            .await
            .unwrap()
            .items
            .len(),
        1,
        "but it may look"
    );
}

#[sqlx::test(migrations = false)]
async fn a_token_is_its_owners_alone(pool: PgPool) {
    let engine = engine(&pool).await;
    user(&engine, "ada@example.org").await;
    user(&engine, "eve@example.org").await;
    let (ada, _) = sign_in(&engine, "ada@example.org").await;
    let (eve, _) = sign_in(&engine, "eve@example.org").await;
    let created = create(&engine, &ada, None).await;
    assert!(engine.api_tokens(&eve).await.unwrap().is_empty());
    let stolen = engine.revoke_api_token(&eve, created.view.id).await;
    assert!(matches!(stolen, Err(Error::NotFound(NotFound::Token))));
    assert!(engine.actor_of_bearer(&created.token).await.is_ok());
}

#[sqlx::test(migrations = false)]
async fn a_hundred_tokens_are_enough_also_when_many_are_made_at_once(pool: PgPool) {
    let engine = engine(&pool).await;
    user(&engine, "ada@example.org").await;
    let (ada, _) = sign_in(&engine, "ada@example.org").await;
    for _ in 0..95 {
        create(&engine, &ada, None).await;
    }
    let attempts = (0..10).map(|_| {
        let new = CreateToken {
            name: "one more".into(),
            expires_at: None,
        };
        engine.create_api_token(&ada, new)
    });
    let results = futures::future::join_all(attempts).await;
    let (made, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (5, 5));
    for refused in refused {
        assert!(matches!(refused, Err(Error::Conflict(Conflict::ApiTokenLimit(100)))));
    }
}
