//! `patchbay user`.

use super::print;
use crate::{
    cli::User,
    config::Config,
    database::{Database, describe},
    keys::Keys,
    server,
};
use anyhow::{Context as _, bail};
use patchbay_engine::{Clock, Engine};
use secrecy::{SecretString, zeroize::Zeroize as _};
use std::io::{self, BufRead as _};

pub(super) async fn run(config: &Config, what: User) -> anyhow::Result<()> {
    let password = read_password()?;
    let keys = Keys::of(config)?;
    let database = Database::share(config, 4).await?;
    let result = act(config, keys, &database, what, &password).await;
    database.close().await;
    print(&result?)?;
    Ok(())
}

async fn act(
    config: &Config,
    keys: Keys,
    database: &Database,
    what: User,
    password: &SecretString,
) -> anyhow::Result<String> {
    database
        .db()
        .migrate()
        .await
        .map_err(describe)
        .context("the database can't be brought up to date")?;
    let public_url = config.public_url(config.listen);
    let settings = server::engine_config(config, keys, public_url);
    let engine = Engine::start(database.db().clone(), settings, Clock::system())
        .await
        .map_err(describe)?;
    match what {
        User::Create { email, superuser, .. } => {
            let user = engine
                .create_user(&email, password, superuser)
                .await
                .map_err(describe)?;
            let what = if user.is_superuser() { "superuser" } else { "user" };
            Ok(format!("made the {what} {} ({})", user.email, user.id))
        }
        User::SetPassword { email, .. } => {
            engine.set_password(&email, password).await.map_err(describe)?;
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
