//! The two roles that row-level security is written for. They belong to the whole cluster, not to this database, so
//! they are made here, before the numbered migrations, and again at every start.

use super::Db;
use crate::Error;
use thiserror::Error as ThisError;

/// Neither can sign in nor bypass row-level security; the login role may take either on.
const ROLES: [&str; 2] = ["patchbay_app", "patchbay_worker"];

/// The login role may not make roles, and they aren't there.
#[derive(Debug, ThisError)]
#[error(
    "The database's login role may not create the roles that Patchbay needs. Ask an administrator to run:\n\
     CREATE ROLE patchbay_app NOLOGIN NOBYPASSRLS;\n\
     CREATE ROLE patchbay_worker NOLOGIN NOBYPASSRLS;\n\
     GRANT patchbay_app, patchbay_worker TO \"{login}\";"
)]
pub(crate) struct MissingRoles {
    login: String,
}

impl Db {
    /// Makes the roles and grants them to the login role, where that is not so yet. Several processes may do this at
    /// the same time.
    ///
    /// # Errors
    /// [`MissingRoles`], as the source of an internal error, when it isn't allowed.
    pub async fn prepare_roles(&self) -> Result<(), Error> {
        for role in ROLES {
            if !self.has_role(role).await? {
                // Role names can't be parameters. These are literals from above.
                let create = format!(
                    "DO $$ BEGIN
                         IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                             CREATE ROLE {role} NOLOGIN NOBYPASSRLS;
                         END IF;
                     EXCEPTION WHEN duplicate_object OR unique_violation THEN
                         NULL;
                     END $$"
                );
                self.or_missing(sqlx::query(&create).execute(&self.0).await).await?;
                let grant = format!(
                    "DO $$ BEGIN
                         EXECUTE format('GRANT {role} TO %I', current_user);
                     EXCEPTION WHEN unique_violation OR SQLSTATE 'XX000' THEN
                         NULL; -- granted by another process at this moment
                     END $$"
                );
                self.or_missing(sqlx::query(&grant).execute(&self.0).await).await?;
            }
        }
        Ok(())
    }

    async fn has_role(&self, role: &str) -> Result<bool, Error> {
        let has = sqlx::query_scalar!(
            r#"SELECT EXISTS (
                   SELECT FROM pg_roles WHERE rolname = $1 AND pg_has_role(current_user, oid, 'MEMBER')
               ) AS "has!""#,
            role
        )
        .fetch_one(&self.0)
        .await?;
        Ok(has)
    }

    async fn or_missing<T>(&self, result: Result<T, sqlx::Error>) -> Result<(), Error> {
        const INSUFFICIENT_PRIVILEGE: &str = "42501";
        match result {
            Ok(_) => Ok(()),
            Err(error) => {
                let code = error
                    .as_database_error()
                    .and_then(|error| error.code().map(std::borrow::Cow::into_owned));
                if code.as_deref() == Some(INSUFFICIENT_PRIVILEGE) {
                    let login = sqlx::query_scalar!(r#"SELECT current_user::text AS "login!""#)
                        .fetch_one(&self.0)
                        .await?;
                    Err(Error::internal(MissingRoles { login }))
                } else {
                    Err(error.into())
                }
            }
        }
    }
}
