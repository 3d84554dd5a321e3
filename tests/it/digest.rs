//! The proof that a phone is whole, the repair of one that is not, and the wait for something new.

use std::time::{Duration, Instant};

use cutri_tests::{
    TestApp, TestDatabase, each_db,
    phone::{Phone, change, create, new_id},
    world::{World, mandate},
};
use serde_json::{Value, json};

const HEAD: &str = "query($cursor: String) { syncHead(cursor: $cursor) { clocks digest more } }";
const TABLE: &str = "query($cursor: String, $partition: String, $collection: String) {
    syncDigest(cursor: $cursor, partition: $partition, collection: $collection) {
        more sums { partition collection bucket count sum } } }";
const REPAIR: &str = "query($partition: String!, $collection: String!, $bucket: String, $held: [String!]!) {
    syncRepair(partition: $partition, collection: $collection, bucket: $bucket, held: $held) {
        partitions changes { p c op id rev d } more } }";
const WAIT: &str = "query($cursor: String, $waitMs: Int) { syncPull(cursor: $cursor, waitMs: $waitMs) {
    partitions changes { p c op id rev d } cursor more digest } }";

async fn stage(db: &TestDatabase) -> (TestApp, World) {
    let app = TestApp::start(db).await;
    let world = World::create(&app.state).await;
    (app, world)
}

fn said(world: &World, content: &str) -> Value {
    json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting", "content": content})
}

/// Only what one person says, so that 14,000 units need not be read.
fn light(phone: &mut Phone) {
    let names = [
        "feedback",
        "petition",
        "meeting",
        "note",
        "resolution",
        "delegate",
    ];
    phone.collections = Some(names.map(str::to_owned).to_vec());
}

async fn table(phone: &Phone, partition: Option<&str>, collection: Option<&str>) -> Value {
    let variables = json!({"cursor": phone.cursor, "partition": partition, "collection": collection});
    phone.person.data(TABLE, variables).await["syncDigest"].clone()
}

/// What the phone would say for the rows of one place: how many, and their sum.
fn sums(phone: &Phone, partition: &str, collection: &str, bucket: &str) -> (u64, String) {
    let mut part = phone.clone();
    part.lies
        .retain(|(of, id), places| of == collection && id.ends_with(bucket) && places.contains(partition));
    for places in part.lies.values_mut() {
        places.retain(|place| place == partition);
    }
    let digest = part.digest();
    let (count, sum) = digest.split_once(':').unwrap();
    (count.parse().unwrap(), sum.to_owned())
}

/// As an app would do it: finds where it differs, and asks for that alone. Returns what it had to change.
pub(crate) async fn repair(phone: &mut Phone) -> Vec<(String, String)> {
    let mut repaired = Vec::new();
    let known = table(phone, None, None).await;
    assert_eq!(known["more"], false);
    let mut places: std::collections::BTreeSet<(String, String)> = phone
        .lies
        .iter()
        .flat_map(|((collection, _), places)| places.iter().map(|place| (place.clone(), collection.clone())))
        .collect();
    let mut told = std::collections::BTreeMap::new();
    for line in known["sums"].as_array().unwrap() {
        let key = (
            line["partition"].as_str().unwrap().to_owned(),
            line["collection"].as_str().unwrap().to_owned(),
        );
        told.insert(
            key.clone(),
            (
                line["count"].as_u64().unwrap(),
                line["sum"].as_str().unwrap().to_owned(),
            ),
        );
        places.insert(key);
    }
    for (partition, collection) in places {
        let there = told.get(&(partition.clone(), collection.clone())).cloned();
        let there = there.unwrap_or_else(|| (0, "0".repeat(16)));
        if sums(phone, &partition, &collection, "") == there {
            continue;
        }
        let parts = table(phone, Some(&partition), Some(&collection)).await;
        let mut differ = Vec::new();
        for part in 0..=255_u8 {
            let bucket = format!("{part:02x}");
            let line = parts["sums"]
                .as_array()
                .unwrap()
                .iter()
                .find(|line| line["bucket"] == bucket.as_str());
            let there = line.map_or((0, "0".repeat(16)), |line| {
                (
                    line["count"].as_u64().unwrap(),
                    line["sum"].as_str().unwrap().to_owned(),
                )
            });
            if sums(phone, &partition, &collection, &bucket) != there {
                differ.push(bucket);
            }
        }
        for bucket in differ {
            let held: Vec<String> = phone
                .lies
                .iter()
                .filter(|((of, id), places)| {
                    *of == collection && id.ends_with(&bucket) && places.contains(&partition)
                })
                .map(|((_, id), _)| format!("{id}:{}", phone.row(&collection, id)["rev"].as_str().unwrap()))
                .collect();
            let variables =
                json!({"partition": partition, "collection": collection, "bucket": bucket, "held": held});
            let answer = phone.person.data(REPAIR, variables).await["syncRepair"].clone();
            assert_eq!(answer["more"], false);
            repaired.extend(
                phone
                    .apply_changes(&answer)
                    .into_iter()
                    .map(|(collection, id, _)| (collection, id)),
            );
        }
    }
    repaired.sort();
    repaired.dedup();
    repaired
}

