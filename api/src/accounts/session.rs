//! Signing in, staying signed in, signing out, and one's own password.
//!
//! Passwords are hashed and compared before any transaction begins. What is typed in here is never logged, and
//! nothing that holds it can be printed.

use std::{fmt, net::IpAddr};

use chrono::Duration;
use entity::{
    account, device,
    id::{AccountId, DeviceId},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    authentication::may_hand_in,
    devices::{RevokeDevice, SignIn, Why},
    line::{self, Shown},
    password::Password,
    people::{SetPassword, Setting},
    refresh::Refresh,
    rules,
    throttle::Held,
    token::{self, Holder, Kind, Minted},
};
use crate::{
    error::{Code, Error, Lang, Refused, Result},
    state::State,
    store::door::{self, Command, Done},
    viewer::{SignedIn, Viewer},
};

/// What somebody signs in with.
pub struct Credentials<'a> {
    pub username: &'a str,
    pub password: &'a str,
    /// What the device is called in the list of one's devices; 1 to 100 characters.
    pub device_name: &'a str,
    /// The device as it was named by an earlier login. It is not slowed by strangers' guesses, and goes on with
    /// what it holds.
    pub device: Option<DeviceId>,
    /// Where the request comes from.
    pub address: IpAddr,
}

/// A device that is signed in: what it is handed, once.
pub struct Session {
    pub access: Minted,
    pub refresh: Refresh,
    pub device: device::Model,
}

/// Why nobody was signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotSignedIn {
    pub refused: Refused,
    /// With `RATE_LIMITED`: when it may be tried again.
    pub retry_after: Option<Duration>,
}

impl NotSignedIn {
    fn held(Held(wait): Held) -> Self {
        Self {
            refused: Code::RateLimited.into(),
            retry_after: Some(wait),
        }
    }
}

impl<T: Into<Refused>> From<T> for NotSignedIn {
    fn from(refused: T) -> Self {
        Self {
            refused: refused.into(),
            retry_after: None,
        }
    }
}

/// Signs a device in. An unknown user, a disabled one and a wrong password are one answer, after the same work.
pub async fn login(state: &State, with: Credentials<'_>) -> Result<Result<Session, NotSignedIn>> {
    let name = match rules::line(with.device_name, "deviceName", rules::MOST_DEVICE_NAME) {
        Ok(name) => name,
        Err(refused) => return Ok(Err(refused.into())),
    };
    let conn = state.store.read();
    // What can be nobody's name is looked up like any other one.
    let username = rules::username(with.username).unwrap_or_default();
    let account = account::Entity::find()
        .filter(account::Column::Username.eq(username))
        .one(conn)
        .await?;
    let known = match with.device {
        Some(id) => device::Entity::find_by_id(id).one(conn).await?,
        None => None,
    }
    .filter(|device| {
        device.revoked_at.is_none()
            && account
                .as_ref()
                .is_some_and(|account| account.id == device.account_id)
    });

    let now = state.clock.now();
    let attempt = state
        .throttle
        .attempt(with.username, with.address, known.is_some(), now);
    let attempt = match attempt {
        Ok(attempt) => attempt,
        Err(held) => return Ok(Err(NotSignedIn::held(held))),
    };
    let account = account.filter(|account| account.disabled_at.is_none());
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let right = state
        .passwords
        .verify(Password::attempt(with.password), stored)
        .await?;
    let Some(account) = account.filter(|_| right) else {
        return Ok(Err(Code::LoginFailed.into()));
    };
    state.throttle.succeeded(attempt);

    let open = SignIn {
        account: account.id,
        password_hash: account.password_hash,
        device: known.map(|device| device.id),
        name,
    };
    let device = match one(state, &Viewer::anonymous(Lang::default()), &open).await? {
        Ok(done) => done.ids.first().copied().map(DeviceId),
        Err(refused) => return Ok(Err(refused.into())),
    };
    let device = device.ok_or_else(|| Error::internal("a sign-in without device"))?;
    let refresh = line::begin(state, device).await?;
    let device = device::Entity::find_by_id(device)
        .one(conn)
        .await?
        .ok_or_else(|| Error::internal("a device that was just opened is gone"))?;
    session(state, device, refresh).map(Ok)
}

