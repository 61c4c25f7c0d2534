//! Between a client's words and an upstream's: ids where several clients share a session, names, the members of
//! `_meta` that belong to one era or to Patchbay, and `resultType`. Everything else passes as it is.

use crate::{
    envelope::Envelope,
    json::{self, AllMembers, Edits, Members, Shape, once, position},
    meta::{self, Meta},
    rounds::Round,
};
use bytes::Bytes;
use patchbay_engine::upstream::{Era, rpc};
use serde::{Deserialize, de::MapAccess};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// A call as its client sent it, with what it must become.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    /// The whole message.
    pub(crate) body: &'a Bytes,
    pub(crate) envelope: &'a Envelope<'a>,
    pub(crate) meta: &'a Meta<'a>,
    /// The client's era.
    pub(crate) era: Era,
    /// The upstream's name as JSON, where it differs.
    pub(crate) name: Option<&'a str>,
    /// The upstream's arguments, where they aren't the client's.
    pub(crate) arguments: Option<&'a str>,
    /// The member of `_meta` that holds the binding's configuration, where it takes one.
    pub(crate) source: Option<&'a str>,
    /// What the upstream itself wrote as `requestState`, if the client brings it back.
    pub(crate) state: Option<&'a str>,
}

impl fmt::Debug for Request<'_> {
    /// Without arguments and configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("id", &self.envelope.id)
            .field("era", &self.era)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What a call carries upstream in place of the client's own id and progress token.
pub(crate) type SharedId = Option<u64>;

impl Request<'_> {
    /// The message for an upstream of that era. Where clients share a session, `shared` stands for the client's id and
    /// progress token.
    pub(crate) fn render(&self, upstream: Era, shared: SharedId) -> Bytes {
        let text = self.envelope.text;
        let mut edits = Edits::default();
        if let Some(id) = shared {
            edits.replace(position(text, self.envelope.id), id.to_string());
        }
        if let (Some(name), Some(given)) = (self.name, self.envelope.params.name) {
            edits.replace(position(text, given.get()), name);
        }
        if let Some(arguments) = self.arguments {
            match (self.envelope.params.arguments, self.envelope.params.first_key) {
                (Some(given), _) => edits.replace(position(text, given.get()), arguments),
                (None, Some(first)) => {
                    edits.insert(position(text, first.get()).start, format!("\"arguments\":{arguments},"));
                }
                (None, None) => {}
            }
        }
        if let Some(given) = self.envelope.params.request_state {
            match self.state {
                Some(state) => edits.replace(position(text, given.get()), state),
                // Legacy clients get none, so what they send is their own, and nothing that a modern upstream gave.
                None if upstream == Era::Modern => edits.replace(position(text, given.get()), "null"),
                None => {}
            }
        }
        self.edit_meta(text, upstream, shared, &mut edits);
        if edits.is_empty() {
            self.body.clone()
        } else {
            edits.apply(text).into()
        }
    }

    fn edit_meta<'e>(&'e self, text: &str, upstream: Era, shared: SharedId, edits: &mut Edits<'e>) {
        let to_modern = self.era == Era::Legacy && upstream == Era::Modern;
        // Only the modern era knows those keys: they are either not the client's to set, or not the upstream's to see.
        let drop_modern = self.era != upstream && self.meta.has_modern();
        let mut add = Vec::new();
        if to_modern {
            add.push(Cow::Borrowed(rpc::MODERN_META_MEMBERS));
        }
        add.extend(self.source.map(Cow::Borrowed));
        let token = self.meta.progress_token.zip(shared);
        let Some(raw) = self.envelope.params.meta else {
            if let (false, Some(first)) = (add.is_empty(), self.envelope.params.first_key) {
                edits.insert(
                    position(text, first.get()).start,
                    format!("\"_meta\":{{{}}},", add.join(",")),
                );
            }
            return;
        };
        if let Some((token, id)) = token {
            edits.replace(position(text, token.get()), id.to_string());
        }
        if !add.is_empty() || drop_modern || self.meta.has_source {
            let mut members = AllMembers::default();
            // It was read before, so it is an object.
            let _ = json::object(raw.get(), &mut members);
            let remove = |key: &str| key == meta::SOURCE || (drop_modern && meta::is_modern(key));
            edits.object(text, raw, &members, remove, &add);
        }
    }
}

/// A message from an upstream, as far as a relay looks into it.
#[derive(Debug, Default)]
struct Message<'a> {
    first_key: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    method: Option<&'a RawValue>,
    params: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
    result: Option<CallResult<'a>>,
}

