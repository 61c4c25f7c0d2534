//! `wasm-opt`, from npm's binaryen, for release builds. Without Node the module is some percent larger, and works.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::setup::Tools;
use crate::{paths, process, say};

const VERSION: &str = "132.0.0";

/// What rustc's output uses by default. Given by name, because stripping removes the section that would say so.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Rewrites the module in place.
pub(crate) async fn optimize(module: &Path, tools: &Tools) -> Result<()> {
    let Some(node) = &tools.node else {
        say::warning("no Node, so no wasm-opt: the module is larger than it could be");
        return Ok(());
    };
    let dir = paths::target("tools/binaryen");
    let program = dir.join(format!("node_modules/binaryen-{VERSION}/bin/wasm-opt"));
    if !program.exists() {
        fs::create_dir_all(&dir)?;
        let mut install = node.npm();
        install
            .args([
                "install",
                "--no-save",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
                "--prefix",
            ])
            .arg(&dir);
        // The alias makes the version a part of the path.
        install.arg(format!("binaryen-{VERSION}@npm:binaryen@{VERSION}"));
        process::run(install).await?;
    }
    let optimized = module.with_extension("opt.wasm");
    let mut command = node.node();
    command
        .arg(&program)
        .args(["-Oz"])
        .args(FEATURES)
        .arg(module)
        .arg("-o")
        .arg(&optimized);
    process::run(command).await?;
    Ok(fs::rename(optimized, module)?)
}
