//! The catalogue as a list: searched, filtered, sorted, a page at a time.

use crate::{
    Actor, Engine, Error,
    paging::{bad_cursor, check_search, cut, parse_time_cursor, time_cursor},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use patchbay_domain::{
    connector::{ChangesState, ConnectorKind, ConnectorMode, ConnectorSort, ConnectorSummary},
    ids::ConnectorId,
    page::{Page, PageRequest},
};
use time::OffsetDateTime;

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
    /// What is searched for; nothing when that is everything.
    pub(crate) fn needle(&self) -> Option<&str> {
        self.q.as_deref().map(str::trim).filter(|q| !q.is_empty())
    }
}

/// Where a page ended, in each of the orders. What a connector is called or when it changed may be another by then: the
/// next page goes on from here all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListPosition {
    /// [`ConnectorSort::Newest`].
    Number(i64),
    /// [`ConnectorSort::Updated`].
    Updated(OffsetDateTime, ConnectorId),
    /// [`ConnectorSort::Name`].
    Name(String, ConnectorId),
}

impl ListPosition {
    fn of(sort: ConnectorSort, last: &ConnectorSummary) -> Self {
        match sort {
            ConnectorSort::Newest => Self::Number(last.connector_id),
            ConnectorSort::Updated => Self::Updated(last.updated_at.0, last.id),
            ConnectorSort::Name => Self::Name(last.name.clone(), last.id),
        }
    }

    fn cursor(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Updated(at, id) => time_cursor(*at, id.0),
            Self::Name(name, id) => format!("{id}.{}", URL_SAFE_NO_PAD.encode(name)),
        }
    }

    fn parse(sort: ConnectorSort, cursor: &str) -> Result<Self, Error> {
        match sort {
            ConnectorSort::Newest => cursor.parse().map(Self::Number).map_err(|_| bad_cursor()),
            ConnectorSort::Updated => parse_time_cursor(cursor).map(|(at, id)| Self::Updated(at, id.into())),
            ConnectorSort::Name => {
                let (id, name) = cursor.split_once('.').ok_or_else(bad_cursor)?;
                let name = URL_SAFE_NO_PAD.decode(name).map_err(|_| bad_cursor())?;
                let name = String::from_utf8(name).map_err(|_| bad_cursor())?;
                if name.contains('\0') {
                    return Err(bad_cursor());
                }
                Ok(Self::Name(name, id.parse().map_err(|_| bad_cursor())?))
            }
        }
    }
}

impl Engine {
    /// The catalogue, in the filter's order.
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
        check_search("q", filter.q.as_deref())?;
        let after = page
            .cursor
            .as_deref()
            .map(|cursor| ListPosition::parse(filter.sort, cursor));
        let after = after.transpose()?;
        let limit = page.limit();
        let mut tx = self.db().begin_as(actor.user).await?;
        let mut items = tx.connectors(filter, after.as_ref(), limit + 1).await?;
        let next_cursor = cut(&mut items, limit, |last| ListPosition::of(filter.sort, last).cursor());
        Ok(Page {
            items,
            total: tx.count_connectors(filter).await?,
            next_cursor,
        })
    }

    /// Those of these connectors that exist.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connectors_by_id(&self, actor: &Actor, ids: &[ConnectorId]) -> Result<Vec<ConnectorSummary>, Error> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.db().begin_as(actor.user).await?.connectors_by_id(&ids).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_is_searched_for_is_a_text_with_something_in_it() {
        let filter = |q: &str| ConnectorFilter {
            q: Some(q.into()),
            ..ConnectorFilter::default()
        };
        assert_eq!(filter(" 50%_\\ ").needle(), Some("50%_\\"));
        assert_eq!(filter("  ").needle(), None);
    }

    #[test]
    fn a_cursor_says_where_the_page_ended_in_its_own_order_and_in_no_other() {
        let id = ConnectorId(Uuid::from_u128(7));
        let at = OffsetDateTime::from_unix_timestamp_nanos(1_763_628_000_123_456_000).unwrap();
        let positions = [
            (ConnectorSort::Newest, ListPosition::Number(12)),
            (ConnectorSort::Updated, ListPosition::Updated(at, id)),
            (ConnectorSort::Name, ListPosition::Name("Notes.é \u{1F9E9}".into(), id)),
        ];
        for (sort, position) in &positions {
            let cursor = position.cursor();
            assert!(cursor.is_ascii(), "{cursor} has to fit an address");
            assert_eq!(ListPosition::parse(*sort, &cursor).unwrap(), *position);
            for (other, _) in positions.iter().filter(|(other, _)| other != sort) {
                assert!(
                    ListPosition::parse(*other, &cursor).is_err(),
                    "{cursor} was taken for {other:?}"
                );
            }
        }
        for bad in ["", ".", "x", "1.2.3", "-1.x", "99999999999999999999", "AA.AA"] {
            for (sort, _) in &positions {
                assert!(ListPosition::parse(*sort, bad).is_err(), "{bad} was taken for {sort:?}");
            }
        }
    }
}
