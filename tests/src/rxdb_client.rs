//! Unmodified RxDB clients (tests/clients/rxdb/driver.mjs).

use std::net::SocketAddr;

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::node_client::NodeClients;

/// A process with any number of RxDB clients. It ends with this value.
pub struct RxdbClients {
    process: NodeClients,
    _schemas: NamedTempFile,
}

impl RxdbClients {
    /// Starts one for a server at this address; `schemas` is what `cutri schema --rxdb` prints.
    pub fn start(address: SocketAddr, schemas: &str) -> Self {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), schemas).unwrap();
        let args = [&address.to_string(), file.path().to_str().unwrap()];
        Self {
            process: NodeClients::start("rxdb", &args.map(|arg| arg as &str)),
            _schemas: file,
        }
    }

    /// Has a client do something; the answer.
    pub async fn ask(&mut self, command: &str, client: &str, given: Value) -> Value {
        self.process.ask(command, client, given).await
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
