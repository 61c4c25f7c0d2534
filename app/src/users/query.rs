//! What the addresses of these pages ask for. Empty means not given.

use super::words::ROLES;
use crate::paths;
use leptos_router::params::ParamsMap;
use patchbay_domain::{page::PageRequest, user::Role};
use patchbay_engine::users::UserFilter;

/// The list's address.
pub(super) const PATH: &str = "/users";
/// How many users a page shows.
const PAGE: u32 = 25;

/// An account that can be used.
pub(super) const ACTIVE: &str = "active";
/// One that can't.
pub(super) const DISABLED: &str = "disabled";
/// States as the address names them, and as people read them.
pub(super) const STATES: [(&str, &str); 2] = [(ACTIVE, "Active"), (DISABLED, "Disabled")];

/// What the address of the list asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct UsersQuery {
    /// What is searched for.
    pub(super) q: String,
    /// Only users of this role.
    pub(super) role: String,
    /// Only accounts in this state.
    pub(super) state: String,
    /// Where the page begins.
    pub(super) cursor: String,
}

impl From<&ParamsMap> for UsersQuery {
    fn from(query: &ParamsMap) -> Self {
        let get = |name| query.get(name).unwrap_or_default();
        // What means nothing here is as if it weren't there: the page shows what it heeds.
        let word = |name, known: &[(&str, &str)]| {
            let word = get(name);
            known
                .iter()
                .find(|(one, _)| *one == word)
                .map_or_else(String::new, |_| word.clone())
        };
        Self {
            q: get("q").trim().to_owned(),
            // Everybody is a user.
            role: word("role", &ROLES[1..]),
            state: word("state", &STATES),
            cursor: get("cursor"),
        }
    }
}

impl UsersQuery {
    /// What the engine is asked for.
    pub(super) fn filter(&self) -> UserFilter {
        UserFilter {
            q: Some(self.q.clone()).filter(|q| !q.is_empty()),
            role: Role::parse(&self.role),
            disabled: Some(self.state.as_str())
                .filter(|state| !state.is_empty())
                .map(|state| state == DISABLED),
        }
    }

    /// The part of the list that this page shows.
    pub(super) fn request(&self) -> PageRequest {
        PageRequest {
            limit: Some(PAGE),
            cursor: Some(self.cursor.clone()).filter(|cursor| !cursor.is_empty()),
        }
    }

    /// Whether some users may be left out.
    pub(super) fn is_filtered(&self) -> bool {
        !(self.q.is_empty() && self.role.is_empty() && self.state.is_empty())
    }

    /// The address of the page that begins there; the first one has no cursor.
    pub(super) fn page(&self, cursor: &str) -> String {
        let parameters = [
            ("q", self.q.as_str()),
            ("role", &self.role),
            ("state", &self.state),
            ("cursor", cursor),
        ];
        paths::with_query(PATH, &parameters)
    }
}

/// What the address of a user's page asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// Switching the account off.
    Disable,
    /// Removing the second factor.
    SecondFactor,
    /// Deleting it.
    Delete,
}

impl Ask {
    /// The first of what is asked.
    pub(super) fn read(query: &ParamsMap) -> Option<Self> {
        let all = [
            ("disable", Self::Disable),
            ("second_factor", Self::SecondFactor),
            ("delete", Self::Delete),
        ];
        all.into_iter()
            .find(|(name, _)| query.get(name).is_some())
            .map(|(_, ask)| ask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> UsersQuery {
        let pairs = pairs
            .iter()
            .map(|(name, word)| ((*name).to_owned(), (*word).to_owned()));
        UsersQuery::from(&pairs.collect::<ParamsMap>())
    }

    #[test]
    fn pages_keep_the_filters_and_nothing_that_means_nothing() {
        let asked = query(&[
            ("q", " a b "),
            ("role", "admin"),
            ("state", "disabled"),
            ("cursor", "n1"),
        ]);
        assert_eq!(asked.page(""), "/users?q=a%20b&role=admin&state=disabled");
        assert_eq!(asked.page("n2"), "/users?q=a%20b&role=admin&state=disabled&cursor=n2");
        let filter = asked.filter();
        assert_eq!((filter.role, filter.disabled), (Some(Role::Admin), Some(true)));

        let odd = query(&[("role", "king"), ("state", "asleep"), ("q", " ")]);
        assert!(!odd.is_filtered());
        assert_eq!(odd.page(""), "/users");
        assert_eq!(query(&[("state", "active")]).filter().disabled, Some(false));
    }
}
