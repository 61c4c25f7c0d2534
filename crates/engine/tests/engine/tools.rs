//! Tools that are made from templates: what is taken, what is refused, whose they are, and what the gateway gets.

use crate::{active_connector, engine, superuser, user};
use patchbay_domain::{
    field::FieldError,
    ids::{ConnectorRef, ServerId},
    server::CreateServer,
    tool::{CreateTool, ServerTool, ToolStatus},
};
use patchbay_engine::{
    Actor, Engine, Error,
    error::{Conflict, NotFound},
    gateway::{PinnedTool, RouteKey, ToolState},
    templates::DYNAMIC_TOOLS_MAX,
};
use serde_json::{Value, json};
use sqlx::PgPool;

fn offer() -> Value {
    json!({
        "tools": [{"name": "list", "inputSchema": {}}],
        "templates": [{
            "name": "find",
            "description": "Finds notes",
            "inputSchema": {
                "type": "object",
                "required": ["query"],
                "additionalProperties": false,
                "properties": {
                    "query": {"type": "string"},
                    "limit": {"type": "integer", "maximum": 5},
                    "note": {"type": "string"},
                },
            },
        }],
    })
}

async fn server_of(engine: &Engine, actor: &Actor, connector_id: ConnectorRef) -> ServerId {
    let new = CreateServer {
        name: "Mine".into(),
        source_ids: Vec::new(),
        connector_id: Some(connector_id),
        configuration: json!({}),
    };
    engine.create_server(actor, new).await.unwrap().server.id
}

async fn scene(pool: &PgPool) -> (Engine, Actor, ServerId) {
    let engine = engine(pool).await;
    let root = superuser(&engine).await;
    let connector = active_connector(&engine, &root, "notes", offer()).await;
    let ada = user(&engine, "ada@example.org").await;
    let server = server_of(&engine, &ada, connector).await;
    (engine, ada, server)
}

fn new(name: &str, template_args: Value) -> CreateTool {
    CreateTool {
        name: name.into(),
        description: None,
        template: "find".into(),
        source_id: None,
        template_args,
    }
}

async fn route(engine: &Engine, server: ServerId) -> Vec<PinnedTool> {
    let route = engine.load_route(&RouteKey::Server(server)).await.unwrap().unwrap();
    route.tools
}

fn names(tools: &[ServerTool]) -> Vec<(&str, bool)> {
    let tools = tools.iter().map(|tool| &tool.tool);
    tools.map(|tool| (tool.name.as_str(), tool.dynamic)).collect()
}

