//! The catalogue: its list with the register form, a connector's page, activation, and making a server from one.

mod api;
mod forms;
mod words;

#[cfg(feature = "ssr")]
mod activate;
#[cfg(feature = "ssr")]
mod card;
#[cfg(feature = "ssr")]
mod create_server;
#[cfg(feature = "ssr")]
mod detail;
#[cfg(feature = "ssr")]
mod list;
#[cfg(feature = "ssr")]
mod read;
#[cfg(feature = "ssr")]
mod register;
#[cfg(feature = "ssr")]
mod tools;

#[cfg(feature = "ssr")]
pub(crate) use create_server::CreateServerPage;
#[cfg(feature = "ssr")]
pub(crate) use detail::ConnectorPage;
#[cfg(feature = "ssr")]
pub(crate) use list::ConnectorsPage;
#[cfg(feature = "ssr")]
pub(crate) use read::connector_ref;
