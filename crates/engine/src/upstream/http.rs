//! Fetches of the control plane: manifests and logos. One deadline over everything, a limit on the body, redirects
//! followed by hand and only within the origin.

use super::{
    Credential, Upstream,
    body::{self, ReadError},
    egress::EgressPolicy,
    error::{FetchError, classify},
    resolve::GuardedResolver,
};
use bytes::Bytes;
use http::{
    HeaderMap, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, LOCATION},
};
use reqwest::{Client, Response, redirect};
use rustls::ClientConfig;
use std::time::Duration;
use url::Url;

/// How a fetch is made.
#[derive(Debug, Clone)]
pub struct FetchOptions<'a> {
    /// The `Accept` header.
    pub accept: &'a str,
    /// The largest body that is taken.
    pub max_bytes: usize,
    /// For everything: connection, redirects, body.
    pub deadline: Duration,
    /// How many redirects are followed; none of them to another origin.
    pub max_redirects: u8,
    /// What the service wants to see from us, if anything.
    pub authorization: Option<Credential>,
}

/// What was fetched, whatever its status.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// Where it was in the end.
    pub url: Url,
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type` header as it came.
    pub content_type: Option<String>,
    /// The body.
    pub body: Bytes,
}

#[derive(Debug, Clone)]
pub(super) struct Fetcher {
    client: Client,
    policy: EgressPolicy,
}

impl Fetcher {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where control-plane clients are made, behind the guard"
    )]
    pub(super) fn new(policy: &EgressPolicy, tls: ClientConfig, connect_timeout: Duration) -> Self {
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(GuardedResolver::new(policy))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(connect_timeout)
            .user_agent(concat!("patchbay/", env!("CARGO_PKG_VERSION")))
            .build()
            .expect("a client with a given TLS configuration and resolver needs nothing that could be missing");
        Self {
            client,
            policy: policy.clone(),
        }
    }

    async fn fetch(&self, url: &Url, options: &FetchOptions<'_>) -> Result<Fetched, FetchError> {
        let mut url = url.clone();
        let mut redirects = 0;
        loop {
            self.policy.check_url(&url)?;
            let mut request = self.client.get(url.clone()).header(ACCEPT, options.accept);
            if let Some(authorization) = &options.authorization {
                let mut headers = HeaderMap::new();
                authorization.add_to(&mut headers);
                request = request.headers(headers);
            }
            let response = request.send().await.map_err(|error| classify(&error))?;
            let Some(next) = redirection(&url, &response) else {
                return read(url, response, options.max_bytes).await;
            };
            if next.origin() != url.origin() {
                return Err(FetchError::RedirectElsewhere);
            }
            if redirects == options.max_redirects {
                return Err(FetchError::TooManyRedirects);
            }
            redirects += 1;
            url = next;
        }
    }
}

/// Where a redirect leads; `None` for what is none. A `Location` that is no URL leads nowhere, so its answer is final.
fn redirection(url: &Url, response: &Response) -> Option<Url> {
    let redirects = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    if !redirects {
        return None;
    }
    url.join(response.headers().get(LOCATION)?.to_str().ok()?).ok()
}

async fn read(url: Url, response: Response, max_bytes: usize) -> Result<Fetched, FetchError> {
    let status = response.status().as_u16();
    let content_type = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let body = body::read(reqwest::Body::from(response), max_bytes)
        .await
        .map_err(|error| match error {
            ReadError::TooLarge => FetchError::TooLarge,
            ReadError::Broken(error) => classify(&error),
        })?;
    Ok(Fetched {
        url,
        status,
        content_type,
        body,
    })
}

impl Upstream {
    /// Fetches a document.
    ///
    /// # Errors
    /// When there is no answer to be had; an answer of any status is none of them.
    pub async fn fetch(&self, url: &Url, options: &FetchOptions<'_>) -> Result<Fetched, FetchError> {
        tokio::time::timeout(options.deadline, self.0.fetcher.fetch(url, options))
            .await
            .unwrap_or(Err(FetchError::Timeout))
    }
}
