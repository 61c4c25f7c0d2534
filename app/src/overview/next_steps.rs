//! The way from an empty installation to a first call.

use crate::ui::{Icon, IconView};
use leptos::prelude::*;
use patchbay_engine::servers::Overview;

struct Step {
    title: &'static str,
    about: &'static str,
    action: (&'static str, &'static str),
    done: bool,
}

fn steps(numbers: &Overview, is_superuser: bool) -> Vec<Step> {
    let has_active = numbers.connectors_active > 0;
    let mut steps = Vec::with_capacity(4);
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
    steps.push(Step {
        title: if is_superuser {
            "Create an MCP server from it"
        } else {
            "Pick an active connector"
        },
        about: "An MCP server is an endpoint of your own with a connector's tools behind it.",
        action: ("Choose a connector", "/connectors?mode=active"),
        done: numbers.servers > 0,
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
            servers: 0,
            connectors_active: 0,
            connectors_waiting: 0,
            usage: UsageView::default(),
        }
    }

    #[test]
    fn an_empty_installation_begins_with_its_first_connector_and_a_user_with_picking_one() {
        let nothing = nothing();
        assert_eq!(steps(&nothing, true)[0].title, "Register your first connector");
        assert_eq!(steps(&nothing, false)[0].title, "Pick an active connector");
        assert!(steps(&nothing, true).iter().all(|step| !step.done));
    }

    #[test]
    fn an_active_connector_is_also_a_registered_one() {
        let numbers = Overview {
            connectors_active: 1,
            ..nothing()
        };
        let done: Vec<_> = steps(&numbers, true).iter().map(|step| step.done).collect();
        assert_eq!(done, [true, true, false, false]);
    }
}
