//! The true server with people as clients. Everything goes over HTTP.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use cutri::{
    accounts::token::{self, Holder, Kind},
    clock::{Clock, SystemClock},
    edge::EdgeConfig,
    entropy::{Entropy, SystemEntropy},
    files::{FilePlace, Files, Limits},
    keys::Keys,
    starts,
    state::State,
    store::Store,
};
use entity::id::{AccountId, DeviceId};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    TestDatabase,
    world::{Login, World},
};

/// A server inside the test's own process, on a loopback port.
pub struct TestApp {
    pub state: Arc<State>,
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    _keys: Arc<TempDir>,
}

/// The state of an installation on this database that knows its keys, with its world: for processes that serve it.
pub async fn founded(url: &str, keys: &Path) -> (Arc<State>, World) {
    let state = state_on(url, keys).await;
    cutri::installation::check_keys(&state.store, &state.keys)
        .await
        .unwrap();
    let world = World::create(&state).await;
    (state, world)
}

/// The state of a server on this database, with keys in this folder.
pub async fn state_on(url: &str, keys: &Path) -> Arc<State> {
    state_at(url, keys, Arc::new(SystemClock)).await
}

/// The same, living by this clock.
pub async fn state_at(url: &str, keys: &Path, clock: Arc<dyn Clock>) -> Arc<State> {
    state_from(url, keys, clock, Arc::new(SystemEntropy), |_| {}).await
}

/// The same, with this chance too (a seed then repeats whatever happens), and prepared otherwise before it is shared.
async fn state_from(
    url: &str,
    keys: &Path,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    prepare: impl FnOnce(&mut State),
) -> Arc<State> {
    let store = Store::connect(url).await.unwrap();
    let key_folder = keys.to_owned();
    let keys = Keys::open_or_create(keys, clock.now(), entropy.as_ref()).unwrap();
    let mut state = State::new(store, keys, clock, entropy, "cutri".to_owned())
        .await
        .unwrap();
    state.files = Files::open(&files_beside(&key_folder), Limits::default()).unwrap();
    prepare(&mut state);
    Arc::new(state)
}

/// Where the files of a server with these keys lie.
fn files_beside(keys: &Path) -> FilePlace {
    FilePlace::Folder(keys.parent().unwrap().join("files"))
}

impl TestApp {
    /// Serves this database.
    pub async fn start(db: &TestDatabase) -> Self {
        Self::start_at(db, Arc::new(SystemClock)).await
    }

    /// Serves this database, living by this clock.
    pub async fn start_at(db: &TestDatabase, clock: Arc<dyn Clock>) -> Self {
        Self::start_from(db, clock, Arc::new(SystemEntropy), None).await
    }

    /// Serves this database, living by this clock and this chance; with the keys of a server that was stopped, if there
    /// was one.
    pub async fn start_from(
        db: &TestDatabase,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        keys: Option<Arc<TempDir>>,
    ) -> Self {
        let keys = keys.unwrap_or_else(|| Arc::new(tempfile::tempdir().unwrap()));
        Self::serve(db, clock, entropy, EdgeConfig::default(), keys).await
    }

    /// Serves this database with other limits.
    pub async fn start_with(db: &TestDatabase, config: EdgeConfig) -> Self {
        Self::start_with_at(db, config, Arc::new(SystemClock)).await
    }

    /// Serves this database with other limits, living by this clock.
    pub async fn start_with_at(db: &TestDatabase, config: EdgeConfig, clock: Arc<dyn Clock>) -> Self {
        let keys = Arc::new(tempfile::tempdir().unwrap());
        Self::serve(db, clock, Arc::new(SystemEntropy), config, keys).await
    }

    /// Serves this database, living by this clock, with other limits.
    pub async fn start_at_with(db: &TestDatabase, clock: Arc<dyn Clock>, config: EdgeConfig) -> Self {
        let keys = Arc::new(tempfile::tempdir().unwrap());
        Self::serve(db, clock, Arc::new(SystemEntropy), config, keys).await
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
        Self::start_from(db, Arc::new(SystemClock), Arc::new(SystemEntropy), Some(keys)).await
    }

    /// A second server of the same installation.
    pub async fn beside(&self, db: &TestDatabase) -> Self {
        let keys = Some(Arc::clone(&self._keys));
        Self::start_from(db, Arc::new(SystemClock), Arc::new(SystemEntropy), keys).await
    }

    /// Serves this database with these keys, living by this clock, its state prepared otherwise.
    pub async fn prepared(
        db: &TestDatabase,
        clock: Arc<dyn Clock>,
        keys: Arc<TempDir>,
        prepare: impl FnOnce(&mut State),
    ) -> Self {
        let entropy = Arc::new(SystemEntropy);
        let state = state_from(db.url(), &keys.path().join("keys"), clock, entropy, prepare).await;
        Self::listen(state, EdgeConfig::default(), keys).await
    }

