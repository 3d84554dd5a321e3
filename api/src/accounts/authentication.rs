//! Who sends this request: from the bearer token to the viewer with today's rights.
//!
//! At most five statements, whoever asks. A token that is bad, expired or revoked is never an anonymous caller.

use chrono::{DateTime, Duration, Utc};
use entity::{
    api_token,
    id::{AccountId, DeviceId},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    integrators::READ,
    read_token::{PREFIX, ReadToken},
    token::{self, Kind},
};
use crate::{
    error::{Code, Lang, Result},
    state::State,
    viewer::{SignedIn, Viewer},
};

/// The viewer behind a bearer token; without one, the anonymous viewer. Refused with `UNAUTHENTICATED`,
/// `TOKEN_EXPIRED` or `DEVICE_REVOKED`.
pub async fn authenticate(state: &State, bearer: Option<&str>, lang: Lang) -> Result<Viewer, Code> {
    let viewer = authenticate_for_sync(state, bearer, lang).await?;
    if viewer.is_wiping() {
        return Err(Code::DeviceRevoked);
    }
    Ok(viewer)
}

/// The same, and a device that was given up as well: whoever calls this lets it do nothing but sync.
pub async fn authenticate_for_sync(state: &State, bearer: Option<&str>, lang: Lang) -> Result<Viewer, Code> {
    let now = state.clock.now();
    let viewer = match bearer {
        None => Ok(Viewer::anonymous(lang)),
        Some(text) if text.starts_with(PREFIX) => integrator(state, text, lang, now).await,
        Some(text) => person(state, text, lang, now).await,
    };
    viewer.map_err(|error| {
        error.log();
        error.code()
    })
}

async fn person(state: &State, text: &str, lang: Lang, now: DateTime<Utc>) -> Result<Viewer> {
    let holder = token::verify(&state.keys, &state.issuer, text, now)?.holder;
    let (account, device) = (AccountId(holder.account), DeviceId(holder.device));
    match holder.kind {
        Kind::Access => load(state, account, device, lang).await,
        Kind::Wipe => {
            let signed_in = SignedIn::load(state.store.read(), account, device).await?;
            if may_hand_in(&signed_in, now) {
                Ok(Viewer::wiping(signed_in, lang))
            } else {
                Err(Code::DeviceRevoked.into())
            }
        }
    }
}

/// How long after it was given up a device may hand in what it holds: as long as receipts are kept.
pub const HANDING_IN: Duration = Duration::days(400);

/// Whether a device was given up, and not too long ago to hand in what it holds.
pub fn may_hand_in(signed_in: &SignedIn, now: DateTime<Utc>) -> bool {
    signed_in.ended_at().is_some_and(|ended| now < ended + HANDING_IN)
}

/// The same person with the rights of this moment; refused if the device was given up meanwhile.
pub async fn again(state: &State, viewer: &Viewer) -> Result<Viewer> {
    let signed_in = viewer.signed_in()?;
    load(state, signed_in.account.id, signed_in.device.id, viewer.lang).await
}

/// The person behind a device, from which something came without a token; one that was given up hands in what it
/// holds.
pub async fn of_device(state: &State, account: AccountId, device: DeviceId, lang: Lang) -> Result<Viewer> {
    match load(state, account, device, lang).await {
        Err(error) if error.code() == Code::DeviceRevoked => {
            let signed_in = SignedIn::load(state.store.read(), account, device).await?;
            if may_hand_in(&signed_in, state.clock.now()) {
                Ok(Viewer::wiping(signed_in, lang))
            } else {
                Err(Code::DeviceRevoked.into())
            }
        }
        loaded => loaded,
    }
}

/// The person behind an account and device.
pub async fn load(state: &State, account: AccountId, device: DeviceId, lang: Lang) -> Result<Viewer> {
    let reference = state.reference();
    let today = state.clock.today();
    Viewer::load(state.store.read(), &reference, account, device, today, lang).await
}

async fn integrator(state: &State, text: &str, lang: Lang, now: DateTime<Utc>) -> Result<Viewer> {
    let token = ReadToken::parse(text).ok_or(Code::Unauthenticated)?;
    let row = api_token::Entity::find()
        .filter(api_token::Column::Hash.eq(token.hash().to_vec()))
        .one(state.store.read())
        .await?
        .filter(|row| {
            row.scope == READ && row.revoked_at.is_none() && row.expires_at.is_none_or(|end| now < end)
        })
        .ok_or(Code::Unauthenticated)?;
    Ok(Viewer::integrator(row.unit_id, &state.reference(), lang))
}
