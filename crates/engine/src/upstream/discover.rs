//! What an MCP endpoint offers: who it is, and all pages of its tools, each tool's text as it came.

use super::{
    Era, Link, Target, Upstream,
    connect::Wire,
    error::CallError,
    exchange::{self, Outgoing, final_message},
    rpc::{self, Answer},
};
use bytes::Bytes;
use http::HeaderValue;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{collections::HashSet, fmt, sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};

/// More pages than any real server has; a stop for one that never ends.
const PAGES_MAX: usize = 200;
/// More tools than any client can use.
pub const TOOLS_MAX: usize = 10_000;
/// How many bytes all tools of a connector may take: what holds them in memory counts on it.
pub const DEFINITIONS_MAX: usize = 5 << 20;
/// The largest page: tools and what is around them.
const PAGE_MAX: usize = DEFINITIONS_MAX + (64 << 10);

/// What an MCP endpoint says of itself.
#[derive(Debug, Clone)]
pub struct Discovered {
    /// Its name, if it gives one.
    pub name: Option<String>,
    /// Its version, if it gives one.
    pub version: Option<String>,
    /// How to use it, for a model.
    pub instructions: Option<String>,
    /// Its tools, in its order, in its own words and bytes.
    pub tools: Vec<Box<RawValue>>,
    /// What it speaks.
    pub era: Era,
}

/// How a server introduces itself in a handshake.
#[derive(Debug, Default)]
pub(super) struct Greeting {
    name: Option<String>,
    version: Option<String>,
    instructions: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Introduction {
    server_info: Option<Implementation>,
    instructions: Option<String>,
    #[serde(rename = "_meta")]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Implementation {
    name: Option<String>,
    version: Option<String>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "io.modelcontextprotocol/serverInfo")]
    server_info: Option<Implementation>,
}

impl Greeting {
    /// Reads the result of `initialize` or `server/discover`. What is missing or odd is left out.
    pub(super) fn parse(result: &RawValue) -> Self {
        let Ok(introduction) = serde_json::from_str::<Introduction>(result.get()) else {
            return Self::default();
        };
        let server = introduction
            .meta
            .and_then(|meta| meta.server_info)
            .or(introduction.server_info);
        let (name, version) = server.map(|server| (server.name, server.version)).unwrap_or_default();
        Self {
            name,
            version,
            instructions: introduction.instructions,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(deserialize_with = "bounded")]
    tools: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

/// A page of nothing but commas would take many times its size in memory.
fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Box<RawValue>>, D::Error> {
    struct Tools;

    impl<'de> Visitor<'de> for Tools {
        type Value = Vec<Box<RawValue>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of tools")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
            let mut tools = Vec::new();
            while let Some(tool) = elements.next_element()? {
                tools.push(tool);
                if tools.len() > TOOLS_MAX {
                    // Enough to see that there are too many.
                    while elements.next_element::<IgnoredAny>()?.is_some() {}
                    break;
                }
            }
            Ok(tools)
        }
    }

    deserializer.deserialize_seq(Tools)
}

impl Upstream {
    /// Asks an MCP endpoint who it is and which tools it has, in a session of its own.
    ///
    /// # Errors
    /// When it can't be reached, doesn't speak MCP, refuses, or has more tools than can be kept.
    pub async fn discover(&self, target: &Target, deadline: Duration) -> Result<Discovered, CallError> {
        self.discover_for(target, None, deadline).await
    }

    /// The same with what a user configured, as a call of theirs would bring it.
    ///
    /// # Errors
    /// As [`Self::discover`].
    pub async fn discover_for(
        &self,
        target: &Target,
        source: Option<&RawValue>,
        deadline: Duration,
    ) -> Result<Discovered, CallError> {
        let asked = async {
            let visit = Visit::begin(&self.0.wire, target).await?;
            let tools = tools(&visit.wire, &visit.link, source).await?;
            Ok(visit.discovered(tools))
        };
        timeout(deadline, asked).await.unwrap_or(Err(CallError::TIMEOUT))
    }

    /// Only shakes hands with an MCP endpoint, to see whether it answers, and tells what it speaks.
    ///
    /// # Errors
    /// When it can't be reached, doesn't speak MCP, or refuses.
    pub async fn greet(&self, target: &Target, deadline: Duration) -> Result<Era, CallError> {
        timeout(deadline, Visit::begin(&self.0.wire, target))
            .await
            .unwrap_or(Err(CallError::TIMEOUT))
            .map(|visit| visit.link.era())
    }
}

/// A link for a few questions. However it ends, in time or not, the upstream is told that its session is over; nobody
/// waits for what it says to that.
struct Visit {
    wire: Arc<Wire>,
    link: Arc<Link>,
    greeting: Greeting,
}

impl Visit {
    async fn begin(wire: &Arc<Wire>, target: &Target) -> Result<Self, CallError> {
        let (link, greeting) = wire.shake_hands(target).await?;
        Ok(Self {
            wire: wire.clone(),
            link: Arc::new(link),
            greeting,
        })
    }

    fn discovered(mut self, tools: Vec<Box<RawValue>>) -> Discovered {
        let greeting = std::mem::take(&mut self.greeting);
        Discovered {
            name: greeting.name,
            version: greeting.version,
            instructions: greeting.instructions,
            tools,
            era: self.link.era(),
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        exchange::end_session_later(&self.wire, &self.link);
    }
}

async fn tools(wire: &Wire, link: &Link, source: Option<&RawValue>) -> Result<Vec<Box<RawValue>>, CallError> {
    let mut tools = Vec::new();
    let mut bytes = 0;
    let mut seen = HashSet::new();
    let mut cursor = None;
    for _ in 0..PAGES_MAX {
        let page = match page(wire, link, cursor.as_deref(), source).await {
            // A server without tools needn't know the method.
            Err(CallError::Rpc {
                code: rpc::METHOD_NOT_FOUND,
                ..
            }) if cursor.is_none() => return Ok(tools),
            other => other?,
        };
        bytes += page.tools.iter().map(|tool| tool.get().len()).sum::<usize>();
        tools.extend(page.tools);
        if tools.len() > TOOLS_MAX || bytes > DEFINITIONS_MAX {
            return Err(CallError::TOO_LARGE);
        }
        match page.next_cursor {
            // A cursor for the second time would go round in circles.
            Some(next) if seen.insert(next.clone()) => cursor = Some(next),
            _ => return Ok(tools),
        }
    }
    Err(CallError::TOO_LARGE)
}

async fn page(wire: &Wire, link: &Link, cursor: Option<&str>, source: Option<&RawValue>) -> Result<Page, CallError> {
    let outgoing = Outgoing {
        body: Bytes::from(rpc::list_tools(
            link.next_id(),
            cursor,
            link.era() == Era::Modern,
            source,
        )),
        method: HeaderValue::from_static("tools/list"),
        name: None,
        params: &[],
    };
    let deadline = Instant::now() + wire.timeouts().handshake;
    let message = final_message(exchange::post_within(wire, link, outgoing, deadline, PAGE_MAX).await?).await?;
    let answer = Answer::parse(&message).ok_or(CallError::NotMcp)?;
    if let Some(error) = answer.error {
        return Err(error.into());
    }
    let result = answer.result.ok_or(CallError::NotMcp)?;
    serde_json::from_str(result.get()).map_err(|_| CallError::NotMcp)
}
