//! `patchbay key`.

use super::{
    engine::{Schema, with_engine},
    print,
};
use crate::{cli::Key, config::Config, database::describe};
use anyhow::bail;
use patchbay_engine::{
    audit::Who,
    rotation::{Rotation, RotationProgress},
    vault::KeyRing,
};
use secrecy::ExposeSecret as _;
use std::io::{self, Write as _};

pub(super) async fn run(config: &Config, what: &Key) -> anyhow::Result<()> {
    match what {
        Key::Generate => Ok(print(KeyRing::generate_key().expose_secret())?),
        Key::Rotate => rotate(config).await,
    }
}

async fn rotate(config: &Config) -> anyhow::Result<()> {
    let rotation = with_engine(config, Schema::Updated, async |engine| {
        engine.rotate_keys(&Who::command_line(), tell).await.map_err(describe)
    })
    .await?;
    print(&summary(&rotation))?;
    for failure in &rotation.failures {
        print(&format!(
            "can't seal {} of {} again: {}",
            failure.column, failure.id, failure.reason
        ))?;
    }
    match (rotation.failures.len(), rotation.left) {
        (0, 0) => Ok(()),
        (0, left) => bail!(
            "{left} values are still sealed with an older key: see that every process has key {} in front, then rotate again",
            rotation.key_id
        ),
        (failed, _) => bail!("{failed} values still need an older key, or can't be opened at all: keep the older keys"),
    }
}

/// For whoever waits. Nobody reading it is no reason to stop.
fn tell(RotationProgress { column, done, total }: RotationProgress) {
    let _ = writeln!(io::stderr(), "{column}: {done} of {total}");
}

fn summary(rotation: &Rotation) -> String {
    let key = &rotation.key_id;
    if rotation.total() == 0 {
        return format!("nothing was left to seal again: key {key} seals everything that can be opened");
    }
    let done: Vec<String> = rotation
        .done
        .iter()
        .filter(|(_, done)| *done > 0)
        .map(|(column, done)| format!("{done} of {column}"))
        .collect();
    format!("sealed again with key {key}: {}", done.join(", "))
}
