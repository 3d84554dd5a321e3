//! The phone page in a real Chromium: what a delegate does with one thumb, with the network really gone and the server
//! really killed. `UPDATE=1` takes the pictures of docs/phone.md anew.

mod briefed;
mod carried;
mod chain;
mod corrected;
mod invited;
mod photo;
mod restored;
mod served;
mod session;
mod storage;
mod told;
mod woken;

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use cutri::state::State;
use cutri_tests::{
    FaultProxy, Kind, ServerProcess, TestDatabase,
    app::{Person, founded},
    browser::{Browser, Tab},
    server_process::free_address,
    world::{Login, World},
};
use entity::feedback;
use sea_orm::{EntityTrait, sea_query::Expr};
use serde_json::{Value, json};

const PASSWORD: &str = "ngựa ô thắng kiệu vàng 9";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A server that can be killed, behind a road that can break, and a browser before it.
struct Stage<'a> {
    db: &'a TestDatabase,
    world: World,
    state: Arc<State>,
    listen: SocketAddr,
    environment: Vec<(&'static str, String)>,
    server: Option<ServerProcess>,
    road: FaultProxy,
    browser: Browser,
}

impl<'a> Stage<'a> {
    async fn set(db: &'a TestDatabase) -> Self {
        Self::set_in(db, Vec::new()).await
    }

    /// With more settings of the server.
    async fn set_in(db: &'a TestDatabase, more: Vec<(&'static str, String)>) -> Self {
        let (state, world) = founded(db.url(), &db.folder().join("keys")).await;
        let listen = free_address();
        let mut environment = vec![
            ("DATABASE_URL", db.url().to_owned()),
            (
                "CUTRI_KEYS",
                db.folder().join("keys").to_str().unwrap().to_owned(),
            ),
            ("CUTRI_LISTEN", listen.to_string()),
            ("CUTRI_LOG", "debug".to_owned()),
        ];
        environment.extend(more);
        let mut stage = Self {
            db,
            world,
            state,
            listen,
            environment,
            server: None,
            road: FaultProxy::start(listen).await,
            browser: Browser::start(),
        };
        stage.starts().await;
        let administrator = stage.person(&stage.world.administrator);
        for login in &stage.world.here.delegates[..2] {
            let input = json!({"accountId": login.account, "password": PASSWORD});
            administrator.done("resetPassword", input, "account { id }").await;
        }
        stage
    }

    async fn starts(&mut self) {
        let settings = self.settings();
        let server = ServerProcess::start(self.db.folder(), &["serve"], &settings).await;
        self.server = Some(server);
    }

    fn settings(&self) -> Vec<(&'static str, &str)> {
        let all = self.environment.iter();
        all.map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// What has arrived was written down long ago, so that a letter about it may be as old, and its answer late.
    async fn was_said_in_february(&self) {
        let then: DateTime<Utc> = "2026-02-01T01:00:00Z".parse().unwrap();
        feedback::Entity::update_many()
            .col_expr(feedback::Column::RecordedAt, Expr::value(then))
            .exec(self.state.store.migrating())
            .await
            .unwrap();
    }

    async fn dies(&mut self) {
        self.server.take().unwrap().kill9().await;
    }

    fn person(&self, login: &Login) -> Person {
        Person::new(&self.state, self.listen, login.account, login.device)
    }

    fn tab(&mut self) -> Tab<'_> {
        self.browser.tab("one")
    }

    async fn signs_in(&mut self) {
        let url = self.road.url("/dien-thoai");
        let username = self.world.here.delegates[0].username.clone();
        let mut tab = self.tab();
        tab.open(&url).await;
        tab.fill("Tên đăng nhập", &username).await;
        tab.fill("Mật khẩu", PASSWORD).await;
        tab.press("Đăng nhập").await;
        tab.sees("Đã đồng bộ lúc").await;
    }

    /// Writes down what somebody said.
    async fn writes(&mut self, words: &str) {
        self.writes_in("", words).await;
    }

    /// Writes down what somebody of this hamlet said.
    async fn writes_in(&mut self, hamlet: &str, words: &str) {
        let mut tab = self.tab();
        tab.press("Ghi phiếu").await;
        tab.fill("Cử tri nói gì", words).await;
        if !hamlet.is_empty() {
            tab.fill("Ấp, khu phố", hamlet).await;
        }
        tab.press("Lưu trên máy").await;
        tab.sees("Mã tra cứu cho cử tri").await;
        tab.sees(words).await;
    }

    /// What the page keeps in a store of its own.
    async fn held(&mut self, store: &str) -> Vec<Value> {
        let script = format!(
            "indexedDB.databases().then(([{{ name }}]) => new Promise((resolve) => {{
                indexedDB.open(name).onsuccess = ({{ target: {{ result }} }}) => {{
                    result.transaction('{store}').objectStore('{store}').getAll().onsuccess = ({{ target }}) => {{
                        result.close(); resolve(target.result); }}; }}; }}))"
        );
        let held = self.tab().evaluate(&script).await;
        serde_json::from_value(held).unwrap()
    }

    /// How many photos are nowhere but on this phone.
    async fn unsent_photos(&mut self) -> usize {
        self.held("photos")
            .await
            .iter()
            .filter(|photo| photo["sentAt"].is_null())
            .count()
    }

    /// Scrolls there.
    async fn brings_to_view(&mut self, selector: &str) {
        let script = format!("document.querySelector('{selector}').scrollIntoView({{ block: 'center' }})");
        self.tab().evaluate(&script).await;
    }

    /// A picture for the documents, once is enough.
    async fn shoots(&mut self, name: &str) {
        let asked = std::env::var_os("UPDATE").is_some_and(|value| value == "1");
        if asked && self.db.kind() == Kind::Sqlite {
            let folder = root().join("docs/phone");
            std::fs::create_dir_all(&folder).unwrap();
            self.tab().shoot(&folder.join(format!("{name}.png"))).await;
        }
    }

    /// Nothing on this screen is in anybody's way. Looked at once: it looks the same whatever database is behind it.
    async fn is_legible(&mut self) {
        if self.db.kind() != Kind::Sqlite {
            return;
        }
        let found = self.tab().audit().await;
        assert!(found.is_empty(), "{found:#?}");
    }

    /// What the office finds, its words in alphabetical order.
    async fn arrived(&self) -> Vec<Value> {
        let office = self.person(&self.world.here.office);
        let query = "{ feedbacks(first: 100) { nodes { id authorId kind status content receiptNumber trackingCode } } }";
        let data = office.data(query, json!({})).await;
        let mut nodes = data["feedbacks"]["nodes"].as_array().unwrap().clone();
        nodes.sort_by_key(|node| node["content"].as_str().unwrap_or_default().to_owned());
        nodes
    }
}

fn words(arrived: &[Value]) -> Vec<&str> {
    arrived
        .iter()
        .map(|node| node["content"].as_str().unwrap_or_default())
        .collect()
}

/// Waits for what happens beyond the screen.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {what}");
}
