//! Coming in and going out. These forms are always sent the plain way: everything on the page changes with them.

mod api;
mod sign_in;
mod sign_up;

pub(crate) use api::SignOut;
pub(crate) use sign_in::SignInPage;
pub(crate) use sign_up::SignUpPage;
