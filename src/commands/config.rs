//! `patchbay config`.

use super::print;
use crate::{
    cli::{Config as Options, ConfigWhat},
    config::{Config, Report, Variables},
    database::Database,
};
use anyhow::Context as _;
use secrecy::ExposeSecret as _;

pub(super) async fn run(config: &Config, variables: &Variables, options: &Options) -> anyhow::Result<()> {
    match options.what {
        None => Ok(print(&Report::new(config, variables).to_string())?),
        Some(ConfigWhat::DatabaseUrl) => {
            let url = Database::url(config)
                .await
                .context("the embedded database isn't running: start it with `patchbay serve`, then ask again")?;
            Ok(print(url.expose_secret())?)
        }
    }
}
