//! Everything at once, for what writes it out and reads it in: other than requests, both see all users' rows. Servers and
//! sources are [`super::transfer_servers`]'s.

use super::{Db, Tx, connectors, users, worker::Worker};
use crate::{
    Error,
    connectors::{DefinitionSet, Logo},
};
use patchbay_domain::{
    connector::ConnectorMode,
    ids::{ConnectorId, UserId},
    user::Role,
};

/// A connector with all that is kept of it.
#[derive(Debug)]
pub(crate) struct WholeConnector {
    pub(crate) id: ConnectorId,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) mode: ConnectorMode,
    pub(crate) set: DefinitionSet,
    /// Whether definitions were ever read; else those of the set are what a new row has.
    pub(crate) has_definitions: bool,
    pub(crate) sealed_secret: Option<Vec<u8>>,
    pub(crate) secret_header: Option<String>,
    pub(crate) logo: Option<Logo>,
}

/// An account, without its password.
#[derive(Debug)]
pub(crate) struct WholeUser {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) roles: Vec<Role>,
}

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) connectors: u64,
    pub(crate) users: u64,
    pub(crate) sources: u64,
    pub(crate) servers: u64,
}

impl Db {
    /// A transaction that sees all rows as of one moment, and changes none.
    pub(crate) async fn snapshot(&self) -> Result<Tx, Error> {
        let mut tx = self
            .0
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await?;
        sqlx::query!("SELECT set_config('role', 'patchbay_worker', true) AS role")
            .fetch_one(&mut *tx)
            .await?;
        Ok(Tx { tx, user: None })
    }
}

impl Worker {
    /// Keeps everybody else from changing what an import looks at and writes, until the transaction ends.
    ///
    /// The pool, connectors, servers, their tools: in the order in which others take them. Others lock a row and write
    /// to it later, so they may not even begin meanwhile: under a weaker lock they would hold rows that an import waits
    /// for while they wait for it. Accounts are never locked before they are written to, and signing in, which refers to
    /// them, goes on.
    pub(crate) async fn lock_for_import(&mut self) -> Result<(), Error> {
        self.lock_pool().await?;
        sqlx::query!("LOCK TABLE mcp_connectors, sources, mcp_servers, mcp_server_bindings, mcp_server_tools, mcp_server_tool_settings IN EXCLUSIVE MODE")
            .execute(self.tx().conn())
            .await?;
        sqlx::query!("LOCK TABLE users, user_roles IN SHARE ROW EXCLUSIVE MODE")
            .execute(self.tx().conn())
            .await?;
        Ok(())
    }
}

/// For transactions that see all rows.
impl Tx {
    /// The connectors of these names, or all of them.
    pub(crate) async fn whole_connectors(&mut self, names: Option<&[String]>) -> Result<Vec<WholeConnector>, Error> {
        let rows = sqlx::query!(
            r#"SELECT c.id AS "id!", c.name AS "name!", c.description AS "description!", c.mode AS "mode!", c.url AS "url!",
                      c.mcp_url, c.version AS "version!", c.tools::text AS "tools!", c.tools_count AS "tools_count!",
                      c.templates::text AS "templates!", c.templates_count AS "templates_count!", c.config::text AS config,
                      c.definitions_sha256 IS NOT NULL AS "has_definitions!", c.secret, c.secret_header,
                      l.content_type AS "content_type?", l.content AS "content?", l.sha256 AS "sha256?"
               FROM mcp_connectors c LEFT JOIN connector_logos l ON l.connector_id = c.id
               WHERE $1::text[] IS NULL OR c.name = ANY($1)"#,
            names
        )
        .fetch_all(self.conn())
        .await?;
        rows.into_iter()
            .map(|row| {
                let logo = match (row.content_type, row.content, row.sha256) {
                    (Some(content_type), Some(bytes), Some(sha256)) => Some(Logo {
                        content_type,
                        bytes,
                        sha256: hex::encode(sha256),
                    }),
                    _ => None,
                };
                Ok(WholeConnector {
                    id: row.id.into(),
                    name: row.name,
                    description: row.description,
                    mode: connectors::mode(&row.mode),
                    set: DefinitionSet {
                        url: row.url,
                        mcp_url: row.mcp_url,
                        version: row.version,
                        tools: connectors::raw(row.tools)?,
                        tools_count: row.tools_count.unsigned_abs(),
                        templates: connectors::raw(row.templates)?,
                        templates_count: row.templates_count.unsigned_abs(),
                        config: row.config.map(connectors::raw).transpose()?,
                    },
                    has_definitions: row.has_definitions,
                    sealed_secret: row.secret,
                    secret_header: row.secret_header,
                    logo,
                })
            })
            .collect()
    }

