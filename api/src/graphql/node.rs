//! `node` and `nodes`: anything by its id, whatever it is.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use async_graphql::{Context, ID, Interface, Object, dataloader::Loader};
use entity::{
    id::{
        DelegateId, FeedbackId, InformingId, MeetingId, MeetingRecordId, NoteId, PetitionId, ProcedureId,
        ResolutionId, RoundId, SynthesisId, UrgingId,
    },
    sync_log,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    list::MOST,
    loader::{Rows, rows},
    state,
};
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
    procedures::graphql::Procedure,
    resolutions::graphql::Resolution,
    rounds::graphql::Round,
    store::reference::Reference,
    syntheses::graphql::Synthesis,
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
    /// A round of voter contacts.
    Round(Round),
    /// A procedure: work as dated steps.
    Procedure(Procedure),
    /// A synthesis of voters' opinions and petitions.
    Synthesis(Synthesis),
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
    if !others.is_empty() {
        let pairs: Vec<(String, Uuid)> = sync_log::Entity::find()
            .select_only()
            .columns([sync_log::Column::Collection, sync_log::Column::RowId])
            .distinct()
            .filter(sync_log::Column::RowId.is_in(others))
            .into_tuple()
            .all(state.store.read())
            .await?;
        let mut kinds: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
        for (collection, id) in pairs {
            kinds.entry(collection).or_default().push(id);
        }
        for (collection, ids) in kinds {
            found.extend(of_kind(ctx, &collection, ids).await?);
        }
    }
    Ok(ids
        .into_iter()
        .map(|id| id.and_then(|id| found.get(&id).cloned()))
        .collect())
}

/// The rows of one collection that the viewer may see, all loaded at once.
async fn of_kind(ctx: &Context<'_>, collection: &str, ids: Vec<Uuid>) -> Result<Vec<(Uuid, Node)>> {
    match collection {
        "delegate" => load::<DelegateId, _>(ctx, ids, Node::Delegate).await,
        "feedback" => load::<FeedbackId, _>(ctx, ids, Node::Feedback).await,
        "petition" => load::<PetitionId, _>(ctx, ids, Node::Petition).await,
        "urging" => load::<UrgingId, _>(ctx, ids, Node::Urging).await,
        "informing" => load::<InformingId, _>(ctx, ids, Node::Informing).await,
        "meeting" => load::<MeetingId, _>(ctx, ids, Node::Meeting).await,
        "meetingRecord" => load::<MeetingRecordId, _>(ctx, ids, Node::MeetingRecord).await,
        "note" => load::<NoteId, _>(ctx, ids, Node::Note).await,
        "resolution" => load::<ResolutionId, _>(ctx, ids, Node::Resolution).await,
        "round" => load::<RoundId, _>(ctx, ids, Node::Round).await,
        "procedure" => load::<ProcedureId, _>(ctx, ids, Node::Procedure).await,
        "synthesis" => load::<SynthesisId, _>(ctx, ids, Node::Synthesis).await,
        _ => Ok(Vec::new()),
    }
}

async fn load<I, T>(ctx: &Context<'_>, ids: Vec<Uuid>, node: fn(T) -> Node) -> Result<Vec<(Uuid, Node)>>
where
    I: Copy + Eq + Hash + From<Uuid> + Into<Uuid> + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
    Rows: Loader<I, Value = T, Error = Error>,
{
    let found = rows(ctx)?.load_many(ids.into_iter().map(I::from)).await?;
    Ok(found
        .into_iter()
        .map(|(id, object)| (id.into(), node(object)))
        .collect())
}
