//! Urgings and informings in GraphQL: what people did for a petition.

use async_graphql::{Context, ID, Object};
use entity::{
    id::{InformingId, PetitionId, UrgingId},
    informing, urging,
};

use super::graphql::Petition;
use crate::{
    agencies::graphql::Agency,
    documents::{self, DocumentKind},
    error::Result,
    graphql::{
        code::{CodeEntry, entry, entry_of},
        loader::{NameOf, Noun, one, rows},
        scalar::Time,
        viewer, wire_id,
    },
    meetings::graphql::Meeting,
    store::partition::{Audience, Partition},
};

/// An act of urging.
#[derive(Clone)]
pub struct Urging(urging::Model);

impl Noun for UrgingId {
    type Object = Urging;
    type Entity = urging::Entity;
    const COLLECTION: &'static str = "urging";
    const ID: urging::Column = urging::Column::Id;

    fn object(row: urging::Model, _audience: Audience) -> Urging {
        Urging(row)
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

    /// The petition itself; null if the viewer may not see it.
    async fn petition(&self, ctx: &Context<'_>) -> Result<Option<Petition>> {
        one(ctx, Some(PetitionId(self.0.target_id))).await
    }

    /// The body that was urged, which reads this; null where that was the council above.
    async fn to_agency_id(&self) -> Option<ID> {
        self.0.to_agency_id.map(wire_id)
    }

    /// The body itself.
    async fn to_agency(&self, ctx: &Context<'_>) -> Result<Option<Agency>> {
        Agency::of(ctx, self.0.to_agency_id)
    }

    /// Who urged.
    async fn author_id(&self) -> ID {
        wire_id(self.0.author_id)
    }

    /// Code of the list `urging_how`.
    async fn how(&self) -> &str {
        &self.0.how
    }

    /// What the way is called; list `urging_how`.
    async fn how_entry(&self) -> Option<CodeEntry> {
        entry("urging_how", &self.0.how)
    }

    /// What was said.
    async fn text(&self) -> Option<&str> {
        self.0.text.as_deref()
    }

    /// The urging document.
    async fn document_number(&self) -> Option<&str> {
        self.0.document_number.as_deref()
    }

    /// The letter as a document to be printed and signed (công văn đôn đốc, .docx), with all that went by the same letter to
    /// the same body: a path on this server, read with the same token (docs/documents.md). Null outside the council.
    async fn document_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let reads = viewer(ctx)?.reads(Partition::Council(self.0.council_id));
        Ok(reads.then(|| documents::url(DocumentKind::Urging, self.0.id)))
    }

    /// Which urging of this body for this petition it is (lần thứ mấy), counted from 1 in the order in which they arrived;
    /// what went to others is not counted.
    async fn ordinal(&self) -> i32 {
        self.0.ordinal
    }

    /// When, as told by the author's device.
    async fn at(&self) -> Time {
        Time(self.0.at)
    }
}

/// An act of telling voters the result.
#[derive(Clone)]
pub struct Informing(informing::Model);

impl Noun for InformingId {
    type Object = Informing;
    type Entity = informing::Entity;
    const COLLECTION: &'static str = "informing";
    const ID: informing::Column = informing::Column::Id;

    fn object(row: informing::Model, _audience: Audience) -> Informing {
        Informing(row)
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

    /// The petition itself; null if the viewer may not see it.
    async fn petition(&self, ctx: &Context<'_>) -> Result<Option<Petition>> {
        one(ctx, Some(self.0.petition_id)).await
    }

    /// Who told it.
    async fn author_id(&self) -> ID {
        wire_id(self.0.author_id)
    }

    /// When, as told by the author's device.
    async fn at(&self) -> Time {
        Time(self.0.at)
    }

    /// The shown name of who told it.
    async fn author_name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        rows(ctx)?.load_one(NameOf(self.0.author_id)).await
    }

    /// What the voters said to the answer, as told (mức độ hài lòng): code of the list `satisfaction`; null where
    /// nobody asked them.
    async fn satisfaction(&self) -> Option<&str> {
        self.0.satisfaction.as_deref()
    }

    /// What that is called; list `satisfaction`.
    async fn satisfaction_entry(&self) -> Option<CodeEntry> {
        entry_of("satisfaction", self.0.satisfaction.as_deref())
    }

    /// Code of the list `informing_channel`.
    async fn channel(&self) -> &str {
        &self.0.channel
    }

    /// What the channel is called; list `informing_channel`.
    async fn channel_entry(&self) -> Option<CodeEntry> {
        entry("informing_channel", &self.0.channel)
    }

    /// The meeting at which it was told.
    async fn meeting_id(&self) -> Option<ID> {
        self.0.meeting_id.map(wire_id)
    }

    /// The meeting itself; null if the viewer may not see it.
    async fn meeting(&self, ctx: &Context<'_>) -> Result<Option<Meeting>> {
        one(ctx, self.0.meeting_id).await
    }

    /// What was told, or what the voters said to it.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }
}
