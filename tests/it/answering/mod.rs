//! From the office's letter to an answer that the voters judge, told as its actors would do it: many petitions in one
//! letter, several bodies for one petition, bodies that are no more, urging beside reminders, and answers that answer.

mod bodies;
mod dates;
mod judging;
mod letters;
mod telling;
mod urging;

use cutri::worker;
use cutri_tests::{
    app::Person,
    phone::{Phone, create, new_id},
    world::{self, Login, Put},
};
use entity::{
    agency,
    id::{AgencyId, UnitId},
    role_grant,
};
use serde_json::{Value, json};

use crate::rounds::Stage;

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Stage {
    pub(crate) fn body(&self) -> Person {
        self.app.person(&self.world.here.committee_login)
    }

    /// The server takes its turn: twice, as two servers would.
    pub(crate) async fn turns(&self) {
        for _ in 0..2 {
            worker::turn(&self.app.state, &mut None).await;
        }
    }

    /// It is this day, in the morning.
    pub(crate) fn day(&self, day: &str) {
        self.clock.set(format!("{day}T01:00:00Z").parse().unwrap());
    }

    /// A body that answers here by somebody with this role.
    pub(crate) async fn a_body(&self, unit: UnitId, name: &str, kind: &str, role: &str) -> (AgencyId, Login) {
        let state = &self.app.state;
        let body = world::an_agency(state, unit, name, kind, true);
        let id = body.id;
        let login = world::login(
            state,
            &format!("nguoi.{}", &id.to_string()[24..]),
            &self.world.province.to_string(),
        )
        .await;
        let grant = role_grant::Model {
            id: state.entropy.id(state.clock.now()).into(),
            account_id: login.account,
            role: role.to_owned(),
            council_id: None,
            agency_id: Some(id),
            unit_id: None,
            valid_from: world::FOUNDED.parse().unwrap(),
            valid_to: None,
        };
        Put::new().row::<agency::Model>(body).row(grant).now(state).await;
        (id, login)
    }

    /// What delegates wrote down, each made a petition and classified.
    pub(crate) async fn petitions(&self, which: usize, titles: &[String]) -> Vec<String> {
        let rows: Vec<Value> = titles
            .iter()
            .map(|title| {
                let said = json!({"kind": "petition", "channel": "contact_meeting", "unitId": self.world.here.unit,
                    "meetingId": self.world.here.meeting, "content": title});
                create("feedback", &new_id(), said)
            })
            .collect();
        for result in Phone::new(self.delegate(which)).push(&rows).await {
            assert_eq!(result["status"], "APPLIED", "{result}");
        }
        let office = self.office();
        let mut made = Vec::new();
        for (row, title) in rows.iter().zip(titles) {
            let group = json!({"feedbackIds": [row["id"]], "title": title, "content": title});
            let payload = office.done("groupFeedback", group, "petition { id }").await;
            let id = text(&payload["petition"]["id"]);
            let classify = json!({"petitionId": id, "field": "transport", "tier": "commune"});
            office.done("classifyPetition", classify, "").await;
            made.push(id);
        }
        made
    }

    pub(crate) async fn one(&self, title: &str) -> String {
        self.petitions(0, &[title.to_owned()]).await.remove(0)
    }

    pub(crate) async fn forward(
        &self,
        petitions: &[String],
        lead: AgencyId,
        coordinating: &[AgencyId],
        number: &str,
    ) {
        let input = json!({"petitionIds": petitions, "leadId": lead, "coordinatingIds": coordinating,
            "documentNumber": number, "documentDate": self.app.state.clock.today().to_string()});
        self.office().done("forwardPetitions", input, "").await;
    }

    pub(crate) fn answer(&self, petitions: &[String], by: AgencyId, number: &str, answer: Value) -> Value {
        let mut input = json!({"petitionIds": petitions, "agencyId": by, "documentNumber": number,
            "documentDate": self.app.state.clock.today().to_string(), "text": "Đã sửa xong", "outcome": "resolved"});
        input
            .as_object_mut()
            .unwrap()
            .extend(answer.as_object().unwrap().clone());
        input
    }

    /// What somebody sees of a petition.
    async fn shown(&self, person: &Person, id: &str, fields: &str) -> Value {
        let query = format!("query($id: ID!) {{ petition(id: $id) {{ {fields} }} }}");
        person.data(&query, json!({"id": id})).await["petition"].clone()
    }

    async fn total(&self, person: &Person, filter: Value) -> Value {
        let query = "query($filter: PetitionFilter) { petitions(filter: $filter, first: 1) { totalCount } }";
        person.data(query, json!({"filter": filter})).await["petitions"]["totalCount"].clone()
    }
}

/// A phone that has read the petitions.
async fn pulled(person: Person) -> Phone {
    let mut phone = Phone::new(person);
    phone.collections = Some(vec![
        "petition".to_owned(),
        "urging".to_owned(),
        "informing".to_owned(),
    ]);
    phone.pull().await;
    phone
}

const DEBTS: &str = "query($filter: AgencyDebtFilter, $first: Int, $after: String) {
    agencyDebts(filter: $filter, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
    nodes { agency { name } owed overdue oldestDueAt urgings reminders } } }";
