//! What an import does to the names of tools, and to what their owner wants of them.

use super::*;

const CONNECTORS: &str = "patchbay: 1
connectors:
  - {name: notes, description: N, url: 'http://h/', mcp_url: 'http://h/mcp', mode: active, definitions: {tools: [{name: mail__list, inputSchema: {type: object}}, {name: list, inputSchema: {type: object}}], templates: [{name: find}]}}
  - {name: mail, description: M, url: 'http://h/', mcp_url: 'http://h/mcp', mode: active, definitions: {tools: [{name: list, inputSchema: {type: object}}], templates: [{name: find}]}}
users: [{email: ada@example.org}]
sources: [{owner: ada@example.org, type: notes}, {owner: ada@example.org, type: mail}]
";

fn with_server(rest: &str) -> String {
    format!("{CONNECTORS}servers: [{{owner: ada@example.org, name: Mine, endpoint: /mcp/1, {rest}}}]")
}

async fn prefixes(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("SELECT prefix FROM mcp_server_bindings ORDER BY prefix")
        .fetch_all(pool)
        .await
        .unwrap()
}

#[sqlx::test(migrations = false)]
async fn a_prefix_that_a_document_leaves_open_takes_no_name_from_a_tool(pool: PgPool) {
    let engine = engine(&pool).await;
    import(&engine, &with_server("sources: [{type: notes}]")).await.unwrap();
    import(&engine, &with_server("sources: [{type: notes}, {type: mail}]"))
        .await
        .unwrap();
    assert_eq!(prefixes(&pool).await, ["", "mail_2"]);
}

#[sqlx::test(migrations = false)]
async fn a_server_takes_no_prefix_that_it_would_not_give(pool: PgPool) {
    let engine = engine(&pool).await;
    let of = |length: usize| {
        let prefix = "p".repeat(length);
        with_server(&format!(
            "sources: [{{type: mail, prefix: {prefix}}}], former_sources: [{{prefix: x{prefix}}}]"
        ))
    };
    let found = problems(import(&engine, &of(41)).await);
    assert_eq!(found.len(), 2, "{found:?}");
    for (problem, path) in found.iter().zip(["former_sources[0]", "sources[0]"]) {
        assert!(
            problem.starts_with(&format!("servers[0].{path}.prefix: ")) && problem.contains("at most 40"),
            "{problem}"
        );
    }
    import(&engine, &of(39)).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn what_is_wanted_of_a_dynamic_tool_stays_when_it_is_made_from_another_source(pool: PgPool) {
    let engine = engine(&pool).await;
    let tool = |source: &str, settings: &str| {
        with_server(&format!(
            "sources: [{{type: notes}}, {{type: mail}}],
              tools: [{{name: mine, source: {{type: {source}}}, template: find}}]{settings}"
        ))
    };
    let settings = ", tool_settings: [{tool: mine, source: {type: notes}, made: true, name: ours}]";
    import(&engine, &tool("notes", settings)).await.unwrap();
    let moved = settings.replace("notes", "mail");
    import(&engine, &tool("mail", "")).await.unwrap();
    let yaml = export(&engine).await;
    assert!(
        import(&engine, &tool("mail", &moved)).await.unwrap().is_empty(),
        "{yaml}"
    );
    // Both at once, and back again.
    let report = import(&engine, &tool("notes", settings)).await.unwrap();
    assert_eq!(report.servers.changed, 1);
    let named: Vec<String> = sqlx::query_scalar(
        "SELECT s.type || ' ' || t.name FROM mcp_server_tool_settings t JOIN sources s ON s.id = t.source_id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(named, ["notes ours"]);
}
