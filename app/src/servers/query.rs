//! What the addresses of the servers' lists ask for. Empty means not given.

use crate::paths;
use leptos_router::params::ParamsMap;
use patchbay_domain::page::PageRequest;
use patchbay_engine::servers::ServerFilter;

/// The address of a person's own list.
pub(super) const PATH: &str = "/servers";
/// The address of everybody's.
pub(super) const PATH_OF_ALL: &str = "/servers/all";

/// How many servers a page shows.
const SERVERS: u32 = 25;

/// What the address of a list asks for.
#[derive(Debug, Clone)]
pub(super) struct ServersQuery {
    /// The list.
    path: &'static str,
    /// What is searched for.
    pub(super) q: String,
    /// Whether deleted ones are shown, and not the others.
    pub(super) deleted: bool,
    /// Where the page begins.
    pub(super) cursor: String,
}

impl ServersQuery {
    /// What is asked of the list at this path.
    pub(super) fn read(path: &'static str, query: &ParamsMap) -> Self {
        let get = |name| query.get(name).unwrap_or_default();
        Self {
            path,
            q: get("q"),
            deleted: !get("deleted").is_empty(),
            cursor: get("cursor"),
        }
    }

    /// Which servers the engine is asked for.
    pub(super) fn filter(&self) -> ServerFilter {
        ServerFilter {
            q: Some(self.q.clone()).filter(|q| !q.is_empty()),
            deleted: self.deleted,
        }
    }

    /// Which page of them.
    pub(super) fn request(&self) -> PageRequest {
        PageRequest {
            limit: Some(SERVERS),
            cursor: Some(self.cursor.clone()).filter(|cursor| !cursor.is_empty()),
        }
    }

    /// The address of the page that begins there; the first one has no cursor.
    pub(super) fn page(&self, cursor: &str) -> String {
        self.address(cursor, "")
    }

    /// This page.
    pub(super) fn here(&self) -> String {
        self.page(&self.cursor)
    }

    /// This page with the question whether to delete that server for good.
    pub(super) fn erasing(&self, server: &str) -> String {
        self.address(&self.cursor, server)
    }

    fn address(&self, cursor: &str, erase: &str) -> String {
        let deleted = if self.deleted { "1" } else { "" };
        paths::with_query(
            self.path,
            &[
                ("q", &self.q),
                ("deleted", deleted),
                ("cursor", cursor),
                ("erase", erase),
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_dialogs_keep_what_was_asked_for() {
        let asked = [("q", "a b"), ("deleted", "1"), ("cursor", "x")];
        let asked = asked.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = ServersQuery::read(PATH_OF_ALL, &asked.into_iter().collect());
        assert!(query.filter().deleted);
        assert_eq!(query.page(""), "/servers/all?q=a%20b&deleted=1");
        assert_eq!(query.here(), "/servers/all?q=a%20b&deleted=1&cursor=x");
        assert_eq!(query.erasing("7"), "/servers/all?q=a%20b&deleted=1&cursor=x&erase=7");
        assert_eq!(ServersQuery::read(PATH, &ParamsMap::new()).here(), "/servers");
    }
}
