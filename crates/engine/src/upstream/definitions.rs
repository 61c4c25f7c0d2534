//! Asking a connector what it offers: where the manifest is looked for, how long, and what is made of a plain MCP
//! endpoint. What a manifest says, and whether that can be used, is [`super::manifest`]'s matter.
//!
//! The secret goes to whom a superuser named and to where calls go already, never to where an answer points.

use super::{
    Credential, FetchOptions, Fetched, Target, Upstream,
    error::CallError,
    manifest::{DEFAULT_VERSION, Definitions, Manifest, ManifestError, below, check_tools, check_version, empty_list},
};
use patchbay_domain::connector::Description;
use std::time::Duration;
use tokio::time::Instant;
use url::{Origin, Url};

/// For everything that activation asks of a connector, but for its logo.
const BUDGET: Duration = Duration::from_secs(10);
/// For the first look at a URL that may be no manifest: an old MCP endpoint answers a GET with a stream that never ends.
const FIRST_LOOK: Duration = Duration::from_secs(4);
const MANIFEST_MAX_BYTES: usize = 5 * 1024 * 1024;
const REDIRECTS_MAX: u8 = 3;

impl Upstream {
    /// Asks a connector for its definitions, because somebody named its URL. One that ends in `.json` is a manifest and
    /// nothing else; for any other the manifest may be there, at `connector.json` below it, or be made from what MCP
    /// answers there. When all of that fails, the first failure is the one that is told.
    ///
    /// The secret is shown to the origin that was named and to the one that calls go to until now. An endpoint elsewhere
    /// is asked without it, and a warning says that calls will take it there.
    ///
    /// # Errors
    /// [`ManifestError`], within ten seconds.
    pub async fn definitions(
        &self,
        url: &Url,
        authorization: Option<Credential>,
        calls_go: Option<&Url>,
    ) -> Result<Definitions, ManifestError> {
        let mut confidants = vec![url.origin()];
        confidants.extend(calls_go.map(Url::origin));
        let asking = Asking {
            upstream: self,
            authorization,
            confidants,
            again: None,
            until: Instant::now() + BUDGET,
        };
        asking.ask(url).await
    }

    /// The same again, for a connector whose calls go to `mcp_url`. Nobody looks at the answer before it is compared, so
    /// the secret is shown to the origin of that endpoint only. No other endpoint is called, and that one only where
    /// there never was a manifest or a registry names it.
    ///
    /// # Errors
    /// As [`Self::definitions`].
    pub async fn definitions_again(
        &self,
        url: &Url,
        authorization: Option<Credential>,
        mcp_url: &Url,
    ) -> Result<Definitions, ManifestError> {
        let asking = Asking {
            upstream: self,
            authorization,
            confidants: vec![mcp_url.origin()],
            again: Some(mcp_url.clone()),
            until: Instant::now() + BUDGET,
        };
        asking.ask(url).await
    }
}

/// One activation's or check's questions, which share a deadline.
struct Asking<'a> {
    upstream: &'a Upstream,
    authorization: Option<Credential>,
    /// Who may see the secret.
    confidants: Vec<Origin>,
    /// Where calls go, when this is a check; nothing when that is only to be found out.
    again: Option<Url>,
    until: Instant,
}

