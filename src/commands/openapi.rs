//! `patchbay openapi`.

use super::print;
use crate::rest::openapi::document;

pub(super) fn run() -> anyhow::Result<()> {
    Ok(print(&format!("{:#}", document()))?)
}
