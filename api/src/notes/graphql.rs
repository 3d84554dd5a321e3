//! Notes in GraphQL: found by id, by their owner alone.

use std::collections::HashMap;

use async_graphql::{ID, Object, dataloader::Loader};
use entity::{
    id::NoteId,
    note::{Column, Entity, Model},
};

use crate::{
    error::{Error, Result},
    graphql::{loader::Rows, scalar::Time, wire_id},
};

/// A private note.
#[derive(Clone)]
pub struct Note(Model);

impl Loader<NoteId> for Rows {
    type Value = Note;
    type Error = Error;

    async fn load(&self, ids: &[NoteId]) -> Result<HashMap<NoteId, Note>> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let rows = self.visible::<Entity>("note", Column::Id, &ids).await?;
        Ok(rows.into_iter().map(|(row, _)| (row.id, Note(row))).collect())
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

    /// The meeting that it is about.
    async fn meeting_id(&self) -> Option<ID> {
        self.0.meeting_id.map(wire_id)
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
