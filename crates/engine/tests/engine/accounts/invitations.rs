//! Links that make one account each.

use super::{fields, rows, sign_in, superuser_here};
use crate::{engine, engine_with, password, user, who};
use patchbay_domain::{
    account::CreateInvitation,
    field::FieldError,
    page::PageRequest,
    user::{Role, SignUp, UpdateUser},
};
use patchbay_engine::{
    Actor, Engine, Error,
    error::{Conflict, Denied, NotFound},
};
use secrecy::SecretString;
use sqlx::PgPool;
use time::Duration;

async fn by_invitation(pool: &PgPool) -> (Engine, Actor) {
    let engine = engine_with(pool, |config| config.sign_up = SignUp::Invite).await;
    let root = superuser_here(&engine, "root@example.org").await;
    (engine, root)
}

async fn invite(engine: &Engine, root: &Actor, email: Option<&str>, roles: &[Role]) -> SecretString {
    let new = CreateInvitation {
        email: email.map(Into::into),
        roles: roles.to_vec(),
    };
    let created = engine.create_invitation(root, new).await.unwrap();
    let link = format!("http://localhost:9000/sign-up#token={}", created.token);
    assert_eq!(created.link, link);
    created.token.into()
}

#[sqlx::test(migrations = false)]
async fn an_invitation_makes_one_account_with_its_roles(pool: PgPool) {
    let (engine, root) = by_invitation(&pool).await;
    let token = invite(&engine, &root, None, &[Role::Admin, Role::Admin]).await;
    let short = fields(
        engine
            .sign_up(&who(), "ada@example.org", &"short".into(), Some(&token))
            .await,
    );
    assert!(short.get("password").is_some(), "and the invitation is as it was");
    let taken = engine
        .sign_up(&who(), "root@example.org", &password(), Some(&token))
        .await;
    assert!(matches!(taken, Err(Error::Conflict(Conflict::Email))), "as well");

    let ada = engine
        .sign_up(&who(), "ada@example.org", &password(), Some(&token))
        .await
        .unwrap();
    assert_eq!(ada.user.roles, [Role::Admin]);
    for bad in [token, "guess".into()] {
        let before = engine.passwords_hashed();
        let refused = engine.sign_up(&who(), "eve@example.org", &password(), Some(&bad)).await;
        assert!(matches!(refused, Err(Error::Denied(Denied::BadInvitation))));
        assert_eq!(engine.passwords_hashed(), before, "only a valid one causes work");
    }
    for none in [None, Some(&SecretString::from(" "))] {
        let refused = engine.sign_up(&who(), "eve@example.org", &password(), none).await;
        assert!(matches!(refused, Err(Error::Denied(Denied::SignUpClosed))));
    }
}

