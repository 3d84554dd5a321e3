//! Unmodified clients in a Node process, driven line by line: a command goes in, its answer comes out, both JSON.

use std::{process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::clients::folder;

/// One command takes no longer.
const PATIENCE: Duration = Duration::from_secs(240);

/// A process with any number of clients. It ends with this value.
pub struct NodeClients {
    _process: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl NodeClients {
    /// Starts `tests/clients/<clients>/driver.mjs` with these arguments.
    pub fn start(clients: &str, args: &[&str]) -> Self {
        let mut process = Command::new("node")
            .arg(folder(clients).join("driver.mjs"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Node.js is not installed");
        let commands = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap()).lines();
        Self {
            _process: process,
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
}
