//! Reading a body to its end, within a limit.

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use std::pin::pin;

/// Why a body could not be read.
#[derive(Debug)]
pub enum ReadError<E> {
    /// It is larger than allowed.
    TooLarge,
    /// The connection broke.
    Broken(E),
}

/// Reads a body of at most `limit` bytes. One that comes in one piece, as most do, is not copied.
///
/// # Errors
/// When it is larger, or breaks off.
pub async fn read<B: Body<Data = Bytes>>(body: B, limit: usize) -> Result<Bytes, ReadError<B::Error>> {
    let announced = body.size_hint();
    if announced.lower() > limit as u64 {
        return Err(ReadError::TooLarge);
    }
    let mut body = pin!(body);
    let mut first = Bytes::new();
    let mut joined = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // Trailers mean nothing here.
        let Ok(data) = frame.map_err(ReadError::Broken)?.into_data() else {
            continue;
        };
        if first.len().max(joined.len()) + data.len() > limit {
            return Err(ReadError::TooLarge);
        }
        if joined.is_empty() {
            if first.is_empty() {
                first = data;
                if body.is_end_stream() {
                    break;
                }
                continue;
            }
            let expected = usize::try_from(announced.lower()).unwrap_or(limit);
            joined.reserve(expected.max(first.len() + data.len()));
            joined.extend_from_slice(&first);
        }
        joined.extend_from_slice(&data);
    }
    Ok(if joined.is_empty() { first } else { joined.freeze() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;
    use http_body::Frame;
    use http_body_util::{Full, StreamBody};
    use std::convert::Infallible;

    async fn read_chunks(chunks: &'static [&'static str], limit: usize) -> Result<Bytes, ReadError<Infallible>> {
        let frames = chunks
            .iter()
            .map(|chunk| Ok(Frame::data(Bytes::from_static(chunk.as_bytes()))));
        read(StreamBody::new(stream::iter(frames)), limit).await
    }

    #[tokio::test]
    async fn bodies_are_read_to_their_end() {
        for (chunks, whole) in [
            (&[][..], ""),
            (&["one"], "one"),
            (&["", "a", "", "b", "cd"], "abcd"),
            (&["a", "b"], "ab"),
        ] {
            assert_eq!(read_chunks(chunks, 4).await.unwrap(), whole, "{chunks:?}");
        }
    }

    #[tokio::test]
    async fn a_body_in_one_piece_is_not_copied() {
        let piece = Bytes::from_static(b"whole");
        assert_eq!(
            read(Full::new(piece.clone()), 5).await.unwrap().as_ptr(),
            piece.as_ptr()
        );
    }

    #[tokio::test]
    async fn larger_ones_are_refused() {
        for chunks in [&["abcde"][..], &["ab", "cde"], &["a", "b", "c", "d", "e"]] {
            assert!(
                matches!(read_chunks(chunks, 4).await, Err(ReadError::TooLarge)),
                "{chunks:?}"
            );
        }
    }
}
