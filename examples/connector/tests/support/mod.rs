//! The connector as its users meet it: the built program as a process of its own, and MCP clients to call it with.

#![allow(
    clippy::unwrap_used,
    reason = "these run inside tests only, where a panic is the report"
)]

use std::process::Stdio;

use rmcp::{
    ClientLifecycleMode, ClientServiceExt, RoleClient,
    model::{CallToolRequestParams, CallToolResult, ProtocolVersion, RequestMetaObject},
    service::{ClientInitializeError, RunningService},
    transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// An MCP client.
pub(crate) type Client = RunningService<RoleClient, ()>;

/// The two ways in which clients speak MCP.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Era {
    /// `initialize` first.
    Legacy,
    /// Every request stands alone.
    Modern,
}

/// Both of them.
pub(crate) const ERAS: [Era; 2] = [Era::Legacy, Era::Modern];

/// A running connector; it ends with this value.
pub(crate) struct Connector {
    process: Child,
    url: String,
}

impl Connector {
    /// Starts it on a free port with its notes in that directory.
    pub(crate) async fn start(dir: &TempDir, secret: Option<&str>) -> Self {
        // The HTTP clients below insist on one, though they never use TLS here. Only the first in a process counts.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut command = Command::new(env!("CARGO_BIN_EXE_patchbay-example-connector"));
        command
            .args(["--listen", "127.0.0.1:0", "--notes-file"])
            .arg(dir.path().join("notes.json"))
            .env_remove("CONNECTOR_SECRET")
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if let Some(secret) = secret {
            command.env("CONNECTOR_SECRET", secret);
        }
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = lines.next_line().await.unwrap().expect("it says that it is ready");
        let url = ready
            .rsplit(' ')
            .next()
            .unwrap()
            .strip_suffix("/connector.json")
            .unwrap()
            .to_owned();
        Self { process, url }
    }

    /// Asks it to stop, as a service manager would, and says whether it did so in good order.
    #[cfg(unix)]
    pub(crate) async fn terminate(mut self) -> bool {
        let id = self.process.id().expect("it is running").to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .await
                .unwrap()
                .success()
        );
        self.process.wait().await.unwrap().success()
    }

    /// The address that it says it has.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Its manifest, fetched without any secret.
    pub(crate) async fn manifest(&self) -> Value {
        #[expect(
            clippy::disallowed_methods,
            reason = "a test's own client, to the process it started"
        )]
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let manifest = client.get(format!("{}/connector.json", self.url)).send().await.unwrap();
        serde_json::from_slice(&manifest.error_for_status().unwrap().bytes().await.unwrap()).unwrap()
    }

    /// A client of it, or why it didn't get in.
    pub(crate) async fn try_client(
        &self,
        era: Era,
        secret: Option<&str>,
    ) -> Result<Client, Box<ClientInitializeError>> {
        let mut config = StreamableHttpClientTransportConfig::with_uri(format!("{}/mcp", self.url));
        config.auth_header = secret.map(str::to_owned);
        let lifecycle = match era {
            Era::Legacy => ClientLifecycleMode::Initialize,
            Era::Modern => ClientLifecycleMode::Discover {
                preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            },
        };
        let transport = StreamableHttpClientTransport::from_config(config);
        ().serve_with_lifecycle(transport, lifecycle).await.map_err(Box::new)
    }

    /// A client of it.
    pub(crate) async fn client(&self, era: Era) -> Client {
        self.try_client(era, None).await.unwrap()
    }
}

/// Calls a tool as any MCP client does.
pub(crate) async fn call(client: &Client, tool: &'static str, arguments: Value) -> CallToolResult {
    send(client, tool, arguments, None).await
}

/// Calls a tool as Patchbay does: with the configuration of a source.
pub(crate) async fn call_configured(
    client: &Client,
    tool: &'static str,
    arguments: Value,
    metadata: Value,
) -> CallToolResult {
    let source = json!({ "dev.patchbay/source": { "id": "0199", "type": "notes", "metadata": metadata } });
    send(client, tool, arguments, Some(serde_json::from_value(source).unwrap())).await
}

async fn send(
    client: &Client,
    tool: &'static str,
    arguments: Value,
    meta: Option<RequestMetaObject>,
) -> CallToolResult {
    let Value::Object(arguments) = arguments else {
        panic!("arguments are an object")
    };
    let mut request = CallToolRequestParams::new(tool).with_arguments(arguments);
    request.meta = meta;
    client.call_tool(request).await.unwrap()
}

/// The structured answer of a call that went well. Its text must say the same.
pub(crate) fn answer(result: &CallToolResult) -> Value {
    assert_ne!(result.is_error, Some(true), "{result:?}");
    let structured = result.structured_content.clone().expect("structured content");
    assert_eq!(serde_json::from_str::<Value>(&text(result)).unwrap(), structured);
    structured
}

/// The text of a call that didn't.
pub(crate) fn refusal(result: &CallToolResult) -> String {
    assert_eq!(result.is_error, Some(true), "{result:?}");
    text(result)
}

fn text(result: &CallToolResult) -> String {
    result.content[0].as_text().unwrap().text.clone()
}
