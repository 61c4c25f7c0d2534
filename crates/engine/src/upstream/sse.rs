//! Server-sent events, read as they arrive.
//!
//! [`Decoder`] is a pure state machine over chunks of bytes: it knows no HTTP and no JSON, and may be fed anything.
//! An event of one line that came in one chunk is a slice of that chunk; only events that were torn apart are copied.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr2;
use thiserror::Error;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// An event with data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its `event` field; empty means `message`.
    pub kind: Bytes,
    /// Its `data` lines, joined with line feeds.
    pub data: Bytes,
}

/// An event is larger than allowed. The stream can't be read any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an event is too large")]
pub struct EventTooLarge;

/// Makes events from chunks.
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    /// What has come and is not yet a whole line.
    rest: Bytes,
    /// How much of `rest` was searched for a line's end already.
    searched: usize,
    at_start: bool,
    /// The last line ended with a carriage return; a line feed right after it belongs to it.
    after_cr: bool,
    kind: Bytes,
    data: Data,
    failed: bool,
}

/// The data lines of the event that is being read.
#[derive(Debug, Default)]
enum Data {
    #[default]
    None,
    One(Bytes),
    Many(BytesMut),
}

impl Data {
    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(line) => line.len(),
            Self::Many(lines) => lines.len(),
        }
    }

    fn push(&mut self, line: Bytes) {
        *self = match std::mem::take(self) {
            Self::None => Self::One(line),
            Self::One(first) => {
                let mut lines = BytesMut::with_capacity(first.len() + 1 + line.len());
                lines.extend_from_slice(&first);
                lines.extend_from_slice(b"\n");
                lines.extend_from_slice(&line);
                Self::Many(lines)
            }
            Self::Many(mut lines) => {
                lines.extend_from_slice(b"\n");
                lines.extend_from_slice(&line);
                Self::Many(lines)
            }
        };
    }

    fn take(&mut self) -> Bytes {
        match std::mem::take(self) {
            Self::None => Bytes::new(),
            Self::One(line) => line,
            Self::Many(lines) => lines.freeze(),
        }
    }
}

