//! Trying a tool, and what came of it.

use crate::ui::{Alert, CopyBlock, FormSeed, LiveForm, Sending, Words, count, element_id};
use leptos::prelude::*;
use patchbay_domain::tool::ToolTrial;

/// A form that tries a tool, and shows what came of it beneath.
#[island]
pub(super) fn TryToolForm(
    /// Its state.
    seed: FormSeed,
    /// Where it is sent to: a server function whose answer is a [`ToolTrial`].
    action: String,
    /// The words for an error.
    words: Words,
    children: Children,
) -> impl IntoView {
    let sending = Sending::<ToolTrial>::new();
    let Sending { answer, pending } = sending;
    let live = LiveForm::provide(&seed, sending.refused(), pending.into());
    let before = seed.trial.clone();
    let trial = move || match answer.get() {
        Some(answer) => answer.ok(),
        None => before.clone(),
    };
    let element = element_id(&seed.id, "result");
    let to = action.clone();
    view! {
        <form class="form" method="post" action=action on:submit=move |event| sending.send(&event, to.clone())>
            <Alert form=seed.id error=live.error words/>
            {children()}
        </form>
        <div role="status">{move || trial().map(|trial| trial_view(trial, element.clone()))}</div>
    }
}

/// Many tools answer with JSON on one line.
#[cfg(feature = "ssr")]
pub(super) fn readable(mut trial: ToolTrial) -> ToolTrial {
    let json: Option<serde_json::Value> = serde_json::from_str(&trial.text).ok();
    let structure = json.filter(|json| json.is_object() || json.is_array());
    if let Some(Ok(indented)) = structure.map(|json| serde_json::to_string_pretty(&json)) {
        trial.text = indented;
    }
    trial
}

/// The result, as text and as a whole.
fn trial_view(trial: ToolTrial, element: String) -> AnyView {
    let ToolTrial {
        is_error,
        json,
        text,
        took_ms,
    } = trial;
    let (class, words) = if is_error {
        ("badge badge-bad", "Failed")
    } else {
        ("badge badge-good", "Succeeded")
    };
    let has_text = !text.is_empty();
    view! {
        <div class="trial">
            <p class="trial-head">
                <span class=class>{words}</span>
                <span>{format!("in {} ms", count(took_ms))}</span>
            </p>
            {has_text.then(|| view! { <pre class="trial-text" tabindex="0">{text}</pre> })}
            <details open=!has_text>
                <summary>"The whole result"</summary>
                <CopyBlock id=element what="result" text=json/>
            </details>
        </div>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        let trial = ToolTrial {
            is_error: false,
            json: String::new(),
            text: text.to_owned(),
            took_ms: 1,
        };
        readable(trial).text
    }

    #[test]
    fn structures_are_indented_and_everything_else_is_left_alone() {
        assert_eq!(text("{\"b\":1,\"a\":[]}"), "{\n  \"b\": 1,\n  \"a\": []\n}");
        for plain in ["", "12", "\"text\"", "{not json}", "Two\nlines"] {
            assert_eq!(text(plain), plain);
        }
    }
}
