//! A person's account. Coming in and going out: these forms are always sent the plain way, because everything on the page changes
//! with them. And the account page: password, second factor, sessions, API tokens, the end.

mod api;
mod belongings;
mod delete;
mod page;
mod password;
mod reset_password;
mod second_factor;
mod sessions;
mod sign_in;
mod sign_in_code;
mod sign_up;
mod signed_in;
mod tokens;

pub(crate) use api::{SignOut, confirm_email};
pub(crate) use belongings::{BelongingsList, belongings_words};
pub(crate) use page::AccountPage;
pub(crate) use reset_password::ResetPasswordPage;
pub(crate) use second_factor::SecondFactorPage;
pub(crate) use sign_in::SignInPage;
pub(crate) use sign_in_code::SignInCodePage;
pub(crate) use sign_up::SignUpPage;
