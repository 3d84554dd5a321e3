//! The edge over real sockets, with a small schema of its own and short times.

mod doors;
mod hostile;
mod http2;
mod log;
mod seats;
mod stopping;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_graphql::{
    Context, EmptySubscription, InputValueError, InputValueResult, Object, Request, Response, Scalar,
    ScalarType, Schema, Value, futures_util::stream::BoxStream,
};
use axum::{Router, routing::get};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};
use uuid::Uuid;

use super::{Backend, Client, Connections, Edge, EdgeConfig, Times, serve};
use crate::{
    error::Code,
    rights::{Bell, Rights},
};

/// A value that is passed on as it is.
struct Row(Value);

#[Scalar(name = "JSON")]
impl ScalarType for Row {
    fn parse(value: Value) -> InputValueResult<Self> {
        if value == Value::Null {
            Err(InputValueError::custom("null"))
        } else {
            Ok(Self(value))
        }
    }

    fn to_value(&self) -> Value {
        self.0.clone()
    }
}

struct Query;

#[Object]
impl Query {
    async fn hello(&self, name: Option<String>) -> String {
        format!("Xin chào {}", name.as_deref().unwrap_or("cử tri"))
    }

    async fn address(&self, context: &Context<'_>) -> Option<String> {
        context
            .data_opt::<Client>()
            .map(|client| client.address.to_string())
    }

    async fn raw(&self) -> Row {
        Row(Value::Binary(r#"{"d":"Hội đồng"}"#.into()))
    }

    async fn long(&self, length: usize) -> String {
        "Kiến nghị của cử tri. ".chars().cycle().take(length).collect()
    }

    async fn slow(&self, milliseconds: u64, #[graphql(name = "waitMs")] _wait_ms: Option<u64>) -> bool {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        true
    }

    async fn panics(&self) -> bool {
        assert!(std::hint::black_box(false), "on purpose");
        true
    }

    async fn me(&self) -> Me {
        Me
    }
}

struct Me;

#[Object]
impl Me {
    async fn name(&self) -> &str {
        "me"
    }

    async fn me(&self) -> Me {
        Me
    }

    async fn page(&self, first: i32) -> Vec<Me> {
        (0..first).map(|_| Me).collect()
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn count(&self, context: &Context<'_>) -> u64 {
        context
            .data_opt::<Arc<AtomicU64>>()
            .map_or(0, |count| count.fetch_add(1, Ordering::SeqCst) + 1)
    }

    async fn slow(&self, milliseconds: u64) -> bool {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        true
    }

    /// Which of the rows could be decoded.
    async fn push(&self, rows: Vec<Row>) -> Vec<bool> {
        rows.into_iter()
            .map(|row| !matches!(row.0, Value::Binary(_)))
            .collect()
    }
}

struct TestBackend {
    schema: Schema<Query, Mutation, EmptySubscription>,
    sdl: String,
}

impl Backend for TestBackend {
    type Caller = Option<Uuid>;
    type Horizon = ();

    async fn authenticate(&self, bearer: Option<&str>, _client: &Client) -> Result<Self::Caller, Code> {
        match bearer {
            None => Ok(None),
            Some("good") => Ok(Some(Uuid::from_u128(1))),
            Some("old") => Err(Code::TokenExpired),
            Some(_) => Err(Code::Unauthenticated),
        }
    }

    fn account(&self, caller: &Self::Caller) -> Option<Uuid> {
        *caller
    }

    async fn execute(&self, request: Request, _caller: Self::Caller) -> Response {
        self.schema.execute(request).await
    }

    async fn horizon(&self) -> Result<(), Code> {
        Ok(())
    }

    fn subscribe(
        &self,
        request: Request,
        _caller: Self::Caller,
        _horizon: (),
    ) -> BoxStream<'static, Response> {
        self.schema.execute_stream(request)
    }

    async fn rights(&self) -> Result<Rights, Code> {
        Ok(Bell::default().listen())
    }

    fn has_same_rights(&self, before: &Self::Caller, now: &Self::Caller) -> bool {
        before == now
    }

    fn sdl(&self) -> &str {
        &self.sdl
    }

    async fn ready(&self) -> Result<(), &'static str> {
        Ok(())
    }

    fn jwks(&self) -> String {
        "{\"keys\":[]}".into()
    }

    fn fresh_id(&self) -> Uuid {
        Uuid::from_u128(7)
    }
}

/// A server on a free port.
struct Server {
    address: SocketAddr,
    edge: Arc<Edge<TestBackend>>,
    executed: Arc<AtomicU64>,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

fn short_times() -> Times {
    Times {
        header: Duration::from_millis(300),
        body: Duration::from_millis(1_500),
        idle: Duration::from_millis(600),
        stalled: Duration::from_millis(600),
        query: Duration::from_millis(500),
        mutation: Duration::from_secs(2),
        longest_wait: Duration::from_millis(400),
        drain: Duration::from_millis(1_200),
        ..Times::default()
    }
}

async fn server() -> Server {
    server_with(EdgeConfig {
        times: short_times(),
        examples: "### Chào\n{ hello }".into(),
        ..EdgeConfig::default()
    })
    .await
}

async fn server_with(config: EdgeConfig) -> Server {
    let executed = Arc::new(AtomicU64::new(0));
    let schema = Schema::build(Query, Mutation, EmptySubscription)
        .disable_suggestions()
        .data(Arc::clone(&executed))
        .finish();
    let sdl = schema.sdl();
    let pages = Router::new()
        .route("/", get(|| async { axum::response::Html("<p>Trang chủ</p>") }))
        .route(
            "/broken",
            get(|| async { assert!(std::hint::black_box(false), "on purpose") }),
        );
    let backend = TestBackend { schema, sdl };
    let edge = Edge::new(backend, pages, config);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let address = listener.local_addr().expect("address");
    let (stop, stopped) = oneshot::channel::<()>();
    let served = serve(listener, Arc::clone(&edge), async {
        let _ = stopped.await;
    });
    Server {
        address,
        edge,
        executed,
        stop: Some(stop),
        running: tokio::spawn(served),
    }
}

impl Server {
    async fn connect(&self) -> Wire {
        Wire {
            stream: TcpStream::connect(self.address).await.expect("connection"),
            unread: Vec::new(),
        }
    }

