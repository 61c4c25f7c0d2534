//! The audit log's page, for superusers: what was changed, by whom and from where.

mod difference;
mod event;
mod filters;
mod page;
mod query;
mod words;

pub(crate) use page::AuditPage;
