//! What people see: the dashboard's pages and their server functions.
//!
//! A feature is a folder: `api.rs` has its server functions, each other file a page or a part of one. Pages are rendered on
//! the server (feature `ssr`) and taken over in the browser (feature `hydrate`); with scripts off they are whole all the
//! same, because every form is a real one. What pages are made of is in `ui`, what stands around them in `layout`, and how
//! they look in `style/`. Only [`context`] knows the request.

// `#[component]` writes `pub` items into modules that are not, and a component owns its properties.
#![allow(unreachable_pub, clippy::needless_pass_by_value)]

#[cfg(all(feature = "ssr", feature = "hydrate"))]
compile_error!("`ssr` and `hydrate` are for different targets: choose one");

mod account;
mod browser;
mod connectors;
#[cfg(feature = "ssr")]
pub mod context;
mod error;
mod layout;
mod not_found;
mod outcome;
mod overview;
mod paths;
mod routes;
mod servers;
mod setup;
#[cfg(feature = "ssr")]
mod shell;
mod ui;

#[cfg(feature = "ssr")]
pub use error::AppError;
pub use routes::App;
#[cfg(feature = "ssr")]
pub use shell::{Assets, shell};
