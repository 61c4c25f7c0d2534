//! The table of the dashboard's server functions.

use super::Access::{self, Admin, Anyone, Owner, Superuser, User as SignedIn};

/// The dashboard's server functions: path, who, and a form that is fine.
pub(super) const FUNCTIONS: &[(&str, Access, &str)] = &[
    ("/fn/set-up", Anyone, ""),
    ("/fn/account/sign-in", Anyone, ""),
    ("/fn/account/sign-in-code", Anyone, ""),
    ("/fn/account/sign-up", Anyone, ""),
    ("/fn/account/reset-password", Anyone, ""),
    ("/fn/account/sign-out", Anyone, ""),
    ("/fn/account/create-token", SignedIn, "name=x&expires=30"),
    ("/fn/account/revoke-token", Owner, "token_id={api_token}"),
    ("/fn/account/end-session", Owner, "session_id={session}"),
    ("/fn/account/end-other-sessions", SignedIn, ""),
    ("/fn/account/offer-second-factor", SignedIn, "password={password}"),
    ("/fn/account/confirm-second-factor", SignedIn, "code=000000"),
    ("/fn/account/renew-recovery-codes", SignedIn, "password={password}"),
    ("/fn/account/remove-second-factor", SignedIn, "password={password}"),
    ("/fn/users/role", Superuser, "user_id={user}&role=admin"),
    ("/fn/users/state", Superuser, "user_id={user}&state=disabled"),
    ("/fn/users/reset-link", Superuser, "user_id={user}"),
    ("/fn/users/reset-second-factor", Superuser, "user_id={user}"),
    (
        "/fn/users/delete",
        Superuser,
        "user_id={user}&confirm=bob%40example.org",
    ),
    ("/fn/users/invite", Superuser, "role=user"),
    ("/fn/users/revoke-invitation", Superuser, "invitation_id={invitation}"),
    ("/fn/connectors/register", Superuser, "name=another&description=x"),
    (
        "/fn/connectors/activate",
        Superuser,
        "connector_id=1&connector_url={url}",
    ),
    ("/fn/connectors/mode", Superuser, "connector_id=1&mode=active"),
    ("/fn/connectors/update", Superuser, "connector_id=1&description=y"),
    ("/fn/connectors/sync", Superuser, "connector_id=1"),
    (
        "/fn/connectors/decide",
        Superuser,
        "connector_id=1&revision={revision}&decision=all",
    ),
    ("/fn/connectors/restore", Superuser, "connector_id=1&number=1"),
    ("/fn/servers/create", SignedIn, "connector_id=1&name=x"),
    ("/fn/sources/create", SignedIn, "kind=notes&name=x"),
    (
        "/fn/sources/update",
        Owner,
        "source_id={source}&version={source_version}&name=y",
    ),
    ("/fn/sources/test", Owner, "source_id={source}"),
    (
        "/fn/servers/sources",
        Owner,
        "server_id={server}&version={version}&action=add&source_id={source}",
    ),
    (
        "/fn/servers/update",
        Owner,
        "server_id={server}&version={version}&name=y",
    ),
    ("/fn/servers/duplicate", Owner, "server_id={server}&name=z"),
    (
        "/fn/servers/create-token",
        Owner,
        "server_id={server}&name=x&expires=30",
    ),
    (
        "/fn/servers/create-tool",
        Owner,
        "server_id={server}&template=t&name=mine",
    ),
    ("/fn/servers/delete-tool", Owner, "server_id={server}&tool=mine"),
    ("/fn/servers/tools", Owner, "server_id={server}&action=down%3Aa"),
    (
        "/fn/servers/update-tool",
        Owner,
        "server_id={server}&tool=a&description=x",
    ),
    ("/fn/servers/try-tool", Owner, "server_id={server}&tool=a"),
    ("/fn/servers/revoke-token", Owner, "server_id={server}&token_id={token}"),
    ("/fn/sources/delete", Owner, "source_id={source}"),
    ("/fn/servers/delete", Owner, "server_id={server}"),
    ("/fn/servers/restore", Owner, "server_id={server}"),
    ("/fn/servers/erase", Admin, "server_id={server}"),
    ("/fn/connectors/delete", Superuser, "connector_id=1&confirm=notes"),
    (
        "/fn/account/change-password",
        SignedIn,
        "current_password={password}&new_password={password}",
    ),
    (
        "/fn/account/delete",
        SignedIn,
        "password={password}&confirm=ada%40example.org",
    ),
];

/// What takes a phone, which nobody has here: they are refused for another reason then.
pub(super) const TAKE_A_PHONE: [(&str, u16); 4] = [
    ("/fn/account/confirm-second-factor", 422),
    ("/fn/account/renew-recovery-codes", 409),
    ("/fn/account/remove-second-factor", 409),
    ("/fn/users/reset-second-factor", 409),
];
