//! A network that fails on purpose: a TCP proxy on loopback that cuts connections after a number of bytes, delays them,
//! delivers every request twice, delivers a later one first, or repeats an old one long after its time.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use rand::{Rng, rngs::StdRng};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// The bytes that came over one connection.
type Said = Arc<Mutex<Vec<u8>>>;

/// What goes wrong at the moment. A connection counts its bytes from its first one, or from the call that
/// changed the faults while it was open; every connection is cut until [`FaultProxy::clear`].
#[derive(Clone, Copy, Default)]
struct Faults {
    request_limit: Option<u64>,
    response_limit: Option<u64>,
    delay: Duration,
    is_doubled: bool,
    /// Grows with every change, so that open connections begin to count anew.
    change: u64,
}

#[derive(Default)]
struct Shared {
    faults: Mutex<Faults>,
    connections: Mutex<u64>,
    cuts: Mutex<u64>,
    /// Bytes that went to clients.
    answered: Mutex<u64>,
    /// How many of the next connections are held up.
    holding: Mutex<usize>,
    /// Grows when those that are held up may go on.
    released: watch::Sender<u64>,
    /// How late connections come, at random.
    scatter: Mutex<Option<(StdRng, Duration)>>,
    /// What clients said, by connection, from the call of [`FaultProxy::keep_requests`] on.
    kept: Mutex<Option<Vec<Said>>>,
}

impl Shared {
    fn faults(&self) -> Faults {
        *self.faults.lock().unwrap()
    }

    /// Waits as long as this connection has to.
    async fn hold_up(&self) {
        let mut released = self.released.subscribe();
        let is_held = {
            let mut holding = self.holding.lock().unwrap();
            let is_held = *holding > 0;
            *holding = holding.saturating_sub(1);
            is_held
        };
        if is_held {
            let _ = released.changed().await;
        }
        let late = self.scatter.lock().unwrap().as_mut().map(|(rng, most)| {
            let most = u64::try_from(most.as_millis()).unwrap();
            Duration::from_millis(rng.random_range(0..=most))
        });
        if let Some(late) = late {
            tokio::time::sleep(late).await;
        }
    }

