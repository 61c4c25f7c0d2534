//! How a connector is configured, by a source or by a server of its own: the form for it, and what stands in it, for reading.

mod facts;
mod fields;
mod form;

pub(crate) use facts::ConfigurationFacts;
pub(crate) use fields::ConfigurationFields;
pub(crate) use form::ConfigurationForm;
