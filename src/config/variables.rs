//! The variables as they were found, each with where it was found.

use super::NAMES;
use patchbay_engine::transfer::SECRET_PREFIX;
use secrecy::SecretString;
use std::{collections::BTreeMap, path::Path};

/// Where a value comes from; the later one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// The file `.env` in the working directory.
    File,
    /// The process's environment.
    Environment,
    /// An option of the command.
    Flag,
}

impl Source {
    /// How people are told.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => ".env",
            Self::Environment => "environment",
            Self::Flag => "option",
        }
    }
}

/// Why the variables can't be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The file `.env` is no such file.
    #[error("can't read the file .env")]
    File(#[from] dotenvy::Error),
    /// A path in another encoding, say.
    #[error("the variable {0} is not UTF-8 text")]
    NotText(String),
}

/// The variables that concern us.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    values: BTreeMap<String, (String, Source)>,
}

impl Variables {
    /// Reads `.env`, where there is one, and the environment.
    ///
    /// # Errors
    /// When `.env` can't be read or understood, or a variable of ours isn't text.
    pub fn read() -> Result<Self, Unreadable> {
        let mut variables = Self::default();
        let file = Path::new(".env");
        if file.exists() {
            for entry in dotenvy::from_path_iter(file)? {
                let (name, value) = entry?;
                variables.set(&name, value, Source::File);
            }
        }
        for (name, value) in std::env::vars_os() {
            // A name that is no text is none of ours.
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => variables.set(&name, value, Source::Environment),
                Err(_) if is_ours(&name) => return Err(Unreadable::NotText(name)),
                Err(_) => {}
            }
        }
        Ok(variables)
    }

    /// Sets a variable, over what was found before. An empty value means that nothing was said, as in `NAME=`.
    pub fn set(&mut self, name: &str, value: impl Into<String>, source: Source) {
        let value = value.into();
        if !is_ours(name) {
            return;
        }
        if value.trim().is_empty() {
            self.values.remove(name);
        } else {
            self.values.insert(name.to_owned(), (value, source));
        }
    }

    /// A variable's value, trimmed.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|(value, _)| value.trim())
    }

    /// A secret that a document refers to, to the letter. Of other variables nothing is told.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<SecretString> {
        let (value, _) = self.values.get(name).filter(|_| name.starts_with(SECRET_PREFIX))?;
        Some(value.as_str().into())
    }

    /// Where a variable's value comes from.
    #[must_use]
    pub fn source(&self, name: &str) -> Source {
        self.values.get(name).map_or(Source::Default, |&(_, source)| source)
    }

    /// Variables that look like ours but are none: a typing mistake, most likely.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str).filter(|name| {
            let has_use = ["PATCHBAY_TEST_", SECRET_PREFIX]
                .iter()
                .any(|prefix| name.starts_with(prefix));
            !NAMES.contains(name) && !has_use
        })
    }
}

fn is_ours(name: &str) -> bool {
    NAMES.contains(&name) || name.starts_with("PATCHBAY_")
}
