//! Files: sent by tus, named by rows, read by right.

mod client;
mod expiry;
mod lost;
mod pictures;
mod reading;
mod rows;
mod s3;
mod tus;

use std::path::{Path, PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};
use cutri_tests::{TestApp, app::Person};
use reqwest::{Method, header::HeaderMap};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The hash of these bytes, as rows name it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A text of so many bytes that is not the same twice.
pub(crate) fn text(seed: &str, length: usize) -> Vec<u8> {
    let mut text = String::new();
    for line in 0.. {
        if text.len() >= length {
            break;
        }
        text.push_str(&format!("{seed} {line:08}\n"));
    }
    // Not in the middle of a letter.
    while !text.is_char_boundary(text.len().min(length)) {
        text.insert(0, '-');
    }
    text.truncate(length);
    text.into_bytes()
}

/// Somebody who sends and reads files.
#[derive(Clone)]
pub(crate) struct Sender {
    address: std::net::SocketAddr,
    token: Option<String>,
    client: reqwest::Client,
}

/// An answer of the door.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Told {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The code of a refusal, and the limit that it names.
    pub(crate) fn refusal(&self) -> (u16, String, Option<u64>) {
        let error = &self.json()["errors"][0]["extensions"];
        let code = error["code"].as_str().unwrap_or_default().to_owned();
        (self.status, code, error["limit"].as_u64())
    }
}

impl Sender {
    pub(crate) fn new(app: &TestApp, person: &Person) -> Self {
        Self::at(app.address(), person.token())
    }

    pub(crate) fn at(address: std::net::SocketAddr, token: Option<&str>) -> Self {
        Self {
            address,
            token: token.map(str::to_owned),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// Any request; headers as `name: value`.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Told {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self
            .client
            .request(method, format!("http://{}{path}", self.address))
            .header("x-request-id", "the-same");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.body(body).send().await.unwrap();
        Told {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.bytes().await.unwrap().to_vec(),
        }
    }

    /// Begins an upload under this name.
    pub(crate) async fn create_as(&self, hash: &str, length: &str) -> Told {
        let metadata = format!(
            "filename Li4vLi4vZXRjL3Bhc3N3ZA==,sha256 {}",
            BASE64_STANDARD.encode(hash)
        );
        let headers = [
            ("tus-resumable", "1.0.0"),
            ("upload-length", length),
            ("upload-metadata", &metadata),
        ];
        self.ask("POST", "/files", &headers, Vec::new()).await
    }

    pub(crate) async fn create(&self, bytes: &[u8]) -> Told {
        self.create_as(&sha256(bytes), &bytes.len().to_string()).await
    }

    /// Where an upload stands.
    pub(crate) async fn head(&self, hash: &str) -> Told {
        let headers = [("tus-resumable", "1.0.0")];
        self.ask("HEAD", &format!("/files/{hash}"), &headers, Vec::new())
            .await
    }

    /// Appends bytes.
    pub(crate) async fn patch(&self, hash: &str, offset: usize, bytes: &[u8], more: &[(&str, &str)]) -> Told {
        let offset = offset.to_string();
        let mut headers = vec![
            ("tus-resumable", "1.0.0"),
            ("content-type", "application/offset+octet-stream"),
            ("upload-offset", offset.as_str()),
        ];
        headers.extend_from_slice(more);
        self.ask("PATCH", &format!("/files/{hash}"), &headers, bytes.to_vec())
            .await
    }

    pub(crate) async fn delete(&self, hash: &str) -> Told {
        let headers = [("tus-resumable", "1.0.0")];
        self.ask("DELETE", &format!("/files/{hash}"), &headers, Vec::new())
            .await
    }

    /// Sends a whole file; its hash.
    pub(crate) async fn send(&self, bytes: &[u8]) -> String {
        let told = self.create(bytes).await;
        assert_eq!(told.status, 201, "{told:?}");
        let told = self.patch(&sha256(bytes), 0, bytes, &[]).await;
        assert_eq!(told.status, 204, "{}", String::from_utf8_lossy(&told.body));
        sha256(bytes)
    }

    /// Reads a file.
    pub(crate) async fn read(&self, hash: &str, headers: &[(&str, &str)]) -> Told {
        self.ask("GET", &format!("/files/{hash}"), headers, Vec::new())
            .await
    }
}

/// Every file below a folder.
pub(crate) fn stored(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(stored(&path));
        } else {
            found.push(path);
        }
    }
    found
}
