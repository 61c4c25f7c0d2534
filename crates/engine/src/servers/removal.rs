//! Deleting servers, so that they can be restored or for good.

use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject},
    error::NotFound,
    sources::not_edited,
};
use patchbay_domain::{Timestamp, ids::ServerId};
use serde_json::json;

impl Engine {
    /// Deletes a server: it stops answering at once and keeps its endpoint, so that it can be restored. `seen` is the
    /// version that somebody decided about, if they say.
    ///
    /// # Errors
    /// [`NotFound::Server`], [`Error::Edited`], or a failing database.
    pub async fn delete_server(&self, actor: &Actor, id: ServerId, seen: Option<Timestamp>) -> Result<(), Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        let standing = tx.lock_server(id).await?.ok_or(NotFound::Server)?;
        if !standing.is_deleted {
            not_edited(seen, standing.updated_at)?;
        }
        if !tx.delete_mcp_server(id, self.clock().now()).await? {
            return Err(NotFound::Server.into());
        }
        let before = json!({
            "endpoint": self.endpoints().url(&standing.endpoint),
            "connector_id": standing.connector_id,
            "source_ids": standing.source_ids,
        });
        let entry = Entry::new("server.delete", Subject::server(id, &standing.name)).before(before);
        self.commit(tx, &actor.who(), vec![entry]).await
    }

    /// Undoes that: the server answers again, at its endpoint, to its tokens. For its owner and for admins. One that isn't
    /// deleted stays as it is. `seen` is the version that somebody decided about, if they say.
    ///
    /// # Errors
    /// [`NotFound::Server`], [`Error::Edited`], or a failing database.
    pub async fn restore_server(&self, actor: &Actor, id: ServerId, seen: Option<Timestamp>) -> Result<(), Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        if let Some(server) = tx.lock_server(id).await? {
            not_edited(seen, server.updated_at)?;
            if !tx.restore_mcp_server(id).await? {
                return Ok(());
            }
            let entry = Entry::new("server.restore", Subject::server(id, &server.name));
            return self.commit(tx, &actor.who(), vec![entry]).await;
        }
        if !actor.is_admin() {
            return Err(NotFound::Server.into());
        }
        // It is somebody else's, or nobody's: this transaction would find only the admin's own.
        drop(tx);
        let mut worker = self.db().worker().await?;
        let server = worker.lock_any_server(id).await?.ok_or(NotFound::Server)?;
        not_edited(seen, server.updated_at)?;
        if !server.is_deleted {
            return Ok(());
        }
        worker.tx().restore_mcp_server(id).await?;
        let entry =
            Entry::new("server.restore", Subject::server(id, &server.name)).after(json!({"user_id": server.owner}));
        self.commit_worker(worker, &actor.who(), vec![entry]).await
    }

    /// Deletes anybody's server for good, whether or not it was deleted before, with its tokens, tools and counted calls.
    /// Its endpoint is free again. For admins. `seen` is the version that somebody decided about, if they say.
    ///
    /// # Errors
    /// [`crate::error::Denied::Admin`], [`NotFound::Server`], [`Error::Edited`], or a failing database.
    pub async fn hard_delete_server(&self, actor: &Actor, id: ServerId, seen: Option<Timestamp>) -> Result<(), Error> {
        actor.require_admin()?;
        let mut worker = self.db().worker().await?;
        let server = worker.lock_any_server(id).await?.ok_or(NotFound::Server)?;
        not_edited(seen, server.updated_at)?;
        worker.hard_delete_mcp_server(id).await?;
        let before = json!({
            "endpoint": self.endpoints().url(&server.endpoint),
            "user_id": server.owner,
            "deleted": server.is_deleted,
        });
        let entry = Entry::new("server.hard_delete", Subject::server(id, &server.name)).before(before);
        self.commit_worker(worker, &actor.who(), vec![entry]).await
    }
}
