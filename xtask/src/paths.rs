//! Where things are in the repository.

use std::path::{Path, PathBuf};

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is a directory in the repository")
}

/// Something in the repository.
pub(crate) fn at(path: &str) -> PathBuf {
    root().join(path)
}

/// Something in cargo's target directory.
pub(crate) fn target(path: &str) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir).join(path),
        None => root().join("target").join(path),
    }
}
