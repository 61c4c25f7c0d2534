//! The answer to a form: the same server function serves scripts, which want a value, and plain forms, which want to be
//! sent to a page.

use super::{Flash, FormFlash, actor, flash, is_plain_form, public, see_other, set_status};
use crate::{
    error::AppError,
    outcome::{Done, Notice},
};
use patchbay_domain::{schema_form::SchemaForm, tool::ToolTrial};
use patchbay_engine::Error;
use std::collections::BTreeMap;

/// The longest text of somebody who isn't signed in that waits in a session, in bytes. All of what others type does: no form
/// is larger than the most that is taken in of any request.
const ANYBODYS_MAX: usize = 4 * 1024;
/// The most of a tool's result that waits in a session, in bytes.
const TRIAL_MAX: usize = 64 * 1024;

/// What comes after a form that did what it is for.
#[derive(Debug)]
pub(crate) struct Next {
    to: String,
    notice: Option<Notice>,
}

impl Next {
    /// This page of this site.
    pub(crate) fn to(page: impl Into<String>) -> Self {
        Self {
            to: page.into(),
            notice: None,
        }
    }

    /// With something to tell there.
    pub(crate) fn telling(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.notice = Some(Notice {
            text,
            details: Vec::new(),
        });
        self
    }

    /// With more to tell there.
    pub(crate) fn warning(mut self, details: Vec<String>) -> Self {
        if let Some(notice) = &mut self.notice {
            notice.details = details;
        }
        self
    }
}

/// A form that is being answered.
#[derive(Debug)]
pub(crate) struct Reply {
    form: FormFlash,
    back: String,
    is_for_anybody: bool,
}

impl Reply {
    /// The form's name on its page, and that page.
    pub(crate) fn new(form: impl Into<String>, back: impl Into<String>) -> Self {
        let form = FormFlash {
            form: form.into(),
            values: BTreeMap::new(),
            error: None,
            trial: None,
        };
        Self {
            form,
            back: back.into(),
            is_for_anybody: false,
        }
    }

    /// As [`Self::new`], for a form that people use who aren't signed in. What they send to other forms is refused, and then
    /// nothing waits for the next page: it would be anybody's way to fill the database.
    pub(crate) fn for_anybody(form: impl Into<String>, back: impl Into<String>) -> Self {
        Self {
            is_for_anybody: true,
            ..Self::new(form, back)
        }
    }

    /// Notes what was typed, so that it isn't lost when the form is shown again: whole, or not at all. It waits sealed, but
    /// passwords don't wait.
    #[must_use]
    pub(crate) fn keep(mut self, field: &str, typed: &str) -> Self {
        self.keep_also(field, typed);
        self
    }

    /// As [`Self::keep`], for what is known to be no password only later.
    pub(crate) fn keep_also(&mut self, field: &str, typed: &str) {
        if !self.is_for_anybody || typed.len() <= ANYBODYS_MAX {
            self.form.values.insert(field.to_owned(), typed.to_owned());
        }
    }

    /// Notes what was typed into the fields of a schema, but for secrets.
    pub(crate) fn keep_fields(&mut self, fields: &SchemaForm, prefix: &str, typed: &BTreeMap<String, String>) {
        for (key, text) in typed.iter().filter(|(key, _)| !fields.is_secret(key)) {
            self.form.values.insert(format!("{prefix}[{key}]"), text.clone());
        }
    }

    /// Answers with the page to go on with, or with what was wrong.
    pub(crate) async fn finish(self, result: Result<Next, Error>) -> Result<Done, AppError> {
        match result {
            Ok(Next { to, notice }) => {
                if notice.is_some() {
                    wait_in_session(Flash { notice, form: None }).await;
                }
                if is_plain_form() {
                    see_other(&to);
                }
                Ok(Done { to })
            }
            Err(error) => Err(self.refuse(&error).await),
        }
    }

    /// Answers with what a tool said.
    pub(crate) async fn finish_trial(mut self, result: Result<ToolTrial, Error>) -> Result<ToolTrial, AppError> {
        match result {
            Ok(trial) => {
                if is_plain_form() {
                    self.form.trial = Some(shorten(trial.clone()));
                    wait_in_session(Flash {
                        notice: None,
                        form: Some(self.form),
                    })
                    .await;
                    see_other(&self.back);
                }
                Ok(trial)
            }
            Err(error) => Err(self.refuse(&error).await),
        }
    }

    async fn refuse(mut self, error: &Error) -> AppError {
        let error = public(error);
        if is_plain_form() {
            self.form.error = Some(error.clone());
            if self.is_for_anybody || actor().is_some() {
                wait_in_session(Flash {
                    notice: None,
                    form: Some(self.form),
                })
                .await;
            }
            see_other(&self.back);
        } else {
            set_status(error.status());
        }
        error
    }
}

/// A page that can't tell what happened is better than none: a failure here is logged only.
async fn wait_in_session(flash: Flash) {
    if let Err(error) = flash::keep_flash(&flash).await {
        public(&error);
    }
}

fn shorten(mut trial: ToolTrial) -> ToolTrial {
    for text in [&mut trial.json, &mut trial.text] {
        if text.len() > TRIAL_MAX {
            text.truncate(cut(text, TRIAL_MAX).len());
            text.push_str("\n…");
        }
    }
    trial
}

/// The beginning of a text, without half a character at its end.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
