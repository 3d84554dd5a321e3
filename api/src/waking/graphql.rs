//! Registering for signals.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use entity::waking::Road;

use super::{
    registration::{RegisterPush, UnregisterPush},
    rules, vapid,
};
use crate::{
    error::Result,
    graphql::{
        UserError,
        command::{run, run_input},
        state, viewer,
    },
    sync::{cursor::clock_key, live},
};

/// Bytes of a subscription's public key and of its secret (RFC 8291).
const P256DH: usize = 65;
const AUTH: usize = 16;

/// By which road a signal reaches a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Road")]
pub enum PushKind {
    /// A browser's push service (RFC 8030), subscribed to with `pushKey`.
    WebPush,
    /// A push server of the person's own choice (UnifiedPush, https://unifiedpush.org), spoken to in the same way.
    UnifiedPush,
    /// The gateway of this installation to FCM (Android) and APNs (iOS).
    Gateway,
}

/// Where the device that asks is to be woken.
#[derive(InputObject)]
pub struct RegisterPushInput {
    /// By which road. `GATEWAY` only where the installation has one.
    kind: PushKind,
    /// The address of the subscription, https, at most 1,024 ASCII characters; for every kind but `GATEWAY`.
    endpoint: Option<String>,
    /// The subscription's public key (base64url, 65 bytes). Checked and not kept: a signal has no content that would
    /// have to be encrypted.
    #[graphql(name = "p256dh")]
    p256dh: Option<String>,
    /// The subscription's secret (base64url, 16 bytes). Checked and not kept.
    auth: Option<String>,
    /// For `GATEWAY`: the token of FCM or APNs, at most 1,024 ASCII characters; without one the gateway knows the
    /// device by its id.
    token: Option<String>,
}

/// Whether it was done.
#[derive(SimpleObject)]
pub struct RegisterPushPayload {
    /// By which road the device is woken from now on.
    kind: Option<PushKind>,
    /// Empty when it is registered.
    user_errors: Vec<UserError>,
}

/// Whether it was done.
#[derive(SimpleObject)]
pub struct UnregisterPushPayload {
    /// Empty when the device is woken no more.
    user_errors: Vec<UserError>,
}

/// Queries about waking.
#[derive(Default)]
pub struct WakingQuery;

#[Object]
impl WakingQuery {
    /// The public key with which an app subscribes at a push service (`applicationServerKey`; VAPID, RFC 8292):
    /// base64url of 65 bytes. It stays the same as long as the installation keeps its keys.
    async fn push_key(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(vapid::public(&state(ctx)?.keys))
    }
}

/// Mutations about waking.
#[derive(Default)]
pub struct WakingMutation;

#[Object]
impl WakingMutation {
    /// Has the device that asks woken (đánh thức thiết bị) when something changes in what it reads: a signal without any
    /// content, upon which it pulls. It replaces what the device registered before; the same again changes nothing.
    ///
    /// A signal comes 5 to 10 seconds after a change that the device has not read by then (where it has just sent or read
    /// something, half a minute after that), and at most one in 15 minutes until it reads. A device that signs out or is given up is woken no more; an address that is no more is
    /// forgotten, so register at every start. Refusals: `REQUIRED`, `TOO_LONG`, `INVALID_TEXT`, `INVALID_VALUE`
    /// (`endpoint`: not https, or not a host that may be called), `INVALID_STATE` (`kind`: there is no gateway here).
    async fn register_push(
        &self,
        ctx: &Context<'_>,
        input: RegisterPushInput,
    ) -> Result<Option<RegisterPushPayload>> {
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let device = viewer.signed_in()?.device.id;
        let clocks = live::clocks(state).await?;
        let command = || {
            rules::subscription_key(input.p256dh.as_deref(), P256DH, "p256dh")?;
            rules::subscription_key(input.auth.as_deref(), AUTH, "auth")?;
            let (road, settings) = (input.kind.into(), &state.waking.settings);
            Ok(RegisterPush {
                device,
                road,
                address: rules::address(road, input.endpoint.as_deref(), input.token.as_deref(), settings)?,
                position: clocks.iter().map(|(name, seq)| (clock_key(name), *seq)).collect(),
            })
        };
        let user_errors = run_input(ctx, command).await?.err().unwrap_or_default();
        Ok(Some(RegisterPushPayload {
            kind: user_errors.is_empty().then_some(input.kind),
            user_errors,
        }))
    }

    /// Lets the device that asks sleep: it is woken no more (thôi đánh thức thiết bị). Errors: `UNAUTHENTICATED`.
    async fn unregister_push(&self, ctx: &Context<'_>) -> Result<Option<UnregisterPushPayload>> {
        let device = viewer(ctx)?.signed_in()?.device.id;
        let done = run(ctx, &UnregisterPush(device)).await?;
        Ok(Some(UnregisterPushPayload {
            user_errors: done.err().unwrap_or_default(),
        }))
    }
}