    /// The users of these addresses, in lower case, or all of them.
    pub(crate) async fn whole_users(&mut self, emails: Option<&[String]>) -> Result<Vec<WholeUser>, Error> {
        let rows = sqlx::query!(
            r#"SELECT id, email, ARRAY(SELECT role::text FROM user_roles WHERE user_id = users.id ORDER BY role) AS "roles!"
               FROM users WHERE $1::text[] IS NULL OR lower(email) = ANY($1)"#,
            emails
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| WholeUser {
                id: row.id.into(),
                email: row.email,
                roles: users::roles(&row.roles),
            })
            .collect())
    }

    /// How many servers each of these users has, deleted ones included.
    pub(crate) async fn count_servers_of(&mut self, users: &[UserId]) -> Result<Vec<(UserId, u64)>, Error> {
        let rows = sqlx::query!(
            r#"SELECT user_id, count(*) AS "total!" FROM mcp_servers WHERE user_id = ANY($1) GROUP BY user_id"#,
            &users.iter().map(|id| id.0).collect::<Vec<_>>()
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.user_id.into(), super::count(Some(row.total))))
            .collect())
    }

    /// How many superusers there are beside these users, whose accounts can be used.
    pub(crate) async fn count_other_superusers(&mut self, users: &[UserId]) -> Result<u64, Error> {
        let total = sqlx::query_scalar!(
            "SELECT count(*) FROM user_roles r JOIN users u ON u.id = r.user_id
             WHERE r.role = 'superuser' AND u.disabled_at IS NULL AND r.user_id <> ALL($1)",
            &users.iter().map(|id| id.0).collect::<Vec<_>>()
        );
        Ok(super::count(total.fetch_one(self.conn()).await?))
    }

    pub(crate) async fn totals(&mut self) -> Result<Totals, Error> {
        let row = sqlx::query!(
            "SELECT (SELECT count(*) FROM mcp_connectors) AS connectors, (SELECT count(*) FROM users) AS users,
                    (SELECT count(*) FROM sources) AS sources, (SELECT count(*) FROM mcp_servers) AS servers"
        )
        .fetch_one(self.conn())
        .await?;
        Ok(Totals {
            connectors: super::count(row.connectors),
            users: super::count(row.users),
            sources: super::count(row.sources),
            servers: super::count(row.servers),
        })
    }

    /// The identifiers of the connectors of these names.
    pub(crate) async fn connector_ids(&mut self, names: &[String]) -> Result<Vec<(String, ConnectorId)>, Error> {
        let rows = sqlx::query!("SELECT id, name FROM mcp_connectors WHERE name = ANY($1)", names)
            .fetch_all(self.conn())
            .await?;
        Ok(rows.into_iter().map(|row| (row.name, row.id.into())).collect())
    }

    /// Says where a connector is, where its definitions stay as they are.
    pub(crate) async fn put_connector_source(
        &mut self,
        id: ConnectorId,
        url: &str,
        mcp_url: Option<&str>,
        version: &str,
    ) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE mcp_connectors SET url = $2, mcp_url = $3, version = $4 WHERE id = $1",
            id.0,
            url,
            mcp_url,
            version
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Gives a user these roles and no others.
    pub(crate) async fn put_roles(&mut self, id: UserId, roles: &[Role]) -> Result<(), Error> {
        let words: Vec<String> = roles.iter().map(|role| role.as_str().to_owned()).collect();
        sqlx::query!(
            "DELETE FROM user_roles WHERE user_id = $1 AND role <> ALL($2)",
            id.0,
            &words
        )
        .execute(self.conn())
        .await?;
        sqlx::query!(
            "INSERT INTO user_roles (user_id, role) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING",
            id.0,
            &words
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
