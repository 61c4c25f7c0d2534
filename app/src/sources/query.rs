//! What the address of the sources' list asks for. Empty means not given.

use crate::paths;
use leptos_router::params::ParamsMap;
use patchbay_engine::sources::SourceFilter;

/// The list's address.
pub(super) const PATH: &str = "/sources";

/// What the address of the list asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct SourcesQuery {
    /// What is searched for.
    pub(super) q: String,
    /// Only sources of this type.
    pub(super) kind: String,
    /// Where the page begins.
    pub(super) cursor: String,
}

impl From<&ParamsMap> for SourcesQuery {
    fn from(query: &ParamsMap) -> Self {
        let get = |name| query.get(name).unwrap_or_default();
        Self {
            q: get("q"),
            kind: get("type"),
            cursor: get("cursor"),
        }
    }
}

impl SourcesQuery {
    /// What the engine is asked for.
    pub(super) fn filter(&self) -> SourceFilter {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        SourceFilter {
            q: given(&self.q),
            kind: given(&self.kind),
        }
    }

    /// Whether some sources may be left out.
    pub(super) fn is_filtered(&self) -> bool {
        !(self.q.is_empty() && self.kind.is_empty())
    }

    /// The address of the page that begins there; the first one has no cursor.
    pub(super) fn page(&self, cursor: &str) -> String {
        paths::with_query(PATH, &[("q", &self.q), ("type", &self.kind), ("cursor", cursor)])
    }
}
