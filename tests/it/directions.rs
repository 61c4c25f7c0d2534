//! The house's one-way streets, checked in the sources: what only one room may touch is named in that room only.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Words, and where they may stand. A path is a file, or a directory with all that is in it.
const RULES: [(&[&str], &[&str]); 5] = [
    // SQL is storage's.
    (&["sqlx"], &["crates/engine/src/storage"]),
    // The way out of the machine is upstream's, behind its guard. The embedded PostgreSQL may have to be fetched.
    (
        &["reqwest", "hyper_util::client", "hyper::client", "hyper_rustls"],
        &[
            "crates/engine/src/upstream",
            "crates/postgres/src/download.rs",
            "crates/postgres/src/error.rs",
        ],
    ),
    // Who knows HTTP's server side.
    (
        &["axum"],
        &[
            "src",
            "crates/gateway/src/lib.rs",
            "app/src/context",
            "app/src/shell.rs",
        ],
    ),
    // Who knows the pages.
    (
        &["leptos", "leptos_axum", "leptos_meta", "leptos_router"],
        &["app", "frontend", "src/router.rs"],
    ),
    // One reader of the environment. PostgreSQL's programs are looked for where all programs are.
    (
        &["env::var", "env::var_os", "env::vars", "env::vars_os"],
        &["src/config", "src/config.rs", "crates/postgres/src/binaries.rs"],
    ),
];

/// Programs of their own, and tools.
const ELSEWHERE: [&str; 4] = ["examples", "xtask", "benches", "target"];

#[test]
fn what_belongs_to_one_room_is_named_in_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut strays = Vec::new();
    for file in sources(root) {
        let path = file.strip_prefix(root).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in code(&text) {
            for (words, rooms) in RULES {
                let is_at_home = rooms.iter().any(|room| path.starts_with(room));
                if !is_at_home && words.iter().any(|word| names(line, word)) {
                    strays.push(format!("{}:{number}: {}", path.display(), line.trim()));
                }
            }
        }
    }
    assert!(strays.is_empty(), "these belong elsewhere:\n{}", strays.join("\n"));
}

#[test]
fn the_rules_are_about_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for room in RULES.iter().flat_map(|(_, rooms)| *rooms) {
        assert!(root.join(room).exists(), "{room} is gone: update the rules");
    }
    assert!(
        sources(root).len() > 50,
        "the sources are looked for in the wrong place"
    );
}

/// Every source file outside of tests.
fn sources(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![
        root.join("src"),
        root.join("app"),
        root.join("frontend"),
        root.join("crates"),
    ];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if !ELSEWHERE.contains(&name.as_str()) && !["tests", "benches", "node_modules"].contains(&name.as_str())
                {
                    directories.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs" {
                found.push(path);
            }
        }
    }
    found
}

/// Whether the word stands in the line by itself, not as a part of another.
fn names(line: &str, word: &str) -> bool {
    let is_inside = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(is_inside) && !line[at + word.len()..].starts_with(is_inside))
}

/// The numbered lines that are neither comment nor test.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}
