//! The audit log: rows are added at its end, read and, as far as they name people, forgotten.
//!
//! As the worker, whatever transaction they come with: no user's role may touch the log.

use super::{count, worker::Worker};
use crate::{
    Clock, Error,
    audit::{AuditHead, AuditKey, Chained, Criteria, Entry, Identity, Row, Who, identities, link},
};
use patchbay_domain::{
    audit::{AuditEvent, Door},
    ids::UserId,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// By how much clocks of machines differ without anybody having to know.
const AHEAD_MAX: Duration = Duration::minutes(1);

impl Worker {
    /// Adds rows, and holds the log's end until the transaction is over.
    pub(crate) async fn append_audit(
        &mut self,
        key: &AuditKey,
        clock: &Clock,
        who: &Who,
        entries: &[Entry],
    ) -> Result<(), Error> {
        let email = match who.user {
            Some(user) => self.email(user).await?,
            None => None,
        };
        self.lock_audit().await?;
        let (head, at) = match self.audit_head().await? {
            // Clocks differ between machines, and are set back. The log's time never goes backwards.
            Some((head, at)) => {
                let now = clock.now();
                if at - now > AHEAD_MAX {
                    tracing::warn!(
                        seconds = (at - now).whole_seconds(),
                        "the audit log's last row is of a later time than it is by this clock: until then every row has that time"
                    );
                }
                (head, at.max(now))
            }
            None => (AuditHead::START, clock.now()),
        };
        let rows = link(key, head, at, who, entries);
        self.insert_audit(&rows).await?;
        let people = identities(key, &rows, who, email.as_deref(), entries);
        self.insert_identities(&people).await
    }

    async fn email(&mut self, user: UserId) -> Result<Option<String>, Error> {
        let email = sqlx::query_scalar!("SELECT email FROM users WHERE id = $1", user.0);
        Ok(email.fetch_optional(self.tx().conn()).await?)
    }

    async fn insert_audit(&mut self, rows: &[Chained]) -> Result<(), Error> {
        let text = |column: fn(&Row) -> &Option<String>| -> Vec<Option<String>> {
            rows.iter().map(|chained| column(&chained.row).clone()).collect()
        };
        sqlx::query!(
            "INSERT INTO audit_events (seq, at, actor_id, door, request_id, action, subject_type, subject_id, subject_name,
                                       before, after, note, key_id, mac)
             SELECT seq, at, actor_id, door, request_id, action, subject_type, subject_id, subject_name,
                    before::json, after::json, note, key_id, mac
             FROM unnest($1::bigint[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
                         $8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bytea[], $14::bytea[])
                  AS r (seq, at, actor_id, door, request_id, action, subject_type, subject_id, subject_name,
                        before, after, note, key_id, mac)",
            &rows.iter().map(|r| r.row.seq).collect::<Vec<_>>(),
            &rows.iter().map(|r| r.row.at).collect::<Vec<_>>(),
            &rows.iter().map(|r| r.row.actor_id).collect::<Vec<_>>() as &[Option<Uuid>],
            &rows.iter().map(|r| r.row.door.clone()).collect::<Vec<_>>(),
            &text(|row| &row.request_id) as &[Option<String>],
            &rows.iter().map(|r| r.row.action.clone()).collect::<Vec<_>>(),
            &rows.iter().map(|r| r.row.subject_type.clone()).collect::<Vec<_>>(),
            &rows.iter().map(|r| r.row.subject_id).collect::<Vec<_>>() as &[Option<Uuid>],
            &text(|row| &row.subject_name) as &[Option<String>],
            &text(|row| &row.before) as &[Option<String>],
            &text(|row| &row.after) as &[Option<String>],
            &text(|row| &row.note) as &[Option<String>],
            &rows.iter().map(|r| r.row.key_id.clone()).collect::<Vec<_>>(),
            &rows.iter().map(|r| r.mac.clone()).collect::<Vec<_>>(),
        )
        .execute(self.tx().conn())
        .await?;
        Ok(())
    }

    /// Whom the rows are about, in words.
    async fn insert_identities(&mut self, people: &[Identity]) -> Result<(), Error> {
        if people.is_empty() {
            return Ok(());
        }
        let text = |column: fn(&Identity) -> &Option<String>| -> Vec<Option<String>> {
            people.iter().map(|person| column(person).clone()).collect()
        };
        sqlx::query!(
            "INSERT INTO audit_identities (seq, part, user_id, email, address, device, mac)
             SELECT seq, part, user_id, email, address, device, mac
             FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bytea[])
                  AS p (seq, part, user_id, email, address, device, mac)",
            &people.iter().map(|person| person.seq).collect::<Vec<_>>(),
            &people.iter().map(|person| person.part.clone()).collect::<Vec<_>>(),
            &people.iter().map(|person| person.user).collect::<Vec<_>>() as &[Option<Uuid>],
            &text(|person| &person.email) as &[Option<String>],
            &text(|person| &person.address) as &[Option<String>],
            &text(|person| &person.device) as &[Option<String>],
            &people.iter().map(|person| person.mac.clone()).collect::<Vec<_>>(),
        )
        .execute(self.tx().conn())
        .await?;
        Ok(())
    }

    /// Whom rows after `after` and up to `until` name, by row.
    pub(crate) async fn audit_people(&mut self, after: i64, until: i64) -> Result<Vec<Identity>, Error> {
        let people = sqlx::query_as!(
            Identity,
            r#"SELECT seq, part, user_id AS "user", email, address, device, mac
               FROM audit_identities WHERE seq > $1 AND seq <= $2 ORDER BY seq, part"#,
            after,
            until
        );
        Ok(people.fetch_all(self.tx().conn()).await?)
    }

    /// The last row, and its time.
    pub(crate) async fn audit_head(&mut self) -> Result<Option<(AuditHead, OffsetDateTime)>, Error> {
        let row = sqlx::query!("SELECT seq, mac, at FROM audit_events ORDER BY seq DESC LIMIT 1")
            .fetch_optional(self.tx().conn())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let mac = row
            .mac
            .try_into()
            .map_err(|_| Error::internal("a mac of the audit log is not 32 bytes"))?;
        let seq = count(Some(row.seq));
        Ok(Some((AuditHead { seq, mac }, row.at)))
    }

    /// The mac of this row, if there is one.
    pub(crate) async fn audit_mac(&mut self, seq: i64) -> Result<Option<Vec<u8>>, Error> {
        let mac = sqlx::query_scalar!("SELECT mac FROM audit_events WHERE seq = $1", seq);
        Ok(mac.fetch_optional(self.tx().conn()).await?)
    }

    /// How many rows match, if there are not more than `max`.
    pub(crate) async fn count_audit(&mut self, criteria: &Criteria, max: i64) -> Result<u64, Error> {
        self.plan_for_these_values().await?;
        let total = sqlx::query_file_scalar!(
            "queries/audit_count.sql",
            criteria.actor.id,
            criteria.actor.pattern,
            criteria.action,
            criteria.subject_type,
            criteria.subject.id,
            criteria.subject.pattern,
            criteria.door,
            criteria.from,
            criteria.to,
            max,
        );
        Ok(count(total.fetch_one(self.tx().conn()).await?))
    }

    /// Rows before `before`, newest first.
    pub(crate) async fn audit_page(
        &mut self,
        criteria: &Criteria,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, Error> {
        self.plan_for_these_values().await?;
        let rows = sqlx::query_file_as!(
            EventRow,
            "queries/audit_page.sql",
            criteria.actor.id,
            criteria.actor.pattern,
            criteria.action,
            criteria.subject_type,
            criteria.subject.id,
            criteria.subject.pattern,
            criteria.door,
            criteria.from,
            criteria.to,
            before,
            i64::from(limit),
        )
        .fetch_all(self.tx().conn())
        .await?;
        rows.into_iter().map(AuditEvent::try_from).collect()
    }

    /// Rows after `after` and up to `until`, oldest first.
    pub(crate) async fn audit_batch(
        &mut self,
        criteria: &Criteria,
        after: u64,
        until: u64,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, Error> {
        self.plan_for_these_values().await?;
        let rows = sqlx::query_file_as!(
            EventRow,
            "queries/audit_batch.sql",
            criteria.actor.id,
            criteria.actor.pattern,
            criteria.action,
            criteria.subject_type,
            criteria.subject.id,
            criteria.subject.pattern,
            criteria.door,
            criteria.from,
            criteria.to,
            i64::try_from(after).unwrap_or(i64::MAX),
            i64::try_from(until).unwrap_or(i64::MAX),
            i64::from(limit),
        )
        .fetch_all(self.tx().conn())
        .await?;
        rows.into_iter().map(AuditEvent::try_from).collect()
    }

    /// Plans that know which filters are set: one for all of them could use no index.
    async fn plan_for_these_values(&mut self) -> Result<(), Error> {
        sqlx::query!("SELECT set_config('plan_cache_mode', 'force_custom_plan', true) AS mode")
            .fetch_one(self.tx().conn())
            .await?;
        Ok(())
    }

    /// Rows after `after` as they are stored, oldest first.
    pub(crate) async fn audit_chain(&mut self, after: i64, limit: u32) -> Result<Vec<Chained>, Error> {
        let rows = sqlx::query!(
            "SELECT seq, at, actor_id, door, request_id, action, subject_type, subject_id, subject_name,
                    before::text, after::text, note, key_id, mac
             FROM audit_events WHERE seq > $1 ORDER BY seq LIMIT $2",
            after,
            i64::from(limit)
        )
        .fetch_all(self.tx().conn())
        .await?;
        let chained = rows.into_iter().map(|row| Chained {
            row: Row {
                seq: row.seq,
                at: row.at,
                actor_id: row.actor_id,
                door: row.door,
                request_id: row.request_id,
                action: row.action,
                subject_type: row.subject_type,
                subject_id: row.subject_id,
                subject_name: row.subject_name,
                before: row.before,
                after: row.after,
                note: row.note,
                key_id: row.key_id,
            },
            mac: row.mac,
        });
        Ok(chained.collect())
    }

    /// Keys of macs from before, with their ids, sealed.
    pub(crate) async fn kept_audit_keys(&mut self) -> Result<Vec<(Vec<u8>, Vec<u8>)>, Error> {
        let rows = sqlx::query!("SELECT key_id, sealed FROM audit_keys ORDER BY created_at, key_id")
            .fetch_all(self.tx().conn())
            .await?;
        Ok(rows.into_iter().map(|row| (row.key_id, row.sealed)).collect())
    }

    /// Keeps a key of macs, or replaces the form it is kept in.
    pub(crate) async fn keep_audit_key(&mut self, id: &[u8], sealed: &[u8]) -> Result<(), Error> {
        sqlx::query!(
            "INSERT INTO audit_keys (key_id, sealed) VALUES ($1, $2)
             ON CONFLICT (key_id) DO UPDATE SET sealed = EXCLUDED.sealed",
            id,
            sealed
        )
        .execute(self.tx().conn())
        .await?;
        Ok(())
    }

    /// Forgets a person's emails, addresses and browsers; how many rows named them.
    pub(crate) async fn erase_identities(&mut self, user: UserId) -> Result<u64, Error> {
        let done = sqlx::query!("DELETE FROM audit_identities WHERE user_id = $1", user.0)
            .execute(self.tx().conn())
            .await?;
        Ok(done.rows_affected())
    }

    /// Whose email this is, or was when the log last named them by it.
    pub(crate) async fn find_person(&mut self, email: &str) -> Result<Option<UserId>, Error> {
        let id = sqlx::query_scalar!(
            r#"SELECT id AS "id!" FROM (
                   SELECT id, NULL::bigint AS seq FROM users WHERE lower(email) = lower($1)
                   UNION ALL
                   SELECT user_id, seq FROM audit_identities WHERE lower(email) = lower($1) AND user_id IS NOT NULL
               ) people ORDER BY seq DESC NULLS FIRST LIMIT 1"#,
            email
        )
        .fetch_optional(self.tx().conn())
        .await?;
        Ok(id.map(UserId))
    }
}

/// A row with what the side table says about it.
#[derive(Debug)]
struct EventRow {
    seq: i64,
    at: OffsetDateTime,
    actor_id: Option<Uuid>,
    actor: Option<String>,
    address: Option<String>,
    device: Option<String>,
    door: String,
    request_id: Option<String>,
    action: String,
    subject_type: String,
    subject_id: Option<Uuid>,
    subject: Option<String>,
    before: Option<String>,
    after: Option<String>,
    note: Option<String>,
}

impl TryFrom<EventRow> for AuditEvent {
    type Error = Error;

    fn try_from(row: EventRow) -> Result<Self, Error> {
        let json = |text: Option<String>| {
            text.map(|text| serde_json::from_str(&text))
                .transpose()
                .map_err(Error::internal)
        };
        Ok(Self {
            seq: count(Some(row.seq)),
            at: row.at.into(),
            actor_id: row.actor_id.map(UserId),
            actor: row.actor,
            address: row.address,
            device: row.device,
            door: Door::parse(&row.door).ok_or_else(|| Error::internal("a door of the audit log is unknown"))?,
            request_id: row.request_id,
            action: row.action,
            subject_type: row.subject_type,
            subject_id: row.subject_id,
            subject: row.subject,
            before: json(row.before)?,
            after: json(row.after)?,
            note: row.note,
        })
    }
}
