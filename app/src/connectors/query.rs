//! What the catalogue's addresses ask for. Empty means not given.

use crate::paths;
use leptos_router::params::ParamsMap;
use patchbay_domain::connector::{ChangesState, ConnectorMode, ConnectorSort};
use patchbay_engine::connectors::ConnectorFilter;

/// The list's address.
pub(super) const PATH: &str = "/connectors";

/// What the address of the list asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct ConnectorsQuery {
    /// What is searched for.
    pub(super) q: String,
    /// Only connectors of this mode.
    pub(super) mode: String,
    /// Only connectors whose changes are in this state.
    pub(super) changes: String,
    /// In which order.
    pub(super) sort: String,
    /// Where the page begins.
    pub(super) cursor: String,
    /// The connector that was just registered.
    pub(super) registered: String,
    /// The connector to activate.
    pub(super) activate: String,
    /// What was left out because it means nothing, as it stood in the address.
    pub(super) left_out: Vec<String>,
}

impl From<&ParamsMap> for ConnectorsQuery {
    fn from(query: &ParamsMap) -> Self {
        let get = |name| query.get(name).unwrap_or_default();
        let mut left_out = Vec::new();
        let mut word = |name: &str, is_known: fn(&str) -> bool| {
            let word = query.get(name).unwrap_or_default();
            if word.is_empty() || is_known(&word) {
                return word;
            }
            left_out.push(format!("{name}={word}"));
            String::new()
        };
        Self {
            mode: word("mode", |word| ConnectorMode::parse(word).is_some()),
            changes: word("changes", |word| ChangesState::parse(word).is_some()),
            sort: word("sort", |word| ConnectorSort::parse(word).is_some()),
            q: get("q"),
            cursor: get("cursor"),
            registered: get("registered"),
            activate: get("activate"),
            left_out,
        }
    }
}

impl ConnectorsQuery {
    /// What the engine is asked for.
    pub(super) fn filter(&self) -> ConnectorFilter {
        ConnectorFilter {
            q: Some(self.q.clone()).filter(|q| !q.is_empty()),
            mode: ConnectorMode::parse(&self.mode),
            changes: ChangesState::parse(&self.changes),
            sort: self.order(),
            ..ConnectorFilter::default()
        }
    }

    /// The order that is asked for.
    pub(super) fn order(&self) -> ConnectorSort {
        ConnectorSort::parse(&self.sort).unwrap_or_default()
    }

    /// Whether some connectors may be left out.
    pub(super) fn is_filtered(&self) -> bool {
        !(self.q.is_empty() && self.mode.is_empty() && self.changes.is_empty())
    }

    /// The address of the page that begins there; the first one has no cursor.
    pub(super) fn page(&self, cursor: &str) -> String {
        self.path(cursor, "")
    }

    /// This page with the activation dialog open, or without it.
    pub(super) fn activating(&self, connector: &str) -> String {
        self.path(&self.cursor, connector)
    }

    fn path(&self, cursor: &str, activate: &str) -> String {
        paths::with_query(
            PATH,
            &[
                ("q", &self.q),
                ("mode", &self.mode),
                ("changes", &self.changes),
                ("sort", &self.sort),
                ("cursor", cursor),
                ("activate", activate),
            ],
        )
    }
}

/// What the address of a connector's page asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// Activating it.
    Activate,
    /// Editing it.
    Edit,
    /// Another mode.
    Become(ConnectorMode),
    /// Deleting it.
    Delete,
}

impl Ask {
    /// The first of what is asked.
    pub(super) fn read(query: &ParamsMap) -> Option<Self> {
        let has = |name| query.get(name).is_some();
        let become_mode = || ConnectorMode::parse(&query.get("become")?);
        if has("activate") {
            Some(Self::Activate)
        } else if has("edit") {
            Some(Self::Edit)
        } else if has("delete") {
            Some(Self::Delete)
        } else {
            become_mode().map(Self::Become)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_dialogs_keep_the_filters() {
        let query = ConnectorsQuery {
            q: "a b".into(),
            changes: "waiting".into(),
            sort: "name".into(),
            cursor: "n1".into(),
            registered: "7".into(),
            ..ConnectorsQuery::default()
        };
        assert_eq!(query.page(""), "/connectors?q=a%20b&changes=waiting&sort=name");
        assert_eq!(
            query.page("n2"),
            "/connectors?q=a%20b&changes=waiting&sort=name&cursor=n2"
        );
        assert_eq!(
            query.activating("7"),
            "/connectors?q=a%20b&changes=waiting&sort=name&cursor=n1&activate=7"
        );
    }

    #[test]
    fn words_that_mean_nothing_are_left_out_and_named() {
        let words = [("mode", "fast"), ("changes", "many"), ("sort", "odd"), ("q", "")];
        let words = words.map(|(name, word)| (name.to_owned(), word.to_owned()));
        let query = ConnectorsQuery::from(&words.into_iter().collect::<ParamsMap>());
        assert_eq!(query.left_out, ["mode=fast", "changes=many", "sort=odd"]);
        assert!(!query.is_filtered());
        assert_eq!(query.page(""), "/connectors", "no other page asks for them again");
        let filter = query.filter();
        assert_eq!(
            (filter.mode, filter.changes, filter.sort),
            (None, None, ConnectorSort::Newest)
        );
        assert!(filter.q.is_none());
    }
}
