//! Which page stands at which address.

use crate::{
    account::{AccountPage, ResetPasswordPage, SecondFactorPage, SignInCodePage, SignInPage, SignUpPage},
    activity::{ActivityPage, ServerActivityPage},
    api_docs::{ApiDocsPage, ApiSectionPage},
    audit::AuditPage,
    connectors::{ChangesPage, ConnectorPage, ConnectorsPage, CreateServerPage, VersionPage, VersionsPage},
    layout::{Shell, provide_frame},
    not_found::NotFoundPage,
    overview::OverviewPage,
    servers::{AllServersPage, CreateToolPage, EditServerPage, NewServerPage, ServerPage, ServersPage},
    setup::SetUpPage,
    sources::{EditSourcePage, NewSourcePage, SourcePage, SourcesPage},
    users::{InvitationsPage, UserPage, UsersPage},
};
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

/// The whole dashboard. Every page is sent when all of it is known: streaming out of order needs scripts.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_frame();
    view! {
        <Title formatter=window_title/>
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/set-up") view=SetUpPage ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/sign-in/code") view=SignInCodePage ssr=SsrMode::Async/>
                <Route path=path!("/sign-up") view=SignUpPage ssr=SsrMode::Async/>
                <Route path=path!("/reset-password") view=ResetPasswordPage ssr=SsrMode::Async/>
                <Route path=path!("/api/docs") view=ApiDocsPage ssr=SsrMode::Async/>
                <Route path=path!("/api/docs/:section") view=ApiSectionPage ssr=SsrMode::Async/>
                <ParentRoute path=path!("") view=Shell ssr=SsrMode::Async>
                    <Route path=path!("/") view=OverviewPage ssr=SsrMode::Async/>
                    <Route path=path!("/connectors") view=ConnectorsPage ssr=SsrMode::Async/>
                    <Route path=path!("/connectors/:id") view=ConnectorPage ssr=SsrMode::Async/>
                    <Route path=path!("/connectors/:id/create-server") view=CreateServerPage ssr=SsrMode::Async/>
                    <Route path=path!("/connectors/:id/changes") view=ChangesPage ssr=SsrMode::Async/>
                    <Route path=path!("/connectors/:id/versions") view=VersionsPage ssr=SsrMode::Async/>
                    <Route path=path!("/connectors/:id/versions/:number") view=VersionPage ssr=SsrMode::Async/>
                    <Route path=path!("/sources") view=SourcesPage ssr=SsrMode::Async/>
                    <Route path=path!("/sources/new") view=NewSourcePage ssr=SsrMode::Async/>
                    <Route path=path!("/sources/:id") view=SourcePage ssr=SsrMode::Async/>
                    <Route path=path!("/sources/:id/edit") view=EditSourcePage ssr=SsrMode::Async/>
                    <Route path=path!("/servers") view=ServersPage ssr=SsrMode::Async/>
                    <Route path=path!("/servers/new") view=NewServerPage ssr=SsrMode::Async/>
                    <Route path=path!("/servers/all") view=AllServersPage ssr=SsrMode::Async/>
                    <Route path=path!("/servers/:id/edit") view=EditServerPage ssr=SsrMode::Async/>
                    <Route path=path!("/servers/:id") view=ServerPage ssr=SsrMode::Async/>
                    <Route path=path!("/servers/:id/create-tool") view=CreateToolPage ssr=SsrMode::Async/>
                    <Route path=path!("/servers/:id/activity") view=ServerActivityPage ssr=SsrMode::Async/>
                    <Route path=path!("/activity") view=ActivityPage ssr=SsrMode::Async/>
                    <Route path=path!("/account") view=AccountPage ssr=SsrMode::Async/>
                    <Route path=path!("/account/second-factor") view=SecondFactorPage ssr=SsrMode::Async/>
                    <Route path=path!("/users") view=UsersPage ssr=SsrMode::Async/>
                    <Route path=path!("/users/invitations") view=InvitationsPage ssr=SsrMode::Async/>
                    <Route path=path!("/users/:id") view=UserPage ssr=SsrMode::Async/>
                    <Route path=path!("/audit") view=AuditPage ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// The title of a page that is called this. On the server it becomes HTML, and the framework writes it as it is.
fn window_title(page: String) -> String {
    let title = if page.is_empty() {
        "Patchbay".to_owned()
    } else {
        format!("{page} · Patchbay")
    };
    title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
