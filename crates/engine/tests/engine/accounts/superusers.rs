//! What superusers do with accounts, and what they can't.

use super::{rows, sign_in, superuser_here};
use crate::{engine, password, user, who};
use patchbay_domain::{
    account::CreateToken,
    ids::UserId,
    page::PageRequest,
    user::{Role, UpdateUser},
};
use patchbay_engine::{
    Actor, Error,
    error::{Conflict, Denied, NotFound, Unauthenticated},
    transfer::Document,
    users::UserFilter,
};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

fn roles(roles: &[Role]) -> UpdateUser {
    UpdateUser {
        roles: Some(roles.to_vec()),
        disabled: None,
    }
}

fn disabled(disabled: bool) -> UpdateUser {
    UpdateUser {
        roles: None,
        disabled: Some(disabled),
    }
}

fn is_last<T: std::fmt::Debug>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Conflict(Conflict::LastSuperuser)))
}

#[sqlx::test(migrations = false)]
async fn people_are_found_by_address_role_and_state(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    for name in ["ada", "bob", "a_a", "eve"] {
        user(&engine, &format!("{name}@example.org")).await;
    }
    let (ada, _) = sign_in(&engine, "ada@example.org").await;
    engine
        .update_user(&root, ada.user, roles(&[Role::Admin]))
        .await
        .unwrap();
    engine.set_user_disabled(&who(), "EVE@example.org", true).await.unwrap();
    let find = async |filter: UserFilter| -> Vec<String> {
        let found = engine.users(&root, &filter, &PageRequest::default()).await.unwrap();
        assert_eq!(found.total, found.items.len() as u64);
        let names = found.items.into_iter().map(|entry| entry.user.email);
        let mut names: Vec<_> = names.map(|email| email.split('@').next().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let q = |q: &str| UserFilter {
        q: Some(q.into()),
        ..UserFilter::default()
    };
    let role = |role| UserFilter {
        role: Some(role),
        ..UserFilter::default()
    };
    let state = |disabled| UserFilter {
        disabled: Some(disabled),
        ..UserFilter::default()
    };
    assert_eq!(find(UserFilter::default()).await, ["a_a", "ada", "bob", "eve", "root"]);
    assert_eq!(find(q(" ADA@")).await, ["ada"]);
    assert_eq!(find(q("a_a")).await, ["a_a"], "an underscore stands for itself");
    assert!(find(q("%")).await.is_empty());
    assert_eq!(find(role(Role::Superuser)).await, ["root"]);
    assert_eq!(find(role(Role::Admin)).await, ["ada"]);
    assert_eq!(find(state(true)).await, ["eve"]);
    assert_eq!(find(state(false)).await, ["a_a", "ada", "bob", "root"]);

    let entry = engine.user(&root, ada.user).await.unwrap();
    assert_eq!((entry.servers_count, entry.sources_count), (0, 0));
    assert_eq!(entry.last_seen_at.map(|at| at.0), Some(engine.clock().now()));
    let refused = engine.users(&root, &q("\0"), &PageRequest::default()).await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
}

#[sqlx::test(migrations = false)]
async fn everybody_comes_once_a_page_at_a_time(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    for n in 0..6 {
        user(&engine, &format!("user{n}@example.org")).await;
    }
    let mut page = PageRequest {
        limit: Some(3),
        cursor: None,
    };
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let found = engine.users(&root, &UserFilter::default(), &page).await.unwrap();
        assert_eq!(found.total, 7);
        sizes.push(found.items.len());
        seen.extend(found.items.into_iter().map(|entry| entry.user.email));
        page.cursor = found.next_cursor;
        if page.cursor.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [3, 3, 1]);
    assert_eq!(
        seen.first().map(String::as_str),
        Some("user5@example.org"),
        "newest first"
    );
    assert_eq!(seen.last().map(String::as_str), Some("root@example.org"));
}

#[sqlx::test(migrations = false)]
async fn nobody_else_sees_or_changes_accounts(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    let id = user(&engine, "ada@example.org").await.user;
    engine.update_user(&root, id, roles(&[Role::Admin])).await.unwrap();
    let (admin, _) = sign_in(&engine, "ada@example.org").await;
    let filter = UserFilter::default();
    let refused = [
        engine.users(&admin, &filter, &PageRequest::default()).await.map(drop),
        engine.user(&admin, id).await.map(drop),
        engine
            .update_user(&admin, id, roles(&[Role::Superuser]))
            .await
            .map(drop),
        engine.delete_user(&admin, root.user).await.map(drop),
    ];
    for result in refused {
        assert!(matches!(result, Err(Error::Denied(Denied::Superuser))), "{result:?}");
    }
    let nobody: UserId = Uuid::from_u128(7).into();
    let missing = [
        engine.user(&root, nobody).await.map(drop),
        engine.update_user(&root, nobody, disabled(true)).await.map(drop),
        engine.delete_user(&root, nobody).await.map(drop),
        engine.belongings(&root, nobody).await.map(drop),
        engine.belongings(&admin, root.user).await.map(drop),
    ];
    for result in missing {
        assert!(matches!(result, Err(Error::NotFound(NotFound::User))), "{result:?}");
    }
    assert_eq!(engine.belongings(&admin, id).await.unwrap().sessions, 1);
}

#[sqlx::test(migrations = false)]
async fn a_disabled_account_opens_nothing_until_it_is_enabled_again(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    user(&engine, "ada@example.org").await;
    let (ada, session) = sign_in(&engine, "ada@example.org").await;
    let new = CreateToken {
        name: "CI".into(),
        expires_at: None,
    };
    let token = engine.create_api_token(&ada, new).await.unwrap().token;
    let view = engine.me(&ada).await.unwrap();
    let access = engine.access_token(&view, ada.session.unwrap()).unwrap().token;

    let entry = engine.update_user(&root, ada.user, disabled(true)).await.unwrap();
    assert_eq!(entry.user.disabled_at.map(|at| at.0), Some(engine.clock().now()));
    let is_refused = async |token: &str| {
        matches!(
            engine.actor_of_bearer(token).await,
            Err(Error::Unauthenticated(Unauthenticated::BadToken))
        )
    };
    assert!(engine.actor_of_session(&session).await.unwrap().is_none());
    assert!(is_refused(secrecy::ExposeSecret::expose_secret(&access)).await);
    assert!(is_refused(&token).await);
    assert!(engine.sign_in("ada@example.org", &password(), None).await.is_err());
    let again = engine.update_user(&root, ada.user, disabled(true)).await.unwrap();
    assert_eq!(again.user.disabled_at, entry.user.disabled_at);
    assert_eq!(
        rows(&engine, "user.disable").await.len(),
        1,
        "nothing changed the second time"
    );

    engine.update_user(&root, ada.user, disabled(false)).await.unwrap();
    assert!(
        engine.actor_of_session(&session).await.unwrap().is_none(),
        "that session is over"
    );
    assert!(!is_refused(&token).await);
    assert!(engine.sign_in("ada@example.org", &password(), None).await.is_ok());
}

#[sqlx::test(migrations = false)]
async fn roles_are_replaced_and_only_a_change_is_written_down(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    let ada = user(&engine, "ada@example.org").await.user;
    let both = [Role::Superuser, Role::Admin, Role::Superuser];
    let entry = engine.update_user(&root, ada, roles(&both)).await.unwrap();
    assert_eq!(entry.user.roles, [Role::Admin, Role::Superuser]);
    engine.update_user(&root, ada, roles(&both)).await.unwrap();
    engine.update_user(&root, ada, UpdateUser::default()).await.unwrap();
    engine.update_user(&root, ada, roles(&[])).await.unwrap();
    let rows = rows(&engine, "user.update").await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].before, Some(json!({ "roles": [] })));
    assert_eq!(rows[0].after, Some(json!({ "roles": ["admin", "superuser"] })));
}

