//! Calls over time: of all of a person's servers, and of one.

mod of_all;
mod of_server;
mod range;
mod series;
mod shown;
mod tables;

pub(crate) use of_all::ActivityPage;
pub(crate) use of_server::ServerActivityPage;
pub(crate) use range::Range;
pub(crate) use series::bars;
