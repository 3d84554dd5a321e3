//! The line of refresh tokens of a device, in the database.
//!
//! Beside the write door on purpose: a token is no noun. It lies in no partition, nobody is ever shown it, it has
//! no history but its own line, and through the door every refresh of every phone would wait for the clock of its
//! whole province. The device's row is locked first, so that one device has one line. What becomes of the device
//! itself (revoked, signed in) does go through the door.

use entity::{device, id::DeviceId, refresh_token};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, prelude::DateTimeUtc,
    sea_query::Expr,
};

use super::{refresh::Refresh, rules, rules::Worth};
use crate::{
    error::{Error, Result},
    state::State,
    viewer::SignedIn,
};

/// How often a refresh looks again after somebody else was faster; once is what it takes.
const ATTEMPTS: u32 = 4;

/// What became of a refresh token that was shown.
pub(super) enum Shown {
    /// The successor, and whose it is.
    Successor(Refresh, device::Model),
    /// No such token was ever given, or its line was begun anew.
    Unknown,
    /// Nobody used it for 90 days.
    Expired,
    /// The device was revoked, or the account disabled.
    Dead(Box<SignedIn>),
    /// It was used twice.
    Reused(device::Model),
}

/// Begins the line of a device anew and returns its first token; what was before is forgotten.
pub(super) async fn begin(state: &State, device: DeviceId) -> Result<Refresh> {
    let now = state.clock.now();
    let token = Refresh::new(state.entropy.as_ref());
    let tx = state.store.begin().await?;
    touch(&tx, device, now).await?;
    refresh_token::Entity::delete_many()
        .filter(refresh_token::Column::DeviceId.eq(device))
        .exec(&tx)
        .await?;
    insert(&tx, &token, device, None, now).await?;
    tx.commit().await?;
    Ok(token)
}

/// Gives the successor of a token, if it is still worth one.
pub(super) async fn follow(state: &State, token: &Refresh) -> Result<Shown> {
    let conn = state.store.read();
    let successor = token.successor(&state.keys);
    let (hash, next) = (token.hash().to_vec(), successor.hash().to_vec());
    for _ in 0..ATTEMPTS {
        let rows = refresh_token::Entity::find()
            .filter(refresh_token::Column::Hash.is_in([hash.clone(), next.clone()]))
            .all(conn)
            .await?;
        let Some(row) = rows.iter().find(|row| row.hash == hash) else {
            return Ok(Shown::Unknown);
        };
        let Some(device) = device::Entity::find_by_id(row.device_id).one(conn).await? else {
            return Ok(Shown::Unknown);
        };
        let signed_in = SignedIn::load(conn, device.account_id, device.id).await?;
        if signed_in.ended_at().is_some() {
            return Ok(Shown::Dead(Box::new(signed_in)));
        }
        let device = signed_in.device;
        let now = state.clock.now();
        match rules::worth(row, rows.iter().find(|row| row.hash == next), now) {
            Worth::SameSuccessor => return Ok(Shown::Successor(successor, device)),
            Worth::Reused => return Ok(Shown::Reused(device)),
            Worth::Expired => return Ok(Shown::Expired),
            Worth::Successor => {
                if advance(state, row, &successor, now).await? {
                    return Ok(Shown::Successor(successor, device));
                }
                // Somebody else was faster: look again, it is the same successor.
            }
        }
    }
    Err(Error::internal("a refresh token never settled"))
}

/// Marks a token as followed and stores its successor; says whether this call did.
async fn advance(
    state: &State,
    token: &refresh_token::Model,
    successor: &Refresh,
    now: DateTimeUtc,
) -> Result<bool> {
    let tx = state.store.begin().await?;
    touch(&tx, token.device_id, now).await?;
    let claimed = refresh_token::Entity::update_many()
        .col_expr(refresh_token::Column::RotatedAt, Expr::value(now))
        .filter(refresh_token::Column::Hash.eq(token.hash.clone()))
        .filter(refresh_token::Column::RotatedAt.is_null())
        .exec(&tx)
        .await?;
    if claimed.rows_affected == 0 {
        tx.rollback().await?;
        return Ok(false);
    }
    insert(&tx, successor, token.device_id, Some(token.hash.clone()), now).await?;
    // Used tokens are kept as long as they could have been good: only by them is it noticed that a thief walked
    // on with the line while the owner's phone lay in a drawer.
    refresh_token::Entity::delete_many()
        .filter(refresh_token::Column::DeviceId.eq(token.device_id))
        .filter(refresh_token::Column::ExpiresAt.lte(now))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}

/// Locks the device's row by noting that it was seen.
async fn touch<C: ConnectionTrait>(tx: &C, device: DeviceId, now: DateTimeUtc) -> Result<()> {
    device::Entity::update_many()
        .col_expr(device::Column::SeenAt, Expr::value(now))
        .filter(device::Column::Id.eq(device))
        .exec(tx)
        .await?;
    Ok(())
}

async fn insert<C: ConnectionTrait>(
    tx: &C,
    token: &Refresh,
    device: DeviceId,
    predecessor: Option<Vec<u8>>,
    now: DateTimeUtc,
) -> Result<()> {
    refresh_token::Entity::insert(refresh_token::ActiveModel {
        hash: Set(token.hash().to_vec()),
        device_id: Set(device),
        created_at: Set(now),
        expires_at: Set(now + rules::IDLE),
        rotated_at: Set(None),
        predecessor: Set(predecessor),
    })
    .exec_without_returning(tx)
    .await?;
    Ok(())
}
