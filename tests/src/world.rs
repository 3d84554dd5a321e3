//! A small true world: real units of the lists, their councils, people with their rights, bodies that answer.
//!
//! Made through the write door like everything else, so that documents and log are as they would be.

use chrono::NaiveDate;
use cutri::{
    error::Refused,
    state::State,
    store::{
        door::{self, Command, Facts, Verdict},
        working::{Change, Changes, Needs, Working},
    },
    viewer::Viewer,
};
use entity::{
    account, agency, constituency, council, delegate, device,
    id::{AccountId, AgencyId, CouncilId, DelegateId, DeviceId, MeetingId, UnitId},
    meeting, meeting_unit, role_grant,
};
use std::sync::Mutex;
use uuid::Uuid;

/// Puts rows as they are.
pub struct Put(Mutex<Vec<Box<dyn Fn() -> Change + Send>>>);

impl Put {
    /// Nothing yet.
    pub fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// One row more.
    pub fn row<M: Clone + Send + Into<Change> + 'static>(self, row: M) -> Self {
        self.0.lock().unwrap().push(Box::new(move || row.clone().into()));
        self
    }

    /// Writes them.
    pub async fn now(self, state: &State) {
        let viewer = Viewer::anonymous(cutri::error::Lang::Vi);
        for answer in door::execute(state, &viewer, &[&self]).await.unwrap() {
            answer.unwrap();
        }
    }
}

impl Default for Put {
    fn default() -> Self {
        Self::new()
    }
}

