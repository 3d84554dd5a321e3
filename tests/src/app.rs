//! The true server with people as clients. Everything goes over HTTP.

use std::{net::SocketAddr, path::Path, sync::Arc};

use cutri::{
    accounts::token::{self, Holder, Kind},
    clock::{Clock, SystemClock},
    edge::EdgeConfig,
    entropy::SystemEntropy,
    keys::Keys,
    state::State,
    store::Store,
};
use entity::id::{AccountId, DeviceId};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{TestDatabase, world::Login};

/// A server inside the test's own process, on a loopback port.
pub struct TestApp {
    pub state: Arc<State>,
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    _keys: Arc<TempDir>,
}

/// The state of a server on this database, with keys in this folder.
pub async fn state_on(url: &str, keys: &Path) -> Arc<State> {
    state_at(url, keys, Arc::new(SystemClock)).await
}

/// The same, living by this clock.
pub async fn state_at(url: &str, keys: &Path, clock: Arc<dyn Clock>) -> Arc<State> {
    state_with(url, keys, clock, |_| {}).await
}

/// The same, prepared otherwise before it is shared.
async fn state_with(
    url: &str,
    keys: &Path,
    clock: Arc<dyn Clock>,
    prepare: impl FnOnce(&mut State),
) -> Arc<State> {
    let store = Store::connect(url).await.unwrap();
    let keys = Keys::open_or_create(keys, clock.now(), &SystemEntropy).unwrap();
    let entropy = Arc::new(SystemEntropy);
    let mut state = State::new(store, keys, clock, entropy, "cutri".to_owned())
        .await
        .unwrap();
    prepare(&mut state);
    Arc::new(state)
}

impl TestApp {
    /// Serves this database.
    pub async fn start(db: &TestDatabase) -> Self {
        Self::start_at(db, Arc::new(SystemClock)).await
    }

    /// Serves this database, living by this clock.
    pub async fn start_at(db: &TestDatabase, clock: Arc<dyn Clock>) -> Self {
        let keys = Arc::new(tempfile::tempdir().unwrap());
        Self::serve(db, clock, EdgeConfig::default(), keys).await
    }

    /// Serves this database with other limits.
    pub async fn start_with(db: &TestDatabase, config: EdgeConfig) -> Self {
        let keys = Arc::new(tempfile::tempdir().unwrap());
        Self::serve(db, Arc::new(SystemClock), config, keys).await
    }

    /// Stops, and lets go of the database.
    pub async fn stop(mut self) -> Arc<TempDir> {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.state.store.clone().close().await.unwrap();
        Arc::clone(&self._keys)
    }

    /// Serves this database with the keys of a server that was stopped.
    pub async fn start_again(db: &TestDatabase, keys: Arc<TempDir>) -> Self {
        Self::serve(db, Arc::new(SystemClock), EdgeConfig::default(), keys).await
    }

    /// A second server of the same installation.
    pub async fn beside(&self, db: &TestDatabase) -> Self {
        let keys = Arc::clone(&self._keys);
        Self::serve(db, Arc::new(SystemClock), EdgeConfig::default(), keys).await
    }

    /// Serves this database with these keys, living by this clock, its state prepared otherwise.
    pub async fn prepared(
        db: &TestDatabase,
        clock: Arc<dyn Clock>,
        keys: Arc<TempDir>,
        prepare: impl FnOnce(&mut State),
    ) -> Self {
        let state = state_with(db.url(), &keys.path().join("keys"), clock, prepare).await;
        Self::listen(state, EdgeConfig::default(), keys).await
    }

    async fn serve(db: &TestDatabase, clock: Arc<dyn Clock>, config: EdgeConfig, keys: Arc<TempDir>) -> Self {
        let state = state_at(db.url(), &keys.path().join("keys"), clock).await;
        Self::listen(state, config, keys).await
    }

