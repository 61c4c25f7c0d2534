//! The parts that pages are made of. A part knows no page, no server function and no colour: those are in `style/`.

mod badge;
mod confirm;
mod copy_field;
mod dialog;
mod empty_state;
mod error_state;
mod field;
mod form;
mod icon;
mod load;
mod logo;
mod page_header;
mod pager;
mod schema_fields;
mod search;
mod stat;
mod time_ago;

pub(crate) use badge::ModeBadge;
pub(crate) use confirm::Confirm;
pub(crate) use copy_field::{CopyBlock, CopyLine};
pub(crate) use dialog::Dialog;
pub(crate) use empty_state::EmptyState;
pub(crate) use error_state::ErrorState;
pub(crate) use field::{Control, Field};
pub(crate) use form::{FormBody, FormState, Hidden, Submit, flash_only, use_form};
pub(crate) use icon::{Icon, IconView};
pub(crate) use load::{load, load_frame};
pub(crate) use logo::Logo;
pub(crate) use page_header::PageHeader;
pub(crate) use pager::Pager;
pub(crate) use schema_fields::SchemaFields;
pub(crate) use search::Search;
pub(crate) use stat::{Stat, count, things};
pub(crate) use time_ago::TimeAgo;
