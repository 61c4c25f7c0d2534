//! The embedded server for real: started, killed in every way, started again.

#![allow(clippy::unwrap_used, reason = "tests")]
#![expect(
    clippy::disallowed_methods,
    reason = "a test that plays a second process tells itself so through the environment"
)]

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use patchbay_postgres::{Error, Options, Postgres, Script};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use secrecy::ExposeSecret as _;
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

/// Where nothing is installed, one download of 25 MB serves all tests of all runs.
fn durable(data_dir: &Path) -> Options {
    let mut options = Options::new(data_dir);
    options.fetched_dir = Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres"));
    options
}

fn fast(data_dir: &Path) -> Options {
    let mut options = durable(data_dir);
    options.fast_unsafe_for_tests = true;
    options
}

async fn connect(postgres: &Postgres) -> Result<PgConnection, sqlx::Error> {
    PgConnection::connect(postgres.connection().url().expose_secret()).await
}

async fn query<T>(postgres: &Postgres, sql: &str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    (T,): for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>,
{
    sqlx::query_scalar(sql)
        .fetch_one(&mut connect(postgres).await.unwrap())
        .await
        .unwrap()
}

async fn execute(postgres: &Postgres, sql: &str) {
    sqlx::raw_sql(sql)
        .execute(&mut connect(postgres).await.unwrap())
        .await
        .unwrap();
}

fn kill(pid: u32) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
}

fn is_alive(pid: u32) -> bool {
    test_kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()).is_ok()
}