    async fn listen(state: Arc<State>, config: EdgeConfig, keys: Arc<TempDir>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let data = keys.path().to_owned();
        let edge = cutri::serve::behind(Arc::clone(&state), data, config);
        tokio::spawn(cutri::edge::serve(listener, edge, async move {
            let _ = stopped.await;
        }));
        Self {
            state,
            address,
            stop: Some(stop),
            _keys: keys,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Somebody who is signed in on his own device.
    pub fn person(&self, login: &Login) -> Person {
        self.person_on(login, login.device)
    }

    /// Somebody who is signed in on this device.
    pub fn person_on(&self, login: &Login, device: DeviceId) -> Person {
        Person::new(&self.state, self.address, login.account, device)
    }

    /// Somebody without an account.
    pub fn stranger(&self) -> Person {
        self.bearer(None)
    }

    /// Whoever sends this token, or none.
    pub fn bearer(&self, token: Option<&str>) -> Person {
        Person {
            address: self.address,
            token: token.map(str::to_owned),
            client: client(),
            language: None,
            account: None,
            device: None,
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(std::time::Duration::from_secs(60))
        .build()
        .unwrap()
}

/// Somebody with an account and a device, as an API client.
#[derive(Clone)]
pub struct Person {
    address: SocketAddr,
    token: Option<String>,
    client: reqwest::Client,
    language: Option<&'static str>,
    pub account: Option<AccountId>,
    pub device: Option<DeviceId>,
}

/// An answer with its status.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Person {
    /// Somebody with a token that this state signs.
    pub fn new(state: &State, address: SocketAddr, account: AccountId, device: DeviceId) -> Self {
        let holder = Holder {
            account: account.0,
            device: device.0,
            kind: Kind::Access,
        };
        let minted = token::mint(
            &state.keys,
            &state.issuer,
            holder,
            state.clock.now(),
            state.entropy.as_ref(),
        )
        .unwrap();
        Self {
            address,
            token: Some(minted.text),
            client: client(),
            language: None,
            account: Some(account),
            device: Some(device),
        }
    }

    /// The token that this person sends.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The same person by another road: through a proxy, or to another server.
    pub fn through(&self, address: SocketAddr) -> Self {
        Self {
            address,
            client: client(),
            ..self.clone()
        }
    }

    /// The same person, who wants answers in this language.
    pub fn in_language(&self, language: &'static str) -> Self {
        Self {
            language: Some(language),
            ..self.clone()
        }
    }

    /// Sends an operation; the road may be broken.
    pub async fn try_ask(&self, query: &str, variables: Value) -> Result<Answer, String> {
        self.try_send(json!({"query": query, "variables": variables}).to_string())
            .await
    }

    /// Sends a body as it is; the road may be broken.
    pub async fn try_send(&self, body: String) -> Result<Answer, String> {
        let mut request = self
            .client
            .post(format!("http://{}/graphql", self.address))
            .header("content-type", "application/json")
            .body(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(language) = self.language {
            request = request.header("accept-language", language);
        }
        let response = request.send().await.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(|error| error.to_string())?;
        let body = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
        Ok(Answer { status, body })
    }

    /// Gets a file or page by its path: status, headers, text.
    pub async fn get(&self, path: &str) -> (u16, reqwest::header::HeaderMap, String) {
        let mut request = self.client.get(format!("http://{}{path}", self.address));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, response.text().await.unwrap())
    }

    /// Sends an operation.
    pub async fn ask(&self, query: &str, variables: Value) -> Answer {
        self.try_ask(query, variables).await.unwrap()
    }

    /// The data of an operation that must succeed.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let answer = self.ask(query, variables).await;
        assert!(answer.body.get("errors").is_none(), "{query}\n{:#}", answer.body);
        answer.body["data"].clone()
    }

    /// The payload of a mutation that must be accepted: `name(input: $input) { ...selection userErrors }`.
    pub async fn done(&self, name: &str, input: Value, selection: &str) -> Value {
        let payload = self.mutate(name, input, selection).await;
        assert_eq!(payload["userErrors"], json!([]), "{name}");
        payload
    }

    /// The payload of a mutation, accepted or refused.
    pub async fn mutate(&self, name: &str, input: Value, selection: &str) -> Value {
        let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        let query = format!(
            "mutation($input: {kind}!) {{ {name}(input: $input) {{ {selection} userErrors {{ code field message }} }} }}"
        );
        self.data(&query, json!({"input": input})).await[name].clone()
    }

    /// The code with which a mutation is refused.
    pub async fn refused(&self, name: &str, input: Value) -> String {
        let payload = self.mutate(name, input, "").await;
        payload["userErrors"][0]["code"]
            .as_str()
            .unwrap_or("accepted")
            .to_owned()
    }
}