impl Asking<'_> {
    async fn ask(&self, url: &Url) -> Result<Definitions, ManifestError> {
        if url.path().ends_with(".json") {
            let fetched = self.get(url, BUDGET).await?;
            return self.read(url, &fetched).await;
        }
        let first = match self.get(url, FIRST_LOOK).await {
            Ok(fetched) => match self.read(url, &fetched).await {
                Ok(definitions) => return Ok(definitions),
                Err(error) => error,
            },
            // Where nobody can be reached there is no MCP either.
            Err(error) if error.is_final() => return Err(error),
            Err(error) => error,
        };
        if let Ok(fetched) = self.get(&below(url, "connector.json"), FIRST_LOOK).await
            && let Ok(definitions) = self.read(url, &fetched).await
        {
            return Ok(definitions);
        }
        // Definitions that came from a manifest come from nowhere else when that can't be had.
        if self.again.as_ref().is_some_and(|mcp_url| mcp_url != url) {
            return Err(first);
        }
        self.discover(url, url.clone()).await.map_err(|_| first)
    }

    /// The secret, for somebody at that URL who may see it.
    fn secret_for(&self, url: &Url) -> Option<Credential> {
        let authorization = self.authorization.clone();
        authorization.filter(|_| self.confidants.contains(&url.origin()))
    }

    fn remaining(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Fetches a document. The secret is shown only to a service that asks for it: a manifest is mostly open, and may
    /// lie with somebody else, such as a registry.
    async fn get(&self, url: &Url, time: Duration) -> Result<Fetched, ManifestError> {
        let mut fetched = self.get_as(url, time, None).await?;
        let asks = matches!(fetched.status, 401 | 403);
        let secret = self.secret_for(url);
        if asks && secret.is_some() {
            fetched = self.get_as(url, time, secret).await?;
        }
        match fetched.status {
            200 => Ok(fetched),
            _ if asks && self.is_withheld(url) => Err(ManifestError::malformed(
                url,
                "It asks for the secret, which a check shows to nobody but the endpoint that calls go to.",
            )),
            status => Err(ManifestError::Status {
                url: url.clone(),
                status,
            }),
        }
    }

    async fn get_as(
        &self,
        url: &Url,
        time: Duration,
        authorization: Option<Credential>,
    ) -> Result<Fetched, ManifestError> {
        let options = FetchOptions {
            accept: "application/json",
            max_bytes: MANIFEST_MAX_BYTES,
            deadline: self.remaining().min(time),
            max_redirects: REDIRECTS_MAX,
            authorization,
        };
        self.upstream
            .fetch(url, &options)
            .await
            .map_err(ManifestError::Unreachable)
    }

    /// Reads a manifest, and asks the MCP endpoint that it names whether it is there.
    async fn read(&self, given: &Url, fetched: &Fetched) -> Result<Definitions, ManifestError> {
        let refuse = |reason: String| ManifestError::malformed(&fetched.url, reason);
        let manifest: Manifest<'_> =
            serde_json::from_slice(&fetched.body).map_err(|error| refuse(not_json(fetched, &error)))?;
        if !given.path().ends_with(".json") && !manifest.is_recognisable() {
            return Err(refuse("It is JSON, but not a connector's manifest.".into()));
        }
        if let Some(remote) = manifest
            .remotes
            .iter()
            .find(|remote| matches!(remote.transport.as_str(), "streamable-http" | "sse"))
        {
            let url = Url::parse(&remote.url)
                .map_err(|_| refuse(format!("Its remote URL '{}' is not a URL.", remote.url)))?;
            if self.again.as_ref().is_some_and(|known| known.origin() != url.origin()) {
                return Err(refuse(format!(
                    "Its remote is at another origin now, {url}, and isn't called before somebody activates it again."
                )));
            }
            let warning = self.elsewhere(given, &url);
            let mut definitions = self.discover(given, url).await?;
            definitions.warnings.extend(warning);
            definitions.description = manifest.description.filter(|text| Description::parse(text).is_ok());
            definitions.version = check_version(manifest.version).map_err(refuse)?;
            definitions.name = manifest.name.or(definitions.name);
            return Ok(definitions);
        }
        let mut definitions = manifest.check(given, &fetched.url).map_err(refuse)?;
        self.upstream
            .policy()
            .check_url(&definitions.mcp_url)
            .map_err(|error| refuse(format!("Its mcp_url can't be used: {error}.")))?;
        definitions.warnings.extend(self.elsewhere(given, &definitions.mcp_url));
        if self.again.is_none() {
            definitions.warnings.extend(self.greet(&definitions.mcp_url).await);
        }
        Ok(definitions)
    }

    /// A warning where the secret goes to somebody else than whoever was named.
    fn elsewhere(&self, given: &Url, mcp_url: &Url) -> Option<String> {
        let warns = self.authorization.is_some() && given.origin() != mcp_url.origin();
        warns.then(|| format!("Calls, and the secret with them, go to another origin: {mcp_url}."))
    }

    /// A warning where nobody answers.
    async fn greet(&self, mcp_url: &Url) -> Option<String> {
        let error = self
            .upstream
            .greet(&self.target(mcp_url), self.remaining())
            .await
            .err()?;
        // Whoever wants to see the secret that they weren't shown is there.
        let wants_more = matches!(error, CallError::Unauthorized(_)) && self.is_withheld(mcp_url);
        (!wants_more).then(|| format!("The MCP endpoint {mcp_url} doesn't answer yet: {error}."))
    }

    fn is_withheld(&self, url: &Url) -> bool {
        self.authorization.is_some() && self.secret_for(url).is_none()
    }

    fn target(&self, mcp_url: &Url) -> Target {
        Target {
            url: mcp_url.clone(),
            authorization: self.secret_for(mcp_url),
        }
    }

    /// Makes definitions from what an MCP endpoint answers.
    async fn discover(&self, given: &Url, mcp_url: Url) -> Result<Definitions, ManifestError> {
        let found = self
            .upstream
            .discover(&self.target(&mcp_url), self.remaining())
            .await
            .map_err(|error| match error {
                CallError::Transport(error) => ManifestError::Unreachable(error),
                CallError::Unauthorized(_) if self.is_withheld(&mcp_url) => ManifestError::malformed(
                    &mcp_url,
                    "It asks for the secret, which is shown to no other origin than the one that was named: give its own URL.",
                ),
                error => ManifestError::malformed(&mcp_url, format!("{error}.")),
            })?;
        let tools = serde_json::value::to_raw_value(&found.tools)
            .map_err(|error| ManifestError::malformed(&mcp_url, error.to_string()))?;
        let tools_count = check_tools(&tools).map_err(|reason| ManifestError::malformed(&mcp_url, reason))?;
        Ok(Definitions {
            url: given.clone(),
            mcp_url,
            name: found.name,
            version: check_version(found.version).unwrap_or_else(|_| DEFAULT_VERSION.to_owned()),
            description: None,
            logo_url: None,
            tools,
            tools_count,
            templates: empty_list(),
            templates_count: 0,
            config: None,
            warnings: Vec::new(),
        })
    }
}

fn not_json(fetched: &Fetched, error: &serde_json::Error) -> String {
    let html = fetched
        .content_type
        .as_deref()
        .is_some_and(|kind| kind.starts_with("text/html"))
        || fetched.body.trim_ascii_start().first() == Some(&b'<');
    if html {
        "It answered with a web page, not with JSON.".into()
    } else if error.is_data() {
        format!("A part of the manifest has the wrong type: {error}.")
    } else {
        "It didn't answer with JSON.".into()
    }
}
