//! `patchbay import`.

use super::{
    engine::{Schema, with_engine},
    print,
};
use crate::{
    cli::Import,
    config::{Config, Variables},
    database::describe,
};
use anyhow::{Context as _, anyhow, bail};
use patchbay_domain::field::FieldErrors;
use patchbay_engine::{
    Engine, Error,
    audit::Who,
    transfer::{Document, Report},
};
use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Read},
    path::Path,
};

pub(super) async fn run(config: &Config, variables: &Variables, what: Import) -> anyhow::Result<()> {
    let bytes = read(&what.file).with_context(|| format!("can't read {}", what.file.display()))?;
    let document = Document::parse(&bytes, what.format).map_err(problems)?;
    if what.activate && !document.is_registry_entry() {
        bail!("--activate is for a registry's server.json: this document says itself which mode each connector has");
    }
    let schema = if what.dry_run { Schema::AsItIs } else { Schema::Updated };
    with_engine(config, schema, async |engine| {
        act(engine, variables, &what, &document).await
    })
    .await
}

async fn act(engine: &Engine, variables: &Variables, what: &Import, document: &Document) -> anyhow::Result<()> {
    let actor = match &what.in_the_name_of {
        Some(email) => {
            let actor = engine.superuser_named(email).await.map_err(describe);
            Some(actor.with_context(|| format!("can't do it in the name of {email}"))?)
        }
        None => None,
    };
    let who = actor.as_ref().map_or_else(Who::command_line, Who::from);
    let secrets = |name: &str| variables.secret(name);
    let report: Report = engine
        .import(&who, document, what.dry_run, &secrets)
        .await
        .map_err(problems)?;
    print(&report.to_string())?;
    if let (true, Some(actor)) = (what.activate, &actor) {
        let activated = engine
            .activate_imported(actor, document)
            .await
            .map_err(describe)
            .context("it is imported, but can't be activated")?;
        for activated in activated {
            let connector = activated.connector;
            print(&format!(
                "{} is active, with {} tools",
                connector.name, connector.tools_count
            ))?;
            for warning in activated.warnings {
                print(&format!("! {warning}"))?;
            }
        }
    }
    Ok(())
}

/// A file, or the standard input; not more of it than can be used.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One more than is taken, so that what is too large is seen to be.
    let limit = Document::MAX_BYTES as u64 + 1;
    if file == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
    } else {
        File::open(file)?.take(limit).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Everything that is wrong with the document, a line each, in its own order.
fn problems(error: Error) -> anyhow::Error {
    let Error::Invalid(FieldErrors(fields)) = error else {
        return describe(error);
    };
    let mut fields: Vec<_> = fields.into_iter().collect();
    fields.sort_by_cached_key(|(path, _)| in_order(path));
    let mut text = "the document can't be imported, and nothing was changed:".to_owned();
    for (path, error) in fields {
        // Writing to a string doesn't fail.
        let _ = write!(text, "\n  {path}: {error}");
    }
    anyhow!(text)
}

/// A path that sorts as people count: `servers[2]` before `servers[10]`.
fn in_order(path: &str) -> Vec<(u64, String)> {
    path.split('[')
        .map(|part| {
            let (number, rest) = part.split_once(']').unwrap_or(("", part));
            (number.parse().unwrap_or(0), rest.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchbay_domain::field::FieldError;

    #[test]
    fn problems_are_told_in_the_documents_order() {
        let mut errors = FieldErrors::default();
        for path in ["servers[10].endpoint", "servers[2].name", "connectors[0].mode"] {
            errors.add(path, FieldError::Required);
        }
        let text = problems(errors.into()).to_string();
        let paths: Vec<_> = text
            .lines()
            .skip(1)
            .filter_map(|line| line.trim().split(':').next())
            .collect();
        assert_eq!(paths, ["connectors[0].mode", "servers[2].name", "servers[10].endpoint"]);
    }
}
