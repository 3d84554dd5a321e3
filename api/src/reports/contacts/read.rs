//! The contacts of a scope with their figures, a page at a time.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use entity::{
    id::{DelegateId, MeetingId, UnitId},
    meeting::{self, Family, Status},
    meeting_unit,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};
use uuid::Uuid;

use super::{
    super::{
        Export,
        paging::{After, paged},
    },
    delegates::attended,
    opinions::{Opinions, opinions},
    stated::{Agreed, recorded_figures},
};
use crate::{
    error::Result,
    graphql::list::without,
    meetings::{TakingPart, is_told},
    store::{
        partition::Audience,
        visibility::{audiences, visible},
    },
};

/// Contacts in one page.
const PAGE: usize = 200;

/// A contact with its figures.
pub(super) struct Point {
    pub(super) row: meeting::Model,
    /// Whether the reader may know its title and place.
    pub(super) is_told: bool,
    pub(super) held_for: Vec<UnitId>,
    /// Who came of the council that held it; nobody where nobody recorded it.
    pub(super) delegates: BTreeSet<DelegateId>,
    pub(super) voters: Option<i64>,
    pub(super) speakers: Option<i64>,
    pub(super) opinions: Option<i64>,
    pub(super) became: Option<Opinions>,
    /// On which days what was recorded there was first forwarded.
    pub(super) sent_on: Vec<NaiveDate>,
}

/// The contacts of a scope that took place by the cut-off date, as far as the viewer may see them.
pub(super) fn took_place(export: &Export) -> Select<meeting::Entity> {
    use meeting::{Column, Entity};
    let unit_links = (
        meeting_unit::Entity,
        meeting_unit::Column::MeetingId,
        meeting_unit::Column::UnitId,
    );
    let over = Status::ALL.iter().copied().filter(|status| status.is_over());
    Entity::find()
        .filter(Column::Family.eq(Family::Contact))
        .filter(Column::Status.is_in(over))
        .filter(Column::StartsAt.lt(export.scope.end))
        .filter(export.scope.covers(Column::Id, Column::CouncilId, unit_links))
        .filter(visible(&export.viewer, "meeting", (Entity, Column::Id)))
}

/// The contacts that took place in the period, as far as the viewer may see them, oldest first.
pub(super) async fn read(export: &Export, after: Option<After>) -> Result<(Vec<Point>, Option<After>)> {
    use meeting::Column;
    let conn = export.state.store.read();
    let scope = &export.scope;
    let query = took_place(export).filter(Column::StartsAt.gte(scope.start));
    let query = paged(query, Column::StartsAt, Column::Id, after, PAGE);
    let rows = without(query, &[Column::Agenda, Column::Brief]).all(conn).await?;
    let next = rows.last().filter(|_| rows.len() == PAGE).and_then(|row| {
        Some(After {
            at: row.starts_at?,
            id: row.id.0,
        })
    });

    let ids: Vec<MeetingId> = rows.iter().map(|row| row.id).collect();
    let mut held_for: HashMap<MeetingId, Vec<UnitId>> = HashMap::new();
    let links = meeting_unit::Entity::find()
        .filter(meeting_unit::Column::MeetingId.is_in(ids.iter().copied()))
        .all(conn)
        .await?;
    for link in links {
        held_for.entry(link.meeting_id).or_default().push(link.unit_id);
    }
    let bare: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let seen_as = audiences(conn, &export.viewer, "meeting", &bare).await?;
    let counting: BTreeSet<MeetingId> = seen_as
        .iter()
        .filter(|(_, audience)| matches!(audience, Audience::Region | Audience::Internal | Audience::Own))
        .map(|(id, _)| MeetingId(*id))
        .collect();
    let mut came = attended(conn, &rows).await?;
    let mut stated = recorded_figures(conn, &counting).await?;
    let held = rows.iter().map(|row| (row.id, row.council_id)).collect();
    let taking_part = TakingPart::read(conn, export.state.reference(), held).await?;
    let mut became = opinions(conn, &taking_part, &counting, scope).await?;
    let points = rows
        .into_iter()
        .map(|row| {
            let stated = stated.remove(&row.id).unwrap_or_default();
            let told = counting
                .contains(&row.id)
                .then(|| became.remove(&row.id).unwrap_or_default());
            let (became, sent_on) = told.map_or((None, Vec::new()), |(opinions, sent_on)| {
                (Some(opinions), sent_on)
            });
            let figure = |office: Option<i32>, agreed: Agreed| office.map(i64::from).or(agreed.figure());
            let audience = seen_as.get(&row.id.0).copied().unwrap_or(Audience::Public);
            Point {
                is_told: is_told(&row, audience),
                held_for: held_for.remove(&row.id).unwrap_or_default(),
                delegates: came.remove(&row.id).unwrap_or_default(),
                voters: figure(row.attended, stated.voters),
                speakers: figure(row.speakers, stated.speakers),
                opinions: figure(row.opinions, stated.opinions).or_else(|| {
                    became
                        .as_ref()
                        .map(Opinions::all)
                        .filter(|recorded| *recorded > 0)
                }),
                became,
                sent_on,
                row,
            }
        })
        .collect();
    Ok((points, next))
}
