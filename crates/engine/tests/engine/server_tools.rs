//! What a server's owner makes of its tools: switched off, under other names, in other words, in another order.

use crate::{
    active_connector, engine, manifest,
    service::{Service, tool, with_tools},
    sources::{fields, new_source, server_of, source},
    superuser, user,
};
use patchbay_domain::{
    connector::ConnectorMode,
    ids::{ConnectorRef, ServerId, SourceId},
    tool::{CreateTool, ServerTool, ToolOrder, ToolStatus, UpdateTool},
};
use patchbay_engine::{
    Actor, Engine, Error,
    error::{Conflict, NotFound},
    gateway::{RouteKey, ToolState},
};
use serde_json::{Value, json};
use sqlx::PgPool;

/// Two connectors, of which `notes` has a template too, and somebody's server with a source of each: `list` and `add`, then
/// `mail__list` and `mail__send`.
struct Scene {
    engine: Engine,
    root: Actor,
    ada: Actor,
    server: ServerId,
    notes: (ConnectorRef, SourceId),
    mail: (ConnectorRef, SourceId),
}

fn notes(tools: &[&str]) -> Value {
    let tools: Vec<_> = tools.iter().map(|name| tool(name, "Theirs")).collect();
    json!({"name": "notes", "tools": tools, "templates": [{"name": "find"}]})
}

impl Scene {
    async fn set(pool: &PgPool) -> Self {
        let engine = engine(pool).await;
        let root = superuser(&engine).await;
        let ada = user(&engine, "ada@example.org").await;
        let notes = active_connector(&engine, &root, "notes", notes(&["list", "add"])).await;
        let offer = with_tools(&[tool("list", "Mails"), tool("send", "Sends")]);
        let mail = active_connector(&engine, &root, "mail", offer).await;
        let (one, two) = (
            source(&engine, &ada, "notes").await.id,
            source(&engine, &ada, "mail").await.id,
        );
        let server = server_of(&engine, &ada, &[one, two]).await;
        Self {
            engine,
            root,
            ada,
            server,
            notes: (notes, one),
            mail: (mail, two),
        }
    }

    async fn tools(&self) -> Vec<ServerTool> {
        self.engine.server_tools(&self.ada, self.server).await.unwrap()
    }

    async fn update(&self, name: &str, update: UpdateTool) -> Result<ServerTool, Error> {
        self.engine.update_tool(&self.ada, self.server, name, update).await
    }

    async fn make(&self, name: &str, source: Option<SourceId>) -> Result<ServerTool, Error> {
        let new = CreateTool {
            name: name.into(),
            description: None,
            template: "find".into(),
            source_id: source,
            template_args: json!({"query": "{q}"}),
        };
        self.engine.create_tool(&self.ada, self.server, new).await
    }

