//! Trying a tool from the dashboard: the path of a client's tools/call, with the server's owner in the token's place.

use crate::{Gateway, auth::Principal, dispatch::Call, envelope::Envelope, json::quoted, meta::Meta, relay::Accepts};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::HeaderMap;
use http_body_util::BodyExt;
use patchbay_domain::{ids::ServerId, tool::ToolTrial};
use patchbay_engine::{Actor, Error, error::NotFound, tool_caller::ToolCaller, upstream::Era};
use serde_json::Value;
use std::time::{Duration, Instant};

impl ToolCaller for Gateway {
    fn call_tool<'a>(
        &'a self,
        actor: &'a Actor,
        server: ServerId,
        tool: &'a str,
        arguments: Value,
    ) -> BoxFuture<'a, Result<ToolTrial, Error>> {
        Box::pin(async move {
            let server = self.inner().servers.by_id(server).await?.ok_or(NotFound::Server)?;
            if server.user != actor.user {
                return Err(NotFound::Server.into());
            }
            let protocol = &self.inner().protocol;
            let began = Instant::now();
            let body = Bytes::from(format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":{},\"arguments\":{arguments}}}}}",
                quoted(tool)
            ));
            let envelope = Envelope::parse(&body).map_err(|_| Error::internal("a trial is no message"))?;
            let call = Call {
                server: &server,
                principal: Principal {
                    server: server.id,
                    token: None,
                },
                era: Era::Legacy,
                accepts: Accepts::JSON,
                headers: &HeaderMap::new(),
                body: &body,
                envelope: &envelope,
                meta: &Meta::default(),
            };
            let admitted = self.inner().admission.admit(&server);
            let answered = match &admitted {
                Ok(_) => call.run(protocol).await,
                Err(refusal) => Err(refusal.clone()),
            };
            let response = answered.unwrap_or_else(|refusal| refusal.response(envelope.id, Era::Legacy));
            let answer = response
                .into_body()
                .collect()
                .await
                .map_err(Error::internal)?
                .to_bytes();
            Ok(trial(&answer, began.elapsed()))
        })
    }
}

/// What a person reads of an answer.
fn trial(answer: &[u8], took: Duration) -> ToolTrial {
    let message: Value = serde_json::from_slice(answer).unwrap_or_default();
    let (outcome, is_error) = match (&message["result"], &message["error"]) {
        (Value::Null, error) => (error, true),
        (result, _) => (result, result["isError"] == true),
    };
    let text = match &outcome["content"] {
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part["text"].as_str())
            .collect::<Vec<_>>()
            .join("\n"),
        _ => outcome["message"].as_str().unwrap_or_default().to_owned(),
    };
    ToolTrial {
        is_error,
        json: format!("{outcome:#}"),
        text,
        took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_reads_results_and_errors() {
        let took = Duration::from_millis(7);
        let good = trial(
            br#"{"result":{"content":[{"type":"text","text":"a"},{"type":"image"},{"text":"b"}]}}"#,
            took,
        );
        assert_eq!((good.is_error, good.text.as_str(), good.took_ms), (false, "a\nb", 7));
        assert!(good.json.contains("\n  \"content\""));
        let failed = trial(
            br#"{"result":{"content":[{"type":"text","text":"no"}],"isError":true}}"#,
            took,
        );
        assert_eq!((failed.is_error, failed.text.as_str()), (true, "no"));
        let refused = trial(br#"{"error":{"code":-32602,"message":"Unknown tool: x."}}"#, took);
        assert_eq!((refused.is_error, refused.text.as_str()), (true, "Unknown tool: x."));
    }
}
