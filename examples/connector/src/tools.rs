//! The tools: arguments in, the notes asked, an answer or a clear error out.

use std::sync::Arc;

use rmcp::{
    handler::server::wrapper::{Json, Parameters},
    model::RequestMetaObject,
    tool, tool_router,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    connector::Connector,
    error::ToolError,
    note::{Note, Page, QUERY_MAX, Query, TAG_MAX, TAGS_MAX, TEXT_MAX, TITLE_MAX},
    settings::Settings,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddNote {
    /// What the note is about, in a few words.
    #[schemars(length(min = 1, max = TITLE_MAX))]
    title: String,
    /// The note itself: plain text or Markdown.
    #[schemars(length(min = 1, max = TEXT_MAX))]
    text: String,
    /// Words to find it by later, such as "recipe" or "project-x". Case and a leading # don't matter.
    #[serde(default)]
    #[schemars(length(max = TAGS_MAX), inner(length(min = 1, max = TAG_MAX)))]
    tags: Vec<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListNotes {
    /// Only notes that carry this tag.
    #[serde(default)]
    #[schemars(length(max = TAG_MAX))]
    tag: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchNotes {
    /// One or more words. A note is found when it has all of them in its title, text or tags, in any case and order.
    #[schemars(length(min = 1, max = QUERY_MAX))]
    query: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteId {
    /// The note's id, as list_notes, search_notes and add_note give it.
    id: u64,
}

/// What was deleted.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Deleted {
    deleted: u64,
    title: String,
}

#[tool_router(vis = "pub(crate)")]
impl Connector {
    #[tool(
        description = "Add a note to the notebook. Returns the note with its new id.",
        annotations(
            title = "Add a note",
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = false,
            open_world_hint = false
        )
    )]
    async fn add_note(
        &self,
        meta: RequestMetaObject,
        Parameters(AddNote { title, text, tags }): Parameters<AddNote>,
    ) -> Result<Json<Arc<Note>>, ToolError> {
        let Settings {
            notebook, signature, ..
        } = Settings::of_write(&meta)?;
        self.with_notes(move |notes| notes.add(&notebook, &title, &text, &tags, &signature))
            .await
            .map(Json)
    }

    #[tool(
        description = "List the notebook's notes, the last changed first, with an excerpt of each; with `tag`, only \
                       those that carry it. `total` says how many there are: when it is more than were returned, use \
                       search_notes or a tag. Use get_note for a whole text.",
        annotations(title = "List notes", read_only_hint = true, open_world_hint = false)
    )]
    async fn list_notes(
        &self,
        meta: RequestMetaObject,
        Parameters(ListNotes { tag }): Parameters<ListNotes>,
    ) -> Result<Json<Page>, ToolError> {
        let Settings {
            notebook, max_results, ..
        } = Settings::of_call(&meta)?;
        self.with_notes(move |notes| Ok(Page::new(&notes.list(&notebook, tag.as_deref())?, max_results, None)))
            .await
            .map(Json)
    }

    #[tool(
        description = "Find notes by words in their title, text or tags. Matches in titles come first, then the last \
                       changed. Returns an excerpt around the first match; use get_note for a whole text.",
        annotations(title = "Search notes", read_only_hint = true, open_world_hint = false)
    )]
    async fn search_notes(
        &self,
        meta: RequestMetaObject,
        Parameters(SearchNotes { query }): Parameters<SearchNotes>,
    ) -> Result<Json<Page>, ToolError> {
        self.find(&meta, query, None).await.map(Json)
    }

    #[tool(
        description = "Read one note in full, by its id.",
        annotations(title = "Read a note", read_only_hint = true, open_world_hint = false)
    )]
    async fn get_note(
        &self,
        meta: RequestMetaObject,
        Parameters(NoteId { id }): Parameters<NoteId>,
    ) -> Result<Json<Arc<Note>>, ToolError> {
        let Settings { notebook, .. } = Settings::of_call(&meta)?;
        self.with_notes(move |notes| notes.get(&notebook, id)).await.map(Json)
    }

    #[tool(
        description = "Delete one note for good, by its id. There is no way to get it back.",
        annotations(
            title = "Delete a note",
            read_only_hint = false,
            destructive_hint = true,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn delete_note(
        &self,
        meta: RequestMetaObject,
        Parameters(NoteId { id }): Parameters<NoteId>,
    ) -> Result<Json<Deleted>, ToolError> {
        let Settings { notebook, .. } = Settings::of_write(&meta)?;
        let note = self.with_notes(move |notes| notes.delete(&notebook, id)).await?;
        Ok(Json(Deleted {
            deleted: note.id,
            title: note.title.clone(),
        }))
    }

    /// A search, in all notes or in those of one tag.
    pub(crate) async fn find(
        &self,
        meta: &RequestMetaObject,
        query: String,
        tag: Option<String>,
    ) -> Result<Page, ToolError> {
        let Settings {
            notebook, max_results, ..
        } = Settings::of_call(meta)?;
        self.with_notes(move |notes| {
            let query = Query::parse(&query)?;
            let found = notes.search(&notebook, tag.as_deref(), &query)?;
            Ok(Page::new(&found, max_results, Some(&query)))
        })
        .await
    }
}
