//! Sending a form from a script, the way the browser would have done it.

use crate::{browser, error::AppError};
use leptos::{prelude::*, serde_json, task::spawn_local};
use serde::{Deserialize, de::DeserializeOwned};
use web_sys::{SubmitEvent, UrlSearchParams};

/// One form's way to the server and back, as often as it is sent.
pub(crate) struct Sending<T: Send + Sync + 'static> {
    /// What the server said last.
    pub(crate) answer: RwSignal<Option<Result<T, AppError>>>,
    /// Whether an answer is awaited.
    pub(crate) pending: RwSignal<bool>,
}

impl<T: DeserializeOwned + Send + Sync + 'static> Sending<T> {
    /// Nothing has been sent yet.
    pub(crate) fn new() -> Self {
        Self {
            answer: RwSignal::new(None),
            pending: RwSignal::new(false),
        }
    }

    /// Sends the form in the place of the browser, which still does it where that can't be done.
    pub(crate) fn send(&self, event: &SubmitEvent, to: String) {
        let Some(fields) = browser::fields(event) else {
            return;
        };
        event.prevent_default();
        let (answer, pending) = (self.answer, self.pending);
        pending.set(true);
        spawn_local(async move {
            let result = post(&to, &fields).await;
            // The page may have gone on in the meantime.
            answer.try_set(Some(result));
            pending.try_set(false);
        });
    }

    /// The error of the last answer, once there is an answer.
    pub(crate) fn refused(&self) -> Signal<Option<Option<AppError>>> {
        let answer = self.answer;
        Signal::derive(move || answer.with(|answer| Some(answer.as_ref()?.as_ref().err().cloned())))
    }
}

async fn post<T: DeserializeOwned>(to: &str, fields: &UrlSearchParams) -> Result<T, AppError> {
    let (is_good, text) = browser::post(to, fields).await.map_err(|_| AppError::Unreachable)?;
    if is_good {
        serde_json::from_str(&text).map_err(|_| AppError::Unreachable)
    } else {
        Err(refusal(&text))
    }
}

/// Why a form was refused: by its server function, or on the way to it, where the answer is the one that programs get.
fn refusal(text: &str) -> AppError {
    #[derive(Deserialize)]
    struct ForPrograms {
        message: String,
        #[serde(default)]
        request_id: String,
    }

    let on_the_way = |_| {
        let ForPrograms { message, request_id } = serde_json::from_str(text)?;
        Ok::<_, serde_json::Error>(AppError::Refused { message, request_id })
    };
    serde_json::from_str(text)
        .or_else(on_the_way)
        .unwrap_or(AppError::Unreachable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_on_the_way_tells_why() {
        let for_programs =
            r#"{"status":403,"error":"CROSS_ORIGIN","message":"Refused.","detail":"Refused.","request_id":"r-1"}"#;
        let refused = AppError::Refused {
            message: "Refused.".into(),
            request_id: "r-1".into(),
        };
        assert_eq!(refusal(for_programs), refused);
        assert_eq!(
            refusal(r#"{"kind":"rate_limited","seconds":3}"#),
            AppError::RateLimited { seconds: 3 }
        );
        assert_eq!(refusal("<h1>502 Bad Gateway</h1>"), AppError::Unreachable);
    }
}
