//! The protocol layer as clients see it, against real upstreams on loopback. Tokens, routes and the database are not
//! part of it.

mod bindings;
mod calls;
mod door;
mod streams;
mod support;
mod tools;
