//! What the commands need on a machine, brought there where it is missing.
//!
//! Every step looks first whether its result is there, so the second time costs nothing. Whatever can be is kept in
//! `target/tools`; the system's package manager is asked only for what nothing else has.

mod chromium;
mod download;
pub(crate) mod node;
mod python;
pub(crate) mod rust;
mod system;
pub(crate) mod wasm;

use std::path::PathBuf;

use anyhow::Result;

use crate::{database, paths, say};

pub(crate) use node::Node;

/// What building needs.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) wasm: wasm::Toolchain,
    /// Only found, never fetched for this: it makes release builds smaller.
    pub(crate) node: Option<Node>,
}

/// What the tests need besides.
#[derive(Debug)]
pub(crate) struct TestTools {
    pub(crate) building: Tools,
    pub(crate) node: Node,
    /// None: Playwright has its own.
    pub(crate) chromium: Option<PathBuf>,
    pub(crate) python: PathBuf,
}

/// `cargo xtask setup`: everything.
pub(crate) async fn run() -> Result<()> {
    for_tests(true).await?;
    say::step("Everything is there: `cargo xtask serve` starts Patchbay, `cargo xtask test` tests it");
    Ok(())
}

/// The WebAssembly target; quick when it is there.
pub(crate) async fn for_building() -> Result<Tools> {
    Ok(Tools {
        wasm: wasm::ensure().await?,
        node: node::find().await,
    })
}

/// Everything that the tests need; the browser only if it is wanted.
pub(crate) async fn for_tests(browser: bool) -> Result<TestTools> {
    say::step("Looking for what is needed");
    rust::ensure_components().await?;
    let building = for_building().await?;
    let node = node::ensure().await?;
    node::install_packages(&node).await?;
    let chromium = if browser { chromium::ensure(&node).await? } else { None };
    let python = python::ensure().await?;
    let postgres = patchbay_postgres::ensure_binaries(&database::options("setup")).await?;
    say::note(format!("PostgreSQL {} in {}", postgres.version, postgres.dir.display()));
    Ok(TestTools {
        building,
        node,
        chromium,
        python,
    })
}

/// Where fetched tools are kept.
fn tools(name: &str) -> PathBuf {
    paths::target("tools").join(name)
}
