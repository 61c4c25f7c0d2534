//! The first minutes of an installation: making its first superuser.

mod token;

#[cfg(feature = "ssr")]
mod api;
#[cfg(feature = "ssr")]
mod page;

#[cfg(feature = "ssr")]
pub(crate) use page::SetUpPage;
