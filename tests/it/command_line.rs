//! The program as people start it.

use crate::support::{
    Anonymous, App,
    app::PASSWORD,
    database::TestDatabase,
    program::{Serving, patchbay, run, with_keys},
    upstream::{Upstream, manifest},
};
use patchbay_engine::vault::KeyRing;
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::path::Path;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
};

/// With nothing configured.
async fn serve(directory: &Path) -> Serving {
    Serving::start(patchbay(directory, &["serve", "--listen", "127.0.0.1:0"])).await
}

#[tokio::test]
async fn with_nothing_configured_it_serves_on_a_database_of_its_own_that_commands_share() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let serving = serve(here).await;
    let said = serving.said();
    let link = said
        .split("/set-up#token=")
        .nth(1)
        .expect("the log shows the set-up link");
    let token = link.split_whitespace().next().unwrap();
    let nobody = Anonymous::new(serving.url.parse().unwrap());

    let created = run(
        patchbay(here, &["user", "create", "--email", "a@b.example", "--password-stdin"]),
        PASSWORD,
    )
    .await;
    assert!(
        created.success && created.stdout.starts_with("made the user a@b.example"),
        "{}",
        created.stderr
    );
    nobody.login("a@b.example", PASSWORD).await.expect(200);
    let set_up = json!({ "token": token, "email": "root@b.example", "password": PASSWORD });
    nobody.post("/api/auth/set-up", set_up).await.expect(201);

    let second = run(patchbay(here, &["serve", "--listen", "127.0.0.1:0"]), "").await;
    assert!(
        !second.success && second.stderr.contains("another `patchbay serve` is running"),
        "{}",
        second.stderr
    );
    let url = run(patchbay(here, &["config", "database-url"]), "").await;
    assert!(url.stdout.starts_with("postgres"), "{}", url.stderr);

    assert!(serving.terminate().await, "it stops in good order");
    let gone = run(patchbay(here, &["config", "database-url"]), "").await;
    assert!(
        !gone.success && gone.stderr.contains("isn't running"),
        "{}",
        gone.stderr
    );

    // Without a server, a command runs the database for as long as it needs it.
    let status = run(patchbay(here, &["migrate", "status"]), "").await;
    assert!(status.success && status.stdout.contains("applied"), "{}", status.stderr);
    let again = serve(here).await;
    assert!(!again.said().contains("/set-up#token="), "there is a superuser already");
    Anonymous::new(again.url.parse().unwrap())
        .login("root@b.example", PASSWORD)
        .await
        .expect(200);
    assert!(again.terminate().await);
}

#[tokio::test]
async fn the_url_of_a_database_that_is_dead_is_not_told() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let data = here.join(".patchbay");
    std::fs::create_dir(&data).unwrap();
    // As somebody leaves it behind who was killed.
    std::fs::write(data.join("database-url"), "postgresql://nobody@127.0.0.1:1/nothing").unwrap();
    let url = run(patchbay(here, &["config", "database-url"]), "").await;
    assert!(
        !url.success && url.stdout.is_empty() && url.stderr.contains("isn't running"),
        "{} {}",
        url.stdout,
        url.stderr
    );
}

#[tokio::test]
async fn it_waits_for_a_command_that_has_the_database() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let data = here.join(".patchbay");
    let mut options = patchbay_postgres::Options::new(&data);
    options.fast_unsafe_for_tests = true;
    let command = patchbay_postgres::Postgres::start(options).await.unwrap();
    let mut waiting = patchbay(here, &["serve", "--listen", "127.0.0.1:0"]).spawn().unwrap();
    let mut log = BufReader::new(waiting.stderr.take().unwrap()).lines();
    let mut said = String::new();
    let mut command = Some(command);
    while let Some(line) = log.next_line().await.unwrap() {
        said.push_str(&line);
        if line.contains("waiting for it to end") {
            command.take().expect("it says so once").stop().await;
        }
        if line.contains("Patchbay is ready") {
            break;
        }
    }
    assert!(command.is_none() && said.contains("Patchbay is ready"), "{said}");
    let pid = waiting.id().expect("it still runs").to_string();
    Command::new("kill").arg(pid).status().await.expect("there is a `kill`");
    assert!(waiting.wait().await.unwrap().success());
}

