//! What the audit log says of accounts: everything that was done, and nothing that opens one.

use super::{rows, sign_in, superuser_here};
use crate::{engine, password, user, who};
use patchbay_domain::{
    account::{CreateInvitation, CreateToken},
    user::{Role, UpdateUser},
};
use sqlx::PgPool;
use std::collections::HashSet;

#[sqlx::test(migrations = false)]
async fn every_change_of_an_account_has_its_row_and_no_row_has_a_secret_or_a_name(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    let mut secrets = vec!["correct horse".to_owned(), "another password".to_owned()];

    let new = CreateInvitation {
        email: Some("ada@example.org".into()),
        roles: vec![Role::Admin],
    };
    let invitation = engine.create_invitation(&root, new).await.unwrap();
    let token = invitation.token.as_str().into();
    let ada = engine
        .sign_up(&who(), "ada@example.org", &password(), Some(&token))
        .await
        .unwrap();
    secrets.push(invitation.token);
    let spare = engine
        .create_invitation(&root, CreateInvitation::default())
        .await
        .unwrap();
    engine.revoke_invitation(&root, spare.view.id).await.unwrap();
    secrets.push(spare.token);

    let (here, _) = sign_in(&engine, "ada@example.org").await;
    let (other, _) = sign_in(&engine, "ada@example.org").await;
    engine.revoke_session(&here, other.session.unwrap()).await.unwrap();
    let new = CreateToken {
        name: "CI".into(),
        expires_at: None,
    };
    let created = engine.create_api_token(&here, new).await.unwrap();
    engine.revoke_api_token(&here, created.view.id).await.unwrap();
    secrets.push(created.token);
    engine
        .change_password(&here, &password(), &"another password".into())
        .await
        .unwrap();
    let link = engine.create_reset_link(&root, ada.user.id).await.unwrap();
    let token = link.token.as_str().into();
    engine.reset_password(&who(), &token, &password()).await.unwrap();
    secrets.push(link.token);
    for update in [
        UpdateUser {
            roles: Some(Vec::new()),
            disabled: Some(true),
        },
        UpdateUser {
            roles: None,
            disabled: Some(false),
        },
    ] {
        engine.update_user(&root, ada.user.id, update).await.unwrap();
    }
    user(&engine, "bob@example.org").await;
    engine.delete_user_named(&who(), "bob@example.org").await.unwrap();

    let every: Vec<(String, String)> =
        sqlx::query_as("SELECT action, audit_events::text FROM audit_events ORDER BY seq")
            .fetch_all(&pool)
            .await
            .unwrap();
    let actions: HashSet<&str> = every.iter().map(|(action, _)| action.as_str()).collect();
    for action in [
        "invitation.create",
        "invitation.revoke",
        "user.sign_up",
        "session.create",
        "session.end",
        "api_token.create",
        "api_token.revoke",
        "user.password",
        "user.reset_link",
        "user.reset_password",
        "user.update",
        "user.disable",
        "user.enable",
        "user.delete",
    ] {
        assert!(actions.contains(action), "{action} is missing");
    }
    for (action, row) in &every {
        assert!(!row.contains('@'), "{action} names somebody: {row}");
        for secret in &secrets {
            assert!(!row.contains(secret.as_str()), "{action} has a secret: {row}");
        }
    }
    let invited = rows(&engine, "invitation.create").await.remove(0);
    let signed_up = rows(&engine, "user.sign_up").await.remove(0);
    assert_eq!(
        signed_up.after.unwrap()["invitation_id"],
        invited.subject_id.unwrap().to_string(),
        "so that one finds who invited them"
    );
    let reset = rows(&engine, "user.reset_password").await.remove(0);
    assert_eq!(reset.actor_id, Some(ada.user.id));
    assert_eq!(reset.actor.as_deref(), Some("ada@example.org"), "the side table knows");
}
