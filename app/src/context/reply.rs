//! The answer to a form: the same server function serves scripts, which want a value, and plain forms, which want to be
//! sent to a page.

use super::{flash, is_plain_form, public, see_other, set_status};
use crate::{
    error::AppError,
    outcome::{Done, Flash, FormFlash},
};
use patchbay_domain::{schema_form::SchemaForm, tool::ToolTrial};
use patchbay_engine::Error;
use std::collections::BTreeMap;

/// The most of a tool's result that waits in a session, in bytes.
const TRIAL_MAX: usize = 64 * 1024;

/// A form that is being answered.
#[derive(Debug)]
pub struct Reply {
    form: FormFlash,
    back: String,
}

impl Reply {
    /// The form's name on its page, and that page.
    pub fn new(form: impl Into<String>, back: impl Into<String>) -> Self {
        let form = FormFlash {
            form: form.into(),
            values: BTreeMap::new(),
            error: None,
            trial: None,
        };
        Self {
            form,
            back: back.into(),
        }
    }

    /// Notes what was typed, so that it isn't lost when the form is shown again. Not for secrets.
    #[must_use]
    pub fn keep(mut self, field: &str, typed: &str) -> Self {
        self.form.values.insert(field.to_owned(), typed.to_owned());
        self
    }

    /// Notes what was typed into the fields of a schema, but for secrets.
    pub fn keep_fields(&mut self, fields: &SchemaForm, prefix: &str, typed: &BTreeMap<String, String>) {
        for (key, text) in typed.iter().filter(|(key, _)| !fields.is_secret(key)) {
            self.form.values.insert(format!("{prefix}[{key}]"), text.clone());
        }
    }

    /// Answers with the page to go on with, or with what was wrong.
    pub async fn finish(self, result: Result<Done, Error>) -> Result<Done, AppError> {
        match result {
            Ok(done) => {
                if is_plain_form() {
                    if done.notice.is_some() {
                        wait_in_session(Flash {
                            notice: done.notice.clone(),
                            form: None,
                        })
                        .await;
                    }
                    see_other(&done.to);
                }
                Ok(done)
            }
            Err(error) => Err(self.refuse(&error).await),
        }
    }

    /// Answers with what a tool said.
    pub async fn finish_trial(mut self, result: Result<ToolTrial, Error>) -> Result<ToolTrial, AppError> {
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
            wait_in_session(Flash {
                notice: None,
                form: Some(self.form),
            })
            .await;
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
            text.truncate(text.floor_char_boundary(TRIAL_MAX));
            text.push_str("\n…");
        }
    }
    trial
}
