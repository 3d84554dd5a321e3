//! Notes in GraphQL: found by id, by their owner alone.

use async_graphql::{Context, ID, Object};
use entity::{
    id::NoteId,
    note::{Column, Entity, Model},
};

use crate::{
    error::Result,
    graphql::{
        loader::{Noun, one},
        scalar::Time,
        wire_id,
    },
    meetings::graphql::Meeting,
    store::partition::Audience,
    units::graphql::Unit,
};

/// A private note.
#[derive(Clone)]
pub struct Note(Model);

impl Noun for NoteId {
    type Object = Note;
    type Entity = Entity;
    const COLLECTION: &'static str = "note";
    const ID: Column = Column::Id;

    fn object(row: Model, _audience: Audience) -> Note {
        Note(row)
    }
}

/// A private note (ghi chú riêng); nobody but its owner sees it.
#[Object]
impl Note {
    /// The bare lower-case UUID, made on the phone.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// The unit that it is about.
    async fn unit_id(&self) -> Option<ID> {
        self.0.unit_id.map(wire_id)
    }

    /// The unit itself.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Option<Unit>> {
        Unit::of(ctx, self.0.unit_id)
    }

    /// The meeting that it is about.
    async fn meeting_id(&self) -> Option<ID> {
        self.0.meeting_id.map(wire_id)
    }

    /// The meeting itself; null if its owner may no longer see it.
    async fn meeting(&self, ctx: &Context<'_>) -> Result<Option<Meeting>> {
        one(ctx, self.0.meeting_id).await
    }

    /// What it says; up to 20,000 characters.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// When it was last written, by the owner's device.
    async fn updated_at(&self) -> Time {
        Time(self.0.updated_at)
    }

    /// The row's version, as in sync.
    async fn rev(&self) -> String {
        self.0.rev.to_string()
    }
}
