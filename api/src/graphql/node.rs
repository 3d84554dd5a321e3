//! `node` and `nodes`: anything by its id, whatever it is.

use std::collections::HashMap;

use async_graphql::{Context, ID, Interface, Object};
use entity::{
    id::{FeedbackId, InformingId, MeetingId, MeetingRecordId, NoteId, PetitionId, ResolutionId, UrgingId},
    sync_doc,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{list::MOST, loader::rows, state};
use crate::{
    error::{Code, Error, Result},
    feedback::graphql::Feedback,
    meetings::graphql::{Meeting, MeetingRecord},
    notes::graphql::Note,
    petitions::{
        graphql::Petition,
        records::{Informing, Urging},
    },
    resolutions::graphql::Resolution,
};

/// Anything that has an id.
#[derive(Interface)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "The bare lower-case UUID, the same on every surface."
))]
pub enum Node {
    /// What one voter said.
    Feedback(Feedback),
    /// A petition of voters.
    Petition(Petition),
    /// An act of urging.
    Urging(Urging),
    /// An act of telling voters the result.
    Informing(Informing),
    /// A voter contact or a session.
    Meeting(Meeting),
    /// What one author recorded of one meeting.
    MeetingRecord(MeetingRecord),
    /// A private note.
    Note(Note),
    /// A resolution.
    Resolution(Resolution),
}

/// Queries for anything.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The object with this id, whatever it is; null if there is none or it is not the viewer's to see.
    async fn node(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Node>> {
        Ok(find(ctx, &[id]).await?.pop().flatten())
    }

    /// The objects with these ids, in order; null in place of each that is not the viewer's to see. At most 100
    /// (`LIMIT_TOO_LARGE`).
    async fn nodes(&self, ctx: &Context<'_>, ids: Vec<ID>) -> Result<Vec<Option<Node>>> {
        if ids.len() as u64 > MOST {
            return Err(Error::limit(Code::LimitTooLarge, MOST));
        }
        find(ctx, &ids).await
    }
}

/// Everything that has an id has a document, and the document knows of what collection it is.
pub(crate) async fn find(ctx: &Context<'_>, texts: &[ID]) -> Result<Vec<Option<Node>>> {
    let ids: Vec<Option<Uuid>> = texts.iter().map(super::id).collect();
    let pairs: Vec<(Uuid, String)> = sync_doc::Entity::find()
        .select_only()
        .columns([sync_doc::Column::RowId, sync_doc::Column::Collection])
        .distinct()
        .filter(sync_doc::Column::RowId.is_in(ids.iter().flatten().copied()))
        .into_tuple()
        .all(state(ctx)?.store.read())
        .await?;
    let loader = rows(ctx)?;
    let mut found: HashMap<Uuid, Node> = HashMap::new();
    for (id, collection) in pairs {
        let node = match collection.as_str() {
            "feedback" => loader.load_one(FeedbackId(id)).await?.map(Node::Feedback),
            "petition" => loader.load_one(PetitionId(id)).await?.map(Node::Petition),
            "urging" => loader.load_one(UrgingId(id)).await?.map(Node::Urging),
            "informing" => loader.load_one(InformingId(id)).await?.map(Node::Informing),
            "meeting" => loader.load_one(MeetingId(id)).await?.map(Node::Meeting),
            "meetingRecord" => loader
                .load_one(MeetingRecordId(id))
                .await?
                .map(Node::MeetingRecord),
            "note" => loader.load_one(NoteId(id)).await?.map(Node::Note),
            "resolution" => loader.load_one(ResolutionId(id)).await?.map(Node::Resolution),
            _ => None,
        };
        if let Some(node) = node {
            found.insert(id, node);
        }
    }
    Ok(ids
        .into_iter()
        .map(|id| id.and_then(|id| found.remove(&id)))
        .collect())
}
