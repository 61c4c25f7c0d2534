//! `/api/users`: everybody's accounts, for superusers.

use super::{
    Endpoint, Error, List,
    extract::{Caller, Json, Path, Query, id},
};
use crate::state::AppState;
use axum::{
    extract::State,
    http::{Method, StatusCode},
    routing::{delete, get, patch, post},
};
use patchbay_domain::{
    account::{Belongings, CreatedResetLink},
    ids::UserId,
    page::PageRequest,
    user::{Role, UpdateUser, UserEntry},
};
use patchbay_engine::{error::NotFound, users::UserFilter};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/users", get(list)).doc("list_users", |doc| {
            doc.summary("List users")
                .superuser()
                .query::<ListQuery>()
                .list::<UserEntry>("users", "Those who match, a page of them")
        }),
        Endpoint::new(Method::GET, "/api/users/{id}", get(show)).doc("show_user", |doc| {
            doc.summary("Show a user")
                .superuser()
                .answer::<UserEntry>(200, "The user")
        }),
        Endpoint::new(Method::PATCH, "/api/users/{id}", patch(update)).doc("update_user", |doc| {
            doc.summary("Change a user's roles, or disable the account")
                .about(
                    "What is absent stays. A disabled account is signed out everywhere, and its \
                        tokens open nothing.",
                )
                .superuser()
                .body::<UpdateUser>()
                .answer::<UserEntry>(200, "The user as it is now")
                .fails(
                    409,
                    "LAST_SUPERUSER",
                    "Nobody would be left who keeps the catalogue and the users.",
                )
                .fails(403, "SESSION_REQUIRED", "An API token gives nobody roles.")
        }),
        Endpoint::new(Method::GET, "/api/users/{id}/belongings", get(belongings)).doc("show_belongings", |doc| {
            doc.summary("Show what deleting a user would take along")
                .superuser()
                .answer::<Belongings>(200, "What the user owns")
        }),
        Endpoint::new(Method::POST, "/api/users/{id}/reset-link", post(create_reset_link))
            .once()
            .doc("create_reset_link", |doc| {
                doc.summary("Make a link for a lost password")
                    .about("Good for 24 hours, once. A new one replaces the one from before.")
                    .superuser()
                    .session_only()
                    .answer::<CreatedResetLink>(201, "The link; this is its only sight")
                    .fails(
                        409,
                        "OWN_ACCOUNT",
                        "It is one's own, for which there is `PUT /api/auth/password`, with the password.",
                    )
            }),
        Endpoint::new(
            Method::DELETE,
            "/api/users/{id}/second-factor",
            delete(reset_second_factor),
        )
        .doc("reset_second_factor", |doc| {
            doc.summary("Remove somebody's lost second factor")
                .superuser()
                .session_only()
                .no_content("The user signs in with the password alone.")
                .fails(409, "NO_SECOND_FACTOR", "The user has no second factor.")
                .fails(
                    409,
                    "OWN_ACCOUNT",
                    "It is one's own, for which there is `DELETE /api/auth/second-factor`, with the password.",
                )
        }),
        Endpoint::new(Method::DELETE, "/api/users/{id}", delete(remove)).doc("delete_user", |doc| {
            doc.summary("Delete a user")
                .about("With all that the user owns. In the audit log, rows stay and no longer say who it was.")
                .superuser()
                .answer::<Belongings>(200, "What went with the account")
                .fails(
                    409,
                    "OWN_ACCOUNT",
                    "It is one's own, for which there is `DELETE /api/auth/me`, with the password.",
                )
                .fails(
                    409,
                    "LAST_SUPERUSER",
                    "Nobody would be left who keeps the catalogue and the users.",
                )
        }),
    ]
}

fn user_id(text: &str) -> Result<UserId, Error> {
    id(text, NotFound::User)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// A part of the address.
    q: Option<String>,
    /// Only those who have this role.
    role: Option<Role>,
    /// Only those whose account is disabled, or only the others.
    disabled: Option<bool>,
    /// How many, 50 when nobody says; a number above 200 counts as 200.
    #[schemars(range(min = 1))]
    limit: Option<u32>,
    /// Where the page before this one ended: its `next_cursor`.
    cursor: Option<String>,
}

async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<List<UserEntry>>, Error> {
    let filter = UserFilter {
        q: query.q,
        role: query.role,
        disabled: query.disabled,
    };
    let page = PageRequest {
        limit: query.limit,
        cursor: query.cursor,
    };
    let page = state.engine.users(&actor, &filter, &page).await?;
    Ok(axum::Json(List::page("users", page)))
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<UserEntry>, Error> {
    actor.require_superuser()?;
    Ok(axum::Json(state.engine.user(&actor, user_id(&id)?).await?))
}

async fn update(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Json(change): Json<UpdateUser>,
) -> Result<axum::Json<UserEntry>, Error> {
    actor.require_superuser()?;
    Ok(axum::Json(
        state.engine.update_user(&actor, user_id(&id)?, change).await?,
    ))
}

/// What deleting this account would take along.
async fn belongings(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<Belongings>, Error> {
    actor.require_superuser()?;
    Ok(axum::Json(state.engine.belongings(&actor, user_id(&id)?).await?))
}

async fn remove(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<Belongings>, Error> {
    actor.require_superuser()?;
    Ok(axum::Json(state.engine.delete_user(&actor, user_id(&id)?).await?))
}

/// A link that sets a lost password. The answer is its one sight.
async fn create_reset_link(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, axum::Json<CreatedResetLink>), Error> {
    actor.require_superuser()?;
    let created = state.engine.create_reset_link(&actor, user_id(&id)?).await?;
    Ok((StatusCode::CREATED, axum::Json(created)))
}

/// For somebody who lost their second factor.
async fn reset_second_factor(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    actor.require_superuser()?;
    state.engine.reset_second_factor(&actor, user_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