    fn keep(&self) -> Option<Arc<Mutex<Vec<u8>>>> {
        let mut kept = self.kept.lock().unwrap();
        let one = Arc::default();
        kept.as_mut()?.push(Arc::clone(&one));
        Some(one)
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Request,
    Response,
}

/// A proxy in front of one server; it stops, and cuts everything, when it is dropped.
pub struct FaultProxy {
    address: SocketAddr,
    target: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl FaultProxy {
    /// A proxy to `target` on a free loopback port, without faults.
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let accepting = tokio::spawn(accept(listener, target, shared.clone()));
        Self {
            address,
            target,
            shared,
            accepting,
        }
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://` URL of a path behind the proxy; the path begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on the server gets the first `bytes` bytes of a connection's request, then both sides are cut.
    pub fn cut_request_after(&self, bytes: u64) {
        self.change(|faults| faults.request_limit = Some(bytes));
    }

    /// From now on the client gets the first `bytes` bytes of a connection's response, then both sides are cut.
    /// With 0 the server has answered, and so committed, and the client hears nothing of it.
    pub fn cut_response_after(&self, bytes: u64) {
        self.change(|faults| faults.response_limit = Some(bytes));
    }

    /// Holds up every piece of data, in both directions.
    pub fn delay(&self, delay: Duration) {
        self.change(|faults| faults.delay = delay);
    }

    /// New connections reach the server twice, byte by byte at the same time, as when a network repeats a
    /// request; the client sees the first one's response.
    pub fn double_requests(&self) {
        self.change(|faults| faults.is_doubled = true);
    }

    /// Holds the next `connections` connections up until [`release`](Self::release): what comes after them overtakes.
    pub fn hold_next(&self, connections: usize) {
        *self.shared.holding.lock().unwrap() = connections;
    }

    /// Lets go what was held up.
    pub fn release(&self) {
        *self.shared.holding.lock().unwrap() = 0;
        self.shared.released.send_modify(|count| *count += 1);
    }

    /// New connections come late, each by a random time up to `most`, so that those of one moment overtake each other.
    pub fn scatter(&self, rng: StdRng, most: Duration) {
        *self.shared.scatter.lock().unwrap() = Some((rng, most));
    }

    /// From now on keeps what clients say, to [`repeat`](Self::repeat) it.
    pub fn keep_requests(&self) {
        *self.shared.kept.lock().unwrap() = Some(Vec::new());
    }

    /// What was kept, by connection.
    pub fn kept(&self) -> Vec<Vec<u8>> {
        let kept = self.shared.kept.lock().unwrap();
        let kept = kept.as_ref().expect("requests are kept");
        kept.iter().map(|one| one.lock().unwrap().clone()).collect()
    }

    /// Delivers a request once more, however late; what the server answers, which nobody hears.
    pub async fn repeat(&self, request: &[u8]) -> String {
        let (first_line, rest) = request.split_at(request.windows(2).position(|at| at == b"\r\n").unwrap());
        let mut server = TcpStream::connect(self.target).await.unwrap();
        server.write_all(first_line).await.unwrap();
        server.write_all(b"\r\nconnection: close").await.unwrap();
        server.write_all(rest).await.unwrap();
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A good network again. What is held up stays so.
    pub fn clear(&self) {
        *self.shared.scatter.lock().unwrap() = None;
        self.change(|faults| {
            *faults = Faults {
                change: faults.change,
                ..Faults::default()
            }
        });
    }

    /// Connections that clients have opened so far.
    pub fn connections(&self) -> u64 {
        *self.shared.connections.lock().unwrap()
    }

    /// Connections cut so far. A test that expects a cut asserts it here: a limit beyond the message's end
    /// cuts nothing.
    pub fn cuts(&self) -> u64 {
        *self.shared.cuts.lock().unwrap()
    }

    /// Bytes that clients have got so far, headers and all.
    pub fn answered(&self) -> u64 {
        *self.shared.answered.lock().unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut Faults)) {
        let mut faults = self.shared.faults.lock().unwrap();
        change(&mut faults);
        faults.change += 1;
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, shared: Arc<Shared>) {
    // Owned by this task, so that stopping the proxy ends its connections too.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        *shared.connections.lock().unwrap() += 1;
        connections.spawn(connect(client, target, shared.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// The first error drops all ends at once: that is the cut.
async fn connect(mut client: TcpStream, target: SocketAddr, shared: Arc<Shared>) -> io::Result<()> {
    let kept = shared.keep();
    shared.hold_up().await;
    let mut server = TcpStream::connect(target).await?;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    if shared.faults().is_doubled {
        let mut second = TcpStream::connect(target).await?;
        let (mut from_second, to_second) = second.split();
        let mut ignored = tokio::io::sink();
        tokio::try_join!(
            carry(
                Direction::Request,
                from_client,
                vec![to_server, to_second],
                &shared,
                kept
            ),
            carry(Direction::Response, from_server, vec![to_client], &shared, None),
            tokio::io::copy(&mut from_second, &mut ignored),
        )?;
    } else {
        tokio::try_join!(
            carry(Direction::Request, from_client, vec![to_server], &shared, kept),
            carry(Direction::Response, from_server, vec![to_client], &shared, None),
        )?;
    }
    Ok(())
}

async fn carry(
    direction: Direction,
    mut from: impl AsyncRead + Unpin,
    mut to: Vec<impl AsyncWrite + Unpin>,
    shared: &Shared,
    kept: Option<Arc<Mutex<Vec<u8>>>>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    let (mut carried, mut counted_under) = (0_u64, shared.faults().change);
    loop {
        let read = from.read(&mut buffer).await?;
        if let Some(kept) = &kept {
            kept.lock().unwrap().extend_from_slice(&buffer[..read]);
        }
        let faults = shared.faults();
        if counted_under != faults.change {
            (carried, counted_under) = (0, faults.change);
        }
        if !faults.delay.is_zero() {
            tokio::time::sleep(faults.delay).await;
        }
        if read == 0 {
            for end in &mut to {
                end.shutdown().await?;
            }
            return Ok(());
        }
        let limit = match direction {
            Direction::Request => faults.request_limit,
            Direction::Response => faults.response_limit,
        };
        let left = limit.map_or(u64::MAX, |limit| limit.saturating_sub(carried));
        let sent = read.min(usize::try_from(left).unwrap_or(usize::MAX));
        // Counted before it goes: whoever has heard an answer finds it counted.
        if matches!(direction, Direction::Response) {
            *shared.answered.lock().unwrap() += sent as u64;
        }
        for end in &mut to {
            end.write_all(&buffer[..sent]).await?;
            end.flush().await?;
        }
        carried += sent as u64;
        if limit.is_some_and(|limit| carried >= limit) {
            *shared.cuts.lock().unwrap() += 1;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
    }
}
