//! A connector to try Patchbay with, and to copy: notes kept in a file, offered as MCP tools.
//!
//! From the outside in: `server` (the process), `http` (three routes), `manifest` (`/connector.json`), `connector`
//! (the MCP server) with its `tools` and `templates`, `settings` (what a source is configured with), and below them
//! the notes: `notes` (in memory), `note` (the rules for one), `file` (on the disk).

mod clock;
mod connector;
mod error;
mod file;
mod http;
mod manifest;
mod note;
mod notes;
mod server;
mod settings;
mod templates;
mod tools;

pub use file::FileError;
pub use server::{Options, Server, StartError};
