//! What sync costs in bytes: bodies as they travel, packed, without headers, on the words of real petitions.

use cutri_tests::{
    Kind, TestApp, TestDatabase, database, each_db,
    phone::{PULL, PUSH, Phone, create, new_id},
    world::World,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

/// Texts of any length, made of the sentences of the sample petitions.
pub(crate) struct Words(std::sync::Mutex<StdRng>, Vec<String>);

impl Words {
    /// The same for every run.
    pub(crate) fn new() -> Self {
        let sample = include_str!("../../api/reference/demo/petitions.jsonl");
        let texts = sample.lines().map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["text"]
                .as_str()
                .unwrap()
                .to_owned()
        });
        let words = texts.flat_map(|text| text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        Self(std::sync::Mutex::new(StdRng::seed_from_u64(40)), words.collect())
    }

    /// So many words: pieces of three to nine words as they stand in the sample.
    pub(crate) fn say(&self, count: usize) -> String {
        let mut rng = self.0.lock().unwrap();
        let mut said: Vec<&str> = Vec::new();
        while said.len() < count {
            let long = rng.random_range(3..10);
            let from = rng.random_range(0..self.1.len() - long);
            said.extend(self.1[from..from + long].iter().map(String::as_str));
        }
        said.truncate(count);
        said.join(" ")
    }
}

async fn stage(db: &TestDatabase) -> (TestApp, World) {
    let app = TestApp::start(db).await;
    let world = World::create(&app.state).await;
    (app, world)
}

fn said(world: &World, words: &str) -> Value {
    json!({"kind": "petition", "unitId": world.here.unit, "meetingId": world.here.meeting, "channel": "contact_meeting",
        "origin": "voter", "content": words, "recordedAt": "2026-11-21T19:30:00+07:00"})
}

/// Two thousand feedbacks of so many words are uploaded, and downloaded by a colleague: the bytes of the answers.
async fn two_thousand(app: &TestApp, world: &World, words: usize) -> [usize; 2] {
    let author = app.person(&world.here.delegates[0]);
    let sample = Words::new();
    let mut up = 0;
    for _ in 0..4 {
        let rows: Vec<Value> = (0..500)
            .map(|_| create("feedback", &new_id(), said(world, &sample.say(words))))
            .collect();
        // A busy machine may need more than one try; each costs the same.
        let answer = loop {
            let answer = author.try_packed(PUSH, json!({"rows": rows})).await.unwrap();
            if answer.body["errors"].is_null() {
                break answer;
            }
            assert_eq!(
                answer.body["errors"][0]["extensions"]["retryable"], true,
                "{}",
                answer.body
            );
        };
        let results = answer.body["data"]["syncPush"]["results"].as_array().unwrap();
        assert!(results.iter().all(|result| result["status"] == "APPLIED"));
        up += answer.sent;
    }
    let mut phone = Phone::new(app.person(&world.here.delegates[1]));
    let mut down = 0;
    loop {
        let variables = json!({"cursor": phone.cursor, "maxBytes": 1 << 20, "collections": ["feedback"]});
        let answer = phone.person.try_packed(PULL, variables).await.unwrap();
        down += answer.received;
        let page = &answer.body["data"]["syncPull"];
        phone.apply(page);
        if page["more"] == false {
            break;
        }
    }
    assert_eq!(phone.rows.len(), 2_000);
    [up, down]
}

each_db! {
    async fn nothing_new_costs_less_than_600_bytes_both_ways(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = Phone::new(app.person(&world.here.delegates[0]));
        phone.pull().await;
        let query = "query($c:String){syncPull(cursor:$c){changes{c op id rev d p}cursor more}}";
        let answer = phone.person.try_packed(query, json!({"c": phone.cursor})).await.unwrap();
        assert_eq!(answer.body["data"]["syncPull"]["changes"], json!([]));
        println!("nothing new by syncPull: {} + {}", answer.sent, answer.received);
        assert!(answer.sent + answer.received < 600, "{} + {}", answer.sent, answer.received);
        let query = "query($c:String){syncHead(cursor:$c){clocks digest more}}";
        let answer = phone.person.try_packed(query, json!({"c": phone.cursor})).await.unwrap();
        println!("nothing new by syncHead: {} + {}", answer.sent, answer.received);
        assert!(answer.received < 300 && answer.sent + answer.received < 600, "{} + {}", answer.sent, answer.received);
    }

    async fn two_thousand_feedbacks_of_40_words_are_250_kb(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let [up, down] = two_thousand(&app, &world, 40).await;
        println!("2,000 feedbacks of 40 words: {up} up, {down} down");
        assert!(down < 250_000, "{down}");
        assert!(up < 250_000, "{up}");
    }
}

/// The bytes are the same on both databases; the larger figure is measured on one.
#[test]
fn two_thousand_feedbacks_of_80_words_are_500_kb() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let (app, world) = stage(&db).await;
        let [up, down] = two_thousand(&app, &world, 80).await;
        println!("2,000 feedbacks of 80 words: {up} up, {down} down");
        assert!(down < 500_000, "{down}");
        assert!(up < 500_000, "{up}");
    });
}
