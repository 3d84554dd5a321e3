//! A push service on a loopback port: takes signals, keeps them as they came, and answers as it is told.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, rustls};

/// A signal as it came.
#[derive(Clone, Debug)]
pub struct Signal {
    pub line: String,
    /// In lower case.
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
    /// All of it.
    pub raw: String,
}

/// What is answered at a path.
#[derive(Clone, Debug)]
pub enum Answer {
    Status(u16),
    /// Come back after so many seconds.
    Later(u16, u32),
    /// Elsewhere.
    Moved(String),
    /// The signal is taken, and no answer ever comes.
    Silence,
}

#[derive(Default)]
struct Inside {
    signals: Mutex<Vec<Signal>>,
    answers: Mutex<HashMap<String, Answer>>,
}

/// It ends with this value.
pub struct PushService {
    address: SocketAddr,
    is_sealed: bool,
    inside: Arc<Inside>,
    _serving: JoinSet<()>,
}

impl PushService {
    /// Begins to listen.
    pub async fn start() -> Self {
        Self::listen(None).await
    }

    /// Begins to listen behind TLS, as `localhost`; the certificate by which it is known, as PEM.
    pub async fn start_with_tls() -> (Self, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let service = Self::listen(Some(TlsAcceptor::from(Arc::new(config)))).await;
        (service, made.cert.pem())
    }

    async fn listen(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inside = Arc::new(Inside::default());
        let mut serving = JoinSet::new();
        let shared = Arc::clone(&inside);
        let is_sealed = tls.is_some();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (shared, tls) = (Arc::clone(&shared), tls.clone());
                connections.spawn(async move {
                    match tls {
                        None => serve(stream, shared).await,
                        // Whoever does not trust it goes away.
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, shared).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            is_sealed,
            inside,
            _serving: serving,
        }
    }

    /// Where a device is woken.
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}/{path}", self.origin())
    }

    /// Its origin.
    pub fn origin(&self) -> String {
        match self.is_sealed {
            true => format!("https://localhost:{}", self.address.port()),
            false => format!("http://{}", self.address),
        }
    }

    /// From now on this is answered at this path.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.inside
            .answers
            .lock()
            .unwrap()
            .insert(format!("/{path}"), answer);
    }

    /// The signals that came since this was last asked.
    pub fn taken(&self) -> Vec<Signal> {
        std::mem::take(&mut *self.inside.signals.lock().unwrap())
    }

    /// The paths at which signals came since this was last asked, in order.
    pub fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = self
            .taken()
            .iter()
            .map(|signal| signal.line.split(' ').nth(1).unwrap()[1..].to_owned())
            .collect();
        paths.sort();
        paths
    }

    /// Waits for a signal.
    pub async fn hears(&self, within: Duration) -> Option<Signal> {
        let until = tokio::time::Instant::now() + within;
        loop {
            if let Some(signal) = self.inside.signals.lock().unwrap().pop() {
                return Some(signal);
            }
            if tokio::time::Instant::now() > until {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, inside: Arc<Inside>) {
    let mut held = Vec::new();
    loop {
        let Some(signal) = read(&mut stream, &mut held).await else {
            return;
        };
        let path = signal.line.split(' ').nth(1).unwrap_or_default().to_owned();
        inside.signals.lock().unwrap().push(signal);
        let answer = inside.answers.lock().unwrap().get(&path).cloned();
        let (status, header) = match answer {
            None => (201, String::new()),
            Some(Answer::Status(status)) => (status, String::new()),
            Some(Answer::Later(status, seconds)) => (status, format!("Retry-After: {seconds}\r\n")),
            Some(Answer::Moved(to)) => (307, format!("Location: {to}\r\n")),
            Some(Answer::Silence) => std::future::pending().await,
        };
        let answer = format!("HTTP/1.1 {status} X\r\n{header}Content-Length: 0\r\n\r\n");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin), held: &mut Vec<u8>) -> Option<Signal> {
    let mut buffer = [0; 4_096];
    let end = loop {
        if let Some(end) = held.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        held.extend_from_slice(&buffer[..count]);
    };
    let head = String::from_utf8_lossy(&held[..end]).into_owned();
    let mut lines = head.lines();
    let line = lines.next()?.to_owned();
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    while held.len() < end + length {
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        held.extend_from_slice(&buffer[..count]);
    }
    let rest = held.split_off(end + length);
    let whole = std::mem::replace(held, rest);
    Some(Signal {
        line,
        headers,
        body: whole[end..].to_vec(),
        raw: String::from_utf8_lossy(&whole).into_owned(),
    })
}
