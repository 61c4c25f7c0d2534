//! The first minutes of an installation: making its first superuser.

mod api;
mod page;

pub(crate) use page::SetUpPage;
