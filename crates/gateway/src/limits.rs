//! How much and how long: the limits on what a client sends. Limits on upstreams stand with the upstreams.

use crate::error::Refusal;
use bytes::Bytes;
use patchbay_engine::upstream::body::{self, ReadError};
use std::{pin::pin, time::Duration};

/// The gateway's limits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The largest message that is taken from a client.
    pub(crate) message_bytes: usize,
    /// How long a client may take to send it.
    pub(crate) message_time: Duration,
    /// How long a call may take before its client gets a stream instead of one message, so that neither side's
    /// network takes the silence for a lost connection.
    pub(crate) patience: Duration,
    /// How long a call may take whose client gets one message, from when the upstream began to answer.
    pub(crate) message_wait: Duration,
    /// How long a stream may last, whatever comes on it.
    pub(crate) stream_time: Duration,
    /// Between two comments that keep a stream alive.
    pub(crate) keep_alive: Duration,
    /// How often counted calls are written to the database.
    pub(crate) usage_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 4 << 20,
            message_time: Duration::from_secs(30),
            patience: Duration::from_secs(2),
            message_wait: Duration::from_secs(60),
            stream_time: Duration::from_secs(600),
            keep_alive: Duration::from_secs(15),
            usage_every: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// Reads a client's message.
    pub(crate) async fn message<B: http_body::Body<Data = Bytes>>(&self, body: B) -> Result<Bytes, Refusal> {
        let mut reading = pin!(body::read(body, self.message_bytes));
        // Most messages are there already: then no timer is set.
        let read = match futures::poll!(reading.as_mut()) {
            std::task::Poll::Ready(read) => read,
            std::task::Poll::Pending => tokio::time::timeout(self.message_time, reading)
                .await
                .map_err(|_| Refusal::BodyBroken)?,
        };
        read.map_err(|error| match error {
            ReadError::TooLarge => Refusal::BodyTooLarge(self.message_bytes),
            ReadError::Broken(_) => Refusal::BodyBroken,
        })
    }
}
