//! What a use-case says about what it did.

use patchbay_domain::ids::{
    ApiTokenId, ConnectorId, InvitationId, ServerId, ServerTokenId, SessionId, SourceId, UserId,
};
use serde_json::Value;
use uuid::Uuid;

/// What something was done to.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) kind: &'static str,
    pub(crate) id: Option<Uuid>,
    pub(crate) name: Option<String>,
    /// A person and their email, which goes to the side table only.
    pub(crate) person: Option<(UserId, String)>,
}

impl Subject {
    fn named(kind: &'static str, id: Uuid, name: &str) -> Self {
        Self {
            kind,
            id: Some(id),
            name: Some(name.to_owned()),
            person: None,
        }
    }

    fn bare(kind: &'static str, id: Option<Uuid>) -> Self {
        Self {
            kind,
            id,
            name: None,
            person: None,
        }
    }

    pub(crate) fn connector(id: ConnectorId, name: &str) -> Self {
        Self::named("connector", id.0, name)
    }

    pub(crate) fn server(id: ServerId, name: &str) -> Self {
        Self::named("server", id.0, name)
    }

    pub(crate) fn server_token(id: ServerTokenId, name: &str) -> Self {
        Self::named("server_token", id.0, name)
    }

    pub(crate) fn source(id: SourceId, name: &str) -> Self {
        Self::named("source", id.0, name)
    }

    pub(crate) fn tool(id: Uuid, name: &str) -> Self {
        Self::named("tool", id, name)
    }

    pub(crate) fn user(id: UserId, email: &str) -> Self {
        Self {
            person: Some((id, email.to_owned())),
            ..Self::bare("user", Some(id.0))
        }
    }

    /// A person whose email is not to be written down (again).
    pub(crate) fn erased_user(id: UserId) -> Self {
        Self::bare("user", Some(id.0))
    }

    pub(crate) fn session(id: SessionId) -> Self {
        Self::bare("session", Some(id.0))
    }

    pub(crate) fn api_token(id: ApiTokenId, name: &str) -> Self {
        Self::named("api_token", id.0, name)
    }

    pub(crate) fn invitation(id: InvitationId) -> Self {
        Self::bare("invitation", Some(id.0))
    }

    pub(crate) fn vault() -> Self {
        Self::bare("vault", None)
    }

    pub(crate) fn database() -> Self {
        Self::bare("database", None)
    }
}

/// One row of the log, before it has its place in the chain.
///
/// `before` and `after` hold the parts that changed, and never a secret, nor anything that could be one: of a secret
/// that it is there or was replaced, of a configuration which keys changed.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) action: &'static str,
    pub(crate) subject: Subject,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
    pub(crate) note: Option<String>,
    /// What whoever did it did it with, which goes to the side table only.
    pub(crate) device: Option<String>,
}

impl Entry {
    pub(crate) fn new(action: &'static str, subject: Subject) -> Self {
        Self {
            action,
            subject,
            before: None,
            after: None,
            note: None,
            device: None,
        }
    }

    pub(crate) fn before(mut self, before: Value) -> Self {
        self.before = Some(before);
        self
    }

    pub(crate) fn after(mut self, after: Value) -> Self {
        self.after = Some(after);
        self
    }

    /// The browser it was done with, as it calls itself.
    pub(crate) fn device(mut self, device: String) -> Self {
        self.device = Some(device);
        self
    }

    /// What whoever did it said.
    pub(crate) fn note(mut self, note: Option<String>) -> Self {
        self.note = note;
        self
    }
}
