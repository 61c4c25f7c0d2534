//! A person's sources: the list, making one in two steps, and a source's page with its configuration, its test and the servers
//! that use it.

mod api;
mod create;
mod delete;
mod detail;
mod edit;
mod list;
mod pick;
mod query;
mod read;
mod test;

pub(crate) use api::seen;
pub(crate) use create::{NewSourcePage, path_of_new};
pub(crate) use detail::SourcePage;
pub(crate) use edit::EditSourcePage;
pub(crate) use list::SourcesPage;

use patchbay_domain::source::SourceView;

/// What a source is called: by its owner, or else by its type.
pub(crate) fn title(source: &SourceView) -> String {
    source.name.clone().unwrap_or_else(|| source.kind.clone())
}
