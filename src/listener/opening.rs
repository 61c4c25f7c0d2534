//! A connection that must say something. The HTTP library tells HTTP/1 from HTTP/2 by a connection's first bytes, and waits
//! for them without an end; from then on it keeps its own time.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// What every HTTP/2 connection begins with, and no other.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream whose reads fail when its first bytes, as far as they tell the protocol, don't come in time.
pub(super) struct Opening<S> {
    stream: S,
    /// None once the protocol is known.
    waiting: Option<Waiting>,
}

struct Waiting {
    /// Bytes of the preface that came.
    seen: usize,
    deadline: Pin<Box<Sleep>>,
}

impl<S> Opening<S> {
    pub(super) fn new(stream: S, patience: Duration) -> Self {
        Self {
            stream,
            waiting: Some(Waiting {
                seen: 0,
                deadline: Box::pin(sleep(patience)),
            }),
        }
    }
}

impl Waiting {
    /// Whether the protocol is known after these bytes.
    fn is_over(&mut self, bytes: &[u8]) -> bool {
        let expected = &PREFACE[self.seen..];
        self.seen += bytes.len();
        !expected.starts_with(bytes) || self.seen == PREFACE.len()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Opening<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        let Some(waiting) = &mut this.waiting else { return read };
        if read.is_pending() {
            return waiting
                .deadline
                .as_mut()
                .poll(cx)
                .map(|()| Err(io::ErrorKind::TimedOut.into()));
        }
        let bytes = &buffer.filled()[before..];
        if bytes.is_empty() || waiting.is_over(bytes) {
            this.waiting = None;
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Opening<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    const SHORT: Duration = Duration::from_millis(20);

    async fn fails_after(said: &[&[u8]]) -> bool {
        let (mut client, server) = duplex(1024);
        let mut server = Opening::new(server, SHORT);
        let mut buffer = [0; 1024];
        for bytes in said {
            client.write_all(bytes).await.unwrap();
            assert_eq!(server.read(&mut buffer).await.unwrap(), bytes.len());
        }
        match tokio::time::timeout(SHORT * 10, server.read(&mut buffer)).await {
            Ok(result) => result.unwrap_err().kind() == io::ErrorKind::TimedOut,
            Err(_) => false,
        }
    }

    #[tokio::test]
    async fn who_says_nothing_or_half_of_the_preface_is_given_up() {
        assert!(fails_after(&[]).await);
        assert!(fails_after(&[b"PRI * ", b"HTTP"]).await);
    }

    #[tokio::test]
    async fn who_said_which_protocol_it_is_may_be_silent_then() {
        assert!(!fails_after(&[b"GET"]).await);
        assert!(!fails_after(&[b"P", b"OST"]).await);
        assert!(!fails_after(&[&PREFACE[..10], &PREFACE[10..]]).await);
        assert!(!fails_after(&[&[PREFACE, b"more"].concat()]).await);
    }
}
