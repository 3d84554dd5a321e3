//! A client of `graphql-transport-ws` that does exactly what it is told, right or wrong.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, protocol::CloseFrame},
};

/// Nothing that is expected takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A socket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens one; nothing is said yet.
    pub async fn open(address: SocketAddr, protocol: Option<&'static str>) -> Self {
        let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
        if let Some(protocol) = protocol {
            request
                .headers_mut()
                .insert("sec-websocket-protocol", protocol.parse().unwrap());
        }
        let (socket, _) = connect_async(request).await.unwrap();
        Self(socket)
    }

    /// Opens one with the right protocol.
    pub async fn new(address: SocketAddr) -> Self {
        Self::open(address, Some("graphql-transport-ws")).await
    }

    /// Opens one and is let in.
    pub async fn signed_in(address: SocketAddr, token: Option<&str>) -> Self {
        let mut socket = Self::new(address).await;
        let payload = token.map(|token| json!({"headers": {"Authorization": format!("Bearer {token}")}}));
        socket
            .say(json!({"type": "connection_init", "payload": payload}))
            .await;
        assert_eq!(socket.hear().await, json!({"type": "connection_ack"}));
        socket
    }

    /// Opens one and is let in, if the server lives so long.
    pub async fn try_signed_in(address: SocketAddr, token: Option<&str>) -> Option<Self> {
        let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let (socket, _) = connect_async(request).await.ok()?;
        let mut socket = Self(socket);
        let payload = token.map(|token| json!({"headers": {"Authorization": format!("Bearer {token}")}}));
        socket
            .say(json!({"type": "connection_init", "payload": payload}))
            .await;
        let answer = socket.hear_or_end().await?;
        (answer == json!({"type": "connection_ack"})).then_some(socket)
    }

    /// Says something.
    pub async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    /// Sends any frame; a closed socket is found out by listening.
    pub async fn send(&mut self, message: Message) {
        let _ = self.0.send(message).await;
    }

    /// Begins an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({"query": query, "variables": variables});
        self.say(json!({"id": id, "type": "subscribe", "payload": payload}))
            .await;
    }

    /// The next message.
    pub async fn hear(&mut self) -> Value {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            match tokio::time::timeout_at(until, self.0.next())
                .await
                .expect("a message")
            {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next message; none once the socket is closed or its road is broken.
    pub async fn hear_or_end(&mut self) -> Option<Value> {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            match tokio::time::timeout_at(until, self.0.next())
                .await
                .expect("a message, or the end")
            {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    }

    /// The next message, if one comes until then.
    pub async fn hear_until(&mut self, until: tokio::time::Instant) -> Option<Value> {
        loop {
            match tokio::time::timeout_at(until, self.0.next()).await.ok()? {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Whether nothing is said for a while.
    pub async fn is_silent(&mut self, while_: Duration) -> bool {
        let until = tokio::time::Instant::now() + while_;
        loop {
            match tokio::time::timeout_at(until, self.0.next()).await {
                Err(_) => return true,
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
                Ok(_) => return false,
            }
        }
    }

    /// How many pings come in this time.
    pub async fn pings(&mut self, while_: Duration) -> usize {
        let mut count = 0;
        let until = tokio::time::Instant::now() + while_;
        while let Ok(Some(Ok(message))) = tokio::time::timeout_at(until, self.0.next()).await {
            count += usize::from(message.is_ping());
        }
        count
    }

    /// All that is still said, and the code with which it is closed.
    pub async fn end(&mut self) -> (Vec<Value>, u16) {
        let until = tokio::time::Instant::now() + PATIENCE;
        let mut said = Vec::new();
        loop {
            match tokio::time::timeout_at(until, self.0.next())
                .await
                .expect("the end")
            {
                Some(Ok(Message::Text(text))) => said.push(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => return (said, code.into()),
                Some(Ok(_)) => {}
                other => panic!("no code: {other:?}"),
            }
        }
    }

    /// The code with which it is closed.
    pub async fn closed(&mut self) -> u16 {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            match tokio::time::timeout_at(until, self.0.next())
                .await
                .expect("the end")
            {
                Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => return code.into(),
                Some(Ok(_)) => {}
                other => panic!("no code: {other:?}"),
            }
        }
    }
}
