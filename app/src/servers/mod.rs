//! A person's MCP servers: the list, and a server's page with its endpoint, clients, tools and tokens.

mod trial;

#[cfg(feature = "ssr")]
mod api;
#[cfg(feature = "ssr")]
mod clients;
#[cfg(feature = "ssr")]
mod connect;
#[cfg(feature = "ssr")]
mod connector_state;
#[cfg(feature = "ssr")]
mod create_tool;
#[cfg(feature = "ssr")]
mod delete;
#[cfg(feature = "ssr")]
mod delete_tool;
#[cfg(feature = "ssr")]
mod detail;
#[cfg(feature = "ssr")]
mod list;
#[cfg(feature = "ssr")]
mod template_form;
#[cfg(feature = "ssr")]
mod tokens;
#[cfg(feature = "ssr")]
mod tools;

#[cfg(feature = "ssr")]
pub(crate) use api::{CREATE_SERVER, CreateServer};
#[cfg(feature = "ssr")]
pub(crate) use create_tool::CreateToolPage;
#[cfg(feature = "ssr")]
pub(crate) use detail::ServerPage;
#[cfg(feature = "ssr")]
pub(crate) use list::{ServerTable, ServersPage};
