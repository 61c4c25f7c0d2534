//! What an endpoint says of itself, beside its entry in the list of endpoints.
//!
//! What can be known isn't said again: the parts of a path, who is refused without a session, what a body that doesn't
//! fit is answered with. That is added where the document is made.

use super::examples::Example;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

/// Gives the schema of one type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Access {
    /// Also who isn't signed in.
    Anybody,
    /// Whoever is signed in.
    #[default]
    SignedIn,
    /// Whoever owns what it is about; for others it isn't there.
    Owner,
    /// Who keeps order among everybody's servers.
    Admin,
    /// Who keeps the catalogue and the users.
    Superuser,
}

impl Access {
    /// The word in the document.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Anybody => "anybody",
            Self::SignedIn => "signed_in",
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Superuser => "superuser",
        }
    }
}

/// The documentation of one endpoint.
#[derive(Debug, Default)]
pub(in crate::rest) struct Doc {
    pub(super) summary: &'static str,
    pub(super) about: Option<&'static str>,
    pub(super) access: Access,
    pub(super) session_only: bool,
    pub(super) deprecated: bool,
    pub(super) query: Option<SchemaOf>,
    pub(super) body: Option<Body>,
    pub(super) answers: Vec<Answer>,
    pub(super) failures: Vec<Failure>,
    pub(super) has_etag: bool,
    pub(super) takes_if_match: bool,
}

/// What a request brings.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) content: Content,
    /// Media types that the same can be written in.
    pub(super) media: &'static [&'static str],
    pub(super) required: bool,
}

/// What a request is answered with when it went well.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) about: &'static str,
    /// With the media types that it can come in.
    pub(super) content: Option<(&'static [&'static str], Content)>,
}

/// What one media type holds.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) shape: Shape,
    pub(super) example: Option<Value>,
}

/// What JSON can look like.
#[derive(Debug)]
pub(super) enum Shape {
    /// As this type writes it.
    Of(SchemaOf),
    /// A list under its name, of one or another kind of thing.
    List { name: &'static str, items: Vec<SchemaOf> },
    /// No JSON.
    Bytes,
    /// No JSON, but text.
    Text,
}

/// One of the ways in which it can go wrong.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) when: &'static str,
}

const JSON: &[&str] = &["application/json"];

impl Doc {
    /// What it does, in a few words.
    pub(in crate::rest) fn summary(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    /// What else there is to know.
    pub(in crate::rest) fn about(self, about: &'static str) -> Self {
        Self {
            about: Some(about),
            ..self
        }
    }

    /// Also for who isn't signed in.
    pub(in crate::rest) fn anybody(self) -> Self {
        Self {
            access: Access::Anybody,
            ..self
        }
    }

    /// For whoever owns what it is about.
    pub(in crate::rest) fn owner(self) -> Self {
        Self {
            access: Access::Owner,
            ..self
        }
    }

    /// For admins.
    pub(in crate::rest) fn admin(self) -> Self {
        Self {
            access: Access::Admin,
            ..self
        }
    }

    /// For superusers.
    pub(in crate::rest) fn superuser(self) -> Self {
        Self {
            access: Access::Superuser,
            ..self
        }
    }

    /// Not with a token for programs, whoever's it is.
    pub(in crate::rest) fn session_only(self) -> Self {
        Self {
            session_only: true,
            ..self
        }
    }

    /// There is something better.
    pub(in crate::rest) fn deprecated(self) -> Self {
        Self {
            deprecated: true,
            ..self
        }
    }

    /// What it answers has an `ETag`; where that is all it does, `If-None-Match` may ask for another one.
    pub(in crate::rest) fn etag(self) -> Self {
        Self { has_etag: true, ..self }
    }

    /// `If-Match` may say which version it is meant for.
    pub(in crate::rest) fn if_match(self) -> Self {
        Self {
            takes_if_match: true,
            ..self
        }
    }

    /// The parameters of its query: the fields of this type.
    pub(in crate::rest) fn query<T: JsonSchema>(self) -> Self {
        Self {
            query: Some(SchemaGenerator::subschema_for::<T>),
            ..self
        }
    }

    /// Whether it has such parameters.
    pub(in crate::rest) fn takes_query(&self) -> bool {
        self.query.is_some()
    }

    /// Whether it can be called by who isn't signed in.
    pub(in crate::rest) fn is_for_anybody(&self) -> bool {
        self.access == Access::Anybody
    }

    /// What it takes.
    pub(in crate::rest) fn body<T: Example>(self) -> Self {
        self.body_in::<T>(JSON, true)
    }

    /// What it takes, all of whose fields may be absent, and so may be the whole of it.
    pub(in crate::rest) fn optional_body<T: Example>(self) -> Self {
        self.body_in::<T>(JSON, false)
    }

    /// What it takes in any of these media types.
    pub(in crate::rest) fn body_in<T: Example>(self, media: &'static [&'static str], required: bool) -> Self {
        Self {
            body: Some(Body {
                content: Content::of::<T>(),
                media,
                required,
            }),
            ..self
        }
    }

