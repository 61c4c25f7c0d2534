//! Where things are in the repository.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

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

/// Something in cargo's target directory, which the environment or cargo's configuration may have moved.
pub(crate) fn target(path: &str) -> PathBuf {
    static TARGET: LazyLock<PathBuf> = LazyLock::new(|| ask_cargo().unwrap_or_else(|| at("target")));
    TARGET.join(path)
}

fn ask_cargo() -> Option<PathBuf> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(root())
        .args(["metadata", "--no-deps", "--format-version=1"])
        .output()
        .ok()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    Some(metadata["target_directory"].as_str()?.into())
}
