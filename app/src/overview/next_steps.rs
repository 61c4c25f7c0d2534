//! The way from an empty installation to a first call.

use crate::ui::{Icon, IconView};
use leptos::prelude::*;
use patchbay_domain::overview::Overview;

struct Step {
    title: &'static str,
    about: &'static str,
    action: (&'static str, &'static str),
    done: bool,
}

fn steps(numbers: &Overview, is_superuser: bool) -> Vec<Step> {
    let has_active = numbers.connectors_active > 0;
    let mut steps = Vec::with_capacity(5);
    if is_superuser {
        steps.push(Step {
            title: "Register your first connector",
            about: "A connector is a service that offers MCP tools. Give it a name; it doesn't have to run yet.",
            action: ("Register connector", "/connectors#register"),
            done: has_active || numbers.connectors_waiting > 0,
        });
        steps.push(Step {
            title: "Activate it",
            about: "Start the connector's service and tell Patchbay its URL. Patchbay reads its tools from there.",
            action: ("Go to connectors", "/connectors"),
            done: has_active,
        });
    }
    let has_server = numbers.mcp_servers > 0;
    steps.push(Step {
        title: "Describe a source",
        about: "A source is your use of a connector: what it should look at, and with whose key. Only you see it.",
        action: ("Create source", "/sources/new"),
        done: numbers.sources > 0 || has_server,
    });
    steps.push(Step {
        title: "Create an MCP server from it",
        about: "An MCP server is an endpoint of your own with the tools of your sources behind it.",
        action: ("Create Server", "/servers/new"),
        done: has_server,
    });
    steps.push(Step {
        title: "Connect an MCP client",
        about: "The server's page has the configuration for Claude, Cursor, VS Code and curl, ready to copy.",
        action: ("Go to your servers", "/servers"),
        done: numbers.usage.calls > 0,
    });
    steps
}

/// The steps that lead to a first call; nothing when the last one is done.
#[component]
pub(super) fn NextSteps(numbers: Overview, is_superuser: bool) -> impl IntoView {
    let steps = steps(&numbers, is_superuser);
    let ready = steps.last().is_some_and(|step| step.done);
    let current = steps.iter().position(|step| !step.done);
    (!ready).then(|| {
        view! {
            <section class="panel" aria-labelledby="next-steps">
                <h2 id="next-steps">"Get started"</h2>
                <ol class="steps">
                    {steps.into_iter().enumerate().map(|(index, step)| {
                        view! { <One step number=index + 1 is_current=current == Some(index)/> }
                    }).collect_view()}
                </ol>
            </section>
        }
    })
}

#[component]
fn One(step: Step, number: usize, is_current: bool) -> impl IntoView {
    let Step {
        title,
        about,
        action: (label, href),
        done,
    } = step;
    let class = if done {
        "step is-done"
    } else if is_current {
        "step is-current"
    } else {
        "step"
    };
    let mark = if done {
        view! { <IconView icon=Icon::Check/> }.into_any()
    } else {
        number.into_any()
    };
    view! {
        <li class=class aria-current=is_current.then_some("step")>
            <span class="step-mark" aria-hidden="true">{mark}</span>
            <div class="step-words">
                <h3>{title}{done.then(|| view! { <span class="visually-hidden">" (done)"</span> })}</h3>
                {(!done).then(|| view! { <p>{about}</p> })}
                {is_current.then(|| view! { <a class="button button-primary" href=href>{label}</a> })}
            </div>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchbay_domain::usage::UsageView;

    fn nothing() -> Overview {
        Overview {
            mcp_servers: 0,
            sources: 0,
            connectors_active: 0,
            connectors_waiting: 0,
            usage: UsageView::default(),
            attention: Vec::new(),
        }
    }

    #[test]
    fn an_empty_installation_begins_with_its_first_connector_and_a_user_with_a_source() {
        let nothing = nothing();
        assert_eq!(steps(&nothing, true)[0].title, "Register your first connector");
        assert_eq!(steps(&nothing, false)[0].title, "Describe a source");
        assert!(steps(&nothing, true).iter().all(|step| !step.done));
    }

    #[test]
    fn an_active_connector_is_also_a_registered_one() {
        let numbers = Overview {
            connectors_active: 1,
            ..nothing()
        };
        let done: Vec<_> = steps(&numbers, true).iter().map(|step| step.done).collect();
        assert_eq!(done, [true, true, false, false, false]);
    }

    #[test]
    fn who_made_a_server_straight_from_a_connector_needs_no_source() {
        let numbers = Overview {
            mcp_servers: 1,
            ..nothing()
        };
        let done: Vec<_> = steps(&numbers, false).iter().map(|step| step.done).collect();
        assert_eq!(done, [true, true, false]);
    }
}
