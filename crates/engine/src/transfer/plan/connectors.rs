//! What becomes of connectors.

use super::{Kind, Member, Planner};
use crate::{
    Error,
    connectors::{DefinitionSet, Logo, difference, secret_purpose, words},
    storage::transfer::WholeConnector,
    transfer::{
        document::{ConnectorEntry, DefinitionsEntry},
        export::connector_entry,
        reference::Reference,
    },
};
use patchbay_domain::{
    changes::ChangeKind,
    connector::{ConnectorMode, check_secret},
    field::FieldError,
    ids::ConnectorId,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::{Origin, Url};
use uuid::Uuid;

/// The version of a connector whose service was never asked.
const NO_VERSION: &str = "0.0.0";
/// How many names a summary of definitions lists.
const NAMES_SHOWN: usize = 5;

/// What to write of a connector; what is nothing stays.
#[derive(Debug)]
pub(in crate::transfer) struct ConnectorStep {
    pub(in crate::transfer) id: ConnectorId,
    pub(in crate::transfer) name: String,
    pub(in crate::transfer) is_new: bool,
    pub(in crate::transfer) description: Option<String>,
    pub(in crate::transfer) mode: Option<ConnectorMode>,
    pub(in crate::transfer) secret: Option<SecretString>,
    pub(in crate::transfer) secret_header: Option<String>,
    pub(in crate::transfer) logo: Option<Logo>,
    pub(in crate::transfer) source: Option<Source>,
    /// For the audit log.
    pub(in crate::transfer) before: Value,
    pub(in crate::transfer) after: Value,
}

/// Where a connector is and what it offers.
#[derive(Debug)]
pub(in crate::transfer) enum Source {
    /// Definitions that are another version than before.
    Definitions(DefinitionSet),
    /// It has none yet: where they will come from.
    Bare(DefinitionSet),
}

/// The changed parts, in the report's words and in the audit log's.
#[derive(Default)]
struct Changes {
    members: Vec<Member>,
    before: Map<String, Value>,
    after: Map<String, Value>,
}

impl Changes {
    /// A text: what it will be, if that is another.
    fn text(&mut self, name: &str, before: Option<&str>, after: Option<&str>) -> Option<String> {
        let after = after.filter(|after| Some(*after) != before)?;
        self.members.push(Member::new(name, before, Some(after)));
        self.audit(name, before.map(Value::from), after.into());
        Some(after.to_owned())
    }

    fn audit(&mut self, name: &str, before: Option<Value>, after: Value) {
        if let Some(before) = before {
            self.before.insert(name.to_owned(), before);
        }
        self.after.insert(name.to_owned(), after);
    }
}

impl Planner<'_> {
    pub(super) fn connectors(&mut self) -> Result<Vec<ConnectorStep>, Error> {
        let mut steps = Vec::new();
        for (index, entry) in self.document.connectors.iter().enumerate() {
            let path = format!("connectors[{index}]");
            if let Some(step) = self.connector(entry, &path)? {
                steps.push(step);
            }
        }
        Ok(steps)
    }

    fn connector(&mut self, entry: &ConnectorEntry, path: &str) -> Result<Option<ConnectorStep>, Error> {
        let stored = self.stored.connectors.get(&entry.name);
        let before = stored.map(connector_entry).unwrap_or_default();
        if stored.is_none() && entry.description.is_none() {
            self.problems
                .error(&format!("{path}.description"), FieldError::Required);
        }
        let mut changes = Changes::default();
        // What a registry says of a connector only begins with: its service and its keepers know better.
        let has_words = self.document.is_registry_entry && stored.is_some();
        let described = entry.description.as_deref().filter(|_| !has_words);
        let description = changes.text("description", before.description.as_deref(), described);
        let mode_before = before.mode.map(ConnectorMode::as_str);
        let mode = entry.mode.or(before.mode).unwrap_or(ConnectorMode::Deactive);
        let new_mode = changes.text("mode", mode_before, Some(mode.as_str())).map(|_| mode);
        let source = self.source(entry, &before, &mut changes)?;
        self.check_state(entry, &before, mode, path);
        let has_secret = stored.is_some_and(|stored| stored.sealed_secret.is_some());
        if (has_secret || before.mcp_url.is_some())
            && entry.mcp_url.is_some()
            && origin(entry.mcp_url.as_deref()) != origin(before.mcp_url.as_deref())
        {
            let secret = if has_secret { "the stored secret and " } else { "" };
            let message = format!(
                "Calls go to another origin than before, and with them {secret}what people configured on their servers."
            );
            self.warn(format!("{path}.mcp_url"), message);
        }
        let secret = self.connector_secret(entry, stored, path, &mut changes)?;
        let header_before = before.secret_header.as_deref();
        let header = entry.secret_header.as_deref();
        let header = header.filter(|header| !header.is_empty() || header_before.is_some());
        let secret_header = changes.text("secret_header", header_before, header);
        let logo = new_logo(entry.logo.as_ref(), before.logo.as_ref(), &mut changes);

        let is_new = stored.is_none();
        if !self.note(Kind::Connector, entry.name.clone(), is_new, changes.members) {
            return Ok(None);
        }
        Ok(Some(ConnectorStep {
            id: stored.map_or_else(|| ConnectorId(Uuid::new_v4()), |stored| stored.id),
            name: entry.name.clone(),
            is_new,
            description,
            mode: new_mode,
            secret,
            secret_header,
            logo,
            source,
            before: changes.before.into(),
            after: changes.after.into(),
        }))
    }

    /// A mode needs what it works with.
    fn check_state(&mut self, entry: &ConnectorEntry, before: &ConnectorEntry, mode: ConnectorMode, path: &str) {
        let has_url = entry.url.is_some() || before.url.is_some();
        let has_mcp_url = entry.mcp_url.is_some() || before.mcp_url.is_some();
        let has_definitions = entry.definitions.is_some() || before.definitions.is_some();
        if mode == ConnectorMode::Active && !(has_url && has_mcp_url && has_definitions) {
            self.problems.add(
                &format!("{path}.mode"),
                "An active connector needs its url, mcp_url and definitions.",
            );
        } else if mode == ConnectorMode::Sync && !has_url {
            self.problems.add(
                &format!("{path}.mode"),
                "A connector that follows its service needs its url.",
            );
        } else if has_definitions && !has_url {
            self.problems
                .add(&format!("{path}.url"), "Definitions need the url that they come from.");
        }
    }

    fn source(
        &self,
        entry: &ConnectorEntry,
        before: &ConnectorEntry,
        changes: &mut Changes,
    ) -> Result<Option<Source>, Error> {
        let mut moved = false;
        for (name, before, after) in [
            ("url", &before.url, &entry.url),
            ("mcp_url", &before.mcp_url, &entry.mcp_url),
            ("version", &before.version, &entry.version),
        ] {
            moved |= changes.text(name, before.as_deref(), after.as_deref()).is_some();
        }
        let definitions = entry
            .definitions
            .as_ref()
            .filter(|after| Some(*after) != before.definitions.as_ref());
        if !moved && definitions.is_none() {
            return Ok(None);
        }
        let set = |definitions: &DefinitionsEntry, of: &ConnectorEntry, or: &ConnectorEntry| DefinitionSet {
            url: of.url.clone().or_else(|| or.url.clone()).unwrap_or_default(),
            mcp_url: of.mcp_url.clone().or_else(|| or.mcp_url.clone()),
            version: of
                .version
                .clone()
                .or_else(|| or.version.clone())
                .unwrap_or_else(|| NO_VERSION.to_owned()),
            tools: definitions.tools.clone(),
            tools_count: definitions.tools_count,
            templates: definitions.templates.clone(),
            templates_count: definitions.templates_count,
            config: definitions.config.clone(),
        };
        let nothing = DefinitionsEntry::empty();
        if let Some(after) = definitions {
            let old = before.definitions.as_ref();
            let after_set = set(after, entry, before);
            // Where it is was said already.
            let before_set = DefinitionSet {
                mcp_url: after_set.mcp_url.clone(),
                ..set(old.unwrap_or(&nothing), before, before)
            };
            describe(old.map(|_| &before_set), &after_set, changes);
        }
        let kept = entry.definitions.as_ref().or(before.definitions.as_ref());
        Ok(Some(match kept {
            Some(definitions) => Source::Definitions(set(definitions, entry, before)),
            None => Source::Bare(set(&nothing, entry, before)),
        }))
    }

    /// The secret to be stored, if it is another than the one that is.
    fn connector_secret(
        &mut self,
        entry: &ConnectorEntry,
        stored: Option<&WholeConnector>,
        path: &str,
        changes: &mut Changes,
    ) -> Result<Option<SecretString>, Error> {
        let Some(Reference { from_env, .. }) = &entry.secret else {
            return Ok(None);
        };
        let sealed = stored.and_then(|stored| Some((stored.id, stored.sealed_secret.as_deref()?)));
        let given = (self.secrets)(from_env).filter(|secret| !secret.expose_secret().is_empty());
        let Some(given) = given else {
            if sealed.is_none() {
                let message = format!("{from_env} is not set: the connector has no secret.");
                self.warn(format!("{path}.secret"), message);
            }
            return Ok(None);
        };
        if let Err(error) = check_secret(given.expose_secret()) {
            let message = format!("What {from_env} holds can't be a secret: {error}");
            self.problems.add(&format!("{path}.secret"), message);
            return Ok(None);
        }
        let opened = sealed.map(|(id, sealed)| self.engine.vault().open(&secret_purpose(id), sealed));
        let same = matches!(&opened, Some(Ok(secret)) if secret.expose_secret() == given.expose_secret().as_bytes());
        if same {
            return Ok(None);
        }
        let had = sealed.is_some();
        let word = if had { "replaced" } else { "set" };
        // Whole, for a name that is cut off is none.
        changes.members.push(Member {
            name: "secret".to_owned(),
            before: had.then(|| "set".to_owned()),
            after: Some(format!("{word} from {from_env}")),
        });
        changes.audit("has_secret", Some(had.into()), true.into());
        changes.after.insert("secret".to_owned(), word.into());
        Ok(Some(given))
    }
}

