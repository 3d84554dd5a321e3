//! What became of a petition after it was forwarded: reminders, successors, and whose voters have to be told.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, ID, SimpleObject, dataloader::Loader};
use entity::{
    feedback,
    id::{AgencyId, DelegateId, FeedbackId, MeetingId, PetitionId},
    meeting_delegate, petition_feedback, petition_transfer, reminder,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    agencies::graphql::Agency,
    error::{Error, Result},
    graphql::{
        code::{CodeEntry, entry},
        loader::Rows,
        scalar::{Day, Time},
        wire_id,
    },
};

/// A reminder that the server made by itself (nhắc hạn tự động). It is no urging: nobody urged.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Reminder {
    #[graphql(skip)]
    body: AgencyId,
    /// `due_soon` or `overdue`; list `reminder_kind`.
    kind: String,
    /// Which reminder of the petition it is, counted from 1.
    ordinal: i32,
    /// The body that was reminded.
    agency_id: ID,
    /// The day on which the answer was due then.
    due_at: Day,
    /// When it was made.
    at: Time,
}

#[ComplexObject]
impl Reminder {
    /// What the kind is called; list `reminder_kind`.
    async fn kind_entry(&self) -> Option<CodeEntry> {
        entry("reminder_kind", &self.kind)
    }

    /// The body itself that was reminded.
    async fn agency(&self, ctx: &Context<'_>) -> Result<Option<Agency>> {
        Agency::of(ctx, self.body)
    }
}

/// The reminders of a petition, for the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct RemindersOf(pub(super) PetitionId);

impl Loader<RemindersOf> for Rows {
    type Value = Vec<Reminder>;
    type Error = Error;

    async fn load(&self, keys: &[RemindersOf]) -> Result<HashMap<RemindersOf, Vec<Reminder>>> {
        let rows = reminder::Entity::find()
            .filter(reminder::Column::PetitionId.is_in(keys.iter().map(|key| key.0)))
            .order_by_asc(reminder::Column::Ordinal)
            .all(self.state.store.read())
            .await?;
        let mut found: HashMap<RemindersOf, Vec<Reminder>> = HashMap::new();
        for row in rows {
            found
                .entry(RemindersOf(row.petition_id))
                .or_default()
                .push(Reminder {
                    body: row.agency_id,
                    kind: row.kind.code().to_owned(),
                    ordinal: row.ordinal,
                    agency_id: wire_id(row.agency_id),
                    due_at: Day(row.due_on),
                    at: Time(row.at),
                });
        }
        Ok(found)
    }
}

/// A petition that passed from an abolished body to its successor (chuyển cơ quan kế thừa).
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct PetitionTransfer {
    #[graphql(skip)]
    between: (AgencyId, AgencyId),
    /// The body that had it.
    from_id: ID,
    /// The body that has it since.
    to_id: ID,
    /// Whether it had to answer (chủ trì), or to coordinate (phối hợp).
    is_lead: bool,
    /// When it passed.
    at: Time,
}

#[ComplexObject]
impl PetitionTransfer {
    /// The body itself that had it.
    async fn from(&self, ctx: &Context<'_>) -> Result<Option<Agency>> {
        Agency::of(ctx, self.between.0)
    }

    /// The body itself that has it since.
    async fn to(&self, ctx: &Context<'_>) -> Result<Option<Agency>> {
        Agency::of(ctx, self.between.1)
    }
}

/// The transfers of a petition, for the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct TransfersOf(pub(super) PetitionId);

impl Loader<TransfersOf> for Rows {
    type Value = Vec<PetitionTransfer>;
    type Error = Error;

    async fn load(&self, keys: &[TransfersOf]) -> Result<HashMap<TransfersOf, Vec<PetitionTransfer>>> {
        let rows = petition_transfer::Entity::find()
            .filter(petition_transfer::Column::PetitionId.is_in(keys.iter().map(|key| key.0)))
            .order_by_asc(petition_transfer::Column::Id)
            .all(self.state.store.read())
            .await?;
        let mut found: HashMap<TransfersOf, Vec<PetitionTransfer>> = HashMap::new();
        for row in rows {
            found
                .entry(TransfersOf(row.petition_id))
                .or_default()
                .push(PetitionTransfer {
                    between: (row.from_id, row.to_id),
                    from_id: wire_id(row.from_id),
                    to_id: wire_id(row.to_id),
                    is_lead: row.is_lead,
                    at: Time(row.at),
                });
        }
        Ok(found)
    }
}

/// What a petition was made of that the viewer wrote down or heard, for the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct OwnFeedbackOf(pub(super) PetitionId);

impl Loader<OwnFeedbackOf> for Rows {
    type Value = Vec<FeedbackId>;
    type Error = Error;

    async fn load(&self, keys: &[OwnFeedbackOf]) -> Result<HashMap<OwnFeedbackOf, Vec<FeedbackId>>> {
        let conn = self.state.store.read();
        let Some(account) = self.viewer.account_id() else {
            return Ok(HashMap::new());
        };
        let links = petition_feedback::Entity::find()
            .filter(petition_feedback::Column::PetitionId.is_in(keys.iter().map(|key| key.0)))
            .order_by_asc(petition_feedback::Column::FeedbackId)
            .all(conn)
            .await?;
        let mandates: Vec<DelegateId> = self
            .viewer
            .mandates
            .iter()
            .map(|mandate| mandate.delegate.id)
            .collect();
        let attended: Vec<MeetingId> = meeting_delegate::Entity::find()
            .select_only()
            .column(meeting_delegate::Column::MeetingId)
            .filter(meeting_delegate::Column::DelegateId.is_in(mandates))
            .filter(meeting_delegate::Column::Attended.eq(true))
            .into_tuple()
            .all(conn)
            .await?;
        let heard = Condition::any()
            .add(feedback::Column::AuthorId.eq(account))
            .add(feedback::Column::MeetingId.is_in(attended));
        let own: Vec<FeedbackId> = feedback::Entity::find()
            .select_only()
            .column(feedback::Column::Id)
            .filter(feedback::Column::Id.is_in(links.iter().map(|link| link.feedback_id)))
            .filter(heard)
            .into_tuple()
            .all(conn)
            .await?;
        let mut found: HashMap<OwnFeedbackOf, Vec<FeedbackId>> = HashMap::new();
        for link in links.iter().filter(|link| own.contains(&link.feedback_id)) {
            let of = found.entry(OwnFeedbackOf(link.petition_id)).or_default();
            of.push(link.feedback_id);
        }
        Ok(found)
    }
}