impl Command for Put {
    fn needs(&self, _facts: &Facts<'_>, _needs: &mut Needs) {}

    fn judge(&self, _working: &Working, _facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        for row in self.0.lock().unwrap().iter() {
            changes.put(row());
        }
        Ok(Verdict::about(changes, []))
    }
}

/// An account with the device on which it is signed in.
#[derive(Clone, Debug)]
pub struct Login {
    pub username: String,
    pub account: AccountId,
    pub device: DeviceId,
}

/// A commune with its council and the people around it.
#[derive(Clone, Debug)]
pub struct Commune {
    pub unit: UnitId,
    pub council: CouncilId,
    pub office: Login,
    /// Two delegates.
    pub delegates: [Login; 2],
    /// The commune's People's Committee, with an account.
    pub committee: AgencyId,
    pub committee_login: Login,
    /// A voter contact that has been notified.
    pub meeting: MeetingId,
}

/// The world.
#[derive(Clone, Debug)]
pub struct World {
    pub province: UnitId,
    pub province_council: CouncilId,
    pub province_office: Login,
    pub province_delegate: Login,
    /// A department of the province, with an account.
    pub department: AgencyId,
    pub department_login: Login,
    /// A company without an account.
    pub company: AgencyId,
    /// Tân Hưng, the successor of the place in the first of the owner's documents.
    pub here: Commune,
    /// Vĩnh Thạnh, its neighbour.
    pub there: Commune,
    pub administrator: Login,
    pub aggregator: Login,
}

/// The first day of the councils of today's two tiers.
pub const FOUNDED: &str = "2025-07-01";

fn founded() -> NaiveDate {
    FOUNDED.parse().unwrap()
}

fn new<T: From<Uuid>>(state: &State) -> T {
    T::from(state.entropy.id(state.clock.now()))
}

/// An account with a device; its password is nobody's.
pub async fn login(state: &State, username: &str, clock: &str) -> Login {
    let now = state.clock.now();
    let login = Login {
        username: username.to_owned(),
        account: new(state),
        device: new(state),
    };
    Put::new()
        .row(account::Model {
            id: login.account,
            username: username.to_owned(),
            name: format!("Người dùng {username}"),
            password_hash: String::new(),
            clock: clock.to_owned(),
            disabled_at: None,
            created_at: now,
            rev: 0,
        })
        .row(another_device(state, &login, login.device))
        .now(state)
        .await;
    login
}

/// A device of an account.
pub fn another_device(state: &State, login: &Login, id: DeviceId) -> device::Model {
    let now = state.clock.now();
    device::Model {
        id,
        account_id: login.account,
        name: "điện thoại".to_owned(),
        created_at: now,
        seen_at: now,
        revoked_at: None,
        stolen: false,
    }
}

fn grant(state: &State, login: &Login, role: &str) -> role_grant::Model {
    role_grant::Model {
        id: new(state),
        account_id: login.account,
        role: role.to_owned(),
        council_id: None,
        agency_id: None,
        unit_id: None,
        valid_from: founded(),
        valid_to: None,
    }
}

/// Gives an account a role at a council.
pub async fn at_council(state: &State, login: &Login, role: &str, council: CouncilId) {
    Put::new()
        .row(role_grant::Model {
            council_id: Some(council),
            ..grant(state, login, role)
        })
        .now(state)
        .await;
}

fn a_council(state: &State, unit: UnitId, level: &str, name: &str) -> council::Model {
    council::Model {
        id: new(state),
        unit_id: unit,
        level: level.to_owned(),
        name: name.to_owned(),
        term: "2021-2026".to_owned(),
        ordinal: 1,
        valid_from: founded(),
        valid_to: None,
        rev: 0,
    }
}

/// A body that answers.
pub fn an_agency(state: &State, unit: UnitId, name: &str, kind: &str, has_account: bool) -> agency::Model {
    agency::Model {
        id: new(state),
        name: name.to_owned(),
        kind: kind.to_owned(),
        unit_id: unit,
        official_code: None,
        hotline: None,
        email: None,
        has_account,
        successor_id: None,
        valid_from: Some(founded()),
        valid_to: None,
        rev: 0,
    }
}

/// A delegate's mandate in a council, elected in these units.
pub async fn mandate(state: &State, login: &Login, council: CouncilId, units: &[UnitId]) -> DelegateId {
    let id: DelegateId = new(state);
    let mut put = Put::new().row(delegate::Model {
        id,
        account_id: Some(login.account),
        council_id: council,
        group_id: None,
        name: format!("Đại biểu {}", login.username),
        full_time: false,
        valid_from: founded(),
        valid_to: None,
        end_reason: None,
        rev: 0,
    });
    for unit in units {
        put = put.row(constituency::Model {
            delegate_id: id,
            unit_id: *unit,
        });
    }
    put.now(state).await;
    id
}

/// A commune of this code with its council and the people around it.
pub async fn commune(state: &State, code: &str, slug: &str, clock: &str) -> Commune {
    let reference = state.reference();
    let unit = reference
        .units
        .by_code(code, Some("commune"), state.clock.today())
        .expect("the commune is in the list");
    let (unit, name) = (unit.id, unit.name.clone());
    let council = a_council(state, unit, "commune", &format!("HĐND {name}"));
    let council_id = council.id;
    let committee = an_agency(state, unit, &format!("UBND {name}"), "committee", true);
    let committee_id = committee.id;
    Put::new().row(council).row(committee).now(state).await;

    let office = login(state, &format!("vanphong.{slug}"), clock).await;
    at_council(state, &office, "office", council_id).await;
    let one = login(state, &format!("daibieu1.{slug}"), clock).await;
    let two = login(state, &format!("daibieu2.{slug}"), clock).await;
    mandate(state, &one, council_id, &[unit]).await;
    mandate(state, &two, council_id, &[unit]).await;
    let committee_login = login(state, &format!("ubnd.{slug}"), clock).await;
    let answering = role_grant::Model {
        agency_id: Some(committee_id),
        ..grant(state, &committee_login, "agency")
    };

    let meeting: MeetingId = new(state);
    let now = state.clock.now();
    Put::new()
        .row(answering)
        .row(meeting::Model {
            id: meeting,
            family: meeting::Family::Contact,
            kind: "before_session".to_owned(),
            council_id,
            author_id: None,
            round_id: None,
            outside_round: Some("other_plan".to_owned()),
            title: format!("Tiếp xúc cử tri trước kỳ họp tại {name}"),
            place: Some("Nhà văn hóa".to_owned()),
            starts_at: Some(now - chrono::Duration::hours(3)),
            ends_at: None,
            mode: Some("direct".to_owned()),
            status: meeting::Status::Notified,
            ordinal: None,
            plan_number: Some("06/KH-HĐND".to_owned()),
            plan_date: None,
            agenda: None,
            brief: None,
            invited: None,
            attended: None,
            speakers: None,
            opinions: None,
            attendance_bands: None,
            is_public: true,
            stamps: String::new(),
            created_at: now,
            rev: 0,
            updated_at: now,
        })
        .row(meeting_unit::Model {
            meeting_id: meeting,
            unit_id: unit,
        })
        .now(state)
        .await;
    Commune {
        unit,
        council: council_id,
        office,
        delegates: [one, two],
        committee: committee_id,
        committee_login,
        meeting,
    }
}

impl World {
    /// Makes it on a database that holds the reference lists.
    pub async fn create(state: &State) -> Self {
        let today = state.clock.today();
        let reference = state.reference();
        let here = reference
            .units
            .by_code("27721", Some("commune"), today)
            .expect("Tân Hưng is in the list");
        let province = reference
            .units
            .province(here.id)
            .expect("Tân Hưng lies in a province")
            .id;
        let clock = province.0.to_string();

        let council = a_council(state, province, "province", "HĐND tỉnh Tây Ninh");
        let province_council = council.id;
        let department = an_agency(state, province, "Sở Xây dựng", "department", true);
        let company = an_agency(state, province, "Công ty Điện lực", "company", false);
        let (department_id, company_id) = (department.id, company.id);
        Put::new()
            .row(council)
            .row(department)
            .row(company)
            .now(state)
            .await;

        let province_office = login(state, "vanphong.tinh", &clock).await;
        at_council(state, &province_office, "office", province_council).await;
        let here = commune(state, "27721", "tanhung", &clock).await;
        let there = commune(state, "27736", "vinhthanh", &clock).await;
        let province_delegate = login(state, "daibieu.tinh", &clock).await;
        mandate(state, &province_delegate, province_council, &[here.unit]).await;
        let department_login = login(state, "so.xaydung", &clock).await;
        let administrator = login(state, "quantri", &clock).await;
        let aggregator = login(state, "tonghop", &clock).await;
        Put::new()
            .row(role_grant::Model {
                agency_id: Some(department_id),
                ..grant(state, &department_login, "agency")
            })
            .row(grant(state, &administrator, "administrator"))
            .row(role_grant::Model {
                unit_id: Some(province),
                ..grant(state, &aggregator, "aggregator")
            })
            .now(state)
            .await;
        Self {
            province,
            province_council,
            province_office,
            province_delegate,
            department: department_id,
            department_login,
            company: company_id,
            here,
            there,
            administrator,
            aggregator,
        }
    }
}
