//! The minutes of a voter contact (biên bản tiếp xúc cử tri), to be read out and signed.

use entity::{
    document, feedback,
    id::MeetingId,
    meeting::{self, Family},
    meeting_record,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{
    Making, Paper, Signed,
    points::Points,
    words::{hour_or_room, label},
};
use crate::{
    clock::local_date,
    documents::filling::{Filling, Row},
    error::{Code, Result},
    reports::{Export, Scope, Table},
    store::visibility::visible,
};

/// How the table of contacts names the figures of the minutes.
const FIGURES: [(&str, &str); 7] = [
    ("so_cu_tri", "voters"),
    ("so_phat_bieu", "speakers"),
    ("so_y_kien", "opinions"),
    ("so_phieu", "opinions_recorded"),
    ("so_tra_loi_tai_cho", "answered_on_spot"),
    ("so_da_chuyen", "forwarded"),
    ("so_chua_chuyen", "not_forwarded"),
];

pub(super) async fn fill(making: &Making<'_>, id: MeetingId) -> Result<Paper> {
    let conn = making.state.store.read();
    let row = meeting::Entity::find_by_id(id).one(conn).await?;
    let row = row
        .filter(|row| row.family == Family::Contact)
        .ok_or(Code::NotFound)?;
    making.inside(row.council_id)?;
    let records = meeting_record::Entity::find()
        .filter(meeting_record::Column::MeetingId.eq(id))
        .filter(visible(
            making.viewer,
            "meetingRecord",
            (meeting_record::Entity, meeting_record::Column::Id),
        ))
        .order_by_asc(meeting_record::Column::Id)
        .all(conn)
        .await?;
    let names = Points::read(making, &[id]).await?;

    let mut filling = Filling::default();
    filling.set("ten_cuoc", row.title.as_str());
    filling.set("loai", label("contact_kind", Some(&row.kind)));
    let began = records.iter().filter_map(|record| record.started_at).min();
    let ended = records.iter().filter_map(|record| record.ended_at).max();
    filling.set("bat_dau", hour_or_room(began.or(row.starts_at)));
    filling.set("ket_thuc", hour_or_room(ended.or(row.ends_at)));
    filling.set("dia_diem", row.place.as_deref().unwrap_or("…………"));
    filling.set("don_vi_cu_tri", names.units(id));
    filling.set("dai_bieu", names.delegates(id, |link| link.attended));
    let secretary = making.asked(making.question.secretary.as_ref(), "secretary")?;
    filling.set("thu_ky", secretary.unwrap_or_default());
    let drafts: Vec<&str> = records
        .iter()
        .filter_map(|record| record.minutes_draft.as_deref())
        .collect();
    filling.paragraphs("dien_bien", &drafts.join("\n"));
    figures(making, &row, &mut filling).await?;
    said(making, id, &mut filling).await?;

    // The office may have entered the paper with its number already.
    let entered = document::Entity::find()
        .filter(document::Column::MeetingId.eq(id))
        .filter(document::Column::Kind.eq("BB"))
        .order_by_desc(document::Column::Date)
        .order_by_desc(document::Column::Id)
        .one(conn)
        .await?;
    Ok(Paper {
        council: row.council_id,
        group: None,
        recorded: entered.map_or_else(
            || Signed {
                date: row.starts_at.map(local_date),
                ..Signed::default()
            },
            |paper| Signed {
                number: Some(paper.number),
                date: Some(paper.date),
                signer: paper.signer,
            },
        ),
        as_of: making.today,
        receivers: making.partners(row.council_id),
        filling,
    })
}

/// The figures of the contact, as the table of contacts counts them today.
async fn figures(making: &Making<'_>, row: &meeting::Model, filling: &mut Filling) -> Result<()> {
    filling.figure("so_moi", row.invited);
    let mut counted = None;
    if let Some(day) = row.starts_at.map(local_date).filter(|day| *day <= making.today) {
        let reference = making.state.reference();
        let export = Export {
            state: std::sync::Arc::clone(making.state),
            viewer: making.viewer.clone(),
            table: Table::ContactPoints,
            scope: Scope::of_council(row.council_id, day, making.today, &reference, making.today)?,
        };
        let id = row.id.to_string();
        counted = export.find(|cells| cells.get("id") == Some(&id)).await?;
    }
    for (name, column) in FIGURES {
        let figure = counted.as_ref().and_then(|cells| cells.get(column));
        filling.figure(name, figure.filter(|figure| !figure.is_empty()));
    }
    Ok(())
}

/// What was said and recorded, in the order of time; what was withdrawn, and denunciations, are no part of minutes.
async fn said(making: &Making<'_>, id: MeetingId, filling: &mut Filling) -> Result<()> {
    use feedback::{Column, Entity};
    let reference = making.state.reference();
    let said = Entity::find()
        .filter(Column::MeetingId.eq(id))
        .filter(Column::Status.ne(feedback::Status::Withdrawn))
        .filter(Column::Kind.ne("denunciation"))
        .filter(visible(making.viewer, "feedback", (Entity, Column::Id)))
        .order_by_asc(Column::RecordedAt)
        .order_by_asc(Column::Id)
        .all(making.state.store.read())
        .await?;
    making.few(said.len())?;
    let rows = said.iter().zip(1..).map(|(said, number)| {
        let unit = said.unit_id.and_then(|unit| reference.units.get(unit));
        let place = [said.sub_unit.as_deref(), unit.map(|unit| unit.name.as_str())];
        let place: Vec<&str> = place.into_iter().flatten().collect();
        let words = said.content.as_deref().or(said.wanted.as_deref());
        let on_spot = said
            .on_spot_answer
            .as_deref()
            .filter(|_| said.answered_on_spot == Some(true));
        Row::numbered(number)
            .with("loai", label("submission_kind", Some(&said.kind)))
            .with("noi", place.join(", "))
            .with("noi_dung", words.or(said.subject.as_deref()).unwrap_or_default())
            .with("tra_loi", on_spot.unwrap_or_default())
    });
    filling.list_of("y_kien", rows.collect());
    Ok(())
}