fn origin(url: Option<&str>) -> Option<Origin> {
    Url::parse(url?).ok().map(|url| url.origin())
}

fn new_logo(after: Option<&Logo>, before: Option<&Logo>, changes: &mut Changes) -> Option<Logo> {
    let after = after.filter(|after| before.is_none_or(|before| before.sha256 != after.sha256))?;
    let words = |logo: &Logo| format!("{}, {} bytes", logo.content_type, logo.bytes.len());
    let (before_words, after_words) = (before.map(words), words(after));
    changes
        .members
        .push(Member::new("logo", before_words.as_deref(), Some(&after_words)));
    changes.audit("logo", before_words.map(Value::from), after_words.into());
    Some(after.clone())
}

/// How definitions differ: by numbers, hashes and names, for nobody reads all of them in a line.
fn describe(before: Option<&DefinitionSet>, after: &DefinitionSet, changes: &mut Changes) {
    let count = |set: &DefinitionSet| format!("{} tools, {} templates", set.tools_count, set.templates_count);
    let differences = before.map(|before| difference(before, after));
    let mut described = count(after);
    for (word, kind) in [
        ("added", ChangeKind::Added),
        ("removed", ChangeKind::Removed),
        ("changed", ChangeKind::Changed),
    ] {
        let of_kind = differences.iter().flatten().filter(|change| change.kind == kind);
        let keys: Vec<&str> = of_kind.map(|change| change.key.as_str()).collect();
        if !keys.is_empty() {
            let more = if keys.len() > NAMES_SHOWN { ", …" } else { "" };
            described = format!(
                "{described}; {word} {}{more}",
                keys[..keys.len().min(NAMES_SHOWN)].join(", ")
            );
        }
    }
    if differences.as_ref().is_some_and(Vec::is_empty) {
        described.push_str("; in another order");
    }
    changes.members.push(Member {
        name: "definitions".to_owned(),
        before: before.map(count),
        after: Some(described),
    });
    changes.audit("definitions", before.map(words::definitions), words::definitions(after));
    if let Some(differences) = differences {
        changes.after.insert("changes".to_owned(), words::changes(&differences));
    }
}
