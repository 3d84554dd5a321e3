//! The bytes of one connection, with the clocks that hyper does not have.
//!
//! hyper bounds neither the time to the very first byte nor, apart from each other, the headers of a request
//! and the pause before the next. And what it answers by itself to headers it cannot read has no body. Both
//! are added here, below it, so that they hold for HTTP/1 and HTTP/2 alike.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, Bytes};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep},
};

use super::{Times, connection::Connection, json};
use crate::error::{Code, Lang};

/// How long bytes of a refused body are still taken, so that the client reads the answer instead of a reset.
const LINGER: Duration = Duration::from_secs(2);
/// How long an idle HTTP/2 client has to take leave when the server stops.
const FAREWELL: Duration = Duration::from_secs(1);
/// hyper's own answers are shorter than this.
const OWN_WORDS: usize = 256;

/// A TCP stream with deadlines.
pub(super) struct Wire {
    stream: TcpStream,
    connection: Arc<Connection>,
    times: Times,
    timer: Pin<Box<Sleep>>,
    /// Since when the client has not taken a byte.
    stalled: Option<Instant>,
    /// Requests that had begun when the bytes of the next were first seen, and when that was.
    head: Option<(u64, Instant)>,
    is_http2: Option<bool>,
    /// Our words in place of hyper's, not yet written.
    instead: Bytes,
    closing: Option<Instant>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, connection: Arc<Connection>, times: Times) -> Self {
        let timer = Box::pin(tokio::time::sleep(times.header));
        Self {
            stream,
            connection,
            times,
            timer,
            stalled: None,
            head: None,
            is_http2: None,
            instead: Bytes::new(),
            closing: None,
        }
    }

    /// Bytes came: between two requests they begin the next one.
    fn noticed(&mut self, bytes: &[u8]) {
        self.is_http2.get_or_insert(bytes.starts_with(b"PRI"));
        let standing = self.connection.standing();
        if standing.in_flight == 0
            && self
                .head
                .is_none_or(|(requests, _)| requests != standing.requests)
        {
            self.head = Some((standing.requests, Instant::now()));
        }
    }

    /// Until when the next byte must come.
    fn deadline(&self) -> Option<Instant> {
        let standing = self.connection.standing();
        let is_http2 = self.is_http2 == Some(true);
        if standing.in_flight > 0 || self.stalled.is_some() {
            None
        } else if standing.draining {
            // HTTP/2 still has frames to exchange before it closes
            Some(if is_http2 {
                standing.since.max(self.head_seen()) + FAREWELL
            } else {
                Instant::now()
            })
        } else if standing.requests == 0 {
            Some(self.connection.opened() + self.times.header)
        } else {
            match self.head {
                Some((requests, since)) if requests == standing.requests && !is_http2 => {
                    Some(since + self.times.header)
                }
                _ => Some(standing.since + self.times.idle),
            }
        }
    }

    fn head_seen(&self) -> Instant {
        self.head.map_or(self.connection.opened(), |(_, since)| since)
    }

    /// The deadline passed. A client that had begun is told; one that was silent is hung up on.
    fn expired(&mut self) -> io::Result<()> {
        let standing = self.connection.standing();
        let began = self
            .head
            .is_some_and(|(requests, _)| requests == standing.requests);
        if began && self.is_http2 == Some(false) && !standing.draining {
            // one attempt: whoever sends so slowly may also read slowly
            let _ = self.stream.try_write(&words(Code::RequestTimeout));
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    fn poll_instead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.instead.has_remaining() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.instead))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.instead.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    /// A write made progress, or has to wait until the client takes something.
    fn minded<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let since = *self.stalled.get_or_insert_with(Instant::now);
        self.timer.as_mut().reset(since + self.times.stalled);
        if self.timer.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }

    /// Takes and forgets what the client still sends, until it stops or has had its time.
    fn poll_linger(&mut self, context: &mut Context<'_>, since: Instant) -> Poll<io::Result<()>> {
        let mut scratch = [0; 16 * 1024];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() && since.elapsed() < LINGER => {}
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => {
                    self.timer.as_mut().reset(since + LINGER);
                    return self.timer.as_mut().poll(context).map(Ok);
                }
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() {
            let bytes = &buffer.filled()[before..];
            if !bytes.is_empty() {
                self.noticed(bytes);
            }
            return read;
        }
        let Some(deadline) = self.deadline() else {
            return Poll::Pending;
        };
        if deadline > Instant::now() {
            self.timer.as_mut().reset(deadline);
            ready!(self.timer.as_mut().poll(context));
        }
        Poll::Ready(self.expired())
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let pending = self.poll_instead(context);
        ready!(self.minded(context, pending))?;
        if let Some(better) = better_words(bytes) {
            self.instead = better;
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.minded(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let pending = self.poll_instead(context);
        ready!(self.minded(context, pending))?;
        if let Some(first) = slices.iter().find(|slice| !slice.is_empty())
            && let Some(better) = better_words(first)
        {
            self.instead = better;
            return Poll::Ready(Ok(first.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.minded(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let pending = self.poll_instead(context);
        ready!(self.minded(context, pending))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let pending = self.poll_instead(context);
        ready!(self.minded(context, pending))?;
        let since = match self.closing {
            Some(since) => since,
            None => {
                ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
                *self.closing.insert(Instant::now())
            }
        };
        if self.connection.is_unread() {
            self.poll_linger(context, since)
        } else {
            Poll::Ready(Ok(()))
        }
    }
}

/// What to write in place of an answer that hyper made by itself. Ours always carry an id and a body.
fn better_words(bytes: &[u8]) -> Option<Bytes> {
    if bytes.len() > OWN_WORDS || !bytes.starts_with(b"HTTP/1.1 4") {
        return None;
    }
    let head = std::str::from_utf8(bytes).ok()?;
    if !head.contains("content-length: 0\r\n") || head.contains("x-request-id") {
        return None;
    }
    Some(words(match head.get(9..12)? {
        "431" | "414" => Code::HeadersTooLarge,
        _ => Code::MalformedRequest,
    }))
}

/// A complete answer to somebody whose request could not be read.
pub(super) fn words(code: Code) -> Bytes {
    let mut body = b"{\"errors\":[{\"message\":".to_vec();
    json::string(&mut body, code.message(Lang::Vi));
    body.extend_from_slice(b",\"extensions\":{\"code\":");
    json::string(&mut body, code.name());
    json::display(
        &mut body,
        format_args!(",\"requestId\":null,\"retryable\":{}}}}}]}}", code.retryable()),
    );
    let reason = match code.status() {
        408 => "Request Timeout",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Bad Request",
    };
    let again = if matches!(code.status(), 429 | 503) {
        "retry-after: 5\r\n"
    } else {
        ""
    };
    let mut all = format!(
        "HTTP/1.1 {} {reason}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {}\r\n\
         access-control-allow-origin: *\r\nx-content-type-options: nosniff\r\n{again}connection: close\r\n\r\n",
        code.status(),
        body.len(),
    )
    .into_bytes();
    all.extend_from_slice(&body);
    all.into()
}