#[sqlx::test(migrations = false)]
async fn of_many_who_use_an_invitation_at_once_one_gets_in(pool: PgPool) {
    let (engine, root) = by_invitation(&pool).await;
    let token = invite(&engine, &root, None, &[]).await;
    let attempts = (0..4).map(|n| {
        let (engine, token) = (engine.clone(), token.clone());
        async move {
            let email = format!("user{n}@example.org");
            engine.sign_up(&who(), &email, &password(), Some(&token)).await
        }
    });
    let results = futures::future::join_all(attempts).await;
    let (made, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    for refused in refused {
        assert!(
            matches!(refused, Err(Error::Denied(Denied::BadInvitation))),
            "{refused:?}"
        );
    }
}

#[sqlx::test(migrations = false)]
async fn an_invitation_for_an_address_is_for_no_other(pool: PgPool) {
    let (engine, root) = by_invitation(&pool).await;
    let token = invite(&engine, &root, Some(" Ada@Example.org "), &[]).await;
    let other = fields(
        engine
            .sign_up(&who(), "eve@example.org", &password(), Some(&token))
            .await,
    );
    assert!(matches!(other.get("email"), Some(FieldError::Refused { .. })));
    let ada = engine
        .sign_up(&who(), "ada@example.ORG", &password(), Some(&token))
        .await
        .unwrap();
    assert!(ada.user.roles.is_empty());

    for (email, error) in [
        (
            "nobody",
            FieldError::Malformed {
                expected: "an email address".into(),
            },
        ),
        ("ADA@example.org", FieldError::Taken),
    ] {
        let new = CreateInvitation {
            email: Some(email.into()),
            roles: Vec::new(),
        };
        let refused = fields(engine.create_invitation(&root, new).await);
        assert_eq!(refused.get("email"), Some(&error));
    }
}

#[sqlx::test(migrations = false)]
async fn an_invitation_ends_after_a_week_or_when_it_is_taken_back(pool: PgPool) {
    let (engine, root) = by_invitation(&pool).await;
    let old = invite(&engine, &root, None, &[]).await;
    engine.clock().advance(Duration::days(1));
    let new = invite(&engine, &root, None, &[]).await;
    engine.clock().advance(Duration::days(6));
    let listed = engine.invitations(&root, &PageRequest::default()).await.unwrap();
    assert_eq!((listed.items.len(), listed.total), (1, 1), "one has ended");
    assert_eq!(listed.items[0].created_by.as_deref(), Some("root@example.org"));
    engine.revoke_invitation(&root, listed.items[0].id).await.unwrap();
    let again = engine.revoke_invitation(&root, listed.items[0].id).await;
    assert!(matches!(again, Err(Error::NotFound(NotFound::Invitation))));
    for token in [old, new] {
        let late = engine
            .sign_up(&who(), "ada@example.org", &password(), Some(&token))
            .await;
        assert!(matches!(late, Err(Error::Denied(Denied::BadInvitation))));
    }
}

#[sqlx::test(migrations = false)]
async fn an_invitation_opens_nothing_that_is_closed_and_isnt_needed_where_it_is_open(pool: PgPool) {
    let (by_invitation, root) = by_invitation(&pool).await;
    let token = invite(&by_invitation, &root, None, &[]).await;
    let closed = engine_with(&pool, |config| config.sign_up = SignUp::Closed).await;
    let refused = closed
        .sign_up(&who(), "ada@example.org", &password(), Some(&token))
        .await;
    assert!(matches!(refused, Err(Error::Denied(Denied::SignUpClosed))));
    let open = engine(&pool).await;
    open.sign_up(&who(), "ada@example.org", &password(), None)
        .await
        .unwrap();
    open.sign_up(&who(), "bob@example.org", &password(), Some(&token))
        .await
        .unwrap();
    let used = open.sign_up(&who(), "eve@example.org", &password(), Some(&token)).await;
    assert!(matches!(used, Err(Error::Denied(Denied::BadInvitation))));
}

#[sqlx::test(migrations = false)]
async fn only_superusers_invite_and_see_invitations(pool: PgPool) {
    let (engine, root) = by_invitation(&pool).await;
    invite(&engine, &root, None, &[]).await;
    user(&engine, "ada@example.org").await;
    let (ada, _) = sign_in(&engine, "ada@example.org").await;
    let id = engine.invitations(&root, &PageRequest::default()).await.unwrap().items[0].id;
    let refused = [
        engine
            .create_invitation(&ada, CreateInvitation::default())
            .await
            .map(drop),
        engine.invitations(&ada, &PageRequest::default()).await.map(drop),
        engine.revoke_invitation(&ada, id).await,
    ];
    for result in refused {
        assert!(matches!(result, Err(Error::Denied(Denied::Superuser))), "{result:?}");
    }
}

#[sqlx::test(migrations = false)]
async fn whoever_stops_being_a_superuser_leaves_no_open_invitation(pool: PgPool) {
    let (engine, root) = by_invitation(&pool).await;
    let kept = invite(&engine, &root, None, &[]).await;
    for (number, roles) in [(1, Some(Vec::new())), (2, None)] {
        let second = superuser_here(&engine, &format!("second{number}@example.org")).await;
        let open = [
            invite(&engine, &second, None, &[Role::Superuser]).await,
            invite(&engine, &second, None, &[]).await,
        ];
        match roles {
            Some(roles) => {
                let demotion = UpdateUser {
                    roles: Some(roles),
                    disabled: None,
                };
                engine
                    .update_user(&root, second.user, demotion)
                    .await
                    .map(drop)
                    .unwrap();
            }
            None => engine.delete_user(&root, second.user).await.map(drop).unwrap(),
        }
        for token in open {
            let refused = engine
                .sign_up(&who(), "eve@example.org", &password(), Some(&token))
                .await;
            assert!(matches!(refused, Err(Error::Denied(Denied::BadInvitation))));
        }
    }
    assert_eq!(rows(&engine, "invitation.revoke").await.len(), 4);
    engine
        .sign_up(&who(), "ada@example.org", &password(), Some(&kept))
        .await
        .unwrap();
}

#[sqlx::test(migrations = false)]
async fn invitations_come_a_page_at_a_time(pool: PgPool) {
    let (engine, root) = by_invitation(&pool).await;
    for _ in 0..5 {
        invite(&engine, &root, None, &[]).await;
    }
    let mut page = PageRequest {
        limit: Some(2),
        cursor: None,
    };
    let mut seen = std::collections::HashSet::new();
    let mut sizes = Vec::new();
    loop {
        let found = engine.invitations(&root, &page).await.unwrap();
        assert_eq!(found.total, 5);
        sizes.push(found.items.len());
        seen.extend(found.items.into_iter().map(|item| item.id));
        page.cursor = found.next_cursor;
        if page.cursor.is_none() {
            break;
        }
    }
    assert_eq!((sizes, seen.len()), (vec![2, 2, 1], 5));
}
