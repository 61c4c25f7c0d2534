//! `patchbay export`.

use super::engine::{Schema, with_engine};
use crate::{cli::Export, config::Config, database::describe};
use anyhow::Context as _;
use patchbay_engine::transfer::{Document, Format};
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

pub(super) async fn run(config: &Config, what: Export) -> anyhow::Result<()> {
    let document = with_engine(config, Schema::AsItIs, async |engine| {
        engine.export_all().await.map_err(describe)
    })
    .await?;
    let ends_in_json = |file: &Path| {
        file.extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
    };
    let format = what.format.unwrap_or(match &what.output {
        Some(file) if ends_in_json(file) => Format::Json,
        _ => Format::Yaml,
    });
    let text = document.to_text(format);
    if text.len() > Document::MAX_BYTES {
        let limit = Document::MAX_BYTES >> 20;
        writeln!(
            io::stderr(),
            "the document is larger than {limit} MiB: divide it before you import it"
        )?;
    }
    match &what.output {
        None => Ok(say(&text)?),
        Some(file) => write(file, &text).with_context(|| format!("can't write {}", file.display())),
    }
}

/// To the letter: white space at the end may be a part of something.
fn say(text: &str) -> io::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Replaces the file whole, so that nobody reads half of it. Addresses of people stand in it: it is for its owner to read.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let mut draft = file.as_os_str().to_owned();
    draft.push(".new");
    let written = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut draft| draft.write_all(text.as_bytes()));
    let done = written.and_then(|()| fs::rename(&draft, file));
    if done.is_err() {
        // What is left of it is of no use; that it can't be removed is not the news.
        let _ = fs::remove_file(&draft);
    }
    done
}