each_db! {
    async fn a_head_of_300_bytes_says_whether_anything_is_new(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = Phone::new(app.person(&world.here.delegates[0]));
        let head = async |phone: &Phone| phone.person.data(HEAD, json!({"cursor": phone.cursor})).await["syncHead"].clone();
        assert_eq!(head(&phone).await["more"], true, "nothing was read yet");
        phone.pull().await;
        let level = head(&phone).await;
        assert_eq!(level["more"], false, "{level}");
        assert_eq!(level["digest"], phone.digest());
        assert!(json!({"data": {"syncHead": level}}).to_string().len() <= 300, "{level}");

        let neighbour = Phone::new(app.person(&world.there.delegates[0]));
        let far = json!({"kind": "petition", "unitId": world.there.unit, "channel": "contact_meeting", "content": "Xa"});
        assert_eq!(neighbour.push(&[create("feedback", &new_id(), far)]).await[0]["status"], "APPLIED");
        assert_eq!(head(&phone).await["more"], false, "what a neighbour writes is nothing new here");

        assert_eq!(phone.push(&[create("feedback", &new_id(), said(&world, "Cầu gãy"))]).await[0]["status"], "APPLIED");
        let behind = head(&phone).await;
        assert_eq!(behind["more"], true);
        assert_ne!(behind["clocks"], level["clocks"]);
        phone.pull().await;
        assert_eq!(head(&phone).await["digest"], phone.digest());
    }

    async fn i20_one_wrong_bit_is_found_and_exactly_that_row_is_repaired(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = Phone::new(app.person(&world.here.delegates[0]));
        light(&mut phone);
        let rows: Vec<Value> = (0..40).map(|n| create("feedback", &new_id(), said(&world, &format!("Ý kiến {n}")))).collect();
        phone.push(&rows).await;
        phone.pull().await;
        assert!(repair(&mut phone).await.is_empty(), "nothing to repair");
        let whole = phone.clone();

        // The version of one row reads 3 instead of 1, another was lost, and a third was never there.
        let keys: Vec<_> = phone.lies.keys().filter(|(of, _)| of == "feedback").cloned().collect();
        phone.rows.get_mut(&keys[7]).unwrap()["rev"] = json!("3");
        phone.rows.remove(&keys[11]);
        phone.lies.remove(&keys[11]);
        let ghost = ("feedback".to_owned(), new_id());
        let mut ghostly = phone.row("feedback", &keys[0].1).clone();
        ghostly["id"] = json!(ghost.1);
        phone.rows.insert(ghost.clone(), ghostly);
        phone.lies.insert(ghost.clone(), phone.lies[&keys[0]].clone());
        assert_ne!(phone.digest(), whole.digest());
        let mut expected = vec![keys[7].clone(), keys[11].clone(), ghost];
        expected.sort();
        assert_eq!(repair(&mut phone).await, expected);
        assert_eq!((&phone.rows, &phone.lies), (&whole.rows, &whole.lies));
        assert_eq!(phone.digest(), whole.digest());
    }

    async fn a_repair_tells_nothing_of_what_one_may_not_see(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let owner = Phone::new(app.person(&world.here.delegates[0]));
        let id = new_id();
        owner.push(&[create("feedback", &id, said(&world, "Riêng của xã này"))]).await;
        let stranger = app.person(&world.there.delegates[0]);
        for partition in [format!("council:{}", world.here.council), "council:nonsense".to_owned(), String::new()] {
            let variables = json!({"partition": partition, "collection": "feedback", "held": [format!("{id}:1")]});
            let answer = stranger.data(REPAIR, variables).await["syncRepair"].clone();
            assert_eq!(answer["changes"], json!([{"p": [], "c": "feedback", "op": "gone", "id": id, "rev": null, "d": null}]));
            let variables = json!({"partition": partition, "collection": "feedback"});
            let answer = stranger.data(TABLE, variables).await["syncDigest"].clone();
            assert_eq!(answer["sums"], json!([]));
        }
    }

    async fn a_place_won_later_leaves_no_doubt_about_where_rows_lie(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = Phone::new(app.person(&world.here.delegates[0]));
        light(&mut phone);
        phone.pull().await;
        mandate(&app.state, &world.here.delegates[0], world.province_council, &[world.here.unit, world.there.unit]).await;
        // The phone compares with the server's sum after its last page.
        phone.pull_in_pages(Some(1_024)).await;
        assert!(repair(&mut phone).await.is_empty());
        let mut fresh = Phone::new(phone.person.clone());
        light(&mut fresh);
        fresh.pull().await;
        assert_eq!((&phone.rows, &phone.lies), (&fresh.rows, &fresh.lies));
    }

    async fn a_waiting_phone_is_answered_when_something_comes(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = Phone::new(app.person(&world.here.delegates[0]));
        light(&mut phone);
        phone.pull().await;
        // All collections from here on, so that nothing but this test's rows is waited for.
        phone.collections = None;
        phone.pull().await;
        let author = Phone::new(app.person(&world.here.delegates[1]));
        let waiting = {
            let (person, cursor) = (phone.person.clone(), phone.cursor.clone());
            tokio::spawn(async move { person.data(WAIT, json!({"cursor": cursor, "waitMs": 50_000})).await })
        };
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!waiting.is_finished(), "there is nothing to tell");
        let neighbour = Phone::new(app.person(&world.there.delegates[0]));
        let far = json!({"kind": "petition", "unitId": world.there.unit, "channel": "contact_meeting", "content": "Xa"});
        neighbour.push(&[create("feedback", &new_id(), far)]).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!waiting.is_finished(), "what a neighbour writes wakes nobody here");
        let id = new_id();
        author.push(&[create("feedback", &id, said(&world, "Cầu gãy"))]).await;
        let page = waiting.await.unwrap()["syncPull"].clone();
        phone.apply(&page);
        assert_eq!(phone.row("feedback", &id)["content"], "Cầu gãy");
    }

    async fn a_wait_ends_when_its_time_is_over_and_knows_its_limit(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = Phone::new(app.person(&world.here.delegates[0]));
        phone.pull().await;
        let begun = Instant::now();
        let page = phone.person.data(WAIT, json!({"cursor": phone.cursor, "waitMs": 400})).await["syncPull"].clone();
        assert!(begun.elapsed() >= Duration::from_millis(400));
        assert_eq!((&page["changes"], &page["more"]), (&json!([]), &json!(false)));
        let told = phone.person.ask(WAIT, json!({"cursor": phone.cursor, "waitMs": 60_001})).await;
        assert_eq!(told.body["errors"][0]["extensions"]["code"], "LIMIT_TOO_LARGE");
        assert_eq!(told.body["errors"][0]["extensions"]["limit"], 60_000);
        let told = phone.person.ask(WAIT, json!({"cursor": phone.cursor, "waitMs": -1})).await;
        assert_eq!(told.body["errors"][0]["extensions"]["code"], "OUT_OF_RANGE");
        let done = phone.push(&[change("note", &new_id(), "0", json!({"text": "x"}))]).await;
        assert!(done[0]["status"].is_string());
    }
}
