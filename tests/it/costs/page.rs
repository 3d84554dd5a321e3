//! A page of everything, each row with all that can hang on it: what is read for one of them is read for all, and where one
//! costs a statement twelve would cost twelve.

use chrono::Duration;
use cutri::clock::ManualClock;
use cutri_tests::{
    TestApp,
    world::{Put, World},
};
use entity::{
    account, agency, committee, constituency, council, delegate, delegate_group, document, document_template,
    event,
    id::{AgencyId, CouncilId, DelegateId, EventId, GroupId, MeetingId},
    role_grant,
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use uuid::Uuid;

use crate::rows::{self, day, moment};

/// Rows of a page.
pub(super) const PAGE: usize = 12;

/// Fills the world; the office of `world.here` then keeps all councils and everything else, and sees all of it.
pub(super) async fn fill(app: &TestApp, clock: &ManualClock, world: &World) {
    let page = Page { app, clock, world };
    page.later();
    let bodies = page.bodies().await;
    page.may_everything(&bodies.councils).await;
    let mut told = page.work(&bodies).await;
    let agencies = app.state.reference().bodies;
    told.extend(agencies.agencies.keys().map(|id| ("agency", id.0)));
    told.extend(bodies.councils.iter().map(|id| ("council", id.0)));
    told.extend(bodies.delegates.iter().map(|id| ("delegate", id.0)));
    let accounts = account::Entity::find().all(app.state.store.read()).await.unwrap();
    told.extend(accounts.into_iter().map(|row| ("account", row.id.0)));
    for step in ["1", "2"] {
        page.later();
        page.happened(&told, step).await;
    }
}

pub(super) struct Page<'a> {
    app: &'a TestApp,
    clock: &'a ManualClock,
    pub(super) world: &'a World,
}

/// Who acts.
pub(super) struct Bodies {
    councils: Vec<CouncilId>,
    pub(super) agencies: Vec<AgencyId>,
    pub(super) groups: Vec<GroupId>,
    pub(super) delegates: Vec<DelegateId>,
}

/// What stands in history: of what kind, and which row.
pub(super) type Told = Vec<(&'static str, Uuid)>;

impl Page<'_> {
    /// Ids of one moment stand in no order: what is made after this is newer than all before.
    pub(super) fn later(&self) {
        self.clock.advance(Duration::seconds(1));
    }

    pub(super) fn id<T: From<Uuid>>(&self) -> T {
        let state = &self.app.state;
        T::from(state.entropy.id(state.clock.now()))
    }

    /// Writes rows.
    pub(super) async fn write(&self, rows: Put) {
        rows.now(&self.app.state).await;
    }

    /// Councils up to a page with papers and templates, and a page of bodies, groups and delegates.
    async fn bodies(&self) -> Bodies {
        let world = self.world;
        let reference = self.app.state.reference();
        let mut councils = vec![world.province_council, world.here.council, world.there.council];
        let communes = reference
            .units
            .children(world.province)
            .map(|unit| unit.id)
            .filter(|unit| ![world.here.unit, world.there.unit].contains(unit))
            .take(PAGE - councils.len());
        let mut put = Put::new();
        for unit in communes {
            let row = council::Model {
                id: self.id(),
                unit_id: unit,
                valid_to: None,
                ..rows::council()
            };
            councils.push(row.id);
            put = put.row(row);
        }
        assert_eq!(councils.len(), PAGE);
        self.write(put).await;

        let mut made = Bodies {
            councils,
            agencies: Vec::new(),
            groups: Vec::new(),
            delegates: Vec::new(),
        };
        let mut put = Put::new();
        for (number, council) in made.councils.iter().enumerate() {
            let agency = agency::Model {
                id: self.id(),
                name: format!("Cơ quan {number:02}"),
                unit_id: world.here.unit,
                successor_id: None,
                valid_to: None,
                ..rows::agency()
            };
            let group = delegate_group::Model {
                id: self.id(),
                council_id: world.here.council,
                name: format!("Tổ {number:02}"),
                valid_from: day(),
                valid_to: None,
            };
            let delegate = delegate::Model {
                id: self.id(),
                account_id: None,
                council_id: world.here.council,
                group_id: Some(group.id),
                valid_to: None,
                ..rows::delegate()
            };
            let elected = constituency::Model {
                unit_id: world.here.unit,
                ..rows::constituency(&delegate)
            };
            made.agencies.push(agency.id);
            made.groups.push(group.id);
            made.delegates.push(delegate.id);
            put = put
                .row(agency)
                .row(group)
                .row(delegate)
                .row(elected)
                .row(committee::Model {
                    id: self.id(),
                    council_id: *council,
                    name: "Ban Pháp chế".to_owned(),
                    valid_from: day(),
                    valid_to: None,
                })
                .row(self.document(*council, None))
                .row(document_template::Model {
                    id: self.id(),
                    council_id: *council,
                    kind: "contact-plan".to_owned(),
                    version: 1,
                    sha256: "ab".repeat(32),
                    file: vec![1],
                    at: moment(),
                    actor_id: Some(world.here.office.account),
                    ended_at: None,
                    ended_by: None,
                });
        }
        self.write(put).await;
        made
    }

    /// A document of a meeting, or of the council's own.
    pub(super) fn document(&self, council: CouncilId, meeting: Option<MeetingId>) -> document::Model {
        document::Model {
            id: self.id(),
            council_id: council,
            meeting_id: meeting,
            kind: "BC".to_owned(),
            number: "3/BC".to_owned(),
            date: day(),
            signer: Some("Người ký".to_owned()),
            title: "Báo cáo".to_owned(),
            purpose: meeting.is_none().then(|| "contact_guide".to_owned()),
            summary: Some("Tóm tắt dài".to_owned()),
            valid_from: None,
            valid_to: None,
            created_at: moment(),
        }
    }

    async fn may_everything(&self, councils: &[CouncilId]) {
        let office = self.world.here.office.account;
        let grant = |role: &str, council: Option<CouncilId>| role_grant::Model {
            id: self.id(),
            account_id: office,
            role: role.to_owned(),
            council_id: council,
            agency_id: None,
            unit_id: None,
            valid_from: day(),
            valid_to: None,
        };
        let mut put = Put::new().row(grant("administrator", None));
        for council in councils {
            put = put.row(grant("office", Some(*council)));
        }
        self.write(put).await;
    }

    /// The office loses words in each of these rows: the step that carries the longest text.
    async fn happened(&self, rows: &[(&'static str, Uuid)], step: &str) {
        let events = rows.iter().map(|(kind, row)| {
            let id: EventId = self.id();
            let event = event::Model {
                id,
                kind: (*kind).to_owned(),
                row_id: *row,
                event: "conflict".to_owned(),
                actor_id: Some(self.world.here.office.account),
                device_id: None,
                council_id: Some(self.world.here.council),
                basis: Some(step.to_owned()),
                detail: Some(r#"{"lost":{"title":"Tên khác"}}"#.to_owned()),
                at: moment(),
            };
            event.into_active_model().reset_all()
        });
        let insert = event::Entity::insert_many(events.collect::<Vec<event::ActiveModel>>());
        insert
            .exec_without_returning(self.app.state.store.migrating())
            .await
            .unwrap();
    }
}
