//! What sync costs on the road: bytes of bodies as they travel, on words of real petitions.

use std::{fs, net::SocketAddr, path::Path};

use cutri_tests::{
    FaultProxy, TestApp, TestDatabase, each_db,
    phone::{Phone, create, new_id},
    seeds,
    world::World,
};
use rand::{Rng, rngs::StdRng};
use reqwest::Client;
use serde_json::{Value, json};

/// Feedbacks of a delegate who has worked for years.
const MANY: usize = 2_000;
/// Bytes of documents in a page: what is lost when one breaks.
const PAGE: i32 = 65_536;

const PULL: &str = "query Pull($cursor: String, $bytes: Int) { syncPull(cursor: $cursor, maxBytes: $bytes,
    collections: [\"feedback\"]) { partitions changes { p c op id rev d } cursor epoch more digest wipe } }";

/// Words of the delivered petitions.
fn words() -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/reference/demo/petitions.jsonl");
    let lines = fs::read_to_string(file).unwrap();
    let texts = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["text"].clone());
    texts
        .flat_map(|text| {
            text.as_str()
                .unwrap()
                .split(' ')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// So many words, eight at a time from anywhere: as like and unlike as what people say.
fn said(words: &[String], count: usize, rng: &mut StdRng) -> String {
    let runs = (0..count / 8).map(|_| {
        let from = rng.random_range(0..words.len() - 8);
        words[from..from + 8].join(" ")
    });
    runs.collect::<Vec<_>>().join(" ")
}

/// A phone that counts what travels.
struct Counting {
    address: SocketAddr,
    client: Client,
    token: String,
    /// Bytes of bodies, up and down.
    up: usize,
    down: usize,
}

impl Counting {
    fn new(address: SocketAddr, token: &str) -> Self {
        Self {
            address,
            // As packed as they come.
            client: Client::builder().no_proxy().gzip(false).build().unwrap(),
            token: token.to_owned(),
            up: 0,
            down: 0,
        }
    }

    /// One page; nothing if the road broke, whose bytes count all the same.
    async fn page(&mut self, cursor: Option<&str>) -> Option<Value> {
        let body = json!({"query": PULL, "variables": {"cursor": cursor, "bytes": PAGE}}).to_string();
        let body = zstd::encode_all(body.as_bytes(), 3).unwrap();
        self.up += body.len();
        let request = self
            .client
            .post(format!("http://{}/graphql", self.address))
            .bearer_auth(&self.token)
            .header("content-type", "application/json")
            .header("content-encoding", "zstd")
            .header("accept-encoding", "zstd")
            .body(body);
        let mut answer = request.send().await.ok()?;
        let is_packed = answer
            .headers()
            .get("content-encoding")
            .is_some_and(|coding| coding == "zstd");
        let mut all = Vec::new();
        loop {
            match answer.chunk().await {
                Ok(Some(bytes)) => {
                    self.down += bytes.len();
                    all.extend_from_slice(&bytes);
                }
                Ok(None) => break,
                Err(_) => return None,
            }
        }
        let plain = if is_packed {
            zstd::decode_all(&all[..]).unwrap()
        } else {
            all
        };
        let answer: Value = serde_json::from_slice(&plain).unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        Some(answer["data"]["syncPull"].clone())
    }

    /// Everything from the start, in spite of a road that breaks.
    async fn everything(&mut self, road: Option<&FaultProxy>) -> (Vec<Value>, String) {
        let (mut cursor, mut changes) = (None::<String>, Vec::new());
        loop {
            let Some(page) = self.page(cursor.as_deref()).await else {
                // It broke once.
                road.expect("a road that breaks").clear();
                continue;
            };
            changes.extend(page["changes"].as_array().unwrap().iter().cloned());
            cursor = page["cursor"].as_str().map(str::to_owned);
            if page["more"] == false {
                return (changes, cursor.unwrap());
            }
        }
    }
}

async fn filled(db: &TestDatabase, count: usize, each: usize) -> (TestApp, World, Vec<String>) {
    let app = TestApp::start(db).await;
    let world = World::create(&app.state).await;
    let (words, mut rng) = (words(), seeds::rng());
    let author = Phone::new(app.person(&world.here.delegates[0]));
    let mut ids = Vec::new();
    for _ in 0..count / 500 {
        let rows: Vec<Value> = (0..500)
            .map(|_| {
                let id = new_id();
                ids.push(id.clone());
                let patch = json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting",
                    "content": said(&words, each, &mut rng)});
                create("feedback", &id, patch)
            })
            .collect();
        let done = author.push(&rows).await;
        assert!(done.iter().all(|result| result["status"] == "APPLIED"));
    }
    (app, world, ids)
}

