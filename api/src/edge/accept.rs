//! Accepts connections until told to stop, and then lets what runs come to its end.

use std::{convert::Infallible, io, pin::pin, sync::Arc, time::Duration};

use axum::http::Response;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};

use super::{
    Backend, Edge, Times, address,
    connection::{Answer, Connection},
    routes,
    wire::{Wire, words},
};
use crate::error::Code;

/// The longest request line and headers together, in bytes: room for a query text in an address.
pub(super) const HEADERS: usize = 64 * 1024;
/// Requests at the same time on one HTTP/2 connection.
const STREAMS: u32 = 64;
/// A pause when the system has no more descriptors, so that the loop does not spin.
const PAUSE: Duration = Duration::from_millis(100);
/// Connections that are being told that there is no place; more are closed without a word.
const TURNED_AWAY: usize = 128;

/// Serves connections until `shutdown` is ready, and returns when the last request was answered or the time
/// for that is over.
pub async fn serve<B: Backend>(
    listener: TcpListener,
    edge: Arc<Edge<B>>,
    shutdown: impl Future<Output = ()>,
) {
    let builder = Arc::new(builder(&edge.config.times));
    let turned_away = Arc::new(Semaphore::new(TURNED_AWAY));
    let mut tasks = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let stream = tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => continue,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    pause(&error).await;
                    continue;
                }
            },
        };
        // a client that is gone already has no address
        let Ok(peer) = stream.peer_addr().map(|peer| peer.ip().to_canonical()) else {
            continue;
        };
        let is_proxy = address::is_trusted(peer, &edge.config.trusted_proxies);
        match edge.seats.admit(peer, is_proxy) {
            Ok(seat) => {
                let connection = Connection::new(peer, seat, edge.draining.clone());
                tasks.spawn(connected(
                    stream,
                    connection,
                    Arc::clone(&edge),
                    Arc::clone(&builder),
                ));
            }
            Err(code) => {
                if let Ok(permit) = Arc::clone(&turned_away).try_acquire_owned() {
                    tasks.spawn(async move {
                        turn_away(stream, code).await;
                        drop(permit);
                    });
                }
            }
        }
    }
    drop(listener);
    edge.draining.cancel();
    edge.sockets.close();
    let rest = async {
        while tasks.join_next().await.is_some() {}
        edge.sockets.wait().await;
    };
    if tokio::time::timeout(edge.config.times.drain, rest).await.is_err() {
        tracing::warn!(connections = tasks.len(), "cut off what had not finished in time");
        tasks.shutdown().await;
    }
}

fn builder(times: &Times) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // The deadlines are the wire's and come first. With one of its own hyper looks at the wire again after
    // each answer, which starts the wire's; without, it sleeps until the client speaks.
    let last = times.idle + 2 * times.header;
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(last)
        .max_buf_size(HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS as u32)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

async fn connected<B: Backend>(
    stream: TcpStream,
    connection: Arc<Connection>,
    edge: Arc<Edge<B>>,
    builder: Arc<auto::Builder<TokioExecutor>>,
) {
    // without it small answers wait for the client's next packet; a failure only costs time
    let _ = stream.set_nodelay(true);
    let wire = Wire::new(stream, Arc::clone(&connection), edge.config.times);
    let draining = edge.draining.clone();
    let service = service_fn(move |request: axum::http::Request<Incoming>| {
        let (edge, connection) = (Arc::clone(&edge), Arc::clone(&connection));
        let in_flight = connection.begin();
        async move {
            let answer = routes::answer(&edge, &connection, request).await;
            Ok::<_, Infallible>(Response::map(answer, |body| Answer::new(body, in_flight)))
        }
    });
    let mut served = pin!(builder.serve_connection_with_upgrades(TokioIo::new(wire), service));
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = draining.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(cause) = ended {
        // broken connections are everyday life, not a defect
        tracing::trace!(%cause, "connection ended");
    }
}

/// Says in a few words that there is no place. The request is taken first, else the client sees a reset.
async fn turn_away(stream: TcpStream, code: Code) {
    let _ = tokio::time::timeout(Duration::from_secs(1), stream.readable()).await;
    let _ = stream.try_read(&mut [0; 4096]);
    let _ = stream.try_write(&words(code));
}

/// What to do when accepting failed: nothing when the client went away, else wait for descriptors.
async fn pause(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    ) {
        tracing::warn!(%error, "cannot accept connections");
        tokio::time::sleep(PAUSE).await;
    }
}
