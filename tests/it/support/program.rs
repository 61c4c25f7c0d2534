//! The program as a process of its own: a command that ends, or a server that goes on until it is told to stop.

use super::{database::TestDatabase, eventually};
use patchbay_engine::vault::KeyRing;
use secrecy::ExposeSecret as _;
use std::{
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, Command},
    task::JoinHandle,
};

/// What a command that has ended said.
pub(crate) struct Ran {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program with these arguments, told nothing by this process's environment.
pub(crate) fn patchbay(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_patchbay"));
    command.current_dir(directory).args(arguments).kill_on_drop(true);
    // Only what is set here counts, but for what finding PostgreSQL takes.
    command
        .env_remove("DATABASE_URL")
        .env_remove("TOKEN_ENCRYPTION_KEY")
        .env_remove("JWT_SECRET_KEY");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The same, with a database and the keys that one needs.
pub(crate) fn with_keys(mut command: Command, database: &TestDatabase) -> Command {
    command
        .env("DATABASE_URL", database.url())
        .env("TOKEN_ENCRYPTION_KEY", KeyRing::generate_key().expose_secret())
        .env("JWT_SECRET_KEY", "only tests are signed with this one");
    command
}

/// Runs a command to its end.
pub(crate) async fn run(mut command: Command, input: &str) -> Ran {
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // A program that doesn't read its input may be gone already.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = child.wait_with_output().await.expect("the program ends");
    Ran {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A `patchbay serve` that said that it is ready.
pub(crate) struct Serving {
    child: Child,
    log: Arc<Mutex<String>>,
    listening: JoinHandle<()>,
    pub(crate) url: String,
}

impl Serving {
    pub(crate) async fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
        let log = Arc::<Mutex<String>>::default();
        let written = Arc::clone(&log);
        // Nobody may stop listening: a server that can't write its log stands still.
        let listening = tokio::spawn(async move {
            while let Some(line) = lines.next_line().await.expect("the log is text") {
                let mut log = written.lock().unwrap_or_else(PoisonError::into_inner);
                log.push_str(&line);
                log.push('\n');
            }
        });
        let mut serving = Self {
            child,
            log,
            listening,
            url: String::new(),
        };
        eventually(async || serving.is_ready() || serving.listening.is_finished()).await;
        let said = serving.said();
        let (_, rest) = said
            .split_once("Patchbay is ready: open ")
            .unwrap_or_else(|| panic!("it ended before it was ready:\n{said}"));
        rest.split_whitespace()
            .next()
            .expect("the address follows")
            .clone_into(&mut serving.url);
        serving
    }

    fn is_ready(&self) -> bool {
        self.said()
            .lines()
            .any(|line| line.contains("Patchbay is ready: open "))
    }

    /// Its log so far.
    pub(crate) fn said(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops it in good order; whether it ended well.
    pub(crate) async fn terminate(self) -> bool {
        self.terminate_and_tell().await.0
    }

    /// The same, with all that it logged to its end.
    pub(crate) async fn terminate_and_tell(mut self) -> (bool, String) {
        let pid = self.child.id().expect("it still runs").to_string();
        Command::new("kill").arg(pid).status().await.expect("there is a `kill`");
        let success = self.child.wait().await.expect("it ends").success();
        self.listening.await.expect("the log is read to its end");
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (success, log)
    }
}