async fn a_first_sync_costs(db: &TestDatabase, each: usize, most: usize) {
    let (app, world, ids) = filled(db, MANY, each).await;
    let person = app.person(&world.here.delegates[0]);
    let mut phone = Counting::new(app.address(), person.token().unwrap());
    let (changes, cursor) = phone.everything(None).await;
    assert_eq!(changes.len(), ids.len());
    println!(
        "{} feedbacks of {each} words: {} up, {} down",
        ids.len(),
        phone.up,
        phone.down
    );
    assert!(phone.up + phone.down < most, "{} + {}", phone.up, phone.down);
    // The newest come first: what a delegate looks for on a new phone.
    let place = |id: &str| ids.iter().position(|one| one == id).unwrap();
    let came: Vec<usize> = changes
        .iter()
        .map(|change| place(change["id"].as_str().unwrap()))
        .collect();
    assert!(
        came[0] > ids.len() - 50 && came[ids.len() - 1] < 50,
        "{} … {}",
        came[0],
        came[ids.len() - 1]
    );
    assert!(
        came[..500].iter().all(|at| *at >= ids.len() - 500),
        "a whole push before the one before it"
    );

    // Nothing new.
    (phone.up, phone.down) = (0, 0);
    let page = phone.page(Some(&cursor)).await.unwrap();
    assert_eq!(
        (page["changes"].as_array().unwrap().len(), &page["more"]),
        (0, &json!(false))
    );
    println!("nothing new: {} up, {} down", phone.up, phone.down);
    assert!(phone.up + phone.down < 600, "{} + {}", phone.up, phone.down);
}

each_db! {
    async fn a_first_sync_of_2000_feedbacks_of_40_words_is_250_kb_newest_first(db: TestDatabase) {
        a_first_sync_costs(&db, 40, 250_000).await;
    }

    async fn a_first_sync_of_2000_feedbacks_of_80_words_is_500_kb_newest_first(db: TestDatabase) {
        a_first_sync_costs(&db, 80, 500_000).await;
    }

    /// Wherever it is cut, it goes on from the last whole page.
    async fn a_first_sync_survives_a_cut_anywhere_for_less_than_a_tenth_more(db: TestDatabase) {
        let (app, world, ids) = filled(&db, MANY, 40).await;
        let person = app.person(&world.here.delegates[0]);
        let token = person.token().unwrap();
        let mut whole = Counting::new(app.address(), token);
        whole.everything(None).await;
        let mut rng = seeds::rng();
        for _ in 0..12 {
            let proxy = FaultProxy::start(app.address()).await;
            let at = rng.random_range(1..whole.down as u64);
            proxy.cut_response_after(at);
            let mut phone = Counting::new(proxy.address(), token);
            let (changes, _) = phone.everything(Some(&proxy)).await;
            assert_eq!(proxy.cuts(), 1, "cut after {at}");
            let mut came: Vec<&str> = changes.iter().map(|change| change["id"].as_str().unwrap()).collect();
            came.sort_unstable();
            came.dedup();
            assert_eq!(came.len(), ids.len(), "cut after {at}");
            let (paid, usual) = (phone.up + phone.down, whole.up + whole.down);
            assert!(paid * 10 < usual * 11, "{paid} instead of {usual}, cut after {at}");
        }
    }
}
