//! Signing in and out. The inputs hold secrets and therefore cannot be printed.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{device, id::DeviceId};
use sea_orm::EntityTrait;

use super::{Device, address};
use crate::{
    accounts::{
        devices::{RevokeDevice, Why},
        session::{self, Credentials, NotSignedIn, Session},
    },
    error::Result,
    graphql::{UserError, command::run_input, id, input_id, scalar::Time, state, viewer},
    state::State,
    viewer::Viewer,
};

/// What somebody signs in with.
#[derive(InputObject)]
pub struct LoginInput {
    /// In any case.
    username: String,
    /// As it was chosen.
    password: String,
    /// What the device is called in the list of one's devices; 1 to 100 characters.
    device_name: String,
    /// The device's id from an earlier login, so that it stays the same device and guesses of strangers do not
    /// slow it. What is no device of the account is ignored.
    device_id: Option<ID>,
}

/// What a device shows to stay signed in.
#[derive(InputObject)]
pub struct RefreshInput {
    /// The newest that it was given; good once, within 90 days.
    refresh_token: String,
}

/// A signed-in device, or why it is not.
#[derive(Default, SimpleObject)]
pub struct SessionPayload {
    /// For `Authorization: Bearer`; good for 10 minutes.
    access_token: Option<String>,
    /// For `refresh`, once. Kept only on the device.
    refresh_token: Option<String>,
    /// When the access token ends.
    expires_at: Option<Time>,
    /// The device that was signed in.
    device: Option<Device>,
    /// With `RATE_LIMITED`: after how many seconds it may be tried again.
    retry_after: Option<i32>,
    /// Empty when it is signed in.
    user_errors: Vec<UserError>,
}

impl SessionPayload {
    fn signed_in(session: Session, state: &State) -> Self {
        Self {
            access_token: Some(session.access.text),
            refresh_token: Some(session.refresh.text()),
            expires_at: Some(Time(session.access.expires_at)),
            device: Some(Device::own(session.device, state)),
            retry_after: None,
            user_errors: Vec::new(),
        }
    }

    fn refused(not: &NotSignedIn, viewer: &Viewer) -> Self {
        Self {
            retry_after: seconds(not),
            user_errors: vec![UserError::of(&not.refused, viewer.lang)],
            ..Self::default()
        }
    }
}

/// Rounded up: who comes back a moment too early would be held again.
fn seconds(not: &NotSignedIn) -> Option<i32> {
    let wait = not.retry_after?.num_milliseconds();
    i32::try_from(wait.div_euclid(1_000) + i64::from(wait % 1_000 != 0)).ok()
}

/// Whether it was done.
#[derive(SimpleObject)]
pub struct LogoutPayload {
    /// Empty when the device is signed out.
    user_errors: Vec<UserError>,
}

/// Which device to give up.
#[derive(Clone, Debug, InputObject)]
pub struct RevokeDeviceInput {
    /// One's own device, or one of an account that the viewer manages.
    device_id: ID,
    /// Whether it was stolen: then not even what it has not sent yet is taken from it.
    #[graphql(default = false)]
    stolen: bool,
}

/// The device as it is now.
#[derive(SimpleObject)]
pub struct RevokeDevicePayload {
    /// As it is now.
    device: Option<Device>,
    /// Empty when it is revoked.
    user_errors: Vec<UserError>,
}

/// One's password, old and new.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The one that holds.
    current_password: String,
    /// At least 10 characters, and not the user name.
    new_password: String,
}

/// Whether it was done.
#[derive(SimpleObject)]
pub struct ChangePasswordPayload {
    /// With `RATE_LIMITED`: after how many seconds it may be tried again.
    retry_after: Option<i32>,
    /// Empty when the new password holds.
    user_errors: Vec<UserError>,
}

