//! The catalogue as a list: searched, filtered, sorted, a page at a time.

use crate::{Actor, Engine, Error};
use patchbay_domain::{
    connector::{ChangesState, ConnectorKind, ConnectorMode, ConnectorSort, ConnectorSummary},
    field::{FieldError, FieldErrors},
    page::{Page, PageRequest},
};

/// Which connectors a list shows.
#[derive(Debug, Clone, Default)]
pub struct ConnectorFilter {
    /// Part of a name or description, whatever its case.
    pub q: Option<String>,
    /// Only those of this mode.
    pub mode: Option<ConnectorMode>,
    /// Only those from there.
    pub kind: Option<ConnectorKind>,
    /// Only those whose service says something else than what is pinned, in this state.
    pub changes: Option<ChangesState>,
    /// In which order.
    pub sort: ConnectorSort,
}

impl ConnectorFilter {
    /// The pattern for `ILIKE`, in which what was typed stands for itself.
    pub(crate) fn pattern(&self) -> Option<String> {
        let q = self.q.as_deref().map(str::trim).filter(|q| !q.is_empty())?;
        let escaped = q.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        Some(format!("%{escaped}%"))
    }
}

impl Engine {
    /// The catalogue, newest first.
    ///
    /// # Errors
    /// A cursor that isn't one, a search for what no text holds, or a failing database.
    pub async fn connectors(
        &self,
        actor: &Actor,
        filter: &ConnectorFilter,
        page: &PageRequest,
    ) -> Result<Page<ConnectorSummary>, Error> {
        if filter.kind == Some(ConnectorKind::Personal) {
            return Ok(Page {
                items: Vec::new(),
                total: 0,
                next_cursor: None,
            });
        }
        if filter.q.as_deref().is_some_and(|q| q.contains('\0')) {
            return Err(FieldErrors::one("q", FieldError::BadCharacters).into());
        }
        let before = page
            .cursor
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| bad_cursor())?;
        let limit = page.limit();
        let mut tx = self.db().begin_as(actor.user).await?;
        // One more than asked for tells whether there is a next page.
        let mut items = tx.connectors(filter, before, limit + 1).await?;
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next_cursor = items.last().filter(|_| more).map(|last| last.connector_id.to_string());
        Ok(Page {
            items,
            total: tx.count_connectors(filter).await?,
            next_cursor,
        })
    }
}

pub(crate) fn bad_cursor() -> Error {
    FieldErrors::one(
        "cursor",
        FieldError::Malformed {
            expected: "a cursor from a list's answer".into(),
        },
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_searched_for_stands_for_itself() {
        let filter = |q: &str| {
            ConnectorFilter {
                q: Some(q.into()),
                ..ConnectorFilter::default()
            }
            .pattern()
        };
        assert_eq!(filter("50%_\\"), Some("%50\\%\\_\\\\%".into()));
        assert_eq!(filter("  "), None);
    }
}
