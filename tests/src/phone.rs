//! A delegate's phone: a store of rows, an outbox, a cursor. As simple as an app's author would write it from
//! docs/sync.md.

use std::collections::{BTreeMap, BTreeSet};

use cutri::sync::registry;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::Person;

/// The upload.
pub const PUSH: &str = "mutation($rows: [JSON!]!, $cursor: String) { syncPush(rows: $rows, cursor: $cursor) {
    results { index mutationId status rev master errors { code field message } }
    pull { partitions changes { p c op id rev d } cursor epoch more digest } } }";

/// The download.
pub const PULL: &str = "query($cursor: String, $maxBytes: Int, $collections: [String!]) {
    syncPull(cursor: $cursor, maxBytes: $maxBytes, collections: $collections) {
    partitions changes { p c op id rev d } cursor epoch more digest wipe } }";

/// A phone.
#[derive(Clone)]
pub struct Phone {
    pub person: Person,
    pub cursor: Option<String>,
    /// By collection and id.
    pub rows: BTreeMap<(String, String), Value>,
    /// In which partitions each row lies.
    pub lies: BTreeMap<(String, String), BTreeSet<String>>,
    pub collections: Option<Vec<String>>,
    /// The epoch under which it knows the server.
    pub epoch: Option<String>,
}

/// A change as it arrived: collection, id, version (none if gone).
pub type Seen = (String, String, Option<String>);

impl Phone {
    /// A phone that has never synced.
    pub fn new(person: Person) -> Self {
        Self {
            person,
            cursor: None,
            rows: BTreeMap::new(),
            lies: BTreeMap::new(),
            collections: None,
            epoch: None,
        }
    }

    /// A phone that leaves out the 14,000 units: they are the same for all, and most of the time of a first pull.
    pub fn without_units(person: Person) -> Self {
        let names = registry::COLLECTIONS.iter().map(|collection| collection.name());
        Self {
            collections: Some(names.filter(|name| *name != "unit").map(str::to_owned).collect()),
            ..Self::new(person)
        }
    }

    /// Reads one page; returns what it brought and whether more is pending.
    pub async fn pull_page(&mut self, max_bytes: Option<i32>) -> (Vec<Seen>, bool) {
        let variables =
            json!({"cursor": self.cursor, "maxBytes": max_bytes, "collections": self.collections});
        let mut page = self.person.data(PULL, variables).await["syncPull"].clone();
        if self.epoch.as_deref().is_some_and(|known| page["epoch"] != known) {
            self.offer_again().await;
            (self.cursor, self.rows, self.lies) = (None, BTreeMap::new(), BTreeMap::new());
            let variables = json!({"maxBytes": max_bytes, "collections": self.collections});
            page = self.person.data(PULL, variables).await["syncPull"].clone();
        }
        self.epoch = page["epoch"].as_str().map(str::to_owned);
        (self.apply(&page), page["more"].as_bool().unwrap())
    }

    /// The server stands on an older copy: whatever this person wrote is offered once more.
    async fn offer_again(&self) {
        let own = self.rows.iter().filter(|((collection, _), row)| {
            let author = self.person.account.map(|account| account.to_string());
            collection == "note"
                || row["authorId"]
                    .as_str()
                    .is_some_and(|by| Some(by) == author.as_deref())
        });
        let rows: Vec<Value> = own
            .flat_map(|((collection, id), row)| {
                let words = change(collection, id, row["rev"].as_str().unwrap(), row.clone());
                let back = is_taken_back(collection, row).then(|| take_back(collection, id));
                std::iter::once(words).chain(back)
            })
            .collect();
        for result in self.push(&rows).await {
            assert!(
                ["APPLIED", "MERGED", "DUPLICATE"].contains(&result["status"].as_str().unwrap()),
                "{result}"
            );
        }
    }

    /// Applies a page, and proves that this phone is whole if it is the last.
    pub fn apply(&mut self, page: &Value) -> Vec<Seen> {
        let seen = self.apply_changes(page);
        self.cursor = Some(page["cursor"].as_str().unwrap().to_owned());
        if let Some(digest) = page["digest"].as_str() {
            assert_eq!(
                self.digest(),
                digest,
                "the phone holds what the server says it does"
            );
        }
        seen
    }

