//! A small province with two communes, and people who ask through the schema, as behind the edge.

use std::sync::Arc;

use async_graphql::{Request, Variables};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use cutri::{
    accounts::{authentication::authenticate, people},
    clock::{Clock, ManualClock},
    edge::Client,
    entropy::{Entropy, SystemEntropy},
    error::{Code, Lang},
    keys::Keys,
    schema,
    state::State,
    store::Store,
    viewer::{Place, Viewer},
};
use cutri_tests::TestDatabase;
use entity::{
    agency, council, delegate, event,
    id::{AccountId, AgencyId, CouncilId, UnitId},
    unit,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseConnection, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

pub const PASSWORD: &str = "mật khẩu thật dài";
/// Between two things that happen, so that they can be told apart.
const TICK: Duration = Duration::milliseconds(1);

pub const HOME: &str = "113.160.0.1";

pub struct World {
    pub state: Arc<State>,
    pub clock: Arc<ManualClock>,
    /// Beside the product's own connections.
    pub beside: DatabaseConnection,
    schema: schema::Schema,
    pub province: UnitId,
    pub commune: UnitId,
    pub council: CouncilId,
    pub other_council: CouncilId,
    pub agency: AgencyId,
    pub administrator: AccountId,
}

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

pub fn start() -> DateTime<Utc> {
    "2026-03-02T01:00:00Z".parse().unwrap()
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

impl World {
    /// Has an administrator called `root`.
    pub async fn new(db: &TestDatabase) -> Self {
        let beside = db.connect().await;
        let (province, communes) = (id(1), [id(2), id(3)]);
        insert(&beside, unit_row(province, "01", "province", None)).await;
        let mut councils = Vec::new();
        for (number, commune) in communes.into_iter().enumerate() {
            let code = format!("0010{number}");
            insert(&beside, unit_row(commune, &code, "commune", Some(province))).await;
            let council: CouncilId = id(10 + number as u128);
            insert(&beside, council_row(council, commune)).await;
            councils.push(council);
        }
        let agency = id(20);
        insert(&beside, agency_row(agency, communes[0])).await;

        let clock = Arc::new(ManualClock::at(start()));
        let store = Store::connect(db.url()).await.unwrap();
        cutri::installation::seed_roles(&store).await.unwrap();
        let keys = Keys::open_or_create(&db.folder().join("keys"), start(), &SystemEntropy).unwrap();
        let state = State::new(
            store,
            keys,
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::new(SystemEntropy) as Arc<dyn Entropy>,
            "cutri".to_owned(),
        )
        .await
        .unwrap();
        let administrator = people::create_first_account(&state, "root", PASSWORD)
            .await
            .unwrap();
        Self {
            state: Arc::new(state),
            clock,
            beside,
            schema: schema::build(),
            province,
            commune: communes[0],
            council: councils[0],
            other_council: councils[1],
            agency,
            administrator,
        }
    }

    pub fn pass(&self, seconds: i64) {
        self.clock.advance(Duration::seconds(seconds));
    }

    /// An account with a role.
    pub async fn person(&self, username: &str, place: Place, role: Option<&str>) -> AccountId {
        self.clock.advance(TICK);
        let new = people::NewAccount {
            username,
            name: None,
            password: PASSWORD,
            place,
            role,
        };
        people::create_account(&self.state, new).await.unwrap()
    }

    /// A mandate in the first commune.
    pub async fn mandate(&self, account: AccountId, from: &str, to: Option<&str>) {
        let row = delegate::Model {
            id: Uuid::new_v4().into(),
            account_id: Some(account),
            council_id: self.council,
            group_id: None,
            name: "Đại biểu".to_owned(),
            full_time: false,
            valid_from: day(from),
            valid_to: to.map(day),
            end_reason: None,
            rev: 1,
        };
        insert(&self.beside, row).await;
    }

    /// Who sends this bearer token.
    pub async fn viewer(&self, bearer: Option<&str>) -> Result<Viewer, Code> {
        authenticate(&self.state, bearer, Lang::En).await
    }

    /// The answer to an operation: `data` and `errors`.
    pub async fn ask_from(&self, address: &str, bearer: Option<&str>, query: &str, input: Value) -> Value {
        self.clock.advance(TICK);
        let viewer = self.viewer(bearer).await.expect("a valid token");
        let client = Client {
            address: address.parse().unwrap(),
            lang: Lang::En,
            request_id: "test".into(),
        };
        let variables = Variables::from_json(json!({"input": input}));
        let request = Request::new(query).variables(variables).data(client);
        let answer = schema::execute(&self.schema, request, Arc::clone(&self.state), viewer).await;
        serde_json::to_value(answer).unwrap()
    }

    pub async fn ask(&self, bearer: Option<&str>, query: &str, input: Value) -> Value {
        self.ask_from(HOME, bearer, query, input).await
    }

    /// A mutation with one input: its payload.
    pub async fn run(&self, bearer: Option<&str>, name: &str, fields: &str, input: Value) -> Value {
        let type_name = name[..1].to_uppercase() + &name[1..];
        let query = format!(
            "mutation($input: {type_name}Input!) {{ {name}(input: $input) {{ {fields} userErrors {{ code field }} }} }}"
        );
        let mut answer = self.ask(bearer, &query, input).await;
        assert_eq!(answer.get("errors"), None, "{name}: {answer}");
        answer["data"][name].take()
    }

    /// The only refusal of a mutation: code and field.
    pub async fn refused(&self, bearer: &str, name: &str, input: Value) -> (String, Option<String>) {
        let payload = self.run(Some(bearer), name, "", input).await;
        let errors = payload["userErrors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{name}: {payload}");
        let field = errors[0]["field"].as_str().map(str::to_owned);
        (errors[0]["code"].as_str().unwrap().to_owned(), field)
    }

    /// Signs in from an address; the payload.
    pub async fn login_from(
        &self,
        address: &str,
        username: &str,
        password: &str,
        device: Option<&str>,
    ) -> Value {
        const LOGIN: &str = "mutation($input: LoginInput!) { login(input: $input) {
            accessToken refreshToken expiresAt device { id name current } retryAfter userErrors { code field } } }";
        let input = json!({
            "username": username, "password": password, "deviceName": "Điện thoại", "deviceId": device,
        });
        let mut answer = self.ask_from(address, None, LOGIN, input).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"]["login"].take()
    }

    /// Signs in with the right password.
    pub async fn login(&self, username: &str) -> Session {
        let payload = self.login_from(HOME, username, PASSWORD, None).await;
        assert_eq!(payload["userErrors"], json!([]), "{payload}");
        Session::of(&payload)
    }

    /// Shows a refresh token: the session, or the code of the refusal.
    pub async fn refresh(&self, token: &str) -> Result<Session, String> {
        let fields = "accessToken refreshToken device { id }";
        let payload = self
            .run(None, "refresh", fields, json!({"refreshToken": token}))
            .await;
        match payload["userErrors"][0]["code"].as_str() {
            Some(code) => Err(code.to_owned()),
            None => Ok(Session::of(&payload)),
        }
    }

    /// What happened to a row, oldest first.
    pub async fn history(&self, row: Uuid) -> Vec<String> {
        let mut events = event::Entity::find()
            .filter(event::Column::RowId.eq(row))
            .all(&self.beside)
            .await
            .unwrap();
        events.sort_by_key(|event| event.at);
        events.into_iter().map(|event| event.event).collect()
    }
}

