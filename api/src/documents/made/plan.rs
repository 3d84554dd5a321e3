//! The plan of a round (kế hoạch tiếp xúc cử tri).

use entity::{
    id::{MeetingId, RoundId},
    meeting::{self, Status},
    procedure, procedure_step, round,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{
    Making, Paper, Signed,
    points::Points,
    words::{hour, label},
};
use crate::{
    clock::written,
    documents::filling::{Filling, Row},
    error::{Code, Result},
    graphql::list::without,
    rounds::counts::counts,
    store::{partition::Audience, visibility::visible},
};

pub(super) async fn fill(making: &Making<'_>, id: RoundId) -> Result<Paper> {
    use meeting::{Column, Entity};
    let conn = making.state.store.read();
    let round = round::Entity::find_by_id(id)
        .one(conn)
        .await?
        .ok_or(Code::NotFound)?;
    making.inside(round.council_id)?;
    let points = Entity::find()
        .filter(Column::RoundId.eq(id))
        .filter(Column::Status.ne(Status::Cancelled))
        .filter(visible(making.viewer, "meeting", (Entity, Column::Id)))
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id);
    let points = without(points, &[Column::Agenda, Column::Brief])
        .all(conn)
        .await?;
    let ids: Vec<MeetingId> = points.iter().map(|point| point.id).collect();
    let names = Points::read(making, &ids).await?;
    let counts = counts(making.state, making.viewer, &round, Audience::Internal).await?;
    let session = match round.session_id {
        Some(session) => meeting::Entity::find_by_id(session).one(conn).await?,
        None => None,
    };

    let mut filling = Filling::default();
    filling.set("ten_dot", round.title);
    filling.set("loai", label("contact_kind", Some(&round.kind)));
    filling.set("ky_hop", session.map(|session| session.title).unwrap_or_default());
    filling.set(
        "tu_ngay",
        round.starts_on.map_or_else(|| "…………".to_owned(), written),
    );
    filling.set(
        "den_ngay",
        round.ends_on.map_or_else(|| "…………".to_owned(), written),
    );
    filling.figure("so_diem", Some(counts.points_planned));
    filling.figure("so_diem_da_nhap", i32::try_from(points.len()).ok());
    filling.paragraphs("noi_dung", round.content.as_deref().unwrap_or_default());
    let rows = points.iter().zip(1..).map(|(point, number)| {
        Row::numbered(number)
            .with("ten", point.title.as_str())
            .with("thoi_gian", when(point))
            .with("dia_diem", point.place.as_deref().unwrap_or_default())
            .with("don_vi", names.units(point.id))
            .with("hinh_thuc", label("contact_mode", point.mode.as_deref()))
            .with("dai_bieu", names.delegates(point.id, |link| link.invited))
    });
    filling.list_of("diem", rows.collect());
    work(making, id, &mut filling).await?;
    Ok(Paper {
        council: round.council_id,
        group: None,
        recorded: Signed {
            number: round.plan_number,
            date: round.plan_date,
            signer: None,
        },
        as_of: making.today,
        receivers: making.partners(round.council_id),
        filling,
    })
}

/// Who does what until when: the steps of the round's procedures (quy trình), without those that are not needed.
async fn work(making: &Making<'_>, round: RoundId, filling: &mut Filling) -> Result<()> {
    use procedure_step::{Column, Entity};
    let conn = making.state.store.read();
    let procedures = procedure::Entity::find()
        .filter(procedure::Column::SubjectId.eq(round.0))
        .filter(procedure::Column::Status.ne(procedure::Status::Cancelled))
        .order_by_asc(procedure::Column::AnchorOn)
        .order_by_asc(procedure::Column::Id)
        .all(conn)
        .await?;
    let steps = Entity::find()
        .filter(Column::ProcedureId.is_in(procedures.iter().map(|row| row.id)))
        .filter(Column::Waived.is_null())
        .order_by_asc(Column::DueOn)
        .order_by_asc(Column::Position)
        .order_by_asc(Column::Id)
        .all(conn)
        .await?;
    let titles: Vec<&str> = procedures.iter().map(|row| row.title.as_str()).collect();
    filling.set("quy_trinh", titles.join("; "));
    let rows = steps.into_iter().map(|step| {
        Row::default()
            .with("ten", step.title)
            .with("phu_trach", step.responsible.unwrap_or_else(|| "…………".to_owned()))
            .with("van_ban", step.document_kind.unwrap_or_default())
            .with("han", written(step.due_on))
    });
    filling.list_of("viec", rows.collect());
    Ok(())
}

/// The hour of a point, or that it was put off and has none for now.
fn when(point: &meeting::Model) -> String {
    match point.status {
        Status::Postponed => "Hoãn".to_owned(),
        _ => point.starts_at.map(hour).unwrap_or_default(),
    }
}