impl Decoder {
    /// A decoder that takes events of at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            rest: Bytes::new(),
            searched: 0,
            at_start: true,
            after_cr: false,
            kind: Bytes::new(),
            data: Data::None,
            failed: false,
        }
    }

    /// Takes the next chunk of the stream. Read [`Self::next_event`] until it is empty before giving it another one.
    pub fn push(&mut self, chunk: Bytes) {
        let rest = std::mem::take(&mut self.rest);
        self.rest = if rest.is_empty() {
            chunk
        } else {
            // What was joined before is ours alone and grows in place, so a large event isn't copied for each chunk.
            let mut joined = rest
                .try_into_mut()
                .unwrap_or_else(|shared| BytesMut::from(shared.as_ref()));
            joined.extend_from_slice(&chunk);
            joined.freeze()
        };
    }

    /// The next whole event, if there is one. What stands unfinished at the end of the stream is no event.
    ///
    /// # Errors
    /// When an event is too large; from then on always.
    pub fn next_event(&mut self) -> Result<Option<Event>, EventTooLarge> {
        while !self.failed {
            let Some(line) = self.next_line() else {
                self.failed = self.rest.len() + self.data.len() > self.limit;
                break;
            };
            if line.is_empty() {
                let (kind, data) = (std::mem::take(&mut self.kind), self.data.take());
                if !data.is_empty() {
                    return Ok(Some(Event { kind, data }));
                }
            } else {
                self.field(&line);
                self.failed = self.data.len() + self.kind.len() > self.limit;
            }
        }
        if self.failed { Err(EventTooLarge) } else { Ok(None) }
    }

    fn next_line(&mut self) -> Option<Bytes> {
        if self.at_start {
            if self.rest.len() < BOM.len() && BOM.starts_with(&self.rest) {
                return None;
            }
            if self.rest.starts_with(BOM) {
                self.rest.advance(BOM.len());
            }
            self.at_start = false;
        }
        if self.after_cr && !self.rest.is_empty() {
            self.after_cr = false;
            if self.rest[0] == b'\n' {
                self.rest.advance(1);
            }
        }
        let Some(found) = memchr2(b'\r', b'\n', &self.rest[self.searched..]) else {
            self.searched = self.rest.len();
            return None;
        };
        let line = self.rest.split_to(self.searched + found);
        self.searched = 0;
        self.after_cr = self.rest[0] == b'\r';
        self.rest.advance(1);
        Some(line)
    }

    fn field(&mut self, line: &Bytes) {
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let mut value = line.len().min(colon + 1);
        if line.get(value) == Some(&b' ') {
            value += 1;
        }
        // `id` and `retry` are for resuming, which is not offered; a comment's name is empty; the rest is unknown.
        match &line[..colon] {
            b"data" => self.data.push(line.slice(value..)),
            b"event" => self.kind = line.slice(value..),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(chunks: &[&[u8]]) -> Vec<(String, String)> {
        let mut decoder = Decoder::new(1 << 20);
        let mut events = Vec::new();
        for chunk in chunks {
            decoder.push(Bytes::copy_from_slice(chunk));
            while let Some(event) = decoder.next_event().unwrap() {
                let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
                events.push((text(&event.kind), text(&event.data)));
            }
        }
        events
    }

    fn data(chunks: &[&[u8]]) -> Vec<String> {
        decode(chunks).into_iter().map(|(_, data)| data).collect()
    }

    #[test]
    fn lines_end_with_cr_lf_or_both() {
        for end in ["\n", "\r", "\r\n"] {
            let text = format!("data: a{end}{end}data: b{end}data:c{end}{end}");
            assert_eq!(data(&[text.as_bytes()]), ["a", "b\nc"], "{end:?}");
        }
    }

    #[test]
    fn fields_are_read_as_the_standard_says() {
        for (text, expected) in [
            ("data: x\n\n", vec!["x"]),
            ("data:x\n\n", vec!["x"]),
            ("data:  x\n\n", vec![" x"]),
            ("data\n\n", vec![]),
            ("data:\n\n", vec![]),
            ("data\ndata\n\n", vec!["\n"]),
            ("data: a:b\n\n", vec!["a:b"]),
            (": comment\n\n", vec![]),
            (":\n\ndata: x\n\n", vec!["x"]),
            ("Data: x\n\n", vec![]),
            ("datax: x\n\n", vec![]),
            ("id: 1\nretry: 3000\ndata:\n\ndata: x\n\n", vec!["x"]),
            ("\n\n\ndata: x\n\n", vec!["x"]),
            ("data: unfinished\n", vec![]),
            ("data: unfinished", vec![]),
        ] {
            assert_eq!(data(&[text.as_bytes()]), expected, "{text:?}");
        }
    }

    #[test]
    fn an_events_kind_is_its_own() {
        assert_eq!(
            decode(&[b"event: endpoint\ndata: /x\n\ndata: y\n\n"]),
            [("endpoint".into(), "/x".into()), (String::new(), "y".into())]
        );
    }

    #[test]
    fn a_byte_order_mark_counts_only_at_the_start() {
        assert_eq!(data(&[b"\xef\xbb\xbfdata: x\n\n"]), ["x"]);
        assert_eq!(data(&[b"\xef", b"\xbb", b"\xbf", b"data: x\n\n"]), ["x"]);
        assert_eq!(data(&[b"data: x\n\n\xef\xbb\xbfdata: y\n\n"]), ["x"]);
        assert_eq!(data(&[b"\xef\xbbdata: x\n\ndata: y\n\n"]), ["y"]);
    }

    #[test]
    fn where_chunks_end_makes_no_difference() {
        let text = "\u{feff}data: {\"a\":1}\r\n\r\n: hi\r\revent: message\ndata: ä\ndata: b\r\n\ndata: z\n\r\n";
        let whole = decode(&[text.as_bytes()]);
        assert_eq!(whole.len(), 3);
        for size in 1..text.len() {
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            assert_eq!(decode(&chunks), whole, "chunks of {size}");
        }
    }

    #[test]
    fn any_bytes_decode_the_same_in_any_chunks_and_never_panic() {
        // A small xorshift generator: the alphabet is what the grammar reacts to.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let alphabet: [&[u8]; 10] = [
            b"data",
            b"event",
            b"id",
            b":",
            b" ",
            b"\n",
            b"\r",
            b"\r\n",
            b"\xef\xbb\xbf",
            b"x",
        ];
        for _ in 0..2000 {
            let text: Vec<u8> = (0..random() % 40)
                .flat_map(|_| alphabet[(random() % 10) as usize].to_vec())
                .collect();
            let whole = decode(&[&text]);
            let split = if text.is_empty() {
                0
            } else {
                (random() % text.len() as u64) as usize
            };
            assert_eq!(decode(&[&text[..split], &text[split..]]), whole, "{text:?} at {split}");
            let bytes: Vec<&[u8]> = text.chunks(1).collect();
            assert_eq!(decode(&bytes), whole, "{text:?} byte by byte");
        }
    }

    #[test]
    fn an_event_in_one_chunk_is_not_copied() {
        let chunk = Bytes::from_static(b"data: hello\n\n");
        let mut decoder = Decoder::new(100);
        decoder.push(chunk.clone());
        let event = decoder.next_event().unwrap().unwrap();
        assert_eq!(event.data.as_ptr(), chunk[6..].as_ptr());
    }

    #[test]
    fn events_that_grow_without_end_are_refused() {
        for pieces in [
            [b"data: 0123456789".as_slice(), b"0123456789"],
            [b"data: 01234567\n", b"data: 01234567\n"],
        ] {
            let mut decoder = Decoder::new(16);
            let mut results = Vec::new();
            for piece in pieces {
                decoder.push(Bytes::from_static(piece));
                results.push(decoder.next_event());
            }
            assert_eq!(results.last(), Some(&Err(EventTooLarge)), "{pieces:?}");
            decoder.push(Bytes::from_static(b"\n\ndata: x\n\n"));
            assert_eq!(decoder.next_event(), Err(EventTooLarge), "the stream is lost");
        }
        let mut decoder = Decoder::new(16);
        for _ in 0..100 {
            decoder.push(Bytes::from_static(b": a comment\n"));
            assert_eq!(decoder.next_event(), Ok(None), "comments don't add up");
        }
    }
}
