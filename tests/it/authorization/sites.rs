//! Places with everything that the chain makes, each with a word that nobody elsewhere may ever read.

use std::collections::{BTreeMap, BTreeSet};

use cutri::{feedback::tracking::TrackingCode, state::State};
use cutri_tests::{
    TestApp,
    app::Person,
    phone::{Phone, create, new_id},
    world::{self, Commune, Put},
};
use entity::{
    id::{GrantId, UnitId},
    role_grant,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::files::{Sender, text as file};

/// A voter's name; it is sealed, and nobody ever reads it again.
pub const VOTER: &str = "Lưu Thị Kín Như Bưng";

/// A commune with rows of every kind.
pub struct Site {
    pub commune: Commune,
    /// Stands in every text that is said here.
    pub word: String,
    rows: BTreeMap<&'static str, String>,
    made: usize,
}

/// Every kind of row that a sample can be about, apart from devices.
pub const KINDS: &[&str] = &[
    "unit",
    "bare",
    "council",
    "agency",
    "partner",
    "delegate",
    "account",
    "grant",
    "feedback",
    "fresh",
    "petition",
    "second",
    "repeat",
    "earlier",
    "classified",
    "forwarded",
    "answered",
    "informed",
    "closed",
    "meeting",
    "held",
    "asked",
    "session",
    "round",
    "approved",
    "procedure",
    "step",
    "synthesis",
    "frozen",
    "cosigned",
    "paper",
    "resolution",
    "other",
    "record",
    "note",
    "urging",
    "informing",
    "issue",
];

impl Site {
    pub fn new(commune: Commune, word: &str) -> Self {
        Self {
            commune,
            word: word.to_owned(),
            rows: BTreeMap::new(),
            made: 0,
        }
    }

    /// A row of every kind.
    pub async fn plant(&mut self, app: &TestApp) {
        for kind in KINDS {
            self.id(app, kind).await;
        }
    }

    /// The row of this kind; a new one when the last was used up.
    pub async fn id(&mut self, app: &TestApp, kind: &'static str) -> String {
        if let Some(id) = self.rows.get(kind) {
            return id.clone();
        }
        self.made += 1;
        let id = self.make(app, kind).await;
        self.rows.insert(kind, id.clone());
        id
    }

    /// How many rows were made here.
    pub fn made(&self) -> usize {
        self.made
    }

    /// Forgets a row that has changed; the place itself stays.
    pub fn used(&mut self, kind: &str) {
        if !matches!(kind, "unit" | "council" | "agency" | "feedback") {
            self.rows.remove(kind);
        }
        // What was made after it, or for it, goes with it.
        match kind {
            "petition" => self.rows.remove("second"),
            "delegate" => self.rows.remove("asked"),
            _ => None,
        };
    }

    fn office(&self, app: &TestApp) -> Person {
        app.person(&self.commune.office)
    }

    /// He who says everything here.
    fn author(&self, app: &TestApp) -> Person {
        app.person(&self.commune.delegates[1])
    }

    async fn make(&mut self, app: &TestApp, kind: &'static str) -> String {
        let (state, commune) = (&app.state, self.commune.clone());
        let reference = state.reference();
        let clock = reference.units.province(commune.unit).unwrap().id.to_string();
        match kind {
            "unit" => commune.unit.to_string(),
            "bare" => self.without_council(state).to_string(),
            "council" => commune.council.to_string(),
            "agency" => commune.committee.to_string(),
            // Another body, which has no account.
            "partner" => {
                let name = self.name("phòng ");
                let agency = world::an_agency(state, commune.unit, &name, "department", false);
                let id = agency.id.to_string();
                Put::new().row(agency).now(state).await;
                id
            }
            "delegate" => {
                let name = self.name("dai.bieu");
                let login = world::login(state, &name, &clock).await;
                let units = [commune.unit];
                world::mandate(state, &login, commune.council, &units)
                    .await
                    .to_string()
            }
            "account" => {
                let login = world::login(state, &self.name("nguoi"), &clock).await;
                world::at_council(state, &login, "committee", commune.council).await;
                login.account.to_string()
            }
            "grant" => {
                let login = world::login(state, &self.name("vai"), &clock).await;
                grant(state, &commune, &login, "committee").await.to_string()
            }
            "feedback" | "fresh" => {
                let said = json!({"kind": "petition", "unitId": commune.unit, "channel": "contact_meeting",
                    "meetingId": commune.meeting, "subject": self.text(), "content": self.text(), "wanted": self.text(),
                    "trackingCode": tracking_code(), "contactName": VOTER, "contactPhone": "0912345678", "consentText": "Đồng ý",
                    "consentAt": "2026-02-01T08:00:00+07:00", "recordedAt": "2026-02-01T08:00:00+07:00"});
                self.push(app, "feedback", said).await
            }
            "record" => {
                let record = json!({"meetingId": commune.meeting, "minutesDraft": self.text()});
                self.push(app, "meetingRecord", record).await
            }
            "note" => {
                let note = json!({"text": self.text(), "updatedAt": "2026-02-01T08:00:00+07:00"});
                self.push(app, "note", note).await
            }
            "urging" => {
                let about = Box::pin(self.make(app, "forwarded")).await;
                let urging =
                    json!({"targetKind": "petition", "targetId": about, "how": "phone", "text": self.text()});
                self.push(app, "urging", urging).await
            }
            "informing" => {
                let about = Box::pin(self.make(app, "answered")).await;
                let informing = json!({"petitionId": about, "channel": "phone", "note": self.text()});
                self.push(app, "informing", informing).await
            }
            "issue" => {
                let wrong = json!({"kind": "no such kind", "content": self.text()});
                let row = create("feedback", &new_id(), wrong);
                let mutation = row["mutationId"].clone();
                let mut phone = Phone::new(self.author(app));
                assert_eq!(phone.push(&[row]).await[0]["status"], "REJECTED");
                phone.collections = Some(vec!["syncIssue".to_owned()]);
                phone.pull().await;
                let issues = phone.rows_of("syncIssue");
                text(
                    &issues
                        .iter()
                        .find(|issue| issue["mutationId"] == mutation)
                        .unwrap()["id"],
                )
            }
            "meeting" | "held" => self.meeting(app, kind == "held").await,
            "session" => {
                let input = json!({"councilId": commune.council, "family": "session", "kind": "regular_mid",
                    "title": self.text()});
                let payload = self
                    .office(app)
                    .done("planMeeting", input, "meeting { id }")
                    .await;
                text(&payload["meeting"]["id"])
            }
            "asked" => {
                let meeting = self.meeting(app, false).await;
                let delegate = Box::pin(self.id(app, "delegate")).await;
                let input = json!({"meetingId": meeting, "invitedDelegateIds": [delegate]});
                self.office(app).done("updateMeeting", input, "").await;
                meeting
            }
            "round" | "approved" => {
                let id = self.round(app, kind == "approved").await;
                // The plan itself, which not everybody who sees the round may read.
                let paper = Sender::new(app, &self.office(app))
                    .send(&file(&self.name("kế hoạch "), 200))
                    .await;
                let input = json!({"roundId": id, "fileSha256": paper});
                self.office(app).done("updateRound", input, "").await;
                id
            }
            "procedure" | "step" => {
                let input = json!({"councilId": commune.council, "kind": "contact_preparation", "title": self.text(),
                    "anchorOn": "2026-03-20"});
                let payload = self
                    .office(app)
                    .done("startProcedure", input, "procedure { id steps { id } }")
                    .await;
                match kind {
                    "step" => text(&payload["procedure"]["steps"][0]["id"]),
                    _ => text(&payload["procedure"]["id"]),
                }
            }
            "second" => {
                Box::pin(self.id(app, "petition")).await;
                self.petition(app, "petition").await
            }
            "repeat" => {
                let earlier = self.petition(app, "petition").await;
                let repeat = self.petition(app, "petition").await;
                let link = json!({"petitionId": repeat, "earlierId": earlier});
                self.office(app).done("linkRepeat", link, "").await;
                self.rows.insert("earlier", earlier);
                repeat
            }
            // What the repeat asks again: one is no use without the other.
            "earlier" => {
                self.rows.remove("repeat");
                Box::pin(self.id(app, "repeat")).await;
                self.rows["earlier"].clone()
            }
            "synthesis" | "frozen" | "cosigned" => self.synthesis(app, kind).await,
            "paper" => {
                let number = self.name("số");
                let input = json!({"councilId": commune.council, "purpose": "contact_guide", "kind": "HD", "number": number,
                    "date": "2026-02-09", "title": self.text()});
                let fields = "council { documents { id number } }";
                let payload = self.office(app).done("addCouncilDocument", input, fields).await;
                let papers = payload["council"]["documents"].as_array().unwrap();
                text(
                    &papers
                        .iter()
                        .find(|paper| paper["number"] == number.as_str())
                        .unwrap()["id"],
                )
            }
            "resolution" | "other" => {
                let input = json!({"councilId": commune.council, "rawNumber": self.name("số"), "kind": "individual",
                    "title": self.text(), "text": self.text(), "issuedOn": "2026-01-15"});
                let payload = self
                    .office(app)
                    .done("createResolution", input, "resolution { id }")
                    .await;
                text(&payload["resolution"]["id"])
            }
            stage => self.petition(app, stage).await,
        }
    }

    /// The next commune of the province, in the order of the codes, that has no council.
    fn without_council(&self, state: &State) -> UnitId {
        let reference = state.reference();
        let councils = reference.bodies.councils.values();
        let taken: BTreeSet<UnitId> = councils.map(|council| council.unit_id).collect();
        let own = reference.units.get(self.commune.unit).unwrap();
        let mut communes = reference.units.children(own.parent_id.unwrap());
        let next = communes.find(|unit| {
            unit.code > own.code
                && unit.level == own.level
                && unit.valid_to.is_none()
                && !taken.contains(&unit.id)
        });
        next.expect("the province has more communes").id
    }

    /// A petition that has come so far.
    async fn petition(&mut self, app: &TestApp, stage: &str) -> String {
        let feedback = Box::pin(self.make(app, "fresh")).await;
        let office = self.office(app);
        let group = json!({"feedbackIds": [feedback], "title": self.text(), "content": self.text()});
        let petition = text(&office.done("groupFeedback", group, "petition { id }").await["petition"]["id"]);
        let step = async |person: &Person, name: &str, input: Value| {
            person.done(name, input, "petition { id }").await;
        };
        let classify = json!({"petitionId": petition, "field": "transport", "tier": "commune"});
        let forward = json!({"petitionIds": [petition], "leadId": self.commune.committee,
            "documentNumber": self.name("văn bản "), "documentDate": "2026-02-09"});
        let answer = json!({"petitionIds": [petition], "agencyId": self.commune.committee,
            "documentNumber": self.name("trả lời "), "documentDate": "2026-03-12", "text": self.text(),
            "outcome": "resolved"});
        let inform = json!({"petitionId": petition, "channel": "phone", "note": self.text()});
        let stages = [
            "petition",
            "classified",
            "forwarded",
            "answered",
            "informed",
            "closed",
        ];
        let far = stages.iter().position(|one| *one == stage).unwrap_or_default();
        if far >= 1 {
            step(&office, "classifyPetition", classify).await;
        }
        if far >= 2 {
            step(&office, "forwardPetitions", forward).await;
        }
        if far >= 3 {
            let body = app.person(&self.commune.committee_login);
            step(&body, "answerPetitions", answer).await;
        }
        if far >= 4 {
            let assess = json!({"petitionId": petition, "assessment": "ok"});
            step(&office, "assessAnswer", assess).await;
            step(&self.author(app), "informVoters", inform).await;
        }
        if far >= 5 {
            step(&office, "closePetition", json!({"petitionId": petition})).await;
        }
        petition
    }

    async fn meeting(&mut self, app: &TestApp, held: bool) -> String {
        let office = self.office(app);
        let input = json!({"councilId": self.commune.council, "kind": "thematic", "title": self.text(),
            "place": self.text(), "startsAt": "2026-02-01T08:00:00+07:00", "unitIds": [self.commune.unit]});
        let id = text(&office.done("planMeeting", input, "meeting { id }").await["meeting"]["id"]);
        for event in ["approve", "notify", "hold"].iter().filter(|_| held) {
            let input = json!({"meetingId": id, "event": event, "basis": self.text()});
            office.done("advanceMeeting", input, "meeting { id }").await;
        }
        id
    }

    async fn round(&self, app: &TestApp, approved: bool) -> String {
        let office = self.office(app);
        let input = json!({"councilId": self.commune.council, "kind": "thematic", "title": self.text(),
            "planNumber": "6/KH", "planDate": "2026-02-01", "content": self.text()});
        let id = text(&office.done("planRound", input, "round { id }").await["round"]["id"]);
        if approved {
            office
                .done("advanceRound", json!({"roundId": id, "event": "approve"}), "")
                .await;
        }
        id
    }

    /// A synthesis that has come so far.
    async fn synthesis(&mut self, app: &TestApp, stage: &str) -> String {
        let round = self.round(app, true).await;
        let office = self.office(app);
        let input = json!({"councilId": self.commune.council, "roundId": round, "title": self.text()});
        let payload = office.done("draftSynthesis", input, "synthesis { id }").await;
        let id = text(&payload["synthesis"]["id"]);
        if stage != "synthesis" {
            let input = json!({"synthesisId": id, "documentNumber": self.name("báo cáo "), "documentDate": "2026-03-12"});
            office.done("freezeSynthesis", input, "").await;
        }
        if stage == "cosigned" {
            let reference = app.state.reference();
            let clock = reference
                .units
                .province(self.commune.unit)
                .unwrap()
                .id
                .to_string();
            let front = world::login(&app.state, &self.name("mttq"), &clock).await;
            world::at_council(&app.state, &front, "front_officer", self.commune.council).await;
            let input = json!({"synthesisId": id, "signer": self.text()});
            app.person(&front).done("cosignSynthesis", input, "").await;
        }
        id
    }

    async fn push(&self, app: &TestApp, collection: &str, patch: Value) -> String {
        let id = new_id();
        let phone = Phone::new(self.author(app));
        let results = phone.push(&[create(collection, &id, patch)]).await;
        let status = results[0]["status"].as_str().unwrap();
        assert!(
            matches!(status, "APPLIED" | "MERGED"),
            "{collection}: {results:#?}"
        );
        id
    }

    fn text(&self) -> String {
        format!("Cầu {} đã gãy", self.word)
    }

    fn name(&mut self, kind: &str) -> String {
        self.made += 1;
        let place = self.commune.unit.to_string();
        format!("{kind}{}.{}", self.made, &place[place.len() - 6..])
    }
}

/// Gives somebody a role at a commune's council.
pub async fn grant(state: &State, commune: &Commune, to: &world::Login, role: &str) -> GrantId {
    let id = GrantId(state.entropy.id(state.clock.now()));
    let row = role_grant::Model {
        id,
        account_id: to.account,
        role: role.to_owned(),
        council_id: Some(commune.council),
        agency_id: None,
        unit_id: None,
        valid_from: world::FOUNDED.parse().unwrap(),
        valid_to: None,
    };
    Put::new().row(row).now(state).await;
    id
}

/// A code that no other slip has.
pub fn tracking_code() -> String {
    let id = Uuid::now_v7();
    let [.., a, b, c, d, e] = *id.as_bytes();
    TrackingCode::from_bytes([a, b, c, d, e]).to_string()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
