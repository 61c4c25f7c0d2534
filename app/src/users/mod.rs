//! The people who have an account, for superusers: the list, a user's page, and invitations.

mod api;
mod delete;
mod detail;
mod disable;
mod filters;
mod invitations;
mod invite;
mod list;
mod manage;
mod query;
mod words;

pub(crate) use detail::UserPage;
pub(crate) use invitations::InvitationsPage;
pub(crate) use list::UsersPage;
pub(crate) use words::roles;
