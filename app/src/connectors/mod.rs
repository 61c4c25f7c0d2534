//! The catalogue: its list with the register form, a connector's page, activation, and making a server from one.

mod activate;
mod api;
mod card;
mod create_server;
mod detail;
mod list;
mod register;
mod tools;
mod words;

#[cfg(feature = "ssr")]
pub(crate) use api::connector_ref;
pub(crate) use create_server::CreateServerPage;
pub(crate) use detail::ConnectorPage;
pub(crate) use list::ConnectorsPage;
