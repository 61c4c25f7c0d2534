//! `patchbay user`.

use super::{
    engine::{Schema, with_engine},
    print,
};
use crate::{
    cli::{User, UserList},
    config::Config,
    database::describe,
};
use anyhow::{Context as _, bail};
use patchbay_domain::{
    account::{Belongings, CreateInvitation},
    page::{MAX_LIMIT, PageRequest},
    user::{Role, UserEntry},
};
use patchbay_engine::{Engine, audit::Who, users::UserFilter};
use secrecy::{SecretString, zeroize::Zeroize as _};
use std::io::{self, BufRead as _};

pub(super) async fn run(config: &Config, what: User) -> anyhow::Result<()> {
    if let User::List(list) = &what {
        return with_engine(config, Schema::AsItIs, async |engine| print_list(engine, list).await).await;
    }
    if let User::Delete { whose, yes: false } = &what {
        bail!(
            "this deletes {} with everything that the account owns, for good: say --yes if that is meant",
            whose.email
        );
    }
    // Before the database is opened: whoever has no password to give hears of it at once.
    let password = match &what {
        User::Create { .. } | User::SetPassword { .. } => Some(read_password()?),
        _ => None,
    };
    let done = with_engine(config, Schema::Updated, async |engine| {
        act(engine, what, password).await.map_err(describe)
    })
    .await?;
    Ok(print(&done)?)
}

/// Does it; what was done, in words.
async fn act(engine: &Engine, what: User, password: Option<SecretString>) -> Result<String, patchbay_engine::Error> {
    let who = Who::command_line();
    let password = password.unwrap_or_default();
    Ok(match what {
        User::List(_) => String::new(),
        User::Create { whose, superuser, .. } => {
            let user = engine.create_user(&who, &whose.email, &password, superuser).await?;
            let what = if user.is_superuser() { "superuser" } else { "user" };
            format!("made the {what} {} ({})", user.email, user.id)
        }
        User::Invite { email, role } => {
            let invitation = engine.invite(&who, CreateInvitation { email, roles: role }).await?;
            format!(
                "{}\n(good for one account, until {})",
                invitation.link, invitation.view.expires_at
            )
        }
        User::SetPassword { whose, .. } => {
            engine.set_password(&who, &whose.email, &password).await?;
            format!("set the password of {}, who is signed out everywhere", whose.email)
        }
        User::ResetLink(whose) => {
            let link = engine.create_reset_link_for(&who, &whose.email).await?;
            format!("{}\n(good once, until {})", link.link, link.expires_at)
        }
        User::ResetSecondFactor(whose) => {
            engine.reset_second_factor_of(&who, &whose.email).await?;
            format!("{} signs in with the password alone from now on", whose.email)
        }
        User::Disable(whose) => {
            let entry = engine.set_user_disabled(&who, &whose.email, true).await?;
            format!(
                "disabled the account of {}, who is signed out everywhere",
                entry.user.email
            )
        }
        User::Enable(whose) => {
            let entry = engine.set_user_disabled(&who, &whose.email, false).await?;
            format!("enabled the account of {}", entry.user.email)
        }
        User::Delete { whose, .. } => {
            let gone = engine.delete_user_named(&who, &whose.email).await?;
            format!("deleted the account of {} with {}", whose.email, owned(&gone))
        }
    })
}

fn owned(gone: &Belongings) -> String {
    let Belongings {
        mcp_servers,
        sources,
        api_tokens,
        ..
    } = gone;
    format!("{mcp_servers} MCP servers, {sources} sources and {api_tokens} API tokens")
}

async fn print_list(engine: &Engine, list: &UserList) -> anyhow::Result<()> {
    let filter = UserFilter {
        q: list.search.clone(),
        role: list.role,
        disabled: list.disabled.then_some(true),
    };
    let mut page = PageRequest {
        limit: Some(MAX_LIMIT),
        cursor: None,
    };
    loop {
        let found = engine.users_for_operator(&filter, &page).await.map_err(describe)?;
        for entry in &found.items {
            print(&if list.json {
                serde_json::to_string(entry)?
            } else {
                line(entry)
            })?;
        }
        page.cursor = found.next_cursor;
        if page.cursor.is_none() {
            return Ok(());
        }
    }
}

/// An account on a line: since when, who, and what is special about it.
fn line(entry: &UserEntry) -> String {
    let UserEntry {
        user, servers_count, ..
    } = entry;
    let mut words: Vec<String> = user.roles.iter().map(|role: &Role| role.as_str().to_owned()).collect();
    if user.second_factor {
        words.push("second factor".to_owned());
    }
    if let Some(at) = user.disabled_at {
        words.push(format!("disabled since {}", at.0.date()));
    }
    if *servers_count > 0 {
        let plural = if *servers_count == 1 { "" } else { "s" };
        words.push(format!("{servers_count} MCP server{plural}"));
    }
    format!("{}  {}  {}", user.created_at.0.date(), user.email, words.join(", "))
        .trim_end()
        .to_owned()
}

fn read_password() -> anyhow::Result<SecretString> {
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .context("can't read the password from the standard input")?;
    let password = SecretString::from(line.trim_end_matches(['\r', '\n']));
    let is_empty = line.trim_end_matches(['\r', '\n']).is_empty();
    line.zeroize();
    if is_empty {
        bail!(
            "there is no password on the standard input: pipe it in, as in `printf %s \"$PASSWORD\" | patchbay user …`"
        );
    }
    Ok(password)
}