/// Waits for something that happens soon.
async fn eventually(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !happened().await {
        assert!(Instant::now() < deadline, "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_role_may_make_roles_and_databases_but_is_no_superuser_and_owns_its_database() {
    let dir = TempDir::new().unwrap();
    let postgres = Postgres::start(durable(dir.path())).await.unwrap();
    let row: (String, bool, bool, bool, bool) = sqlx::query_as(
        "SELECT current_user::text, rolsuper, rolcreaterole, rolcreatedb, datdba = r.oid
         FROM pg_roles r, pg_database d WHERE rolname = current_user AND datname = current_database()",
    )
    .fetch_one(&mut connect(&postgres).await.unwrap())
    .await
    .unwrap();
    assert_eq!(row, ("patchbay".to_owned(), false, true, true, true));
    assert_eq!(query::<String>(&postgres, "SHOW server_encoding").await, "UTF8");
    assert_eq!(query::<String>(&postgres, "SHOW fsync").await, "on");
    execute(
        &postgres,
        "CREATE ROLE reader NOLOGIN; GRANT reader TO CURRENT_USER; SET ROLE reader",
    )
    .await;
    postgres.stop_and_delete().await.unwrap();
}

#[tokio::test]
async fn nobody_gets_in_without_the_password_or_from_the_network() {
    let dir = TempDir::new().unwrap();
    let postgres = Postgres::start(durable(dir.path())).await.unwrap();
    assert_eq!(query::<String>(&postgres, "SHOW listen_addresses").await, "");
    let url = postgres.connection().url().expose_secret().to_owned();
    let wrong = url.replace(postgres.connection().password.expose_secret(), "wrong");
    assert!(
        PgConnection::connect(&wrong)
            .await
            .unwrap_err()
            .to_string()
            .contains("password")
    );
    let superuser = url.replace("//patchbay:", "//postgres:");
    assert!(PgConnection::connect(&superuser).await.is_err());
    postgres.stop_and_delete().await.unwrap();
}

#[tokio::test]
async fn data_survives_a_stop_and_the_server_is_gone_after_it() {
    let dir = TempDir::new().unwrap();
    let postgres = Postgres::start(durable(dir.path())).await.unwrap();
    execute(&postgres, "CREATE TABLE kept AS SELECT 42 AS n").await;
    let pid = postgres.pid().unwrap();
    postgres.stop().await;
    assert!(!is_alive(pid));

    let postgres = Postgres::start(durable(dir.path())).await.unwrap();
    assert_eq!(query::<i32>(&postgres, "SELECT n FROM kept").await, 42);
    postgres.stop_and_delete().await.unwrap();
}

#[tokio::test]
async fn dropping_it_stops_the_server_too() {
    let dir = TempDir::new().unwrap();
    let postgres = Postgres::start(fast(dir.path())).await.unwrap();
    let pid = postgres.pid().unwrap();
    drop(postgres);
    eventually("the server ends", async || !is_alive(pid)).await;
    Postgres::start(fast(dir.path()))
        .await
        .unwrap()
        .stop_and_delete()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_killed_server_comes_back_with_what_was_committed() {
    let dir = TempDir::new().unwrap();
    let postgres = Postgres::start(durable(dir.path())).await.unwrap();
    execute(&postgres, "CREATE TABLE kept AS SELECT 42 AS n").await;
    let pid = postgres.pid().unwrap();
    kill(pid);
    eventually("the server runs again", async || {
        postgres.pid().is_some_and(|new| new != pid)
    })
    .await;
    assert_eq!(query::<i32>(&postgres, "SELECT n FROM kept").await, 42);
    postgres.stop_and_delete().await.unwrap();
}

#[tokio::test]
async fn a_second_server_on_the_same_directory_is_refused_until_the_first_has_stopped() {
    let dir = TempDir::new().unwrap();
    let first = Postgres::start(fast(dir.path())).await.unwrap();
    let error = Postgres::start(fast(dir.path())).await.unwrap_err();
    assert!(matches!(error, Error::InUse { .. }), "{error}");
    assert!(error.to_string().contains(dir.path().to_str().unwrap()), "{error}");
    first.stop().await;
    Postgres::start(fast(dir.path()))
        .await
        .unwrap()
        .stop_and_delete()
        .await
        .unwrap();
}

#[tokio::test]
async fn where_none_is_installed_one_is_fetched() {
    let dir = TempDir::new().unwrap();
    let mut options = fast(dir.path());
    options.use_installed = false;
    let postgres = Postgres::start(options).await.unwrap();
    assert_eq!(query::<String>(&postgres, "SHOW server_version").await, "17.10");
    postgres.stop_and_delete().await.unwrap();
}

/// Not a test by itself: what [`a_server_left_behind_by_a_killed_process_is_taken_over`] runs as another process.
#[tokio::test]
async fn play_the_process_that_gets_killed() {
    let Some(dir) = std::env::var_os("PATCHBAY_POSTGRES_TEST_DIR") else {
        return;
    };
    let postgres = Postgres::start(durable(Path::new(&dir))).await.unwrap();
    execute(&postgres, "CREATE TABLE kept AS SELECT 42 AS n").await;
    std::fs::write(Path::new(&dir).join("server"), postgres.pid().unwrap().to_string()).unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_server_left_behind_by_a_killed_process_is_taken_over() {
    let dir = TempDir::new().unwrap();
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "play_the_process_that_gets_killed", "--nocapture"])
        .env("PATCHBAY_POSTGRES_TEST_DIR", dir.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut left_behind = 0;
    eventually("the other process has a server", async || {
        let pid = std::fs::read_to_string(dir.path().join("server"))
            .ok()
            .and_then(|pid| pid.parse().ok());
        left_behind = pid.unwrap_or_default();
        left_behind != 0
    })
    .await;
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(is_alive(left_behind));

    let postgres = Postgres::start(durable(dir.path())).await.unwrap();
    assert!(!is_alive(left_behind));
    assert_eq!(query::<i32>(&postgres, "SELECT n FROM kept").await, 42);
    postgres.stop_and_delete().await.unwrap();
}

/// After a crash the number of the old server may be that of any program, of the same user's even, which PostgreSQL takes for
/// a server. It is in two files.
#[tokio::test]
async fn files_that_name_another_process_do_not_prevent_a_start() {
    let dir = TempDir::new().unwrap();
    let postgres = Postgres::start(durable(dir.path())).await.unwrap();
    let socket = postgres.connection().socket_dir.join(".s.PGSQL.5432");
    let files = [
        socket.with_file_name("../data/postmaster.pid"),
        socket.with_file_name(".s.PGSQL.5432.lock"),
        socket,
    ];
    let owner = std::fs::metadata(&files[0]).unwrap();
    let contents = files
        .each_ref()
        .map(|file| std::fs::read_to_string(file).unwrap_or_default());
    let pid = postgres.pid().unwrap().to_string();
    postgres.stop().await;

    let mut other = Command::new("sleep")
        .arg("600")
        .uid(owner.uid())
        .gid(owner.gid())
        .spawn()
        .unwrap();
    for (file, contents) in files.iter().zip(contents) {
        std::fs::write(file, contents.replacen(&pid, &other.id().to_string(), 1)).unwrap();
        chown(file, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
    let started = Postgres::start(durable(dir.path())).await;
    other.kill().unwrap();
    other.wait().unwrap();
    started.unwrap().stop_and_delete().await.unwrap();
}

#[tokio::test]
async fn giving_up_on_a_start_stops_the_server() {
    let dir = TempDir::new().unwrap();
    let postgres = Postgres::start(durable(dir.path())).await.unwrap();
    let pid_file = postgres.connection().socket_dir.join("../data/postmaster.pid");
    postgres.stop().await;

    let mut pid = None;
    let process_is_there = async {
        while pid.is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let text = std::fs::read_to_string(&pid_file).unwrap_or_default();
            pid = text.lines().next().and_then(|pid| pid.parse().ok());
        }
    };
    tokio::select! {
        biased;
        () = process_is_there => {}
        // It was ready sooner than it was seen, and ends here as well.
        postgres = Postgres::start(durable(dir.path())) => pid = postgres.unwrap().pid(),
    }
    eventually("the server ends", async || !is_alive(pid.unwrap())).await;
    patchbay_postgres::delete(dir.path()).await.unwrap();
}

#[tokio::test]
async fn giving_up_on_a_first_start_leaves_nothing_that_writes() {
    let dir = TempDir::new().unwrap();
    let base = dir.path().join("postgres/cluster/data.new/base");
    let database_is_being_made = async {
        while !base.exists() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        biased;
        () = database_is_being_made => {}
        _ = Postgres::start(durable(dir.path())) => panic!("it was made unseen"),
    }
    // What is half made is cleared away, which nobody may disturb.
    let postgres = Postgres::start(durable(dir.path())).await.unwrap();
    postgres.stop_and_delete().await.unwrap();
}

#[tokio::test]
async fn deleting_takes_the_data_and_the_server_that_was_left_on_it() {
    let dir = TempDir::new().unwrap();
    patchbay_postgres::delete(dir.path()).await.unwrap();
    let postgres = Postgres::start(fast(dir.path())).await.unwrap();
    let cluster = postgres.connection().socket_dir.parent().unwrap().to_owned();
    let error = patchbay_postgres::delete(dir.path()).await.unwrap_err();
    assert!(matches!(error, Error::InUse { .. }), "{error}");
    postgres.stop().await;
    assert!(cluster.exists());
    patchbay_postgres::delete(dir.path()).await.unwrap();
    assert!(!cluster.exists());
    assert!(!dir.path().join("postgres").exists());
}

#[tokio::test]
async fn a_lost_password_is_replaced() {
    let dir = TempDir::new().unwrap();
    let postgres = Postgres::start(durable(dir.path())).await.unwrap();
    let old = postgres.connection().password.expose_secret().to_owned();
    postgres.stop().await;
    std::fs::remove_file(dir.path().join("postgres/password")).unwrap();

    let postgres = Postgres::start(durable(dir.path())).await.unwrap();
    assert_ne!(postgres.connection().password.expose_secret(), old);
    assert_eq!(query::<i32>(&postgres, "SELECT 1").await, 1);
    postgres.stop_and_delete().await.unwrap();
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_is_no_obstacle() {
    let dir = TempDir::new().unwrap();
    let long = dir.path().join("d".repeat(120));
    let postgres = Postgres::start(fast(&long)).await.unwrap();
    assert!(!postgres.connection().socket_dir.starts_with(&long));
    assert_eq!(query::<i32>(&postgres, "SELECT 1").await, 1);
    postgres.stop_and_delete().await.unwrap();
}

#[tokio::test]
async fn blanks_commas_and_quotes_in_the_path_are_no_obstacle() {
    let dir = TempDir::new().unwrap();
    let odd = dir.path().join("it's \"a, b%c\"");
    let postgres = Postgres::start(fast(&odd)).await.unwrap();
    assert_eq!(query::<i32>(&postgres, "SELECT 1").await, 1);
    postgres.stop_and_delete().await.unwrap();
}

#[tokio::test]
async fn a_directory_that_only_its_owner_can_enter_is_no_obstacle() {
    let dir = TempDir::new().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let postgres = Postgres::start(durable(dir.path())).await.unwrap();
    execute(&postgres, "CREATE TABLE kept AS SELECT 42 AS n").await;
    postgres.stop().await;
    let postgres = Postgres::start(durable(dir.path())).await.unwrap();
    assert_eq!(query::<i32>(&postgres, "SELECT n FROM kept").await, 42);
    postgres.stop_and_delete().await.unwrap();
}

#[tokio::test]
async fn scripts_run_once_in_order_as_the_role() {
    let dir = TempDir::new().unwrap();
    let mut options = fast(dir.path());
    let script = |name: &str, sql: &str| Script {
        name: name.to_owned(),
        sql: sql.to_owned(),
    };
    options.init_scripts = vec![
        script("table", "CREATE TABLE t (n int);\n\nCREATE TABLE u (n int);\n"),
        script(
            "function",
            "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  PERFORM 1;\n\n  RETURN 7;\n\nEND;\n$$;\n\n\
             INSERT INTO t VALUES (f());",
        ),
    ];
    let postgres = Postgres::start(options.clone()).await.unwrap();
    assert_eq!(query::<i32>(&postgres, "SELECT n FROM t").await, 7);
    assert_eq!(
        query::<String>(
            &postgres,
            "SELECT tableowner::text FROM pg_tables WHERE tablename = 'u'"
        )
        .await,
        "patchbay"
    );
    postgres.stop().await;
    Postgres::start(options).await.unwrap().stop_and_delete().await.unwrap();
}

#[tokio::test]
async fn a_script_that_fails_is_named_and_leaves_no_database() {
    let dir = TempDir::new().unwrap();
    let mut options = fast(dir.path());
    options.init_scripts = vec![Script {
        name: "0001_broken".to_owned(),
        sql: "CREATE TABEL t ();".to_owned(),
    }];
    let error = Postgres::start(options).await.unwrap_err().to_string();
    assert!(error.contains("0001_broken") && error.contains("TABEL"), "{error}");
    let postgres = Postgres::start(fast(dir.path())).await.unwrap();
    postgres.stop_and_delete().await.unwrap();
}

/// What root finds where somebody else keeps data. Everybody else can't play this, and can't do the harm.
mod as_root {
    use super::*;

    /// A user that every system has.
    const DAEMON: u32 = 1;

    /// Data as the server of that user would have left it, in a directory that only they can enter. None without root's rights.
    async fn data_of_somebody_else() -> Option<TempDir> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let dir = TempDir::new().unwrap();
        // Everybody may enter for now: so root's choice for a new cluster is this place, too.
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let postgres = Postgres::start(durable(dir.path())).await.unwrap();
        execute(&postgres, "CREATE TABLE kept AS SELECT 42 AS n").await;
        postgres.stop().await;
        give(dir.path());
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        Some(dir)
    }

    fn give(path: &Path) {
        chown(path, Some(DAEMON), Some(DAEMON)).unwrap();
        if path.is_dir() {
            for entry in std::fs::read_dir(path).unwrap() {
                give(&entry.unwrap().path());
            }
        }
    }

    /// Whatever is not that user's.
    fn taken(path: &Path) -> Vec<std::path::PathBuf> {
        let mut taken = Vec::new();
        if path.metadata().unwrap().uid() != DAEMON {
            taken.push(path.to_owned());
        }
        if path.is_dir() {
            taken.extend(
                std::fs::read_dir(path)
                    .unwrap()
                    .flat_map(|entry| self::taken(&entry.unwrap().path())),
            );
        }
        taken
    }

    #[tokio::test]
    async fn data_of_another_user_is_served_as_them_and_stays_theirs() {
        let Some(dir) = data_of_somebody_else().await else {
            return;
        };
        std::fs::remove_file(dir.path().join("postgres/cluster/log")).unwrap();
        let postgres = Postgres::start(durable(dir.path())).await.unwrap();
        assert_eq!(query::<i32>(&postgres, "SELECT n FROM kept").await, 42);
        postgres.stop().await;
        assert_eq!(taken(dir.path()), [] as [std::path::PathBuf; 0]);
    }

    #[tokio::test]
    async fn a_lost_password_is_replaced_by_one_that_the_other_user_can_read() {
        let Some(dir) = data_of_somebody_else().await else {
            return;
        };
        std::fs::remove_file(dir.path().join("postgres/password")).unwrap();
        let postgres = Postgres::start(durable(dir.path())).await.unwrap();
        assert_eq!(query::<i32>(&postgres, "SELECT n FROM kept").await, 42);
        postgres.stop().await;
        assert_eq!(taken(dir.path()), [] as [std::path::PathBuf; 0]);
    }

    #[tokio::test]
    async fn data_that_its_owner_can_not_reach_is_refused_and_left_alone() {
        let Some(dir) = data_of_somebody_else().await else {
            return;
        };
        chown(dir.path(), Some(0), Some(0)).unwrap();
        let password = std::fs::read_to_string(dir.path().join("postgres/password")).unwrap();
        let error = Postgres::start(durable(dir.path())).await.unwrap_err();
        assert!(matches!(error, Error::OutOfReach { uid: DAEMON, .. }), "{error}");
        assert_eq!(taken(dir.path()), [dir.path()]);
        assert_eq!(
            std::fs::read_to_string(dir.path().join("postgres/password")).unwrap(),
            password
        );
    }
}
