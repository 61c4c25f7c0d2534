//! What somebody should look at, each with the way there.

use crate::ui::{count, things};
use leptos::prelude::*;
use patchbay_domain::{Timestamp, overview::Attention, source::BindingState};

/// One of them, in words.
struct Line {
    /// A word for the badge, and its colour.
    badge: (&'static str, &'static str),
    words: String,
    /// Where to put it right, and what that is called.
    way: (String, &'static str),
}

/// What needs attention; nothing when nothing does.
#[component]
pub(super) fn AttentionList(attention: Vec<Attention>, now: Timestamp) -> impl IntoView {
    (!attention.is_empty()).then(|| {
        let lines = attention.into_iter().map(|thing| line(thing, now)).map(|line| {
            let (class, badge) = line.badge;
            let (href, label) = line.way;
            view! {
                <li class="attention-line">
                    <span class=class>{badge}</span>
                    <span class="attention-words">{line.words}</span>
                    <a href=href>{label}</a>
                </li>
            }
        });
        view! {
            <section class="panel" aria-labelledby="attention">
                <h2 id="attention">"Needs attention"</h2>
                <ul class="attention">{lines.collect_view()}</ul>
            </section>
        }
    })
}

const BAD: &str = "badge badge-bad";
const WAIT: &str = "badge badge-waiting";

fn line(thing: Attention, now: Timestamp) -> Line {
    match thing {
        Attention::ServerFailing {
            mcp_server_id,
            name,
            usage,
        } => Line {
            badge: (BAD, "Errors"),
            words: format!(
                "{} of {} of '{name}' failed in the last 24 hours.",
                count(usage.errors),
                things(usage.calls, "call")
            ),
            way: (format!("/servers/{mcp_server_id}/activity"), "Look at its calls"),
        },
        Attention::ServerWithoutTools { mcp_server_id, name } => Line {
            badge: (BAD, "No tools"),
            words: format!("'{name}' has nothing that contributes tools right now."),
            way: (format!("/servers/{mcp_server_id}"), "Choose its sources"),
        },
        Attention::Source { source_id, name, state } => Line {
            badge: source_badge(state),
            words: source_words(state, &name),
            way: (format!("/sources/{source_id}"), "Look at it"),
        },
        Attention::ConnectorChanges { connectors } => Line {
            badge: (WAIT, "Changes"),
            words: if connectors == 1 {
                "A connector's service has changed something that nobody has decided about.".to_owned()
            } else {
                format!("The services of {connectors} connectors have changed something that nobody has decided about.")
            },
            way: ("/connectors?changes=waiting".to_owned(), "Review the changes"),
        },
        Attention::ServerToken {
            mcp_server_id,
            mcp_server,
            name,
            expires_at,
        } => Line {
            badge: token_badge(expires_at, now),
            words: format!("The token '{name}' of '{mcp_server}' {}.", ends(expires_at, now)),
            way: (format!("/servers/{mcp_server_id}#tokens"), "Make a new one"),
        },
        Attention::ApiToken { name, expires_at } => Line {
            badge: token_badge(expires_at, now),
            words: format!("Your API token '{name}' {}.", ends(expires_at, now)),
            way: ("/account#tokens".to_owned(), "Make a new one"),
        },
    }
}

fn source_badge(state: BindingState) -> (&'static str, &'static str) {
    match state {
        BindingState::Misfit => (WAIT, "Outdated"),
        BindingState::SwitchedOff => (WAIT, "Switched off"),
        BindingState::NoConnector | BindingState::Ready => (WAIT, "No connector"),
    }
}

fn source_words(state: BindingState, name: &str) -> String {
    match state {
        BindingState::Misfit => format!("The configuration of '{name}' isn't what its connector asks for any more."),
        BindingState::SwitchedOff => format!("The connector of '{name}' isn't activated, so it contributes no tools."),
        BindingState::NoConnector | BindingState::Ready => {
            format!("No connector for '{name}' is offered yet, so it contributes no tools.")
        }
    }
}

fn token_badge(expires_at: Timestamp, now: Timestamp) -> (&'static str, &'static str) {
    if expires_at <= now {
        (BAD, "Ended")
    } else {
        (WAIT, "Ends soon")
    }
}

fn ends(expires_at: Timestamp, now: Timestamp) -> String {
    if expires_at <= now {
        return "has ended".to_owned();
    }
    match (expires_at.0 - now.0).whole_days() {
        0 => "ends within a day".to_owned(),
        1 => "ends tomorrow".to_owned(),
        days => format!("ends in {days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::{Duration, macros::datetime};

    #[test]
    fn the_end_of_a_token_is_told_in_days() {
        let now = Timestamp(datetime!(2026-11-20 12:00 UTC));
        let at = |hours| Timestamp(now.0 + Duration::hours(hours));
        for (hours, words) in [
            (-1, "has ended"),
            (0, "has ended"),
            (3, "ends within a day"),
            (30, "ends tomorrow"),
            (100, "ends in 4 days"),
        ] {
            assert_eq!(ends(at(hours), now), words);
        }
    }
}
