//! The servers' server functions: here what they share.

mod own;
mod sources;
mod tokens;
mod tools;

pub(crate) use own::{CREATE_SERVER, CreateServer};
pub(super) use own::{
    DELETE_SERVER, DUPLICATE_SERVER, DeleteServer, DuplicateServer, ERASE_SERVER, EraseServer, RESTORE_SERVER,
    RestoreServer, UPDATE_SERVER, UpdateServer,
};
pub(super) use sources::{ARRANGE_SOURCES, ArrangeSources};
pub(super) use tokens::{CREATE_TOKEN, CreateToken, REVOKE_TOKEN, RevokeToken};
pub(super) use tools::{
    ARRANGE_TOOLS, ArrangeTools, CREATE_TOOL, CreateTool, DELETE_TOOL, DeleteTool, TryTool, UPDATE_TOOL, UpdateTool,
    try_form,
};

use patchbay_domain::{
    field::{FieldError, FieldErrors},
    ids::ServerId,
};
use patchbay_engine::{Error, error::NotFound};

/// The map in which a server's own configuration is sent.
pub(crate) const CONFIGURATION: &str = "configuration";

/// All that is wrong is told at once, what was checked apart from the rest too.
fn with<T>(mut errors: FieldErrors, field: &str, checked: Result<T, FieldError>) -> FieldErrors {
    errors.check(field, checked);
    errors
}

pub(super) fn parse(id: &str) -> Result<ServerId, Error> {
    id.parse().map_err(|_| NotFound::Server.into())
}
