//! What an account owns, in words.

use crate::ui::{count, things};
use leptos::prelude::*;
use patchbay_domain::account::Belongings;

/// What goes with an account, as a list.
#[component]
pub(crate) fn BelongingsList(belongings: Belongings) -> impl IntoView {
    let items = belongings_words(&belongings);
    view! {
        <ul class="losses">
            {items.into_iter().map(|item| view! { <li>{item}</li> }).collect_view()}
            <li>"the account itself, with its password and second factor"</li>
        </ul>
    }
}

/// What there is of each kind; what there isn't is left out.
pub(crate) fn belongings_words(belongings: &Belongings) -> Vec<String> {
    let Belongings {
        mcp_servers,
        mcp_server_tokens,
        sources,
        api_tokens,
        sessions,
    } = *belongings;
    let servers = match mcp_servers {
        1 => "1 MCP server, deleted or not, with its endpoint".to_owned(),
        n => format!("{} MCP servers, deleted ones included, with their endpoints", count(n)),
    };
    [
        (mcp_servers, servers),
        (
            mcp_server_tokens,
            things(mcp_server_tokens, "token") + " of MCP servers",
        ),
        (sources, things(sources, "source") + " with what is configured there"),
        (api_tokens, things(api_tokens, "API token")),
        (sessions, things(sessions, "session")),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(_, words)| words)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_there_is_is_named() {
        let mut belongings = Belongings {
            mcp_servers: 2,
            mcp_server_tokens: 0,
            sources: 1,
            api_tokens: 0,
            sessions: 1,
        };
        assert_eq!(
            belongings_words(&belongings),
            [
                "2 MCP servers, deleted ones included, with their endpoints",
                "1 source with what is configured there",
                "1 session"
            ]
        );
        belongings.mcp_servers = 1;
        assert_eq!(
            belongings_words(&belongings)[0],
            "1 MCP server, deleted or not, with its endpoint"
        );
    }
}
