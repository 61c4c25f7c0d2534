//! `cargo xtask migration`: the next pair of files.

use std::fs;

use anyhow::{Result, ensure};

use crate::{paths, say};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What it does, as `verb_object`: `create_agents`, `add_user_locale`
    name: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let name = arguments.name.trim().to_lowercase().replace([' ', '-'], "_");
    ensure!(
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
        "`{}` is no name for a migration: use letters, digits and underscores",
        arguments.name
    );
    let taken = fs::read_dir(paths::at("migrations"))?
        .flatten()
        .filter_map(|entry| number(entry.file_name().to_str()?))
        .max()
        .unwrap_or_default();
    let stem = format!("{:04}_{name}", taken + 1);
    for (direction, text) in [
        (
            "up",
            "-- Only add: an older process may run beside a newer one. Name every constraint.\n",
        ),
        ("down", "-- Take back what the other file did, in reverse order.\n"),
    ] {
        let path = format!("migrations/{stem}.{direction}.sql");
        fs::write(paths::at(&path), text)?;
        say::note(&path);
    }
    say::note("then: cargo xtask prepare");
    Ok(())
}

/// `0012_create_agents.up.sql` → 12
pub(crate) fn number(file_name: &str) -> Option<u32> {
    file_name.split_once('_')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn the_number_stands_before_the_first_underscore() {
        assert_eq!(number("0012_create_agents.up.sql"), Some(12));
        assert_eq!(number("README.md"), None);
        assert_eq!(number("a_b.sql"), None);
    }
}
