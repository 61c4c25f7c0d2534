//! All notes: in memory behind a mutex, and written through to the file before a change counts.
//!
//! Everything here blocks; `connector.rs` keeps it off the async threads. The notebooks of all sources share one
//! file and one sequence of ids, and every question names its notebook.

use std::{
    cmp::Reverse,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    clock::Clock,
    error::ToolError,
    file::{self, FileError, Shelf},
    note::{self, Note, Query, TEXT_MAX, TITLE_MAX},
};

/// A file of more notes would be rewritten too slowly at each change.
pub(crate) const NOTES_MAX: usize = 2_000;

/// The notes of one file.
#[derive(Debug)]
pub(crate) struct Notes {
    file: PathBuf,
    clock: Clock,
    shelf: Mutex<Shelf>,
}

impl Notes {
    /// Reads the file, or makes an empty one: better to find out now than at the first note that it can't be written.
    pub(crate) fn open(file: PathBuf, clock: Clock) -> Result<Self, FileError> {
        let shelf = match file::load(&file)? {
            Some(shelf) => shelf,
            None => {
                let empty = Shelf::default();
                file::save(&file, &empty).map_err(|source| FileError::Write {
                    file: file.clone(),
                    source,
                })?;
                empty
            }
        };
        Ok(Self {
            file,
            clock,
            shelf: Mutex::new(shelf),
        })
    }

    pub(crate) fn add(
        &self,
        notebook: &str,
        title: &str,
        text: &str,
        tags: &[String],
        signature: &str,
    ) -> Result<Arc<Note>, ToolError> {
        let title = note::line("title", title, TITLE_MAX)?;
        let mut text = note::line("text", text, TEXT_MAX)?;
        let tags = note::tags(tags)?;
        if !signature.is_empty() {
            text = format!("{text}\n\n{signature}");
        }
        self.change(|shelf| self.put(shelf, notebook, title, text, tags))
    }

    /// Adds a line to the newest note of that title; without one, makes it. The line is all that changes.
    pub(crate) fn append(&self, notebook: &str, title: &str, line: &str) -> Result<Arc<Note>, ToolError> {
        let title = note::line("title", title, TITLE_MAX)?;
        let line = note::line("line", line, TEXT_MAX)?;
        self.change(|shelf| {
            let known = shelf
                .notes
                .iter()
                .rposition(|note| note.notebook == notebook && note.title.to_lowercase() == title.to_lowercase());
            let Some(known) = known else {
                return self.put(shelf, notebook, title, line, Vec::new());
            };
            let mut note = (*shelf.notes[known]).clone();
            note.text = note::line("text", &format!("{}\n{line}", note.text), TEXT_MAX)?;
            note.updated_at = (self.clock)();
            let note = Arc::new(note);
            shelf.notes[known] = Arc::clone(&note);
            Ok(note)
        })
    }

    pub(crate) fn get(&self, notebook: &str, id: u64) -> Result<Arc<Note>, ToolError> {
        let shelf = self.lock();
        let place = place(&shelf, notebook, id)?;
        Ok(Arc::clone(&shelf.notes[place]))
    }

    pub(crate) fn delete(&self, notebook: &str, id: u64) -> Result<Arc<Note>, ToolError> {
        self.change(|shelf| place(shelf, notebook, id).map(|place| shelf.notes.remove(place)))
    }

    /// The notebook's notes, those that changed last first; with a tag, only those that carry it.
    pub(crate) fn list(&self, notebook: &str, tag: Option<&str>) -> Result<Vec<Arc<Note>>, ToolError> {
        let tag = tag.map(note::tag).transpose()?;
        let mut notes: Vec<Arc<Note>> = self
            .lock()
            .notes
            .iter()
            .filter(|note| note.notebook == notebook && tag.as_ref().is_none_or(|tag| note.has_tag(tag)))
            .cloned()
            .collect();
        notes.sort_by_key(|note| Reverse((note.updated_at, note.id)));
        Ok(notes)
    }

    /// Those of them that fit the query, the best first.
    pub(crate) fn search(&self, notebook: &str, tag: Option<&str>, query: &Query) -> Result<Vec<Arc<Note>>, ToolError> {
        let notes = self.list(notebook, tag)?;
        let mut found: Vec<(usize, Arc<Note>)> = notes
            .into_iter()
            .filter_map(|note| query.rank(&note).map(|rank| (rank, note)))
            .collect();
        // Stable, so that notes of one rank stay in the list's order.
        found.sort_by_key(|(rank, _)| Reverse(*rank));
        Ok(found.into_iter().map(|(_, note)| note).collect())
    }

    fn put(
        &self,
        shelf: &mut Shelf,
        notebook: &str,
        title: String,
        text: String,
        tags: Vec<String>,
    ) -> Result<Arc<Note>, ToolError> {
        if shelf.notes.len() >= NOTES_MAX {
            return Err(ToolError::Full { max: NOTES_MAX });
        }
        let now = (self.clock)();
        let note = Arc::new(Note {
            id: shelf.next_id,
            notebook: notebook.to_owned(),
            title,
            text,
            tags,
            created_at: now,
            updated_at: now,
        });
        shelf.next_id += 1;
        shelf.notes.push(Arc::clone(&note));
        Ok(note)
    }

