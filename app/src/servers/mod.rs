//! A person's MCP servers: the list, and a server's page with its endpoint, clients, tools and tokens.

mod api;
mod clients;
mod connect;
mod delete;
mod detail;
mod list;
mod tokens;
mod tools;

pub(crate) use api::{CREATE_SERVER, CreateServer};
pub(crate) use detail::ServerPage;
pub(crate) use list::{ServerTable, ServersPage};
