//! A calendar read by ical.js in a Node process (tests/clients/calendar).

use std::process::Stdio;

use serde_json::Value;
use tokio::{io::AsyncWriteExt, process::Command};

use crate::clients::folder;

/// The events of a calendar; what is no calendar fails.
pub async fn events(text: &str) -> Vec<Value> {
    let mut process = Command::new("node")
        .arg(folder("calendar").join("events.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node.js is not installed");
    let mut input = process.stdin.take().unwrap();
    input.write_all(text.as_bytes()).await.unwrap();
    drop(input);
    let output = process.wait_with_output().await.unwrap();
    assert!(output.status.success(), "no calendar: {text}");
    serde_json::from_slice(&output.stdout).unwrap()
}
