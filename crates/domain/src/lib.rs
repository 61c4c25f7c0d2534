//! The words that every part of Patchbay shares: identifiers, checked values, requests, views and field errors.
//!
//! Compiled to WASM as well as to the host, so nothing here does I/O, reads a clock or draws randomness, and each
//! dependency is paid for by the browser. Rules that need a database or the network live in the engine.

pub mod account;
pub mod audit;
pub mod changes;
pub mod connector;
pub mod field;
pub mod ids;
pub mod overview;
pub mod page;
#[cfg(feature = "schema")]
mod schema;
pub mod schema_form;
pub mod server;
pub mod source;
pub mod timestamp;
pub mod tool;
pub mod usage;
pub mod user;

pub use timestamp::Timestamp;