/// The members of a tools/call result that mean something to the gateway.
#[derive(Debug, Default)]
struct CallResult<'a> {
    is_error: Option<&'a RawValue>,
    result_type: Option<&'a RawValue>,
    request_state: Option<&'a RawValue>,
    is_object: bool,
    is_null: bool,
}

impl<'a> Members<'a> for CallResult<'a> {
    fn member<A: MapAccess<'a>>(&mut self, key: &'a RawValue, map: &mut A) -> Result<(), A::Error> {
        match json::string(key).as_deref() {
            Some("isError") => once(&mut self.is_error, "isError", map),
            Some("resultType") => once(&mut self.result_type, "resultType", map),
            Some("requestState") => once(&mut self.request_state, "requestState", map),
            _ => map.next_value::<&RawValue>().map(|_| ()),
        }
    }
}

impl<'a> Members<'a> for Message<'a> {
    fn member<A: MapAccess<'a>>(&mut self, key: &'a RawValue, map: &mut A) -> Result<(), A::Error> {
        self.first_key.get_or_insert(key);
        match json::string(key).as_deref() {
            Some("id") => once(&mut self.id, "id", map),
            Some("method") => once(&mut self.method, "method", map),
            Some("params") => once(&mut self.params, "params", map),
            Some("error") => once(&mut self.error, "error", map),
            Some("result") => {
                let mut result = CallResult::default();
                let shape = map.next_value_seed(json::ObjectSeed(&mut result))?;
                result.is_object = shape == Shape::Object;
                result.is_null = shape == Shape::Null;
                if self.result.replace(result).is_some() {
                    return Err(json::twice("result"));
                }
                Ok(())
            }
            _ => map.next_value::<&RawValue>().map(|_| ()),
        }
    }
}

impl Message<'_> {
    /// Some servers write both members of an answer, one of them as null, which JSON-RPC doesn't allow and strict
    /// clients don't read. Takes that one for absent and names it.
    fn drop_empty(&mut self) -> Option<&'static str> {
        let null_error = self.error.is_some_and(|error| error.get() == "null");
        match &self.result {
            Some(_) if null_error => {
                self.error = None;
                Some("error")
            }
            Some(result) if result.is_null && self.error.is_some() => {
                self.result = None;
                Some("result")
            }
            _ => None,
        }
    }
}

/// How an answer gets back to a client.
#[derive(Clone, Copy)]
pub(crate) struct Back<'a> {
    /// The client's id, as it wrote it.
    pub(crate) id: &'a str,
    /// The client's progress token, as it wrote it.
    pub(crate) progress_token: Option<&'a str>,
    /// The client's era.
    pub(crate) era: Era,
    /// The upstream's.
    pub(crate) upstream: Era,
    /// What the upstream got instead of id and token.
    pub(crate) shared: SharedId,
    /// Seals what the upstream wants back, towards clients that know of rounds.
    pub(crate) round: Option<&'a Round>,
}

/// What an upstream's message is, for the client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrived {
    /// The answer.
    Answer {
        message: Bytes,
        /// Whether it is an error, of the protocol or of the tool.
        is_error: bool,
        /// The JSON-RPC error's code, if it is one.
        code: Option<i64>,
    },
    /// Something on the way to the answer, such as progress.
    Notification(Bytes),
    /// The upstream asks something. Its id and method.
    Request { id: String, method: String },
    /// The answer, but one that the client's era has no words for.
    Inexpressible,
    /// Nothing that belongs here.
    Stray,
}

#[derive(Deserialize)]
struct Code {
    #[serde(default)]
    code: i64,
}

