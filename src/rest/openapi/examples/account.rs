//! Of people and what belongs to their accounts.

use super::{END, Example, INVITATION, LATER, SESSION, THEN, TOKEN, USER, with};
use patchbay_domain::{
    account::{
        ApiTokenView, Belongings, CreateInvitation, CreateToken, CreatedApiToken, CreatedInvitation, CreatedResetLink,
        InvitationView, RecoveryCodes, SecondFactorOffer, SessionView,
    },
    user::{UpdateUser, UserEntry, UserView},
};
use serde_json::{Value, json};

impl Example for UserView {
    fn example() -> Value {
        json!({
            "id": USER, "email": "ada@example.org", "roles": [],
            "second_factor": false, "created_at": THEN, "disabled_at": null,
        })
    }
}

impl Example for UserEntry {
    fn example() -> Value {
        with(
            UserView::example(),
            json!({ "servers_count": 2, "sources_count": 3, "last_seen_at": LATER }),
        )
    }
}

impl Example for UpdateUser {
    fn example() -> Value {
        json!({ "roles": ["admin"], "disabled": false })
    }
}

impl Example for Belongings {
    fn example() -> Value {
        json!({ "mcp_servers": 2, "mcp_server_tokens": 4, "sources": 3, "api_tokens": 1, "sessions": 2 })
    }
}

impl Example for SessionView {
    fn example() -> Value {
        json!({
            "id": SESSION, "device": "Firefox on Linux", "address": "192.0.2.7", "current": true,
            "created_at": THEN, "last_used_at": LATER, "expires_at": END,
        })
    }
}

impl Example for SecondFactorOffer {
    fn example() -> Value {
        json!({ "secret": "…", "uri": "otpauth://totp/…", "qr_svg": "<svg …>…</svg>" })
    }
}

impl Example for RecoveryCodes {
    fn example() -> Value {
        json!({ "recovery_codes": ["…", "…"] })
    }
}

impl Example for CreateToken {
    fn example() -> Value {
        json!({ "name": "Deployment", "expires_at": END })
    }
}

impl Example for ApiTokenView {
    fn example() -> Value {
        json!({
            "id": TOKEN, "name": "Deployment", "prefix": "pb_…",
            "created_at": THEN, "last_used_at": null, "expires_at": END,
        })
    }
}

impl Example for CreatedApiToken {
    fn example() -> Value {
        with(ApiTokenView::example(), json!({ "token": "pb_…" }))
    }
}

impl Example for CreateInvitation {
    fn example() -> Value {
        json!({ "email": "grace@example.org", "roles": [] })
    }
}

impl Example for InvitationView {
    fn example() -> Value {
        json!({
            "id": INVITATION, "email": "grace@example.org", "roles": [],
            "created_by": "root@example.org", "created_at": THEN, "expires_at": END,
        })
    }
}

impl Example for CreatedInvitation {
    fn example() -> Value {
        with(
            InvitationView::example(),
            json!({ "token": "…", "link": "https://patchbay.example/sign-up#token=…" }),
        )
    }
}

impl Example for CreatedResetLink {
    fn example() -> Value {
        json!({
            "user_id": USER, "token": "…", "link": "https://patchbay.example/reset-password#token=…", "expires_at": END,
        })
    }
}
