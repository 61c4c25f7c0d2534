//! Accounts: what opens them, who may change them, and what is left of one that is gone.

mod api_tokens;
mod deletion;
mod invitations;
mod log;
mod passwords;
mod second_factor;
mod sessions;
mod set_up;
mod superusers;

use crate::{password, who};
use futures::TryStreamExt as _;
use patchbay_domain::{
    audit::{AuditEvent, AuditFilter},
    field::FieldErrors,
};
use patchbay_engine::{Actor, Engine, Error};
use std::{fmt::Debug, sync::Arc};
use tower_sessions::Session;

/// Somebody who is signed in with address and password, and their browser's session.
async fn sign_in(engine: &Engine, email: &str) -> (Actor, Session) {
    let proven = engine.sign_in(email, &password(), None).await.unwrap();
    let session = Session::new(None, Arc::new(engine.session_store()), None);
    engine
        .begin_session(&who(), &session, &proven, "a browser")
        .await
        .unwrap();
    let actor = engine.actor_of_session(&session).await.unwrap().unwrap();
    (actor, session)
}

/// A superuser of this address, signed in.
async fn superuser_here(engine: &Engine, email: &str) -> Actor {
    engine.create_user(&who(), email, &password(), true).await.unwrap();
    sign_in(engine, email).await.0
}

/// The fields that were refused.
fn fields<T: Debug>(result: Result<T, Error>) -> FieldErrors {
    match result {
        Err(Error::Invalid(fields)) => fields,
        other => panic!("{other:?}"),
    }
}

/// The audit log's rows of this action, oldest first.
async fn rows(engine: &Engine, action: &str) -> Vec<AuditEvent> {
    let filter = AuditFilter {
        action: Some(action.to_owned()),
        ..AuditFilter::default()
    };
    engine.export_whole_audit(&filter).unwrap().try_collect().await.unwrap()
}
