//! What the commands need on a machine, brought there where it is missing.
//!
//! Every step looks first whether its result is there, so the second time costs nothing. Whatever can be is kept in
//! `target/tools`; the system's package manager is asked only for what nothing else has.

mod chromium;
pub(crate) mod node;
mod python;
pub(crate) mod rust;
mod system;
mod unpack;
pub(crate) mod wasm;

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::{database, paths, say};

pub(crate) use node::Node;
pub(crate) use rust::Component;

/// What building needs.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) wasm: wasm::Toolchain,
    /// Only found, never fetched for this: it makes release builds smaller.
    pub(crate) node: Option<Node>,
}

/// What the tests in a browser need besides.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) node: Node,
    /// None: Playwright has its own.
    pub(crate) chromium: Option<PathBuf>,
}

/// What runs the MCP programs that others have made.
#[derive(Debug)]
pub(crate) struct Foreign {
    pub(crate) node: Node,
    pub(crate) python: PathBuf,
}

/// `cargo xtask setup`: everything. What can't be had doesn't keep the rest from being brought.
pub(crate) async fn run() -> Result<()> {
    say::step("Looking for what is needed");
    let results = [
        rust::ensure(Component::Rustfmt).await,
        rust::ensure(Component::Clippy).await,
        for_building().await.map(drop),
        browser().await.map(drop),
        foreign().await.map(drop),
        postgres().await,
    ];
    let missing: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    if missing.is_empty() {
        say::step("Everything is there: `cargo xtask serve` starts Patchbay, `cargo xtask test` tests it");
        return Ok(());
    }
    missing.iter().for_each(say::error);
    bail!("not everything that is needed could be had: see above");
}

/// The WebAssembly target; quick when it is there.
pub(crate) async fn for_building() -> Result<Tools> {
    Ok(Tools {
        wasm: wasm::ensure().await?,
        node: node::find().await,
    })
}

pub(crate) async fn browser() -> Result<Browser> {
    let node = node_with_packages().await?;
    let chromium = chromium::ensure(&node).await?;
    Ok(Browser { node, chromium })
}

pub(crate) async fn foreign() -> Result<Foreign> {
    Ok(Foreign {
        node: node_with_packages().await?,
        python: python::ensure().await?,
    })
}

async fn node_with_packages() -> Result<Node> {
    let node = node::ensure().await?;
    node::install_packages(&node).await?;
    Ok(node)
}

async fn postgres() -> Result<()> {
    let postgres = patchbay_postgres::ensure_binaries(&database::options("setup")).await?;
    say::note(format!("PostgreSQL {} in {}", postgres.version, postgres.dir.display()));
    Ok(())
}

/// Where fetched tools are kept.
fn tools(name: &str) -> PathBuf {
    paths::target("tools").join(name)
}
