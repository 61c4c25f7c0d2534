//! The catalogue's server functions: here those that bring a connector in.

mod history;
mod keep;

pub(super) use history::{DECIDE, Decide, RESTORE, Restore};
pub(super) use keep::{DELETE, Delete, SET_MODE, SYNC, SetMode, Sync, UPDATE, Update};

use super::{read::connector_ref, words};
use crate::{
    context::{self, Next},
    error::AppError,
    outcome::Done,
    paths,
};
use leptos::prelude::*;
use patchbay_domain::connector::RegisterConnector;
use patchbay_engine::{Actor, Engine, Error};

/// The register form's name.
pub(super) const REGISTER: &str = "register";
/// The name of the activation form in a dialog.
pub(super) const ACTIVATE: &str = "activate";
/// The name of the one that is offered right after registering, which may be behind that dialog.
pub(super) const ACTIVATE_NEXT: &str = "activate-next";

/// Registers a connector; its activation comes next.
#[server(prefix = "/fn", endpoint = "connectors/register")]
pub(crate) async fn register(
    name: String,
    description: String,
    #[server(default)] secret: String,
) -> Result<Done, AppError> {
    let reply = context::Reply::new(REGISTER, "/connectors#register");
    let reply = reply.keep("name", &name).keep("description", &description);
    let result = async {
        let (engine, actor) = superuser()?;
        let secret = Some(secret);
        let new = RegisterConnector {
            name,
            description,
            secret,
            // It is said with the others that few connectors need: in the dialog that edits one.
            secret_header: None,
        };
        let registered = engine.register_connector(&actor, new).await?;
        let next = Next::to(format!("/connectors?registered={}", registered.connector_id));
        Ok(next.telling(words::registered(&registered.name)))
    };
    reply.finish(result.await).await
}

/// Reads a connector's definitions from its service and activates it. `from` is the page of the form, and `form` says which of
/// its forms it is.
#[server(prefix = "/fn", endpoint = "connectors/activate")]
pub(crate) async fn activate(
    connector_id: String,
    connector_url: String,
    #[server(default)] from: String,
    #[server(default)] form: String,
) -> Result<Done, AppError> {
    let from = paths::local(&from).unwrap_or("/connectors").to_owned();
    let form = if form == ACTIVATE_NEXT { ACTIVATE_NEXT } else { ACTIVATE };
    let reply = context::Reply::new(form, &from).keep("connector_url", &connector_url);
    let result = async {
        let (engine, actor) = superuser()?;
        let connector = connector_ref(&connector_id)?;
        let activated = engine
            .activate_connector(&actor, connector, connector_url.trim())
            .await?;
        let next = Next::to(paths::without(&from, &["activate", "registered"]))
            .telling(words::activated(&activated.connector));
        Ok(next.warning(activated.warnings))
    };
    reply.finish(result.await).await
}

/// The engine and who asks: nothing that was typed is looked at for anybody else.
fn superuser() -> Result<(Engine, Actor), Error> {
    let (engine, actor) = context::signed_in()?;
    actor.require_superuser()?;
    Ok((engine, actor))
}
