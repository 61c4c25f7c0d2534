//! What tests start with: a server, people who use it, services to connect.

pub(crate) mod app;
pub(crate) mod client;
pub(crate) mod database;
pub(crate) mod foreign;
pub(crate) mod mcp;
pub(crate) mod rmcp_server;
pub(crate) mod upstream;

pub(crate) use app::App;
pub(crate) use client::{Anonymous, Answer, Superuser, User};