/// What a device holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub access: String,
    pub refresh: String,
    pub device: String,
}

impl Session {
    fn of(payload: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            access: text(&payload["accessToken"]),
            refresh: text(&payload["refreshToken"]),
            device: text(&payload["device"]["id"]),
        }
    }
}

async fn insert<M>(db: &DatabaseConnection, row: M)
where
    M: sea_orm::ModelTrait
        + IntoActiveModel<<<M as sea_orm::ModelTrait>::Entity as EntityTrait>::ActiveModel>,
    <<M as sea_orm::ModelTrait>::Entity as EntityTrait>::ActiveModel:
        ActiveModelTrait<Entity = M::Entity> + Send,
{
    let row = row.into_active_model().reset_all();
    M::Entity::insert(row).exec_without_returning(db).await.unwrap();
}

fn unit_row(id: UnitId, code: &str, level: &str, parent: Option<UnitId>) -> unit::Model {
    unit::Model {
        id,
        code: code.to_owned(),
        name: format!("Đơn vị {code}"),
        level: level.to_owned(),
        kind: level.to_owned(),
        parent_id: parent,
        valid_from: None,
        valid_to: None,
        rev: 1,
    }
}

fn council_row(id: CouncilId, unit: UnitId) -> council::Model {
    council::Model {
        id,
        unit_id: unit,
        level: "commune".to_owned(),
        name: "Hội đồng nhân dân".to_owned(),
        term: "2021-2026".to_owned(),
        ordinal: 1,
        valid_from: day("2021-07-01"),
        valid_to: None,
        rev: 1,
    }
}

fn agency_row(id: AgencyId, unit: UnitId) -> agency::Model {
    agency::Model {
        id,
        name: "Ủy ban nhân dân".to_owned(),
        kind: "committee".to_owned(),
        unit_id: unit,
        official_code: None,
        hotline: None,
        email: None,
        has_account: false,
        successor_id: None,
        valid_from: None,
        valid_to: None,
        rev: 1,
    }
}
