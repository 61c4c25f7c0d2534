//! The sources' server functions.

use super::{create::path_of_new, read, test::Tested, title};
use crate::{
    configuration::ConfigurationForm,
    connectors::connector_named,
    context::{self, Next, Reply},
    error::AppError,
    outcome::Done,
};
use leptos::prelude::*;
use patchbay_domain::{
    Timestamp,
    field::{FieldError, FieldErrors},
    ids::SourceId,
    source::{CreateSource as NewSource, SourceName, SourceType, UpdateSource as Update},
};
use patchbay_engine::{Error, error::NotFound};
use std::collections::BTreeMap;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The name of the form that makes a source.
pub(super) const CREATE_SOURCE: &str = "create-source";
/// The name of the form that edits a source.
pub(super) const UPDATE_SOURCE: &str = "update-source";
/// The name of the form that tests a source.
pub(super) const TEST_SOURCE: &str = "test-source";
/// The name of the form that deletes a source.
pub(super) const DELETE_SOURCE: &str = "delete-source";
/// The map in which a configuration is sent.
pub(super) const METADATA: &str = "source_metadata";

/// Makes a source.
#[server(prefix = "/fn", endpoint = "sources/create")]
pub(crate) async fn create_source(
    kind: String,
    #[server(default)] name: String,
    #[server(default)] source_metadata: BTreeMap<String, String>,
    #[server(default)] source_metadata_json: String,
) -> Result<Done, AppError> {
    let mut reply = Reply::new(CREATE_SOURCE, path_of_new(&kind)).keep("name", &name);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let connector = connector_named(&engine, &actor, kind.trim()).await?;
        let form = ConfigurationForm::of(connector.as_ref());
        form.keep(&mut reply, METADATA, &source_metadata, &source_metadata_json);
        let typed = form.read(METADATA, &source_metadata, &source_metadata_json);
        let new = NewSource {
            source_metadata: typed.map_err(|errors| with_words(errors, &kind, &name))?,
            kind,
            name: Some(name),
        };
        let source = engine.create_source(&actor, new).await?;
        Ok(Next::to(format!("/sources/{}", source.id)).telling(format!("Source '{}' created.", title(&source))))
    };
    let result = result.await;
    reply.finish(result).await
}

/// Saves a source, if it is still the `version` that the form was filled in for.
#[server(prefix = "/fn", endpoint = "sources/update")]
pub(crate) async fn update_source(
    source_id: String,
    version: String,
    #[server(default)] kind: Option<String>,
    #[server(default)] name: String,
    #[server(default)] source_metadata: BTreeMap<String, String>,
    #[server(default)] source_metadata_json: String,
) -> Result<Done, AppError> {
    let mut reply = Reply::new(UPDATE_SOURCE, format!("/sources/{source_id}/edit")).keep("name", &name);
    if let Some(kind) = &kind {
        reply.keep_also("kind", kind);
    }
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id = parse(&source_id)?;
        let (source, connector) = read::source(&engine, &actor, id).await?;
        let form = ConfigurationForm::of(connector.as_ref()).filled(&source.source_metadata);
        form.keep(&mut reply, METADATA, &source_metadata, &source_metadata_json);
        let typed = form.read(METADATA, &source_metadata, &source_metadata_json);
        let to_check = kind.as_deref().unwrap_or(&source.kind);
        let update = Update {
            source_metadata: Some(typed.map_err(|errors| with_words(errors, to_check, &name))?),
            name: Some(Some(name)),
            kind,
        };
        let saved = engine.update_source(&actor, id, update, Some(seen(&version)?)).await?;
        Ok(Next::to(format!("/sources/{id}")).telling(format!("Source '{}' saved.", title(&saved))))
    };
    let result = result.await;
    reply.finish(result).await
}

/// Asks the service of a source's connector for its tools. The answer waits for the source's page.
#[server(prefix = "/fn", endpoint = "sources/test")]
pub(crate) async fn test_source(source_id: String) -> Result<Done, AppError> {
    let page = format!("/sources/{source_id}#test");
    let reply = Reply::new(TEST_SOURCE, page.clone());
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id = parse(&source_id)?;
        let test = engine.test_source(&actor, id).await?;
        context::keep_test(id, &Tested::of(test)).await?;
        Ok(Next::to(page))
    };
    reply.finish(result.await).await
}

/// Deletes a source; it leaves every server.
#[server(prefix = "/fn", endpoint = "sources/delete")]
pub(crate) async fn delete_source(source_id: String) -> Result<Done, AppError> {
    let reply = Reply::new(DELETE_SOURCE, format!("/sources/{source_id}?delete=1"));
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id = parse(&source_id)?;
        let name = title(&engine.source(&actor, id).await?);
        let left = engine.delete_source(&actor, id, None).await?;
        let servers = left
            .into_iter()
            .map(|server| format!("It left {}.", server.name))
            .collect();
        Ok(Next::to("/sources")
            .telling(format!("Source '{name}' deleted."))
            .warning(servers))
    };
    reply.finish(result.await).await
}

/// All that is wrong is told at once, what was checked apart from the configuration too.
fn with_words(mut errors: FieldErrors, kind: &str, name: &str) -> FieldErrors {
    errors.check("type", SourceType::parse(kind));
    if !name.trim().is_empty() {
        errors.check("name", SourceName::parse(name));
    }
    errors
}

/// The version that a form was filled in for.
pub(crate) fn seen(version: &str) -> Result<Timestamp, Error> {
    let expected = || FieldError::Malformed {
        expected: "a version".to_owned(),
    };
    let time = OffsetDateTime::parse(version, &Rfc3339);
    Ok(time.map_err(|_| FieldErrors::one("version", expected()))?.into())
}

pub(super) fn parse(id: &str) -> Result<SourceId, Error> {
    id.parse().map_err(|_| NotFound::Source.into())
}
