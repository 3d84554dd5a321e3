//! Unmodified RxDB clients in a Node process, driven line by line (tests/clients/rxdb/driver.mjs).

use std::{net::SocketAddr, path::Path, process::Stdio, time::Duration};

use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// One command takes no longer.
const PATIENCE: Duration = Duration::from_secs(90);

/// A process with any number of clients. It ends with this value.
pub struct RxdbClients {
    _process: Child,
    _schemas: NamedTempFile,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl RxdbClients {
    /// Starts one for a server at this address; `schemas` is what `cutri schema --rxdb` prints.
    pub fn start(address: SocketAddr, schemas: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/rxdb");
        assert!(
            folder.join("node_modules").is_dir(),
            "the RxDB client is not installed: run tests/clients/install (tests/run does)"
        );
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), schemas).unwrap();
        let mut process = Command::new("node")
            .arg(folder.join("driver.mjs"))
            .arg(address.to_string())
            .arg(file.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Node.js is not installed");
        let commands = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap()).lines();
        Self {
            _process: process,
            _schemas: file,
            commands,
            answers,
        }
    }

    /// Has a client do something; the answer.
    pub async fn ask(&mut self, command: &str, client: &str, given: Value) -> Value {
        let mut line = given;
        line["command"] = json!(command);
        line["client"] = json!(client);
        self.commands
            .write_all(format!("{line}\n").as_bytes())
            .await
            .unwrap();
        let answer = tokio::time::timeout(PATIENCE, self.answers.next_line()).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer to {line}"));
        let answer = answer
            .unwrap()
            .unwrap_or_else(|| panic!("the client ended at {line}"));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(
            answer.get("failed").is_none(),
            "{line}\n{}",
            answer["failed"].as_str().unwrap_or_default()
        );
        answer["done"].clone()
    }

    /// The documents of a collection by id.
    pub async fn rows(&mut self, client: &str, collection: &str) -> serde_json::Map<String, Value> {
        let rows = self.ask("rows", client, json!({"collection": collection})).await;
        rows.as_object().unwrap().clone()
    }

    /// Pulls and pushes until a client is in sync, whatever goes wrong on the way.
    pub async fn settle_after_faults(&mut self, client: &str) {
        self.ask("settle", client, json!({})).await;
        self.ask("told", client, json!({})).await;
    }

    /// Pulls and pushes until a client is in sync; nothing may go wrong.
    pub async fn settle(&mut self, client: &str) {
        self.ask("settle", client, json!({})).await;
        let told = self.ask("told", client, json!({})).await;
        assert_eq!(told["errors"], json!([]), "{told}");
    }
}