/// Gives the next pair of tokens for a refresh token.
///
/// Refused with `UNAUTHENTICATED` (not ours), `TOKEN_EXPIRED` (unused for 90 days; the phone keeps what it holds
/// and signs in again) or `DEVICE_REVOKED`. A token that comes back after its successor was used, or later than
/// a minute, was copied: its device is revoked, the account's other devices are not touched. With `DEVICE_REVOKED`
/// comes, for 400 days, a token that is good for handing in what the device holds and for being told to erase it.
pub async fn refresh(state: &State, text: &str) -> Result<Result<Session, NoSession>> {
    let Some(token) = Refresh::parse(text) else {
        return Ok(Err(Code::Unauthenticated.into()));
    };
    match line::follow(state, &token).await? {
        Shown::Successor(successor, device) => session(state, device, successor).map(Ok),
        Shown::Unknown => Ok(Err(Code::Unauthenticated.into())),
        Shown::Expired => Ok(Err(Code::TokenExpired.into())),
        Shown::Dead(signed_in) => wiping(state, *signed_in).map(Err),
        Shown::Reused(device) => {
            let revoke = RevokeDevice {
                device: device.id,
                why: Why::Reused,
            };
            if let Err(refused) = one(state, &Viewer::anonymous(Lang::default()), &revoke).await? {
                return Ok(Err(refused.into()));
            }
            tracing::warn!(
                target: "cutri::accounts",
                account = %device.account_id,
                device = %device.id,
                "a refresh token was used twice; the device is revoked"
            );
            let signed_in = SignedIn::load(state.store.read(), device.account_id, device.id).await?;
            wiping(state, signed_in).map(Err)
        }
    }
}

/// Why there is no session; a device that was given up gets a token that is good for handing in what it holds.
pub struct NoSession {
    pub refused: Refused,
    pub wipe: Option<(Minted, device::Model)>,
}

/// Without the token.
impl fmt::Debug for NoSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.refused.fmt(f)
    }
}

impl<T: Into<Refused>> From<T> for NoSession {
    fn from(refused: T) -> Self {
        Self {
            refused: refused.into(),
            wipe: None,
        }
    }
}

fn wiping(state: &State, signed_in: SignedIn) -> Result<NoSession> {
    let now = state.clock.now();
    let refused = Code::DeviceRevoked.into();
    if !may_hand_in(&signed_in, now) {
        return Ok(NoSession { refused, wipe: None });
    }
    let holder = Holder {
        account: signed_in.account.id.0,
        device: signed_in.device.id.0,
        kind: Kind::Wipe,
    };
    let minted = token::mint(&state.keys, &state.issuer, holder, now, state.entropy.as_ref())?;
    Ok(NoSession {
        refused,
        wipe: Some((minted, signed_in.device)),
    })
}

/// Signs out on this device. The device is given up with it, so that its access token dies at once; the next
/// login opens a new one.
pub async fn logout(state: &State, viewer: &Viewer) -> Result<Result<Done, Refused>> {
    let revoke = RevokeDevice {
        device: viewer.signed_in()?.device.id,
        why: Why::SignedOut,
    };
    one(state, viewer, &revoke).await
}

/// Changes one's own password. Devices stay signed in, and what they have not sent yet stays welcome.
pub async fn change_password(
    state: &State,
    viewer: &Viewer,
    current: &str,
    new: &str,
    address: IpAddr,
) -> Result<Result<Done, NotSignedIn>> {
    let SignedIn { account, .. } = viewer.signed_in()?;
    let named = |refused: Refused| Refused::field(refused.code, "newPassword");
    let new = match Password::choose(new, &account.username).map_err(named) {
        Ok(new) => new,
        Err(refused) => return Ok(Err(refused.into())),
    };
    // From a device that is signed in strangers' guesses hold nobody up; its own still count against the address.
    let now = state.clock.now();
    let attempt = match state.throttle.attempt(&account.username, address, true, now) {
        Ok(attempt) => attempt,
        Err(held) => return Ok(Err(NotSignedIn::held(held))),
    };
    let stored = account.password_hash.clone();
    let right = state
        .passwords
        .verify(Password::attempt(current), Some(stored.clone()))
        .await?;
    if !right {
        return Ok(Err(Refused::field(Code::LoginFailed, "currentPassword").into()));
    }
    state.throttle.succeeded(attempt);
    let set = SetPassword {
        account: account.id,
        password_hash: state.passwords.hash(new, state.entropy.as_ref()).await?,
        setting: Setting::Changed { from: stored },
    };
    Ok(one(state, viewer, &set).await?.map_err(NotSignedIn::from))
}

fn session(state: &State, device: device::Model, refresh: Refresh) -> Result<Session> {
    let holder = Holder {
        account: device.account_id.0,
        device: device.id.0,
        kind: Kind::Access,
    };
    let now = state.clock.now();
    let access = token::mint(&state.keys, &state.issuer, holder, now, state.entropy.as_ref())?;
    Ok(Session {
        access,
        refresh,
        device,
    })
}

/// Runs one command.
pub(super) async fn one(
    state: &State,
    viewer: &Viewer,
    command: &dyn Command,
) -> Result<Result<Done, Refused>> {
    let answers = door::execute(state, viewer, &[command]).await?;
    Ok(answers.into_iter().next().unwrap_or_else(|| Ok(Done::default())))
}

/// The account's devices that were not revoked, newest first.
pub async fn devices(state: &State, account: AccountId) -> Result<Vec<device::Model>> {
    use sea_orm::QueryOrder;
    Ok(device::Entity::find()
        .filter(device::Column::AccountId.eq(account))
        .filter(device::Column::RevokedAt.is_null())
        .order_by_desc(device::Column::Id)
        .all(state.store.read())
        .await?)
}
