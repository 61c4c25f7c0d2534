//! `/api/usage` and `/api/overview`: how much is called, and what should be looked at.

use super::{
    Endpoint, Error, List,
    extract::{Caller, Query},
};
use crate::state::AppState;
use axum::{extract::State, http::Method, routing::get};
use patchbay_domain::{
    overview::Overview,
    usage::{UsagePoint, UsageQuery},
};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/usage", get(usage)).doc("show_usage", |doc| {
            doc.summary("Count one's calls")
                .about("In spans of time, the oldest first.")
                .query::<UsageQuery>()
                .list::<UsagePoint>("usage", "The spans in which there were calls")
        }),
        Endpoint::new(Method::GET, "/api/overview", get(overview)).doc("show_overview", |doc| {
            doc.summary("Show what wants attention")
                .answer::<Overview>(200, "Counts, and what to look at")
        }),
    ]
}

/// The caller's calls in spans of time, the oldest first.
async fn usage(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(query): Query<UsageQuery>,
) -> Result<axum::Json<List<UsagePoint>>, Error> {
    let points = state.engine.usage(&actor, &query).await?;
    Ok(axum::Json(List::whole("usage", points)))
}

/// What the caller sees first.
async fn overview(State(state): State<AppState>, Caller(actor): Caller) -> Result<axum::Json<Overview>, Error> {
    Ok(axum::Json(state.engine.overview(&actor).await?))
}
