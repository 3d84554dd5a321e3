//! Every wrong thing gets a code of the closed table, a sentence in the asker's language, and nothing else: never a
//! 5xx, never the database's or the program's words, never a hang.

mod documents;
mod places;
mod random;
mod rows;
mod tokens;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use cutri::{
    accounts::token::{self, Holder, Kind},
    error::{Code, Lang},
    state::State,
};
use cutri_tests::{
    TestApp, TestDatabase,
    world::{Login, World},
};
use serde_json::{Value, json};
use tokio::time::Instant;

/// The longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What never stands in an answer, whatever the case of its letters.
const INNER: &[&str] = &[
    "sqlx",
    "sqlite",
    "postgres",
    "sea_orm",
    "sea-orm",
    "dberr",
    "panicked",
    "backtrace",
    ".rs:",
    "src/",
    "select ",
    "insert into",
    "constraint",
    "byte sequence",
    "sync_",
    "feedback_",
    "stack",
];
const TABLES: &[&str] = &["role_grant", "api_token"];

/// A server, a small world, and somebody who sends whatever he likes.
struct Sender {
    app: TestApp,
    world: World,
    client: reqwest::Client,
}

/// A body and whose token comes with it.
struct Case<'a> {
    name: &'a str,
    token: Option<&'a str>,
    body: Vec<u8>,
}

/// An answer that was looked at.
#[derive(Debug)]
struct Told {
    status: u16,
    body: Value,
}

impl Told {
    /// The codes in it, wherever they stand.
    fn codes(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        each_object(&self.body, &mut |object| {
            let (code, message) = (&object["code"], &object["message"]);
            if let (Some(code), true) = (code.as_str(), message.is_string()) {
                found.insert(code.to_owned());
            }
            if let Some(code) = object["extensions"]["code"].as_str() {
                found.insert(code.to_owned());
            }
        });
        found
    }

    #[track_caller]
    fn is(&self, code: &str, name: &str) {
        assert!(self.codes().contains(code), "{name}: {:#}", self.body);
    }
}

fn each_object(value: &Value, look: &mut impl FnMut(&Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| each_object(item, look)),
        Value::Object(members) => {
            look(value);
            members.values().for_each(|member| each_object(member, look));
        }
        _ => {}
    }
}

impl Sender {
    async fn on(db: &TestDatabase) -> Self {
        let app = TestApp::start(db).await;
        let world = World::create(&app.state).await;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { app, world, client }
    }

    fn state(&self) -> &Arc<State> {
        &self.app.state
    }

    /// A token for this person, as the server would make it this long ago.
    fn token_of(&self, login: &Login, ago: chrono::Duration, kind: Kind) -> String {
        let state = self.state();
        let holder = Holder {
            account: login.account.0,
            device: login.device.0,
            kind,
        };
        let at = state.clock.now() - ago;
        token::mint(&state.keys, &state.issuer, holder, at, state.entropy.as_ref())
            .unwrap()
            .text
    }

    fn token(&self, login: &Login) -> String {
        self.token_of(login, chrono::Duration::zero(), Kind::Access)
    }

    fn delegate(&self) -> String {
        self.token(&self.world.here.delegates[0])
    }

    /// Sends it in both languages and looks at what comes back.
    async fn send(&self, case: &Case<'_>) -> Told {
        let english = self.once(case, Some("en")).await;
        sane(&english, Lang::En, case.name);
        let vietnamese = self.once(case, None).await;
        sane(&vietnamese, Lang::Vi, case.name);
        vietnamese
    }

    async fn ask(&self, name: &str, token: Option<&str>, query: &str, variables: Value) -> Told {
        let body = json!({"query": query, "variables": variables})
            .to_string()
            .into_bytes();
        self.send(&Case { name, token, body }).await
    }

    async fn once(&self, case: &Case<'_>, language: Option<&str>) -> Told {
        let started = Instant::now();
        let mut request = self
            .client
            .post(format!("http://{}/graphql", self.app.address()))
            .header("content-type", "application/json")
            .timeout(PATIENCE * 4)
            .body(case.body.clone());
        if let Some(token) = case.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(language) = language {
            request = request.header("accept-language", language);
        }
        let answer = request
            .send()
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let status = answer.status().as_u16();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        let text = answer.text().await.unwrap();
        assert!(
            started.elapsed() < PATIENCE,
            "{}: {:?}",
            case.name,
            started.elapsed()
        );
        assert!(kind.contains("json"), "{}: {kind}", case.name);
        let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{}: {text}", case.name));
        Told { status, body }
    }

    /// It is still there.
    async fn still_answers(&self, after: &str) {
        let told = self.ask(after, None, "{ __typename }", json!({})).await;
        assert_eq!(told.body["data"]["__typename"], "Query", "after {after}");
    }
}

/// What holds of every answer.
fn sane(told: &Told, lang: Lang, name: &str) {
    assert!(
        (200..500).contains(&told.status),
        "{name}: {} {:#}",
        told.status,
        told.body
    );
    let text = told.body.to_string().to_lowercase();
    for word in INNER {
        assert!(!text.contains(word), "{name}: {word} in {text}");
    }
    // Names of tables; `role_granted` is a word of the histories.
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        assert!(!TABLES.contains(&word), "{name}: {word} in {text}");
    }
    let check = |code: &str, message: &Value| {
        let code = Code::from_name(code).unwrap_or_else(|| panic!("{name}: {code} is no code"));
        let message = message.as_str().unwrap_or_default();
        assert!(
            message.starts_with(code.message(lang)),
            "{name}: {code:?} {message:?}"
        );
        assert_ne!(code, Code::Unavailable, "{name}: {:#}", told.body);
    };
    for error in told.body["errors"].as_array().into_iter().flatten() {
        check(
            error["extensions"]["code"].as_str().unwrap_or("?"),
            &error["message"],
        );
    }
    if let Some(errors) = told.body.get("errors") {
        assert!(
            errors.to_string().len() <= 4_200,
            "{name}: {} bytes of errors",
            errors.to_string().len()
        );
    }
    each_object(&told.body["data"], &mut |object| {
        if let (Some(code), Some(_)) = (object["code"].as_str(), object["message"].as_str()) {
            check(code, &object["message"]);
        }
    });
}
