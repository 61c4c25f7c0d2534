//! A note, the limits on it, and what is made of it for lists: rules without storage.

use std::{collections::HashSet, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::error::ToolError;

pub(crate) const TITLE_MAX: usize = 200;
pub(crate) const TEXT_MAX: usize = 10_000;
pub(crate) const TAGS_MAX: usize = 20;
pub(crate) const TAG_MAX: usize = 50;
pub(crate) const QUERY_MAX: usize = 200;
const EXCERPT: usize = 160;
/// How much of the text before a match an excerpt shows.
const LEAD: usize = 40;

/// One note, as it is kept in the file and given to clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Note {
    /// The note's id: what get_note and delete_note take.
    pub(crate) id: u64,
    /// The notebook that the note is in.
    pub(crate) notebook: String,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) tags: Vec<String>,
    /// When the note was made (RFC 3339, UTC).
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub(crate) created_at: OffsetDateTime,
    /// When the note was last changed (RFC 3339, UTC).
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub(crate) updated_at: OffsetDateTime,
}

/// What lists and searches show of a note.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Summary {
    /// The note's id: what get_note and delete_note take.
    id: u64,
    title: String,
    /// The beginning of the text or, in a search, the part around the first match.
    excerpt: String,
    tags: Vec<String>,
    /// When the note was last changed (RFC 3339, UTC).
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    updated_at: OffsetDateTime,
}

/// A list of notes, cut to what the source allows.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Page {
    /// How many notes there are in all; when it is more than were returned, narrow the question.
    total: usize,
    notes: Vec<Summary>,
}

impl Page {
    pub(crate) fn new(notes: &[Arc<Note>], max: usize, query: Option<&Query>) -> Self {
        let summaries = notes.iter().take(max).map(|note| note.summary(query)).collect();
        Self {
            total: notes.len(),
            notes: summaries,
        }
    }
}

impl Note {
    pub(crate) fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own == tag)
    }

    fn summary(&self, query: Option<&Query>) -> Summary {
        Summary {
            id: self.id,
            title: self.title.clone(),
            excerpt: excerpt(&self.text, query),
            tags: self.tags.clone(),
            updated_at: self.updated_at,
        }
    }
}

/// What is looked for: every word must occur, in title, text or tags, whatever its case.
#[derive(Debug)]
pub(crate) struct Query {
    words: Vec<String>,
}

impl Query {
    pub(crate) fn parse(query: &str) -> Result<Self, ToolError> {
        let query = line("query", query, QUERY_MAX)?;
        Ok(Self {
            words: query.split_whitespace().map(str::to_lowercase).collect(),
        })
    }

    /// How well a note fits: the number of words that its title holds, or `None` when it doesn't fit at all.
    pub(crate) fn rank(&self, note: &Note) -> Option<usize> {
        let (title, text) = (note.title.to_lowercase(), note.text.to_lowercase());
        let anywhere = |word: &String| {
            title.contains(word) || text.contains(word) || note.tags.iter().any(|tag| tag.contains(word.as_str()))
        };
        self.words
            .iter()
            .all(anywhere)
            .then(|| self.words.iter().filter(|word| title.contains(*word)).count())
    }
}

/// A trimmed, non-empty field of at most `max` characters.
pub(crate) fn line(field: &'static str, value: &str, max: usize) -> Result<String, ToolError> {
    let value = value.trim();
    let length = value.chars().count();
    match length {
        0 => Err(ToolError::Empty { field }),
        _ if length > max => Err(ToolError::TooLong { field, length, max }),
        _ => Ok(value.to_owned()),
    }
}

/// A tag as it is stored and compared: lower case, without the `#` that people like to write.
pub(crate) fn tag(value: &str) -> Result<String, ToolError> {
    line("tag", value.trim().trim_start_matches('#'), TAG_MAX).map(|tag| tag.to_lowercase())
}

/// Several of them, each once, in the order given.
pub(crate) fn tags(values: &[String]) -> Result<Vec<String>, ToolError> {
    if values.len() > TAGS_MAX {
        return Err(ToolError::TooManyTags {
            count: values.len(),
            max: TAGS_MAX,
        });
    }
    let mut seen = HashSet::new();
    let mut tags = values.iter().map(|value| tag(value)).collect::<Result<Vec<_>, _>>()?;
    tags.retain(|tag| seen.insert(tag.clone()));
    Ok(tags)
}

fn excerpt(text: &str, query: Option<&Query>) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let start = query.map_or(0, |query| {
        let lower = flat.to_lowercase();
        let first = query
            .words
            .iter()
            .filter_map(|word| lower.find(word))
            .min()
            .unwrap_or(0);
        // Counted in characters, because lower case can have other byte offsets than the text itself.
        lower[..first].chars().count().saturating_sub(LEAD)
    });
    let mut rest = flat.chars().skip(start);
    let shown: String = rest.by_ref().take(EXCERPT).collect();
    let before = if start > 0 { "…" } else { "" };
    let after = if rest.next().is_some() { "…" } else { "" };
    format!("{before}{shown}{after}")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn note(title: &str, text: &str, tags: &[&str]) -> Note {
        let at = datetime!(2026-11-20 08:00 UTC);
        Note {
            id: 1,
            notebook: "main".to_owned(),
            title: title.to_owned(),
            text: text.to_owned(),
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn every_word_must_occur_and_titles_weigh_more() {
        let note = note("Plum cake", "Bake with CINNAMON.", &["recipe"]);
        assert_eq!(Query::parse("cinnamon recipe").unwrap().rank(&note), Some(0));
        assert_eq!(Query::parse("Plum cinnamon").unwrap().rank(&note), Some(1));
        assert_eq!(Query::parse("plum nutmeg").unwrap().rank(&note), None);
    }

    #[test]
    fn fields_are_trimmed_and_measured_in_characters() {
        assert_eq!(line("title", "  äöü ", 3).unwrap(), "äöü");
        assert!(matches!(
            line("title", " \n", 3),
            Err(ToolError::Empty { field: "title" })
        ));
        assert!(matches!(
            line("title", "four", 3),
            Err(ToolError::TooLong { length: 4, max: 3, .. })
        ));
    }

    #[test]
    fn tags_are_normalised_and_kept_once() {
        let given = ["#Home".to_owned(), "home ".to_owned(), "Work".to_owned()];
        assert_eq!(tags(&given).unwrap(), ["home", "work"]);
        assert!(matches!(
            tags(&vec!["t".to_owned(); TAGS_MAX + 1]),
            Err(ToolError::TooManyTags { .. })
        ));
        assert!(matches!(tag("#"), Err(ToolError::Empty { .. })));
    }

    #[test]
    fn an_excerpt_shows_the_match_and_says_what_it_leaves_out() {
        let text = format!("{} needle {}", "hay ".repeat(50), "straw ".repeat(50));
        let found = excerpt(&text, Some(&Query::parse("needle").unwrap()));
        assert!(
            found.starts_with('…') && found.contains("needle") && found.ends_with('…'),
            "{found}"
        );
        assert_eq!(excerpt("short\n\ntext", None), "short text");
    }

    #[test]
    fn an_excerpt_survives_letters_whose_lower_case_is_longer() {
        let text = format!("{}needle", "İ".repeat(100));
        assert!(excerpt(&text, Some(&Query::parse("needle").unwrap())).starts_with('…'));
    }
}
