//! The first page after signing in: how things are, and what to do next.

mod attention;
mod next_steps;
mod page;

pub(crate) use page::OverviewPage;