    /// Puts and removes rows.
    pub fn apply_changes(&mut self, page: &Value) -> Vec<Seen> {
        let mut seen = Vec::new();
        for change in page["changes"].as_array().unwrap() {
            let text = |name: &str| change[name].as_str().unwrap().to_owned();
            let key = (text("c"), text("id"));
            if text("op") == "put" {
                assert_eq!(change["d"]["rev"], change["rev"], "{change}");
                self.rows.insert(key.clone(), change["d"].clone());
                let name = |place: &Value| page["partitions"][place.as_u64().unwrap() as usize].as_str();
                let places = change["p"].as_array().unwrap().iter();
                let places = places.map(|place| name(place).unwrap().to_owned()).collect();
                self.lies.insert(key.clone(), places);
                seen.push((key.0, key.1, Some(text("rev"))));
            } else {
                assert_eq!(
                    change["d"],
                    Value::Null,
                    "what is gone brings no content: {change}"
                );
                self.rows.remove(&key);
                self.lies.remove(&key);
                seen.push((key.0, key.1, None));
            }
        }
        seen
    }

    /// How many rows it holds and the sum of their fingerprints, each once for each partition, as docs/sync.md says.
    pub fn digest(&self) -> String {
        let (mut count, mut sum) = (0, [0_u32; 2]);
        for ((collection, id), places) in &self.lies {
            let rev = self.row(collection, id)["rev"].as_str().unwrap_or_default();
            let digest = Sha256::digest(format!("{id}:{rev}"));
            for _ in places {
                count += 1;
                for (half, sum) in sum.iter_mut().enumerate() {
                    let bytes = digest[4 * half..4 * half + 4].try_into().unwrap();
                    *sum = sum.wrapping_add(u32::from_be_bytes(bytes));
                }
            }
        }
        format!("{count}:{:08x}{:08x}", sum[0], sum[1])
    }

    /// Reads until nothing is pending.
    pub async fn pull(&mut self) -> Vec<Seen> {
        self.pull_in_pages(Some(1 << 20)).await
    }

    /// Reads until nothing is pending, in pages of so many bytes.
    pub async fn pull_in_pages(&mut self, max_bytes: Option<i32>) -> Vec<Seen> {
        let mut all = Vec::new();
        loop {
            let (seen, more) = self.pull_page(max_bytes).await;
            all.extend(seen);
            if !more {
                return all;
            }
        }
    }

    /// Uploads rows; the results, in order.
    pub async fn push(&self, rows: &[Value]) -> Vec<Value> {
        let data = self.person.data(PUSH, json!({"rows": rows})).await;
        data["syncPush"]["results"].as_array().unwrap().clone()
    }

    /// Uploads any number of rows in pieces that a slow machine takes in its time, each until it is answered.
    pub async fn push_patiently(&self, rows: &[Value]) -> Vec<Value> {
        let mut all = Vec::new();
        for rows in rows.chunks(100) {
            loop {
                let answer = self.person.ask(PUSH, json!({"rows": rows})).await;
                if let Some(results) = answer.body["data"]["syncPush"]["results"].as_array() {
                    all.extend(results.iter().cloned());
                    break;
                }
                let retryable = &answer.body["errors"][0]["extensions"]["retryable"];
                assert_eq!(*retryable, true, "{:#}", answer.body);
            }
        }
        all
    }

    /// The body of an upload, for roads that break and for rows that are no JSON.
    pub fn push_body(rows: &[String]) -> String {
        let query = serde_json::to_string(PUSH).unwrap();
        format!(
            r#"{{"query":{query},"variables":{{"rows":[{}]}}}}"#,
            rows.join(",")
        )
    }

    /// A row of this collection.
    pub fn rows_of(&self, collection: &str) -> Vec<&Value> {
        self.rows
            .iter()
            .filter(|((of, _), _)| of == collection)
            .map(|(_, row)| row)
            .collect()
    }

    /// The row with this id.
    pub fn row(&self, collection: &str, id: &str) -> &Value {
        self.rows
            .get(&(collection.to_owned(), id.to_owned()))
            .unwrap_or(&Value::Null)
    }
}

/// A new id, as a phone makes it.
pub fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// A pushed row that creates something.
pub fn create(collection: &str, id: &str, patch: Value) -> Value {
    json!({"mutationId": new_id(), "collection": collection, "id": id, "patch": patch})
}

/// A pushed row that takes a feedback back, or cancels one's own contact.
pub fn take_back(collection: &str, id: &str) -> Value {
    json!({"mutationId": new_id(), "collection": collection, "id": id, "delete": true})
}

/// Whether a row was taken back and stays as such: it is offered so to a server that stands on an older copy.
pub fn is_taken_back(collection: &str, row: &Value) -> bool {
    let status = row["status"].as_str().unwrap_or_default();
    [("feedback", "withdrawn"), ("meeting", "cancelled")].contains(&(collection, status))
}

/// A pushed row that changes something, knowing this version.
pub fn change(collection: &str, id: &str, base: &str, patch: Value) -> Value {
    json!({"mutationId": new_id(), "collection": collection, "id": id, "baseRev": base, "patch": patch})
}
