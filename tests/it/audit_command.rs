//! `patchbay audit` and `patchbay key rotate`, as people type them, beside a server that serves.

use crate::support::{
    Anonymous,
    app::PASSWORD,
    database::TestDatabase,
    program::{Ran, Serving, patchbay, run, with_keys},
};
use patchbay_engine::vault::KeyRing;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;
use tokio::process::Command;

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

    fn here(&self) -> &Path {
        self.directory.path()
    }

    fn command(&self, keys: &str, arguments: &[&str]) -> Command {
        let mut command = with_keys(patchbay(self.here(), arguments), &self.database);
        command.env("TOKEN_ENCRYPTION_KEY", keys);
        command
    }

    async fn run(&self, keys: &str, arguments: &[&str]) -> Ran {
        run(self.command(keys, arguments), PASSWORD).await
    }

    async fn serve(&self, keys: &str) -> Serving {
        Serving::start(self.command(keys, &["serve", "--listen", "127.0.0.1:0"])).await
    }

    async fn create(&self, keys: &str, email: &str) {
        let arguments = ["user", "create", "--email", email, "--superuser", "--password-stdin"];
        let created = self.run(keys, &arguments).await;
        assert!(created.success, "{}", created.stderr);
    }

    /// Every row of the log.
    async fn exported(&self, keys: &str, filters: &[&str]) -> Vec<Value> {
        let exported = self.run(keys, &[&["audit", "export"], filters].concat()).await;
        assert!(exported.success, "{}", exported.stderr);
        let lines = exported.stdout.lines();
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn key() -> SecretString {
    KeyRing::generate_key()
}

#[tokio::test]
async fn the_log_is_exported_checked_and_made_to_forget() {
    let shell = Shell::open().await;
    let key = key();
    let key = key.expose_secret();
    // Who only looks doesn't make the tables.
    assert!(!shell.run(key, &["audit", "verify"]).await.success);
    assert!(shell.run(key, &["migrate", "up"]).await.success);
    let empty = shell.run(key, &["audit", "verify"]).await;
    assert!(empty.success && empty.stdout.contains("empty"), "{}", empty.stderr);
    assert!(!shell.run(key, &["audit", "head"]).await.success);

    shell.create(key, "ada@example.org").await;
    shell.create(key, "eve@example.org").await;
    let rows = shell.exported(key, &[]).await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["action"], "user.create");
    assert_eq!(rows[0]["door"], "command_line");
    assert_eq!(rows[0]["subject"], "ada@example.org");
    assert_eq!(shell.exported(key, &["--subject", "EVE"]).await, rows[1..]);
    let refused = shell.run(key, &["audit", "export", "--from", "yesterday"]).await;
    assert!(
        !refused.success && refused.stderr.contains("from: "),
        "{}",
        refused.stderr
    );

    let head = shell.run(key, &["audit", "head"]).await.stdout;
    assert!(head.starts_with("2:"), "{head}");
    let whole = shell.run(key, &["audit", "verify", "--expect-head", head.trim()]).await;
    assert!(
        whole.success
            && whole.stdout.contains("2 rows, all as they were written")
            && whole.stdout.contains(head.trim()),
        "{} {}",
        whole.stdout,
        whole.stderr
    );

    let erased = shell.run(key, &["audit", "erase", "--user", "ADA@example.org"]).await;
    assert!(
        erased.success && erased.stdout.contains("in 1 places"),
        "{}",
        erased.stderr
    );
    let rows = shell.exported(key, &[]).await;
    assert!(rows[0]["subject"].is_null() && rows[0]["subject_id"].is_string());
    assert_eq!(rows[1]["subject"], "eve@example.org");
    assert_eq!(rows[2]["action"], "audit.erase");
    let unknown = shell
        .run(key, &["audit", "erase", "--user", "nobody@example.org"])
        .await;
    assert!(
        !unknown.success && unknown.stderr.contains("User not found"),
        "{}",
        unknown.stderr
    );
    assert!(shell.run(key, &["audit", "verify"]).await.success);
}

