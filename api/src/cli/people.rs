//! `cutri account` and `cutri token`: who may come in, on the word of whoever holds the machine.

use std::io;

use chrono::{NaiveDate, NaiveTime};
use entity::id::{ApiTokenId, UnitId};
use uuid::Uuid;

use crate::{
    accounts::{
        integrators::{create_read_token, read_tokens, revoke_read_token},
        people::create_first_account,
    },
    clock::{VIETNAM, local_date},
    start::{self, Failure},
    state::State,
    terminal::{self, say, tell},
};

/// Makes an administrator of the whole installation.
pub(super) async fn create_account(state: &State, username: &str) -> Result<(), Failure> {
    let password = terminal::password("Mật khẩu [password]", "Nhập lại [again]")
        .map_err(|cause: io::Error| Failure::new(format!("mật khẩu [password]: {}", start::words(&cause))))?;
    let Some(password) = password else {
        return Err(Failure::new(
            "mật khẩu để trống hoặc hai lần nhập khác nhau [no password, or the two differ]",
        ));
    };
    let id = create_first_account(state, username, &password).await?;
    say(format_args!(
        "Đã tạo quản trị viên {username}, mã {id}. [administrator created]"
    ));
    Ok(())
}

/// What a token is to be.
pub(super) struct NewToken<'a> {
    pub(super) unit: &'a str,
    pub(super) level: Option<&'a str>,
    pub(super) name: &'a str,
    /// First day on which it does not count any more.
    pub(super) expires: Option<NaiveDate>,
}

/// Makes an integrator's token: its text alone goes to stdout, this once.
pub(super) async fn create_token(state: &State, new: NewToken<'_>) -> Result<(), Failure> {
    let unit = unit(state, new.unit, new.level)?;
    let expires_at = new
        .expires
        .and_then(|day| day.and_time(NaiveTime::MIN).and_local_timezone(VIETNAM).single())
        .map(|at| at.to_utc());
    let (id, token) = create_read_token(state, unit, new.name, expires_at).await?;
    tell(format_args!(
        "Mã thẻ {id}; chuỗi dưới đây chỉ hiện một lần. Thu hồi: cutri token revoke {id} [shown this once]"
    ));
    say(token.text());
    Ok(())
}

/// Revokes a token; it counts at its next use.
pub(super) async fn revoke_token(state: &State, id: Uuid) -> Result<(), Failure> {
    revoke_read_token(state, ApiTokenId(id)).await?;
    say(format_args!("Đã thu hồi thẻ {id}. [revoked]"));
    Ok(())
}

/// Lists the tokens, without their texts, which nobody has.
pub(super) async fn list_tokens(state: &State) -> Result<(), Failure> {
    let reference = state.reference();
    for token in read_tokens(state).await? {
        let unit = reference.units.get(token.unit_id);
        let state = match (token.revoked_at, token.expires_at) {
            (Some(at), _) => format!("thu hồi ngày {} [revoked]", local_date(at)),
            (None, Some(at)) => format!("đến hết ngày trước {} [expires]", local_date(at)),
            (None, None) => "còn hiệu lực [valid]".to_owned(),
        };
        say(format_args!(
            "{}  {}  {} {}  {}  {state}",
            token.id,
            token.scope,
            unit.map_or("?", |unit| &unit.code),
            unit.map_or("?", |unit| &unit.name),
            token.name,
        ));
    }
    Ok(())
}

/// The unit that has this code today.
fn unit(state: &State, code: &str, level: Option<&str>) -> Result<UnitId, Failure> {
    let reference = state.reference();
    let today = state.clock.today();
    reference
        .units
        .by_code(code, level, today)
        .map(|unit| unit.id)
        .ok_or_else(|| {
            Failure::new(format!(
                "hôm nay không có đơn vị nào mã {code} [no unit has this code today]"
            ))
        })
}
