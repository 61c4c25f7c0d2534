//! What the gateway answers with: bytes that are at hand, or a stream. No boxes for what is at hand.

use bytes::Bytes;
use futures::{Stream, StreamExt};
use http_body::{Frame, SizeHint};
use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

/// An answer's body.
pub(crate) enum Body {
    /// Some bytes, and after them some that many answers share.
    Ready(Bytes, Bytes),
    /// Bytes as they come.
    Stream(Pin<Box<dyn Stream<Item = Bytes> + Send>>),
}

impl Body {
    /// No bytes.
    pub(crate) fn empty() -> Self {
        Self::Ready(Bytes::new(), Bytes::new())
    }

    pub(crate) fn stream(stream: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        Self::Stream(Box::pin(stream))
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Ready(bytes, Bytes::new())
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Ready(first, second) => {
                let next = if first.is_empty() {
                    std::mem::take(second)
                } else {
                    std::mem::take(first)
                };
                Poll::Ready((!next.is_empty()).then(|| Ok(Frame::data(next))))
            }
            Self::Stream(stream) => stream
                .poll_next_unpin(context)
                .map(|next| next.map(|data| Ok(Frame::data(data)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Ready(first, second) if first.is_empty() && second.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Ready(first, second) => SizeHint::with_exact((first.len() + second.len()) as u64),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(first, second) => write!(f, "Ready({} + {} bytes)", first.len(), second.len()),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body::Body as _;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn both_parts_arrive_and_are_announced() {
        for (first, second, whole) in [("a", "b", "ab"), ("", "b", "b"), ("a", "", "a"), ("", "", "")] {
            let body = Body::Ready(
                Bytes::from_static(first.as_bytes()),
                Bytes::from_static(second.as_bytes()),
            );
            assert_eq!(body.size_hint().exact(), Some(whole.len() as u64));
            assert_eq!(body.is_end_stream(), whole.is_empty());
            assert_eq!(body.collect().await.unwrap().to_bytes(), whole);
        }
    }
}