#[tokio::test]
async fn what_somebody_did_to_the_log_is_said_and_the_command_fails() {
    let shell = Shell::open().await;
    let key = key();
    let key = key.expose_secret();
    for n in 0..4 {
        shell.create(key, &format!("user{n}@example.org")).await;
    }
    let head = shell.run(key, &["audit", "head"]).await.stdout;
    for (statement, arguments, finding) in [
        (
            "DELETE FROM audit_events WHERE seq = 4",
            &["--expect-head", head.trim()][..],
            "rows 4 to 4 were cut off the end",
        ),
        (
            "UPDATE audit_events SET action = 'x' WHERE seq = 1",
            &[],
            "row 1 was changed",
        ),
        ("DELETE FROM audit_events WHERE seq = 2", &[], "row 2 is missing"),
    ] {
        let pool = shell.database.pool().await;
        let mut tx = pool.begin().await.unwrap();
        for statement in [
            "ALTER TABLE audit_identities DROP CONSTRAINT IF EXISTS audit_identities_event_fkey",
            "ALTER TABLE audit_events DISABLE TRIGGER audit_events_append_only",
            statement,
            "ALTER TABLE audit_events ENABLE TRIGGER audit_events_append_only",
        ] {
            sqlx::query(statement).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        let verified = shell.run(key, &[&["audit", "verify"], arguments].concat()).await;
        assert!(
            !verified.success && verified.stdout.contains(finding),
            "{}{}",
            verified.stdout,
            verified.stderr
        );
        assert!(verified.stderr.contains("not as it was written"), "{}", verified.stderr);
    }
    let malformed = shell.run(key, &["audit", "verify", "--expect-head", "17"]).await;
    assert!(
        !malformed.success && malformed.stderr.contains("patchbay audit head"),
        "{}",
        malformed.stderr
    );
}

#[tokio::test]
async fn keys_are_changed_while_people_are_signed_in() {
    let shell = Shell::open().await;
    let (old, new) = (key(), key());
    let (old, new) = (old.expose_secret(), new.expose_secret());
    let (old_first, new_first) = (format!("{old},{new}"), format!("{new},{old}"));
    shell.create(old, "root@example.org").await;

    let serving = shell.serve(&old_first).await;
    let root = Anonymous::new(serving.url.parse().unwrap());
    let signed_in = root.login("root@example.org", PASSWORD).await;
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    let connector = json!({ "name": "notes", "description": "Keeps notes", "secret": "hunter2" });
    root.post("/api/connectors/register", connector).await.expect(201);
    let (well, log) = serving.terminate_and_tell().await;
    assert!(well);
    let tells = |line: &&str| line.contains("the audit log's last row");
    assert!(
        log.lines().filter(tells).count() >= 2,
        "at the start and, as it grew, at the end: {log}"
    );

    let serving = shell.serve(&new_first).await;
    let rotated = shell.run(&new_first, &["key", "rotate"]).await;
    assert!(rotated.success, "{}", rotated.stderr);
    assert!(
        rotated.stdout.contains("1 of mcp_connectors.secret"),
        "{}",
        rotated.stdout
    );
    assert!(rotated.stderr.contains("sessions.data: 1 of 1"), "{}", rotated.stderr);
    let again = shell.run(&new_first, &["key", "rotate"]).await;
    assert!(
        again.success && again.stdout.contains("nothing was left"),
        "{}",
        again.stdout
    );
    assert!(serving.terminate().await);

    let serving = shell.serve(new).await;
    let nobody = Anonymous::new(serving.url.parse().unwrap());
    let me = nobody
        .request(reqwest::Method::GET, "/api/auth/me")
        .header("cookie", cookie);
    assert_eq!(me.send().await.unwrap().status(), 200, "who was signed in still is");
    assert!(serving.terminate().await);
    let verified = shell.run(new, &["audit", "verify"]).await;
    assert!(
        verified.success && verified.stdout.contains("were written with key"),
        "{}",
        verified.stderr
    );
    let written = shell.exported(new, &["--action", "key"]).await;
    assert_eq!(written.len(), 2, "that it began, and what came of it: {written:?}");
}

#[tokio::test]
async fn a_rotation_that_cannot_open_something_says_what_and_fails() {
    let shell = Shell::open().await;
    let (old, new) = (key(), key());
    shell.create(old.expose_secret(), "root@example.org").await;
    shell
        .database
        .execute("INSERT INTO mcp_connectors (name, description, secret) VALUES ('notes', 'x', 'hunter2')")
        .await;
    let ring = format!("{},{}", new.expose_secret(), old.expose_secret());
    let rotated = shell.run(&ring, &["key", "rotate"]).await;
    assert!(!rotated.success);
    let id = shell
        .database
        .texts("SELECT id::text FROM mcp_connectors")
        .await
        .remove(0);
    assert!(
        rotated.stdout.contains("mcp_connectors.secret") && rotated.stdout.contains(&id),
        "{}",
        rotated.stdout
    );
    assert!(!format!("{}{}", rotated.stdout, rotated.stderr).contains("hunter2"));
}
