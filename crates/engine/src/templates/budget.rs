//! How much a tool's definition may still hold, reckoned before anything is copied: a template may be megabytes, and a tool
//! refers to any part of it hundreds of times.

use serde::Serialize;
use std::io::{self, Write};

/// Bytes of JSON text that are left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget(usize);

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        Self(bytes)
    }

    /// Takes what this is as JSON text; nothing when it is more than what is left. No more of it is looked at than that.
    pub(super) fn take<T: Serialize + ?Sized>(&mut self, value: &T) -> Option<()> {
        serde_json::to_writer(self, value).ok()
    }
}

impl Write for Budget {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(text.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_budget_is_what_its_text_takes() {
        let mut budget = Budget::new(20);
        assert_eq!(budget.take(&json!({"a": [1, "x"]})), Some(()));
        assert_eq!((budget.0, budget.take("12345"), budget.take("")), (7, Some(()), None));
    }
}