#[sqlx::test(migrations = false)]
async fn a_template_becomes_a_tool_and_goes_as_it_came(pool: PgPool) {
    let (engine, ada, server) = scene(&pool).await;
    let templates = engine.server_templates(&ada, server).await.unwrap();
    assert_eq!(templates[0].template.name, "find");
    assert_eq!(templates[0].source_id, None);
    let made = engine
        .create_tool(
            &ada,
            server,
            new(" cheese ", json!({"query": "cheese {kind}", "limit": "{n}"})),
        )
        .await
        .unwrap();
    assert_eq!((made.tool.name.as_str(), made.tool.dynamic), ("cheese", true));
    assert_eq!(made.tool.description.as_deref(), Some("Finds notes"));
    assert_eq!(made.tool.input_schema["required"], json!(["kind", "n"]));
    assert_eq!(made.tool.input_schema["properties"]["n"]["maximum"], 5);
    assert_eq!((made.status, made.enabled), (ToolStatus::Offered, true));
    let tools = engine.server_tools(&ada, server).await.unwrap();
    assert_eq!(names(&tools), [("list", false), ("cheese", true)]);
    assert_eq!(tools[1], made);

    let pinned = route(&engine, server).await;
    assert_eq!(
        (
            pinned[1].name.as_str(),
            pinned[1].upstream_name.as_str(),
            pinned[1].state
        ),
        ("cheese", "find", ToolState::Callable)
    );
    let given = serde_json::from_str(r#"{"n":3,"kind":"blue"}"#).unwrap();
    let filled = pinned[1].template.as_ref().unwrap().arguments.fill(Some(given));
    assert_eq!(filled.unwrap(), r#"{"query":"cheese blue","limit":3}"#);

    engine.delete_tool(&ada, server, "cheese").await.unwrap();
    let error = engine.delete_tool(&ada, server, "cheese").await.unwrap_err();
    assert!(matches!(error, Error::NotFound(NotFound::Tool)), "{error}");
    let error = engine.delete_tool(&ada, server, "list").await.unwrap_err();
    assert!(matches!(error, Error::StaticTool(_)), "{error}");
    assert_eq!(route(&engine, server).await.len(), 1);
}

#[sqlx::test(migrations = false)]
async fn what_a_template_does_not_take_is_refused_by_field(pool: PgPool) {
    let (engine, ada, server) = scene(&pool).await;
    let with = |change: fn(&mut CreateTool)| {
        let mut tool = new("cheese", json!({"query": "x"}));
        change(&mut tool);
        tool
    };
    for (tool, field) in [
        (with(|tool| tool.name = "a b".into()), "name"),
        (with(|tool| tool.description = Some("x".repeat(2001))), "description"),
        (with(|tool| tool.template = "nothing".into()), "template"),
        (with(|tool| tool.template = "x".repeat(300)), "template"),
        (with(|tool| tool.template_args = json!([])), "template_args"),
        (with(|tool| tool.template_args = Value::Null), "template_args.query"),
        (
            with(|tool| tool.template_args = json!({"query": 1})),
            "template_args.query",
        ),
        (
            with(|tool| tool.template_args["limit"] = json!(6)),
            "template_args.limit",
        ),
        (
            with(|tool| tool.template_args["limit"] = json!("{a} {b}")),
            "template_args.limit",
        ),
        (
            with(|tool| tool.template_args["other"] = json!("{a}")),
            "template_args.other",
        ),
    ] {
        match engine.create_tool(&ada, server, tool).await.unwrap_err() {
            Error::Invalid(fields) => assert!(fields.get(field).is_some(), "{field}: {fields}"),
            other => panic!("{field}: {other}"),
        }
    }
    let Error::Invalid(fields) = engine.create_tool(&ada, server, new("", json!(7))).await.unwrap_err() else {
        panic!()
    };
    assert_eq!(fields.get("name"), Some(&FieldError::Required));
    assert!(fields.get("template_args").is_some(), "all fields at once: {fields}");
    assert_eq!(engine.server_tools(&ada, server).await.unwrap().len(), 1);
}

#[sqlx::test(migrations = false)]
async fn names_are_apart_and_there_is_a_limit(pool: PgPool) {
    let (engine, ada, server) = scene(&pool).await;
    let make = async |name: String| {
        engine
            .create_tool(&ada, server, new(&name, json!({"query": "x"})))
            .await
    };
    let error = make("list".into()).await.unwrap_err();
    assert!(matches!(error, Error::Conflict(Conflict::ToolName(_))), "{error}");
    for number in 1..DYNAMIC_TOOLS_MAX {
        make(format!("t{number}")).await.unwrap();
    }
    let error = make("t1".into()).await.unwrap_err();
    assert!(matches!(error, Error::Conflict(Conflict::ToolName(_))), "{error}");
    // Several at once don't slip past the limit.
    let attempts = (0..4).map(|number| make(format!("last{number}")));
    let results = futures::future::join_all(attempts).await;
    let refused = results
        .iter()
        .filter(|result| matches!(result, Err(Error::Conflict(Conflict::ToolLimit(_)))));
    assert_eq!(
        (results.iter().filter(|made| made.is_ok()).count(), refused.count()),
        (1, 3)
    );
}

#[sqlx::test(migrations = false)]
async fn other_peoples_tools_are_not_there(pool: PgPool) {
    let (engine, ada, server) = scene(&pool).await;
    engine
        .create_tool(&ada, server, new("cheese", json!({"query": "x"})))
        .await
        .unwrap();
    let eve = user(&engine, "eve@example.org").await;
    let results = [
        engine.server_tools(&eve, server).await.map(drop),
        engine.server_templates(&eve, server).await.map(drop),
        engine
            .create_tool(&eve, server, new("mine", json!({"query": "x"})))
            .await
            .map(drop),
        engine.delete_tool(&eve, server, "cheese").await,
    ];
    for result in results {
        assert!(matches!(result, Err(Error::NotFound(NotFound::Server))), "{result:?}");
    }
    assert_eq!(engine.server_tools(&ada, server).await.unwrap().len(), 2);
}

#[sqlx::test(migrations = false)]
async fn a_tool_follows_its_template_and_says_when_that_is_gone(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = active_connector(&engine, &root, "notes", offer()).await;
    let server = server_of(&engine, &root, connector).await;
    let tool = new("cheese", json!({"query": "{q}"}));
    engine.create_tool(&root, server, tool).await.unwrap();
    let again = async |offer: Value| {
        let url = crate::manifest(offer).await;
        engine.activate_connector(&root, connector, &url).await.unwrap();
    };

    let mut reworded = offer();
    reworded["templates"][0]["inputSchema"]["properties"]["query"]["description"] = json!("Words");
    again(reworded).await;
    let tools = engine.server_tools(&root, server).await.unwrap();
    assert_eq!(tools[1].tool.input_schema["properties"]["q"]["description"], "Words");

    let mut huge = offer();
    huge["templates"][0]["outputSchema"] = json!({"description": "x".repeat(40_000)});
    let mut gone = offer();
    gone["templates"] = json!({"search": {}});
    for offer in [huge, gone] {
        again(offer).await;
        let tools = engine.server_tools(&root, server).await.unwrap();
        let told = tools[1].notice.as_deref().unwrap();
        assert!(told.contains("the template 'find' any more"), "{told}");
        assert_eq!(
            (tools[1].tool.dynamic, tools[1].status),
            (true, ToolStatus::TemplateGone)
        );
        assert_eq!(route(&engine, server).await[1].state, ToolState::TemplateGone);
    }

    let mut taken = offer();
    taken["tools"][0]["name"] = json!("cheese");
    again(taken).await;
    let tools = engine.server_tools(&root, server).await.unwrap();
    assert_eq!(
        (tools[0].status, tools[1].status),
        (ToolStatus::Shadowed, ToolStatus::Offered)
    );
    assert_eq!(
        (tools[0].default_name.as_str(), tools[1].tool.name.as_str()),
        ("cheese", "cheese")
    );
    let served = route(&engine, server).await;
    assert_eq!((served.len(), served[0].upstream_name.as_str()), (1, "find"));
    engine.delete_tool(&root, server, "cheese").await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn tools_and_servers_leave_their_marks_in_the_log_without_anybodys_values(pool: PgPool) {
    let (engine, ada, server) = scene(&pool).await;
    engine
        .create_tool(&ada, server, new("cheese", json!({"query": "hunter2 {q}"})))
        .await
        .unwrap();
    engine.delete_tool(&ada, server, "cheese").await.unwrap();
    engine.delete_server(&ada, server, None).await.unwrap();
    let rows: Vec<(String, Option<String>, String)> = sqlx::query_as(
        "SELECT action, subject_name, concat(before, after) FROM audit_events WHERE actor_id = $1 ORDER BY seq",
    )
    .bind(ada.user.0)
    .fetch_all(&pool)
    .await
    .unwrap();
    let told: Vec<_> = rows
        .iter()
        .filter(|(action, ..)| !action.starts_with("user.") && !action.starts_with("session."))
        .map(|(action, name, _)| (action.as_str(), name.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        told,
        [
            ("server.create", "Mine"),
            ("token.create", "First token"),
            ("tool.create", "cheese"),
            ("tool.delete", "cheese"),
            ("server.delete", "Mine"),
        ]
    );
    assert!(rows.iter().all(|(.., parts)| !parts.contains("hunter2")), "{rows:?}");
    assert!(
        rows.iter().any(|(.., parts)| parts.contains(r#""template":"find""#)),
        "{rows:?}"
    );
}
