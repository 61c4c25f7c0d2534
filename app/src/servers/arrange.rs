//! Lists that people put in order with buttons: one step up, one step down.

/// What a button that was pressed asks for: a word, and what it is about.
pub(super) fn asked(action: &str) -> (&str, &str) {
    action.split_once(':').unwrap_or((action, ""))
}

/// The list with one of its entries a step further up or down; the same where there is no such step.
pub(super) fn moved(mut list: Vec<String>, entry: &str, up: bool) -> Vec<String> {
    let at = list.iter().position(|other| other == entry);
    let other = at.and_then(|at| if up { at.checked_sub(1) } else { Some(at + 1) });
    if let (Some(at), Some(other)) = (at, other.filter(|other| *other < list.len())) {
        list.swap(at, other);
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_goes_one_step_and_not_beyond_the_ends() {
        let after = |entry: &str, up: bool| moved(["a", "b", "c"].map(str::to_owned).to_vec(), entry, up).concat();
        assert_eq!(after("c", true), "acb");
        assert_eq!(after("a", false), "bac");
        for (entry, up) in [("a", true), ("c", false), ("d", true)] {
            assert_eq!(after(entry, up), "abc");
        }
    }

    #[test]
    fn a_button_says_what_and_about_what() {
        assert_eq!(asked("up:a:b"), ("up", "a:b"));
        assert_eq!(asked("add"), ("add", ""));
    }
}
