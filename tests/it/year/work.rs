//! The work of the year, round by round, and the account that is kept of it.

use std::collections::BTreeMap;

use cutri::{
    error::Refused,
    meetings::office::{Advance, Plan},
    petitions::{answering::Assess, closing::Close},
    store::door::{self, Command, Done},
};
use cutri_tests::{
    TestDatabase,
    app::Person,
    phone::{Phone, create, new_id},
    world,
};
use entity::{
    id::{AgencyId, MeetingId, PetitionId},
    meeting::{Event, Family},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{OUTCOMES, ROUNDS, SAID, formed};
use crate::{answering::text, rounds::Stage, search::viewer};

/// The same mutation for many inputs, ten in a request; the payloads.
pub(super) async fn many(person: &Person, name: &str, inputs: Vec<Value>, selection: &str) -> Vec<Value> {
    let input_type = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let mut payloads = Vec::new();
    for inputs in inputs.chunks(10) {
        let (mut heads, mut fields, mut variables) = (Vec::new(), Vec::new(), serde_json::Map::new());
        for (index, input) in inputs.iter().enumerate() {
            heads.push(format!("$i{index}: {input_type}!"));
            fields.push(format!(
                "m{index}: {name}(input: $i{index}) {{ {selection} userErrors {{ code field }} }}"
            ));
            variables.insert(format!("i{index}"), input.clone());
        }
        let query = format!("mutation({}) {{ {} }}", heads.join(", "), fields.join(" "));
        let data = person.data(&query, Value::Object(variables)).await;
        for index in 0..inputs.len() {
            let payload = data[format!("m{index}")].clone();
            assert_eq!(payload["userErrors"], json!([]), "{name}: {payload}");
            payloads.push(payload);
        }
    }
    payloads
}

pub(super) fn uuid(id: &str) -> Uuid {
    id.parse().unwrap()
}

/// What the office knows of a petition.
#[derive(Clone)]
pub(super) struct Work {
    pub(super) id: String,
    pub(super) tier: usize,
    /// Whose voters asked: the constituency of the first delegate, or of the second.
    pub(super) place: usize,
}

/// A row that a delegate wrote down, and where.
pub(super) type Said = (Value, usize);

pub(super) struct Year {
    pub(super) stage: Stage,
    delegates: [world::Login; 2],
    pub(super) front: world::Login,
    /// Who answers: for the centre, the province, the commune, and outside the state.
    pub(super) leads: [(AgencyId, Option<world::Login>); 4],
    pub(super) done: BTreeMap<&'static str, usize>,
    /// What is owed an answer.
    pub(super) open: Vec<Work>,
    closed: Vec<Work>,
    /// What was taken up again and is owed once more.
    pub(super) owed_again: Vec<Work>,
    /// The numbers of the petitions that went on as others.
    pub(super) replaced: Vec<String>,
    /// The synthesis of each round.
    pub(super) syntheses: Vec<String>,
}

impl Year {
    pub(super) async fn begin(db: &TestDatabase) -> Self {
        let stage = Stage::set(db).await;
        let world = stage.world.clone();
        let state = &stage.app.state;
        let (delegation, login) = stage
            .a_body(
                world.province,
                "Đoàn ĐBQH tỉnh Tây Ninh",
                "assembly_delegation",
                "assembly_office",
            )
            .await;
        let clock = world.province.to_string();
        let second = world::login(state, "daibieu2.tinh", &clock).await;
        world::mandate(state, &second, world.province_council, &[world.there.unit]).await;
        let front = world::login(state, "mttq.tinh", &clock).await;
        world::at_council(state, &front, "front_officer", world.province_council).await;
        Self {
            delegates: [world.province_delegate.clone(), second],
            front,
            leads: [
                (delegation, Some(login)),
                (world.department, Some(world.department_login.clone())),
                (world.here.committee, Some(world.here.committee_login.clone())),
                (world.company, None),
            ],
            done: BTreeMap::new(),
            open: Vec::new(),
            closed: Vec::new(),
            owed_again: Vec::new(),
            replaced: Vec::new(),
            syntheses: Vec::new(),
            stage,
        }
    }

    pub(super) fn office(&self) -> Person {
        self.stage.app.person(&self.stage.world.province_office)
    }

    pub(super) fn did(&mut self, what: &'static str, count: usize) {
        *self.done.entry(what).or_default() += count;
    }

    /// Whoever answers what is of this tier, himself or by the office.
    fn responder(&self, tier: usize) -> Person {
        let login = self.leads[tier].1.as_ref();
        login.map_or_else(|| self.office(), |login| self.stage.app.person(login))
    }

    /// What the office does row by row. In the first round its screens send it, ten mutations in a request; in the later
    /// ones it goes as batches through the write door that they end at, judged by the same rules: hundreds of requests
    /// more would show nothing more.
    pub(super) async fn batch<C: Command>(&self, commands: &[C]) -> Vec<Uuid> {
        let state = self.stage.app.state.as_ref();
        let office = viewer(state, &self.stage.world.province_office).await;
        let mut ids = Vec::new();
        for commands in commands.chunks(100) {
            let commands: Vec<&dyn Command> = commands.iter().map(|one| one as &dyn Command).collect();
            let answers: Vec<Result<Done, Refused>> = door::execute(state, &office, &commands).await.unwrap();
            ids.extend(answers.into_iter().map(|done| done.unwrap().ids[0]));
        }
        ids
    }

    /// The points of a round are planned; their ids.
    async fn plan(&self, index: usize, round: &str) -> Vec<String> {
        let world = &self.stage.world;
        let starts = self.stage.hours(-3);
        let units = [world.here.unit, world.there.unit];
        let points = (0..ROUNDS[index].1).map(|number| {
            json!({"kind": "before_session", "roundId": round, "title": format!("Điểm {number}"), "place": "Nhà văn hóa",
                "startsAt": starts, "unitIds": units[number % 2].to_string()})
        });
        let council = world.province_council;
        if index == 0 {
            let points = points.map(|mut point| {
                point["councilId"] = json!(council);
                point["unitIds"] = json!([point["unitIds"]]);
                point
            });
            let planned = many(&self.office(), "planMeeting", points.collect(), "meeting { id }").await;
            return planned
                .iter()
                .map(|payload| text(&payload["meeting"]["id"]))
                .collect();
        }
        let points: Vec<Plan> = points
            .map(|point| Plan {
                id: MeetingId(uuid(&new_id())),
                council,
                family: Family::Contact,
                fields: point.as_object().unwrap().clone(),
            })
            .collect();
        let planned = self.batch(&points).await;
        planned.into_iter().map(|id| id.to_string()).collect()
    }

    /// The points of a round are announced and held.
    async fn hold(&self, index: usize, points: &[String]) {
        for event in [Event::Notify, Event::Hold] {
            if index == 0 {
                let steps = points
                    .iter()
                    .map(|point| json!({"meetingId": point, "event": event.code(), "basis": "KH"}));
                many(&self.office(), "advanceMeeting", steps.collect(), "").await;
                continue;
            }
            let steps = points.iter().map(|point| Advance {
                meeting: MeetingId(uuid(point)),
                event,
                basis: Some("KH".to_owned()),
            });
            self.batch(&steps.collect::<Vec<_>>()).await;
        }
    }

    /// A round: its contacts are planned and held, and what was said there is written down.
    pub(super) async fn round(&mut self, index: usize) -> (String, Vec<Said>) {
        let (day, contacts, ..) = ROUNDS[index];
        self.stage.day(day);
        let world = self.stage.world.clone();
        let council = world.province_council;
        let office = self.office();
        let round = json!({"councilId": council, "kind": "before_session", "title": format!("Đợt {}", index + 1),
            "pointsPlanned": contacts, "planNumber": format!("{}/KH-HĐND", index + 1), "planDate": day});
        let round = text(&office.done("planRound", round, "round { id }").await["round"]["id"]);
        let points = self.plan(index, &round).await;
        office
            .done("advanceRound", json!({"roundId": round, "event": "approve"}), "")
            .await;
        self.hold(index, &points).await;
        self.did("contacts", contacts);

        // Delegates write down eight opinions at each; what is not petitioned is answered on the spot.
        let units = [world.here.unit, world.there.unit];
        let to_group = formed(index).iter().sum::<usize>() + ROUNDS[index].3;
        let mut grouped = Vec::new();
        for (place, delegate) in self.delegates.iter().enumerate() {
            let mine = points
                .iter()
                .enumerate()
                .filter(|(number, _)| number % 2 == place);
            let rows: Vec<Value> = mine
                .flat_map(|(number, point)| (0..SAID).map(move |one| (number, point, one)))
                .map(|(number, point, one)| {
                    // Two petitions of the first contacts' words, one of the others', as far as the round has petitions.
                    let on_spot = one * contacts + number >= to_group;
                    let said = json!({"meetingId": point, "unitId": units[place], "kind": "petition", "channel": "contact_meeting",
                        "content": format!("Ý kiến {one} tại điểm {number} đợt {index}"), "answeredOnSpot": on_spot,
                        "onSpotAnswer": on_spot.then_some("Đã giải trình")});
                    create("feedback", &new_id(), said)
                })
                .collect();
            let phone = Phone::new(self.stage.app.person(delegate));
            for result in phone.push_patiently(&rows).await {
                assert_eq!(result["status"], "APPLIED", "{result}");
            }
            let left = rows
                .into_iter()
                .filter(|row| row["patch"]["answeredOnSpot"] == false);
            grouped.extend(left.map(|row| (row, place)));
        }
        self.did("said", contacts * SAID);
        self.did("grouped", to_group);
        assert_eq!(grouped.len(), to_group);
        (round, grouped)
    }

    /// The office forwards what it has classified, forty in a letter.
    pub(super) async fn forward(&mut self, index: usize, works: Vec<Work>) {
        let day = ROUNDS[index].0;
        let office = self.office();
        for (tier, (lead, _)) in self.leads.iter().enumerate() {
            let of: Vec<&String> = works
                .iter()
                .filter(|work| work.tier == tier)
                .map(|work| &work.id)
                .collect();
            let letters = of.chunks(40).enumerate().map(|(letter, ids)| {
                json!({"petitionIds": ids, "leadId": lead,
                "documentNumber": format!("{index}{tier}{letter}/VP"), "documentDate": day})
            });
            many(&office, "forwardPetitions", letters.collect(), "").await;
        }
        self.did("petitions", works.len());
        self.open.extend(works);
    }

    async fn assess(&self, index: usize, works: &[Work], how: &str) {
        if index == 0 {
            let judge = works
                .iter()
                .map(|work| json!({"petitionId": work.id, "assessment": how}));
            many(&self.office(), "assessAnswer", judge.collect(), "").await;
            return;
        }
        let judge = works.iter().map(|work| Assess {
            petition: PetitionId(uuid(&work.id)),
            assessment: how.to_owned(),
            note: None,
        });
        self.batch(&judge.collect::<Vec<_>>()).await;
    }

    /// Each delegate tells the voters of his own constituency, and the office closes what they were told.
    async fn tell_and_close(&mut self, index: usize, told: &[Work]) {
        for (place, delegate) in self.delegates.iter().enumerate() {
            let mine = told.iter().filter(|work| work.place == place);
            let rows = mine.enumerate().map(|(number, work)| {
                let said = ["satisfied", "satisfied", "partly", "dissatisfied"][number % 4];
                create(
                    "informing",
                    &new_id(),
                    json!({"petitionId": work.id, "channel": "contact_meeting", "satisfaction": said}),
                )
            });
            let phone = Phone::new(self.stage.app.person(delegate));
            for result in phone.push_patiently(&rows.collect::<Vec<_>>()).await {
                assert_eq!(result["status"], "APPLIED", "{result}");
            }
        }
        if index == 0 {
            let close = told.iter().map(|work| json!({"petitionId": work.id}));
            many(&self.office(), "closePetition", close.collect(), "").await;
        } else {
            let close = told.iter().map(|work| Close(PetitionId(uuid(&work.id))));
            self.batch(&close.collect::<Vec<_>>()).await;
        }
        self.did("closings", told.len());
        self.closed.extend_from_slice(told);
    }

    /// Bodies answer all but the last `owed`, twelve in a reply; the office assesses, delegates tell, the office closes.
    pub(super) async fn answer(&mut self, index: usize, day: &str, owed: usize, untold: usize) {
        self.stage.day(day);
        let owing = self.open.split_off(self.open.len() - owed);
        let answered = std::mem::replace(&mut self.open, owing);
        // One in ten is off the point at first, and answered anew.
        let wanting: Vec<Work> = answered.iter().step_by(10).cloned().collect();
        for (tier, (lead, login)) in self.leads.iter().enumerate() {
            let of: Vec<&String> = answered
                .iter()
                .filter(|work| work.tier == tier)
                .map(|work| &work.id)
                .collect();
            let replies = of.chunks(12).enumerate().map(|(reply, ids)| {
                let outcome = OUTCOMES[(reply + tier + index) % OUTCOMES.len()];
                let is_later = matches!(outcome, "deferred" | "in_progress");
                json!({"petitionIds": ids, "agencyId": lead, "documentNumber": format!("{index}{tier}{reply}/TL"), "documentDate": day,
                    "text": "Trả lời kiến nghị của cử tri", "outcome": outcome, "roadmapAt": is_later.then_some("2027-06-30"),
                    "costMillions": is_later.then_some(120), "onBehalf": login.is_none()})
            });
            many(&self.responder(tier), "answerPetitions", replies.collect(), "").await;
        }
        self.assess(index, &wanting, "off_point").await;
        for (tier, (lead, login)) in self.leads.iter().enumerate() {
            let ids: Vec<&String> = wanting
                .iter()
                .filter(|work| work.tier == tier)
                .map(|work| &work.id)
                .collect();
            if ids.is_empty() {
                continue;
            }
            let again = json!({"petitionIds": ids, "agencyId": lead, "documentNumber": format!("{index}{tier}/TLBS"), "documentDate": day,
                "text": "Trả lời bổ sung", "outcome": "resolved", "onBehalf": login.is_none()});
            self.responder(tier).done("answerPetitions", again, "").await;
        }
        self.assess(index, &answered, "ok").await;
        self.tell_and_close(index, &answered[..answered.len() - untold])
            .await;
        self.did("answered", answered.len());
        self.did("wanting", wanting.len());
        self.did("untold", untold);
    }

    /// Voters say that two of the first answers did not last: what was closed is taken up again and sent to the body once
    /// more. It answers the one, which is closed again; the other it still owes.
    pub(super) async fn reopen(&mut self, day: &str) {
        self.stage.day(day);
        let office = self.office();
        let both: Vec<Work> = self
            .closed
            .iter()
            .filter(|work| work.tier == 1)
            .take(2)
            .cloned()
            .collect();
        let ids: Vec<&String> = both.iter().map(|work| &work.id).collect();
        let reasons = ids
            .iter()
            .map(|id| json!({"petitionId": id, "reason": "Cử tri phản ánh đường lại hỏng"}));
        many(&office, "reopenPetition", reasons.collect(), "").await;
        let lead = self.leads[1].0;
        let letter =
            json!({"petitionIds": ids, "leadId": lead, "documentNumber": "200/VP", "documentDate": day});
        office.done("forwardPetitions", letter, "").await;
        let reply = json!({"petitionIds": [ids[0]], "agencyId": lead, "documentNumber": "300/TL", "documentDate": day,
            "text": "Đã sửa lại", "outcome": "resolved"});
        self.responder(1).done("answerPetitions", reply, "").await;
        self.assess(0, &both[..1], "ok").await;
        self.tell_and_close(0, &both[..1]).await;
        self.did("reopened", both.len());
        self.did("answered_again", 1);
        self.owed_again.extend_from_slice(&both[1..]);
    }

    pub(super) async fn total(&self, filter: Value) -> usize {
        let query = "query($filter: PetitionFilter) { petitions(filter: $filter, first: 1) { totalCount } }";
        let data = self.office().data(query, json!({"filter": filter})).await;
        usize::try_from(data["petitions"]["totalCount"].as_i64().unwrap()).unwrap()
    }
}