    async fn serve(
        db: &TestDatabase,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        config: EdgeConfig,
        keys: Arc<TempDir>,
    ) -> Self {
        let state = state_from(db.url(), &keys.path().join("keys"), clock, entropy, |_| {}).await;
        Self::listen(state, config, keys).await
    }

    async fn listen(state: Arc<State>, config: EdgeConfig, keys: Arc<TempDir>) -> Self {
        let noted = starts::note(&state.store, state.entropy.as_ref(), state.clock.now());
        noted.await.unwrap();
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

    /// The folder of its keys.
    pub fn keys(&self) -> PathBuf {
        self._keys.path().join("keys")
    }

    /// The folder in which its files lie.
    pub fn files(&self) -> PathBuf {
        self._keys.path().join("files")
    }

    /// Its keys and files, for a second server of the same installation.
    pub fn installation(&self) -> Arc<TempDir> {
        Arc::clone(&self._keys)
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

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(std::time::Duration::from_secs(60))
}

fn client() -> reqwest::Client {
    builder().build().unwrap()
}

/// The same person on a device that was given up: what `refresh` still gives him, good for handing in and being emptied.
pub fn wiping(state: &State, address: SocketAddr, person: &Person) -> Person {
    let (account, device) = (person.account.unwrap(), person.device.unwrap());
    Person {
        address,
        token: Some(token_of(state, account, device, Kind::Wipe)),
        ..person.clone()
    }
}

/// A token that this state signs now.
fn token_of(state: &State, account: AccountId, device: DeviceId, kind: Kind) -> String {
    let holder = Holder {
        account: account.0,
        device: device.0,
        kind,
    };
    let entropy = state.entropy.as_ref();
    token::mint(&state.keys, &state.issuer, holder, state.clock.now(), entropy)
        .unwrap()
        .text
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

/// An answer to a packed request, and the bytes of both bodies as they travelled.
#[derive(Clone, Debug)]
pub struct Packed {
    pub body: Value,
    pub sent: usize,
    pub received: usize,
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
        Self {
            address,
            token: Some(token_of(state, account, device, Kind::Access)),
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

    /// The same person by another road: through a proxy, or to another server. Every request has a connection of its
    /// own, so that one of them can be cut, held up or repeated.
    pub fn through(&self, address: SocketAddr) -> Self {
        Self {
            address,
            client: builder().pool_max_idle_per_host(0).build().unwrap(),
            ..self.clone()
        }
    }

    /// The same person with a token that is signed now.
    pub fn signed_again(&self, state: &State, address: SocketAddr) -> Self {
        let (account, device) = (self.account.unwrap(), self.device.unwrap());
        Self {
            address,
            token: Some(token_of(state, account, device, Kind::Access)),
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

    /// Sends an operation packed and asks for a packed answer, as a phone on a slow road does.
    pub async fn try_packed(&self, query: &str, variables: Value) -> Result<Packed, String> {
        let plain = json!({"query": query, "variables": variables}).to_string();
        let packed = zstd::bulk::compress(plain.as_bytes(), 3).unwrap();
        let sent = packed.len();
        let request = self
            .client
            .post(format!("http://{}/graphql", self.address))
            .bearer_auth(self.token().unwrap())
            .header("content-type", "application/json")
            .header("content-encoding", "zstd")
            .header("accept-encoding", "zstd")
            .body(packed);
        let response = request.send().await.map_err(|error| error.to_string())?;
        let is_packed = response
            .headers()
            .get("content-encoding")
            .is_some_and(|coding| coding == "zstd");
        let bytes = response.bytes().await.map_err(|error| error.to_string())?;
        let received = bytes.len();
        let plain = if is_packed {
            zstd::decode_all(bytes.as_ref()).map_err(|error| error.to_string())?
        } else {
            bytes.to_vec()
        };
        let body = serde_json::from_slice(&plain).map_err(|error| error.to_string())?;
        Ok(Packed { body, sent, received })
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

    /// Does something with a file at a path (`GET`, `PUT`, `DELETE`): status, headers, bytes.
    pub async fn with_file(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        bytes: Vec<u8>,
    ) -> (u16, reqwest::header::HeaderMap, Vec<u8>) {
        let method = method.parse().unwrap();
        let mut request = self
            .client
            .request(method, format!("http://{}{path}", self.address))
            .body(bytes);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, response.bytes().await.unwrap().to_vec())
    }

    /// Sends a file to a path: status, headers, text.
    pub async fn send_file(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        bytes: Vec<u8>,
    ) -> (u16, reqwest::header::HeaderMap, String) {
        let mut request = self
            .client
            .post(format!("http://{}{path}", self.address))
            .body(bytes);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
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