    /// Makes a change on a copy (of pointers), writes it, and only then lets it count: a failed write changes nothing.
    fn change<T>(&self, change: impl FnOnce(&mut Shelf) -> Result<T, ToolError>) -> Result<T, ToolError> {
        let mut shelf = self.lock();
        let mut next = shelf.clone();
        let answer = change(&mut next)?;
        file::save(&self.file, &next).map_err(ToolError::Save)?;
        *shelf = next;
        Ok(answer)
    }

    fn lock(&self) -> MutexGuard<'_, Shelf> {
        // Whatever panicked while it held the lock, the shelf is replaced in one step and so is whole.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(shelf: &Shelf, notebook: &str, id: u64) -> Result<usize, ToolError> {
    shelf
        .notes
        .iter()
        .position(|note| note.id == id && note.notebook == notebook)
        .ok_or_else(|| ToolError::NoSuchNote {
            id,
            notebook: notebook.to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use time::macros::datetime;

    use super::*;

    fn clock() -> time::OffsetDateTime {
        datetime!(2026-11-20 08:00 UTC)
    }

    fn open(dir: &TempDir) -> Notes {
        Notes::open(dir.path().join("notes.json"), clock).unwrap()
    }

    fn add(notes: &Notes, notebook: &str, title: &str, tags: &[&str]) -> Arc<Note> {
        let tags: Vec<String> = tags.iter().map(|&tag| tag.to_owned()).collect();
        notes.add(notebook, title, "text", &tags, "").unwrap()
    }

    fn titles(notes: &[Arc<Note>]) -> Vec<&str> {
        notes.iter().map(|note| note.title.as_str()).collect()
    }

    #[test]
    fn notes_are_there_again_after_a_restart_and_ids_are_never_reused() {
        let dir = TempDir::new().unwrap();
        let notes = open(&dir);
        let first = add(&notes, "main", "First", &["a"]);
        let second = add(&notes, "main", "Second", &[]);
        notes.delete("main", second.id).unwrap();
        drop(notes);

        let notes = open(&dir);
        assert_eq!(notes.get("main", first.id).unwrap(), first);
        assert!(add(&notes, "main", "Third", &[]).id > second.id);
    }

    #[test]
    fn notebooks_do_not_see_each_other() {
        let dir = TempDir::new().unwrap();
        let notes = open(&dir);
        let note = add(&notes, "work", "Secret plan", &[]);
        assert!(notes.list("main", None).unwrap().is_empty());
        assert!(
            notes
                .search("main", None, &Query::parse("secret").unwrap())
                .unwrap()
                .is_empty()
        );
        assert!(matches!(notes.get("main", note.id), Err(ToolError::NoSuchNote { .. })));
        assert!(matches!(
            notes.delete("main", note.id),
            Err(ToolError::NoSuchNote { .. })
        ));
        assert!(notes.get("work", note.id).is_ok());
    }

    #[test]
    fn lists_are_newest_first_and_can_be_narrowed_to_a_tag() {
        let dir = TempDir::new().unwrap();
        let notes = open(&dir);
        add(&notes, "main", "Old", &["home"]);
        add(&notes, "main", "New", &["Work"]);
        assert_eq!(titles(&notes.list("main", None).unwrap()), ["New", "Old"]);
        assert_eq!(titles(&notes.list("main", Some("#work")).unwrap()), ["New"]);
    }

    #[test]
    fn a_search_puts_matching_titles_first() {
        let dir = TempDir::new().unwrap();
        let notes = open(&dir);
        add(&notes, "main", "Garden", &["other"]);
        notes.add("main", "Weekend", "work in the garden", &[], "").unwrap();
        let query = Query::parse("GARDEN").unwrap();
        assert_eq!(
            titles(&notes.search("main", None, &query).unwrap()),
            ["Garden", "Weekend"]
        );
        assert_eq!(
            titles(&notes.search("main", Some("other"), &query).unwrap()),
            ["Garden"]
        );
    }

    #[test]
    fn a_signature_stands_below_a_new_note() {
        let dir = TempDir::new().unwrap();
        let note = open(&dir).add("main", "Title", "Text", &[], "— me").unwrap();
        assert_eq!(note.text, "Text\n\n— me");
    }

    #[test]
    fn appending_makes_the_note_and_then_extends_it() {
        let dir = TempDir::new().unwrap();
        let notes = open(&dir);
        let first = notes.append("main", "Shopping list", "milk").unwrap();
        let again = notes.append("main", "shopping LIST", "bread").unwrap();
        assert_eq!((again.id, again.text.as_str()), (first.id, "milk\nbread"));
        let too_much = notes.append("main", "Shopping list", &"x".repeat(TEXT_MAX));
        assert!(matches!(too_much, Err(ToolError::TooLong { field: "text", .. })));
        assert_eq!(notes.get("main", first.id).unwrap().text, "milk\nbread");
    }

    #[test]
    fn a_change_that_could_not_be_written_did_not_happen() {
        let dir = TempDir::new().unwrap();
        let notes = open(&dir);
        let kept = add(&notes, "main", "Kept", &[]);
        dir.close().unwrap();
        assert!(matches!(
            notes.add("main", "Lost", "text", &[], ""),
            Err(ToolError::Save(_))
        ));
        assert!(matches!(notes.delete("main", kept.id), Err(ToolError::Save(_))));
        assert_eq!(titles(&notes.list("main", None).unwrap()), ["Kept"]);
    }
}
