//! What a cell of the matrix says, and what must not differ where two cells are to look alike.

use cutri::state::State;
use entity::{event, sync_clock, sync_log};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::Value;
use uuid::Uuid;

/// What a cell of the matrix says.
pub fn class(body: &Value, field: &str) -> String {
    let code = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    if let Some(error) = body["errors"].as_array().and_then(|errors| errors.first()) {
        return code(&error["extensions"]["code"]);
    }
    let data = &body["data"][field];
    if let Some(refusal) = data["userErrors"]
        .as_array()
        .and_then(|refusals| refusals.first())
    {
        return code(&refusal["code"]);
    }
    if let Some(result) = data["results"].as_array().and_then(|results| results.first()) {
        return match (
            code(&result["status"]).as_str(),
            result["errors"].as_array().and_then(|all| all.first()),
        ) {
            ("APPLIED", _) => "ok".to_owned(),
            (_, Some(error)) => code(&error["code"]),
            (status, None) => status.to_owned(),
        };
    }
    let list = data["nodes"].as_array().or(data.as_array());
    match (data, list) {
        (Value::Null, _) => "null",
        (_, Some(list)) if list.is_empty() => "empty",
        (_, Some(list)) if list.iter().all(Value::is_null) => "null",
        _ => "ok",
    }
    .to_owned()
}

/// An upload: what is refused of it is kept all the same, for its author.
pub fn is_push(field: &str) -> bool {
    field == "syncPush" || (field.starts_with("push") && field != "pushKey")
}

/// What became of the new row of an RxDB client, who is only told what he has to take instead of it: nothing where it was
/// taken as it came, and nothing where it has to wait.
pub async fn became(state: &State, body: &Value, field: &str, row: &str) -> Option<&'static str> {
    if !is_push(field) {
        return None;
    }
    let told = body["data"][field].as_array()?;
    if told.iter().any(|told| told["_deleted"] == true) {
        return Some("refused");
    }
    let row: Uuid = row.parse().unwrap();
    let logged = sync_log::Entity::find().filter(sync_log::Column::RowId.eq(row));
    let is_there = logged.count(state.store.read()).await.unwrap() > 0;
    Some(if is_there { "ok" } else { "waits" })
}

/// The number of a request is its own.
pub fn without_request_id(body: &mut Value) {
    for error in body["errors"].as_array_mut().into_iter().flatten() {
        if let Some(extensions) = error["extensions"].as_object_mut() {
            extensions.remove("requestId");
        }
    }
}

/// How long history is, and where the clocks stand.
pub type Fingerprint = (u64, Vec<(String, i64)>);

/// Changes with everything that is written.
pub async fn fingerprint(state: &State) -> Fingerprint {
    let events = event::Entity::find().count(state.store.read()).await.unwrap();
    let clocks = sync_clock::Entity::find().all(state.store.read()).await.unwrap();
    let mut clocks: Vec<_> = clocks.into_iter().map(|clock| (clock.id, clock.seq)).collect();
    clocks.sort();
    (events, clocks)
}