#[sqlx::test(migrations = false)]
async fn the_last_superuser_stays_one_whatever_is_tried(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    let second = superuser_here(&engine, "second@example.org").await;
    // One that is switched off keeps nothing in order.
    engine.update_user(&root, second.user, disabled(true)).await.unwrap();
    assert!(is_last(
        &engine.update_user(&root, root.user, roles(&[Role::Admin])).await
    ));
    assert!(is_last(&engine.update_user(&root, root.user, disabled(true)).await));
    assert!(is_last(&engine.delete_account(&root, &password()).await));
    assert!(is_last(
        &engine.set_user_disabled(&who(), "root@example.org", true).await
    ));
    assert!(is_last(&engine.delete_user_named(&who(), "root@example.org").await));
    let both = UpdateUser {
        roles: Some(Vec::new()),
        disabled: Some(true),
    };
    assert!(is_last(&engine.update_user(&root, root.user, both).await));
    assert!(engine.me(&root).await.unwrap().is_superuser());
    assert!(rows(&engine, "user.delete").await.is_empty());
    // The one that is off already may go.
    engine.update_user(&root, second.user, roles(&[])).await.unwrap();
    engine.delete_user(&root, second.user).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn what_a_superuser_does_for_others_opens_no_way_round_their_own_password(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    superuser_here(&engine, "second@example.org").await;
    let refused = [
        engine.delete_user(&root, root.user).await.map(drop),
        engine.reset_second_factor(&root, root.user).await,
        engine.create_reset_link(&root, root.user).await.map(drop),
    ];
    for result in refused {
        assert!(
            matches!(result, Err(Error::Conflict(Conflict::OwnAccount))),
            "{result:?}"
        );
    }
    assert!(engine.me(&root).await.is_ok());
}

#[sqlx::test(migrations = false)]
async fn whoever_stops_being_a_superuser_leaves_no_link_for_anybodys_password(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    let ada = user(&engine, "ada@example.org").await.user;
    for end in ["demoted", "disabled", "deleted"] {
        let second = superuser_here(&engine, &format!("{end}@example.org")).await;
        let link = engine.create_reset_link(&second, ada).await.unwrap();
        match end {
            "demoted" => engine.update_user(&root, second.user, roles(&[])).await.map(drop),
            "disabled" => engine.update_user(&root, second.user, disabled(true)).await.map(drop),
            _ => engine.delete_user(&root, second.user).await.map(drop),
        }
        .unwrap();
        let refused = engine
            .reset_password(&who(), &link.token.into(), &"another password".into())
            .await;
        assert!(
            matches!(refused, Err(Error::Denied(Denied::BadResetLink))),
            "{end}: {refused:?}"
        );
    }
}

#[sqlx::test(migrations = false)]
async fn two_superusers_who_demote_disable_or_delete_each_other_at_once_leave_one(pool: PgPool) {
    let engine = engine(&pool).await;
    for round in 0..6 {
        let one = superuser_here(&engine, &format!("one{round}@example.org")).await;
        let two = superuser_here(&engine, &format!("two{round}@example.org")).await;
        if round > 0 {
            // Whoever is left of the round before.
            let filter = UserFilter {
                role: Some(Role::Superuser),
                disabled: Some(false),
                ..UserFilter::default()
            };
            let found = engine.users(&one, &filter, &PageRequest::default()).await.unwrap();
            for entry in found.items {
                if entry.user.id != one.user && entry.user.id != two.user {
                    engine.delete_user(&one, entry.user.id).await.unwrap();
                }
            }
        }
        let act = async |by: &Actor, to: UserId| match round % 3 {
            0 => engine.update_user(by, to, roles(&[])).await.map(drop),
            1 => engine.update_user(by, to, disabled(true)).await.map(drop),
            _ => engine.delete_user(by, to).await.map(drop),
        };
        let (first, second) = tokio::join!(act(&one, two.user), act(&two, one.user));
        assert!(first.is_ok() != second.is_ok(), "{round}: {first:?} {second:?}");
        assert!(is_last(&if first.is_ok() { second } else { first }));
    }
}

#[sqlx::test(migrations = false)]
async fn the_command_line_knows_accounts_by_address(pool: PgPool) {
    let engine = engine(&pool).await;
    superuser_here(&engine, "root@example.org").await;
    user(&engine, "ada@example.org").await;
    let link = engine.create_reset_link_for(&who(), " ADA@example.org ").await.unwrap();
    engine
        .reset_password(&who(), &link.token.into(), &"another password".into())
        .await
        .unwrap();
    let invitation = engine.invite(&who(), Default::default()).await.unwrap();
    assert_eq!(invitation.view.created_by, None);
    for email in ["nobody@example.org", "nobody", "\0"] {
        let missing = [
            engine.set_user_disabled(&who(), email, true).await.map(drop),
            engine.create_reset_link_for(&who(), email).await.map(drop),
            engine.delete_user_named(&who(), email).await.map(drop),
        ];
        for result in missing {
            assert!(
                matches!(result, Err(Error::NotFound(NotFound::User))),
                "{email:?}: {result:?}"
            );
        }
    }
    assert_eq!(
        engine
            .delete_user_named(&who(), "ada@example.org")
            .await
            .unwrap()
            .mcp_servers,
        0
    );
}

#[sqlx::test(migrations = false)]
async fn an_import_neither_takes_the_last_superuser_away_nor_lets_a_program_make_one(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    let second = superuser_here(&engine, "second@example.org").await;
    user(&engine, "ada@example.org").await;
    engine.update_user(&root, second.user, disabled(true)).await.unwrap();
    let import = async |by: &Actor, email: &str, roles: &str| {
        let text = format!("patchbay: 1\nusers:\n  - {{email: {email}, roles: {roles}}}\n");
        let document = Document::parse(text.as_bytes(), None).unwrap();
        engine.import_as(by, &document, false).await
    };
    let demoted = import(&root, "root@example.org", "[admin]").await;
    assert!(
        matches!(&demoted, Err(Error::Invalid(_))) || is_last(&demoted),
        "one that is switched off keeps nothing in order: {demoted:?}"
    );
    assert!(engine.me(&root).await.unwrap().is_superuser());

    let program = Actor {
        session: None,
        ..root.clone()
    };
    let promoted = import(&program, "ada@example.org", "[superuser]").await;
    assert!(matches!(promoted, Err(Error::Denied(Denied::SessionNeeded))));
    import(&root, "ada@example.org", "[superuser]").await.unwrap();
    import(&program, "ada@example.org", "[]").await.unwrap();
}
