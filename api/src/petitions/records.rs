//! Urgings and informings in GraphQL: what people did for a petition.

use std::collections::HashMap;

use async_graphql::{ID, Object, dataloader::Loader};
use entity::{
    id::{InformingId, UrgingId},
    informing, urging,
};

use crate::{
    error::{Error, Result},
    graphql::{loader::Rows, scalar::Time, wire_id},
};

/// An act of urging.
#[derive(Clone)]
pub struct Urging(urging::Model);

impl Loader<UrgingId> for Rows {
    type Value = Urging;
    type Error = Error;

    async fn load(&self, ids: &[UrgingId]) -> Result<HashMap<UrgingId, Urging>> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let rows = self
            .visible::<urging::Entity>("urging", urging::Column::Id, &ids)
            .await?;
        Ok(rows.into_iter().map(|(row, _)| (row.id, Urging(row))).collect())
    }
}

/// An urging (đôn đốc): who urged whom, how, with which document. Append only.
#[Object]
impl Urging {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// What it is about: `petition`.
    async fn target_kind(&self) -> &str {
        &self.0.target_kind
    }

    /// The petition.
    async fn target_id(&self) -> ID {
        wire_id(self.0.target_id)
    }

    /// The body that was urged.
    async fn to_agency_id(&self) -> Option<ID> {
        self.0.to_agency_id.map(wire_id)
    }

    /// Who urged.
    async fn author_id(&self) -> ID {
        wire_id(self.0.author_id)
    }

    /// Code of the list `urging_how`.
    async fn how(&self) -> &str {
        &self.0.how
    }

    /// What was said.
    async fn text(&self) -> Option<&str> {
        self.0.text.as_deref()
    }

    /// The urging document.
    async fn document_number(&self) -> Option<&str> {
        self.0.document_number.as_deref()
    }

    /// When, as told by the author's device.
    async fn at(&self) -> Time {
        Time(self.0.at)
    }
}

/// An act of telling voters the result.
#[derive(Clone)]
pub struct Informing(informing::Model);

impl Loader<InformingId> for Rows {
    type Value = Informing;
    type Error = Error;

    async fn load(&self, ids: &[InformingId]) -> Result<HashMap<InformingId, Informing>> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let rows = self
            .visible::<informing::Entity>("informing", informing::Column::Id, &ids)
            .await?;
        Ok(rows
            .into_iter()
            .map(|(row, _)| (row.id, Informing(row)))
            .collect())
    }
}

/// An informing (thông tin lại cho cử tri). Append only.
#[Object]
impl Informing {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// The petition whose answer was told.
    async fn petition_id(&self) -> ID {
        wire_id(self.0.petition_id)
    }

    /// Who told it.
    async fn author_id(&self) -> ID {
        wire_id(self.0.author_id)
    }

    /// When, as told by the author's device.
    async fn at(&self) -> Time {
        Time(self.0.at)
    }

    /// Code of the list `informing_channel`.
    async fn channel(&self) -> &str {
        &self.0.channel
    }

    /// The meeting at which it was told.
    async fn meeting_id(&self) -> Option<ID> {
        self.0.meeting_id.map(wire_id)
    }

    /// What was told, or what the voters said to it.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }
}
