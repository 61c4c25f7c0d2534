//! What people see: the dashboard's pages and their server functions.
//!
//! A feature is a folder: `api.rs` has its server functions, each other file a page or a part of one.
//! Pages are rendered on the server (feature `ssr`) and never leave it; what has to move in the browser is an island
//! (`#[island]`), and islands are all that is compiled to WASM (feature `hydrate`). With scripts off everything is whole all
//! the same, because every form is a real one. What pages are made of is in `ui`, what stands around them in `layout`, and
//! how they look in `style/`. Only [`context`] knows the request.

// `#[component]` writes `pub` items into modules that are not, and a component owns its properties.
#![allow(unreachable_pub, clippy::needless_pass_by_value)]

#[cfg(all(feature = "ssr", feature = "hydrate"))]
compile_error!("`ssr` and `hydrate` are for different targets: choose one");

mod browser;
mod error;
mod outcome;
mod servers;
mod ui;

#[cfg(feature = "ssr")]
mod account;
#[cfg(feature = "ssr")]
mod activity;
#[cfg(feature = "ssr")]
mod api_docs;
#[cfg(feature = "ssr")]
mod audit;
#[cfg(feature = "ssr")]
mod configuration;
#[cfg(feature = "ssr")]
mod connectors;
#[cfg(feature = "ssr")]
pub mod context;
#[cfg(feature = "ssr")]
mod expiry;
#[cfg(feature = "ssr")]
mod layout;
#[cfg(feature = "ssr")]
mod not_found;
#[cfg(feature = "ssr")]
mod overview;
#[cfg(feature = "ssr")]
mod paths;
#[cfg(feature = "ssr")]
mod routes;
#[cfg(feature = "ssr")]
mod setup;
#[cfg(feature = "ssr")]
mod shell;
#[cfg(feature = "ssr")]
mod sources;
#[cfg(feature = "ssr")]
mod users;

#[cfg(feature = "ssr")]
pub use api_docs::ApiDocs;
#[cfg(feature = "ssr")]
pub use error::AppError;
#[cfg(feature = "ssr")]
pub use routes::App;
#[cfg(feature = "ssr")]
pub use shell::{Assets, shell};
