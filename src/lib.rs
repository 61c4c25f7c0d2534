//! The Patchbay process: reads its configuration, opens the database, puts the three doors (dashboard, REST API, MCP gateway)
//! on one address, and ends in good order.
//!
//! A library beside a thin program, so that tests start the very same server.

mod assets;
pub mod cli;
pub mod commands;
pub mod config;
pub mod database;
mod device;
mod etag;
mod front;
mod health;
pub mod keys;
pub mod limits;
mod listener;
mod middleware;
pub mod rest;
mod router;
pub mod server;
mod state;
mod telemetry;