#[tokio::test]
async fn the_set_up_link_is_shown_however_little_is_logged() {
    let directory = tempfile::tempdir().unwrap();
    for filter in ["warn", "off"] {
        let database = TestDatabase::create().await;
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--log", filter];
        let mut serving = with_keys(patchbay(directory.path(), &arguments), &database)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(serving.stderr.take().unwrap()).lines();
        let said = log.next_line().await.unwrap().unwrap_or_default();
        assert!(said.contains("/set-up#token="), "{filter}: {said}");
        serving.kill().await.unwrap();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_variable_of_ours_that_is_no_text_is_not_passed_over() {
    use std::os::unix::ffi::OsStrExt as _;

    let directory = tempfile::tempdir().unwrap();
    let mut command = patchbay(directory.path(), &["config"]);
    command.env("PATCHBAY_DATA_DIR", std::ffi::OsStr::from_bytes(b"/tmp/\xff"));
    let refused = run(command, "").await;
    assert!(
        !refused.success && refused.stderr.contains("PATCHBAY_DATA_DIR is not UTF-8"),
        "{}",
        refused.stderr
    );
}

#[tokio::test]
async fn with_a_database_of_ones_own_both_keys_are_needed() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = patchbay(directory.path(), &["serve"]);
    command.env("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing");
    let without = run(command, "").await;
    assert!(!without.success);
    assert!(
        without.stderr.contains("TOKEN_ENCRYPTION_KEY not set"),
        "{}",
        without.stderr
    );
    assert!(without.stderr.contains("patchbay key generate"), "{}", without.stderr);

    let mut command = patchbay(directory.path(), &["serve"]);
    command.env("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing");
    command.env("TOKEN_ENCRYPTION_KEY", KeyRing::generate_key().expose_secret());
    let without = run(command, "").await;
    assert!(without.stderr.contains("JWT_SECRET_KEY not set"), "{}", without.stderr);
}

#[tokio::test]
async fn a_generated_key_is_one_and_another_each_time() {
    let directory = tempfile::tempdir().unwrap();
    let first = run(patchbay(directory.path(), &["key", "generate"]), "").await.stdout;
    let second = run(patchbay(directory.path(), &["key", "generate"]), "").await.stdout;
    assert!(KeyRing::parse(first.trim()).is_ok() && first != second);
    assert_eq!(
        std::fs::read_dir(directory.path()).unwrap().count(),
        0,
        "nothing is left behind"
    );
}

#[tokio::test]
async fn superusers_are_made_and_passwords_set_without_a_browser() {
    let directory = tempfile::tempdir().unwrap();
    let app = App::start().await;
    let command = |arguments: &[&str]| with_keys(patchbay(directory.path(), arguments), &app.database);
    let create = [
        "user",
        "create",
        "--email",
        "root@b.example",
        "--superuser",
        "--password-stdin",
    ];
    let made = run(command(&create), &format!("{PASSWORD}\n")).await;
    assert!(
        made.success && made.stdout.starts_with("made the superuser root@b.example"),
        "{}",
        made.stderr
    );
    let signed_in = app.anonymous().login("root@b.example", PASSWORD).await.expect(200);
    assert_eq!(signed_in["user"]["roles"], json!(["superuser"]));

    let twice = run(command(&create), PASSWORD).await;
    assert!(
        !twice.success && twice.stderr.contains("An account with this email already exists"),
        "{}",
        twice.stderr
    );
    let short = run(
        command(&["user", "create", "--email", "x@b.example", "--password-stdin"]),
        "short",
    )
    .await;
    assert!(
        !short.success && short.stderr.contains("password: At least 8 characters."),
        "{}",
        short.stderr
    );
    let empty = run(command(&create), "").await;
    assert!(
        !empty.success && empty.stderr.contains("no password on the standard input"),
        "{}",
        empty.stderr
    );

    let set = ["user", "set-password", "--email", "ROOT@b.example", "--password-stdin"];
    assert!(run(command(&set), "another good password").await.success);
    app.anonymous().login("root@b.example", PASSWORD).await.expect(401);
    app.anonymous()
        .login("root@b.example", "another good password")
        .await
        .expect(200);
}

#[tokio::test]
async fn migrations_go_up_and_down_and_tell_what_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let app = App::start().await;
    let root = app.superuser().await;
    root.register("waiting").await;
    let service = Upstream::connector(manifest(json!([]))).await;
    root.active_connector("running", &service.manifest_url()).await;
    let database = app.stop().await;
    let migrate = |arguments: &[&str]| {
        with_keys(
            patchbay(directory.path(), &[&["migrate"], arguments].concat()),
            &database,
        )
    };

    let status = run(migrate(&["status"]), "").await.stdout;
    assert!(!status.contains("missing"), "{status}");
    assert!(
        status.contains("1  deactive  waiting") && status.contains("2  active    running"),
        "{status}"
    );
    let history = run(migrate(&["history"]), "").await.stdout;
    assert!(
        history.lines().count() >= 4 && history.lines().all(|line| line.contains('T')),
        "{history}"
    );

    let careless = run(migrate(&["down"]), "").await;
    assert!(!careless.success && careless.stderr.contains("loses the data") && careless.stderr.contains("--yes"));
    assert!(
        run(migrate(&["status"]), "").await.stdout.contains("running"),
        "nothing was taken back"
    );
    let down = run(migrate(&["down", "--steps", "99", "--yes"]), "").await;
    assert!(
        down.success && down.stdout.contains("taken back: 0001"),
        "{} {}",
        down.stdout,
        down.stderr
    );
    assert!(run(migrate(&["status"]), "").await.stdout.contains("missing  0001"));
    let up = run(migrate(&["up"]), "").await;
    assert!(up.success && up.stdout.contains("applied: 0001"), "{}", up.stderr);
    assert_eq!(run(migrate(&["up"]), "").await.stdout, "there was nothing to do\n");
}

