//! The story's side of the wire: one GraphQL request a connection, as any program would send it. It talks to a server
//! on this machine in plain HTTP and must never be used for anything else.

use std::net::SocketAddr;

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::Login;
use crate::start::Failure;

/// Somebody who is signed in.
pub(super) struct Caller {
    address: SocketAddr,
    token: Option<String>,
    /// Username, for what is told of failures.
    name: String,
}

impl Caller {
    /// Signs in.
    pub(super) async fn login(address: SocketAddr, login: &Login, device: &str) -> Result<Self, Failure> {
        let mut caller = Self {
            address,
            token: None,
            name: login.username.clone(),
        };
        let input = json!({"username": login.username, "password": login.password, "deviceName": device});
        let session = caller.done("login", "LoginInput", input, "accessToken").await?;
        caller.token = session["accessToken"].as_str().map(str::to_owned);
        Ok(caller)
    }

    /// Asks; an error of any kind ends the story.
    pub(super) async fn ask(&self, query: &str, variables: Value) -> Result<Value, Failure> {
        let answer = self.send(json!({"query": query, "variables": variables})).await;
        let mut answer = answer.map_err(|cause| {
            Failure::new(format!(
                "không hỏi được máy chủ tại http://{}: {cause}; hãy chạy cutri serve --demo ở cửa sổ khác trước",
                self.address
            ))
        })?;
        match answer["errors"].as_array().and_then(|errors| errors.first()) {
            Some(error) => Err(self.failed(&error["message"])),
            None => Ok(answer["data"].take()),
        }
    }

    /// Runs a mutation that takes one input; what it refuses ends the story.
    pub(super) async fn done(
        &self,
        name: &str,
        input_type: &str,
        input: Value,
        selection: &str,
    ) -> Result<Value, Failure> {
        let query = format!(
            "mutation($input: {input_type}!) {{ {name}(input: $input) {{ {selection} userErrors {{ code field message }} }} }}"
        );
        let mut data = self.ask(&query, json!({"input": input})).await?;
        let payload = data[name].take();
        match payload["userErrors"].as_array().and_then(|errors| errors.first()) {
            Some(error) => Err(self.failed(&error["message"])),
            None => Ok(payload),
        }
    }

    fn failed(&self, message: &Value) -> Failure {
        let message = message.as_str().unwrap_or("không rõ lý do");
        Failure::new(format!("{}: {message}", self.name))
    }

    async fn send(&self, body: Value) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let running = tokio::spawn(connection);
        let mut request = Request::post("/graphql")
            .header(header::HOST, self.address.to_string())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .header(header::ACCEPT_LANGUAGE, "vi")
            .header(header::CONNECTION, "close");
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let answer = sender
            .send_request(request.body(Body::from(body.to_string()))?)
            .await?;
        let bytes = answer.into_body().collect().await?.to_bytes();
        running.abort();
        Ok(serde_json::from_slice(&bytes)?)
    }
}
