//! What a server offers: its tools, how its owner wants them, and the templates that more can be made from.

use super::{
    super::{
        Endpoint, Error, List,
        extract::{Caller, Json, Path},
        no_query::no_query,
    },
    server_id,
};
use crate::state::AppState;
use axum::{
    Router,
    extract::State,
    http::{Method, StatusCode},
    middleware::from_fn_with_state,
    routing::{delete, get, patch, post, put},
};
use patchbay_domain::tool::{CreateTool, ServerTemplate, ServerTool, ToolOrder, UpdateTool};

const ORDER: &str = "/api/mcp-servers/{id}/tools/order";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/mcp-servers/{id}/tools", get(list)).doc("list_tools", |doc| {
            doc.summary("List a server's tools").owner().list::<ServerTool>(
                "tools",
                "All of them, in the order that clients get; also those that aren't \
                                              offered now, with the reason",
            )
        }),
        Endpoint::new(Method::POST, "/api/mcp-servers/{id}/tools", post(create))
            .once()
            .doc("create_tool", |doc| {
                doc.summary("Make a tool from a template")
                    .about(
                        "With its arguments fixed. Each `{placeholder}` in a text is left open, and is an argument \
                            of the new tool.",
                    )
                    .owner()
                    .body::<CreateTool>()
                    .answer::<ServerTool>(201, "The tool")
                    .fails(409, "TOOL_NAME_TAKEN", "The server has a tool of that name.")
                    .fails(
                        409,
                        "TOOL_LIMIT_REACHED",
                        "The server has too many such tools: delete one first.",
                    )
            }),
        Endpoint::new(Method::PUT, ORDER, put(order)).doc("order_tools", |doc| {
            doc.summary("Put a server's tools in order")
                .owner()
                .body::<ToolOrder>()
                .list::<ServerTool>("tools", "All of them, in that order")
        }),
        Endpoint::new(Method::PATCH, "/api/mcp-servers/{id}/tools/{name}", patch(update)).doc("update_tool", |doc| {
            doc.summary("Switch a tool on or off, or give it another name or other words")
                .about("For this server only. What is absent stays; `null` gives the tool its own back.")
                .owner()
                .body::<UpdateTool>()
                .answer::<ServerTool>(200, "The tool as it is now")
                .fails(409, "TOOL_NAME_TAKEN", "The server has another tool of that name.")
        }),
        Endpoint::new(Method::DELETE, "/api/mcp-servers/{id}/tools/{name}", delete(remove)).doc("delete_tool", |doc| {
            doc.summary("Delete a tool that was made from a template")
                .owner()
                .no_content("It is gone.")
                .fails(400, "STATIC_TOOL", "It is the connector's own: switch it off instead.")
        }),
        Endpoint::new(Method::GET, "/api/mcp-servers/{id}/templates", get(templates)).doc(
            "list_mcp_server_templates",
            |doc| {
                doc.summary("List what tools can be made from")
                    .owner()
                    .list::<ServerTemplate>(
                        "templates",
                        "The templates of the server's own connector and of its \
                                                          sources'",
                    )
            },
        ),
    ]
}

/// A tool may be called "order", too. What can be done to any tool can be done to it; its path is that of the order.
pub(in super::super) fn named_order(router: Router<AppState>) -> Router<AppState> {
    const NAME: &str = "order";
    router.route(
        ORDER,
        patch(|state, caller, Path(id): Path<String>, body| update(state, caller, Path((id, NAME.to_owned())), body))
            .delete(|state, caller, Path(id): Path<String>| remove(state, caller, Path((id, NAME.to_owned()))))
            .route_layer(from_fn_with_state(false, no_query)),
    )
}

/// All of them, in the order that clients get, also those that aren't offered right now, with the reason.
async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<List<ServerTool>>, Error> {
    let tools = state.engine.server_tools(&actor, server_id(&id)?).await?;
    Ok(axum::Json(List::whole("tools", tools)))
}

/// Makes a tool from one of the templates of the server's connector, or of a source's.
async fn create(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Json(new): Json<CreateTool>,
) -> Result<(StatusCode, axum::Json<ServerTool>), Error> {
    let created = state.engine.create_tool(&actor, server_id(&id)?, new).await?;
    Ok((StatusCode::CREATED, axum::Json(created)))
}

/// Switches a tool on or off, or gives it another name or other words.
async fn update(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((id, name)): Path<(String, String)>,
    Json(change): Json<UpdateTool>,
) -> Result<axum::Json<ServerTool>, Error> {
    let tool = state.engine.update_tool(&actor, server_id(&id)?, &name, change).await?;
    Ok(axum::Json(tool))
}

async fn remove(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((id, name)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    state.engine.delete_tool(&actor, server_id(&id)?, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn order(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Json(order): Json<ToolOrder>,
) -> Result<axum::Json<List<ServerTool>>, Error> {
    let tools = state.engine.order_tools(&actor, server_id(&id)?, order).await?;
    Ok(axum::Json(List::whole("tools", tools)))
}

async fn templates(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<List<ServerTemplate>>, Error> {
    let templates = state.engine.server_templates(&actor, server_id(&id)?).await?;
    Ok(axum::Json(List::whole("templates", templates)))
}
