//! The catalogue's rows as a list. The statements stand in files of their own, so that the benchmark explains the very
//! same ones.

use super::{Tx, connectors::SummaryRow, count};
use crate::{
    Error,
    connectors::{ConnectorFilter, ListPosition},
};
use patchbay_domain::connector::{ChangesState, ConnectorMode, ConnectorSort, ConnectorSummary};
use uuid::Uuid;

impl Tx {
    /// In the filter's order, from behind `after` on, which must be of that order.
    pub(crate) async fn connectors(
        &mut self,
        filter: &ConnectorFilter,
        after: Option<&ListPosition>,
        limit: u32,
    ) -> Result<Vec<ConnectorSummary>, Error> {
        let ids = match filter.sort {
            ConnectorSort::Newest => self.newest(filter, after, limit).await?,
            ConnectorSort::Updated => self.last_updated(filter, after, limit).await?,
            ConnectorSort::Name => self.by_name(filter, after, limit).await?,
        };
        self.connectors_by_id(&ids).await
    }

    /// Those of these that exist, in this order.
    pub(crate) async fn connectors_by_id(&mut self, ids: &[Uuid]) -> Result<Vec<ConnectorSummary>, Error> {
        let rows = sqlx::query_file_as!(SummaryRow, "queries/connectors_page.sql", ids)
            .fetch_all(self.conn())
            .await?;
        Ok(rows.into_iter().map(ConnectorSummary::from).collect())
    }

    async fn newest(
        &mut self,
        filter: &ConnectorFilter,
        after: Option<&ListPosition>,
        limit: u32,
    ) -> Result<Vec<Uuid>, Error> {
        let before = match after {
            Some(ListPosition::Number(number)) => Some(*number),
            _ => None,
        };
        let ids = sqlx::query_file_scalar!(
            "queries/connectors_newest.sql",
            filter.needle(),
            filter.mode.map(ConnectorMode::as_str),
            filter.changes.map(ChangesState::as_str),
            before,
            i64::from(limit),
        );
        Ok(ids.fetch_all(self.conn()).await?)
    }

    async fn last_updated(
        &mut self,
        filter: &ConnectorFilter,
        after: Option<&ListPosition>,
        limit: u32,
    ) -> Result<Vec<Uuid>, Error> {
        let (at, id) = match after {
            Some(ListPosition::Updated(at, id)) => (Some(*at), Some(id.0)),
            _ => (None, None),
        };
        let ids = sqlx::query_file_scalar!(
            "queries/connectors_updated.sql",
            filter.needle(),
            filter.mode.map(ConnectorMode::as_str),
            filter.changes.map(ChangesState::as_str),
            at,
            id,
            i64::from(limit),
        );
        Ok(ids.fetch_all(self.conn()).await?)
    }

    async fn by_name(
        &mut self,
        filter: &ConnectorFilter,
        after: Option<&ListPosition>,
        limit: u32,
    ) -> Result<Vec<Uuid>, Error> {
        let (name, id) = match after {
            Some(ListPosition::Name(name, id)) => (Some(name.as_str()), Some(id.0)),
            _ => (None, None),
        };
        let ids = sqlx::query_file_scalar!(
            "queries/connectors_by_name.sql",
            filter.needle(),
            filter.mode.map(ConnectorMode::as_str),
            filter.changes.map(ChangesState::as_str),
            name,
            id,
            i64::from(limit),
        );
        Ok(ids.fetch_all(self.conn()).await?)
    }

    pub(crate) async fn count_connectors(&mut self, filter: &ConnectorFilter) -> Result<u64, Error> {
        let total = sqlx::query_file_scalar!(
            "queries/connectors_count.sql",
            filter.needle(),
            filter.mode.map(ConnectorMode::as_str),
            filter.changes.map(ChangesState::as_str),
        );
        Ok(count(total.fetch_one(self.conn()).await?))
    }
}