    /// What that looks like here, where the example of its type isn't taken.
    pub(in crate::rest) fn body_example(mut self, example: Value) -> Self {
        if let Some(body) = &mut self.body {
            body.content.example = Some(example);
        }
        self
    }

    /// What it answers with this status.
    pub(in crate::rest) fn answer<T: Example>(self, status: u16, about: &'static str) -> Self {
        self.answer_in::<T>(JSON, status, about)
    }

    /// What it answers in any of these media types.
    pub(in crate::rest) fn answer_in<T: Example>(
        self,
        media: &'static [&'static str],
        status: u16,
        about: &'static str,
    ) -> Self {
        self.answers(status, about, Some((media, Content::of::<T>())))
    }

    /// A list under this name.
    pub(in crate::rest) fn list<T: Example>(self, name: &'static str, about: &'static str) -> Self {
        let content = Content {
            shape: Shape::List {
                name,
                items: vec![SchemaGenerator::subschema_for::<T>],
            },
            example: Some(json!({ name: [T::example()], "total": 1, "next_cursor": null })),
        };
        self.answers(200, about, Some((JSON, content)))
    }

    /// The list may hold these as well, depending on what was asked.
    pub(in crate::rest) fn or_list<T: Example>(mut self) -> Self {
        if let Some(Answer {
            content:
                Some((
                    _,
                    Content {
                        shape: Shape::List { items, .. },
                        ..
                    },
                )),
            ..
        }) = self.answers.last_mut()
        {
            items.push(SchemaGenerator::subschema_for::<T>);
        }
        self
    }

    /// It answers that it is done, and nothing else.
    pub(in crate::rest) fn no_content(self, about: &'static str) -> Self {
        self.answers(204, about, None)
    }

    /// It answers with text that is no single JSON value.
    pub(in crate::rest) fn text(
        self,
        media: &'static [&'static str],
        about: &'static str,
        example: &'static str,
    ) -> Self {
        let content = Content {
            shape: Shape::Text,
            example: Some(example.into()),
        };
        self.answers(200, about, Some((media, content)))
    }

    /// It answers with a file.
    pub(in crate::rest) fn file(self, media: &'static [&'static str], about: &'static str) -> Self {
        let content = Content {
            shape: Shape::Bytes,
            example: None,
        };
        self.answers(200, about, Some((media, content)))
    }

    /// One of the ways in which it can go wrong, beyond what goes wrong everywhere: the status, the word that programs
    /// read, and when.
    pub(in crate::rest) fn fails(mut self, status: u16, code: &'static str, when: &'static str) -> Self {
        self.failures.push(Failure { status, code, when });
        self
    }

    fn answers(
        mut self,
        status: u16,
        about: &'static str,
        content: Option<(&'static [&'static str], Content)>,
    ) -> Self {
        self.answers.push(Answer { status, about, content });
        self
    }
}

impl Content {
    fn of<T: Example>() -> Self {
        Self {
            shape: Shape::Of(SchemaGenerator::subschema_for::<T>),
            example: Some(T::example()),
        }
    }
}
