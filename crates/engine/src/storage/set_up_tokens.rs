//! The links that make the first superuser. As the worker: nobody is signed in yet.

use super::worker::Worker;
use crate::Error;
use time::OffsetDateTime;

impl Worker {
    pub(crate) async fn has_superuser(&mut self) -> Result<bool, Error> {
        let has = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM user_roles WHERE role = 'superuser') AS "has!""#);
        Ok(has.fetch_one(self.tx().conn()).await?)
    }

    pub(crate) async fn insert_set_up_token(
        &mut self,
        hash: &[u8; 32],
        expires_at: OffsetDateTime,
    ) -> Result<(), Error> {
        sqlx::query!(
            "INSERT INTO set_up_tokens (token_hash, expires_at) VALUES ($1, $2)",
            hash,
            expires_at
        )
        .execute(self.tx().conn())
        .await?;
        Ok(())
    }

    pub(crate) async fn has_set_up_token(&mut self, hash: &[u8; 32], now: OffsetDateTime) -> Result<bool, Error> {
        let has = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM set_up_tokens WHERE token_hash = $1 AND expires_at > $2) AS "has!""#,
            hash,
            now
        );
        Ok(has.fetch_one(self.tx().conn()).await?)
    }

    pub(crate) async fn delete_set_up_tokens(&mut self) -> Result<(), Error> {
        sqlx::query!("DELETE FROM set_up_tokens")
            .execute(self.tx().conn())
            .await?;
        Ok(())
    }
}