/// Mutations of whoever signs in.
#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Signs a device in (đăng nhập). Refusals: `LOGIN_FAILED` (unknown user and wrong password alike),
    /// `RATE_LIMITED` with `retryAfter`, `REQUIRED`, `TOO_LONG`, `INVALID_TEXT`.
    async fn login(&self, ctx: &Context<'_>, input: LoginInput) -> Result<Option<SessionPayload>> {
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let credentials = Credentials {
            username: &input.username,
            password: &input.password,
            device_name: &input.device_name,
            device: input.device_id.as_ref().and_then(id),
            address: address(ctx)?,
        };
        Ok(Some(match session::login(state, credentials).await? {
            Ok(session) => SessionPayload::signed_in(session, state),
            Err(not) => SessionPayload::refused(&not, viewer),
        }))
    }

    /// Gives the next pair of tokens. Asked again within 60 seconds, because the answer was lost, it gives the
    /// same one, until that is used; used twice otherwise, the device is revoked. Refusals: `UNAUTHENTICATED`,
    /// `TOKEN_EXPIRED` (90 days unused: sign in again, the device keeps what it holds), `DEVICE_REVOKED`: then, for
    /// 400 days, `accessToken` is good for `syncPush`, whose rows are kept for their author, and for `syncPull`, which
    /// takes away what the device holds.
    async fn refresh(&self, ctx: &Context<'_>, input: RefreshInput) -> Result<Option<SessionPayload>> {
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        Ok(Some(
            match session::refresh(state, &input.refresh_token).await? {
                Ok(session) => SessionPayload::signed_in(session, state),
                Err(none) => SessionPayload {
                    access_token: none.wipe.as_ref().map(|(wipe, _)| wipe.text.clone()),
                    expires_at: none.wipe.as_ref().map(|(wipe, _)| Time(wipe.expires_at)),
                    device: none.wipe.map(|(_, device)| Device::new(device, viewer)),
                    ..SessionPayload::refused(&none.refused.into(), viewer)
                },
            },
        ))
    }

    /// Signs out on this device (đăng xuất); its tokens are worth nothing from now on. What was not uploaded
    /// before stays on the device. Errors: `UNAUTHENTICATED`.
    async fn logout(&self, ctx: &Context<'_>) -> Result<Option<LogoutPayload>> {
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let refused = session::logout(state, viewer).await?.err();
        Ok(Some(LogoutPayload {
            user_errors: UserError::all(refused.as_slice(), viewer.lang),
        }))
    }

    /// Gives a device up (thu hồi thiết bị): at its next contact it is signed out and told to erase what it
    /// holds. Refusals: `NOT_FOUND`, `INVALID_ID`.
    async fn revoke_device(
        &self,
        ctx: &Context<'_>,
        input: RevokeDeviceInput,
    ) -> Result<Option<RevokeDevicePayload>> {
        let command = || {
            Ok(RevokeDevice {
                device: input_id(&input.device_id, "deviceId")?,
                why: Why::GivenUp { stolen: input.stolen },
            })
        };
        let done = match run_input(ctx, command).await? {
            Ok(done) => done,
            Err(user_errors) => {
                return Ok(Some(RevokeDevicePayload {
                    device: None,
                    user_errors,
                }));
            }
        };
        let device = match done.ids.first() {
            Some(id) => {
                device::Entity::find_by_id(DeviceId(*id))
                    .one(state(ctx)?.store.read())
                    .await?
            }
            None => None,
        };
        let viewer = viewer(ctx)?;
        Ok(Some(RevokeDevicePayload {
            device: device.map(|row| Device::new(row, viewer)),
            user_errors: Vec::new(),
        }))
    }

    /// Changes one's own password (đổi mật khẩu). Every device stays signed in. Refusals: `LOGIN_FAILED` (the
    /// current one is wrong), `WEAK_PASSWORD`, `TOO_LONG`, `INVALID_TEXT`, `RATE_LIMITED`.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        input: ChangePasswordInput,
    ) -> Result<Option<ChangePasswordPayload>> {
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let (current, new) = (&input.current_password, &input.new_password);
        let changed = session::change_password(state, viewer, current, new, address(ctx)?).await?;
        Ok(Some(match changed {
            Ok(_) => ChangePasswordPayload {
                retry_after: None,
                user_errors: Vec::new(),
            },
            Err(not) => ChangePasswordPayload {
                retry_after: seconds(&not),
                user_errors: vec![UserError::of(&not.refused, viewer.lang)],
            },
        }))
    }
}
