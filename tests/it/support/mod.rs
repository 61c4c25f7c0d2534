//! What tests start with: a server, people who use it, services to connect.

pub(crate) mod app;
pub(crate) mod client;
pub(crate) mod database;
pub(crate) mod upstream;

pub(crate) use app::App;
pub(crate) use client::{Answer, Anonymous, Superuser, User};
