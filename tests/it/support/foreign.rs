//! Programs that nobody here wrote, where they are installed. `cargo xtask test` installs them and says where; without it, the
//! tests that need one pass without having looked, except in CI.

use patchbay::config::Variables;
use std::process::Stdio;
use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

/// What this variable names, if it is set.
pub(crate) fn given(variable: &str) -> Option<String> {
    let variables = Variables::read().expect("the environment can be read");
    let given = variables.get(variable).map(str::to_owned);
    #[expect(clippy::disallowed_methods, reason = "not a variable of Patchbay's")]
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(given.is_some() || !in_ci, "{variable} must be set in CI");
    given
}

/// npm's reference server, which has one of everything.
pub(crate) struct Everything {
    pub(crate) url: String,
    _child: Child,
}

impl Everything {
    /// Starts it, where it is installed.
    pub(crate) async fn start() -> Option<Self> {
        let modules = given("PATCHBAY_TEST_NODE_MODULES")?;
        let script = format!("{modules}/@modelcontextprotocol/server-everything/dist/index.js");
        let port = free_port().await;
        let child = Command::new("node")
            .args([&script, "streamableHttp"])
            .env("PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(Self {
                    url: format!("http://127.0.0.1:{port}/mcp"),
                    _child: child,
                });
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("server-everything didn't begin to listen");
    }
}

async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a free port");
    listener.local_addr().expect("a listener has an address").port()
}
