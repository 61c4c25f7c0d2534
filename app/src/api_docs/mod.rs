//! The API's documentation, for people: what the API's own description says, as pages.
//!
//! They need nobody to be signed in, and no scripts. [`read`] takes the description apart, [`fields`] makes tables out of
//! its schemas, and [`curl`] command lines.

mod curl;
mod fields;
mod frame;
mod operation;
mod overview;
mod read;
mod section;
mod text;

pub(crate) use overview::ApiDocsPage;
pub use read::ApiDocs;
pub(crate) use section::ApiSectionPage;
