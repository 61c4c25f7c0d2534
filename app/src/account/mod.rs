//! Coming in and going out. These forms are always posted plainly: everything on the page changes with them.

pub(crate) mod api;
mod sign_in;
mod sign_up;

pub(crate) use sign_in::SignInPage;
pub(crate) use sign_up::SignUpPage;
