//! What becomes of calls to a tool whose schema its service changed after it was approved.

/// What becomes of a call to a tool whose schema its service changed, until a superuser accepts that or the service takes
/// it back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DriftPolicy {
    /// It is refused, with a sentence that says why.
    #[default]
    Block,
    /// It goes on as pinned: the service may refuse it, or understand it in another way.
    Pin,
}

impl DriftPolicy {
    /// The word in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Pin => "pin",
        }
    }

    /// The policy of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Block, Self::Pin]
            .into_iter()
            .find(|policy| policy.as_str() == word)
    }
}
