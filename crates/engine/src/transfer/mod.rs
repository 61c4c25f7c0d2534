//! The whole configuration as one document: connectors, users, sources and servers, written out and read in again.
//!
//! A document has no secrets, only the names of variables in their places; nothing that changes by itself; and no
//! identifiers, for names say which is which. What it looks like is [`document`]'s and [`read`]'s matter, what it would
//! change is [`plan`]'s, and writing that is [`import`]'s.

mod document;
mod export;
mod fields;
mod hidden;
mod import;
mod node;
mod plan;
mod problems;
mod read;
mod read_server;
mod reference;
mod registry;
mod report;
mod server_entry;
mod source_key;
mod write_servers;
mod yaml;

pub use document::{Document, Format};
pub use problems::Remark;
pub use reference::{SECRET_PREFIX, Secrets};
pub use report::{Change, Counts, Kind, Member, Report};