#[tokio::test]
async fn the_configuration_is_shown_without_its_secrets() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join(".env"),
        "PATCHBAY_SIGNUP=closed\nPATCHBAY_LISTEN=127.0.0.1:1\n",
    )
    .unwrap();
    let mut command = patchbay(directory.path(), &["config"]);
    command
        .env("DATABASE_URL", "postgresql://ada:hunter2@db/patchbay")
        .env("PATCHBAY_LISTEN", "127.0.0.1:2");
    let shown = run(command, "").await.stdout;
    assert!(
        !shown.contains("hunter2") && shown.contains("DATABASE_URL=postgresql://ada:********@db/patchbay"),
        "{shown}"
    );
    let line = |name: &str| shown.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    assert!(line("PATCHBAY_SIGNUP=closed").ends_with("# .env"), "{shown}");
    assert!(
        line("PATCHBAY_LISTEN=127.0.0.1:2").ends_with("# environment"),
        "{shown}"
    );
    assert!(line("PATCHBAY_SERVERS_MAX=10000").ends_with("# default"), "{shown}");
}

#[tokio::test]
async fn a_mistake_in_the_configuration_stops_the_start_with_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = patchbay(directory.path(), &["serve", "--listen", "somewhere"]);
    command.env("PATCHBAY_SIGNUP", "maybe");
    let refused = run(command, "").await;
    assert!(!refused.success);
    assert!(
        refused
            .stderr
            .contains("PATCHBAY_LISTEN: `somewhere` is not an address"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("PATCHBAY_SIGNUP: `maybe` is none of"),
        "{}",
        refused.stderr
    );
}
