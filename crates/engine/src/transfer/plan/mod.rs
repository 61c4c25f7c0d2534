//! What an import has to do: the document beside what is stored, and the steps from one to the other. Nothing is written
//! here, so a dry run ends with the plan.

mod audited;
mod bindings;
mod configurations;
mod connectors;
mod servers;
mod settings;
mod sources;
mod tools;
mod users;

pub(super) use connectors::{ConnectorStep, Source};
pub(super) use servers::ServerStep;
pub(super) use sources::SourceStep;
pub(super) use users::UserStep;

use super::{
    document::{ConnectorEntry, Document},
    export::{Parts, source_keys},
    problems::{Problems, Remark},
    reference::Secrets,
    report::{Change, Counts, Kind, Member, Report},
    source_key::SourceKey,
};
use crate::{
    Engine, Error,
    endpoint::EndpointKey,
    storage::{
        Tx,
        transfer::{Totals, WholeConnector, WholeUser},
        transfer_servers::{WholeServer, WholeSource},
    },
};
use configurations::Schema;
use patchbay_domain::ids::{ServerId, SourceId, UserId};
use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

/// What is stored of what a document speaks of.
#[derive(Debug)]
pub(super) struct Stored {
    connectors: HashMap<String, WholeConnector>,
    /// By address in lower case.
    users: HashMap<String, WholeUser>,
    /// All sources of whoever owns anything in the document: it is among all of them that they are counted.
    sources: HashMap<Owned, WholeSource>,
    source_keys: HashMap<SourceId, SourceKey>,
    servers: HashMap<EndpointKey, WholeServer>,
    parts: HashMap<ServerId, Parts>,
    servers_of: HashMap<UserId, u64>,
    other_superusers: u64,
    totals: Totals,
}

/// A source by its owner's address, in lower case, and what says which of theirs it is.
type Owned = (String, SourceKey);

/// What to write, and what to say about it.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) connectors: Vec<ConnectorStep>,
    pub(super) users: Vec<UserStep>,
    pub(super) sources: Vec<SourceStep>,
    pub(super) servers: Vec<ServerStep>,
    pub(super) report: Report,
}

impl Stored {
    /// Reads what the document speaks of, in a transaction that sees all rows.
    pub(super) async fn load(tx: &mut Tx, document: &Document) -> Result<Self, Error> {
        let mut names: Vec<String> = document.connector_names().map(str::to_owned).collect();
        names.extend(document.servers.iter().filter_map(|server| server.connector.clone()));
        names.extend(document.sources.iter().map(|source| source.key.kind.clone()));
        let mut emails: Vec<String> = document.users.iter().map(|user| user.email.to_lowercase()).collect();
        let owners = document.servers.iter().map(|server| server.owner.to_lowercase());
        let mut owners: Vec<String> = owners.collect();
        owners.extend(document.sources.iter().map(|source| source.owner.to_lowercase()));
        emails.extend(owners.iter().cloned());
        let endpoints: Vec<String> = document
            .servers
            .iter()
            .flat_map(|server| EndpointKey::of_stored(&server.endpoint).stored_forms())
            .collect();

        let connectors = tx.whole_connectors(Some(&names)).await?;
        let users = tx.whole_users(Some(&emails)).await?;
        let servers = tx.whole_servers(Some(&endpoints)).await?;
        let server_ids: Vec<_> = servers.iter().map(|server| server.id).collect();
        let user_ids: Vec<_> = users.iter().map(|user| user.id).collect();
        let sources = tx.whole_sources(Some(&owners)).await?;
        let source_keys = source_keys(&sources);
        let owned = |source: WholeSource| {
            let key = source_keys.get(&source.id)?.clone();
            Some(((source.owner.to_lowercase(), key), source))
        };
        Ok(Self {
            sources: sources.into_iter().filter_map(owned).collect(),
            source_keys,
            parts: Parts::of_servers(tx, Some(&server_ids)).await?,
            servers_of: tx.count_servers_of(&user_ids).await?.into_iter().collect(),
            other_superusers: tx.count_other_superusers(&user_ids).await?,
            totals: tx.totals().await?,
            connectors: connectors
                .into_iter()
                .map(|connector| (connector.name.clone(), connector))
                .collect(),
            users: users
                .into_iter()
                .map(|user| (user.email.to_lowercase(), user))
                .collect(),
            servers: servers
                .into_iter()
                .map(|server| (EndpointKey::of_stored(&server.endpoint), server))
                .collect(),
        })
    }
}

/// What the parts of a plan are made with.
struct Planner<'a> {
    engine: &'a Engine,
    document: &'a Document,
    connectors: HashMap<&'a str, &'a ConnectorEntry>,
    /// Of connectors whose servers were looked at, by their names.
    schemas: HashMap<String, Option<Rc<Schema>>>,
    /// The sources that there will be, those of the document among them.
    sources: HashMap<Owned, SourceId>,
    /// The addresses of the document's users, in lower case.
    emails: HashSet<String>,
    stored: &'a Stored,
    secrets: Secrets<'a>,
    problems: Problems,
    report: Report,
}

impl Planner<'_> {
    /// Whether there is somebody with that address, in lower case, or will be.
    fn is_somebody(&self, email: &str) -> bool {
        self.stored.users.contains_key(email) || self.emails.contains(email)
    }

    fn warn(&mut self, path: String, message: String) {
        self.report.warnings.push(Remark { path, message });
    }

    /// Notes what becomes of one thing; whether there is anything to write.
    fn note(&mut self, kind: Kind, name: String, added: bool, members: Vec<Member>) -> bool {
        let counts = match kind {
            Kind::Connector => &mut self.report.connectors,
            Kind::User => &mut self.report.users,
            Kind::Source => &mut self.report.sources,
            Kind::Server => &mut self.report.servers,
        };
        let Counts {
            added: new,
            changed,
            unchanged,
            ..
        } = counts;
        if added {
            *new += 1;
        } else if members.is_empty() {
            *unchanged += 1;
            return false;
        } else {
            *changed += 1;
        }
        self.report.changes.push(Change {
            kind,
            name,
            added,
            members,
        });
        true
    }
}

/// Makes the plan, or says everything that stands in its way.
pub(super) fn plan(engine: &Engine, document: &Document, stored: &Stored, secrets: Secrets<'_>) -> Result<Plan, Error> {
    let mut planner = Planner {
        engine,
        document,
        connectors: document
            .connectors
            .iter()
            .map(|connector| (connector.name.as_str(), connector))
            .collect(),
        schemas: HashMap::new(),
        sources: stored
            .sources
            .iter()
            .map(|(owned, source)| (owned.clone(), source.id))
            .collect(),
        emails: document.users.iter().map(|user| user.email.to_lowercase()).collect(),
        stored,
        secrets,
        problems: Problems::default(),
        report: Report::default(),
    };
    let connectors = planner.connectors()?;
    let users = planner.users();
    let sources = planner.sources()?;
    let servers = planner.servers()?;
    planner.problems.none()?;
    let mut report = planner.report;
    for (counts, total) in [
        (&mut report.connectors, stored.totals.connectors),
        (&mut report.users, stored.totals.users),
        (&mut report.sources, stored.totals.sources),
        (&mut report.servers, stored.totals.servers),
    ] {
        counts.untouched = total.saturating_sub(counts.changed + counts.unchanged);
    }
    Ok(Plan {
        connectors,
        users,
        sources,
        servers,
        report,
    })
}
