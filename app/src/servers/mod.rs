//! A person's MCP servers: the lists, making one, and a server's page with its endpoint, clients, sources, tools and tokens.

mod trial;

#[cfg(feature = "ssr")]
mod pages {
    pub(crate) use super::{
        all::AllServersPage,
        create::{NewServer, NewServerPage},
        create_tool::CreateToolPage,
        detail::ServerPage,
        edit::EditServerPage,
        list::ServersPage,
        table::ServerTable,
    };
}
#[cfg(feature = "ssr")]
pub(crate) use pages::*;

#[cfg(feature = "ssr")]
mod all;
#[cfg(feature = "ssr")]
mod api;
#[cfg(feature = "ssr")]
mod arrange;
#[cfg(feature = "ssr")]
mod bindings;
#[cfg(feature = "ssr")]
mod clients;
#[cfg(feature = "ssr")]
mod connect;
#[cfg(feature = "ssr")]
mod connector_state;
#[cfg(feature = "ssr")]
mod create;
#[cfg(feature = "ssr")]
mod create_tool;
#[cfg(feature = "ssr")]
mod delete;
#[cfg(feature = "ssr")]
mod delete_tool;
#[cfg(feature = "ssr")]
mod deleted;
#[cfg(feature = "ssr")]
mod detail;
#[cfg(feature = "ssr")]
mod duplicate;
#[cfg(feature = "ssr")]
mod edit;
#[cfg(feature = "ssr")]
mod edit_tool;
#[cfg(feature = "ssr")]
mod erase;
#[cfg(feature = "ssr")]
mod list;
#[cfg(feature = "ssr")]
mod query;
#[cfg(feature = "ssr")]
mod remove_source;
#[cfg(feature = "ssr")]
mod source_choice;
#[cfg(feature = "ssr")]
mod table;
#[cfg(feature = "ssr")]
mod tabs;
#[cfg(feature = "ssr")]
mod template_form;
#[cfg(feature = "ssr")]
mod tokens;
#[cfg(feature = "ssr")]
mod tool;
#[cfg(feature = "ssr")]
mod tools;
