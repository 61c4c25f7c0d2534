//! Which sources a server is made from, and in which order.

use super::parse;
use crate::{
    context::{self, Next, Reply},
    error::AppError,
    outcome::Done,
    servers::arrange::{asked, moved},
    sources::seen,
};
use leptos::prelude::*;
use patchbay_domain::server::UpdateServer as Update;

/// The name of the form that arranges sources.
pub(in crate::servers) const ARRANGE_SOURCES: &str = "arrange-sources";

/// Adds a source, takes one away, or moves one a step: `add`, or `remove:`, `up:` or `down:` and its id. If the server is still
/// the `version` that the page showed.
#[server(prefix = "/fn", endpoint = "servers/sources")]
pub(crate) async fn arrange_sources(
    server_id: String,
    version: String,
    action: String,
    #[server(default)] source_id: String,
) -> Result<Done, AppError> {
    let page = format!("/servers/{server_id}");
    let reply = Reply::new(ARRANGE_SOURCES, format!("{page}#sources"));
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id = parse(&server_id)?;
        let server = engine.server(&actor, id).await?;
        let mut sources: Vec<_> = server.source_ids.iter().map(ToString::to_string).collect();
        let next = match asked(&action) {
            ("add", _) => {
                let next = Next::to(format!("{page}#sources"));
                sources.push(source_id);
                next
            }
            ("remove", source) => {
                sources.retain(|other| other != source);
                Next::to(page.clone()).telling("Source removed from this server.")
            }
            (step, source) => {
                let next = Next::to(format!("{page}#source-{source}"));
                sources = moved(sources, source, step == "up");
                next
            }
        };
        let update = Update {
            source_ids: Some(sources),
            ..Update::default()
        };
        engine.update_server(&actor, id, update, Some(seen(&version)?)).await?;
        Ok(next)
    };
    reply.finish(result.await).await
}