    async fn order(&self, names: &[&str]) -> Result<Vec<ServerTool>, Error> {
        let order = ToolOrder {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        self.engine.order_tools(&self.ada, self.server, order).await
    }

    /// What the gateway serves: names, descriptions that aren't the upstream's, and whether it can be called.
    async fn served(&self) -> Vec<(String, Option<String>, ToolState)> {
        let route = self
            .engine
            .load_route(&RouteKey::Server(self.server))
            .await
            .unwrap()
            .unwrap();
        let tools = route.tools.into_iter();
        tools.map(|tool| (tool.name, tool.description, tool.state)).collect()
    }

    async fn served_names(&self) -> Vec<String> {
        self.served().await.into_iter().map(|(name, ..)| name).collect()
    }
}

fn named(name: &str) -> UpdateTool {
    UpdateTool {
        name: Some(Some(name.into())),
        ..UpdateTool::default()
    }
}

fn switched(enabled: bool) -> UpdateTool {
    UpdateTool {
        enabled: Some(enabled),
        ..UpdateTool::default()
    }
}

fn described(text: &str) -> UpdateTool {
    UpdateTool {
        description: Some(Some(text.into())),
        ..UpdateTool::default()
    }
}

fn names(tools: &[ServerTool]) -> Vec<&str> {
    tools.iter().map(|tool| tool.tool.name.as_str()).collect()
}

fn is_taken(result: &Result<ServerTool, Error>) -> bool {
    matches!(result, Err(Error::Conflict(Conflict::ToolName(_))))
}

#[sqlx::test(migrations = false)]
async fn all_tools_are_shown_with_whose_they_are_in_the_order_that_clients_get(pool: PgPool) {
    let scene = Scene::set(&pool).await;
    let tools = scene.tools().await;
    let told: Vec<_> = tools
        .iter()
        .map(|tool| {
            (
                tool.tool.name.as_str(),
                tool.upstream_name.as_str(),
                tool.source_id,
                tool.status,
            )
        })
        .collect();
    let (one, two) = (Some(scene.notes.1), Some(scene.mail.1));
    assert_eq!(
        told,
        [
            ("list", "list", one, ToolStatus::Offered),
            ("add", "add", one, ToolStatus::Offered),
            ("mail__list", "list", two, ToolStatus::Offered),
            ("mail__send", "send", two, ToolStatus::Offered),
        ]
    );
    assert!(tools.iter().all(|tool| tool.enabled && tool.notice.is_none()));
    assert_eq!(scene.served_names().await, names(&tools));
}

#[sqlx::test(migrations = false)]
async fn a_tool_is_switched_off_renamed_and_described_and_gets_all_of_it_back(pool: PgPool) {
    let scene = Scene::set(&pool).await;
    let renamed = scene.update("mail__list", named(" inbox ")).await.unwrap();
    assert_eq!(
        (
            renamed.tool.name.as_str(),
            renamed.default_name.as_str(),
            renamed.upstream_name.as_str()
        ),
        ("inbox", "mail__list", "list")
    );
    let described = scene.update("inbox", described("What came\r\nin")).await.unwrap();
    assert_eq!(described.tool.description.as_deref(), Some("What came\nin"));
    assert_eq!(described.default_description.as_deref(), Some("Mails"));
    let off = scene.update("add", switched(false)).await.unwrap();
    assert_eq!((off.enabled, off.status), (false, ToolStatus::Disabled));
    assert!(off.notice.is_some());
    let served = scene.served().await;
    assert_eq!(
        served,
        [
            ("list".into(), None, ToolState::Callable),
            ("inbox".into(), Some("What came\nin".into()), ToolState::Callable),
            ("mail__send".into(), None, ToolState::Callable),
        ]
    );
    let gone = scene.update("mail__list", switched(false)).await.unwrap_err();
    assert!(matches!(gone, Error::NotFound(NotFound::Tool)), "{gone}");

    // A form sends everything as it was shown, and empty fields give back what was.
    let same = UpdateTool {
        enabled: Some(true),
        name: Some(Some("inbox".into())),
        description: Some(Some("What came\r\nin".into())),
    };
    assert_eq!(scene.update("inbox", same).await.unwrap(), described);
    let back = UpdateTool {
        enabled: None,
        name: Some(Some(" ".into())),
        description: Some(None),
    };
    let back = scene.update("inbox", back).await.unwrap();
    assert_eq!(
        (back.tool.name.as_str(), back.tool.description.as_deref()),
        ("mail__list", Some("Mails"))
    );
    scene.update("add", switched(true)).await.unwrap();
    assert_eq!(scene.served_names().await, ["list", "add", "mail__list", "mail__send"]);
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM mcp_server_tool_settings")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(kept, 0, "a tool as it comes has no row");
}

#[sqlx::test(migrations = false)]
async fn names_are_apart_whatever_is_on_or_off(pool: PgPool) {
    let scene = Scene::set(&pool).await;
    scene.update("add", switched(false)).await.unwrap();
    assert!(
        is_taken(&scene.update("list", named("add")).await),
        "one that is off keeps its name"
    );
    assert!(is_taken(&scene.make("add", Some(scene.notes.1)).await));
    scene.update("list", named("mine")).await.unwrap();
    assert!(is_taken(&scene.make("mine", Some(scene.notes.1)).await));
    scene.update("mail__list", named("list")).await.unwrap();
    let back = UpdateTool {
        name: Some(None),
        ..UpdateTool::default()
    };
    assert!(
        is_taken(&scene.update("mine", back.clone()).await),
        "its own name is another's now"
    );
    assert_eq!(scene.served_names().await, ["mine", "list", "mail__send"]);
    scene.update("list", back.clone()).await.unwrap();
    scene.update("mine", back).await.unwrap();
    for bad in ["two words", "a~b", &"n".repeat(65), "..", "naïve"] {
        let refused = fields(scene.update("list", named(bad)).await.unwrap_err());
        assert!(refused.get("name").is_some(), "{bad}: {refused}");
    }
    let long = "x".repeat(2001);
    let refused = fields(scene.update("list", described(&long)).await.unwrap_err());
    assert!(refused.get("description").is_some(), "{refused}");
}

#[sqlx::test(migrations = false)]
async fn an_upstreams_new_tool_never_takes_a_name_that_was_given(pool: PgPool) {
    let scene = Scene::set(&pool).await;
    scene.update("mail__list", named("inbox")).await.unwrap();
    scene.make("find_cheese", Some(scene.notes.1)).await.unwrap();
    let offer = notes(&["list", "add", "inbox", "find_cheese", "mail__send", "mail__new"]);
    let url = manifest(offer).await;
    scene
        .engine
        .activate_connector(&scene.root, scene.notes.0, &url)
        .await
        .unwrap();
    let tools = scene.tools().await;
    let shadowed: Vec<_> = tools
        .iter()
        .filter(|tool| tool.status == ToolStatus::Shadowed)
        .collect();
    let defaults: Vec<_> = shadowed.iter().map(|tool| tool.default_name.as_str()).collect();
    assert_eq!(defaults, ["inbox", "find_cheese", "mail__send", "mail__new"]);
    assert_eq!(
        scene.served_names().await,
        ["list", "add", "inbox", "mail__send", "find_cheese"]
    );
    let route = scene
        .engine
        .load_route(&RouteKey::Server(scene.server))
        .await
        .unwrap()
        .unwrap();
    let of = |name: &str| {
        let tool = route.tools.iter().find(|tool| tool.name == name).unwrap();
        (route.bindings[tool.binding].source, tool.upstream_name.as_str())
    };
    assert_eq!(of("inbox"), (Some(scene.mail.1), "list"));
    assert_eq!(of("mail__send"), (Some(scene.mail.1), "send"));
    // Each has a name to address it by, and gets another one so.
    let handle = shadowed[0].tool.name.clone();
    assert!(handle.starts_with("inbox~"), "{handle}");
    let renamed = scene.update(&handle, named("notes_inbox")).await.unwrap();
    assert_eq!(
        (renamed.status, renamed.upstream_name.as_str()),
        (ToolStatus::Offered, "inbox")
    );
    let named = scene.update(&shadowed[3].tool.name, named("mail__new")).await.unwrap();
    assert_eq!(named.status, ToolStatus::Offered, "its owner may call it so");
}

#[sqlx::test(migrations = false)]
async fn the_name_of_a_tool_that_is_gone_waits_for_it_or_is_given_away(pool: PgPool) {
    let scene = Scene::set(&pool).await;
    scene.update("mail__send", named("post")).await.unwrap();
    let url = manifest(with_tools(&[tool("list", "Mails")])).await;
    scene
        .engine
        .activate_connector(&scene.root, scene.mail.0, &url)
        .await
        .unwrap();
    let url = manifest(notes(&["list", "post"])).await;
    scene
        .engine
        .activate_connector(&scene.root, scene.notes.0, &url)
        .await
        .unwrap();
    assert_eq!(scene.served_names().await, ["list", "mail__list"]);
    let tools = scene.tools().await;
    assert_eq!(
        (tools[1].default_name.as_str(), tools[1].status),
        ("post", ToolStatus::Shadowed)
    );
    scene.update(&tools[1].tool.name, named("post")).await.unwrap();
    assert_eq!(scene.served_names().await, ["list", "post", "mail__list"]);
    let url = manifest(with_tools(&[tool("list", "Mails"), tool("send", "Sends")])).await;
    scene
        .engine
        .activate_connector(&scene.root, scene.mail.0, &url)
        .await
        .unwrap();
    assert_eq!(scene.served_names().await, ["list", "post", "mail__list", "mail__send"]);
}

#[sqlx::test(migrations = false)]
async fn tools_are_put_in_order_by_their_names_of_now(pool: PgPool) {
    let scene = Scene::set(&pool).await;
    scene.update("mail__list", named("inbox")).await.unwrap();
    scene.update("add", switched(false)).await.unwrap();
    let ordered = scene.order(&["mail__send", "add", "inbox"]).await.unwrap();
    assert_eq!(names(&ordered), ["mail__send", "add", "inbox", "list"]);
    assert_eq!(names(&scene.tools().await), names(&ordered));
    assert_eq!(scene.served_names().await, ["mail__send", "inbox", "list"]);
    for bad in [&["inbox", "inbox"][..], &["mail__list"], &["list", "nothing"]] {
        let refused = fields(scene.order(bad).await.unwrap_err());
        assert!(refused.get("names").is_some(), "{refused}");
    }
    assert_eq!(names(&scene.tools().await), names(&ordered), "nothing was changed");
    let again = scene.order(&[]).await.unwrap();
    assert_eq!(names(&again), ["list", "add", "inbox", "mail__send"]);
}

#[sqlx::test(migrations = false)]
async fn tools_are_made_from_sources_templates_and_leave_with_them(pool: PgPool) {
    let scene = Scene::set(&pool).await;
    let templates = scene.engine.server_templates(&scene.ada, scene.server).await.unwrap();
    let told: Vec<_> = templates
        .iter()
        .map(|found| (found.template.name.as_str(), found.source_id))
        .collect();
    assert_eq!(told, [("find", Some(scene.notes.1))]);
    let other = source(&scene.engine, &scene.ada, "notes").await.id;
    for (source, field) in [
        (None, "source_id"),
        (Some(other), "source_id"),
        (Some(scene.mail.1), "template"),
    ] {
        let refused = fields(scene.make("cheese", source).await.unwrap_err());
        assert!(refused.get(field).is_some(), "{refused}");
    }
    let made = scene.make("cheese", Some(scene.notes.1)).await.unwrap();
    assert_eq!((made.source_id, made.tool.dynamic), (Some(scene.notes.1), true));
    scene.update("cheese", named("fromage")).await.unwrap();
    scene.update("fromage", switched(false)).await.unwrap();
    let (engine, id) = (&scene.engine, scene.notes.1.to_string());
    engine
        .remove_source_from_server(&scene.ada, scene.server, &id, None)
        .await
        .unwrap();
    let tools = scene.tools().await;
    assert_eq!(names(&tools), ["mail__list", "mail__send", "fromage"]);
    scene.update("fromage", switched(true)).await.unwrap();
    let gone = scene.tools().await.pop().unwrap();
    assert_eq!(gone.status, ToolStatus::TemplateGone);
    assert!(gone.notice.unwrap().contains("isn't on this server"));
    assert_eq!(scene.served_names().await, ["mail__list", "mail__send"]);
    engine
        .add_source_to_server(&scene.ada, scene.server, &id, None)
        .await
        .unwrap();
    assert!(
        scene.served_names().await.contains(&"fromage".to_owned()),
        "it comes back as it was"
    );
    engine.delete_tool(&scene.ada, scene.server, "fromage").await.unwrap();
    let again = scene.make("cheese", Some(scene.notes.1)).await.unwrap();
    assert_eq!(
        (again.tool.name.as_str(), again.enabled),
        ("cheese", true),
        "it is another tool"
    );
    engine.delete_source(&scene.ada, scene.notes.1, None).await.unwrap();
    assert_eq!(names(&scene.tools().await), ["mail__list", "mail__send"]);
}

#[sqlx::test(migrations = false)]
async fn what_a_connector_does_is_told_at_its_tools_and_takes_no_others_along(pool: PgPool) {
    let scene = Scene::set(&pool).await;
    let (engine, root) = (&scene.engine, &scene.root);
    engine
        .set_connector_mode(root, scene.notes.0, ConnectorMode::Deactive)
        .await
        .unwrap();
    let tools = scene.tools().await;
    let told: Vec<_> = tools.iter().map(|tool| tool.status).collect();
    let (off, on) = (ToolStatus::SwitchedOff, ToolStatus::Offered);
    assert_eq!(told, [off, off, on, on]);
    assert_eq!(
        tools[0].notice.as_deref(),
        Some("The connector 'notes' is not activated.")
    );
    scene.update("add", switched(false)).await.unwrap();
    assert_eq!(scene.tools().await[1].status, ToolStatus::Disabled);
    engine.delete_connector(root, scene.notes.0, true).await.unwrap();
    assert_eq!(names(&scene.tools().await), ["mail__list", "mail__send"]);
}

#[sqlx::test(migrations = false)]
async fn connectors_in_sync_mode_are_followed_side_by_side(pool: PgPool) {
    let engine = engine(&pool).await;
    let (root, ada) = (superuser(&engine).await, user(&engine, "ada@example.org").await);
    let mut services = Vec::new();
    let mut sources = Vec::new();
    for name in ["one", "two", "three"] {
        let service = Service::start(with_tools(&[tool("old", "")])).await;
        let registered = engine
            .register_connector(&root, crate::new_connector(name))
            .await
            .unwrap();
        let connector = ConnectorRef::Id(registered.id);
        engine
            .activate_connector(&root, connector, &service.url())
            .await
            .unwrap();
        engine
            .set_connector_mode(&root, connector, ConnectorMode::Sync)
            .await
            .unwrap();
        sources.push(
            engine
                .create_source(&ada, new_source(name, json!({})))
                .await
                .unwrap()
                .id,
        );
        services.push((service, connector));
    }
    let server = server_of(&engine, &ada, &sources).await;
    engine.clock().advance(time::Duration::seconds(61));
    let asked: Vec<_> = services.iter().map(|(service, _)| service.asked()).collect();
    let held: Vec<_> = services.iter().map(|(service, _)| service.hold_up()).collect();
    for (service, _) in &services {
        service.says(with_tools(&[tool("new", "")]));
    }
    services[0].0.fails();
    let list = tokio::spawn({
        let (engine, ada) = (engine.clone(), ada.clone());
        async move { engine.server_tools(&ada, server).await.unwrap() }
    });
    // All of them are asked before any of them has answered.
    for ((service, _), before) in services.iter().zip(asked) {
        service.asked_times(before + 1).await;
    }
    for held in held {
        held.add_permits(10);
    }
    assert_eq!(names(&list.await.unwrap()), ["old", "two__new", "three__new"]);
}

#[sqlx::test(migrations = false)]
async fn other_peoples_tools_are_not_there_and_changes_leave_their_marks(pool: PgPool) {
    let scene = Scene::set(&pool).await;
    let eve = user(&scene.engine, "eve@example.org").await;
    for actor in [&eve, &scene.root] {
        let updated = scene
            .engine
            .update_tool(actor, scene.server, "list", switched(false))
            .await;
        assert!(matches!(updated, Err(Error::NotFound(NotFound::Server))), "{updated:?}");
        let ordered = scene
            .engine
            .order_tools(actor, scene.server, ToolOrder::default())
            .await;
        assert!(matches!(ordered, Err(Error::NotFound(NotFound::Server))), "{ordered:?}");
    }
    scene.update("list", described("hunter2")).await.unwrap();
    scene.update("list", named("all")).await.unwrap();
    scene.update("all", named("all")).await.unwrap();
    scene.order(&["mail__send"]).await.unwrap();
    let rows: Vec<(String, Option<String>, String)> = sqlx::query_as(
        "SELECT action, subject_name, concat(before, after) FROM audit_events WHERE action LIKE 'tool.%' ORDER BY seq",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|(action, name, _)| (action.as_str(), name.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        told,
        [("tool.update", "list"), ("tool.update", "all"), ("tool.order", "Mine")]
    );
    assert!(rows.iter().all(|(.., parts)| !parts.contains("hunter2")), "{rows:?}");
}

#[sqlx::test(migrations = false)]
async fn an_order_of_many_tools_is_announced_once(pool: PgPool) {
    let scene = Scene::set(&pool).await;
    let counter = async || -> i64 {
        sqlx::query_scalar("SELECT last_value FROM change_counter")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    let before = counter().await;
    scene.order(&["add", "mail__send", "mail__list", "list"]).await.unwrap();
    assert_eq!(counter().await - before, 1);
}
