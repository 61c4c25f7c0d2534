//! What is measured: an upstream, a bare proxy and a Patchbay, each a process of its own, set up over REST as a
//! person's script would.

use crate::client::{Call, single};
use anyhow::{Context, ensure};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Uri,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST},
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
};

const EMAIL: &str = "bench@example.org";
const PASSWORD: &str = "bench bench bench";
/// The revision of MCP that the calls are made in.
const VERSION: &str = "2026-07-28";

/// A running process; killed with its handle.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Starts a subcommand of this program, which prints its address.
    pub(crate) async fn own(arguments: &[&str]) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().context("the child's output")?;
        let address = BufReader::new(stdout)
            .lines()
            .next_line()
            .await?
            .context("an address on the first line")?;
        Ok(Self { child, address })
    }

    /// Starts a Patchbay with a data directory of its own and a superuser.
    pub(crate) async fn patchbay(binary: &Path, data: &Path) -> anyhow::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        drop(listener);
        let mut user = patchbay(binary, data)
            .args(["user", "create", "--email", EMAIL, "--superuser", "--password-stdin"])
            .stdin(Stdio::piped())
            .spawn()?;
        user.stdin
            .take()
            .context("the child's input")?
            .write_all(PASSWORD.as_bytes())
            .await?;
        ensure!(user.wait().await?.success(), "patchbay user create failed");
        let child = patchbay(binary, data).args(["serve", "--listen", &address]).spawn()?;
        let server = Self { child, address };
        server.wait_until_ready().await?;
        Ok(server)
    }

    async fn wait_until_ready(&self) -> anyhow::Result<()> {
        let ready = async {
            loop {
                if let Ok(stream) = tokio::net::TcpStream::connect(&self.address).await {
                    drop(stream);
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), ready)
            .await
            .context("patchbay didn't start")
    }

    /// Asks a Patchbay to stop, and waits.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        Command::new("kill").arg(self.pid().to_string()).status().await?;
        self.child.wait().await?;
        Ok(())
    }
}

/// A command that sees nobody's configuration: the superuser it makes has a password that everybody can read above. The data
/// directory is new, so there is no `.env` in it.
fn patchbay(binary: &Path, data: &Path) -> Command {
    let mut command = Command::new(binary);
    command.current_dir(data).kill_on_drop(true);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PATCHBAY_") {
            command.env_remove(name);
        }
    }
    for name in [
        "DATABASE_URL",
        "JWT_SECRET_KEY",
        "MCP_GATEWAY_URL_POOLS",
        "TOKEN_ENCRYPTION_KEY",
    ] {
        command.env_remove(name);
    }
    command.env("PATCHBAY_DATA_DIR", data).env("PATCHBAY_LOG", "warn");
    command
}

/// A REST call; gives the JSON answer.
async fn rest(server: &Server, path: &str, bearer: Option<&str>, body: &Value) -> anyhow::Result<Value> {
    let call = Call {
        uri: format!("http://{}{path}", server.address).parse()?,
        headers: headers(&server.address, bearer)?,
        body: body.to_string().into(),
    };
    Ok(serde_json::from_slice(&single(&call).await?)?)
}

fn headers(host: &str, bearer: Option<&str>) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(HOST, host.parse()?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    if let Some(bearer) = bearer {
        headers.insert(AUTHORIZATION, format!("Bearer {bearer}").parse()?);
    }
    Ok(headers)
}

/// A `tools/call` of the modern era, as a client sends it.
fn tools_call(uri: Uri, host: &str, bearer: Option<&str>) -> anyhow::Result<Call> {
    let mut headers = headers(host, bearer)?;
    headers.insert(
        HeaderName::from_static("mcp-protocol-version"),
        HeaderValue::from_static(VERSION),
    );
    headers.insert(
        HeaderName::from_static("mcp-method"),
        HeaderValue::from_static("tools/call"),
    );
    headers.insert(HeaderName::from_static("mcp-name"), HeaderValue::from_static("echo"));
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "echo",
        "arguments": {"text": "hello"},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": VERSION,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"}
        }
    }});
    Ok(Call {
        uri,
        headers,
        body: Bytes::from(body.to_string()),
    })
}

/// The three, and how each is called.
pub(crate) struct Stack {
    pub(crate) upstream: Server,
    pub(crate) proxy: Server,
    pub(crate) patchbay: Server,
    pub(crate) direct: Call,
    pub(crate) through_proxy: Call,
    pub(crate) through_gateway: Call,
}

impl Stack {
    /// Starts everything and makes an MCP server whose tool answers with `bytes` of text.
    pub(crate) async fn start(binary: &Path, data: PathBuf, bytes: usize) -> anyhow::Result<Self> {
        let upstream = Server::own(&["upstream"]).await?;
        let mcp_url = format!("http://{}/mcp?bytes={bytes}", upstream.address);
        let proxy = Server::own(&["proxy", &mcp_url]).await?;
        let patchbay = Server::patchbay(binary, &data).await?;

        let login = rest(
            &patchbay,
            "/api/auth/login",
            None,
            &json!({"email": EMAIL, "password": PASSWORD}),
        )
        .await?;
        let bearer = login["access_token"].as_str().context("an access token")?;
        let name = format!("bench-{}", std::process::id());
        let registered = rest(
            &patchbay,
            "/api/connectors/register",
            Some(bearer),
            &json!({"name": name, "description": "bench"}),
        )
        .await?;
        let id = &registered["connector_id"];
        let manifest = format!("http://{}/connector.json?bytes={bytes}", upstream.address);
        rest(
            &patchbay,
            "/api/connectors/activate",
            Some(bearer),
            &json!({"connector_id": id, "connector_url": manifest}),
        )
        .await?;
        let made = rest(
            &patchbay,
            "/api/mcp-servers",
            Some(bearer),
            &json!({"name": "bench", "connector_id": id}),
        )
        .await?;
        let endpoint: Uri = made["endpoint"].as_str().context("an endpoint")?.parse()?;
        let gateway: Uri = format!("http://{}{}", patchbay.address, endpoint.path()).parse()?;
        let token = made["token"].as_str().context("a token")?;

        Ok(Self {
            direct: tools_call(mcp_url.parse()?, &upstream.address, None)?,
            through_proxy: tools_call(format!("http://{}/", proxy.address).parse()?, &proxy.address, None)?,
            through_gateway: tools_call(gateway, &patchbay.address, Some(token))?,
            upstream,
            proxy,
            patchbay,
        })
    }
}
