//! `patchbay user`.

use super::{
    engine::{Schema, with_engine},
    print,
};
use crate::{cli::User, config::Config, database::describe};
use anyhow::{Context as _, bail};
use patchbay_engine::{Engine, audit::Who};
use secrecy::{SecretString, zeroize::Zeroize as _};
use std::io::{self, BufRead as _};

pub(super) async fn run(config: &Config, what: User) -> anyhow::Result<()> {
    let password = read_password()?;
    let done = with_engine(config, Schema::Updated, async |engine| {
        act(engine, what, &password).await
    })
    .await?;
    Ok(print(&done)?)
}

async fn act(engine: &Engine, what: User, password: &SecretString) -> anyhow::Result<String> {
    let who = Who::command_line();
    match what {
        User::Create { email, superuser, .. } => {
            let user = engine
                .create_user(&who, &email, password, superuser)
                .await
                .map_err(describe)?;
            let what = if user.is_superuser() { "superuser" } else { "user" };
            Ok(format!("made the {what} {} ({})", user.email, user.id))
        }
        User::SetPassword { email, .. } => {
            engine.set_password(&who, &email, password).await.map_err(describe)?;
            Ok(format!("set the password of {email}, who is signed out everywhere"))
        }
    }
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
