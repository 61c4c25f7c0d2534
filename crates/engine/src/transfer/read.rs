//! A document's text, read: its form, its fields, and everything that can be said of them without the database.

use super::{
    document::{ConnectorEntry, DefinitionsEntry, Document, Format, UserEntry, VERSION},
    fields::{Fields, items},
    node::{Node, canonical},
    problems::Problems,
    read_server::{server, source},
    reference::Reference,
    registry,
    source_key::SourceKey,
    yaml,
};
use crate::{
    Error,
    connectors::{Logo, parse_url},
    upstream::manifest,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use patchbay_domain::{
    connector::{ConnectorMode, ConnectorName, Description, SecretHeader, URL_MAX},
    field::{FieldError, FieldErrors},
    user::{Email, Role},
};
use serde_json::value::RawValue;
use std::collections::HashMap;
use url::Url;

impl Document {
    /// The largest document that is read.
    pub const MAX_BYTES: usize = 64 << 20;

    /// Reads a document, in this format or in the one that it looks like.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong, by its place in the document.
    pub fn parse(bytes: &[u8], format: Option<Format>) -> Result<Self, Error> {
        let refuse = |reason: String| FieldErrors::one("document", FieldError::Refused { reason });
        if bytes.len() > Self::MAX_BYTES {
            return Err(refuse(format!("It is larger than {} MiB.", Self::MAX_BYTES >> 20)).into());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| refuse("It is not UTF-8 text.".into()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let format = format.unwrap_or(if text.trim_start().starts_with('{') {
            Format::Json
        } else {
            Format::Yaml
        });
        let root = match format {
            Format::Json => Node::from_json(text).map_err(|error| refuse(format!("It can't be read as JSON: {error}"))),
            Format::Yaml => yaml::read(text).map_err(|error| refuse(format!("It can't be read as YAML: {error}"))),
        }?;
        let mut problems = Problems::default();
        let document = if registry::is_entry(&root) {
            registry::read(&root, &mut problems)
        } else {
            document(root, &mut problems)
        };
        problems.none()?;
        document.ok_or_else(|| Error::internal("a document had neither content nor problems"))
    }
}

fn document(root: Node, problems: &mut Problems) -> Option<Document> {
    let sections = ["patchbay", "connectors", "users", "sources", "servers"];
    let mut fields = Fields::open(root, "", problems, &sections)?;
    match fields.take("patchbay") {
        Some(Node::Number(version)) if &*version == VERSION => {}
        None => fields.problem(
            "patchbay",
            "This is needed: the version of the document's form, as in `patchbay: 1`. Or is this no document of Patchbay's?",
        ),
        Some(_) => fields.problem("patchbay", "This program reads documents of version 1 only."),
    }
    let (connectors, users) = (fields.list("connectors"), fields.list("users"));
    let (sources, servers) = (fields.list("sources"), fields.list("servers"));
    let document = Document {
        connectors: items(connectors, "connectors", problems, connector),
        users: items(users, "users", problems, user),
        sources: items(sources, "sources", problems, source),
        servers: items(servers, "servers", problems, server),
        is_registry_entry: false,
    };
    check_distinct(&document, problems);
    Some(document)
}

/// Two entries for one thing would contradict each other, or each import would change something.
fn check_distinct(document: &Document, problems: &mut Problems) {
    let mut check = |section: &str, field: &str, keys: Vec<String>| {
        let mut seen = HashMap::new();
        for (index, key) in keys.into_iter().enumerate() {
            if let Some(first) = seen.get(&key) {
                let message = format!("{section}[{first}] is the same one.");
                problems.add(&format!("{section}[{index}].{field}"), message);
            } else {
                seen.insert(key, index);
            }
        }
    };
    let connectors = document.connectors.iter().map(|connector| connector.name.clone());
    check("connectors", "name", connectors.collect());
    let users = document.users.iter().map(|user| user.email.to_lowercase());
    check("users", "email", users.collect());
    let sources = document.sources.iter().map(|source| {
        let SourceKey { kind, name, number } = &source.key;
        format!("{:?}", (source.owner.to_lowercase(), kind, name, number))
    });
    check("sources", "type", sources.collect());
    let servers = document.servers.iter().map(|server| {
        let key = crate::endpoint::EndpointKey::of_stored(&server.endpoint);
        key.to_string()
    });
    check("servers", "endpoint", servers.collect());
}

fn connector(node: Node, path: &str, problems: &mut Problems) -> Option<ConnectorEntry> {
    const FIELDS: [&str; 10] = [
        "name",
        "description",
        "mode",
        "url",
        "mcp_url",
        "version",
        "secret",
        "secret_header",
        "logo",
        "definitions",
    ];
    let mut fields = Fields::open(node, path, problems, &FIELDS)?;
    let name = fields.needed("name", |text| {
        ConnectorName::parse(text).map(|name| name.as_str().to_owned())
    });
    let entry = ConnectorEntry {
        description: fields.optional("description", |text| {
            Description::parse(text).map(|description| description.as_str().to_owned())
        }),
        mode: fields.optional("mode", |text| {
            ConnectorMode::parse(text).ok_or_else(|| FieldError::Malformed {
                expected: "one of `deactive`, `sync`, `active`".into(),
            })
        }),
        url: fields.optional("url", |text| parse_url(text).map(|url| url.to_string())),
        mcp_url: fields.optional("mcp_url", mcp_url),
        version: fields.optional("version", |text| {
            manifest::check_version(Some(text.to_owned())).map_err(|reason| FieldError::Refused { reason })
        }),
        secret: fields
            .take("secret")
            .and_then(|node| secret(node, &fields.path("secret"), fields.problems)),
        secret_header: fields.optional("secret_header", |text| {
            let header = SecretHeader::parse(text)?;
            Ok(header.map_or_else(String::new, |header| header.as_str().to_owned()))
        }),
        logo: fields
            .take("logo")
            .and_then(|node| logo(node, &fields.path("logo"), fields.problems)),
        definitions: fields
            .take("definitions")
            .and_then(|node| definitions(node, &fields.path("definitions"), fields.problems)),
        name: String::new(),
    };
    Some(ConnectorEntry { name: name?, ..entry })
}

/// Where calls go. Unlike a manifest's own URL a service may have put a name into it.
fn mcp_url(text: &str) -> Result<String, FieldError> {
    if text.chars().count() > URL_MAX as usize {
        return Err(FieldError::TooLong { max: URL_MAX });
    }
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url.to_string()),
        _ => Err(FieldError::Malformed {
            expected: "an http or https URL".into(),
        }),
    }
}

fn secret(node: Node, path: &str, problems: &mut Problems) -> Option<Reference> {
    if matches!(node, Node::Text(_)) {
        problems.add(
            path,
            "A secret doesn't belong into a document: write {from_env: PATCHBAY_SECRET_…} and set that variable.",
        );
        return None;
    }
    let mut fields = Fields::open(node, path, problems, &["from_env"])?;
    fields.needed("from_env", |name| {
        Reference::parse(name, false).map_err(|reason| FieldError::Refused { reason })
    })
}

fn logo(node: Node, path: &str, problems: &mut Problems) -> Option<Logo> {
    let mut fields = Fields::open(node, path, problems, &["content_type", "base64"])?;
    let claimed = fields.needed("content_type", |text| Ok(text.to_owned()));
    let bytes = fields.needed("base64", |text| {
        STANDARD.decode(text).map_err(|_| FieldError::Malformed {
            expected: "base64".into(),
        })
    })?;
    let logo = fields.check(
        "base64",
        Logo::recognise(bytes).map_err(|reason| FieldError::Refused { reason }),
    )?;
    if claimed? != logo.content_type {
        let message = format!("The picture is {}.", logo.content_type);
        fields.problem("content_type", message);
    }
    Some(logo)
}

fn definitions(node: Node, path: &str, problems: &mut Problems) -> Option<DefinitionsEntry> {
    let mut fields = Fields::open(node, path, problems, &["tools", "templates", "config"])?;
    let empty = || Node::List(Vec::new());
    let tools = fields.json_or("tools", empty);
    let templates = fields.json_or("templates", empty);
    let config = fields.take("config").map(|node| fields.json("config", &node));
    let mut check = |name: &str, count: Result<usize, String>| {
        let count = count.map_err(|reason| fields.problem(name, reason)).ok()?;
        u32::try_from(count).ok()
    };
    let tools_count = check("tools", manifest::check_tools(tools.as_ref()?));
    let templates_count = check("templates", manifest::check_templates(templates.as_ref()?));
    let config = match config {
        None => None,
        Some(config) => {
            let config = config?;
            check("config", manifest::check_config(&config).map(|()| 0))?;
            Some(config)
        }
    };
    Some(DefinitionsEntry {
        tools: tools?,
        tools_count: tools_count?,
        templates: templates?,
        templates_count: templates_count?,
        config,
    })
}

fn user(node: Node, path: &str, problems: &mut Problems) -> Option<UserEntry> {
    let mut fields = Fields::open(node, path, problems, &["email", "roles"])?;
    let email = fields.needed("email", |text| {
        Email::parse(text).map(|email| email.as_str().to_owned())
    });
    let roles = fields.list("roles").map(|nodes| {
        let path = fields.path("roles");
        let mut roles = items(Some(nodes), &path, fields.problems, role);
        roles.sort_unstable();
        roles.dedup();
        roles
    });
    Some(UserEntry { email: email?, roles })
}

fn role(node: Node, path: &str, problems: &mut Problems) -> Option<Role> {
    let role = match node {
        Node::Text(word) => Role::parse(&word),
        _ => None,
    };
    let expected = "`admin` or `superuser`".into();
    problems.check(path, role.ok_or(FieldError::Malformed { expected }))
}

/// JSON as a value, or as a text that holds JSON; in its canonical form.
pub(super) fn raw_json(node: &Node) -> Result<Box<RawValue>, FieldError> {
    let text = match node {
        Node::Text(text) => text.clone(),
        value => value.to_json(),
    };
    RawValue::from_string(text)
        .map(|raw| canonical(&raw))
        .map_err(|_| FieldError::Malformed {
            expected: "JSON".into(),
        })
}
