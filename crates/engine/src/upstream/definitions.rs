//! Asking a connector what it offers: where the manifest is looked for, how long, and what is made of a plain MCP
//! endpoint. What a manifest says, and whether that can be used, is [`super::manifest`]'s matter.

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
    /// Asks a connector for its definitions. A URL that ends in `.json` is a manifest and nothing else; for any other
    /// the manifest may be there, at `connector.json` below it, or be made from what MCP answers there. When all of
    /// that fails, the first failure is the one that is told.
    ///
    /// # Errors
    /// [`ManifestError`], within ten seconds.
    pub async fn definitions(
        &self,
        url: &Url,
        authorization: Option<Credential>,
    ) -> Result<Definitions, ManifestError> {
        self.ask(url, authorization, None).await
    }

    /// The same again, for a connector whose calls go to `mcp_url`. Nobody looks at the answer before it is compared, so
    /// the secret is shown to no other origin than those that have it, and no endpoint is greeted.
    ///
    /// # Errors
    /// As [`Self::definitions`].
    pub async fn definitions_again(
        &self,
        url: &Url,
        authorization: Option<Credential>,
        mcp_url: &Url,
    ) -> Result<Definitions, ManifestError> {
        self.ask(url, authorization, Some(mcp_url.origin())).await
    }

    async fn ask(
        &self,
        url: &Url,
        authorization: Option<Credential>,
        known: Option<Origin>,
    ) -> Result<Definitions, ManifestError> {
        let asking = Asking {
            upstream: self,
            authorization,
            known,
            until: Instant::now() + BUDGET,
        };
        if url.path().ends_with(".json") {
            let fetched = asking.get(url, BUDGET).await?;
            return asking.read(url, &fetched).await;
        }
        let first = match asking.get(url, FIRST_LOOK).await {
            Ok(fetched) => match asking.read(url, &fetched).await {
                Ok(definitions) => return Ok(definitions),
                Err(error) => error,
            },
            // Where nobody can be reached there is no MCP either.
            Err(error) if error.is_final() => return Err(error),
            Err(error) => error,
        };
        if let Ok(fetched) = asking.get(&below(url, "connector.json"), FIRST_LOOK).await
            && let Ok(definitions) = asking.read(url, &fetched).await
        {
            return Ok(definitions);
        }
        asking.discover(url, url.clone()).await.map_err(|_| first)
    }
}

/// One activation's or check's questions, which share a deadline.
struct Asking<'a> {
    upstream: &'a Upstream,
    authorization: Option<Credential>,
    /// Where calls go, besides the URL's own origin; nothing when that is only to be found out.
    known: Option<Origin>,
    until: Instant,
}

impl Asking<'_> {
    fn remaining(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Fetches a document. The secret is shown only to a service that asks for it: a manifest is mostly open, and may
    /// lie with somebody else, such as a registry.
    async fn get(&self, url: &Url, time: Duration) -> Result<Fetched, ManifestError> {
        let fetched = match (self.get_as(url, time, None).await?, &self.authorization) {
            (open, Some(secret)) if matches!(open.status, 401 | 403) => {
                self.get_as(url, time, Some(secret.clone())).await?
            }
            (fetched, _) => fetched,
        };
        match fetched.status {
            200 => Ok(fetched),
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
        let target = self.target(given, &definitions.mcp_url);
        if self.known.is_none()
            && let Err(error) = self.upstream.greet(&target, self.remaining()).await {
            definitions.warnings.push(format!(
                "The MCP endpoint {} doesn't answer yet: {error}.",
                definitions.mcp_url
            ));
        }
        Ok(definitions)
    }

    /// A warning where the secret goes to somebody else than whoever was named.
    fn elsewhere(&self, given: &Url, mcp_url: &Url) -> Option<String> {
        let warns = self.authorization.is_some() && given.origin() != mcp_url.origin();
        warns.then(|| format!("Calls, and the secret with them, go to another origin: {mcp_url}."))
    }

    fn target(&self, given: &Url, mcp_url: &Url) -> Target {
        let origin = mcp_url.origin();
        let may_know = |known: &Origin| *known == origin || given.origin() == origin;
        Target {
            url: mcp_url.clone(),
            authorization: self.authorization.clone().filter(|_| self.known.as_ref().is_none_or(may_know)),
        }
    }

    /// Makes definitions from what an MCP endpoint answers.
    async fn discover(&self, given: &Url, mcp_url: Url) -> Result<Definitions, ManifestError> {
        let target = self.target(given, &mcp_url);
        let found = self
            .upstream
            .discover(&target, self.remaining())
            .await
            .map_err(|error| match error {
                CallError::Transport(error) => ManifestError::Unreachable(error),
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
