//! Roles and states in words.

use patchbay_domain::user::{Role, UserView};

/// Roles as a form sends them, and as people read them. A superuser may do what an admin may, so one is enough.
pub(super) const ROLES: [(&str, &str); 3] = [("user", "User"), ("admin", "Admin"), ("superuser", "Superuser")];

/// The word that a form sends for these roles.
pub(super) fn role_word(roles: &[Role]) -> &'static str {
    if roles.contains(&Role::Superuser) {
        "superuser"
    } else if roles.contains(&Role::Admin) {
        "admin"
    } else {
        "user"
    }
}

/// The roles of a form's word.
pub(super) fn parse_role(word: &str) -> Option<Vec<Role>> {
    match word {
        "user" => Some(Vec::new()),
        word => Role::parse(word).map(|role| vec![role]),
    }
}

/// What somebody with these roles is called.
pub(crate) fn roles(roles: &[Role]) -> &'static str {
    let word = role_word(roles);
    let known = ROLES.into_iter().find(|(known, _)| *known == word);
    known.map_or("User", |(_, label)| label)
}

/// How an account's state looks and reads.
pub(super) fn state(user: &UserView) -> (&'static str, &'static str) {
    match user.disabled_at {
        Some(_) => ("badge badge-bad", "Disabled"),
        None => ("badge badge-good", "Active"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_role_is_the_one_that_is_told_and_chosen() {
        assert_eq!(roles(&[]), "User");
        assert_eq!(roles(&[Role::Admin, Role::Superuser]), "Superuser");
        for (word, label) in ROLES {
            let chosen = parse_role(word).unwrap();
            assert_eq!((role_word(&chosen), roles(&chosen)), (word, label));
        }
        assert_eq!(parse_role("king"), None);
    }
}
