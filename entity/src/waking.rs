//! How a device is woken.

use sea_orm::entity::prelude::*;

use crate::id::DeviceId;

codes! {
    /// By which road a signal reaches a device.
    Road {
        /// A browser's push service (RFC 8030).
        WebPush = "web_push",
        /// A push server of the person's own choice (UnifiedPush), spoken to in the same way.
        UnifiedPush = "unified_push",
        /// The gateway of this installation, which knows FCM and APNs.
        Gateway = "gateway",
    }
}

/// Where to wake a device, and for what it has been woken.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "waking")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub device_id: DeviceId,
    pub road: Road,
    /// The push service's address, or the token for the gateway; sealed.
    pub address: Vec<u8>,
    /// Up to where the device has read or was woken: positions by clock, as JSON.
    pub position: String,
    /// No signal before this moment: one is on its way, was sent a moment ago, or could not be sent.
    pub not_before: DateTimeUtc,
    /// Signals in a row that could not be sent.
    pub attempts: i32,
    pub registered_at: DateTimeUtc,
}

plain!();