impl Back<'_> {
    /// Makes an upstream's message the client's.
    pub(crate) fn arrived(&self, message: Bytes) -> Arrived {
        let Ok(text) = std::str::from_utf8(&message) else {
            return Arrived::Stray;
        };
        let mut parts = Message::default();
        if json::object(text, &mut parts).ok() != Some(Shape::Object) {
            return Arrived::Stray;
        }
        if let Some(method) = parts.method {
            return match (parts.id, json::string(method)) {
                (Some(id), Some(method)) => Arrived::Request {
                    id: id.get().to_owned(),
                    method: method.into_owned(),
                },
                (None, Some(method)) => Arrived::Notification(self.notification(&message, text, &method, parts.params)),
                (_, None) => Arrived::Stray,
            };
        }
        let empty = parts.drop_empty();
        if !self.is_for_this(&parts) {
            return Arrived::Stray;
        }
        let code = parts
            .error
            .map(|error| serde_json::from_str::<Code>(error.get()).map_or(0, |error| error.code));
        let is_error = match &parts.result {
            Some(result) => result.is_error.is_some_and(|flag| flag.get() == "true"),
            None => true,
        };
        let complete = parts
            .result
            .as_ref()
            .and_then(|result| result.result_type)
            .is_none_or(|kind| json::string(kind).as_deref() == Some("complete"));
        if self.era == Era::Legacy && !complete {
            return Arrived::Inexpressible;
        }
        let mut edits = Edits::default();
        match (parts.id, parts.first_key) {
            (Some(id), _) if id.get() != self.id => edits.replace(position(text, id.get()), self.id),
            (None, Some(first)) => edits.insert(position(text, first.get()).start, format!("\"id\":{},", self.id)),
            _ => {}
        }
        let state = parts.result.as_ref().and_then(|result| result.request_state);
        if let (Some(round), Some(state)) = (self.round, state) {
            edits.replace(position(text, state.get()), round.seal(state.get()));
        }
        if self.era != self.upstream && parts.result.is_some_and(|result| result.is_object) {
            self.translate_result(text, &mut edits);
        }
        if let (Some(empty), Ok(message)) = (empty, serde_json::from_str(text)) {
            let mut members = AllMembers::default();
            let _ = json::object(text, &mut members);
            edits.object(text, message, &members, |key| key == empty, &[]);
        }
        let message = if edits.is_empty() {
            message
        } else {
            edits.apply(text).into()
        };
        Arrived::Answer {
            message,
            is_error,
            code,
        }
    }

    /// An answer names the request. An error may say that it couldn't make out which: then it is this one's, because
    /// the stream or body that it came in is.
    fn is_for_this(&self, parts: &Message<'_>) -> bool {
        match (parts.id.filter(|id| id.get() != "null"), &parts.result, parts.error) {
            (Some(id), Some(_), None) | (Some(id), None, Some(_)) => match self.shared {
                Some(shared) => id.get().parse() == Ok(shared),
                None => id.get() == self.id || same_string(id, self.id),
            },
            (None, None, Some(_)) => true,
            _ => false,
        }
    }

    fn translate_result(&self, text: &str, edits: &mut Edits<'_>) {
        let mut envelope = AllMembers::default();
        let mut members = AllMembers::default();
        let _ = json::object(text, &mut envelope);
        let named = |members: &AllMembers<'_>, name: &str| {
            let found = members
                .0
                .iter()
                .find(|(key, _)| json::string(key).as_deref() == Some(name));
            found.map(|(_, value)| position(text, value.get()))
        };
        let Some(result) = named(&envelope, "result") else {
            return;
        };
        let Ok(raw) = serde_json::from_str::<&RawValue>(&text[result]) else {
            return;
        };
        let _ = json::object(raw.get(), &mut members);
        if self.era == Era::Modern {
            if named(&members, "resultType").is_none() {
                edits.object(
                    text,
                    raw,
                    &members,
                    |_| false,
                    &[Cow::Borrowed("\"resultType\":\"complete\"")],
                );
            }
            return;
        }
        let meta = named(&members, "_meta").and_then(|range| serde_json::from_str::<&RawValue>(&text[range]).ok());
        let mut keys = AllMembers::default();
        let only_server_info = meta.is_some_and(|meta| {
            let _ = json::object(meta.get(), &mut keys);
            !keys.0.is_empty()
                && keys
                    .0
                    .iter()
                    .all(|(key, _)| json::string(key).as_deref() == Some(rpc::META_SERVER_INFO))
        });
        let remove = |key: &str| key == "resultType" || (only_server_info && key == "_meta");
        edits.object(text, raw, &members, remove, &[]);
        if let (Some(meta), false) = (meta, only_server_info) {
            edits.object(text, meta, &keys, |key| key == rpc::META_SERVER_INFO, &[]);
        }
    }

    fn notification(&self, message: &Bytes, text: &str, method: &str, params: Option<&RawValue>) -> Bytes {
        let (Some(shared), Some(token), Some(params)) = (self.shared, self.progress_token, params) else {
            return message.clone();
        };
        if method != "notifications/progress" {
            return message.clone();
        }
        let mut members = AllMembers::default();
        let _ = json::object(params.get(), &mut members);
        let mut edits = Edits::default();
        for (key, value) in &members.0 {
            if json::string(key).as_deref() == Some("progressToken") && value.get().parse() == Ok(shared) {
                edits.replace(position(text, value.get()), token);
            }
        }
        edits.apply(text).into()
    }
}

/// Whether two JSON texts are the same string, escaped differently: some servers write an id anew.
fn same_string(id: &RawValue, sent: &str) -> bool {
    let sent = serde_json::from_str::<&RawValue>(sent).ok().and_then(json::string);
    sent.is_some() && json::string(id) == sent
}

#[cfg(test)]
mod tests;
