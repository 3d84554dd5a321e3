//! What the office, the bodies that answer and the administrators do meanwhile.

use cutri_tests::{
    app::Person,
    world::{Login, mandate},
};
use entity::{
    delegate,
    id::{AccountId, DelegateId},
    role_grant,
};
use rand::Rng;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::Simulation;

impl Simulation<'_> {
    fn person(&self, login: &Login) -> Person {
        self.app().person(login)
    }

    async fn seat_of(&self, account: AccountId) -> DelegateId {
        let found = delegate::Entity::find().filter(delegate::Column::AccountId.eq(account));
        found
            .one(self.app().state.store.read())
            .await
            .unwrap()
            .unwrap()
            .id
    }

    /// The mandate that somebody holds today.
    pub(super) async fn seat_today(&self, account: AccountId) -> Option<DelegateId> {
        let today = cutri::clock::Clock::today(self.clock.as_ref());
        let seats = delegate::Entity::find().filter(delegate::Column::AccountId.eq(account));
        let seats = seats.all(self.app().state.store.read()).await.unwrap();
        let mut held = seats
            .iter()
            .filter(|seat| seat.valid_to.is_none_or(|to| to > today));
        held.next().map(|seat| seat.id)
    }

    /// The roles that somebody holds today.
    async fn grants_of(&self, account: AccountId) -> Vec<String> {
        let today = cutri::clock::Clock::today(self.clock.as_ref());
        let grants = role_grant::Entity::find().filter(role_grant::Column::AccountId.eq(account));
        let grants = grants.all(self.app().state.store.read()).await.unwrap();
        let held = grants
            .iter()
            .filter(|grant| grant.valid_to.is_none_or(|to| to > today));
        held.map(|grant| grant.id.to_string()).collect()
    }

    async fn does(&mut self, who: &Login, name: &str, input: Value) -> bool {
        let payload = self.person(who).mutate(name, input, "").await;
        let code = payload["userErrors"][0]["code"]
            .as_str()
            .unwrap_or("done")
            .to_owned();
        self.tell(format!("{name}: {code}"));
        code == "done"
    }

    /// The chain of a petition, step by step, in whatever order.
    pub(super) async fn the_office_works(&mut self) {
        let (office, body) = (
            self.world.here.office.clone(),
            self.world.here.committee_login.clone(),
        );
        let spare = self.id();
        let feedback = self.any(&self.feedback.clone()).unwrap_or(spare.clone());
        let petition = self.any(&self.petitions.clone()).unwrap_or(spare);
        let today = cutri::clock::Clock::today(self.clock.as_ref());
        let of_petition = |mut input: Value| {
            input["petitionIds"] = json!([petition]);
            input
        };
        match self.rng.random_range(0..12) {
            0..4 => {
                let input = json!({"feedbackIds": [feedback], "title": format!("nội-bộ {}", self.step), "content": "nội-bộ"});
                let payload = self
                    .person(&office)
                    .mutate("groupFeedback", input, "petition { id }")
                    .await;
                let code = payload["userErrors"][0]["code"]
                    .as_str()
                    .unwrap_or("done")
                    .to_owned();
                self.tell(format!("groupFeedback: {code}"));
                if let Some(id) = payload["petition"]["id"].as_str() {
                    self.petitions.push(id.to_owned());
                }
            }
            4 => {
                self.does(
                    &office,
                    "classifyPetition",
                    json!({"petitionId": petition, "field": "transport", "tier": "commune"}),
                )
                .await;
            }
            5 | 6 => {
                let input = of_petition(
                    json!({"leadId": self.world.here.committee, "documentNumber": "1/VP", "documentDate": today}),
                );
                self.does(
                    &office,
                    "classifyPetition",
                    json!({"petitionId": petition, "field": "transport", "tier": "commune"}),
                )
                .await;
                self.does(&office, "forwardPetitions", input).await;
            }
            7 => {
                self.does(
                    &body,
                    "returnPetitions",
                    of_petition(json!({"reason": "Không thuộc thẩm quyền"})),
                )
                .await;
            }
            8 => {
                let input = of_petition(
                    json!({"agencyId": self.world.here.committee, "documentNumber": "2/UB",
                    "documentDate": today, "text": "Đã xử lý", "outcome": "resolved"}),
                );
                self.does(&body, "answerPetitions", input).await;
            }
            9 => {
                let text = self.rng.random_bool(0.6).then_some("Nội dung đã biên tập");
                self.does(
                    &office,
                    "publishPetition",
                    json!({"petitionId": petition, "publicContent": text}),
                )
                .await;
            }
            10 => {
                self.does(&office, "markFeedbackSeen", json!({"feedbackIds": [feedback]}))
                    .await;
            }
            _ => {
                let parts =
                    json!([{"title": "Một", "content": "nội-bộ"}, {"title": "Hai", "content": "nội-bộ"}]);
                self.does(
                    &office,
                    "splitPetition",
                    json!({"petitionId": petition, "parts": parts}),
                )
                .await;
            }
        }
    }

    /// Somebody gains or loses a place.
    pub(super) async fn rights_change(&mut self) {
        let administrator = self.world.administrator.clone();
        let today = cutri::clock::Clock::today(self.clock.as_ref());
        match self.rng.random_range(0..3) {
            0 => {
                let guest = self.guest.0.clone();
                if let Some(seat) = self.guest.1.take() {
                    self.does(
                        &administrator,
                        "endMandate",
                        json!({"delegateId": seat, "on": today, "reason": "Chuyển công tác"}),
                    )
                    .await;
                } else {
                    let (council, unit) = (self.world.here.council, self.world.here.unit);
                    self.guest.1 = Some(mandate(&self.app().state, &guest, council, &[unit]).await);
                    self.tell("the guest has a seat again".to_owned());
                }
            }
            1 => {
                let seat = self.seat_of(self.world.province_delegate.account).await;
                let units = match self.rng.random_range(0..3) {
                    0 => vec![self.world.here.unit],
                    1 => vec![self.world.there.unit],
                    _ => vec![self.world.here.unit, self.world.there.unit],
                };
                self.does(
                    &administrator,
                    "updateDelegate",
                    json!({"delegateId": seat, "unitIds": units}),
                )
                .await;
            }
            _ => {
                let account = self.guest.0.account;
                let grants = self.grants_of(account).await;
                match grants.first() {
                    Some(grant) => {
                        self.does(&administrator, "revokeRole", json!({"grantId": grant}))
                            .await;
                    }
                    None => {
                        let input = json!({"accountId": account, "role": "committee", "councilId": self.world.there.council});
                        self.does(&administrator, "grantRole", input).await;
                    }
                }
            }
        }
    }
}
