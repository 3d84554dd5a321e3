//! A device: it writes without signal, uploads over a bad road, reads in pieces, and is given up one day.

use std::collections::BTreeSet;

use cutri_tests::{
    TestApp,
    app::Person,
    phone::{PULL, Phone, is_taken_back},
    world::Login,
};
use entity::id::DeviceId;
use rand::Rng;
use serde_json::{Value, json};

use super::{Fate, Simulation, fingerprint_of};
use crate::invariants::DAILY;

/// A device with what its app keeps.
pub(super) struct Device {
    pub(super) login: Login,
    pub(super) phone: Phone,
    pub(super) writes: bool,
    /// Not yet acknowledged.
    pub(super) outbox: Vec<Value>,
    /// Acknowledged; kept for the day when the server stands on an older copy.
    pub(super) sent: Vec<Value>,
    pub(super) is_given_up: bool,
}

impl Device {
    pub(super) fn new(app: &TestApp, login: Login, device: DeviceId, writes: bool) -> Self {
        let mut phone = Phone::new(app.person_on(&login, device));
        phone.collections = Some(DAILY.map(str::to_owned).to_vec());
        Self {
            login,
            phone,
            writes,
            outbox: Vec::new(),
            sent: Vec::new(),
            is_given_up: false,
        }
    }

    /// The server has another address now.
    pub(super) fn moved(&mut self, app: &TestApp) {
        if !self.is_given_up {
            self.phone.person = self.phone.person.signed_again(&app.state, app.address());
        }
    }
}

/// What a row says; each word of each row is another one.
fn words(row: &Value) -> Option<&str> {
    ["content", "text", "note", "minutesDraft"]
        .iter()
        .find_map(|name| row["patch"][*name].as_str())
}

/// The hash of what was answered, word for word, in whatever order it came.
fn answered_words<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    // The members of an object are in the order of their names.
    let mut texts: Vec<String> = values.map(Value::to_string).collect();
    texts.sort_unstable();
    fingerprint_of(&texts)
}

