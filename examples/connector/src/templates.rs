//! Templates: tools from which whoever runs a server makes tools of their own.
//!
//! They fix some arguments and leave `{placeholder}`s in others; the placeholders become the new tool's arguments.
//! So `search_in_tag` with `{"tag": "recipe", "query": "{ingredient}"}` becomes "find a recipe by ingredient".
//! What arrives here is an ordinary call with every placeholder filled in.

use std::sync::Arc;

use rmcp::{
    handler::server::wrapper::{Json, Parameters},
    model::RequestMetaObject,
    tool, tool_router,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    connector::Connector,
    error::ToolError,
    note::{Note, Page, QUERY_MAX, TAG_MAX, TEXT_MAX, TITLE_MAX},
    settings::Settings,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchInTag {
    /// The tag that notes must carry. Usually fixed: "recipe".
    #[schemars(length(min = 1, max = TAG_MAX))]
    tag: String,
    /// The words to look for. Usually a placeholder: "{ingredient}".
    #[schemars(length(min = 1, max = QUERY_MAX))]
    query: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddTaggedNote {
    /// The tag that the note gets. Usually fixed: "meeting".
    #[schemars(length(min = 1, max = TAG_MAX))]
    tag: String,
    /// The title. May mix both: "Meeting with {person}".
    #[schemars(length(min = 1, max = TITLE_MAX))]
    title: String,
    /// The text. Usually a placeholder: "{minutes}".
    #[schemars(length(min = 1, max = TEXT_MAX))]
    text: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppendToNote {
    /// The note's title. Usually fixed: "Shopping list".
    #[schemars(length(min = 1, max = TITLE_MAX))]
    title: String,
    /// The line to add. May mix both: "- {item}".
    #[schemars(length(min = 1, max = TEXT_MAX))]
    line: String,
}

#[tool_router(router = template_router, vis = "pub(crate)")]
impl Connector {
    #[tool(
        description = "Find notes that carry one tag by words in their title, text or tags.",
        annotations(title = "Search in a tag", read_only_hint = true, open_world_hint = false)
    )]
    async fn search_in_tag(
        &self,
        meta: RequestMetaObject,
        Parameters(SearchInTag { tag, query }): Parameters<SearchInTag>,
    ) -> Result<Json<Page>, ToolError> {
        self.find(&meta, query, Some(tag)).await.map(Json)
    }

    #[tool(
        description = "Add a note that carries one tag.",
        annotations(
            title = "Add a note with a tag",
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = false,
            open_world_hint = false
        )
    )]
    async fn add_tagged_note(
        &self,
        meta: RequestMetaObject,
        Parameters(AddTaggedNote { tag, title, text }): Parameters<AddTaggedNote>,
    ) -> Result<Json<Arc<Note>>, ToolError> {
        let Settings {
            notebook, signature, ..
        } = Settings::of_write(&meta)?;
        self.with_notes(move |notes| notes.add(&notebook, &title, &text, &[tag], &signature))
            .await
            .map(Json)
    }

    #[tool(
        description = "Add a line to the note of a given title; the note is made when there is none. Good for running \
                       notes such as lists and logs. These carry no signature.",
        annotations(
            title = "Add a line to a note",
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = false,
            open_world_hint = false
        )
    )]
    async fn append_to_note(
        &self,
        meta: RequestMetaObject,
        Parameters(AppendToNote { title, line }): Parameters<AppendToNote>,
    ) -> Result<Json<Arc<Note>>, ToolError> {
        let Settings { notebook, .. } = Settings::of_write(&meta)?;
        self.with_notes(move |notes| notes.append(&notebook, &title, &line))
            .await
            .map(Json)
    }
}