    /// Posts a query without a token.
    async fn post(&self, query: &str) -> Answer {
        self.post_with(&serde_json::json!({ "query": query }).to_string(), "")
            .await
    }

    /// Posts a body with further headers, each with its line end.
    async fn post_with(&self, body: impl AsRef<[u8]>, headers: &str) -> Answer {
        let mut wire = self.connect().await;
        wire.send(post(body.as_ref(), headers)).await;
        wire.answer().await.expect("answer")
    }

    /// Asks with a method and a path.
    async fn ask(&self, line: &str, headers: &str) -> Answer {
        let mut wire = self.connect().await;
        wire.send(format!("{line} HTTP/1.1\r\nhost: x\r\n{headers}\r\n"))
            .await;
        wire.answer().await.expect("answer")
    }

    fn executed(&self) -> u64 {
        self.executed.load(Ordering::SeqCst)
    }
}

fn post(body: &[u8], headers: &str) -> Vec<u8> {
    let kind = if headers.contains("content-type") {
        ""
    } else {
        "content-type: application/json\r\n"
    };
    let mut all = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\n{kind}{headers}content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    all.extend_from_slice(body);
    all
}

/// A client that writes what it is told to.
struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Wire {
    /// Sends bytes; a server that has hung up already is not an error.
    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// The next answer; `None` when the connection ended instead.
    async fn answer(&mut self) -> Option<Answer> {
        let head = loop {
            if let Some(end) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break self.unread.drain(..end + 4).collect::<Vec<_>>();
            }
            self.more().await?;
        };
        let head = String::from_utf8(head).expect("head");
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.get(9..12))
            .and_then(|code| code.parse().ok())
            .expect("status");
        let headers: HashMap<_, _> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length = headers
            .get("content-length")
            .map_or(0, |length| length.parse().expect("length"));
        while self.unread.len() < length {
            self.more().await?;
        }
        let body = self.unread.drain(..length).collect();
        Some(Answer {
            status,
            headers,
            body,
        })
    }

    async fn more(&mut self) -> Option<()> {
        let read = self.stream.read_buf(&mut self.unread);
        let read = tokio::time::timeout(Duration::from_secs(10), read)
            .await
            .expect("an answer in time");
        read.ok().filter(|read| *read > 0).map(drop)
    }
}

impl Answer {
    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Status and code, and the limit if there is one.
    fn refusal(&self) -> (u16, String, Option<u64>) {
        let json = self.json();
        let extensions = &json["errors"][0]["extensions"];
        assert!(
            json["errors"][0]["message"].is_string() && extensions["retryable"].is_boolean(),
            "{json}"
        );
        let code = extensions["code"].as_str().expect("code").to_owned();
        (self.status, code, extensions["limit"].as_u64())
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}