impl Simulation<'_> {
    fn in_use(&self, writing: bool) -> Vec<usize> {
        (0..self.devices.len())
            .filter(|index| {
                let device = &self.devices[*index];
                !device.is_given_up && (device.writes || !writing)
            })
            .collect()
    }

    fn signed(&mut self, index: usize) -> Person {
        let app = self.app.as_ref().expect("the server runs");
        let device = &mut self.devices[index];
        device.phone.person = device.phone.person.signed_again(&app.state, app.address());
        device.phone.person.clone()
    }

    /// A row goes into an outbox.
    pub(super) fn somebody_writes(&mut self) {
        let Some(index) = self.any(&self.in_use(true)) else {
            return;
        };
        let words = format!("lời-{}-{:x}", self.step, self.rng.random::<u32>());
        let mutation = self.id();
        let new = self.id();
        let known = |collection: &str, phone: &Phone, own: &str| -> Vec<(String, String)> {
            let rows = phone.rows.iter().filter(|((of, _), row)| {
                of == collection && (collection == "note" || row["authorId"] == own)
            });
            rows.map(|((_, id), row)| (id.clone(), row["rev"].as_str().unwrap().to_owned()))
                .collect()
        };
        let own = self.devices[index].login.account.to_string();
        let phone = &self.devices[index].phone;
        let (feedback, notes, records) = (
            known("feedback", phone, &own),
            known("note", phone, &own),
            known("meetingRecord", phone, &own),
        );
        let petitions: Vec<String> = phone
            .rows_of("petition")
            .iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect();
        let unit = if own == self.world.there.delegates[0].account.to_string() {
            self.world.there.unit
        } else {
            self.world.here.unit
        };
        // Now and then a device's clock is years off.
        let off = [0, 0, 0, 0, -3_650, 3_650][self.rng.random_range(0..6)];
        let at =
            cutri::clock::wire(cutri::clock::Clock::now(self.clock.as_ref()) + chrono::Duration::days(off));
        let create = |collection: &'static str, patch: Value| {
            (
                collection,
                new.clone(),
                json!({"mutationId": mutation, "collection": collection, "id": new, "patch": patch}),
            )
        };
        let (collection, row, mut change) = match self.rng.random_range(0..20) {
            0..7 => create(
                "feedback",
                json!({"kind": "petition", "unitId": unit, "content": words}),
            ),
            7 => create(
                "feedback",
                json!({"kind": "petition", "unitId": unit, "content": words, "channel": "không có mã này"}),
            ),
            8 => {
                // Its parent comes later, or never.
                let meeting = self.id();
                create(
                    "feedback",
                    json!({"kind": "petition", "unitId": unit, "content": words, "meetingId": meeting}),
                )
            }
            9 | 10 => create("note", json!({"text": words})),
            11 if !petitions.is_empty() => {
                let petition = self.any(&petitions).unwrap();
                create(
                    "informing",
                    json!({"petitionId": petition, "channel": "in_person", "note": words}),
                )
            }
            12 if !petitions.is_empty() => {
                let petition = self.any(&petitions).unwrap();
                create(
                    "urging",
                    json!({"targetKind": "petition", "targetId": petition, "how": "phone", "text": words}),
                )
            }
            13 => match records.first() {
                Some((id, rev)) => (
                    "meetingRecord",
                    id.clone(),
                    json!({"mutationId": mutation, "collection": "meetingRecord", "id": id, "baseRev": rev, "patch": {"minutesDraft": words}}),
                ),
                None => create(
                    "meetingRecord",
                    json!({"meetingId": self.meeting, "minutesDraft": words}),
                ),
            },
            14 if !notes.is_empty() => {
                let (id, rev) = self.any(&notes).unwrap();
                (
                    "note",
                    id.clone(),
                    json!({"mutationId": mutation, "collection": "note", "id": id, "baseRev": rev, "patch": {"text": words}}),
                )
            }
            15 if !notes.is_empty() => {
                let (id, _) = self.any(&notes).unwrap();
                (
                    "note",
                    id.clone(),
                    json!({"mutationId": mutation, "collection": "note", "id": id, "delete": true}),
                )
            }
            16 if !feedback.is_empty() => {
                let (id, _) = self.any(&feedback).unwrap();
                (
                    "feedback",
                    id.clone(),
                    json!({"mutationId": mutation, "collection": "feedback", "id": id, "delete": true}),
                )
            }
            _ if !feedback.is_empty() => {
                let (id, rev) = self.any(&feedback).unwrap();
                let mut row = json!({"mutationId": mutation, "collection": "feedback", "id": id, "patch": {"content": words}});
                if self.rng.random_bool(0.8) {
                    row["baseRev"] = json!(rev);
                }
                ("feedback", id, row)
            }
            _ => create(
                "feedback",
                json!({"kind": "opinion", "unitId": unit, "content": words}),
            ),
        };
        if self.rng.random_bool(0.7) {
            change["recordedAt"] = json!(at);
        }
        if collection == "feedback" && change.get("baseRev").is_none() && change.get("delete").is_none() {
            self.feedback.push(row.clone());
        }
        self.tell(format!("device {index} writes {change}"));
        self.fates.insert(
            mutation,
            Fate {
                words: self::words(&change).unwrap_or_default().to_owned(),
                collection,
                row,
                status: None,
                is_gone: false,
            },
        );
        self.devices[index].outbox.push(change);
    }

    /// An upload, and what may become of it on the road.
    pub(super) async fn somebody_uploads(&mut self) {
        let Some(index) = self.any(&self.in_use(true)) else {
            return;
        };
        self.upload(index, true).await;
    }

    /// Uploads the outbox; on a bad road the request or the answer may be lost, come twice, or in another order.
    pub(super) async fn upload(&mut self, index: usize, is_bad: bool) {
        self.signed(index);
        let rows = self.devices[index].outbox.clone();
        if rows.is_empty() {
            return;
        }
        let road = if is_bad { self.rng.random_range(0..10) } else { 9 };
        match road {
            0 => self.tell(format!("device {index}: the request is lost")),
            1 | 2 => {
                let results = self.devices[index].phone.push(&rows).await;
                self.answered(index, &rows, &results, false);
                self.tell(format!("device {index}: the answer is lost"));
            }
            3 => {
                self.devices[index].phone.push(&rows).await;
                let results = self.devices[index].phone.push(&rows).await;
                self.answered(index, &rows, &results, true);
            }
            4 if rows.len() > 1 => {
                // The later half overtakes the earlier one.
                let (first, second) = rows.split_at(rows.len() / 2);
                for rows in [second, first] {
                    let results = self.devices[index].phone.push(rows).await;
                    self.answered(index, rows, &results, true);
                }
            }
            _ => {
                let results = self.devices[index].phone.push(&rows).await;
                self.answered(index, &rows, &results, true);
            }
        }
    }

    /// Takes note of what rows came to; the device does only if it heard of it.
    fn answered(&mut self, index: usize, rows: &[Value], results: &[Value], is_heard: bool) {
        let mut told = Vec::new();
        for (row, result) in rows.iter().zip(results) {
            let mutation = row["mutationId"].as_str().unwrap();
            let status = result["status"].as_str().unwrap().to_owned();
            told.push(format!(
                "{status} {}",
                result["errors"][0]["code"].as_str().unwrap_or_default()
            ));
            if let Some(fate) = self.fates.get_mut(mutation)
                && (status != "DUPLICATE" || fate.status.is_none())
            {
                fate.status = Some(status.clone());
            }
            if let Some(master) = result["master"].as_object() {
                assert_eq!(master["id"], row["id"], "{result}");
            }
            if is_heard {
                let device = &mut self.devices[index];
                device
                    .outbox
                    .retain(|kept| kept["mutationId"] != row["mutationId"]);
                if !device
                    .sent
                    .iter()
                    .any(|kept| kept["mutationId"] == row["mutationId"])
                {
                    device.sent.push(row.clone());
                }
            }
        }
        // Versions, the rows as they are now, what is wrong and where: all that a phone hears.
        self.tell(format!(
            "device {index} uploads {} rows: {} ({})",
            rows.len(),
            told.join(", "),
            answered_words(results.iter())
        ));
    }

    /// A request of long ago is delivered once more.
    pub(super) async fn an_old_request_comes_again(&mut self) {
        let Some(index) = self.any(&self.in_use(true)) else {
            return;
        };
        let sent = self.devices[index].sent.clone();
        if sent.is_empty() || self.is_behind(index) {
            return;
        }
        let from = self.rng.random_range(0..sent.len());
        let to = (from + self.rng.random_range(1..6)).min(sent.len());
        self.signed(index);
        let results = self.devices[index].phone.push(&sent[from..to]).await;
        self.answered(index, &sent[from..to], &results, true);
    }

    /// Whether a device has yet to hear that the database was replaced.
    fn is_behind(&self, index: usize) -> bool {
        let device = &self.devices[index];
        match device.phone.epoch.as_deref() {
            Some(known) => known != self.app().state.epoch.id().to_string(),
            None => !device.sent.is_empty(),
        }
    }

    /// Whether a page tells of another database than what was sent went to. A device that sent before it ever read does
    /// not know to which.
    fn has_to_offer_again(&self, index: usize, page: &Value) -> bool {
        let device = &self.devices[index];
        match &device.phone.epoch {
            Some(known) => page["epoch"] != known.as_str(),
            None => !device.sent.is_empty(),
        }
    }

    /// On a shared phone the queue of one person is sent as another's: nothing of it is taken.
    pub(super) async fn a_queue_is_sent_by_another(&mut self) {
        let (owner, sender) = (2, 3);
        let author = self.devices[owner].login.account.to_string();
        let mut rows = self.devices[owner].outbox.clone();
        rows.retain(|row| row["patch"].is_object() && row["collection"] == "feedback");
        for row in &mut rows {
            row["patch"]["authorId"] = json!(author);
        }
        if rows.is_empty() || self.devices[sender].is_given_up {
            return;
        }
        self.signed(sender);
        for result in self.devices[sender].phone.push(&rows).await {
            assert_eq!(result["status"], "REJECTED", "{result}");
        }
        self.tell(format!("{} rows are sent by another", rows.len()));
    }

    /// Some pages, of some size; the last answer may be lost.
    pub(super) async fn somebody_reads(&mut self) {
        let Some(index) = self.any(&self.in_use(false)) else {
            return;
        };
        let bytes = [1_024, 4_096, 1 << 20][self.rng.random_range(0..3)];
        let pages = self.rng.random_range(1..6);
        for _ in 0..pages {
            let is_lost = self.rng.random_bool(0.15);
            if !self.read_page(index, bytes, is_lost).await {
                return;
            }
        }
    }

    /// Reads a page; whether there is more. A device that hears of another epoch offers what it has first.
    pub(super) async fn read_page(&mut self, index: usize, bytes: i32, is_lost: bool) -> bool {
        let person = self.signed(index);
        let ask =
            |cursor: Option<&String>| json!({"cursor": cursor, "maxBytes": bytes, "collections": DAILY});
        let mut page = person
            .data(PULL, ask(self.devices[index].phone.cursor.as_ref()))
            .await["syncPull"]
            .clone();
        if is_lost {
            self.tell(format!("device {index}: a page is lost"));
            return true;
        }
        if self.has_to_offer_again(index, &page) {
            self.offer_again(index).await;
            page = person.data(PULL, ask(None)).await["syncPull"].clone();
        }
        let phone = &mut self.devices[index].phone;
        phone.epoch = page["epoch"].as_str().map(str::to_owned);
        let mut seen: Vec<String> = phone
            .apply(&page)
            .into_iter()
            .map(|(collection, id, rev)| format!("{collection} {id} {}", rev.as_deref().unwrap_or("gone")))
            .collect();
        seen.sort();
        let more = page["more"] == true;
        let documents = page["changes"].as_array().unwrap();
        self.tell(format!(
            "device {index} reads {}{} ({})",
            seen.join(", "),
            if more { " and more" } else { "" },
            answered_words(documents.iter().map(|change| &change["d"]))
        ));
        more
    }

    /// The server stands on an older copy: what was sent goes once more, then whatever else is one's own; then nothing is
    /// held any more.
    async fn offer_again(&mut self, index: usize) {
        let sent = self.devices[index].sent.clone();
        for rows in sent.chunks(100) {
            let results = self.devices[index].phone.push(rows).await;
            self.answered(index, rows, &results, true);
        }
        let own = self.devices[index].login.account.to_string();
        let touched: BTreeSet<&str> = sent.iter().filter_map(|row| row["id"].as_str()).collect();
        let rows: Vec<Value> = self.devices[index]
            .phone
            .rows
            .iter()
            .filter(|((collection, id), row)| {
                !touched.contains(id.as_str()) && (collection == "note" || row["authorId"] == own.as_str())
            })
            .flat_map(|((collection, id), row)| {
                let words = json!({"collection": collection, "id": id, "baseRev": row["rev"], "patch": row});
                let back = json!({"collection": collection, "id": id, "delete": true});
                std::iter::once(words).chain(is_taken_back(collection, row).then_some(back))
            })
            .collect();
        let rows: Vec<Value> = rows
            .into_iter()
            .map(|mut row| {
                row["mutationId"] = json!(self.id());
                row
            })
            .collect();
        if !rows.is_empty() {
            let results = self.devices[index].phone.push(&rows).await;
            self.answered(index, &rows, &results, false);
        }
        // What it holds is of the newer one; it begins anew.
        let phone = &mut self.devices[index].phone;
        phone.cursor = None;
        phone.rows.clear();
        phone.lies.clear();
    }

    /// A device is given up, sometimes as stolen; it hands in what it has, is emptied, and its owner gets another.
    pub(super) async fn a_device_is_given_up(&mut self) {
        // The tablet: its account has another device, on which the issues arrive.
        let index = 1;
        if self.devices[index].is_given_up || self.step < 60 {
            return;
        }
        let person = self.signed(index);
        // What is stolen offers nothing more, and what an older copy lacks would be lost with it.
        let stolen = !self.is_behind(index) && self.rng.random_bool(0.3);
        let device = self.devices[index].phone.person.device;
        // An older copy from before this day would bring the device back, and its rows would be nobody's.
        self.backup = None;
        person
            .done("revokeDevice", json!({"deviceId": device, "stolen": stolen}), "")
            .await;
        let app = self.app.as_ref().expect("the server runs");
        let wiping = cutri_tests::app::wiping(&app.state, app.address(), &self.devices[index].phone.person);
        let rows = self.devices[index].outbox.clone();
        self.devices[index].phone.person = wiping;
        if stolen {
            for row in &rows {
                let mutation = row["mutationId"].as_str().unwrap();
                if let Some(fate) = self.fates.get_mut(mutation).filter(|fate| fate.status.is_none()) {
                    fate.is_gone = true;
                }
            }
        } else if !rows.is_empty() {
            let results = self.devices[index].phone.push(&rows).await;
            self.answered(index, &rows, &results, true);
        }
        loop {
            let phone = &self.devices[index].phone;
            let variables = json!({"cursor": phone.cursor, "collections": DAILY});
            let page = phone.person.data(PULL, variables).await["syncPull"].clone();
            assert_eq!(page["wipe"], true);
            if !stolen && self.has_to_offer_again(index, &page) {
                self.offer_again(index).await;
                // Emptied already, as a phone of an older copy is; it hears so once more.
                self.devices[index].phone.epoch = page["epoch"].as_str().map(str::to_owned);
                continue;
            }
            let phone = &mut self.devices[index].phone;
            phone.epoch = page["epoch"].as_str().map(str::to_owned);
            phone.apply(&page);
            if page["more"] == false {
                break;
            }
        }
        assert!(self.devices[index].phone.rows.is_empty(), "emptied");
        self.devices[index].is_given_up = true;
        self.tell(format!(
            "device {index} is given up{}",
            if stolen { " as stolen" } else { "" }
        ));
    }
}
