//! `patchbay user`, as people type it, beside a server that serves.

use crate::support::{
    Anonymous,
    app::PASSWORD,
    database::TestDatabase,
    program::{Ran, Serving, patchbay, run, with_keys},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A place to type commands in, all on one database.
struct Shell {
    directory: TempDir,
    database: TestDatabase,
}

impl Shell {
    async fn open() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            database: TestDatabase::create().await,
        }
    }

    fn command(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = with_keys(patchbay(self.directory.path(), arguments), &self.database);
        command.env("PATCHBAY_PUBLIC_URL", "http://patchbay.example");
        command
    }

    async fn user(&self, arguments: &[&str]) -> Ran {
        run(self.command(&[&["user"], arguments].concat()), PASSWORD).await
    }

    /// What the command says, which works.
    async fn says(&self, arguments: &[&str]) -> String {
        let ran = self.user(arguments).await;
        assert!(ran.success, "{arguments:?}: {}", ran.stderr);
        ran.stdout
    }

    /// Why it doesn't.
    async fn refuses(&self, arguments: &[&str]) -> String {
        let ran = self.user(arguments).await;
        assert!(!ran.success, "{arguments:?}: {}", ran.stdout);
        ran.stderr
    }

    async fn serve(&self) -> Serving {
        let mut command = with_keys(
            patchbay(self.directory.path(), &["serve", "--listen", "127.0.0.1:0"]),
            &self.database,
        );
        command.env("PATCHBAY_SIGNUP", "invite");
        Serving::start(command).await
    }
}

/// The token of the link in the first line.
fn token<'a>(said: &'a str, page: &str) -> &'a str {
    let link = said.lines().next().unwrap();
    link.strip_prefix(&format!("http://patchbay.example/{page}#token="))
        .unwrap_or_else(|| panic!("{link}"))
}

#[tokio::test]
async fn accounts_are_made_listed_switched_off_and_deleted_beside_a_running_server() {
    let shell = Shell::open().await;
    let create = [
        "create",
        "--email",
        "root@example.org",
        "--superuser",
        "--password-stdin",
    ];
    let said = shell.says(&create).await;
    assert!(said.starts_with("made the superuser root@example.org ("), "{said}");
    let serving = shell.serve().await;
    let nobody = Anonymous::new(serving.url.parse().unwrap());

    let said = shell
        .says(&["invite", "--email", "ada@example.org", "--role", "admin"])
        .await;
    let invitation = token(&said, "sign-up");
    let new = json!({ "email": "ada@example.org", "password": PASSWORD, "invitation": invitation });
    nobody.post("/api/auth/register", new).await.expect(201);
    nobody.login("ada@example.org", PASSWORD).await.expect(200);

    let said = shell.says(&["list"]).await;
    let lines: Vec<&str> = said.lines().collect();
    assert!(
        lines.len() == 2 && lines[0].ends_with("ada@example.org  admin") && lines[1].ends_with("  superuser"),
        "{said}"
    );
    let said = shell
        .says(&["list", "--json", "--role", "admin", "--search", "ADA"])
        .await;
    let entry: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(entry["email"], "ada@example.org");
    assert!(!entry["last_seen_at"].is_null(), "{entry}");
    assert!(!said.contains("argon2"), "{said}");

    shell.says(&["disable", "--email", "ADA@example.org"]).await;
    nobody.login("ada@example.org", PASSWORD).await.expect(401);
    let said = shell.says(&["list", "--disabled"]).await;
    assert!(said.contains("ada@example.org  admin, disabled since "), "{said}");
    shell.says(&["enable", "--email", "ada@example.org"]).await;
    nobody.login("ada@example.org", PASSWORD).await.expect(200);

    let said = shell.says(&["reset-link", "--email", "ada@example.org"]).await;
    let reset = json!({ "token": token(&said, "reset-password"), "password": "another password" });
    nobody.post("/api/auth/reset", reset).await.expect(204);
    nobody.login("ada@example.org", "another password").await.expect(200);
    shell
        .says(&["set-password", "--email", "ada@example.org", "--password-stdin"])
        .await;
    nobody.login("ada@example.org", PASSWORD).await.expect(200);

    let delete = ["delete", "--email", "ada@example.org"];
    assert!(shell.refuses(&delete).await.contains("say --yes"));
    let said = shell.says(&[&delete[..], &["--yes"]].concat()).await;
    assert!(
        said.contains("with 0 MCP servers, 0 sources and 0 API tokens"),
        "{said}"
    );
    nobody.login("ada@example.org", PASSWORD).await.expect(401);
    assert!(serving.terminate().await);
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_words() {
    let shell = Shell::open().await;
    let create = [
        "create",
        "--email",
        "root@example.org",
        "--superuser",
        "--password-stdin",
    ];
    shell.says(&create).await;
    for (arguments, words) in [
        (&create[..], "An account with this email already exists"),
        (
            &["create", "--email", "nobody", "--password-stdin"],
            "email: This is not an email address.",
        ),
        (
            &["invite", "--email", "root@example.org"],
            "email: This is taken already.",
        ),
        (&["invite", "--role", "king"], "there are admin and superuser"),
        (
            &["disable", "--email", "root@example.org"],
            "This is the last superuser",
        ),
        (
            &["delete", "--email", "root@example.org", "--yes"],
            "This is the last superuser",
        ),
        (&["disable", "--email", "eve@example.org"], "User not found"),
        (&["reset-link", "--email", "eve@example.org"], "User not found"),
        (
            &["reset-second-factor", "--email", "root@example.org"],
            "This account has no second factor",
        ),
    ] {
        let told = shell.refuses(arguments).await;
        assert!(told.contains(words), "{arguments:?}: {told}");
    }
    let listed = shell.says(&["list", "--search", "nobody"]).await;
    assert_eq!(listed.trim(), "");
}
