//! The real server, from the outside: over HTTP, on a database of each test's own, with real upstreams and clients.
//!
//! What a rule is, is tested where the rule is; here it is tested that every door keeps it.

#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "all of this is tests")]

mod support;

mod accounts;
mod activate;
mod add;
mod api_docs;
mod assets;
mod audit;
mod audit_command;
mod audit_list;
mod authz_coverage;
mod bad_input;
mod changes;
mod command_line;
mod deletion;
mod directions;
mod drift_gateway;
mod dynamic_tools;
mod etags;
mod foreign;
mod gateway;
mod gateway_refusals;
mod http;
mod idempotency;
mod isolation;
mod lists;
mod modes;
mod openapi;
mod openapi_answers;
mod own_account;
mod pages;
mod rate_limits;
mod register;
mod remove;
mod replicas;
mod robust;
mod same_origin;
mod secrets;
mod servers;
mod servers_of_sources;
mod sessions;
mod sources;
mod sources_gateway;
mod stopping;
mod transfer_command;
mod user_command;
mod users;
mod versions;
mod warnings;
