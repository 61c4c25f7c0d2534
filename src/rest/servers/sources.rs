//! The sources of a server, one at a time.

use super::{
    super::{
        Endpoint, Error,
        extract::{Caller, Path},
        version::{IfMatch, Tagged},
    },
    server_id,
};
use crate::state::AppState;
use axum::{
    extract::State,
    http::{Method, StatusCode},
    routing::{delete, post, put},
};
use patchbay_domain::server::ServerView;

const PATH: &str = "/api/mcp-servers/{id}/sources/{source_id}";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::POST, PATH, post(add)).doc("add_source_to_mcp_server", |doc| {
            doc.summary("Add a source to a server")
                .about("Behind the others; one that is there already stays where it is.")
                .owner()
                .if_match()
                .etag()
                .answer::<ServerView>(200, "The server as it is now")
                .fails(
                    400,
                    "INVALID_SOURCE_ID",
                    "The path names nothing that could be a source.",
                )
                .fails(400, "SOURCE_NOT_FOUND", "The source isn't there, or isn't yours.")
        }),
        Endpoint::new(Method::PUT, PATH, put(add)).doc("put_source_on_mcp_server", |doc| {
            doc.summary("Add a source to a server, as with POST")
                .about("Behind the others; one that is there already stays where it is.")
                .owner()
                .if_match()
                .etag()
                .answer::<ServerView>(200, "The server as it is now")
                .fails(
                    400,
                    "INVALID_SOURCE_ID",
                    "The path names nothing that could be a source.",
                )
                .fails(400, "SOURCE_NOT_FOUND", "The source isn't there, or isn't yours.")
        }),
        Endpoint::new(Method::DELETE, PATH, delete(remove)).doc("remove_source_from_mcp_server", |doc| {
            doc.summary("Remove a source from a server")
                .about("The source stays.")
                .owner()
                .if_match()
                .etag()
                .answer::<ServerView>(200, "The server as it is now")
                .fails(
                    400,
                    "INVALID_SOURCE_ID",
                    "The path names nothing that could be a source.",
                )
                .fails(400, "SOURCE_NOT_FOUND", "The source isn't there, or isn't yours.")
        }),
    ]
}

/// Puts a source behind the server's others; one that is there already stays where it is.
async fn add(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((server, source)): Path<(String, String)>,
    if_match: IfMatch,
) -> Result<Tagged<ServerView>, Error> {
    let server = server_id(&server)?;
    let server = state
        .engine
        .add_source_to_server(&actor, server, &source, if_match.version()?)
        .await?;
    Ok(Tagged(StatusCode::OK, server))
}

/// Takes a source away from the server. The source stays.
async fn remove(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((server, source)): Path<(String, String)>,
    if_match: IfMatch,
) -> Result<Tagged<ServerView>, Error> {
    let server = server_id(&server)?;
    let server = state
        .engine
        .remove_source_from_server(&actor, server, &source, if_match.version()?)
        .await?;
    Ok(Tagged(StatusCode::OK, server))
}
