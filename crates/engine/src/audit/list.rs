//! Reading the log: a page at a time for people, all of it for an export.

use crate::{
    Actor, Engine, Error,
    paging::{bad_cursor, containing, cut},
};
use futures::{Stream, TryStreamExt as _, stream};
use patchbay_domain::{
    audit::{AuditEvent, AuditFilter},
    field::{FieldError, FieldErrors},
    page::{Page, PageRequest},
};
use time::{Date, OffsetDateTime, Time, format_description::well_known::Rfc3339, macros::format_description};
use uuid::Uuid;

/// Rows that an export reads at once.
const EXPORT_BATCH: u32 = 500;

/// How far the rows that match are counted: nobody leafs through more, and a log grows for years.
const TOTAL_MAX: i64 = 10_000;

/// An [`AuditFilter`] whose texts were understood.
#[derive(Debug, Clone, Default)]
pub(crate) struct Criteria {
    pub(crate) actor: Named,
    pub(crate) action: Option<String>,
    pub(crate) subject_type: Option<String>,
    pub(crate) subject: Named,
    pub(crate) door: Option<&'static str>,
    pub(crate) from: Option<OffsetDateTime>,
    pub(crate) to: Option<OffsetDateTime>,
}

/// Somebody or something, as people name it: by id, by a pattern for `ILIKE`, or not at all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Named {
    pub(crate) id: Option<Uuid>,
    pub(crate) pattern: Option<String>,
}

impl Named {
    fn parse(text: &str) -> Self {
        match Uuid::parse_str(text) {
            Ok(id) => Self {
                id: Some(id),
                pattern: None,
            },
            Err(_) => Self {
                id: None,
                pattern: Some(containing(text)),
            },
        }
    }
}

impl Criteria {
    fn parse(filter: &AuditFilter) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut text = |name: &str, value: &Option<String>| -> Option<String> {
            let value = value.as_deref().map(str::trim).filter(|value| !value.is_empty())?;
            if value.contains('\0') {
                errors.add(name, FieldError::BadCharacters);
                return None;
            }
            Some(value.to_owned())
        };
        let actor = text("actor", &filter.actor);
        let action = text("action", &filter.action);
        let subject_type = text("subject_type", &filter.subject_type);
        let subject = text("subject", &filter.subject);
        let (from, to) = (text("from", &filter.from), text("to", &filter.to));
        let from = from.and_then(|from| errors.check("from", time(&from, Day::Begins)));
        let to = to.and_then(|to| errors.check("to", time(&to, Day::Ends)));
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            actor: actor.as_deref().map(Named::parse).unwrap_or_default(),
            action,
            subject_type,
            subject: subject.as_deref().map(Named::parse).unwrap_or_default(),
            door: filter.door.map(patchbay_domain::audit::Door::as_str),
            from,
            to,
        })
    }
}

/// What a day stands for where a time is wanted.
#[derive(Clone, Copy)]
enum Day {
    Begins,
    Ends,
}

fn time(text: &str, day: Day) -> Result<OffsetDateTime, FieldError> {
    if let Ok(time) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(time);
    }
    let date = Date::parse(text, format_description!("[year]-[month]-[day]")).ok();
    let date = date.and_then(|date| match day {
        Day::Begins => Some(date),
        Day::Ends => date.next_day(),
    });
    match date {
        Some(date) => Ok(date.with_time(Time::MIDNIGHT).assume_utc()),
        None => Err(FieldError::Malformed {
            expected: "a time such as 2026-11-20T09:00:00Z, or a day such as 2026-11-20".into(),
        }),
    }
}

impl Engine {
    /// What happened, newest first. The total is counted up to ten thousand.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], refused fields of the filter, a cursor that isn't one, or a failing database.
    pub async fn audit_events(
        &self,
        actor: &Actor,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditEvent>, Error> {
        actor.require_superuser()?;
        let criteria = Criteria::parse(filter)?;
        // Rows count from 1.
        let row = |cursor: &str| cursor.parse().ok().filter(|seq: &i64| *seq > 0).ok_or_else(bad_cursor);
        let before = page.cursor.as_deref().map(row).transpose()?;
        let limit = page.limit();
        let mut worker = self.db().worker().await?;
        let total = worker.count_audit(&criteria, TOTAL_MAX).await?;
        let mut items = worker.audit_page(&criteria, before, limit + 1).await?;
        let next_cursor = cut(&mut items, limit, |last| last.seq.to_string());
        Ok(Page {
            items,
            total,
            next_cursor,
        })
    }

    /// All that match, oldest first, read a batch at a time. What is written after the export began isn't part of it.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], or refused fields of the filter; in the stream a failing database.
    pub fn export_audit(
        &self,
        actor: &Actor,
        filter: &AuditFilter,
    ) -> Result<impl Stream<Item = Result<AuditEvent, Error>> + Send + use<>, Error> {
        actor.require_superuser()?;
        self.export_whole_audit(filter)
    }

    /// As [`Self::export_audit`], for whoever runs the server.
    ///
    /// # Errors
    /// Refused fields of the filter; in the stream a failing database.
    pub fn export_whole_audit(
        &self,
        filter: &AuditFilter,
    ) -> Result<impl Stream<Item = Result<AuditEvent, Error>> + Send + use<>, Error> {
        let criteria = Criteria::parse(filter)?;
        let engine = self.clone();
        let batches = stream::try_unfold(Some((0, None)), move |state| {
            let (engine, criteria) = (engine.clone(), criteria.clone());
            async move {
                let Some((after, until)) = state else { return Ok(None) };
                let mut worker = engine.db().worker().await?;
                let until = match until {
                    Some(until) => until,
                    None => worker.audit_head().await?.map_or(0, |(head, _)| head.seq),
                };
                let batch = worker.audit_batch(&criteria, after, until, EXPORT_BATCH).await?;
                let next = batch.last().map(|last| (last.seq, Some(until)));
                let items = stream::iter(batch.into_iter().map(Ok));
                Ok::<_, Error>(next.map(|next| (items, Some(next))))
            }
        });
        Ok(batches.try_flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn filter(from: &str, to: &str) -> Result<Criteria, FieldErrors> {
        Criteria::parse(&AuditFilter {
            from: Some(from.into()),
            to: Some(to.into()),
            ..AuditFilter::default()
        })
    }

    #[test]
    fn a_day_counts_from_its_beginning_to_its_end() {
        let criteria = filter("2026-11-20", "2026-11-20").unwrap();
        assert_eq!(criteria.from, Some(datetime!(2026-11-20 0:00 UTC)));
        assert_eq!(criteria.to, Some(datetime!(2026-11-21 0:00 UTC)));
        let criteria = filter("2026-11-20T09:30:00+01:00", " ").unwrap();
        assert_eq!(criteria.from, Some(datetime!(2026-11-20 8:30 UTC)));
        assert_eq!(criteria.to, None);
    }

    #[test]
    fn what_is_no_time_is_refused_by_its_field() {
        let errors = filter("yesterday", "2026-02-30").unwrap_err();
        assert!(errors.get("from").is_some() && errors.get("to").is_some());
        assert!(filter("2026-11-20", "9999-12-31").is_err(), "there is no day after it");
    }

    #[test]
    fn somebody_is_named_by_id_or_by_a_part_of_a_name_that_stands_for_itself() {
        assert_eq!(Named::parse("50%_").pattern.as_deref(), Some("%50\\%\\_%"));
        let id = Uuid::from_u128(7);
        assert_eq!(Named::parse(&id.to_string()).id, Some(id));
    }
}
