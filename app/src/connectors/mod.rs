//! The catalogue: its list with the register form, a connector's page with what superusers do there, what its service changed,
//! its past, and making a server from one.

mod activate;
mod api;
mod arguments;
mod card;
mod changes;
mod check;
mod configuration;
mod create_server;
mod delete;
mod detail;
mod edit;
mod facts;
mod filters;
mod impact;
mod keeping;
mod list;
mod mode;
mod query;
mod read;
mod register;
mod tools;
mod version;
mod versions;
mod words;

pub(crate) use changes::ChangesPage;
pub(crate) use create_server::CreateServerPage;
pub(crate) use detail::ConnectorPage;
pub(crate) use list::ConnectorsPage;
pub(crate) use read::{connector_named, connector_ref};
pub(crate) use version::VersionPage;
pub(crate) use versions::VersionsPage;
