//! What belongs to a meeting: its units and councils, the points of its agenda, its documents. Each kind is loaded for a
//! whole list at once.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, ID, SimpleObject, dataloader::Loader};
use entity::{
    agenda_item, document,
    id::{CouncilId, DocumentId, MeetingId, MeetingRecordId, UnitId},
    meeting_brief, meeting_council, meeting_delegate, meeting_record, meeting_unit,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    error::{Error, Result},
    files::{self, graphql::File},
    graphql::{list::without, loader::Rows, scalar::Day, wire_id},
    meetings::present::MeetingDelegate,
};

/// What belongs to a meeting whose row was loaded, by the meeting; without a long text that is not shown here.
macro_rules! parts {
    ($($key:ident: $table:ident $(without $long:ident)? ordered by $($order:ident),+ => $value:ty, $part:expr;)*) => {$(
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub(super) struct $key(pub(super) MeetingId);

        impl Loader<$key> for Rows {
            type Value = Vec<$value>;
            type Error = Error;

            async fn load(&self, ids: &[$key]) -> Result<HashMap<$key, Self::Value>> {
                let parts = $table::Entity::find()
                    .filter($table::Column::MeetingId.is_in(ids.iter().map(|id| id.0)));
                let parts = without(parts, &[$($table::Column::$long)?])
                    $(.order_by_asc($table::Column::$order))+
                    .all(self.state.store.read())
                    .await?;
                let mut found: HashMap<$key, Self::Value> = HashMap::new();
                for part in parts {
                    let (meeting, part): (Option<MeetingId>, $value) = $part(part);
                    if let Some(meeting) = meeting {
                        found.entry($key(meeting)).or_default().push(part);
                    }
                }
                Ok(found)
            }
        }
    )*};
}

parts! {
    UnitsOf: meeting_unit ordered by UnitId => UnitId,
        |link: meeting_unit::Model| (Some(link.meeting_id), link.unit_id);
    CouncilsOf: meeting_council ordered by CouncilId => CouncilId,
        |link: meeting_council::Model| (Some(link.meeting_id), link.council_id);
    DelegatesOf: meeting_delegate ordered by DelegateId => MeetingDelegate,
        |link: meeting_delegate::Model| (Some(link.meeting_id), MeetingDelegate::from(link));
    BriefOf: meeting_brief ordered by MeetingId => String,
        |row: meeting_brief::Model| (Some(row.meeting_id), row.text);
    ItemsOf: agenda_item ordered by Position => AgendaItem,
        |row: agenda_item::Model| (Some(row.meeting_id), AgendaItem::from(row));
    DocumentsOf: document without Summary ordered by Date, Id => MeetingDocument,
        |row: document::Model| (row.meeting_id, MeetingDocument::from(row));
    RecordIdsOf: meeting_record without MinutesDraft ordered by Id => MeetingRecordId,
        |row: meeting_record::Model| (Some(row.meeting_id), row.id);
}

/// A point of an agenda (nội dung trình).
#[derive(Clone, Debug, SimpleObject)]
pub struct AgendaItem {
    /// The bare lower-case UUID.
    pub id: ID,
    /// Its place on the agenda, counted from 1.
    pub position: i32,
    /// What it is about.
    pub title: String,
    /// The body that presents it (cơ quan trình).
    pub presenter: Option<String>,
}

impl From<agenda_item::Model> for AgendaItem {
    fn from(row: agenda_item::Model) -> Self {
        Self {
            id: wire_id(row.id),
            position: row.position,
            title: row.title,
            presenter: row.presenter,
        }
    }
}

/// An official document (văn bản) of a meeting: plan, notice, minutes, report.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct MeetingDocument {
    #[graphql(skip)]
    row: DocumentId,
    /// The bare lower-case UUID.
    pub id: ID,
    /// Its type as printed (loại văn bản): `KH`, `BC`, `TB`, `BB`, `GM`, ...
    pub kind: String,
    /// Its number as printed (số, ký hiệu).
    pub number: String,
    /// Its date.
    pub date: Day,
    /// Who signed it (người ký).
    pub signer: Option<String>,
    /// What it is about (trích yếu).
    pub title: String,
}

#[ComplexObject]
impl MeetingDocument {
    /// The paper itself, if it was attached.
    async fn file(&self, ctx: &Context<'_>) -> Result<Option<File>> {
        files::graphql::paper(ctx, self.row).await
    }
}

impl From<document::Model> for MeetingDocument {
    fn from(row: document::Model) -> Self {
        Self {
            row: row.id,
            id: wire_id(row.id),
            kind: row.kind,
            number: row.number,
            date: Day(row.date),
            signer: row.signer,
            title: row.title,
        }
    }
}
