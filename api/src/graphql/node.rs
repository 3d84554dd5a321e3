//! `node` and `nodes`: anything by its id, whatever it is.

use std::collections::HashMap;

use async_graphql::{Context, ID, Interface, Object};
use entity::{
    id::{
        DelegateId, FeedbackId, InformingId, MeetingId, MeetingRecordId, NoteId, PetitionId, ResolutionId,
        UrgingId,
    },
    sync_log,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{list::MOST, loader::rows, state};
use crate::{
    agencies::graphql::Agency,
    councils::graphql::{Committee, Council, DelegateGroup},
    delegates::graphql::Delegate,
    error::{Code, Error, Result},
    feedback::graphql::Feedback,
    meetings::graphql::{Meeting, MeetingRecord},
    notes::graphql::Note,
    petitions::{
        graphql::Petition,
        records::{Informing, Urging},
    },
    resolutions::graphql::Resolution,
    store::reference::Reference,
    units::graphql::Unit,
};

/// Anything that has an id.
#[derive(Clone, Interface)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "The bare lower-case UUID, the same on every surface."
))]
pub enum Node {
    /// A version of an administrative unit.
    Unit(Unit),
    /// A People's Council.
    Council(Council),
    /// A committee of a council.
    Committee(Committee),
    /// A delegate group of a council.
    DelegateGroup(DelegateGroup),
    /// A body that answers petitions.
    Agency(Agency),
    /// A mandate in a council.
    Delegate(Delegate),
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

/// What is held in memory, by its id.
fn held(reference: &Reference, id: Uuid) -> Option<Node> {
    let bodies = &reference.bodies;
    let unit = reference.units.get(id.into()).cloned();
    let council = || bodies.councils.get(&id.into()).cloned();
    let committee = || bodies.committees.get(&id.into()).cloned();
    let group = || bodies.groups.get(&id.into()).cloned();
    let agency = || bodies.agencies.get(&id.into()).cloned();
    unit.map(|row| Node::Unit(Unit(row)))
        .or_else(|| council().map(|row| Node::Council(Council(row))))
        .or_else(|| committee().map(|row| Node::Committee(Committee(row))))
        .or_else(|| group().map(|row| Node::DelegateGroup(DelegateGroup(row))))
        .or_else(|| agency().map(|row| Node::Agency(Agency(row))))
}

/// Everything else that has an id stands in the change log, which knows of what collection it is.
pub(crate) async fn find(ctx: &Context<'_>, texts: &[ID]) -> Result<Vec<Option<Node>>> {
    let ids: Vec<Option<Uuid>> = texts.iter().map(super::id).collect();
    let state = state(ctx)?;
    let reference = state.reference();
    let mut found: HashMap<Uuid, Node> = ids
        .iter()
        .flatten()
        .filter_map(|id| Some((*id, held(&reference, *id)?)))
        .collect();
    let others: Vec<Uuid> = ids
        .iter()
        .flatten()
        .copied()
        .filter(|id| !found.contains_key(id))
        .collect();
    let pairs: Vec<(Uuid, String)> = match others.is_empty() {
        true => Vec::new(),
        false => {
            sync_log::Entity::find()
                .select_only()
                .columns([sync_log::Column::RowId, sync_log::Column::Collection])
                .distinct()
                .filter(sync_log::Column::RowId.is_in(others))
                .into_tuple()
                .all(state.store.read())
                .await?
        }
    };
    let loader = rows(ctx)?;
    for (id, collection) in pairs {
        let node = match collection.as_str() {
            "delegate" => loader.load_one(DelegateId(id)).await?.map(Node::Delegate),
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
        .map(|id| id.and_then(|id| found.get(&id).cloned()))
        .collect())
}
