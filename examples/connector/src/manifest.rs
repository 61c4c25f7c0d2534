//! The manifest, `/connector.json`: how this connector describes itself to Patchbay.
//!
//! Tools and templates come from the routers that also answer calls, so the manifest can't promise something else.

use rmcp::model::Tool;
use serde::Serialize;
use serde_json::Value;

use crate::{
    connector::{Connector, NAME, VERSION},
    settings,
};

/// The manifest. It names no `mcp_url`: MCP is answered at the default place, `/mcp` beside it.
#[derive(Debug, Serialize)]
pub(crate) struct Manifest<'a> {
    name: &'static str,
    description: &'static str,
    version: &'static str,
    logo_url: &'static str,
    url: &'a str,
    tools: Vec<Tool>,
    templates: Vec<Tool>,
    config: Config,
}

#[derive(Debug, Serialize)]
struct Config {
    params: Value,
    ui_schema: Value,
}

impl<'a> Manifest<'a> {
    pub(crate) fn new(connector: &Connector, base_url: &'a str) -> Self {
        Self {
            name: NAME,
            description: "Notes in notebooks: add, find, read and delete them. Kept in one file beside the connector.",
            version: VERSION,
            logo_url: "/logo.png",
            url: base_url,
            tools: connector.tools(),
            templates: connector.templates(),
            config: Config {
                params: settings::params_schema(),
                ui_schema: settings::ui_schema(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::{clock, notes::Notes};

    fn manifest() -> Value {
        let dir = TempDir::new().unwrap();
        let connector = Connector::new(Notes::open(dir.path().join("notes.json"), clock::system).unwrap());
        serde_json::to_value(Manifest::new(&connector, "http://127.0.0.1:8025")).unwrap()
    }

    fn names(list: &Value) -> Vec<&str> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|tool| tool["name"].as_str().unwrap())
            .collect()
    }

    #[test]
    fn it_lists_the_tools_and_the_templates_apart() {
        let manifest = manifest();
        assert_eq!(
            names(&manifest["tools"]),
            ["add_note", "delete_note", "get_note", "list_notes", "search_notes"]
        );
        assert_eq!(
            names(&manifest["templates"]),
            ["add_tagged_note", "append_to_note", "search_in_tag"]
        );
    }

    #[test]
    fn every_tool_says_what_it_does_takes_and_returns() {
        let manifest = manifest();
        for tool in ["tools", "templates"]
            .iter()
            .flat_map(|key| manifest[key].as_array().unwrap())
        {
            assert!(
                tool["description"].as_str().is_some_and(|text| !text.is_empty()),
                "{tool}"
            );
            assert_eq!(tool["inputSchema"]["additionalProperties"], false, "{tool}");
            assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");
            assert!(tool["annotations"]["readOnlyHint"].is_boolean(), "{tool}");
            for (name, property) in tool["inputSchema"]["properties"].as_object().unwrap() {
                assert!(property["description"].is_string(), "{name} of {tool}");
            }
        }
    }

    #[test]
    fn the_order_and_the_limits_of_arguments_are_in_the_schemas() {
        let manifest = manifest();
        let add = &manifest["tools"][0]["inputSchema"];
        let order: Vec<&str> = add["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            order,
            ["title", "text", "tags"],
            "arguments stand in the order in which people think of them"
        );
        assert_eq!(add["required"], serde_json::json!(["title", "text"]));
        assert_eq!(add["properties"]["title"]["maxLength"], 200);
        assert_eq!(add["properties"]["tags"]["maxItems"], 20);
        assert_eq!(add["properties"]["tags"]["items"]["maxLength"], 50);
    }
}
