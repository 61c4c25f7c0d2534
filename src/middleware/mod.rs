//! What happens to every request of the dashboard and the REST API before a handler sees it, one file a concern.
//!
//! The order, and why it is that one, stands in [`crate::router`]. The gateway's requests come through none of this.

pub(crate) mod catch_panic;
pub(crate) mod error_page;
pub(crate) mod identity;
pub(crate) mod known_host;
pub(crate) mod rate_limit;
pub(crate) mod request_info;
pub(crate) mod same_build;
pub(crate) mod same_origin;
pub(crate) mod security_headers;
pub(crate) mod whole_body;
