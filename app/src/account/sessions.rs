//! Where one is signed in.

use super::api::{END_OTHERS, EndOtherSessions, EndSession, end_session_form};
use crate::ui::{Hidden, InPlaceForm, Setting, Submit, TimeAgo, day_and_hour, form};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{account::SessionView, page::Page};

/// The browsers and programs that are signed in, each with the way to end it.
#[component]
pub(super) fn Sessions(sessions: Page<SessionView>) -> AnyView {
    let Page {
        items: mut sessions,
        total,
        ..
    } = sessions;
    let more = total.saturating_sub(sessions.len() as u64);
    sessions.sort_by_key(|session| !session.current);
    let others = sessions.iter().any(|session| !session.current);
    view! {
        <Setting id="sessions" title="Sessions" about="Where you are signed in. A session that isn't used for two weeks ends by itself.">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Device"</th>
                        <th scope="col">"From"</th>
                        <th scope="col">"Begun"</th>
                        <th scope="col">"Last used"</th>
                        <th scope="col"><span class="visually-hidden">"End"</span></th>
                    </tr>
                </thead>
                <tbody>{sessions.into_iter().map(|session| view! { <Row session/> }).collect_view()}</tbody>
            </table>
            {(more > 0).then(|| view! { <p class="list-count">{format!("And {more} more, used longer ago.")}</p> })}
            {others.then(|| view! { <EndOthers/> })}
        </Setting>
    }
    .into_any()
}

#[component]
fn Row(session: SessionView) -> AnyView {
    let id = session.id.to_string();
    let device = match session.device.as_str() {
        "" => "Unknown device".to_owned(),
        device => device.to_owned(),
    };
    // When it began tells two browsers of one kind apart.
    let label = format!("End {device}, begun {}", day_and_hour(session.created_at));
    view! {
        <tr>
            <th scope="row">{device}</th>
            <td data-label="From">
                {match session.address {
                    Some(address) => view! { <code>{address}</code> }.into_any(),
                    None => "unknown".into_any(),
                }}
            </td>
            <td data-label="Begun" class="date"><TimeAgo at=session.created_at/></td>
            <td data-label="Last used" class="date"><TimeAgo at=session.last_used_at/></td>
            <td class="table-action">
                {if session.current {
                    view! { <span class="badge badge-good">"This one"</span> }.into_any()
                } else {
                    view! { <End id label/> }.into_any()
                }}
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn End(id: String, label: String) -> AnyView {
    let form = form(&end_session_form(&id));
    view! {
        <InPlaceForm form action=EndSession::url() words="The session was not ended" class="form form-button">
            <Hidden name="session_id" value=id/>
            <Submit label="End" named=label secondary=true/>
        </InPlaceForm>
    }
    .into_any()
}

#[component]
fn EndOthers() -> AnyView {
    let form = form(END_OTHERS);
    view! {
        <InPlaceForm form action=EndOtherSessions::url() words="The sessions were not ended" class="form form-button">
            <Submit label="Sign out everywhere else" secondary=true/>
        </InPlaceForm>
    }
    .into_any()
}
