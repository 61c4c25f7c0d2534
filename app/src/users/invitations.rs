//! Invitations: the open ones, and the question before one is revoked.

use super::{
    api::{REVOKE_INVITATION, RevokeInvitation},
    invite::Invite,
    words::roles,
};
use crate::{
    context::{self, Waiting},
    layout::Frame,
    paths,
    ui::{
        Dialog, EmptyState, Hidden, Icon, InPlaceForm, NoSuchPage, PageHeader, Pager, ShownOnce, Submit, TimeAgo,
        TimeLeft, form, if_there, page, things,
    },
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;
use patchbay_domain::{
    account::InvitationView,
    page::{Page, PageRequest},
    user::SignUp,
};

/// The page's address.
pub(super) const PATH: &str = "/users/invitations";
/// How many invitations a page shows.
const PAGE: u32 = 25;

/// The invitations that nobody has used yet, and the form for one more.
#[component]
pub(crate) fn InvitationsPage() -> impl IntoView {
    let (cursor, revoke) = use_query_map().with_untracked(|query| (query.get("cursor"), query.get("revoke")));
    let cursor = cursor.filter(|cursor| !cursor.is_empty());
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let request = PageRequest {
            limit: Some(PAGE),
            cursor,
        };
        let found = if_there(engine.invitations(&actor, &request).await, &request)?;
        let link = context::take::<String>(Waiting::Invitation).await?;
        Ok(view! { <Content found link revoke is_first=request.cursor.is_none()/> }.into_any())
    })
}

#[component]
fn Content(
    found: Option<Page<InvitationView>>,
    /// The link of an invitation that was just made.
    link: Option<String>,
    /// The invitation that may be revoked.
    revoke: Option<String>,
    is_first: bool,
) -> AnyView {
    let is_closed = expect_context::<Frame>().sign_up == SignUp::Closed;
    let revoking = found.as_ref().and_then(|page| {
        let mut open = page.items.iter();
        open.find(|invitation| Some(invitation.id.to_string()) == revoke)
            .cloned()
    });
    view! {
        <PageHeader title="Invitations" parent=("Users", "/users") about="A link each, with which one person makes one account within a week."/>
        {is_closed.then(|| view! {
            <div class="notice notice-wait">
                <p class="notice-text">"Sign-up is closed, so no invitation works."</p>
                <p class="notice-detail">"Whoever runs this Patchbay opens it with " <code>"PATCHBAY_SIGNUP=invite"</code> "."</p>
            </div>
        })}
        {link.map(|link| view! {
            <ShownOnce id="invitation-link" title="Send this link to them now" what="link" text=link
                about="It is shown only once: Patchbay keeps no copy, and sends no mail."/>
        })}
        <Invite/>
        <section class="section" aria-labelledby="open">
            <div class="section-head"><h2 id="open">"Open invitations"</h2></div>
            <List found is_first/>
        </section>
        <div id="dialogs">{revoking.map(|invitation| view! { <RevokeDialog invitation/> })}</div>
    }
    .into_any()
}

#[component]
fn List(found: Option<Page<InvitationView>>, is_first: bool) -> AnyView {
    let Some(found) = found else {
        return view! { <NoSuchPage first=PATH/> }.into_any();
    };
    if found.items.is_empty() {
        return view! {
            <EmptyState icon=Icon::Key title="No open invitations">
                <p>"Those that you make stand here until somebody uses them, or their week is over."</p>
            </EmptyState>
        }
        .into_any();
    }
    let first = (!is_first).then(|| PATH.to_owned());
    let next = found
        .next_cursor
        .as_deref()
        .map(|cursor| paths::with_query(PATH, &[("cursor", cursor)]));
    view! {
        <p class="list-count">{things(found.total, "open invitation")}</p>
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"For"</th>
                    <th scope="col">"Role"</th>
                    <th scope="col">"Made by"</th>
                    <th scope="col">"Made"</th>
                    <th scope="col">"Ends"</th>
                    <th scope="col"><span class="visually-hidden">"Revoke"</span></th>
                </tr>
            </thead>
            <tbody>{found.items.into_iter().map(|invitation| view! { <Row invitation/> }).collect_view()}</tbody>
        </table>
        <Pager total=found.total first next/>
    }
    .into_any()
}

fn whom(invitation: &InvitationView) -> String {
    invitation.email.clone().unwrap_or_else(|| "Anybody".to_owned())
}

#[component]
fn Row(invitation: InvitationView) -> AnyView {
    let whom = whom(&invitation);
    let href = paths::with_query(PATH, &[("revoke", &invitation.id.to_string())]);
    let label = format!("Revoke the invitation for {whom}");
    view! {
        <tr>
            <th scope="row">{whom}</th>
            <td data-label="Role">{roles(&invitation.roles)}</td>
            <td data-label="Made by">{invitation.created_by.unwrap_or_else(|| "somebody who is gone".to_owned())}</td>
            <td data-label="Made" class="date"><TimeAgo at=invitation.created_at/></td>
            <td data-label="Ends" class="date"><TimeLeft at=invitation.expires_at/></td>
            <td class="table-action"><a class="button button-danger-quiet" href=href aria-label=label data-dialog="">"Revoke"</a></td>
        </tr>
    }
    .into_any()
}

#[component]
fn RevokeDialog(invitation: InvitationView) -> AnyView {
    let form = form(REVOKE_INVITATION);
    view! {
        <Dialog title="Revoke this invitation?".to_owned() close=PATH.to_owned()>
            <p>"The link that was made for " <strong>{whom(&invitation)}</strong> " works no more. You can make another one at any time."</p>
            <InPlaceForm form action=RevokeInvitation::url() words="The invitation was not revoked">
                <Hidden name="invitation_id" value=invitation.id.to_string()/>
                <div class="dialog-actions">
                    <a class="button" href=PATH data-close="">"Keep it"</a>
                    <Submit label="Revoke invitation" danger=true/>
                </div>
            </InPlaceForm>
        </Dialog>
    }
    .into_any()
}
