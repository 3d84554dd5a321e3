//! What RxDB's own query builders send, for tests that look closer than an RxDB client lets one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::app::{Answer, Person};

/// One collection of an RxDB client.
#[derive(Clone)]
pub struct Replica {
    pub person: Person,
    pub collection: &'static str,
    pub cursor: Value,
    /// By id.
    pub documents: BTreeMap<String, Value>,
    fields: String,
}

impl Replica {
    /// An empty one. `schemas` is what `cutri schema --rxdb` prints.
    pub fn new(person: Person, collection: &'static str, schemas: &Value) -> Self {
        let properties = &schemas["collections"][collection]["schema"]["properties"];
        let fields: Vec<&str> = properties
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        Self {
            person,
            collection,
            cursor: Value::Null,
            documents: BTreeMap::new(),
            fields: format!("{} _deleted", fields.join(" ")),
        }
    }

    /// The collection's name with its first letter large.
    pub fn title(&self) -> String {
        self.collection[..1].to_uppercase() + &self.collection[1..]
    }

    /// The pull query.
    pub fn pull_query(&self) -> String {
        let (title, fields) = (self.title(), &self.fields);
        format!(
            "query Pull{title}($checkpoint: {title}InputCheckpoint, $limit: Int!) {{
                pull{title}(checkpoint: $checkpoint, limit: $limit) {{
                    documents {{ {fields} }} checkpoint {{ cursor }} }} }}"
        )
    }

    /// The push mutation.
    pub fn push_query(&self) -> String {
        let (name, title, fields) = (self.collection, self.title(), &self.fields);
        format!(
            "mutation Push{title}(${name}PushRow: [{title}InputPushRow!]) {{
                push{title}({name}PushRow: ${name}PushRow) {{ {fields} }} }}"
        )
    }

    /// Asks for a page, whatever the answer.
    pub async fn ask_page(&self, limit: i64) -> Answer {
        let variables = json!({"checkpoint": self.cursor, "limit": limit});
        self.person.ask(&self.pull_query(), variables).await
    }

    /// Takes one page; how many documents it had.
    pub async fn pull_page(&mut self, limit: i64) -> usize {
        let answer = self.ask_page(limit).await;
        assert!(answer.body.get("errors").is_none(), "{:#}", answer.body);
        let page = &answer.body["data"][format!("pull{}", self.title())];
        let documents = page["documents"].as_array().unwrap();
        for document in documents {
            let id = document["id"].as_str().unwrap().to_owned();
            if document["_deleted"] == true {
                let told: Vec<_> = document
                    .as_object()
                    .unwrap()
                    .iter()
                    .filter(|(_, value)| !value.is_null())
                    .collect();
                assert_eq!(told.len(), 2, "what is gone brings no content: {document}");
                self.documents.remove(&id);
            } else {
                self.documents.insert(id, document.clone());
            }
        }
        // RxDB ignores the checkpoint of an empty page.
        if !documents.is_empty() {
            self.cursor = page["checkpoint"].clone();
        }
        documents.len()
    }

    /// Pulls as RxDB does: until a page is shorter than it asked for. How many documents came.
    pub async fn pull(&mut self, limit: i64) -> usize {
        let mut all = 0;
        loop {
            let count = self.pull_page(limit).await;
            all += count;
            if count < usize::try_from(limit).unwrap() {
                return all;
            }
        }
    }

    /// Pushes rows; what has to be taken instead.
    pub async fn push(&self, rows: &[Value]) -> Vec<Value> {
        let variables = json!({format!("{}PushRow", self.collection): rows});
        let data = self.person.data(&self.push_query(), variables).await;
        data[format!("push{}", self.title())].as_array().unwrap().clone()
    }

    /// The body of a push, for rows that are no JSON.
    pub fn push_body(&self, rows: &[String]) -> String {
        let query = serde_json::to_string(&self.push_query()).unwrap();
        let name = self.collection;
        format!(
            r#"{{"query":{query},"variables":{{"{name}PushRow":[{}]}}}}"#,
            rows.join(",")
        )
    }
}

/// A row that creates a document.
pub fn made(document: Value) -> Value {
    json!({"newDocumentState": document})
}

/// A row that changes members of a document.
pub fn changed(assumed: &Value, members: Value) -> Value {
    let mut new = assumed.clone();
    for (name, value) in members.as_object().unwrap() {
        new[name] = value.clone();
    }
    json!({"assumedMasterState": assumed, "newDocumentState": new})
}
